CREATE OR REPLACE VIEW v_score_entry
(
    period         LowCardinality(String)  COMMENT 'MONTH, QUARTER or YEAR',
    period_start   Date                    COMMENT 'First day of the period',
    unit_level     LowCardinality(String)  COMMENT 'OFFICE, DEPARTMENT (since 2025 the region) or NATION',
    unit           LowCardinality(String)  COMMENT 'Code of the office, department, region, or VN',
    criterion      LowCardinality(String)  COMMENT 'Number of the criterion of Decision 766',
    numerator      Nullable(UInt64)        COMMENT 'Numerator of the criterion',
    denominator    Nullable(UInt64)        COMMENT 'Denominator of the criterion',
    points         Nullable(Decimal(9, 2)) COMMENT 'Points of Decision 766; NULL: not known',
    source         String                  COMMENT 'Where the figures or the limit come from',
    entered_at     DateTime64(3, 'UTC')    COMMENT 'When it was entered',
    entered_day    Date                    COMMENT 'Local day of entered_at',
    entry_standing String                  COMMENT 'COUNTS, COUNTS_IF_NOTHING_COMPUTED, or why the entry does not count'
)
AS
SELECT e.period AS period, e.period_start AS period_start, e.unit_level AS unit_level, e.unit AS unit, e.criterion AS criterion,
       e.numerator AS numerator, e.denominator AS denominator, e.points AS points, e.source AS source, e.entered_at AS entered_at, toDate(e.entered_at, 'Asia/Ho_Chi_Minh') AS entered_day,
       multiIf(e.numerator IS NULL AND e.points IS NULL, 'TAKEN_BACK', c.criterion = '', 'UNKNOWN_CRITERION',
               ifNull(e.points, toDecimal64(0, 2)) > c.maximum, 'ABOVE_MAXIMUM',
               e.numerator IS NOT NULL AND c.full_at IS NULL, 'POINTS_NEEDED',
               c.basis = 'COMPUTED', 'COUNTS_IF_NOTHING_COMPUTED', 'COUNTS') AS entry_standing
FROM (SELECT * FROM score_entry FINAL) AS e
LEFT JOIN reference_score_criterion AS c ON e.criterion = c.criterion
COMMENT 'The last entry about each unit, period and criterion, and whether it counts';
