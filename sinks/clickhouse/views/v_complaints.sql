-- A case that was closed, withdrawn or merged without a resolution has no limit left to miss.
CREATE OR REPLACE VIEW v_complaints
(
    complaint_id            UUID                          COMMENT 'The complaint; of a denunciation an alias drawn by chance',
    office                  LowCardinality(String)        COMMENT 'Office code; responsible at opening',
    office_name             String                        COMMENT 'Vietnamese name of the office at the time of the row; empty: not in the reference data',
    sheet_id                String                        COMMENT 'Rating sheet; empty: not shown',
    declaration_no          String                        COMMENT 'Declaration number, 12 digits; empty: not shown',
    tax_code                String                        COMMENT 'Enterprise; empty: not known or not shown',
    protected               Bool                          COMMENT 'Whether the case was a denunciation at any time: whose it is, is not shown, and times are whole days',
    track                   String                        COMMENT 'SIGNAL, FEEDBACK, COMPLAINT or DENUNCIATION; as the case has it now',
    complaint_state         LowCardinality(String)        COMMENT 'OPENED, or WITHDRAWN when no low score is left on the sheet',
    opened_at               DateTime64(3, 'UTC')          COMMENT 'When the first low score was sent',
    opened_day              Date                          COMMENT 'Local day of opened_at',
    lowest_score            Nullable(UInt8)               COMMENT 'Lowest score now on the sheet for the office; 0: none left; NULL: not shown',
    low_items               Array(Tuple(target String, target_id String, score UInt8, reason String)) COMMENT 'Low scores now on the sheet: target, id (of officials empty), score, reason',
    has_comment             Nullable(Bool)                COMMENT 'Whether the sheet holds free text; NULL: not shown',
    has_contact             Nullable(Bool)                COMMENT 'Whether the sheet holds a sealed contact; NULL: not shown',
    first_deadline_at       DateTime64(3, 'UTC')          COMMENT 'Take it up by then, as set at opening, or when the content came; of a denunciation the day of opening',
    first_deadline_day      Date                          COMMENT 'Last local day of the limit that ends with first_deadline_at',
    first_deadline_rule     LowCardinality(String)        COMMENT 'Rule that sets first_deadline_at',
    resolve_deadline_at     DateTime64(3, 'UTC')          COMMENT 'Resolve by then, as set at opening, or when the content came; of a denunciation the day of opening',
    resolve_deadline_day    Date                          COMMENT 'Last local day of the limit that ends with resolve_deadline_at',
    resolve_deadline_rule   LowCardinality(String)        COMMENT 'Rule that sets resolve_deadline_at',
    first_remaining_hours   Nullable(Float64)             COMMENT 'Hours by the clock until first_deadline_at; negative: past',
    resolve_remaining_hours Nullable(Float64)             COMMENT 'Hours by the clock until resolve_deadline_at; negative: past',
    resolve_overdue         Bool                          COMMENT 'Whether resolve_deadline_at has passed without a resolution',
    priority                LowCardinality(String)        COMMENT 'NORMAL or HIGH; empty: not shown',
    priority_reasons        Array(LowCardinality(String)) COMMENT 'Why the priority is HIGH',
    content_since           Nullable(DateTime64(3, 'UTC')) COMMENT 'When the sheet first had the content that makes a low score feedback; NULL: never, not known or not shown'
)
AS
SELECT c.complaint_id AS complaint_id, c.office AS office, o.name_vi AS office_name, c.sheet_id AS sheet_id,
       c.declaration_no AS declaration_no, c.tax_code AS tax_code, c.protected AS protected,
       if(k.track = '', c.case_track, k.track) AS track, c.state AS complaint_state,
       c.opened_at AS opened_at, c.named_on AS opened_day, c.lowest_score AS lowest_score, c.low_items AS low_items,
       c.has_comment AS has_comment, c.has_contact AS has_contact,
       c.first_deadline_at AS first_deadline_at, toDate(c.first_deadline_at - toIntervalMillisecond(1), 'Asia/Ho_Chi_Minh') AS first_deadline_day, c.first_deadline_rule AS first_deadline_rule,
       c.resolve_deadline_at AS resolve_deadline_at, toDate(c.resolve_deadline_at - toIntervalMillisecond(1), 'Asia/Ho_Chi_Minh') AS resolve_deadline_day, c.resolve_deadline_rule AS resolve_deadline_rule,
       if(c.state = 'OPENED' AND NOT c.protected, dateDiff('minute', now64(3, 'UTC'), c.first_deadline_at) / 60, NULL) AS first_remaining_hours,
       if(c.state = 'OPENED' AND NOT c.protected, dateDiff('minute', now64(3, 'UTC'), c.resolve_deadline_at) / 60, NULL) AS resolve_remaining_hours,
       c.state = 'OPENED' AND NOT c.protected AND c.resolve_deadline_at < now64(3, 'UTC') AND k.resolved_at IS NULL AND k.closed_at IS NULL AS resolve_overdue,
       c.priority AS priority, c.priority_reasons AS priority_reasons, c.content_since AS content_since
FROM (SELECT *, toDate(opened_at, 'Asia/Ho_Chi_Minh') AS named_on FROM shown_complaint) AS c
ASOF LEFT JOIN reference_office AS o ON c.office = o.code AND c.named_on >= o.valid_from
LEFT JOIN (SELECT complaint_id, track, resolved_at, closed_at FROM shown_case) AS k ON c.complaint_id = k.complaint_id
WHERE if(k.track = '', c.case_track, k.track) != 'REMARK'
COMMENT 'Low scores that opened complaints, with the deadlines set at opening; v_cases follows their handling';
