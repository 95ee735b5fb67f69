-- Who may rate: docs/adr/0041-standing.md. Facts that are stored already say UNSTATED and count, as they did.
ALTER TABLE rated_service
    ADD COLUMN IF NOT EXISTS standing LowCardinality(String) DEFAULT 'UNSTATED' COMMENT 'Whether the sheet comes from an enterprise of the declaration: VERIFIED, UNSTATED, UNVERIFIED or FOREIGN',
    ADD COLUMN IF NOT EXISTS counts Bool DEFAULT true COMMENT 'Whether facts of this standing count; superseded ones never do';

-- doubted_sheet: sheets of which a fact did not count at any time, and whether the newest counts. Tables of sheets know
-- nothing of declarations, so views of sheets ask this one. Few sheets are in it, so it is read as a whole.
--   engine     ReplacingMergeTree(precedence): epoch, then row_version, so the newest fact of the newest log stays. The
--              facts of a sheet have one standing and one version.
--   ORDER BY   declaration, sheet: the natural id. partition none: a few rows.
CREATE TABLE IF NOT EXISTS doubted_sheet
(
    declaration UInt64 COMMENT 'The declaration, whatever its amendment' CODEC(Delta, ZSTD(1)),
    sheet_id    String COMMENT 'Sheet',
    counts      Bool   COMMENT 'Whether it counts now',
    precedence  UInt128
)
ENGINE = ReplacingMergeTree(precedence)
ORDER BY (declaration, sheet_id)
SETTINGS non_replicated_deduplication_window = 1000
COMMENT 'Sheets that do not count, or once did not';

CREATE MATERIALIZED VIEW IF NOT EXISTS doubted_sheet_of_rated_service TO doubted_sheet AS
SELECT toUInt64(substring(declaration_no, 1, 11)) AS declaration, sheet_id,
       argMax(counts, bitShiftLeft(toUInt128(log_epoch), 64) + row_version) AS counts,
       max(bitShiftLeft(toUInt128(log_epoch), 64) + row_version) AS precedence
FROM rated_service
GROUP BY declaration, sheet_id
HAVING min(rated_service.counts) = 0 OR (declaration, sheet_id) IN (SELECT declaration, sheet_id FROM doubted_sheet);
