-- Denunciations are not among them: views show these without identity (shown_case).
CREATE OR REPLACE VIEW hidden_case AS
SELECT complaint_id
FROM
(
    SELECT complaint_id FROM linked_case
    UNION ALL
    SELECT complaint_id FROM complaint_sheet WHERE (declaration, sheet_id) IN (SELECT declaration, sheet_id FROM hidden_sheet)
)
WHERE complaint_id NOT IN (SELECT complaint_id FROM protected_complaint)
SETTINGS additional_table_filters = {}, read_overflow_mode = 'throw', set_overflow_mode = 'throw', join_overflow_mode = 'throw',
         timeout_overflow_mode = 'throw', group_by_overflow_mode = 'throw', distinct_overflow_mode = 'throw', join_use_nulls = 0,
         transform_null_in = 0
COMMENT 'Cases that views do not show, because they name the sheet or the enterprise of a denunciation';
