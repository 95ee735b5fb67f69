CREATE OR REPLACE VIEW v_alert_targets
(
    alert_id         UUID                   COMMENT 'The alert; zeros: not shown',
    office           LowCardinality(String) COMMENT 'Office code',
    office_name      String                 COMMENT 'Vietnamese name of the office at the time of the row; empty: not in the reference data',
    alert_state      LowCardinality(String) COMMENT 'OPEN, CLEARED or RETRACTED',
    raised_at        DateTime64(3, 'UTC')   COMMENT 'End of the pane that raised the alert',
    raised_day       Date                   COMMENT 'Local day of raised_at',
    target           String                 COMMENT 'OFFICE, TEAM, STEP or OFFICIAL; here TEAM or STEP',
    target_id        String                 COMMENT 'Office, team, step or pseudonymous official',
    scores           UInt32                 COMMENT 'Number of scores',
    low_scores       UInt32                 COMMENT 'Number of low scores',
    expected         Float64                COMMENT 'Dissatisfied ones or low scores that are expected; low scores',
    tail_probability Float64                COMMENT 'Probability of so many or more under the baseline',
    cusum            Float64                COMMENT 'Value of the drift statistic'
)
AS
SELECT alert_id, office, office_name, alert_state, raised_at, raised_day, one.target AS target, one.target_id AS target_id, one.scores AS scores,
       one.low_scores AS low_scores, one.expected AS expected, one.tail_probability AS tail_probability, one.cusum AS cusum
FROM v_alerts
ARRAY JOIN targets AS one
COMMENT 'Teams and steps behind each alert, each tested alone';
