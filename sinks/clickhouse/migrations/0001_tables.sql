-- Tables of hailong. Common to all:
--   * ReplacingMergeTree(row_version): a row that is sent again, in a newer version or after an unknown outcome, replaces
--     itself. row_version = epoch * 2^48 + version of the record (see 0006 in docs/adr).
--   * ORDER BY is the natural identity of a row and nothing else, so that copies of one thing meet and collapse.
--   * No PARTITION BY: copies in different partitions never meet, and no part of an identity is a time that cannot change.
--     The volumes do not need partitions for pruning; ageing is by TTL where a deployment wants it.
--   * epoch, partition, offset: which Kafka record the row was made from.
--   * non_replicated_deduplication_window: a block that is sent again with the same token is recognised (second layer).

CREATE TABLE IF NOT EXISTS log_epoch
(
    topic LowCardinality(String),
    topic_id String COMMENT 'cluster id and topic id: a recreated topic or a new broker has another one',
    epoch UInt16 COMMENT '1 for the first log of this topic, then 2, 3, ...',
    first_seen DateTime64(3, 'UTC') DEFAULT now64(3)
)
ENGINE = ReplacingMergeTree ORDER BY (topic, topic_id)
COMMENT 'Every log that was ever loaded. A few rows.';

CREATE TABLE IF NOT EXISTS log_position
(
    topic LowCardinality(String),
    epoch UInt16,
    partition UInt16,
    offset Int64
)
ENGINE = ReplacingMergeTree ORDER BY (topic, epoch, partition, offset)
SETTINGS non_replicated_deduplication_window = 1000
COMMENT 'Which Kafka records have their rows here. Filled by views on the tables, so no position is without its row.';

-- Sorted by declaration: the questions are about declarations (history, un-rated list, steps); 11 digits as a number
-- compress to almost nothing beside their neighbours.
CREATE TABLE IF NOT EXISTS declaration_status
(
    declaration UInt64 DEFAULT toUInt64OrZero(substring(declaration_no, 1, 11)) COMMENT '11 digits that stay when it is amended',
    event_id String,
    declaration_no String COMMENT '12 digits; the last counts amendments',
    status LowCardinality(String),
    occurred_at DateTime64(3, 'UTC'),
    office LowCardinality(String),
    team LowCardinality(String) COMMENT 'empty: none',
    step LowCardinality(String) COMMENT 'empty: none',
    official LowCardinality(String) COMMENT 'pseudonymous id; empty: none',
    channel LowCardinality(String) COMMENT 'GREEN, YELLOW, RED; empty: not said',
    kind LowCardinality(String) COMMENT 'declaration kind; empty: not said',
    tax_code String COMMENT 'empty: not said',
    source_message LowCardinality(String),
    row_version UInt64,
    epoch UInt16,
    partition UInt16,
    offset Int64
)
ENGINE = ReplacingMergeTree(row_version) ORDER BY (declaration, event_id)
SETTINGS non_replicated_deduplication_window = 1000
COMMENT 'One row for each status event. Of two contents under one id the one with the higher checksum stays.';

CREATE TABLE IF NOT EXISTS rating
(
    declaration UInt64 DEFAULT toUInt64OrZero(substring(declaration_no, 1, 11)),
    sheet_id String,
    revision UInt16,
    declaration_no String,
    tax_code String,
    submitted_at DateTime64(3, 'UTC'),
    phase LowCardinality(String),
    items UInt8 COMMENT 'how many scores it holds',
    has_comment Bool,
    comment_length UInt32 COMMENT 'characters; the text itself never leaves the topic',
    has_contact Bool,
    row_version UInt64,
    epoch UInt16,
    partition UInt16,
    offset Int64
)
ENGINE = ReplacingMergeTree(row_version) ORDER BY (declaration, sheet_id, revision)
SETTINGS non_replicated_deduplication_window = 1000
COMMENT 'One row for each revision of a rating sheet. No comment text, no contact.';

CREATE TABLE IF NOT EXISTS rating_item
(
    declaration UInt64,
    sheet_id String,
    revision UInt16,
    target LowCardinality(String),
    office LowCardinality(String),
    target_id LowCardinality(String),
    score UInt8,
    reason LowCardinality(String) COMMENT 'empty: none picked',
    submitted_at DateTime64(3, 'UTC'),
    row_version UInt64,
    epoch UInt16,
    partition UInt16,
    offset Int64
)
ENGINE = ReplacingMergeTree(row_version) ORDER BY (declaration, sheet_id, revision, target, office, target_id)
SETTINGS non_replicated_deduplication_window = 1000
COMMENT 'One row for each score of each revision. Inserted before its rating.';

-- Office first: nearly every question about facts names an office or groups by it.
CREATE TABLE IF NOT EXISTS rated_service
(
    fact_id UUID,
    version UInt64,
    state LowCardinality(String) COMMENT 'MATCHED, UNMATCHED, SUPERSEDED',
    declaration UInt64 DEFAULT toUInt64OrZero(substring(declaration_no, 1, 11)),
    sheet_id String,
    revision UInt16,
    declaration_no String,
    submitted_at DateTime64(3, 'UTC'),
    phase LowCardinality(String),
    target LowCardinality(String),
    office LowCardinality(String),
    target_id LowCardinality(String),
    score UInt8,
    reason LowCardinality(String),
    score_since Array(Int64) COMMENT 'for scores 1 to 5: epoch ms since when; 0: never',
    target_known Bool,
    has_comment Bool,
    has_contact Bool,
    tax_code String,
    declaration_office LowCardinality(String),
    declaration_team LowCardinality(String),
    status LowCardinality(String),
    channel LowCardinality(String),
    kind LowCardinality(String),
    status_count UInt32,
    registered_at Nullable(DateTime64(3, 'UTC')),
    permitted_at Nullable(DateTime64(3, 'UTC')),
    document_minutes Nullable(Int32) COMMENT 'working minutes',
    goods_minutes Nullable(Int32) COMMENT 'working minutes',
    clearance_minutes Nullable(Int32) COMMENT 'working minutes',
    on_time Nullable(Bool),
    row_version UInt64,
    epoch UInt16,
    partition UInt16,
    offset Int64
)
ENGINE = ReplacingMergeTree(row_version) ORDER BY (office, target, fact_id)
SETTINGS non_replicated_deduplication_window = 1000
COMMENT 'The joined fact: one rated target with its declaration as it stood when the sheet was sent.';

CREATE TABLE IF NOT EXISTS satisfaction
(
    target LowCardinality(String),
    office LowCardinality(String),
    target_id LowCardinality(String),
    window_seconds UInt32 COMMENT '300, 3600, 86400, 604800, 2592000',
    window_end DateTime64(3, 'UTC') COMMENT 'exclusive',
    n1 UInt32, n2 UInt32, n3 UInt32, n4 UInt32, n5 UInt32,
    version UInt64,
    row_version UInt64,
    epoch UInt16,
    partition UInt16,
    offset Int64
)
ENGINE = ReplacingMergeTree(row_version) ORDER BY (target, office, target_id, window_seconds, window_end)
SETTINGS non_replicated_deduplication_window = 1000
COMMENT 'Score counts of a target in the window that ends then: absolute values, for panes in which it was rated.';

CREATE TABLE IF NOT EXISTS office_count
(
    office LowCardinality(String),
    pane_start DateTime64(3, 'UTC'),
    opinions UInt32,
    dissatisfied UInt32,
    enterprises Array(String),
    drivers Map(String, UInt32),
    complaint_ids Array(String),
    version UInt64,
    row_version UInt64,
    epoch UInt16,
    partition UInt16,
    offset Int64
)
ENGINE = ReplacingMergeTree(row_version) ORDER BY (office, pane_start)
SETTINGS non_replicated_deduplication_window = 1000
COMMENT 'Opinions about an office in five minutes: the input of the spike detector.';

CREATE TABLE IF NOT EXISTS complaint
(
    complaint_id UUID,
    version UInt64,
    declaration UInt64 DEFAULT toUInt64OrZero(substring(declaration_no, 1, 11)),
    sheet_id String,
    office LowCardinality(String),
    declaration_no String,
    tax_code String,
    track LowCardinality(String),
    state LowCardinality(String),
    opened_at DateTime64(3, 'UTC'),
    first_deadline_at DateTime64(3, 'UTC'),
    first_deadline_rule LowCardinality(String),
    resolve_deadline_at DateTime64(3, 'UTC'),
    resolve_deadline_rule LowCardinality(String),
    lowest_score UInt8,
    low_targets Array(String) COMMENT 'TARGET:id, as long as low_scores and low_reasons',
    low_scores Array(UInt8),
    low_reasons Array(String),
    excluded_officials Array(String) COMMENT 'never handle this complaint',
    has_comment Bool,
    has_contact Bool,
    row_version UInt64,
    epoch UInt16,
    partition UInt16,
    offset Int64
)
ENGINE = ReplacingMergeTree(row_version) ORDER BY (complaint_id)
SETTINGS non_replicated_deduplication_window = 1000
COMMENT 'Follow-up of low scores on one sheet for one office.';

CREATE TABLE IF NOT EXISTS alert
(
    alert_id UUID,
    version UInt64,
    office LowCardinality(String),
    state LowCardinality(String) COMMENT 'OPEN, CLEARED, RETRACTED',
    detector LowCardinality(String) COMMENT 'BURST, DRIFT',
    raised_at DateTime64(3, 'UTC'),
    updated_at DateTime64(3, 'UTC'),
    cleared_at Nullable(DateTime64(3, 'UTC')),
    window_seconds UInt32,
    opinions UInt32,
    dissatisfied UInt32,
    enterprises UInt32,
    baseline Float64,
    baseline_strength Float64,
    expected Float64,
    tail_probability Float64,
    adjusted_probability Float64,
    cusum Float64,
    driver_names Array(String),
    driver_counts Array(UInt32),
    complaint_ids Array(String),
    summary_vi String,
    summary_en String,
    row_version UInt64,
    epoch UInt16,
    partition UInt16,
    offset Int64
)
ENGINE = ReplacingMergeTree(row_version) ORDER BY (alert_id)
SETTINGS non_replicated_deduplication_window = 1000
COMMENT 'Spikes of dissatisfaction, with their evidence.';

CREATE TABLE IF NOT EXISTS dead_letter
(
    dead_letter_id UUID,
    stage LowCardinality(String) COMMENT 'who refused it first that we heard of',
    origin_topic LowCardinality(String),
    origin_topic_id String,
    origin_partition UInt16,
    origin_offset Int64,
    recorded_at DateTime64(3, 'UTC'),
    reason LowCardinality(String),
    detail String COMMENT 'field and rule, never a value',
    schema_id Nullable(UInt32),
    value_size UInt64,
    row_version UInt64,
    epoch UInt16,
    partition UInt16,
    offset Int64
)
ENGINE = ReplacingMergeTree(row_version) ORDER BY (dead_letter_id)
SETTINGS non_replicated_deduplication_window = 1000
COMMENT 'Records that were set aside. The payload stays in the topic.';
