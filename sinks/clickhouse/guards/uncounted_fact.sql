-- A fact never changes its sheet, so conditions about the sheet may come before FINAL.
CREATE OR REPLACE VIEW uncounted_fact AS
SELECT * EXCEPT (row_version, log_epoch, log_partition, log_offset, stored_at), declaration
FROM rated_service FINAL
PREWHERE (declaration, sheet_id) NOT IN (SELECT declaration, sheet_id FROM hidden_sheet)
     AND (declaration, sheet_id) IN (SELECT declaration, sheet_id FROM doubted_sheet)
WHERE state != 'SUPERSEDED' AND NOT counts
COMMENT 'rated_service, as views show it: what counts nowhere';
