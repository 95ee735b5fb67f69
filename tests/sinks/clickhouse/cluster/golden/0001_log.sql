CREATE TABLE IF NOT EXISTS log_epoch ON CLUSTER `customs`
(
    topic          LowCardinality(String) COMMENT 'Subject of the topic, e.g. rating',
    topic_identity String                 COMMENT 'Cluster id and topic id: differs for a new broker and a recreated topic',
    epoch          UInt16                 COMMENT 'Number of the log within its topic, from 1',
    claim          UUID                   COMMENT 'Written with every committed offset: an offset without it belongs to another log or database',
    topic_name     String                 COMMENT 'Name of the topic, prefix included',
    claimed_at     DateTime64(3, 'UTC')   COMMENT 'When a sink first met the log'
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}')
ORDER BY (topic, topic_identity, claimed_at, claim)
COMMENT 'Kafka logs that were ever loaded';

CREATE TABLE IF NOT EXISTS log_position ON CLUSTER `customs`
(
    topic     LowCardinality(String) COMMENT 'Subject of the topic',
    epoch     UInt16                 COMMENT 'See log_epoch',
    partition UInt32                 COMMENT 'Kafka partition',
    offset    UInt64 COMMENT 'Kafka offset' CODEC(Delta, ZSTD(1)),
    identity  UInt64                 COMMENT 'Hash of the natural id of the row',
    era       UInt32 COMMENT 'Part of the key by which old rows are dropped: the declaration in hundred thousands, or the month; 0: kept' CODEC(Delta, ZSTD(1))
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}')
ORDER BY (topic, epoch, partition, offset)
SETTINGS replicated_deduplication_window = 1000, replicated_deduplication_window_seconds = 604800
COMMENT 'Kafka offsets that are stored';

CREATE TABLE IF NOT EXISTS retention_limit ON CLUSTER `customs`
(
    name       LowCardinality(String) COMMENT 'imports, exports (declaration numbers) or month (such as 202405)',
    value      UInt64                 COMMENT 'Rows below it are dropped; 0: none',
    applied_at DateTime('UTC') DEFAULT now() COMMENT 'When'
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}', applied_at)
ORDER BY (name, value)
COMMENT 'Limits of retention that were ever applied';

