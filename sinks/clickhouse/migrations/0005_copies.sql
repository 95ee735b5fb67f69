-- Tables that queries over all declarations read, instead of every status and every fact. With a year of the nation (100
-- million status events, 20 million facts) such queries took many seconds; benchmarks/queries.py measures them.
--
-- The tables are fed like log_position: a materialized view copies rows on insert and sums nothing, so a repeated insert is
-- harmless. `precedence` decides which row of a declaration counts; a row of a newer log comes first. If two contents have
-- the same event id, declaration_status keeps one of them, while both are copied here.

-- registration: when and where a declaration was registered first.
--   engine     ReplacingMergeTree(precedence): epoch << 48 | how early, so the earliest row of the newest log stays.
--   ORDER BY   the declaration, whose number grows with time: reading needs no merge where parts do not overlap.
--   index      minmax of the time: a question about a month reads that month.
--   partition  none: two registrations of one declaration may lie in different months.
CREATE TABLE IF NOT EXISTS registration
(
    declaration   UInt64 COMMENT 'The declaration, whatever its amendment' CODEC(Delta, ZSTD(1)),
    office        LowCardinality(String)                     COMMENT 'Office of registration',
    registered_at DateTime64(3, 'UTC') COMMENT 'First registration' CODEC(Delta, ZSTD(1)),
    precedence    UInt64 CODEC(Delta, ZSTD(1)),
    INDEX registered_at registered_at TYPE minmax GRANULARITY 1
)
ENGINE = ReplacingMergeTree(precedence)
ORDER BY declaration
SETTINGS non_replicated_deduplication_window = 1000
COMMENT 'First registrations, one row a declaration';

CREATE MATERIALIZED VIEW IF NOT EXISTS registration_of_declaration_status TO registration AS
SELECT toUInt64(substring(declaration_no, 1, 11)) AS declaration, office, occurred_at AS registered_at,
       bitShiftLeft(toUInt64(log_epoch) + 1, 48) - 1 - toUnixTimestamp64Milli(occurred_at) AS precedence
FROM declaration_status WHERE status = 'REGISTERED';

-- enterprise_declaration: which declarations ever named an enterprise. These may be more than its own now, never fewer.
--   engine     ReplacingMergeTree: a row is only its key.
--   ORDER BY   the enterprise, by which queries filter.
--   partition  none: an enterprise is one range.
CREATE TABLE IF NOT EXISTS enterprise_declaration
(
    tax_code    LowCardinality(String)       COMMENT 'Enterprise',
    declaration UInt64 COMMENT 'The declaration, whatever its amendment' CODEC(Delta, ZSTD(1))
)
ENGINE = ReplacingMergeTree
ORDER BY (tax_code, declaration)
SETTINGS non_replicated_deduplication_window = 1000
COMMENT 'Declarations by the enterprises that they named';

CREATE MATERIALIZED VIEW IF NOT EXISTS enterprise_declaration_of_declaration_status TO enterprise_declaration AS
SELECT DISTINCT tax_code, toUInt64(substring(declaration_no, 1, 11)) AS declaration
FROM declaration_status WHERE tax_code != '';

-- rated_declaration: the measures of a declaration as of the latest rating on each of its sheets.
--   engine     ReplacingMergeTree(precedence): epoch, submitted_at, version, so the latest rating of the newest log stays, and
--              of its facts the latest version. A fact that is superseded later has a sheet with a later revision.
--   ORDER BY   declaration, then sheet: some sheets are not shown (0008_protection). The office may change with a status that
--              comes late, so it is no part of the key.
--   index      minmax of the time: ratings follow their declarations within weeks.
--   partition  none: the month may change with a revision.
CREATE TABLE IF NOT EXISTS rated_declaration
(
    declaration       UInt64 COMMENT 'The declaration, whatever its amendment' CODEC(Delta, ZSTD(1)),
    sheet_id          String                                     COMMENT 'Sheet',
    office            LowCardinality(String)                     COMMENT 'declaration_office of the fact',
    submitted_at      DateTime64(3, 'UTC') COMMENT 'When the latest rating was sent' CODEC(Delta, ZSTD(1)),
    document_minutes  Nullable(UInt32)                           COMMENT 'As in rated_service',
    goods_minutes     Nullable(UInt32)                           COMMENT 'As in rated_service',
    clearance_minutes Nullable(UInt32)                           COMMENT 'As in rated_service',
    precedence        UInt128,
    INDEX submitted_at submitted_at TYPE minmax GRANULARITY 1
)
ENGINE = ReplacingMergeTree(precedence)
ORDER BY (declaration, sheet_id)
SETTINGS non_replicated_deduplication_window = 1000
COMMENT 'Working minutes of rated declarations, one row a sheet';

CREATE MATERIALIZED VIEW IF NOT EXISTS rated_declaration_of_rated_service TO rated_declaration AS
SELECT toUInt64(substring(declaration_no, 1, 11)) AS declaration, sheet_id, declaration_office AS office, submitted_at,
       document_minutes, goods_minutes, clearance_minutes,
       bitShiftLeft(toUInt128(log_epoch), 112) + bitShiftLeft(toUInt128(toUnixTimestamp64Milli(submitted_at)), 64)
           + row_version AS precedence
FROM rated_service WHERE state = 'MATCHED';

-- pane: only the five-minute windows of satisfaction, a fifth of its rows; v_satisfaction_now sums them.
--   engine     ReplacingMergeTree(row_version), as satisfaction.
--   ORDER BY   target before time: a question about one kind of target reads that kind.
--   partition  by month of window_end, as satisfaction: the last 30 days are two partitions.
CREATE TABLE IF NOT EXISTS pane
(
    target      LowCardinality(String) COMMENT 'OFFICE, TEAM, STEP or OFFICIAL',
    office      LowCardinality(String) COMMENT 'Office of the target',
    target_id   LowCardinality(String) COMMENT 'As in rated_service',
    window_end  DateTime64(3, 'UTC')   COMMENT 'End of the pane, exclusive',
    score_1     UInt32                 COMMENT 'Number of scores 1 in the pane',
    score_2     UInt32                 COMMENT 'Number of scores 2',
    score_3     UInt32                 COMMENT 'Number of scores 3',
    score_4     UInt32                 COMMENT 'Number of scores 4',
    score_5     UInt32                 COMMENT 'Number of scores 5',
    row_version UInt64
)
ENGINE = ReplacingMergeTree(row_version)
PARTITION BY toYYYYMM(window_end)
ORDER BY (target, office, target_id, window_end)
SETTINGS non_replicated_deduplication_window = 1000
COMMENT 'Score counts of every target in five minutes';

CREATE MATERIALIZED VIEW IF NOT EXISTS pane_of_satisfaction TO pane AS
SELECT target, office, target_id, window_end, score_1, score_2, score_3, score_4, score_5, row_version
FROM satisfaction WHERE window_seconds = 300;

-- opinion: the latest revision of a sheet, so that opinions are read without merging the revisions of every sheet.
--   engine     ReplacingMergeTree(precedence): revision, then row_version, so the latest revision stays, and if two contents
--              have its number, the one that stays in rating.
--   ORDER BY   declaration, sheet: the natural id.
--   partition  none: revisions of one sheet may lie in different months.
CREATE TABLE IF NOT EXISTS opinion
(
    declaration    UInt64 COMMENT 'The declaration, whatever its amendment' CODEC(Delta, ZSTD(1)),
    sheet_id       String                       COMMENT 'Sheet',
    declaration_no String                       COMMENT '12 digits, as on the sheet',
    tax_code       LowCardinality(String)       COMMENT 'Rating enterprise, as on the sheet',
    revision       UInt16                       COMMENT 'Latest revision',
    submitted_at   DateTime64(3, 'UTC')         COMMENT 'When that was sent',
    phase          LowCardinality(String)       COMMENT 'DURING_CLEARANCE or AFTER_CLEARANCE',
    item_count     UInt8                        COMMENT 'How many scores it has',
    level          UInt8                        COMMENT 'Lowest of them',
    has_comment    Bool                         COMMENT 'Whether it holds free text',
    comment_length UInt16                       COMMENT 'Characters of free text',
    has_contact    Bool                         COMMENT 'Whether it holds a sealed contact',
    precedence     UInt128
)
ENGINE = ReplacingMergeTree(precedence)
ORDER BY (declaration, sheet_id)
SETTINGS non_replicated_deduplication_window = 1000
COMMENT 'Latest revision of each sheet';

CREATE MATERIALIZED VIEW IF NOT EXISTS opinion_of_rating TO opinion AS
SELECT toUInt64(substring(declaration_no, 1, 11)) AS declaration, sheet_id, declaration_no, tax_code, revision, submitted_at,
       phase, item_count, lowest_score AS level, has_comment, comment_length, has_contact,
       bitShiftLeft(toUInt128(revision), 64) + row_version AS precedence
FROM rating;

-- registration_span: the range of declaration numbers registered on a day. Numbers grow with time, separately for imports
-- (1...) and exports (3...), so the declarations of a period lie in two ranges of the sort keys. A number out of order, or
-- a row that registration has dropped since, makes a range longer; nothing is missed.
--   engine     AggregatingMergeTree: least and greatest of numbers, which a repeated insert does not change.
--   ORDER BY   the day, then imports before exports.
--   partition  none: two rows a day.
CREATE TABLE IF NOT EXISTS registration_span
(
    day     Date                                COMMENT 'Day of registration in Viet Nam',
    exports Bool                                COMMENT 'Whether the numbers begin with 3',
    least   SimpleAggregateFunction(min, UInt64) COMMENT 'Least declaration',
    most    SimpleAggregateFunction(max, UInt64) COMMENT 'Greatest declaration'
)
ENGINE = AggregatingMergeTree
ORDER BY (day, exports)
COMMENT 'Ranges of declaration numbers by day of registration';

CREATE MATERIALIZED VIEW IF NOT EXISTS registration_span_of_registration TO registration_span AS
SELECT toDate(registered_at, 'Asia/Ho_Chi_Minh') AS day, declaration >= 20000000000 AS exports,
       min(declaration) AS least, max(declaration) AS most
FROM registration GROUP BY day, exports;
