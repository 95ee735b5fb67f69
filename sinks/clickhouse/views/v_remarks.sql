-- A remark that was opened as feedback is none any more: it is in v_cases and v_complaints.
CREATE OR REPLACE VIEW v_remarks
(
    complaint_id     UUID                           COMMENT 'The complaint; of a denunciation an alias drawn by chance',
    office           LowCardinality(String)         COMMENT 'Office code; that the sheet rates',
    office_name      String                         COMMENT 'Vietnamese name of the office at the time of the row; empty: not in the reference data',
    responsible_unit LowCardinality(String)         COMMENT 'Unit that answers for the case',
    sheet_id         String                         COMMENT 'Rating sheet; empty: not shown',
    declaration_no   String                         COMMENT 'Declaration number, 12 digits; empty: not shown',
    tax_code         LowCardinality(String)         COMMENT 'Enterprise; empty: not known or not shown',
    lowest_score     Nullable(UInt8)                COMMENT 'Lowest score now on the sheet for the office; 0: none left; NULL: not shown',
    has_contact      Nullable(Bool)                 COMMENT 'Whether the sheet holds a sealed contact; NULL: not shown',
    priority         LowCardinality(String)         COMMENT 'NORMAL or HIGH; empty: not shown',
    priority_reasons Array(LowCardinality(String))  COMMENT 'Why the priority is HIGH',
    remarked_at      DateTime64(3, 'UTC')           COMMENT 'When the comment came, as far as it is known',
    remarked_day     Date                           COMMENT 'Local day of remarked_at',
    case_state       LowCardinality(String)         COMMENT 'State of the case, see docs/complaints.md',
    open             Bool                           COMMENT 'Whether it still waits for an answer; or for being filed',
    answered_at      Nullable(DateTime64(3, 'UTC')) COMMENT 'Answer that is still valid; a thank-you',
    closed_at        Nullable(DateTime64(3, 'UTC')) COMMENT 'Closed, withdrawn or merged'
)
AS
SELECT k.complaint_id AS complaint_id, k.office AS office, o.name_vi AS office_name, k.unit AS responsible_unit, k.sheet_id AS sheet_id,
       k.declaration_no AS declaration_no, k.tax_code AS tax_code, k.lowest_score AS lowest_score, c.has_contact AS has_contact,
       k.priority AS priority, k.priority_reasons AS priority_reasons, k.opened_at AS remarked_at, k.named_on AS remarked_day,
       k.state AS case_state, k.state NOT IN ('ANSWERED', 'CLOSED', 'WITHDRAWN', 'MERGED') AS open, k.answered_at AS answered_at, k.closed_at AS closed_at
FROM (SELECT *, toDate(opened_at, 'Asia/Ho_Chi_Minh') AS named_on FROM shown_case WHERE track = 'REMARK') AS k
ASOF LEFT JOIN reference_office AS o ON k.office = o.code AND k.named_on >= o.valid_from
LEFT JOIN (SELECT complaint_id, has_contact FROM shown_complaint) AS c ON k.complaint_id = c.complaint_id
ORDER BY open DESC, k.priority = 'HIGH' DESC, k.opened_at, k.complaint_id
COMMENT 'Comments on sheets without a low score, the inbox of an office; open ones that allege something come first';
