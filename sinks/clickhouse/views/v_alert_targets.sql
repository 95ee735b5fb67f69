CREATE OR REPLACE VIEW v_alert_targets AS
SELECT alert_id, office, office_name, alert_state, raised_at, raised_day, one.target AS target, one.target_id AS target_id, one.scores AS scores,
       one.low_scores AS low_scores, one.expected AS expected, one.tail_probability AS tail_probability, one.cusum AS cusum
FROM v_alerts
ARRAY JOIN targets AS one
COMMENT 'Teams and steps behind each alert, each tested alone';
