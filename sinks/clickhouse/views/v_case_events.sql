CREATE OR REPLACE VIEW v_case_events
(
    complaint_id     UUID                           COMMENT 'The complaint; of a denunciation an alias drawn by chance',
    office           LowCardinality(String)         COMMENT 'Office code; where the case was opened; empty: no such complaint is known',
    responsible_unit LowCardinality(String)         COMMENT 'Unit that answers for the case; then; empty: not shown',
    event_kind       LowCardinality(String)         COMMENT 'OPENED, ACCEPTED, REFUSED, REMINDER, OVERDUE, ESCALATED, CLOSED, NO_REPLY or SHEET_CHANGED',
    occurred_at      DateTime64(3, 'UTC')           COMMENT 'When it happened',
    occurred_day     Date                           COMMENT 'Local day of occurred_at',
    action           LowCardinality(String)         COMMENT 'Requested action',
    actor_role       LowCardinality(String)         COMMENT 'ENTERPRISE or HANDLER',
    actor            LowCardinality(String)         COMMENT 'Pseudonymous id of the handler; empty for an enterprise',
    refusal          LowCardinality(String)         COMMENT 'Why the action was refused; empty: it was not',
    case_state       LowCardinality(String)         COMMENT 'State of the case, see docs/complaints.md; after the event',
    rule             LowCardinality(String)         COMMENT 'Rule of the legal limit; for REMINDER, OVERDUE and ESCALATED, for ASK and NO_REPLY that of the wait',
    due_at           Nullable(DateTime64(3, 'UTC')) COMMENT 'End of the limit; likewise'
)
AS
SELECT complaint_id, office, unit AS responsible_unit, kind AS event_kind, occurred_at,
       toDate(occurred_at, 'Asia/Ho_Chi_Minh') AS occurred_day, action, actor_role, actor, refusal, state AS case_state, rule, due_at
FROM shown_event AS e
COMMENT 'What happened to complaints, in the order asked for';
