-- Targets whose intervals overlap, directly or through others between them, share a rank: one more than the number of
-- targets before them. `better` and `worse` count the targets whose intervals lie wholly above and below.
CREATE OR REPLACE VIEW v_ranking AS
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
