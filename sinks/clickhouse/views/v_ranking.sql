-- Targets whose intervals overlap, directly or through others between them, share a rank: one more than the number of
-- targets before them. `better` and `worse` count the targets whose intervals lie wholly above and below.
CREATE OR REPLACE VIEW v_ranking
(
    target          LowCardinality(String) COMMENT 'OFFICE, TEAM, STEP or OFFICIAL',
    office          LowCardinality(String) COMMENT 'Office code',
    office_name     String                 COMMENT 'Vietnamese name of the office at the time of the row; empty: not in the reference data',
    target_id       LowCardinality(String) COMMENT 'Office, team, step or pseudonymous official',
    score_standing  String                 COMMENT 'SHOWN or NOT_ENOUGH_DATA',
    rank            Nullable(UInt64)       COMMENT 'One more than the number of targets before it; equal where intervals overlap',
    n               Int64                  COMMENT 'Number of observations: scores, declarations or rounds, as the view says; scores about the target',
    enterprises     Int64                  COMMENT 'Number of distinct enterprises; behind the scores',
    fair_score      Nullable(Float64)      COMMENT 'Mean, shrunken towards the peers; NULL: not shown; of the enterprises',
    fair_score_low  Nullable(Float64)      COMMENT 'Lower end of its 95 % interval',
    fair_score_high Nullable(Float64)      COMMENT 'Upper end of its 95 % interval',
    better          Nullable(UInt32)       COMMENT 'Targets whose intervals lie wholly above',
    worse           Nullable(UInt32)       COMMENT 'Targets whose intervals lie wholly below',
    ranked          UInt64                 COMMENT 'Number of ranked targets',
    green           Float64                COMMENT 'Share with channel GREEN, 0 to 1',
    yellow          Float64                COMMENT 'Share with channel YELLOW, 0 to 1',
    red             Float64                COMMENT 'Share with channel RED, 0 to 1',
    imports         Float64                COMMENT 'Share of imports, 0 to 1',
    main_kind       String                 COMMENT 'Most frequent declaration kind',
    declarations    UInt64                 COMMENT 'Number of declarations; registered in the period that name the target'
)
AS
SELECT r.target AS target, r.office AS office, r.office_name AS office_name, r.target_id AS target_id, r.score_standing AS score_standing,
       if(r.shown, toNullable(max(if(r.begins, r.place, 0)) OVER (PARTITION BY r.shown ORDER BY r.place)), NULL) AS rank,
       r.n AS n, r.enterprises AS enterprises, r.fair_score AS fair_score, r.fair_score_low AS fair_score_low,
       r.fair_score_high AS fair_score_high,
       if(r.shown, toNullable(arrayCount(one -> one > r.high, r.lows)), NULL) AS better,
       if(r.shown, toNullable(arrayCount(one -> one < r.low, r.highs)), NULL) AS worse,
       length(r.lows) AS ranked, r.green AS green, r.yellow AS yellow, r.red AS red, r.imports AS imports, r.main_kind AS main_kind,
       r.declarations AS declarations
FROM
(
    SELECT *, row_number() OVER in_order AS place,
           place = 1 OR high < min(low) OVER (in_order ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS begins,
           groupArrayIf(low, shown) OVER () AS lows, groupArrayIf(high, shown) OVER () AS highs
    FROM
    (
        SELECT *, ifNull(fair_score_low, 0) AS low, ifNull(fair_score_high, 0) AS high FROM v_fair_scores(first = {first:Date}, last = {last:Date})
        WHERE target = {target:String} AND ({office:String} = '' OR office = {office:String})
    )
    WINDOW in_order AS (PARTITION BY shown ORDER BY high DESC, low DESC, office, target_id)
) AS r
COMMENT 'Ranks that the data support: v_ranking(first = ..., last = ..., target = ''OFFICIAL'', office = ''''); office empty: all';
