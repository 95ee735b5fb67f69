CREATE OR REPLACE VIEW hidden_sheet AS
SELECT DISTINCT declaration, sheet_id FROM complaint_sheet WHERE complaint_id IN (SELECT complaint_id FROM linked_case)
SETTINGS additional_table_filters = {}, read_overflow_mode = 'throw', set_overflow_mode = 'throw', join_overflow_mode = 'throw',
         timeout_overflow_mode = 'throw', group_by_overflow_mode = 'throw', distinct_overflow_mode = 'throw', join_use_nulls = 0,
         transform_null_in = 0
COMMENT 'Sheets that views do not show';
