CREATE OR REPLACE VIEW v_score_closed
(
    unit_level   String                   COMMENT 'OFFICE, DEPARTMENT (since 2025 the region) or NATION',
    unit         String                   COMMENT 'Code of the office, department, region, or VN',
    period       String                   COMMENT 'MONTH, QUARTER or YEAR',
    period_start Date                     COMMENT 'First day of the period',
    criterion    LowCardinality(String)   COMMENT 'Number of the criterion of Decision 766',
    numerator    Nullable(UInt64)         COMMENT 'Numerator of the criterion',
    denominator  Nullable(UInt64)         COMMENT 'Denominator of the criterion',
    ratio        Nullable(Decimal(18, 2)) COMMENT 'Numerator by denominator, per cent; NULL: nothing to count',
    points       Nullable(Decimal(18, 2)) COMMENT 'Points of Decision 766; NULL: not known',
    maximum      Decimal(18, 2)           COMMENT 'Points that can be had',
    basis        String                   COMMENT 'COMPUTED, ENTERED or MISSING',
    measured     Nullable(UInt64)         COMMENT 'How many of the denominator were measured at all; NULL: not computed',
    confidence   String                   COMMENT 'C confirmed, P probable, U unverified; the weakest of points, rule and reading',
    known_until  DateTime64(3, 'UTC')     COMMENT 'Events at or after it are not in the figures',
    score_closed_at Nullable(DateTime64(3, 'UTC')) COMMENT 'When the scores of the period were stored; NULL: not yet'
)
AS
SELECT toString(unit_level) AS unit_level, toString(unit) AS unit, toString(period) AS period, period_start, criterion, numerator, denominator, ratio, points,
       maximum, toString(basis) AS basis, measured, toString(confidence) AS confidence, known_until, toNullable(closed_at) AS score_closed_at
FROM closed_score FINAL
COMMENT 'The scores of Decision 766 as they were stored when their period was closed';
