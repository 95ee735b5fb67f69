CREATE OR REPLACE VIEW v_case_events AS
SELECT complaint_id, office, unit AS responsible_unit, kind AS event_kind, occurred_at,
       toDate(occurred_at, 'Asia/Ho_Chi_Minh') AS occurred_day, action, actor_role, actor, refusal, state AS case_state, rule, due_at
FROM complaint_event FINAL
WHERE kind != 'RETRACTED'
COMMENT 'What happened to complaints, in the order asked for';
