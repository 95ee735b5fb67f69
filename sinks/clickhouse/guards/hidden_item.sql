-- What hidden sheets change in the counts of scores. The sheets of a declaration give a target one score, the lowest, where the
-- last of them was sent (ADR 42); so a hidden sheet takes away that score (weight 1), and gives back what the others say without
-- it (weight -1). With score 0, which changes no count, the times at which something was ever counted: those of all revisions,
-- for a pane in which a score was ever counted keeps its row, and that of the whole opinion about the office.
-- denounced: the denunciation is about this office, so a case of the office is shown without identity.
-- A view that is read twice is planned twice, with all views below it. So what a guard needs in several places it reads once,
-- as one array.
CREATE OR REPLACE VIEW hidden_item AS
WITH (SELECT groupArray((declaration, sheet_id)) FROM hidden_sheet) AS sheets
SELECT i.target AS target, i.office AS office, i.target_id AS target_id, i.score AS score, i.weight AS weight, i.submitted_at AS submitted_at,
       arrayAll(sheet -> (i.declaration, sheet, i.office) IN
       (
           SELECT declaration, sheet_id, office FROM complaint_sheet
           WHERE complaint_id IN (SELECT complaint_id FROM protected_complaint)
       ), i.hidden_by) AS denounced,
       toDateTime64(toStartOfFiveMinutes(i.submitted_at) + INTERVAL 5 MINUTE, 3, 'UTC') AS pane_end
FROM
(
    SELECT declaration, about.1 AS target, office, about.2 AS target_id, change.1 AS score, change.2 AS weight, change.3 AS submitted_at,
           hidden_by
    FROM
    (
        SELECT declaration, office, sent_at, hidden_by, about, arrayFilter(fact -> (fact.1, fact.2) = about, facts) AS said,
               arrayFilter(fact -> NOT fact.5, said) AS left
        FROM
        (
            SELECT declaration, office, max(submitted_at) AS sent_at,
                   groupArray((toString(target), toString(target_id), score, submitted_at, hidden)) AS facts,
                   groupUniqArrayIf(sheet_id, hidden) AS hidden_by
            FROM
            (
                SELECT declaration, sheet_id, target, office, target_id, score, submitted_at,
                       (declaration, sheet_id) IN (SELECT one.1, one.2 FROM (SELECT arrayJoin(sheets) AS one)) AS hidden
                FROM rated_service FINAL
                PREWHERE declaration IN (SELECT arrayJoin(sheets).1)
                WHERE state != 'SUPERSEDED' AND counts
            )
            GROUP BY declaration, office
            HAVING notEmpty(hidden_by)
        )
        ARRAY JOIN arrayDistinct(arrayMap(fact -> (fact.1, fact.2), arrayFilter(fact -> fact.5, facts))) AS about
    )
    ARRAY JOIN arrayConcat(
        [(arrayMin(fact -> fact.3, said), toInt8(1), arrayMax(fact -> fact.4, said)), (toUInt8(0), toInt8(0), sent_at)],
        arrayMap(others -> (arrayMin(fact -> fact.3, others), toInt8(-1), arrayMax(fact -> fact.4, others)),
                 arrayFilter(others -> notEmpty(others), [left]))) AS change
    UNION ALL
    SELECT declaration, target, office, target_id, toUInt8(0), toInt8(0), submitted_at, [sheet_id]
    FROM rating_item
    WHERE (declaration, sheet_id) IN (SELECT one.1, one.2 FROM (SELECT arrayJoin(sheets) AS one))
) AS i
COMMENT 'What sheets that views do not show change in the counts of scores';
