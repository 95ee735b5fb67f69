CREATE OR REPLACE VIEW hidden_pane AS
SELECT h.target AS target, h.office AS office, h.target_id AS target_id, h.pane_end AS window_end, h.hidden AS hidden,
       toInt64(p.score_1) + p.score_2 + p.score_3 + p.score_4 + p.score_5 <= arraySum(h.hidden) AS emptied
FROM
(
    SELECT target, office, target_id, pane_end,
           arrayMap(n -> toInt64(n), [countIf(score = 1), countIf(score = 2), countIf(score = 3), countIf(score = 4), countIf(score = 5)]) AS hidden
    FROM hidden_item
    GROUP BY target, office, target_id, pane_end
) AS h
INNER JOIN
(
    SELECT *
    FROM pane FINAL
    PREWHERE (target, office, target_id, window_end) IN (SELECT target, office, target_id, pane_end FROM hidden_item)
) AS p ON p.target = h.target AND p.office = h.office AND p.target_id = h.target_id AND p.window_end = h.pane_end
COMMENT 'Panes that hold scores of hidden sheets, and how many';
