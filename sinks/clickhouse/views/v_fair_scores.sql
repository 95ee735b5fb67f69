-- Offices and teams with the opinions about them that were sent from `first` to before `last`, and officials with their blocks of months
-- in that period (official_fact). Each enterprise counts once, with the mean of its scores: what one enterprise says again and
-- again, in the same mood, is one observation (clusters by enterprise: Liang and Zeger 1986, Biometrika 73:13-22). Means of
-- enterprises are shrunken towards the mean of all targets of their kind, the more the fewer enterprises there are (empirical Bayes, normal
-- model: Morris 1983, JASA 78:47-55; variance between targets by moments: DerSimonian and Laird 1986, Controlled Clinical
-- Trials 7:177-188). Shrinking is right on average and wrong for who is far from the others (Efron and Morris 1972, JASA
-- 67:130-139), so the interval reaches over that of the target's own enterprises too. Without the setting at the end a reader could filter
-- the tables below by enterprise, and learn what one of them says about an official.
CREATE OR REPLACE VIEW v_fair_scores
(
    target           LowCardinality(String) COMMENT 'OFFICE, TEAM, STEP or OFFICIAL',
    office           LowCardinality(String) COMMENT 'Office code',
    office_name      String                 COMMENT 'Vietnamese name of the office at the time of the row; empty: not in the reference data',
    target_id        LowCardinality(String) COMMENT 'Office, team, step or pseudonymous official',
    n                Int64                  COMMENT 'Number of observations: scores, declarations or rounds, as the view says; scores about the target',
    enterprises      Int64                  COMMENT 'Number of distinct enterprises; behind the scores',
    shown            Bool                   COMMENT 'Whether there are enough opinions and enterprises',
    score_standing   String                 COMMENT 'SHOWN or NOT_ENOUGH_DATA',
    mean             Nullable(Float64)      COMMENT 'Mean of the scores, 1 to 5; NULL: not shown',
    enterprise_mean  Nullable(Float64)      COMMENT 'Mean of the means of its enterprises, each of which counts once; NULL: not shown; of an office adjusted for channel and kind',
    fair_score       Nullable(Float64)      COMMENT 'Mean, shrunken towards the peers; NULL: not shown; of the enterprises',
    fair_score_low   Nullable(Float64)      COMMENT 'Lower end of its 95 % interval',
    fair_score_high  Nullable(Float64)      COMMENT 'Upper end of its 95 % interval',
    pull             Nullable(Float64)      COMMENT 'How far the mean is pulled towards the peers, 0 to 1',
    peers            UInt64                 COMMENT 'Number of targets of its kind',
    peers_mean       Float64                COMMENT 'Mean of all targets of its kind',
    within_variance  Float64                COMMENT 'Variance of the means of enterprises within a target, pooled',
    between_variance Float64                COMMENT 'Variance between the true means of targets, estimated',
    green            Float64                COMMENT 'Share with channel GREEN, 0 to 1',
    yellow           Float64                COMMENT 'Share with channel YELLOW, 0 to 1',
    red              Float64                COMMENT 'Share with channel RED, 0 to 1',
    imports          Float64                COMMENT 'Share of imports, 0 to 1',
    main_kind        String                 COMMENT 'Most frequent declaration kind',
    declarations     UInt64                 COMMENT 'Number of declarations; registered in the period that name the target'
)
AS
WITH 1.959963984540054 AS z
SELECT e.target AS target, e.office AS office, o.name_vi AS office_name, e.target_id AS target_id,
       e.n AS n, e.enterprises AS enterprises, e.shown AS shown, if(e.shown, 'SHOWN', 'NOT_ENOUGH_DATA') AS score_standing,
       -- The order of rows, which may differ from run to run, shows in the last digits of a sum: without rounding the same opinions
       -- would give other figures, and a reader could ask whether a hidden sheet was among the rows.
       if(e.shown, round(e.mean_score, 9), NULL) AS mean, if(e.shown, round(e.mean, 9), NULL) AS enterprise_mean,
       if(e.shown, round(e.estimate, 9), NULL) AS fair_score,
       if(e.shown, round(greatest(1, least(e.estimate - z * e.error, e.mean - e.student * e.own_error)), 9), NULL) AS fair_score_low,
       if(e.shown, round(least(5, greatest(e.estimate + z * e.error, e.mean + e.student * e.own_error)), 9), NULL) AS fair_score_high,
       if(e.shown, round(e.pull, 9), NULL) AS pull,
       e.peers AS peers, round(e.centre, 9) AS peers_mean, round(e.within_variance, 9) AS within_variance,
       round(e.between_variance, 9) AS between_variance,
       e.green AS green, e.yellow AS yellow, e.red AS red, e.imports AS imports, e.main_kind AS main_kind,
       w.declarations AS declarations
FROM
(
    SELECT *, 1 / sum(1 / variance) OVER same AS centre_variance, sum(mean / variance) OVER same * centre_variance AS centre,
           within_variance / clusters / variance AS pull, pull * centre + (1 - pull) * mean AS estimate,
           sqrt((1 - pull) * within_variance / clusters + pull * pull * centre_variance) AS error,
           -- Who is judged very differently has no smaller variance than he shows, and nobody a smaller one than all.
           sqrt(greatest(within_variance, if(clusters > 1, squares / greatest(1, clusters - 1), 0)) / clusters) AS own_error,
           -- The 97.5 % quantile of Student's t: Abramowitz and Stegun 26.7.5. Right to a hundredth from 9 degrees of freedom on.
           greatest(1, clusters - 1) AS freedom,
           1.959963984540054 + 2.372271230298562 / freedom + 2.8224986157396112 / pow(freedom, 2) + 2.555849679507722 / pow(freedom, 3) AS student
    FROM
    (
        SELECT *, sum(weight * pow(mean - weighted_mean, 2)) OVER same AS dispersion,
               sum(weight) OVER same - sum(weight * weight) OVER same / sum(weight) OVER same AS spread,
               if(peers < 2 OR spread <= 0, 0, greatest(0, (dispersion - (peers - 1)) / spread)) AS between_variance,
               within_variance / clusters + between_variance AS variance
        FROM
        (
            -- All weights clusters / within_variance have one divisor, so that the mean is weighted by the clusters.
            SELECT *, count() OVER same AS peers, sum(clusters * mean) OVER same / sum(clusters) OVER same AS weighted_mean,
                   -- Scores are whole: rounding alone has a variance of 1/12. (Not sum(clusters - 1): before 26.9 the engine makes
                   -- sum(clusters) - count(clusters) of it and loses OVER; code 10.)
                   greatest(1 / 12, ifNull(sum(squares) OVER same / nullIf(sum(clusters) OVER same - peers, 0), 0)) AS within_variance,
                   clusters / within_variance AS weight
            FROM
            (
                -- Opinions without an enterprise are one cluster: they may all be of one.
                SELECT target, office, target_id, toInt64(sum(g.scores)) AS n, toInt64(count()) AS clusters,
                       toInt64(countIf(g.tax_code != '')) AS enterprises, sum(g.total) / sum(g.scores) AS mean_score,
                       avg(g.mean_of_one) AS mean, clusters * varPopStable(g.mean_of_one) AS squares,
                       n >= (SELECT opinions FROM least_number) AND enterprises >= (SELECT enterprises FROM least_number) AS shown,
                       sum(g.greens) / sum(g.scores) AS green, sum(g.yellows) / sum(g.scores) AS yellow,
                       sum(g.reds) / sum(g.scores) AS red, sum(g.importing) / sum(g.scores) AS imports,
                       -- Of kinds that are equally frequent the first by name: topK would take any.
                       sumMap(g.kinds.1, g.kinds.2) AS kinds,
                       arrayFirst((kind, times) -> times = arrayMax(kinds.2), kinds.1, kinds.2) AS main_kind,
                       toDate(max(g.last_at), 'Asia/Ho_Chi_Minh') AS named_on
                FROM
                (
                    SELECT f.target AS target, f.office AS office, f.target_id AS target_id, f.tax_code AS tax_code,
                           count() AS scores, sum(f.score) AS total, avg(f.score) AS mean_of_one,
                           countIf(f.channel = 'GREEN') AS greens, countIf(f.channel = 'YELLOW') AS yellows, countIf(f.channel = 'RED') AS reds,
                           countIf(startsWith(f.declaration_no, '1')) AS importing,
                           sumMapIf([f.kind], [toUInt64(1)], f.kind != '') AS kinds, max(f.submitted_at) AS last_at
                    FROM
                    (
                        SELECT toString(target) AS target, toString(office) AS office, toString(target_id) AS target_id, score,
                               toString(tax_code) AS tax_code, channel, toString(kind) AS kind, declaration_no, submitted_at
                        FROM shown_fact
                        WHERE target = 'TEAM' AND submitted_at >= toDateTime64({first:Date}, 3, 'Asia/Ho_Chi_Minh')
                          AND submitted_at < toDateTime64({last:Date}, 3, 'Asia/Ho_Chi_Minh')
                        UNION ALL
                        SELECT toString(target), toString(office), toString(target_id), score, toString(tax_code), channel, toString(kind),
                               declaration_no, submitted_at
                        FROM official_fact
                        WHERE block_start >= {first:Date} AND block_end <= {last:Date}
                    ) AS f
                    GROUP BY target, office, target_id, tax_code
                    UNION ALL
                    -- Opinions about an office, less what its channels and kinds of declaration make of them. The effects of these
                    -- are found within offices, by turns with the level of each office (backfitting: Buja, Hastie and Tibshirani 1989, Annals of
                    -- Statistics 17:453-510), so that an office is not compared with itself alone.
                    SELECT 'OFFICE' AS target, office, office AS target_id, tax_code, sum(c) AS scores, sum(t) AS total,
                           sum(t - c * (e4 - e_mean)) / sum(c) AS mean_of_one, sumIf(c, channel = 'GREEN') AS greens,
                           sumIf(c, channel = 'YELLOW') AS yellows, sumIf(c, channel = 'RED') AS reds, sum(im) AS importing,
                           sumMapIf([kind], [c], kind != '') AS kinds, max(last_at) AS last_at
                    FROM
                    (
                        SELECT *, sum(c * e4) OVER () / sum(c) OVER () AS e_mean
                        FROM
                        (
                            SELECT *, sum(t - c * a4) OVER (PARTITION BY channel, kind) / sum(c) OVER (PARTITION BY channel, kind) AS e4
                            FROM
                            (
                                SELECT *, sum(t - c * e3) OVER (PARTITION BY office) / sum(c) OVER (PARTITION BY office) AS a4
                                FROM
                                (
                                    SELECT *, sum(t - c * a3) OVER (PARTITION BY channel, kind) / sum(c) OVER (PARTITION BY channel, kind) AS e3
                                    FROM
                                    (
                                        SELECT *, sum(t - c * e2) OVER (PARTITION BY office) / sum(c) OVER (PARTITION BY office) AS a3
                                        FROM
                                        (
                                            SELECT *, sum(t - c * a2) OVER (PARTITION BY channel, kind) / sum(c) OVER (PARTITION BY channel, kind) AS e2
                                            FROM
                                            (
                                                SELECT *, sum(t - c * e1) OVER (PARTITION BY office) / sum(c) OVER (PARTITION BY office) AS a2
                                                FROM
                                                (
                                                    SELECT *, sum(t - c * a1) OVER (PARTITION BY channel, kind) / sum(c) OVER (PARTITION BY channel, kind) AS e1
                                                    FROM
                                                    (
                                                        SELECT *, sum(t) OVER (PARTITION BY office) / sum(c) OVER (PARTITION BY office) AS a1
                                                        FROM
                                                        (
                                                            SELECT office, tax_code, channel, kind, count() AS c, sum(level) AS t, countIf(startsWith(number, '1')) AS im, max(at) AS last_at
                                                            FROM
                                                            (
                                                                -- What one enterprise says by one declaration about anything at the office: the lowest of its scores.
                                                                SELECT toString(office) AS office, declaration, min(score) AS level, argMax(toString(tax_code), submitted_at) AS tax_code,
                                                                       argMax(toString(channel), submitted_at) AS channel, argMax(toString(kind), submitted_at) AS kind,
                                                                       max(declaration_no) AS number, max(submitted_at) AS at
                                                                FROM shown_fact
                                                                WHERE submitted_at >= toDateTime64({first:Date}, 3, 'Asia/Ho_Chi_Minh')
                                                                  AND submitted_at < toDateTime64({last:Date}, 3, 'Asia/Ho_Chi_Minh')
                                                                GROUP BY office, declaration
                                                            )
                                                            GROUP BY office, tax_code, channel, kind
                                                        )
                                                    )
                                                )
                                            )
                                        )
                                    )
                                )
                            )
                        )
                    )
                    GROUP BY office, tax_code
                ) AS g
                GROUP BY target, office, target_id
            )
            WINDOW same AS (PARTITION BY target)
        )
        WINDOW same AS (PARTITION BY target)
    )
    WINDOW same AS (PARTITION BY target)
) AS e
LEFT JOIN
(
    -- One text as the key: else a reader's condition on the target would also be asked about officials who are not shown.
    SELECT toString((target, office, target_id)) AS handler, declarations
    FROM
    (
        SELECT h.1 AS target, office, h.2 AS target_id, uniqExact(declaration) AS declarations
        FROM
        (
            SELECT declaration, toString(office) AS office, [('TEAM', toString(team)), ('OFFICIAL', toString(official))] AS handlers
            FROM declaration_status FINAL
            WHERE (team != '' OR official != '') AND declaration IN
            (
                SELECT declaration FROM registration FINAL
                WHERE registered_at >= toDateTime64({first:Date}, 3, 'Asia/Ho_Chi_Minh')
                  AND registered_at < toDateTime64({last:Date}, 3, 'Asia/Ho_Chi_Minh')
            )
        )
        ARRAY JOIN handlers AS h
        WHERE h.2 != ''
        GROUP BY target, office, target_id
        UNION ALL
        SELECT 'OFFICE' AS target, toString(office) AS office, office AS target_id, uniqExact(declaration) AS declarations
        FROM declaration_status FINAL
        WHERE status = 'REGISTERED' AND declaration IN
        (
            SELECT declaration FROM registration FINAL
            WHERE registered_at >= toDateTime64({first:Date}, 3, 'Asia/Ho_Chi_Minh')
              AND registered_at < toDateTime64({last:Date}, 3, 'Asia/Ho_Chi_Minh')
        )
        GROUP BY office
    )
) AS w ON toString((e.target, e.office, e.target_id)) = w.handler
ASOF LEFT JOIN reference_office AS o ON e.office = o.code AND e.named_on >= o.valid_from
SETTINGS additional_table_filters = {}
COMMENT 'Offices, teams and officials with shrunken means, intervals and context: v_fair_scores(first = ..., last = ...)';
