CREATE OR REPLACE VIEW v_alert_targets
(
    alert_id         UUID                   COMMENT 'The alert; zeros: not shown',
    office           LowCardinality(String) COMMENT 'Office code',
    office_name      String                 COMMENT 'Vietnamese name of the office at the time of the row; empty: not in the reference data',
    alert_state      LowCardinality(String) COMMENT 'OPEN, EASED (it is over) or RETRACTED (late data took it back)',
    raised_at        DateTime64(3, 'UTC')   COMMENT 'End of the pane that raised the alert',
    raised_day       Date                   COMMENT 'Local day of raised_at',
    target           String                 COMMENT 'OFFICE, TEAM, STEP or OFFICIAL; here TEAM or STEP',
    target_id        String                 COMMENT 'Office, team, step or pseudonymous official',
    target_name      String                 COMMENT 'Vietnamese name of the office, team or step',
    scores           UInt32                 COMMENT 'Number of scores',
    low_scores       UInt32                 COMMENT 'Number of low scores',
    expected         Float64                COMMENT 'Dissatisfied ones or low scores that are expected; low scores',
    tail_probability Float64                COMMENT 'Probability of so many or more under the baseline',
    cusum            Float64                COMMENT 'Value of the drift statistic'
)
AS
SELECT a.alert_id AS alert_id, a.office AS office, a.office_name AS office_name, a.alert_state AS alert_state, a.raised_at AS raised_at,
       a.raised_day AS raised_day, a.target AS target, a.target_id AS target_id, if(a.target = 'STEP', p.name_vi, t.name_vi) AS target_name,
       a.scores AS scores, a.low_scores AS low_scores, a.expected AS expected, a.tail_probability AS tail_probability, a.cusum AS cusum
FROM
(
    SELECT alert_id, office, office_name, alert_state, raised_at, raised_day, one.target AS target, one.target_id AS target_id,
           one.scores AS scores, one.low_scores AS low_scores, one.expected AS expected, one.tail_probability AS tail_probability,
           one.cusum AS cusum
    FROM v_alerts
    ARRAY JOIN targets AS one
) AS a
LEFT JOIN reference_step AS p ON a.target_id = p.step
ASOF LEFT JOIN reference_team AS t ON a.office = t.office AND a.target_id = t.team AND a.raised_day >= t.valid_from
COMMENT 'Teams and steps behind each alert, each tested alone';
