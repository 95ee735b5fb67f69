ALTER TABLE rated_service ON CLUSTER `customs`
    ADD COLUMN IF NOT EXISTS standing LowCardinality(String) DEFAULT 'UNSTATED' COMMENT 'Whether the sheet comes from an enterprise of the declaration: VERIFIED, UNSTATED, UNVERIFIED or FOREIGN',
    ADD COLUMN IF NOT EXISTS counts Bool DEFAULT true COMMENT 'Whether facts of this standing count; superseded ones never do';

CREATE TABLE IF NOT EXISTS doubted_sheet ON CLUSTER `customs`
(
    declaration UInt64 COMMENT 'The declaration, whatever its amendment' CODEC(Delta, ZSTD(1)),
    sheet_id    String COMMENT 'Sheet',
    counts      Bool   COMMENT 'Whether it counts now',
    precedence  UInt128
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}', precedence)
ORDER BY (declaration, sheet_id)
SETTINGS replicated_deduplication_window = 1000, replicated_deduplication_window_seconds = 604800
COMMENT 'Sheets that do not count, or once did not';

CREATE MATERIALIZED VIEW IF NOT EXISTS doubted_sheet_of_rated_service ON CLUSTER `customs` TO doubted_sheet AS
SELECT toUInt64(substring(declaration_no, 1, 11)) AS declaration, sheet_id,
       argMax(counts, bitShiftLeft(toUInt128(log_epoch), 64) + row_version) AS counts,
       max(bitShiftLeft(toUInt128(log_epoch), 64) + row_version) AS precedence
FROM rated_service
GROUP BY declaration, sheet_id
HAVING min(rated_service.counts) = 0 OR (declaration, sheet_id) IN (SELECT declaration, sheet_id FROM doubted_sheet);

