-- A retracted alert is left out: late data took it back, so there is nothing to judge. EXPLAINED counts as judged and not as
-- real: opinions did rise, but nobody at the office could have acted on it.
CREATE OR REPLACE VIEW v_alert_precision
(
    office           LowCardinality(String) COMMENT 'Office code',
    office_name      String                 COMMENT 'Vietnamese name of the office at the time of the row; empty: not in the reference data',
    detector         LowCardinality(String) COMMENT 'Test that raised the alert, such as BURST or DRIFT',
    month            Date                   COMMENT 'First day of the local month; of raised_at',
    alerts           UInt64                 COMMENT 'Number of alerts that were not retracted',
    judged_alerts    UInt64                 COMMENT 'Alerts that have a verdict',
    real_alerts      UInt64                 COMMENT 'Alerts whose latest verdict is REAL',
    explained_alerts UInt64                 COMMENT 'Alerts whose latest verdict is EXPLAINED',
    false_alerts     UInt64                 COMMENT 'Alerts whose latest verdict is FALSE',
    precision        Nullable(Float64)      COMMENT 'Share of the judged alerts that are real, 0 to 1; NULL: none is judged',
    precision_low    Nullable(Float64)      COMMENT 'Lower end of the Wilson 95 % interval of precision',
    precision_high   Nullable(Float64)      COMMENT 'Upper end of the Wilson 95 % interval of precision'
)
AS
WITH 1.959963984540054 AS z
SELECT office, argMax(c.office_name, c.raised_at) AS office_name, detector, c.begins AS month,
       count() AS alerts, countIf(c.verdict != '') AS judged_alerts, countIf(c.verdict = 'REAL') AS real_alerts,
       countIf(c.verdict = 'EXPLAINED') AS explained_alerts, countIf(c.verdict = 'FALSE') AS false_alerts,
       if(judged_alerts = 0, NULL, real_alerts / judged_alerts) AS precision,
       (precision + z * z / (2 * judged_alerts) - z * sqrt(precision * (1 - precision) / judged_alerts + z * z / (4 * judged_alerts * judged_alerts))) / (1 + z * z / judged_alerts) AS precision_low,
       (precision + z * z / (2 * judged_alerts) + z * sqrt(precision * (1 - precision) / judged_alerts + z * z / (4 * judged_alerts * judged_alerts))) / (1 + z * z / judged_alerts) AS precision_high
FROM (SELECT *, toStartOfMonth(raised_day) AS begins FROM v_alerts WHERE alert_state != 'RETRACTED') AS c
GROUP BY office, detector, month
COMMENT 'How often the alerts of an office and test were real, by the verdicts of people';
