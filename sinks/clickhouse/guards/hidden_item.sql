CREATE OR REPLACE VIEW hidden_item AS
SELECT target, office, target_id, score, submitted_at,
       toDateTime64(toStartOfFiveMinutes(submitted_at) + INTERVAL 5 MINUTE, 3, 'UTC') AS pane_end
FROM rated_service FINAL
PREWHERE (toUInt64(substring(declaration_no, 1, 11)), sheet_id) IN (SELECT declaration, sheet_id FROM hidden_sheet)
WHERE state != 'SUPERSEDED'
SETTINGS additional_table_filters = {}, read_overflow_mode = 'throw', set_overflow_mode = 'throw', join_overflow_mode = 'throw',
         timeout_overflow_mode = 'throw', group_by_overflow_mode = 'throw', distinct_overflow_mode = 'throw', join_use_nulls = 0,
         transform_null_in = 0
COMMENT 'Scores of sheets that views do not show';
