-- How complaints are handled. No table has a column for the text of an action or an answer. Where the identity of an
-- enterprise is protected, no table has it: the topic does not carry it.

ALTER TABLE complaint
    ADD COLUMN IF NOT EXISTS changed_at DateTime64(3, 'UTC') DEFAULT 0 COMMENT 'When the sheet was last sent; 1970: not known' AFTER has_contact,
    ADD COLUMN IF NOT EXISTS priority LowCardinality(String) DEFAULT 'NORMAL' COMMENT 'NORMAL or HIGH' AFTER changed_at,
    ADD COLUMN IF NOT EXISTS priority_reasons Array(LowCardinality(String)) COMMENT 'Why it is HIGH' AFTER priority;

-- complaint_case
--   engine     ReplacingMergeTree(row_version): each record is the full state.
--   ORDER BY   office before the id, because handlers query their office; it belongs to the identity.
--   partition  none: few rows.
CREATE TABLE IF NOT EXISTS complaint_case
(
    complaint_id       UUID                   COMMENT 'The complaint',
    office             LowCardinality(String) COMMENT 'Office where it was opened',
    unit               LowCardinality(String) COMMENT 'Unit that answers for it now',
    level              UInt8                  COMMENT 'How far it was escalated',
    declaration_no     String                 COMMENT 'Declaration; empty if the sender is protected',
    sheet_id           String                 COMMENT 'Sheet that opened it; empty if the sender is protected',
    tax_code           LowCardinality(String) COMMENT 'Enterprise; empty if the sender is protected',
    track              LowCardinality(String) COMMENT 'FEEDBACK, COMPLAINT or DENUNCIATION',
    state              LowCardinality(String) COMMENT 'State, see docs/complaints.md',
    priority           LowCardinality(String) COMMENT 'NORMAL or HIGH',
    priority_reasons   Array(LowCardinality(String)) COMMENT 'Why it is HIGH',
    lowest_score       UInt8                  COMMENT 'Lowest score now on the sheet for the office; 0: none left',
    opened_at          DateTime64(3, 'UTC')   COMMENT 'When the first low score was sent',
    changed_at         DateTime64(3, 'UTC')   COMMENT 'When its state last changed',
    acknowledged_at    Nullable(DateTime64(3, 'UTC')) COMMENT 'First acknowledgement since it was opened or reopened',
    resolved_at        Nullable(DateTime64(3, 'UTC')) COMMENT 'Resolution that is still valid',
    answered_at        Nullable(DateTime64(3, 'UTC')) COMMENT 'Answer that is still valid',
    closed_at          Nullable(DateTime64(3, 'UTC')) COMMENT 'Closed, withdrawn or merged',
    finding            LowCardinality(String) COMMENT 'UPHELD, PARTLY_UPHELD, NOT_UPHELD, REJECTED; empty: none yet',
    handling_score     Nullable(UInt8)        COMMENT 'How the enterprise rates the handling, 1 to 5',
    asked              Bool                   COMMENT 'Whether the one supplement was asked for',
    reopened           Bool                   COMMENT 'Whether it was reopened',
    is_complex         Bool                   COMMENT 'Whether it was declared complex',
    legal_hold         Bool                   COMMENT 'Whether nothing of it may be deleted',
    merged_into        String                 COMMENT 'Complaint it was merged into; empty: none',
    absorbed           Array(String)          COMMENT 'Complaints merged into it',
    excluded_officials Array(String)          COMMENT 'Rated officials: they never handle it',
    clocks             Array(Tuple(rule String, track String, phase String, started_at DateTime64(3, 'UTC'),
                           due_at Nullable(DateTime64(3, 'UTC')), paused_at Nullable(DateTime64(3, 'UTC')), extended_by Int64,
                           met_at Nullable(DateTime64(3, 'UTC')), ended_at Nullable(DateTime64(3, 'UTC'))))
                                              COMMENT 'Legal limits in the order in which they began',
    overdue            UInt16                 COMMENT 'Limits that were not met in time, so far',
    next_due_at        Nullable(DateTime64(3, 'UTC')) COMMENT 'Earliest end of a running limit',
    erased_at          Nullable(DateTime64(3, 'UTC')) COMMENT 'When the key of its contact was destroyed',
    accepted_actions   UInt32                 COMMENT 'Actions that the state allowed',
    refused_actions    UInt32                 COMMENT 'Actions that the state refused',
    row_version        UInt64,
    log_epoch          UInt16,
    log_partition      UInt32,
    log_offset         UInt64,
    stored_at          DateTime('UTC') DEFAULT now()
)
ENGINE = ReplacingMergeTree(row_version)
ORDER BY (office, complaint_id)
SETTINGS non_replicated_deduplication_window = 1000
COMMENT 'Complaints as they are handled';

-- complaint_event
--   engine     ReplacingMergeTree(row_version): the same event may be published again.
--   ORDER BY   the complaint, because queries ask for its history.
--   partition  none: few rows.
CREATE TABLE IF NOT EXISTS complaint_event
(
    event_id     UUID                   COMMENT 'Of complaint and what happened',
    complaint_id UUID                   COMMENT 'The complaint',
    office       LowCardinality(String) COMMENT 'Office where it was opened; empty: no such complaint is known',
    unit         LowCardinality(String) COMMENT 'Unit that answered for it then',
    kind         LowCardinality(String) COMMENT 'OPENED, ACCEPTED, REFUSED, REMINDER, OVERDUE, ESCALATED, CLOSED, SHEET_CHANGED, RETRACTED',
    occurred_at  DateTime64(3, 'UTC')   COMMENT 'When',
    action_id    String                 COMMENT 'ACCEPTED, REFUSED: the action',
    action       LowCardinality(String) COMMENT 'Requested action',
    actor_role   LowCardinality(String) COMMENT 'ENTERPRISE or HANDLER',
    actor        LowCardinality(String) COMMENT 'Pseudonymous id of the handler; empty for an enterprise',
    refusal      LowCardinality(String) COMMENT 'REFUSED: why',
    state        LowCardinality(String) COMMENT 'State of the case after it',
    rule         LowCardinality(String) COMMENT 'REMINDER, OVERDUE: the limit',
    due_at       Nullable(DateTime64(3, 'UTC')) COMMENT 'Its end',
    row_version  UInt64,
    log_epoch     UInt16,
    log_partition UInt32,
    log_offset    UInt64,
    stored_at     DateTime('UTC') DEFAULT now()
)
ENGINE = ReplacingMergeTree(row_version)
ORDER BY (complaint_id, event_id)
SETTINGS non_replicated_deduplication_window = 1000
COMMENT 'What happened to complaints, refused actions included';

-- complaint_action: what was requested, without its text. For the audit, and to see who acted when; complaint_event holds
-- the result.
--   engine     ReplacingMergeTree(row_version): if two contents have one id, one stays.
--   ORDER BY   the complaint before the id.
--   partition  none: few rows.
CREATE TABLE IF NOT EXISTS complaint_action
(
    action_id     String                 COMMENT 'Given by its sender',
    complaint_id  UUID                   COMMENT 'The complaint',
    action        LowCardinality(String) COMMENT 'Requested action',
    acted_at      DateTime64(3, 'UTC')   COMMENT 'When',
    actor_role    LowCardinality(String) COMMENT 'ENTERPRISE or HANDLER',
    actor         LowCardinality(String) COMMENT 'Pseudonymous id of the handler; empty for an enterprise',
    unit          LowCardinality(String) COMMENT 'Unit for which a handler acts',
    score         Nullable(UInt8)        COMMENT 'RATE_HANDLING: 1 to 5',
    row_version   UInt64,
    log_epoch     UInt16,
    log_partition UInt32,
    log_offset    UInt64,
    stored_at     DateTime('UTC') DEFAULT now()
)
ENGINE = ReplacingMergeTree(row_version)
ORDER BY (complaint_id, action_id)
SETTINGS non_replicated_deduplication_window = 1000
COMMENT 'Actions on complaints, without their text';

-- complaint_answer: answers that were given, without their text.
--   engine     ReplacingMergeTree(row_version): each record is the full state.
--   ORDER BY   the complaint before the id.
--   partition  none: few rows.
CREATE TABLE IF NOT EXISTS complaint_answer
(
    answer_id     UUID                   COMMENT 'Of complaint and answering action',
    complaint_id  UUID                   COMMENT 'The complaint',
    office        LowCardinality(String) COMMENT 'Office that was rated',
    unit          LowCardinality(String) COMMENT 'Unit that answers',
    track         LowCardinality(String) COMMENT 'FEEDBACK or COMPLAINT',
    answered_at   DateTime64(3, 'UTC')   COMMENT 'When',
    finding       LowCardinality(String) COMMENT 'UPHELD, PARTLY_UPHELD, NOT_UPHELD or REJECTED',
    withdrawn     Bool                   COMMENT 'Whether it was withdrawn',
    row_version   UInt64,
    log_epoch     UInt16,
    log_partition UInt32,
    log_offset    UInt64,
    stored_at     DateTime('UTC') DEFAULT now()
)
ENGINE = ReplacingMergeTree(row_version)
ORDER BY (complaint_id, answer_id)
SETTINGS non_replicated_deduplication_window = 1000
COMMENT 'Answers to enterprises, without their text';

CREATE MATERIALIZED VIEW IF NOT EXISTS position_of_complaint_case TO log_position AS
SELECT 'complaint-case' AS topic, log_epoch AS epoch, log_partition AS partition, log_offset AS offset,
       sipHash64(office, complaint_id) AS identity
FROM complaint_case;

CREATE MATERIALIZED VIEW IF NOT EXISTS position_of_complaint_event TO log_position AS
SELECT 'complaint-event' AS topic, log_epoch AS epoch, log_partition AS partition, log_offset AS offset,
       sipHash64(complaint_id, event_id) AS identity
FROM complaint_event;

CREATE MATERIALIZED VIEW IF NOT EXISTS position_of_complaint_action TO log_position AS
SELECT 'complaint-action' AS topic, log_epoch AS epoch, log_partition AS partition, log_offset AS offset,
       sipHash64(complaint_id, action_id) AS identity
FROM complaint_action;

CREATE MATERIALIZED VIEW IF NOT EXISTS position_of_complaint_answer TO log_position AS
SELECT 'complaint-answer' AS topic, log_epoch AS epoch, log_partition AS partition, log_offset AS offset,
       sipHash64(complaint_id, answer_id) AS identity
FROM complaint_answer;

-- The sender of a denunciation is protected: the views show neither sheet nor declaration nor enterprise of it.
CREATE OR REPLACE VIEW v_complaints AS
WITH ifNull(k.track, '') = 'DENUNCIATION' AS protected
SELECT c.complaint_id AS complaint_id, c.office AS office, o.name_vi AS office_name, if(protected, '', c.sheet_id) AS sheet_id,
       if(protected, '', c.declaration_no) AS declaration_no, if(protected, '', c.tax_code) AS tax_code,
       if(k.track = '', c.track, k.track) AS track, c.state AS state,
       c.opened_at AS opened_at, c.lowest_score AS lowest_score, c.low_items AS low_items,
       c.excluded_officials AS excluded_officials, c.has_comment AS has_comment, c.has_contact AS has_contact,
       c.first_deadline_at AS first_deadline_at, c.first_deadline_rule AS first_deadline_rule,
       c.resolve_deadline_at AS resolve_deadline_at, c.resolve_deadline_rule AS resolve_deadline_rule,
       if(c.state = 'OPENED', dateDiff('minute', now64(3, 'UTC'), c.first_deadline_at) / 60, NULL) AS first_remaining_hours,
       if(c.state = 'OPENED', dateDiff('minute', now64(3, 'UTC'), c.resolve_deadline_at) / 60, NULL) AS resolve_remaining_hours,
       c.state = 'OPENED' AND c.resolve_deadline_at < now64(3, 'UTC') AND k.resolved_at IS NULL AS overdue,
       c.priority AS priority, c.priority_reasons AS priority_reasons
FROM (SELECT *, toDate(opened_at, 'Asia/Ho_Chi_Minh') AS named_on FROM complaint FINAL) AS c
ASOF LEFT JOIN reference_office AS o ON c.office = o.code AND c.named_on >= o.valid_from
LEFT JOIN (SELECT complaint_id, track, resolved_at FROM complaint_case FINAL) AS k ON c.complaint_id = k.complaint_id
COMMENT 'Low scores that opened complaints, with the deadlines set at opening; v_cases follows their handling';

CREATE OR REPLACE VIEW v_cases AS
SELECT c.complaint_id AS complaint_id, c.office AS office, o.name_vi AS office_name, c.unit AS unit, c.level AS level,
       c.declaration_no AS declaration_no, c.sheet_id AS sheet_id, c.tax_code AS tax_code, c.track AS track, c.state AS state,
       c.state NOT IN ('ANSWERED', 'CLOSED', 'WITHDRAWN', 'MERGED') AS open,
       c.priority AS priority, c.priority_reasons AS priority_reasons, c.lowest_score AS lowest_score,
       c.opened_at AS opened_at, c.changed_at AS changed_at, c.acknowledged_at AS acknowledged_at, c.resolved_at AS resolved_at,
       c.answered_at AS answered_at, c.closed_at AS closed_at, c.finding AS finding, c.handling_score AS handling_score,
       c.asked AS asked, c.reopened AS reopened, c.is_complex AS is_complex, c.legal_hold AS legal_hold,
       c.merged_into AS merged_into, c.absorbed AS absorbed, c.excluded_officials AS excluded_officials,
       c.overdue AS overdue, c.next_due_at AS next_due_at,
       if(c.next_due_at IS NULL, NULL, dateDiff('minute', now64(3, 'UTC'), c.next_due_at) / 60) AS remaining_hours,
       c.erased_at AS erased_at, c.accepted_actions AS accepted_actions, c.refused_actions AS refused_actions
FROM (SELECT *, toDate(opened_at, 'Asia/Ho_Chi_Minh') AS named_on FROM complaint_case FINAL) AS c
ASOF LEFT JOIN reference_office AS o ON c.office = o.code AND c.named_on >= o.valid_from
COMMENT 'Complaints as they are handled; remaining hours are hours by the clock, the limits count working time or days';

CREATE OR REPLACE VIEW v_case_clocks AS
SELECT c.complaint_id AS complaint_id, c.office AS office, c.unit AS unit, c.state AS state, k.rule AS rule, k.track AS track,
       k.phase AS phase, k.started_at AS started_at, k.due_at AS due_at, k.paused_at AS paused_at, k.extended_by AS extended_by,
       k.met_at AS met_at, k.ended_at AS ended_at,
       multiIf(k.met_at IS NOT NULL, if(k.met_at <= k.due_at, 'MET', 'MET_LATE'), k.ended_at IS NOT NULL, 'ENDED',
               k.paused_at IS NOT NULL, 'PAUSED', k.due_at < now64(3, 'UTC'), 'OVERDUE', 'RUNNING') AS standing
FROM complaint_case AS c FINAL
ARRAY JOIN c.clocks AS k
COMMENT 'One row a legal limit of a case';

CREATE OR REPLACE VIEW v_case_events AS
SELECT complaint_id, office, unit, kind, occurred_at, action, actor_role, actor, refusal, state, rule, due_at
FROM complaint_event FINAL
WHERE kind != 'RETRACTED'
COMMENT 'What happened to complaints, in the order asked for';

CREATE OR REPLACE VIEW v_complaint_handling AS
SELECT office, toStartOfMonth(toDate(opened_at, 'Asia/Ho_Chi_Minh')) AS month, count() AS complaints,
       countIf(state NOT IN ('ANSWERED', 'CLOSED', 'WITHDRAWN', 'MERGED')) AS open, countIf(answered_at IS NOT NULL) AS answered,
       countIf(overdue > 0) AS with_overdue, countIf(reopened) AS reopened, countIf(priority = 'HIGH') AS high_priority,
       countIf(finding = 'UPHELD') AS upheld, countIf(finding = 'PARTLY_UPHELD') AS partly_upheld,
       countIf(finding = 'NOT_UPHELD') AS not_upheld, countIf(finding = 'REJECTED') AS rejected,
       count(handling_score) AS handling_rated, avg(handling_score) AS handling_mean,
       countIf(handling_score >= 4) / nullIf(count(handling_score), 0) AS handling_satisfied,
       median(if(answered_at IS NULL, NULL, dateDiff('hour', opened_at, assumeNotNull(answered_at)))) AS median_hours_to_answer
FROM complaint_case FINAL
GROUP BY office, month
COMMENT 'How complaints opened at an office in a month were handled, the enterprises'' rating of the handling included';
