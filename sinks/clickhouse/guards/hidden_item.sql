-- The scores as they count now, and with score 0 those of all revisions: a pane in which a score was ever counted keeps its row.
-- denounced: the denunciation is about this office, so a case of the office is shown without identity.
-- A view that is read twice is planned twice, with all views below it. So what a guard needs in several places it reads once,
-- as one array.
CREATE OR REPLACE VIEW hidden_item AS
WITH (SELECT groupArray((declaration, sheet_id)) FROM hidden_sheet) AS sheets
SELECT i.target AS target, i.office AS office, i.target_id AS target_id, i.score AS score, i.submitted_at AS submitted_at,
       (i.declaration, i.sheet_id, i.office) IN
       (
           SELECT declaration, sheet_id, office FROM complaint_sheet
           WHERE complaint_id IN (SELECT complaint_id FROM protected_complaint)
       ) AS denounced,
       toDateTime64(toStartOfFiveMinutes(i.submitted_at) + INTERVAL 5 MINUTE, 3, 'UTC') AS pane_end
FROM
(
    SELECT declaration, sheet_id, target, office, target_id, score, submitted_at
    FROM rated_service FINAL
    PREWHERE declaration IN (SELECT arrayJoin(sheets).1)
         AND (declaration, sheet_id) IN (SELECT one.1, one.2 FROM (SELECT arrayJoin(sheets) AS one))
    WHERE state != 'SUPERSEDED' AND counts
    UNION ALL
    SELECT declaration, sheet_id, target, office, target_id, toUInt8(0), submitted_at
    FROM rating_item
    WHERE (declaration, sheet_id) IN (SELECT one.1, one.2 FROM (SELECT arrayJoin(sheets) AS one))
) AS i
COMMENT 'Scores of sheets that views do not show';
