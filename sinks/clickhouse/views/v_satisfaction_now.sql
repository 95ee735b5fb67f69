-- A rating may have a time up to a day ahead of its record: one clock that runs ahead must not end the windows of others
-- early. So no window ends later than the pane that contains now. (The maximum over all rows is known without reading; the
-- maximum up to now would not be.)
CREATE OR REPLACE VIEW v_satisfaction_now
(
    target             LowCardinality(String)         COMMENT 'OFFICE, TEAM, STEP or OFFICIAL',
    office             LowCardinality(String)         COMMENT 'Office code',
    office_name        String                         COMMENT 'Vietnamese name of the office at the time of the row; empty: not in the reference data',
    target_id          LowCardinality(String)         COMMENT 'Office, team, step or pseudonymous official',
    window_seconds     UInt32                         COMMENT 'Length of the window',
    as_of              Nullable(DateTime64(3, 'UTC')) COMMENT 'End of the windows: the newest rating, or now if that is ahead',
    as_of_day          Nullable(Date)                 COMMENT 'Local day of as_of',
    score_1            UInt64                         COMMENT 'Number of scores 1',
    score_2            UInt64                         COMMENT 'Number of scores 2',
    score_3            UInt64                         COMMENT 'Number of scores 3',
    score_4            UInt64                         COMMENT 'Number of scores 4',
    score_5            UInt64                         COMMENT 'Number of scores 5',
    n                  UInt64                         COMMENT 'Number of observations: scores, declarations or rounds, as the view says; scores in the window',
    mean               Float64                        COMMENT 'Mean of the scores, 1 to 5',
    satisfied_share    Float64                        COMMENT 'Share of satisfied ones, 0 to 1',
    dissatisfied_share Float64                        COMMENT 'Share of dissatisfied ones, 0 to 1',
    satisfied_low      Float64                        COMMENT 'Lower end of the Wilson 95 % interval of satisfied_share',
    satisfied_high     Float64                        COMMENT 'Upper end of the Wilson 95 % interval of satisfied_share',
    dissatisfied_low   Float64                        COMMENT 'Lower end of the Wilson 95 % interval of dissatisfied_share',
    dissatisfied_high  Float64                        COMMENT 'Upper end of the Wilson 95 % interval of dissatisfied_share'
)
AS
WITH 1.959963984540054 AS z,
     (SELECT groupArray(satisfied) FROM (SELECT satisfied FROM v_rating_scale ORDER BY score)) AS good,
     (SELECT groupArray(dissatisfied) FROM (SELECT dissatisfied FROM v_rating_scale ORDER BY score)) AS bad
SELECT w.target AS target, w.office AS office, o.name_vi AS office_name, w.target_id AS target_id,
       w.window_seconds AS window_seconds, w.as_of AS as_of, w.named_on AS as_of_day,
       w.s1 AS score_1, w.s2 AS score_2, w.s3 AS score_3, w.s4 AS score_4, w.s5 AS score_5,
       w.s1 + w.s2 + w.s3 + w.s4 + w.s5 AS n,
       (w.s1 + 2 * w.s2 + 3 * w.s3 + 4 * w.s4 + 5 * w.s5) / n AS mean,
       (w.s1 * good[1] + w.s2 * good[2] + w.s3 * good[3] + w.s4 * good[4] + w.s5 * good[5]) / n AS satisfied_share,
       (w.s1 * bad[1] + w.s2 * bad[2] + w.s3 * bad[3] + w.s4 * bad[4] + w.s5 * bad[5]) / n AS dissatisfied_share,
       (satisfied_share + z * z / (2 * n) - z * sqrt(satisfied_share * (1 - satisfied_share) / n + z * z / (4 * n * n))) / (1 + z * z / n) AS satisfied_low,
       (satisfied_share + z * z / (2 * n) + z * sqrt(satisfied_share * (1 - satisfied_share) / n + z * z / (4 * n * n))) / (1 + z * z / n) AS satisfied_high,
       (dissatisfied_share + z * z / (2 * n) - z * sqrt(dissatisfied_share * (1 - dissatisfied_share) / n + z * z / (4 * n * n))) / (1 + z * z / n) AS dissatisfied_low,
       (dissatisfied_share + z * z / (2 * n) + z * sqrt(dissatisfied_share * (1 - dissatisfied_share) / n + z * z / (4 * n * n))) / (1 + z * z / n) AS dissatisfied_high
FROM
(
    SELECT target, office, target_id, seconds AS window_seconds, any(newest) AS as_of,
           sum(score_1) AS s1, sum(score_2) AS s2, sum(score_3) AS s3, sum(score_4) AS s4, sum(score_5) AS s5,
           toDate(as_of, 'Asia/Ho_Chi_Minh') AS named_on
    FROM
    (
        SELECT *, least((SELECT max(window_end) FROM pane),
                        toDateTime64(toStartOfFiveMinutes(now('UTC')) + INTERVAL 5 MINUTE, 3, 'UTC')) AS newest
        FROM shown_pane
        WHERE window_end <= newest AND window_end > newest - INTERVAL 30 DAY
    ) AS last_30_days
    ARRAY JOIN [3600, 86400, 604800, 2592000] AS seconds
    WHERE window_end > newest - toIntervalSecond(seconds)
    GROUP BY target, office, target_id, seconds
    HAVING s1 + s2 + s3 + s4 + s5 > 0
) AS w
ASOF LEFT JOIN reference_office AS o ON w.office = o.code AND w.named_on >= o.valid_from
COMMENT 'Satisfaction of every target in the last hour, day, week and 30 days before the newest rating, or before now if that is ahead';
