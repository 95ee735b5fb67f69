CREATE TABLE IF NOT EXISTS schema_migration ON CLUSTER `customs`
(
    name       String COMMENT 'File; or file and number of a statement that runs in parcels',
    checksum   String COMMENT 'SHA-256 of it; empty: to be applied again. Of parcels: at and the next key, or end',
    applied_at DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC') COMMENT 'When'
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}', applied_at)
ORDER BY name
COMMENT 'Migrations, views and reference data that were applied';

