CREATE OR REPLACE VIEW v_service_commitments
(
    office             String                 COMMENT 'Office code; of the status that began the step',
    office_name        String                 COMMENT 'Vietnamese name of the office at the time of the row; empty: not in the reference data',
    month              Date                   COMMENT 'First day of the local month; in which the step began',
    step               String                 COMMENT 'Procedure step',
    step_name          String                 COMMENT 'Vietnamese name of the step',
    who                LowCardinality(String) COMMENT 'Whose time it is: CUSTOMS or DECLARANT',
    n                  UInt64                 COMMENT 'Number of observations: scores, declarations or rounds, as the view says; rounds that ended or are late',
    within             UInt64                 COMMENT 'Rounds within the promised time',
    within_share       Nullable(Float64)      COMMENT 'within by n, 0 to 1',
    running            UInt64                 COMMENT 'Rounds that run and are not late so far',
    unknown            UInt64                 COMMENT 'Rounds outside the working calendar',
    limit_amount       UInt32                 COMMENT 'Promised time, in limit_unit',
    limit_unit         LowCardinality(String) COMMENT 'WORKING_MINUTE, WORKING_DAY or CALENDAR_DAY',
    source             String                 COMMENT 'Where the figures or the limit come from',
    confidence         LowCardinality(String) COMMENT 'C confirmed, P probable, U unverified',
    mapping_confidence LowCardinality(String) COMMENT 'How sure we are about start and end of the step: C, P or U'
)
AS
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
