-- A sheet that is hidden because of a denunciation about another office, or because it was merged, leaves no trace at this
-- office: an alert whose counts differ from the opinions that are shown would be one.
CREATE OR REPLACE VIEW hidden_alert AS
WITH
    (SELECT groupArray((office, submitted_at)) FROM hidden_item WHERE NOT denounced) AS items,
    (SELECT groupArray(complaint_id) FROM hidden_case) AS cases
SELECT a.alert_id AS alert_id
FROM (SELECT * FROM alert FINAL) AS a
LEFT JOIN
(
    SELECT item.1 AS office, groupArray(item.2) AS sent FROM (SELECT arrayJoin(items) AS item) GROUP BY office
) AS h ON a.office = h.office
WHERE arrayExists(instant -> instant >= a.window_start AND instant < a.window_end, h.sent)
   OR arrayExists(one -> toUUIDOrZero(one) IN (SELECT arrayJoin(cases)), a.complaint_ids)
COMMENT 'Alerts that views do not show';
