CREATE TABLE IF NOT EXISTS registration ON CLUSTER `customs`
(
    declaration   UInt64 COMMENT 'The declaration, whatever its amendment' CODEC(Delta, ZSTD(1)),
    office        LowCardinality(String)                     COMMENT 'Office of registration',
    registered_at DateTime64(3, 'UTC') COMMENT 'First registration' CODEC(Delta, ZSTD(1)),
    precedence    UInt64 CODEC(Delta, ZSTD(1)),
    INDEX registered_at registered_at TYPE minmax GRANULARITY 1
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}', precedence)
ORDER BY declaration
SETTINGS replicated_deduplication_window = 1000, replicated_deduplication_window_seconds = 604800
COMMENT 'First registrations, one row a declaration';

CREATE MATERIALIZED VIEW IF NOT EXISTS registration_of_declaration_status ON CLUSTER `customs` TO registration AS
SELECT toUInt64(substring(declaration_no, 1, 11)) AS declaration, office, occurred_at AS registered_at,
       bitShiftLeft(toUInt64(log_epoch) + 1, 48) - 1 - toUnixTimestamp64Milli(occurred_at) AS precedence
FROM declaration_status WHERE status = 'REGISTERED';

CREATE TABLE IF NOT EXISTS enterprise_declaration ON CLUSTER `customs`
(
    tax_code    LowCardinality(String)       COMMENT 'Enterprise',
    declaration UInt64 COMMENT 'The declaration, whatever its amendment' CODEC(Delta, ZSTD(1))
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}')
ORDER BY (tax_code, declaration)
SETTINGS replicated_deduplication_window = 1000, replicated_deduplication_window_seconds = 604800
COMMENT 'Declarations by the enterprises that they named';

CREATE MATERIALIZED VIEW IF NOT EXISTS enterprise_declaration_of_declaration_status ON CLUSTER `customs` TO enterprise_declaration AS
SELECT DISTINCT tax_code, toUInt64(substring(declaration_no, 1, 11)) AS declaration
FROM declaration_status WHERE tax_code != '';

CREATE TABLE IF NOT EXISTS rated_declaration ON CLUSTER `customs`
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
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}', precedence)
ORDER BY (declaration, sheet_id)
SETTINGS replicated_deduplication_window = 1000, replicated_deduplication_window_seconds = 604800
COMMENT 'Working minutes of rated declarations, one row a sheet';

CREATE MATERIALIZED VIEW IF NOT EXISTS rated_declaration_of_rated_service ON CLUSTER `customs` TO rated_declaration AS
SELECT toUInt64(substring(declaration_no, 1, 11)) AS declaration, sheet_id, declaration_office AS office, submitted_at,
       document_minutes, goods_minutes, clearance_minutes,
       bitShiftLeft(toUInt128(log_epoch), 112) + bitShiftLeft(toUInt128(toUnixTimestamp64Milli(submitted_at)), 64)
           + row_version AS precedence
FROM rated_service WHERE state = 'MATCHED';

CREATE TABLE IF NOT EXISTS pane ON CLUSTER `customs`
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
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}', row_version)
PARTITION BY toYYYYMM(window_end)
ORDER BY (target, office, target_id, window_end)
SETTINGS replicated_deduplication_window = 1000, replicated_deduplication_window_seconds = 604800
COMMENT 'Score counts of every target in five minutes';

CREATE MATERIALIZED VIEW IF NOT EXISTS pane_of_satisfaction ON CLUSTER `customs` TO pane AS
SELECT target, office, target_id, window_end, score_1, score_2, score_3, score_4, score_5, row_version
FROM satisfaction WHERE window_seconds = 300;

CREATE TABLE IF NOT EXISTS opinion ON CLUSTER `customs`
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
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}', precedence)
ORDER BY (declaration, sheet_id)
SETTINGS replicated_deduplication_window = 1000, replicated_deduplication_window_seconds = 604800
COMMENT 'Latest revision of each sheet';

CREATE MATERIALIZED VIEW IF NOT EXISTS opinion_of_rating ON CLUSTER `customs` TO opinion AS
SELECT toUInt64(substring(declaration_no, 1, 11)) AS declaration, sheet_id, declaration_no, tax_code, revision, submitted_at,
       phase, item_count, lowest_score AS level, has_comment, comment_length, has_contact,
       bitShiftLeft(toUInt128(revision), 64) + row_version AS precedence
FROM rating;

CREATE TABLE IF NOT EXISTS registration_span ON CLUSTER `customs`
(
    day     Date                                COMMENT 'Day of registration in Viet Nam',
    exports Bool                                COMMENT 'Whether the numbers begin with 3',
    least   SimpleAggregateFunction(min, UInt64) COMMENT 'Least declaration',
    most    SimpleAggregateFunction(max, UInt64) COMMENT 'Greatest declaration'
)
ENGINE = ReplicatedAggregatingMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}')
ORDER BY (day, exports)
COMMENT 'Ranges of declaration numbers by day of registration';

CREATE MATERIALIZED VIEW IF NOT EXISTS registration_span_of_registration ON CLUSTER `customs` TO registration_span AS
SELECT toDate(registered_at, 'Asia/Ho_Chi_Minh') AS day, declaration >= 20000000000 AS exports,
       min(declaration) AS least, max(declaration) AS most
FROM registration GROUP BY day, exports;

