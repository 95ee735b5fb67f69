CREATE OR REPLACE VIEW v_service_commitments AS
SELECT g.office AS office, o.name_vi AS office_name, g.month AS month, g.step AS step, c.name_vi AS step_name, c.who AS who,
       g.n AS n, g.within AS within, g.within / nullIf(g.n, 0) AS within_share, g.running AS running, g.unknown AS unknown,
       c.amount AS limit_amount, c.unit AS limit_unit, c.source AS source, c.confidence AS confidence, c.mapping_confidence AS mapping_confidence
FROM
(
    SELECT t.office AS office, toStartOfMonth(toDate(t.started_at, 'Asia/Ho_Chi_Minh')) AS month, t.step AS step,
           countIf(t.step_standing IN ('WITHIN', 'LATE')) AS n, countIf(t.step_standing = 'WITHIN') AS within,
           countIf(t.step_standing = 'RUNNING') AS running, countIf(t.step_standing = 'UNKNOWN') AS unknown
    FROM v_step_times(first = {first:Date}, last = {last:Date}, as_of = now64(3, 'UTC')) AS t
    GROUP BY office, month, step
) AS g
INNER JOIN reference_service_commitment AS c ON g.step = toString(c.step)
ASOF LEFT JOIN reference_office AS o ON g.office = o.code AND g.month >= o.valid_from
COMMENT 'Share of steps within their promised time, by office and month: v_service_commitments(first = ..., last = ...)';
