-- The latest action of a kind counts, whenever it came: by the time that it says, then by its id, so that any order of arrival
-- gives the same. An alert that views show without its id (zeros) has none: what people did would find it.
CREATE OR REPLACE VIEW handled_alert AS
SELECT alert_id,
       minOrNullIf(acted_at, action = 'ACKNOWLEDGED') AS acknowledged_at,
       argMaxIf(assignee, (acted_at, action_id), action = 'ASSIGNED') AS assignee,
       argMaxIf(action, (acted_at, action_id), action IN ('REAL', 'EXPLAINED', 'FALSE')) AS verdict,
       maxOrNullIf(acted_at, action IN ('REAL', 'EXPLAINED', 'FALSE')) AS verdict_at,
       argMaxIf(actor, (acted_at, action_id), action IN ('REAL', 'EXPLAINED', 'FALSE')) AS verdict_by
FROM (SELECT * FROM alert_action FINAL)
WHERE alert_id != toUUID('00000000-0000-0000-0000-000000000000')
GROUP BY alert_id
COMMENT 'What people did about alerts and judge of them, one row an alert with any action';
