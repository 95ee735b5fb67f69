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
COMMENT 'Cases that views do not show, because they name the sheet or the enterprise of a denunciation';
