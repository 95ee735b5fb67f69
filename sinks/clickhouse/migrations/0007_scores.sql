-- What people enter for the scores: docs/scores.md.

-- score_entry: figures that Decision 766 requires and our data do not hold. Only analysts write it, by INSERT.
--   engine     ReplacingMergeTree(entered_at): the latest entry counts; one with neither figures nor points withdraws it.
--   ORDER BY   the subject of the entry, the period first, because a report reads one period.
--   partition  none: some hundred rows a month for the nation.
--   checks     an impossible entry is refused as a whole; v_score_entry tells which of the others count.
CREATE TABLE IF NOT EXISTS score_entry
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
ENGINE = ReplacingMergeTree(entered_at)
ORDER BY (period, period_start, unit_level, unit, criterion)
COMMENT 'Figures and points of Decision 766 that analysts enter';

-- score_setting: the least numbers with which an official or a team is shown (view least_number). They protect people, so
-- only the operator may INSERT a new value; who reads the views has no right to.
--   engine     ReplacingMergeTree(changed_at): the last one counts. The defaults are dated 1970, so they never hide a change.
--   ORDER BY   the name. partition none: two rows.
CREATE TABLE IF NOT EXISTS score_setting
(
    name       LowCardinality(String) COMMENT 'min_opinions or min_enterprises',
    value      UInt32                 COMMENT 'Its value',
    changed_at DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC') COMMENT 'When it was set'
)
ENGINE = ReplacingMergeTree(changed_at) ORDER BY name
COMMENT 'Least numbers that protect officials; only the operator changes them';

INSERT INTO score_setting (name, value, changed_at) VALUES ('min_opinions', 30, 0), ('min_enterprises', 10, 0);
