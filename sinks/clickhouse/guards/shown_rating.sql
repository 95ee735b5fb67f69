CREATE OR REPLACE VIEW shown_rating AS
SELECT * EXCEPT (row_version, log_epoch, log_partition, log_offset, stored_at), declaration
FROM rating FINAL
PREWHERE (declaration, sheet_id) NOT IN (SELECT declaration, sheet_id FROM hidden_sheet)
SETTINGS additional_table_filters = {}, read_overflow_mode = 'throw', set_overflow_mode = 'throw', join_overflow_mode = 'throw',
         timeout_overflow_mode = 'throw', group_by_overflow_mode = 'throw', distinct_overflow_mode = 'throw', join_use_nulls = 0,
         transform_null_in = 0
COMMENT 'rating, as views show it';
