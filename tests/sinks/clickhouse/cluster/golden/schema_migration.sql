CREATE TABLE IF NOT EXISTS schema_migration ON CLUSTER `customs`
(
    name       String                 COMMENT 'File',
    checksum   String                 COMMENT 'SHA-256 of its text',
    applied_at DateTime('UTC') DEFAULT now() COMMENT 'When'
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}', applied_at)
ORDER BY name
COMMENT 'Migrations, views and reference data that were applied';

