CREATE OR REPLACE VIEW v_satisfaction_over_time
(
    target             LowCardinality(String) COMMENT 'OFFICE, TEAM, STEP or OFFICIAL',
    office             LowCardinality(String) COMMENT 'Office code',
    office_name        String                 COMMENT 'Vietnamese name of the office at the time of the row; empty: not in the reference data',
    target_id          LowCardinality(String) COMMENT 'Office, team, step or pseudonymous official',
    window_seconds     UInt32                 COMMENT 'Length of the window',
    window_end         DateTime64(3, 'UTC')   COMMENT 'End of the window, exclusive',
    window_day         Date                   COMMENT 'Local day on which the window ends',
    score_1            UInt32                 COMMENT 'Number of scores 1',
    score_2            UInt32                 COMMENT 'Number of scores 2',
    score_3            UInt32                 COMMENT 'Number of scores 3',
    score_4            UInt32                 COMMENT 'Number of scores 4',
    score_5            UInt32                 COMMENT 'Number of scores 5',
    n                  UInt64                 COMMENT 'Number of observations: scores, declarations or rounds, as the view says; scores in the window',
    mean               Nullable(Float64)      COMMENT 'Mean of the scores, 1 to 5',
    satisfied_share    Nullable(Float64)      COMMENT 'Share of satisfied ones, 0 to 1',
    dissatisfied_share Nullable(Float64)      COMMENT 'Share of dissatisfied ones, 0 to 1',
    satisfied_low      Nullable(Float64)      COMMENT 'Lower end of the Wilson 95 % interval of satisfied_share',
    satisfied_high     Nullable(Float64)      COMMENT 'Upper end of the Wilson 95 % interval of satisfied_share',
    dissatisfied_low   Nullable(Float64)      COMMENT 'Lower end of the Wilson 95 % interval of dissatisfied_share',
    dissatisfied_high  Nullable(Float64)      COMMENT 'Upper end of the Wilson 95 % interval of dissatisfied_share'
)
AS
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
FROM (SELECT *, toDate(window_end - INTERVAL 1 MILLISECOND, 'Asia/Ho_Chi_Minh') AS named_on FROM shown_satisfaction) AS s
ASOF LEFT JOIN reference_office AS o ON s.office = o.code AND s.named_on >= o.valid_from
COMMENT 'Rolling satisfaction of every target at the end of each pane in which it was rated';
