CREATE TABLE IF NOT EXISTS declaration_status ON CLUSTER `customs`
(
    event_id       String                 COMMENT 'Identity of the event within its declaration',
    declaration_no String                 COMMENT '12 digits; the last counts amendments',
    declaration    UInt64 MATERIALIZED toUInt64(substring(declaration_no, 1, 11)) COMMENT 'The declaration, whatever its amendment' CODEC(Delta, ZSTD(1)),
    status         LowCardinality(String) COMMENT 'Status reached, see reference_status',
    occurred_at    DateTime64(3, 'UTC')   COMMENT 'When it happened at the customs side',
    office         LowCardinality(String) COMMENT 'Office that handled it',
    team           LowCardinality(String) COMMENT 'Team within the office',
    step           LowCardinality(String) COMMENT 'Procedure step, see reference_step',
    official       LowCardinality(String) COMMENT 'Pseudonymous id; never a name',
    channel        LowCardinality(String) COMMENT 'GREEN, YELLOW or RED',
    kind           LowCardinality(String) COMMENT 'Declaration kind',
    tax_code       LowCardinality(String) COMMENT 'Declaring enterprise',
    source_message LowCardinality(String) COMMENT 'VNACCS message',
    written_at     DateTime64(3, 'UTC')   COMMENT 'Kafka timestamp',
    row_version    UInt64,
    log_epoch      UInt16,
    log_partition  UInt32,
    log_offset     UInt64 CODEC(Delta, ZSTD(1)),
    stored_at      DateTime('UTC') DEFAULT now()
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}', row_version)
ORDER BY (declaration, event_id)
SETTINGS replicated_deduplication_window = 1000, replicated_deduplication_window_seconds = 604800
COMMENT 'Status changes of declarations, one row an event';

CREATE TABLE IF NOT EXISTS rating ON CLUSTER `customs`
(
    sheet_id       String                 COMMENT 'Sheet; the same for all its revisions',
    revision       UInt16                 COMMENT '1, 2, 3, ...',
    declaration_no String                 COMMENT '12 digits, as on the sheet',
    declaration    UInt64 MATERIALIZED toUInt64(substring(declaration_no, 1, 11)) COMMENT 'The declaration, whatever its amendment',
    tax_code       LowCardinality(String) COMMENT 'Rating enterprise, as on the sheet',
    submitted_at   DateTime64(3, 'UTC')   COMMENT 'When it was sent',
    phase          LowCardinality(String) COMMENT 'DURING_CLEARANCE or AFTER_CLEARANCE',
    item_count     UInt8                  COMMENT 'How many scores',
    lowest_score   UInt8                  COMMENT 'Lowest of its scores: the level of the opinion',
    has_comment    Bool                   COMMENT 'Whether it holds free text',
    comment_length UInt16                 COMMENT 'Characters of free text',
    has_contact    Bool                   COMMENT 'Whether it holds a sealed contact',
    written_at     DateTime64(3, 'UTC')   COMMENT 'Kafka timestamp',
    row_version    UInt64,
    log_epoch      UInt16,
    log_partition  UInt32,
    log_offset     UInt64,
    stored_at      DateTime('UTC') DEFAULT now()
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}', row_version)
ORDER BY (declaration, sheet_id, revision)
SETTINGS replicated_deduplication_window = 1000, replicated_deduplication_window_seconds = 604800
COMMENT 'Rating sheets, one row a revision';

CREATE TABLE IF NOT EXISTS rating_item ON CLUSTER `customs`
(
    sheet_id       String                 COMMENT 'Sheet',
    revision       UInt16                 COMMENT 'Revision of the sheet',
    declaration_no String                 COMMENT '12 digits, as on the sheet',
    declaration    UInt64 MATERIALIZED toUInt64(substring(declaration_no, 1, 11)) COMMENT 'The declaration, whatever its amendment',
    submitted_at   DateTime64(3, 'UTC')   COMMENT 'When the revision was sent',
    target         LowCardinality(String) COMMENT 'OFFICE, TEAM, STEP or OFFICIAL',
    office         LowCardinality(String) COMMENT 'Office of the target',
    target_id      LowCardinality(String) COMMENT 'Office, team, step or pseudonymous official',
    score          UInt8                  COMMENT '1 to 5',
    reason         LowCardinality(String) COMMENT 'Reason code, see reference_reason',
    row_version    UInt64,
    log_epoch      UInt16,
    log_partition  UInt32,
    log_offset     UInt64,
    stored_at      DateTime('UTC') DEFAULT now()
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}', row_version)
ORDER BY (declaration, sheet_id, revision, target, office, target_id)
SETTINGS replicated_deduplication_window = 1000, replicated_deduplication_window_seconds = 604800
COMMENT 'Scores of rating sheets, one row a score and revision';

CREATE MATERIALIZED VIEW IF NOT EXISTS position_of_declaration_status ON CLUSTER `customs` TO log_position AS
SELECT 'declaration-status' AS topic, log_epoch AS epoch, log_partition AS partition, log_offset AS offset,
       sipHash64(toUInt64(substring(declaration_no, 1, 11)), event_id) AS identity,
       intDiv(toUInt64(substring(declaration_no, 1, 11)), 100000) AS era
FROM declaration_status;

CREATE MATERIALIZED VIEW IF NOT EXISTS position_of_rating ON CLUSTER `customs` TO log_position AS
SELECT 'rating' AS topic, log_epoch AS epoch, log_partition AS partition, log_offset AS offset,
       sipHash64(toUInt64(substring(declaration_no, 1, 11)), sheet_id, revision) AS identity,
       intDiv(toUInt64(substring(declaration_no, 1, 11)), 100000) AS era
FROM rating;

