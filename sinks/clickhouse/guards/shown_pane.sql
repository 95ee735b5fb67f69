-- Officials are left out: two windows that differ by one pane tell a single score. official_fact is how they are shown.
-- One text as the key of the join: else a reader's condition on a column of the key would be asked about hidden rows too.
-- The union is a subquery: before 26.9 the settings of the guard would reach its last part alone.
CREATE OR REPLACE VIEW shown_pane AS
WITH (SELECT groupArray((target, office, target_id, window_end, hidden, emptied)) FROM hidden_pane) AS panes
SELECT target, office, target_id, window_end, score_1, score_2, score_3, score_4, score_5
FROM
(
    SELECT target, office, target_id, window_end, score_1, score_2, score_3, score_4, score_5
    FROM pane FINAL
    PREWHERE target != 'OFFICIAL'
         AND (target, office, target_id, window_end) NOT IN (SELECT one.1, one.2, one.3, one.4 FROM (SELECT arrayJoin(panes) AS one))
    UNION ALL
    SELECT p.target, p.office, p.target_id, p.window_end,
           toUInt32(greatest(p.score_1 - h.hidden[1], 0)), toUInt32(greatest(p.score_2 - h.hidden[2], 0)),
           toUInt32(greatest(p.score_3 - h.hidden[3], 0)), toUInt32(greatest(p.score_4 - h.hidden[4], 0)),
           toUInt32(greatest(p.score_5 - h.hidden[5], 0))
    FROM
    (
        SELECT *
        FROM pane FINAL
        PREWHERE target != 'OFFICIAL'
             AND (target, office, target_id, window_end) IN
                 (SELECT one.1, one.2, one.3, one.4 FROM (SELECT arrayJoin(panes) AS one) WHERE NOT one.6)
    ) AS p
    INNER JOIN (SELECT toString((one.1, one.2, one.3, one.4)) AS place, one.5 AS hidden FROM (SELECT arrayJoin(panes) AS one)) AS h
        ON toString((p.target, p.office, p.target_id, p.window_end)) = h.place
)
COMMENT 'pane, as views show it: without hidden sheets, and without officials';
