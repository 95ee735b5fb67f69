CREATE TABLE IF NOT EXISTS alert_action ON CLUSTER `customs`
(
    action_id     String                 COMMENT 'Given by its sender',
    alert_id      UUID                   COMMENT 'The alert',
    action        LowCardinality(String) COMMENT 'ACKNOWLEDGED, ASSIGNED, or a verdict: REAL, EXPLAINED, FALSE',
    acted_at      DateTime64(3, 'UTC')   COMMENT 'When',
    actor         LowCardinality(String) COMMENT 'Pseudonymous id of the official who did it',
    assignee      LowCardinality(String) COMMENT 'ASSIGNED: pseudonymous id of the official who is to look into it',
    text_length   UInt32                 COMMENT 'Length of its text, in characters',
    row_version   UInt64,
    log_epoch     UInt16,
    log_partition UInt32,
    log_offset    UInt64,
    stored_at     DateTime('UTC') DEFAULT now()
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}', row_version)
ORDER BY (alert_id, action_id)
SETTINGS replicated_deduplication_window = 1000, replicated_deduplication_window_seconds = 604800
COMMENT 'What people did about alerts and judged of them, without their text';

CREATE MATERIALIZED VIEW IF NOT EXISTS position_of_alert_action ON CLUSTER `customs` TO log_position AS
SELECT 'alert-action' AS topic, log_epoch AS epoch, log_partition AS partition, log_offset AS offset,
       sipHash64(alert_id, action_id) AS identity, 0 AS era
FROM alert_action;

