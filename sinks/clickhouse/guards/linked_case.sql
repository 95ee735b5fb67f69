-- Denunciations, the other cases of their sheets, and all that were merged with one of them, directly or through others
-- (sixteen steps at most).
CREATE OR REPLACE VIEW linked_case AS
SELECT arrayJoin(arrayFold(
           (known, step) -> arrayDistinct(arrayConcat(known, arrayMap(link -> link.2, arrayFilter(link -> has(known, link.1), l.links)))),
           range(16), r.roots)) AS complaint_id
FROM
(
    SELECT groupUniqArray(complaint_id) AS roots
    FROM
    (
        SELECT complaint_id FROM protected_complaint
        UNION ALL
        SELECT complaint_id FROM complaint_sheet WHERE (declaration, sheet_id) IN
        (
            SELECT declaration, sheet_id FROM complaint_sheet WHERE complaint_id IN (SELECT complaint_id FROM protected_complaint)
        )
    )
) AS r
CROSS JOIN
(
    SELECT groupUniqArray(pair) AS links
    FROM (SELECT arrayJoin([(complaint_id, other), (other, complaint_id)]) AS pair FROM case_link)
) AS l
COMMENT 'Denunciations, and the cases merged with them';
