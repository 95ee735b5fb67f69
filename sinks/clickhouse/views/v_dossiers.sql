-- One row a declaration registered from `first` to before `last`, as a dossier of Decision 766. A dossier is late if its
-- document check or goods inspection took longer than the limit, or still runs after it, or if a supplement was requested
-- more than once. What is unfinished at the end of the period is measured up to it, as the Decision says: also when more is
-- known by `as_of`. A rating or a complaint of any later time counts, if it came before `as_of`.
CREATE OR REPLACE VIEW v_dossiers
(
    declaration  UInt64 COMMENT 'The declaration, whatever its amendment: first 11 digits',
    office       String COMMENT 'Office code; of registration',
    requests     UInt64 COMMENT 'How often customs asked for a supplement',
    limited      Bool   COMMENT 'Whether a check with a legal limit began',
    late         Bool   COMMENT 'Late in the sense of Decision 766',
    rated        Bool   COMMENT 'Whether it was rated',
    dissatisfied Bool   COMMENT 'Whether it is dissatisfied, by v_rating_scale; some opinion about it',
    complained   Bool   COMMENT 'Whether a case that was not withdrawn names the declaration'
)
AS
SELECT s.declaration AS declaration, s.office AS office, s.requests AS requests, s.limited AS limited,
       s.late_steps > 0 OR s.requests > 1 AS late,
       r.level != 0 AS rated, r.level IN (SELECT score FROM v_rating_scale WHERE dissatisfied) AS dissatisfied,
       s.declaration IN
       (
           -- A bare star and a remark are no complaint.
           SELECT toUInt64OrZero(substring(declaration_no, 1, 11)) FROM shown_case
           WHERE declaration_no != '' AND track NOT IN ('SIGNAL', 'REMARK') AND opened_at < {as_of:DateTime64(3, 'UTC')}
             AND NOT (state = 'WITHDRAWN' AND ifNull(closed_at < {as_of:DateTime64(3, 'UTC')}, true))
       ) AS complained
FROM
(
    SELECT t.declaration AS declaration, any(t.registration_office) AS office, max(t.requests) AS requests,
           countIf(t.step IN ('DOCUMENT_CHECK', 'GOODS_INSPECTION')) > 0 AS limited,
           countIf(t.step IN ('DOCUMENT_CHECK', 'GOODS_INSPECTION') AND t.step_standing = 'LATE') AS late_steps
    FROM v_step_times(first = {first:Date}, last = {last:Date}, as_of = least({as_of:DateTime64(3, 'UTC')}, toDateTime64({last:Date}, 3, 'Asia/Ho_Chi_Minh'))) AS t
    WHERE t.step IN ('ACKNOWLEDGEMENT', 'DOCUMENT_CHECK', 'GOODS_INSPECTION')
    GROUP BY t.declaration
) AS s
LEFT JOIN
(
    -- The lowest score of all its sheets, each as it was last sent before `as_of`.
    SELECT declaration, min(lowest) AS level
    FROM
    (
        SELECT declaration, level AS lowest FROM shown_opinion WHERE submitted_at < {as_of:DateTime64(3, 'UTC')}
        UNION ALL
        SELECT declaration, argMax(lowest_score, revision) AS lowest FROM shown_rating
        WHERE submitted_at < {as_of:DateTime64(3, 'UTC')}
          AND (declaration, sheet_id) IN (SELECT declaration, sheet_id FROM shown_opinion WHERE submitted_at >= {as_of:DateTime64(3, 'UTC')})
        GROUP BY declaration, sheet_id
    )
    GROUP BY declaration
) AS r ON s.declaration = r.declaration
COMMENT 'Declarations registered in a period as dossiers of Decision 766: v_dossiers(first = ..., last = ..., as_of = ...)';
