-- Officials are left out before any condition of a reader is asked, so that none can fail for one of them alone.
CREATE OR REPLACE VIEW shown_score AS
SELECT * EXCEPT (row_version, log_epoch, log_partition, log_offset, stored_at), declaration
FROM rated_service FINAL
PREWHERE (declaration, sheet_id) NOT IN (SELECT declaration, sheet_id FROM hidden_sheet) AND target != 'OFFICIAL'
WHERE state != 'SUPERSEDED'
SETTINGS additional_table_filters = {}, read_overflow_mode = 'throw', set_overflow_mode = 'throw', join_overflow_mode = 'throw',
         timeout_overflow_mode = 'throw', group_by_overflow_mode = 'throw', distinct_overflow_mode = 'throw', join_use_nulls = 0,
         transform_null_in = 0
COMMENT 'rated_service without officials, as views show single scores';
