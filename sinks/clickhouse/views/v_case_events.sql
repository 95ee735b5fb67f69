CREATE OR REPLACE VIEW v_case_events AS
SELECT complaint_id, office, unit, kind, occurred_at, action, actor_role, actor, refusal, state, rule, due_at
FROM complaint_event FINAL
WHERE kind != 'RETRACTED'
COMMENT 'What happened to complaints, in the order asked for';
