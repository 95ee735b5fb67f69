-- What the workers computed. Every record is absolute and has an id and a version of its own, so
-- row_version = epoch << 48 | version, and the highest version of an id counts.

-- rated_service
--   engine     ReplacingMergeTree(row_version): a fact is sent again with a higher version when its inputs change.
--   ORDER BY   office and target before the id: reports ask for one office or one kind of target. All three belong to the
--              identity of a fact, so they never change for a row.
--   partition  none: submitted_at may change with a revision.
CREATE TABLE IF NOT EXISTS rated_service
(
    fact_id            UUID                   COMMENT 'Of declaration, sheet and rated target; the same for every version',
    state              LowCardinality(String) COMMENT 'MATCHED, UNMATCHED or SUPERSEDED',
    sheet_id           String                 COMMENT 'Sheet',
    revision           UInt16                 COMMENT 'Latest revision that holds the item',
    declaration_no     String                 COMMENT '12 digits, as on the sheet',
    declaration        UInt64 MATERIALIZED toUInt64(substring(declaration_no, 1, 11)) COMMENT 'The declaration, whatever its amendment',
    submitted_at       DateTime64(3, 'UTC')   COMMENT 'When that revision was sent',
    phase              LowCardinality(String) COMMENT 'DURING_CLEARANCE or AFTER_CLEARANCE',
    target             LowCardinality(String) COMMENT 'OFFICE, TEAM, STEP or OFFICIAL',
    office             LowCardinality(String) COMMENT 'Office of the rated target',
    target_id          LowCardinality(String) COMMENT 'Office, team, step or pseudonymous official',
    score              UInt8                  COMMENT '1 to 5',
    reason             LowCardinality(String) COMMENT 'Reason code',
    score_since        Array(Int64)           COMMENT 'For scores 1 to 5: when the item first had it, epoch ms; 0: never',
    target_known       Bool                   COMMENT 'Whether office and team were in the reference data',
    has_comment        Bool                   COMMENT 'Whether the sheet holds free text',
    has_contact        Bool                   COMMENT 'Whether the sheet holds a sealed contact',
    tax_code           LowCardinality(String) COMMENT 'Enterprise, from the sheet or the declaration',
    declaration_office LowCardinality(String) COMMENT 'Office of the latest status as of the rating',
    declaration_team   LowCardinality(String) COMMENT 'Team of the latest status that named one',
    status             LowCardinality(String) COMMENT 'Latest status as of the rating',
    channel            LowCardinality(String) COMMENT 'Channel as of the rating',
    kind               LowCardinality(String) COMMENT 'Declaration kind as of the rating',
    status_count       UInt32                 COMMENT 'Distinct statuses known as of the rating',
    registered_at      Nullable(DateTime64(3, 'UTC')) COMMENT 'First registration',
    permitted_at       Nullable(DateTime64(3, 'UTC')) COMMENT 'First of storage permitted, released, cleared',
    document_minutes   Nullable(UInt32)       COMMENT 'Working minutes of the document check (its longest round), up to the rating if it runs, without the wait for a supplement',
    goods_minutes      Nullable(UInt32)       COMMENT 'Working minutes of the goods inspection, likewise',
    clearance_minutes  Nullable(UInt32)       COMMENT 'Working minutes from registration to permission, cancellation or the rating',
    on_time            Nullable(Bool)         COMMENT 'Whether no check had exceeded its legal limit by the rating; NULL: none began',
    unmatched_reason   LowCardinality(String) COMMENT 'For UNMATCHED: NOT_KNOWN, or GONE when the log has deleted records that old',
    row_version        UInt64,
    log_epoch          UInt16,
    log_partition      UInt32,
    log_offset         UInt64,
    stored_at          DateTime('UTC') DEFAULT now()
)
ENGINE = ReplacingMergeTree(row_version)
ORDER BY (office, target, target_id, fact_id)
SETTINGS non_replicated_deduplication_window = 1000
COMMENT 'Rated targets joined with their declaration';

-- satisfaction: one row for each window of a record; sufficient statistics, never ratios.
--   engine     ReplacingMergeTree(row_version): values are absolute, so sending one again is harmless.
--   ORDER BY   target and window before time: a curve is one range.
--   partition  by month of window_end, which is part of the identity and so never changes for a row: old months are
--              dropped or moved whole.
CREATE TABLE IF NOT EXISTS satisfaction
(
    target         LowCardinality(String) COMMENT 'OFFICE, TEAM, STEP or OFFICIAL',
    office         LowCardinality(String) COMMENT 'Office of the target',
    target_id      LowCardinality(String) COMMENT 'As in rated_service',
    window_seconds UInt32                 COMMENT '300, 3600, 86400, 604800 or 2592000',
    window_end     DateTime64(3, 'UTC')   COMMENT 'End of the window, exclusive',
    score_1        UInt32                 COMMENT 'Number of scores 1 in the window',
    score_2        UInt32                 COMMENT 'Number of scores 2',
    score_3        UInt32                 COMMENT 'Number of scores 3',
    score_4        UInt32                 COMMENT 'Number of scores 4',
    score_5        UInt32                 COMMENT 'Number of scores 5',
    row_version    UInt64,
    log_epoch      UInt16,
    log_partition  UInt32,
    log_offset     UInt64,
    stored_at      DateTime('UTC') DEFAULT now()
)
ENGINE = ReplacingMergeTree(row_version)
PARTITION BY toYYYYMM(window_end)
ORDER BY (target, office, target_id, window_seconds, window_end)
SETTINGS non_replicated_deduplication_window = 1000
COMMENT 'Rolling score counts of every target';

-- office_count
--   engine     ReplacingMergeTree(row_version), as above.
--   ORDER BY   office, pane: the natural id.
--   partition  none: few rows.
CREATE TABLE IF NOT EXISTS office_count
(
    office        LowCardinality(String) COMMENT 'Office',
    pane_start    DateTime64(3, 'UTC')   COMMENT 'Start of the five-minute pane',
    opinions      UInt32                 COMMENT 'Sheets sent in the pane',
    dissatisfied  UInt32                 COMMENT 'Of them, lowest score 1 or 2',
    enterprises   Array(String)          COMMENT 'Tax codes behind the dissatisfied ones',
    drivers       Map(String, UInt32)    COMMENT 'Low scores by what they were given to',
    scores        Map(String, UInt32)    COMMENT 'Scores, low or not, by the team or step they were given to',
    complaint_ids Array(String)          COMMENT 'Complaints opened by these sheets',
    row_version   UInt64,
    log_epoch     UInt16,
    log_partition UInt32,
    log_offset    UInt64,
    stored_at     DateTime('UTC') DEFAULT now()
)
ENGINE = ReplacingMergeTree(row_version)
ORDER BY (office, pane_start)
SETTINGS non_replicated_deduplication_window = 1000
COMMENT 'Opinions of an office in five minutes: what the spike detector saw';

-- complaint
--   engine     ReplacingMergeTree(row_version): each record is the full state.
--   ORDER BY   office before the id, for handlers ask for their office; it belongs to the identity.
--   partition  none: few rows.
CREATE TABLE IF NOT EXISTS complaint
(
    complaint_id          UUID                   COMMENT 'Of declaration, sheet and office',
    sheet_id              String                 COMMENT 'Sheet that opened it',
    office                LowCardinality(String) COMMENT 'Responsible office',
    declaration_no        String                 COMMENT 'Declaration',
    declaration           UInt64 MATERIALIZED toUInt64(substring(declaration_no, 1, 11)) COMMENT 'The declaration, whatever its amendment',
    tax_code              LowCardinality(String) COMMENT 'Enterprise',
    track                 LowCardinality(String) COMMENT 'Legal track',
    state                 LowCardinality(String) COMMENT 'OPENED or WITHDRAWN',
    opened_at             DateTime64(3, 'UTC')   COMMENT 'When the first low score was sent',
    first_deadline_at     DateTime64(3, 'UTC')   COMMENT 'Forward or ask for a supplement by then',
    first_deadline_rule   LowCardinality(String) COMMENT 'Rule that sets it',
    resolve_deadline_at   DateTime64(3, 'UTC')   COMMENT 'Resolve by then',
    resolve_deadline_rule LowCardinality(String) COMMENT 'Rule that sets it',
    lowest_score          UInt8                  COMMENT 'Lowest score now on the sheet for this office; 0: none left',
    low_items             Array(Tuple(target String, target_id String, score UInt8, reason String)) COMMENT 'Low scores now on the sheet',
    excluded_officials    Array(String)          COMMENT 'Rated officials: they never handle it',
    has_comment           Bool                   COMMENT 'Whether the sheet holds free text',
    has_contact           Bool                   COMMENT 'Whether the sheet holds a sealed contact',
    changed_at            DateTime64(3, 'UTC') DEFAULT 0 COMMENT 'When the sheet was last sent; 1970: not known',
    priority              LowCardinality(String) DEFAULT 'NORMAL' COMMENT 'NORMAL or HIGH',
    priority_reasons      Array(LowCardinality(String)) COMMENT 'Why it is HIGH',
    row_version           UInt64,
    log_epoch             UInt16,
    log_partition         UInt32,
    log_offset            UInt64,
    stored_at             DateTime('UTC') DEFAULT now()
)
ENGINE = ReplacingMergeTree(row_version)
ORDER BY (office, complaint_id)
SETTINGS non_replicated_deduplication_window = 1000
COMMENT 'Follow-up of low scores';

-- alert
--   engine     ReplacingMergeTree(row_version): each record is the full state, evidence included.
--   ORDER BY   office before the id; it belongs to the identity.
--   partition  none: few rows.
CREATE TABLE IF NOT EXISTS alert
(
    alert_id             UUID                   COMMENT 'Of office and the pane that raised it',
    office               LowCardinality(String) COMMENT 'Office',
    state                LowCardinality(String) COMMENT 'OPEN, CLEARED or RETRACTED',
    detector             LowCardinality(String) COMMENT 'Test that raised it, such as BURST or DRIFT',
    raised_at            DateTime64(3, 'UTC')   COMMENT 'End of the pane that raised it',
    updated_at           DateTime64(3, 'UTC')   COMMENT 'End of the window while open; when it was cleared, afterwards',
    cleared_at           Nullable(DateTime64(3, 'UTC')) COMMENT 'When it was cleared',
    window_start         DateTime64(3, 'UTC')   COMMENT 'Begin of the tested window: start of its first pane',
    window_end           DateTime64(3, 'UTC')   COMMENT 'End of the tested window, exclusive: end of its last pane',
    window_seconds       UInt32                 COMMENT 'Length of the tested window',
    opinions             UInt32                 COMMENT 'n: opinions in the window',
    dissatisfied         UInt32                 COMMENT 'k: dissatisfied opinions',
    enterprises          UInt32                 COMMENT 'Distinct enterprises behind k',
    baseline             Float64                COMMENT 'Expected share of dissatisfied opinions',
    baseline_strength    Float64                COMMENT 'Weight of the baseline, in opinions',
    expected             Float64                COMMENT 'n times baseline',
    tail_probability     Float64                COMMENT 'P(K >= k) under the baseline',
    adjusted_probability Float64                COMMENT 'After false-discovery control across offices',
    cusum                Float64                COMMENT 'Value of the drift statistic',
    drivers              Array(Tuple(name String, low_scores UInt32)) COMMENT 'Targets and reasons that stand out among the low scores',
    targets              Array(Tuple(target String, target_id String, scores UInt32, low_scores UInt32, expected Float64,
                                     tail_probability Float64, cusum Float64))
                                                COMMENT 'Teams and steps, each tested alone over the window',
    complaint_ids        Array(String)          COMMENT 'Complaints in the window',
    summary_vi           String                 COMMENT 'One sentence in Vietnamese',
    summary_en           String                 COMMENT 'One sentence in English',
    row_version          UInt64,
    log_epoch            UInt16,
    log_partition        UInt32,
    log_offset           UInt64,
    stored_at            DateTime('UTC') DEFAULT now()
)
ENGINE = ReplacingMergeTree(row_version)
ORDER BY (office, alert_id)
SETTINGS non_replicated_deduplication_window = 1000
COMMENT 'Spikes of dissatisfaction, with their evidence';

-- dead_letter: without key and value, which may hold personal data; they stay in the restricted topic.
--   engine     ReplacingMergeTree(row_version): worker and sink give one refused record the same id.
--   ORDER BY   the id.
--   partition  none: few rows.
CREATE TABLE IF NOT EXISTS dead_letter
(
    dead_letter_id   UUID                   COMMENT 'Of topic identity, partition and offset',
    stage            LowCardinality(String) COMMENT 'Component that refused it',
    source_topic     LowCardinality(String) COMMENT 'Topic it was read from, prefix included',
    source_identity  String                 COMMENT 'Identity of that topic, see log_epoch',
    source_partition UInt32                 COMMENT 'Its partition',
    source_offset    UInt64                 COMMENT 'Its offset',
    recorded_at      DateTime64(3, 'UTC')   COMMENT 'Kafka timestamp of the record',
    reason           LowCardinality(String) COMMENT 'Class of the fault',
    detail           String                 COMMENT 'Field and rule, never a value',
    schema_id        Nullable(UInt32)       COMMENT 'Writer schema id, where the frame could be read',
    value_size       UInt64                 COMMENT 'Size of the raw value, bytes',
    row_version      UInt64,
    log_epoch        UInt16,
    log_partition    UInt32,
    log_offset       UInt64,
    stored_at        DateTime('UTC') DEFAULT now()
)
ENGINE = ReplacingMergeTree(row_version)
ORDER BY dead_letter_id
SETTINGS non_replicated_deduplication_window = 1000
COMMENT 'Records that could not be processed';

-- dead_letter_action: one row for each dead letter and kind of action, the latest of its kind.
--   engine     ReplacingMergeTree(row_version): a repeated action replaces the earlier one.
--   ORDER BY   the dead letter, by which every query filters, then the id of the action.
--   partition  none: few rows.
CREATE TABLE IF NOT EXISTS dead_letter_action
(
    action_id          UUID                   COMMENT 'Of dead letter and action',
    dead_letter_id     UUID                   COMMENT 'The dead letter',
    action             LowCardinality(String) COMMENT 'REPLAYED: published again to its topic; DISCARDED: left as it is',
    acted_at           DateTime64(3, 'UTC')   COMMENT 'When',
    actor              String                 COMMENT 'Who: user of the operating system, or the name that was given',
    note               String                 COMMENT 'Why, in the actor''s words; empty for none',
    replayed_partition Nullable(UInt32)       COMMENT 'Partition of the record that was published again',
    replayed_offset    Nullable(UInt64)       COMMENT 'Its offset',
    row_version        UInt64,
    log_epoch          UInt16,
    log_partition      UInt32,
    log_offset         UInt64,
    stored_at          DateTime('UTC') DEFAULT now()
)
ENGINE = ReplacingMergeTree(row_version)
ORDER BY (dead_letter_id, action_id)
SETTINGS non_replicated_deduplication_window = 1000
COMMENT 'What people decided about dead letters';

CREATE MATERIALIZED VIEW IF NOT EXISTS position_of_rated_service TO log_position AS
SELECT 'rated-service' AS topic, log_epoch AS epoch, log_partition AS partition, log_offset AS offset,
       sipHash64(office, target, target_id, fact_id) AS identity,
       intDiv(toUInt64(substring(declaration_no, 1, 11)), 100000) AS era
FROM rated_service;

CREATE MATERIALIZED VIEW IF NOT EXISTS position_of_satisfaction TO log_position AS
SELECT 'satisfaction' AS topic, log_epoch AS epoch, log_partition AS partition, log_offset AS offset,
       sipHash64(target, office, target_id, window_end) AS identity, toYYYYMM(window_end) AS era
FROM satisfaction WHERE window_seconds = 300;

CREATE MATERIALIZED VIEW IF NOT EXISTS position_of_office_count TO log_position AS
SELECT 'office-count' AS topic, log_epoch AS epoch, log_partition AS partition, log_offset AS offset,
       sipHash64(office, pane_start) AS identity, toYYYYMM(pane_start) AS era
FROM office_count;

CREATE MATERIALIZED VIEW IF NOT EXISTS position_of_complaint TO log_position AS
SELECT 'complaint' AS topic, log_epoch AS epoch, log_partition AS partition, log_offset AS offset,
       sipHash64(office, complaint_id) AS identity, 0 AS era
FROM complaint;

CREATE MATERIALIZED VIEW IF NOT EXISTS position_of_alert TO log_position AS
SELECT 'alert' AS topic, log_epoch AS epoch, log_partition AS partition, log_offset AS offset,
       sipHash64(office, alert_id) AS identity, 0 AS era
FROM alert;

CREATE MATERIALIZED VIEW IF NOT EXISTS position_of_dead_letter TO log_position AS
SELECT 'dead-letter' AS topic, log_epoch AS epoch, log_partition AS partition, log_offset AS offset,
       sipHash64(dead_letter_id) AS identity, 0 AS era
FROM dead_letter;

CREATE MATERIALIZED VIEW IF NOT EXISTS position_of_dead_letter_action TO log_position AS
SELECT 'dead-letter-action' AS topic, log_epoch AS epoch, log_partition AS partition, log_offset AS offset,
       sipHash64(dead_letter_id, action_id) AS identity, 0 AS era
FROM dead_letter_action;
