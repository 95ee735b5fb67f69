-- What people decided about dead letters (`hailong dlq replay`, `hailong dlq discard`).

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

CREATE MATERIALIZED VIEW IF NOT EXISTS position_of_dead_letter_action TO log_position AS
SELECT 'dead-letter-action' AS topic, log_epoch AS epoch, log_partition AS partition, log_offset AS offset,
       sipHash64(dead_letter_id, action_id) AS identity
FROM dead_letter_action;

CREATE OR REPLACE VIEW v_dead_letters_open AS
SELECT l.dead_letter_id AS dead_letter_id, l.recorded_at AS recorded_at, l.reason AS reason, l.detail AS detail,
       l.stage AS stage, l.source_topic AS source_topic, l.source_partition AS source_partition,
       l.source_offset AS source_offset, l.schema_id AS schema_id, l.value_size AS value_size
FROM (SELECT * FROM dead_letter FINAL) AS l
LEFT ANTI JOIN (SELECT dead_letter_id FROM dead_letter_action FINAL) AS a ON l.dead_letter_id = a.dead_letter_id
COMMENT 'Dead letters about which nobody has decided yet';
