CREATE TABLE IF NOT EXISTS closed_score ON CLUSTER `customs`
(
    period       LowCardinality(String)   COMMENT 'MONTH, QUARTER or YEAR',
    period_start Date                     COMMENT 'First day of it',
    unit_level   LowCardinality(String)   COMMENT 'OFFICE, DEPARTMENT (since 2025 the region) or NATION',
    unit         LowCardinality(String)   COMMENT 'Code of the unit; of the nation VN',
    criterion    LowCardinality(String)   COMMENT 'See reference_score_criterion',
    numerator    Nullable(UInt64)         COMMENT 'Numerator of the criterion',
    denominator  Nullable(UInt64)         COMMENT 'Denominator of the criterion',
    ratio        Nullable(Decimal(18, 2)) COMMENT 'Numerator by denominator, per cent',
    points       Nullable(Decimal(18, 2)) COMMENT 'Its points; NULL: not known',
    maximum      Decimal(18, 2)           COMMENT 'Points that can be had',
    basis        LowCardinality(String)   COMMENT 'COMPUTED, ENTERED or MISSING',
    measured     Nullable(UInt64)         COMMENT 'How many of the denominator were measured at all',
    confidence   LowCardinality(String)   COMMENT 'C, P or U',
    known_until  DateTime64(3, 'UTC')     COMMENT 'Events at or after it are not in the figures: when the limits of the period had ended',
    closed_at    DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC') COMMENT 'When it was closed'
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}')
ORDER BY (period, period_start, unit_level, unit, criterion)
COMMENT 'Scores of Decision 766 of closed periods';

