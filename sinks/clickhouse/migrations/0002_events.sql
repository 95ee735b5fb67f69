-- The two raw event streams. Absent codes are '', never NULL: LowCardinality(String) is smaller and faster without NULLs.
-- row_version = epoch << 48 | CRC-32 of the record: if two contents have the same id, the higher checksum wins, here as in
-- the workers. log_epoch, log_partition, log_offset: where the row came from.

-- declaration_status
--   engine     ReplacingMergeTree(row_version): an event is one row, however often it is sent or read.
--   ORDER BY   declaration, then event: the natural id; all rows of a declaration are stored together.
--   partition  none: two contents of one event may lie in different months, and rows in different partitions are never
--              merged. The sort key begins with the declaration number, which grows with time, so ranges stay narrow.
CREATE TABLE IF NOT EXISTS declaration_status
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
ENGINE = ReplacingMergeTree(row_version)
ORDER BY (declaration, event_id)
SETTINGS non_replicated_deduplication_window = 1000
COMMENT 'Status changes of declarations, one row an event';

-- rating
--   engine     ReplacingMergeTree(row_version), as above.
--   ORDER BY   declaration, sheet, revision: the natural id; the declaration is part of it, because two declarations may
--              have the same sheet id by mistake.
--   partition  none, as above; and ratings are few (3 % of declarations).
-- Free text and contact never leave Kafka. Stored is only whether they exist, and how long the text is.
CREATE TABLE IF NOT EXISTS rating
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
ENGINE = ReplacingMergeTree(row_version)
ORDER BY (declaration, sheet_id, revision)
SETTINGS non_replicated_deduplication_window = 1000
COMMENT 'Rating sheets, one row a revision';

-- rating_item: written before its rating, so a rating whose position is known has its items.
--   engine, ORDER BY, partition: as rating, followed by the rated target.
-- If two contents of one revision compete, the items of the losing one stay too: they were accepted, and their facts are
-- SUPERSEDED. Items that count have the row_version of their rating.
CREATE TABLE IF NOT EXISTS rating_item
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
ENGINE = ReplacingMergeTree(row_version)
ORDER BY (declaration, sheet_id, revision, target, office, target_id)
SETTINGS non_replicated_deduplication_window = 1000
COMMENT 'Scores of rating sheets, one row a score and revision';

CREATE MATERIALIZED VIEW IF NOT EXISTS position_of_declaration_status TO log_position AS
SELECT 'declaration-status' AS topic, log_epoch AS epoch, log_partition AS partition, log_offset AS offset,
       sipHash64(toUInt64(substring(declaration_no, 1, 11)), event_id) AS identity,
       intDiv(toUInt64(substring(declaration_no, 1, 11)), 100000) AS era
FROM declaration_status;

CREATE MATERIALIZED VIEW IF NOT EXISTS position_of_rating TO log_position AS
SELECT 'rating' AS topic, log_epoch AS epoch, log_partition AS partition, log_offset AS offset,
       sipHash64(toUInt64(substring(declaration_no, 1, 11)), sheet_id, revision) AS identity,
       intDiv(toUInt64(substring(declaration_no, 1, 11)), 100000) AS era
FROM rating;
