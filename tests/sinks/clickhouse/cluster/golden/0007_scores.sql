CREATE TABLE IF NOT EXISTS score_entry ON CLUSTER `customs`
(
    period       LowCardinality(String)    COMMENT 'MONTH, QUARTER or YEAR',
    period_start Date                      COMMENT 'First day of it',
    unit_level   LowCardinality(String)    COMMENT 'OFFICE, DEPARTMENT (since 2025 the region) or NATION',
    unit         LowCardinality(String)    COMMENT 'Code of the unit; of the nation VN',
    criterion    LowCardinality(String)    COMMENT 'See reference_score_criterion',
    numerator    Nullable(UInt64)          COMMENT 'With denominator, instead of points',
    denominator  Nullable(UInt64)          COMMENT 'Not 0: where there was nothing to count, enter nothing',
    points       Nullable(Decimal(9, 2))   COMMENT 'Points, instead of figures',
    source       String                    COMMENT 'Where they come from',
    entered_at   DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC') COMMENT 'When they were entered',
    CONSTRAINT known_period CHECK period IN ('MONTH', 'QUARTER', 'YEAR'),
    CONSTRAINT first_day CHECK period_start = multiIf(period = 'MONTH', toStartOfMonth(period_start),
        period = 'QUARTER', toStartOfQuarter(period_start), toStartOfYear(period_start)),
    CONSTRAINT known_level CHECK unit_level IN ('OFFICE', 'DEPARTMENT', 'NATION'),
    CONSTRAINT figures_or_points CHECK isNull(numerator) = isNull(denominator) AND (isNull(numerator) OR isNull(points)),
    CONSTRAINT share CHECK isNull(numerator) OR (ifNull(denominator, 0) > 0 AND ifNull(numerator, 0) <= ifNull(denominator, 0)),
    CONSTRAINT not_negative CHECK ifNull(points, toDecimal64(0, 2)) >= 0,
    CONSTRAINT sourced CHECK source != ''
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}', entered_at)
ORDER BY (period, period_start, unit_level, unit, criterion)
COMMENT 'Figures and points of Decision 766 that analysts enter';

CREATE TABLE IF NOT EXISTS score_setting ON CLUSTER `customs`
(
    name       LowCardinality(String) COMMENT 'min_opinions or min_enterprises',
    value      UInt32                 COMMENT 'Its value',
    changed_at DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC') COMMENT 'When it was set'
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}', changed_at) ORDER BY name
COMMENT 'Least numbers that protect officials; only the operator changes them';

INSERT INTO score_setting (name, value, changed_at) VALUES ('min_opinions', 30, 0), ('min_enterprises', 10, 0);

