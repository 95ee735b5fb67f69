-- An action that is refused is no rating, and a case that is protected shows none.
CREATE OR REPLACE VIEW shown_handling AS
SELECT complaint_id, acted_at, action_id, score
FROM
(
    SELECT complaint_id, acted_at, action_id, score FROM complaint_action FINAL
    PREWHERE complaint_id NOT IN (SELECT complaint_id FROM hidden_case)
    WHERE action = 'RATE_HANDLING' AND score IS NOT NULL
)
WHERE complaint_id NOT IN (SELECT complaint_id FROM protected_complaint)
  AND (complaint_id, action_id) IN (SELECT complaint_id, action_id FROM complaint_event FINAL WHERE kind = 'ACCEPTED' AND action = 'RATE_HANDLING')
COMMENT 'How enterprises rated the handling of cases, rating by rating, as views show it'
