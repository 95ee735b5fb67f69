CREATE OR REPLACE VIEW v_satisfaction_over_time AS
WITH 1.959963984540054 AS z,
     (SELECT groupArray(satisfied) FROM (SELECT satisfied FROM v_rating_scale ORDER BY score)) AS good,
     (SELECT groupArray(dissatisfied) FROM (SELECT dissatisfied FROM v_rating_scale ORDER BY score)) AS bad
SELECT s.target AS target, s.office AS office, o.name_vi AS office_name, s.target_id AS target_id,
       s.window_seconds AS window_seconds, s.window_end AS window_end, s.named_on AS window_day,
       score_1, score_2, score_3, score_4, score_5,
       score_1 + score_2 + score_3 + score_4 + score_5 AS n,
       if(n = 0, NULL, (score_1 + 2 * score_2 + 3 * score_3 + 4 * score_4 + 5 * score_5) / n) AS mean,
       if(n = 0, NULL, (score_1 * good[1] + score_2 * good[2] + score_3 * good[3] + score_4 * good[4] + score_5 * good[5]) / n) AS satisfied_share,
       if(n = 0, NULL, (score_1 * bad[1] + score_2 * bad[2] + score_3 * bad[3] + score_4 * bad[4] + score_5 * bad[5]) / n) AS dissatisfied_share,
       (satisfied_share + z * z / (2 * n) - z * sqrt(satisfied_share * (1 - satisfied_share) / n + z * z / (4 * n * n))) / (1 + z * z / n) AS satisfied_low,
       (satisfied_share + z * z / (2 * n) + z * sqrt(satisfied_share * (1 - satisfied_share) / n + z * z / (4 * n * n))) / (1 + z * z / n) AS satisfied_high,
       (dissatisfied_share + z * z / (2 * n) - z * sqrt(dissatisfied_share * (1 - dissatisfied_share) / n + z * z / (4 * n * n))) / (1 + z * z / n) AS dissatisfied_low,
       (dissatisfied_share + z * z / (2 * n) + z * sqrt(dissatisfied_share * (1 - dissatisfied_share) / n + z * z / (4 * n * n))) / (1 + z * z / n) AS dissatisfied_high
FROM (SELECT *, toDate(window_end - INTERVAL 1 MILLISECOND, 'Asia/Ho_Chi_Minh') AS named_on FROM satisfaction FINAL) AS s
ASOF LEFT JOIN reference_office AS o ON s.office = o.code AND s.named_on >= o.valid_from
COMMENT 'Rolling satisfaction of every target at the end of each pane in which it was rated';
