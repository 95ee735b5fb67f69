CREATE TABLE IF NOT EXISTS complaint_case ON CLUSTER `customs`
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
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}', row_version)
ORDER BY (office, complaint_id)
SETTINGS replicated_deduplication_window = 1000, replicated_deduplication_window_seconds = 604800
COMMENT 'Complaints as they are handled';

CREATE TABLE IF NOT EXISTS complaint_event ON CLUSTER `customs`
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
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}', row_version)
ORDER BY (complaint_id, event_id)
SETTINGS replicated_deduplication_window = 1000, replicated_deduplication_window_seconds = 604800
COMMENT 'What happened to complaints, refused actions included';

CREATE TABLE IF NOT EXISTS complaint_action ON CLUSTER `customs`
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
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}', row_version)
ORDER BY (complaint_id, action_id)
SETTINGS replicated_deduplication_window = 1000, replicated_deduplication_window_seconds = 604800
COMMENT 'Actions on complaints, without their text';

CREATE TABLE IF NOT EXISTS complaint_answer ON CLUSTER `customs`
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
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}', row_version)
ORDER BY (complaint_id, answer_id)
SETTINGS replicated_deduplication_window = 1000, replicated_deduplication_window_seconds = 604800
COMMENT 'Answers to enterprises, without their text';

CREATE MATERIALIZED VIEW IF NOT EXISTS position_of_complaint_case ON CLUSTER `customs` TO log_position AS
SELECT 'complaint-case' AS topic, log_epoch AS epoch, log_partition AS partition, log_offset AS offset,
       sipHash64(office, complaint_id) AS identity, 0 AS era
FROM complaint_case;

CREATE MATERIALIZED VIEW IF NOT EXISTS position_of_complaint_event ON CLUSTER `customs` TO log_position AS
SELECT 'complaint-event' AS topic, log_epoch AS epoch, log_partition AS partition, log_offset AS offset,
       sipHash64(complaint_id, event_id) AS identity, 0 AS era
FROM complaint_event;

CREATE MATERIALIZED VIEW IF NOT EXISTS position_of_complaint_action ON CLUSTER `customs` TO log_position AS
SELECT 'complaint-action' AS topic, log_epoch AS epoch, log_partition AS partition, log_offset AS offset,
       sipHash64(complaint_id, action_id) AS identity, 0 AS era
FROM complaint_action;

CREATE MATERIALIZED VIEW IF NOT EXISTS position_of_complaint_answer ON CLUSTER `customs` TO log_position AS
SELECT 'complaint-answer' AS topic, log_epoch AS epoch, log_partition AS partition, log_offset AS offset,
       sipHash64(complaint_id, answer_id) AS identity, 0 AS era
FROM complaint_answer;

