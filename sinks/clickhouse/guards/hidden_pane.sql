CREATE OR REPLACE VIEW hidden_pane AS
WITH (SELECT groupArray((target, office, target_id, pane_end, score, weight)) FROM hidden_item) AS items
SELECT h.target AS target, h.office AS office, h.target_id AS target_id, h.pane_end AS window_end, h.hidden AS hidden,
       toInt64(p.score_1) + p.score_2 + p.score_3 + p.score_4 + p.score_5 <= arraySum(h.hidden) AS emptied
FROM
(
    SELECT item.1 AS target, item.2 AS office, item.3 AS target_id, item.4 AS pane_end,
           [sumIf(item.6, item.5 = 1), sumIf(item.6, item.5 = 2), sumIf(item.6, item.5 = 3), sumIf(item.6, item.5 = 4), sumIf(item.6, item.5 = 5)] AS hidden
    FROM (SELECT arrayJoin(items) AS item)
    GROUP BY target, office, target_id, pane_end
) AS h
INNER JOIN
(
    SELECT *
    FROM pane FINAL
    PREWHERE (target, office, target_id, window_end) IN (SELECT item.1, item.2, item.3, item.4 FROM (SELECT arrayJoin(items) AS item))
) AS p ON p.target = h.target AND p.office = h.office AND p.target_id = h.target_id AND p.window_end = h.pane_end
COMMENT 'Panes in which hidden sheets change counts of scores, and by how much';
