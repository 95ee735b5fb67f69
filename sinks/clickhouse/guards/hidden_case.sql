-- Denunciations are not among them: views show these without identity (shown_case).
-- The sheets are those of hidden_sheet, but linked_case is read once.
CREATE OR REPLACE VIEW hidden_case AS
WITH (SELECT groupArray(complaint_id) FROM linked_case) AS linked
SELECT complaint_id
FROM
(
    SELECT arrayJoin(linked) AS complaint_id
    UNION ALL
    SELECT complaint_id FROM complaint_sheet WHERE (declaration, sheet_id) IN
    (
        SELECT declaration, sheet_id FROM complaint_sheet WHERE complaint_id IN (SELECT arrayJoin(linked))
    )
)
WHERE complaint_id NOT IN (SELECT complaint_id FROM protected_complaint)
COMMENT 'Cases that views do not show, because they name the sheet or the enterprise of a denunciation';
