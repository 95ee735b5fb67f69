-- A sheet that is hidden because of a denunciation about another office, or because it was merged, leaves no trace at this
-- office: an alert whose counts differ from the opinions that are shown would be one.
CREATE OR REPLACE VIEW hidden_alert AS
SELECT a.alert_id AS alert_id
FROM (SELECT * FROM alert FINAL) AS a
LEFT JOIN (SELECT office, groupArray(submitted_at) AS sent FROM hidden_item WHERE NOT denounced GROUP BY office) AS h ON a.office = h.office
WHERE arrayExists(instant -> instant >= a.window_start AND instant < a.window_end, h.sent)
   OR arrayExists(one -> toUUIDOrZero(one) IN (SELECT complaint_id FROM hidden_case), a.complaint_ids)
COMMENT 'Alerts that views do not show';
