-- The stored score of a closed period beside what the same period gives now. Nothing is stored anew: what changes after the
-- closing (a late rating, a reopening, an entry, a correction) is shown here as such. Of a period that is not closed: no row.
CREATE OR REPLACE VIEW v_score_changes
(
    unit_level         String                   COMMENT 'OFFICE, DEPARTMENT (since 2025 the region) or NATION',
    unit               String                   COMMENT 'Code of the office, department, region, or VN',
    criterion          String                   COMMENT 'Number of the criterion of Decision 766',
    closed_numerator   Nullable(UInt64)         COMMENT 'Numerator when the period was closed',
    closed_denominator Nullable(UInt64)         COMMENT 'Denominator when the period was closed',
    closed_points      Nullable(Decimal(18, 2)) COMMENT 'Points when the period was closed',
    numerator          Nullable(UInt64)         COMMENT 'Numerator of the criterion; now',
    denominator        Nullable(UInt64)         COMMENT 'Denominator of the criterion; now',
    points             Nullable(Decimal(18, 2)) COMMENT 'Points of Decision 766; NULL: not known; now',
    changed            Bool                     COMMENT 'Whether figures or points are others than when the period was closed'
)
AS
SELECT b.unit_level AS unit_level, b.unit AS unit, b.criterion AS criterion,
       anyIf(b.numerator, b.stored) AS closed_numerator, anyIf(b.denominator, b.stored) AS closed_denominator, anyIf(b.points, b.stored) AS closed_points,
       anyIf(b.numerator, NOT b.stored) AS numerator, anyIf(b.denominator, NOT b.stored) AS denominator, anyIf(b.points, NOT b.stored) AS points,
       (ifNull(toInt64(closed_numerator), -1), ifNull(toInt64(closed_denominator), -1), ifNull(closed_points, toDecimal64(-1, 2)))
           != (ifNull(toInt64(numerator), -1), ifNull(toInt64(denominator), -1), ifNull(points, toDecimal64(-1, 2))) AS changed
FROM
(
    SELECT unit_level, unit, toString(criterion) AS criterion, numerator, denominator, points, true AS stored
    FROM v_score_closed WHERE period = {period:String} AND period_start = toDate(dateTrunc({period:String}, {day:Date}))
    UNION ALL
    SELECT unit_level, unit, toString(criterion) AS criterion, numerator, denominator, points, false AS stored
    FROM v_score_766(period = {period:String}, day = {day:Date})
) AS b
WHERE toDate(dateTrunc({period:String}, {day:Date})) IN (SELECT period_start FROM v_score_closed WHERE period = {period:String})
GROUP BY b.unit_level, b.unit, b.criterion
COMMENT 'What has changed since a period was closed: v_score_changes(period = ''MONTH'', day = ...)';
