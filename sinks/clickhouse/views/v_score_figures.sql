-- Numerators and denominators from our data and the entries, before points: one row for each unit that has either. The
-- organisation is that of the last day.
CREATE OR REPLACE VIEW v_score_figures
(
    unit_level String COMMENT 'OFFICE, DEPARTMENT (since 2025 the region) or NATION',
    unit       String COMMENT 'Code of the office, department, region, or VN',
    computed   Array(Tuple(String, Nullable(UInt64), Nullable(UInt64), UInt64, UInt64)) COMMENT 'Criterion, numerator, denominator, measured, and good ones of the measured, of what our data give',
    entered    Array(Tuple(String, Nullable(UInt64), Nullable(UInt64), Nullable(Decimal(9, 2)), String)) COMMENT 'Criterion, numerator, denominator, points and source of entries'
)
AS
SELECT f.level AS unit_level, f.unit AS unit,
       arraySort(groupArrayIf((f.criterion, f.numerator, f.denominator, f.measured, f.measured_good), f.computed)) AS computed,
       arraySort(groupArrayIf((f.criterion, f.numerator, f.denominator, f.score, f.source), NOT f.computed)) AS entered
FROM
(
    SELECT s.1 AS level, s.2 AS unit, g.criterion AS criterion, toNullable(sum(g.numerator)) AS numerator,
           toNullable(sum(g.denominator)) AS denominator, sum(g.measured) AS measured, sum(g.measured_good) AS measured_good,
           CAST(NULL, 'Nullable(Decimal(9, 2))') AS score, '' AS source, true AS computed
    FROM
    (
        SELECT d.office AS office, x.1 AS criterion, x.2 AS numerator, d.n AS denominator, x.3 AS measured, x.4 AS measured_good, {last:Date} - 1 AS last_day
        FROM
        (
            SELECT office, count() AS n,
                   [('2.1', countIf(NOT late), countIf(limited), countIf(limited AND NOT late)),
                    ('5.4', countIf(NOT (late OR dissatisfied OR complained)), countIf(rated), countIf(rated AND NOT (late OR dissatisfied OR complained)))] AS figures
            FROM v_dossiers(first = {first:Date}, last = {last:Date}, as_of = {as_of:DateTime64(3, 'UTC')})
            GROUP BY office
            UNION ALL
            SELECT office, count() AS n,
                   [('5.2', countIf(NOT late), count(), countIf(NOT late)),
                    ('5.3', countIf(NOT (late OR handling_dissatisfied OR reopened)), countIf(handling_score IS NOT NULL),
                     countIf(handling_score IS NOT NULL AND NOT (late OR handling_dissatisfied OR reopened)))] AS figures
            FROM v_feedback_items(first = {first:Date}, last = {last:Date}, as_of = {as_of:DateTime64(3, 'UTC')})
            GROUP BY office
        ) AS d
        ARRAY JOIN d.figures AS x
    ) AS g
    ASOF LEFT JOIN reference_office AS p ON g.office = p.code AND g.last_day >= p.valid_from
    ARRAY JOIN [('OFFICE', g.office), ('DEPARTMENT', p.parent), ('NATION', 'VN')] AS s
    WHERE s.2 != ''
    GROUP BY level, unit, criterion
    UNION ALL
    SELECT toString(unit_level), toString(unit), toString(criterion), numerator, denominator, 0, 0, points, source, false
    FROM v_score_entry
    WHERE period = {period:String} AND period_start = {first:Date} AND entry_standing IN ('COUNTS', 'COUNTS_IF_NOTHING_COMPUTED')
) AS f
GROUP BY f.level, f.unit
COMMENT 'Numerators and denominators of Decision 766, one row a unit; v_score_766 reads it';
