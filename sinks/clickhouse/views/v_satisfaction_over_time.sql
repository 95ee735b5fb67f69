CREATE OR REPLACE VIEW v_satisfaction_over_time AS
WITH 1.959963984540054 AS z
SELECT s.target AS target, s.office AS office, o.name_vi AS office_name, s.target_id AS target_id,
       s.window_seconds AS window_seconds, s.window_end AS window_end,
       score_1, score_2, score_3, score_4, score_5,
       score_1 + score_2 + score_3 + score_4 + score_5 AS n,
       if(n = 0, NULL, (score_1 + 2 * score_2 + 3 * score_3 + 4 * score_4 + 5 * score_5) / n) AS mean,
       if(n = 0, NULL, (score_4 + score_5) / n) AS satisfied,
       if(n = 0, NULL, (score_1 + score_2) / n) AS dissatisfied,
       (satisfied + z * z / (2 * n) - z * sqrt(satisfied * (1 - satisfied) / n + z * z / (4 * n * n))) / (1 + z * z / n) AS satisfied_low,
       (satisfied + z * z / (2 * n) + z * sqrt(satisfied * (1 - satisfied) / n + z * z / (4 * n * n))) / (1 + z * z / n) AS satisfied_high,
       (dissatisfied + z * z / (2 * n) - z * sqrt(dissatisfied * (1 - dissatisfied) / n + z * z / (4 * n * n))) / (1 + z * z / n) AS dissatisfied_low,
       (dissatisfied + z * z / (2 * n) + z * sqrt(dissatisfied * (1 - dissatisfied) / n + z * z / (4 * n * n))) / (1 + z * z / n) AS dissatisfied_high
FROM (SELECT *, toDate(window_end - INTERVAL 1 MILLISECOND, 'Asia/Ho_Chi_Minh') AS named_on FROM satisfaction FINAL) AS s
ASOF LEFT JOIN reference_office AS o ON s.office = o.code AND s.named_on >= o.valid_from
COMMENT 'Rolling satisfaction of every target at the end of each pane in which it was rated';
