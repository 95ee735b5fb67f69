-- One row a declaration registered from `first` to before `last`, as a dossier of Decision 766. A dossier is late if its
-- document check or goods inspection took longer than the limit, or still runs after it, or if a supplement was requested
-- more than once. A rating or a complaint counts whenever it came.
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
       s.declaration IN (SELECT declaration FROM shown_opinion) AS rated,
       s.declaration IN (SELECT declaration FROM v_opinions WHERE dissatisfied) AS dissatisfied,
       s.declaration IN
       (
           SELECT toUInt64OrZero(substring(declaration_no, 1, 11)) FROM shown_case
           WHERE declaration_no != '' AND state != 'WITHDRAWN'
       ) AS complained
FROM
(
    SELECT t.declaration AS declaration, any(t.registration_office) AS office, max(t.requests) AS requests,
           countIf(t.step IN ('DOCUMENT_CHECK', 'GOODS_INSPECTION')) > 0 AS limited,
           countIf(t.step IN ('DOCUMENT_CHECK', 'GOODS_INSPECTION') AND t.step_standing = 'LATE') AS late_steps
    FROM v_step_times(first = {first:Date}, last = {last:Date}, as_of = {as_of:DateTime64(3, 'UTC')}) AS t
    WHERE t.step IN ('ACKNOWLEDGEMENT', 'DOCUMENT_CHECK', 'GOODS_INSPECTION')
    GROUP BY t.declaration
) AS s
COMMENT 'Declarations registered in a period as dossiers of Decision 766: v_dossiers(first = ..., last = ..., as_of = ...)';
