-- A pane that holds hidden scores alone has no row: its end would tell when the sheet was sent.
-- The key of the join is one text, and the union a subquery, as in shown_pane.
CREATE OR REPLACE VIEW shown_satisfaction AS
WITH
    (SELECT groupArray((target, office, target_id, score, pane_end, weight)) FROM hidden_item) AS hidden_items,
    (items, wanted, seconds, until) -> arraySum(one ->
        if(one.1 = wanted AND one.2 <= until AND one.2 > until - toIntervalSecond(seconds), toInt64(one.3), 0), items) AS hidden
SELECT target, office, target_id, window_seconds, window_end, score_1, score_2, score_3, score_4, score_5
FROM
(
    SELECT target, office, target_id, window_seconds, window_end, score_1, score_2, score_3, score_4, score_5
    FROM satisfaction FINAL
    PREWHERE target != 'OFFICIAL'
         AND (target, office, target_id) NOT IN (SELECT one.1, one.2, one.3 FROM (SELECT arrayJoin(hidden_items) AS one))
    UNION ALL
    SELECT s.target, s.office, s.target_id, s.window_seconds, s.window_end,
           toUInt32(greatest(s.score_1 - hidden(h.items, 1, s.window_seconds, s.window_end), 0)),
           toUInt32(greatest(s.score_2 - hidden(h.items, 2, s.window_seconds, s.window_end), 0)),
           toUInt32(greatest(s.score_3 - hidden(h.items, 3, s.window_seconds, s.window_end), 0)),
           toUInt32(greatest(s.score_4 - hidden(h.items, 4, s.window_seconds, s.window_end), 0)),
           toUInt32(greatest(s.score_5 - hidden(h.items, 5, s.window_seconds, s.window_end), 0))
    FROM
    (
        SELECT *
        FROM satisfaction FINAL
        PREWHERE target != 'OFFICIAL'
             AND (target, office, target_id) IN (SELECT one.1, one.2, one.3 FROM (SELECT arrayJoin(hidden_items) AS one))
             AND (target, office, target_id, window_end) NOT IN
                 (SELECT target, office, target_id, window_end FROM hidden_pane WHERE emptied)
    ) AS s
    INNER JOIN
    (
        SELECT toString((one.1, one.2, one.3)) AS whose, groupArray((one.4, one.5, one.6)) AS items
        FROM (SELECT arrayJoin(hidden_items) AS one) GROUP BY whose
    ) AS h ON toString((s.target, s.office, s.target_id)) = h.whose
)
COMMENT 'satisfaction, as views show it: without hidden sheets, and without officials';
