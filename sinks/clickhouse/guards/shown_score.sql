-- Officials are left out before any condition of a reader is asked, so that none can fail for one of them alone.
CREATE OR REPLACE VIEW shown_score AS
SELECT * EXCEPT (row_version, log_epoch, log_partition, log_offset, stored_at), declaration
FROM rated_service FINAL
PREWHERE (declaration, sheet_id) NOT IN (SELECT declaration, sheet_id FROM hidden_sheet) AND target != 'OFFICIAL'
WHERE state != 'SUPERSEDED' AND counts
COMMENT 'rated_service without officials, as views show single scores';
