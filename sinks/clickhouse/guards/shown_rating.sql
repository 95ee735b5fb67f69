CREATE OR REPLACE VIEW shown_rating AS
SELECT * EXCEPT (row_version, log_epoch, log_partition, log_offset, stored_at), declaration
FROM rating FINAL
PREWHERE (declaration, sheet_id) NOT IN (SELECT declaration, sheet_id FROM hidden_sheet)
COMMENT 'rating, as views show it';
