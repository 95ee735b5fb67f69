-- What the loader knows about the Kafka logs it reads: their numbers, and which of their records are stored.

-- log_epoch: numbers the Kafka logs (cluster and topic identity) of a topic, in the order in which a loader first met
-- them. The number forms the highest bits of every row_version, above the record's own version, so rows of a recreated
-- topic are never hidden behind rows of an older one.
--   engine     ReplacingMergeTree: two sinks may claim the same log at once; the older claim wins on reading (min).
--   ORDER BY   topic, then identity: one claim for each log.
--   partition  none: a handful of rows.
CREATE TABLE IF NOT EXISTS log_epoch
(
    topic          LowCardinality(String) COMMENT 'Subject of the topic, e.g. rating',
    topic_identity String                 COMMENT 'Cluster id and topic id: differs for a new broker and a recreated topic',
    epoch          UInt16                 COMMENT 'Number of the log within its topic, from 1',
    claim          UUID                   COMMENT 'Written with every committed offset: an offset without it belongs to another log or database',
    topic_name     String                 COMMENT 'Name of the topic, prefix included',
    claimed_at     DateTime64(3, 'UTC')   COMMENT 'When a sink first met the log'
)
ENGINE = ReplacingMergeTree
ORDER BY (topic, topic_identity, claimed_at, claim)
COMMENT 'Kafka logs that were ever loaded';

-- log_position: which Kafka offsets were stored, and under which natural id. Tables of natural ids collapse duplicates, so
-- a row's own origin columns show only the winner; the audit needs every offset.
--   engine     ReplacingMergeTree: an offset that is read again is the same row.
--   ORDER BY   the offset's full address: the audit reads ranges of one topic, epoch and partition.
--   partition  none: rows are never dropped by age, because compacted topics keep old offsets. About 12 bytes a row.
--   fed by     one materialized view for each table below, on insert. A view copies rows and sums
--              nothing, so a repeated insert is harmless; and no code of ours can store a row without its position
--              (ADR 6).
CREATE TABLE IF NOT EXISTS log_position
(
    topic     LowCardinality(String) COMMENT 'Subject of the topic',
    epoch     UInt16                 COMMENT 'See log_epoch',
    partition UInt32                 COMMENT 'Kafka partition',
    offset    UInt64 COMMENT 'Kafka offset' CODEC(Delta, ZSTD(1)),
    identity  UInt64                 COMMENT 'Hash of the natural id of the row',
    era       UInt32 COMMENT 'Part of the key by which old rows are dropped: the declaration in hundred thousands, or the month; 0: kept' CODEC(Delta, ZSTD(1))
)
ENGINE = ReplacingMergeTree
ORDER BY (topic, epoch, partition, offset)
SETTINGS non_replicated_deduplication_window = 1000
COMMENT 'Kafka offsets that are stored';

-- retention_limit: below which limits rows were dropped by age, ever; see docs/retention.md. The audit does not miss those.
--   engine     ReplacingMergeTree: a limit that is applied again is the same row.
--   ORDER BY   the limit. partition none: a few rows a year.
CREATE TABLE IF NOT EXISTS retention_limit
(
    name       LowCardinality(String) COMMENT 'imports, exports (declaration numbers) or month (such as 202405)',
    value      UInt64                 COMMENT 'Rows below it are dropped; 0: none',
    applied_at DateTime('UTC') DEFAULT now() COMMENT 'When'
)
ENGINE = ReplacingMergeTree(applied_at)
ORDER BY (name, value)
COMMENT 'Limits of retention that were ever applied';
