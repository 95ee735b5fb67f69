-- The id of an alert is computed from the office and the pane that raised it, so it tells that pane.
-- The key of the join is a text of its own, as in shown_pane.
CREATE OR REPLACE VIEW shown_alert AS
WITH
    instant -> toDateTime64(toStartOfDay(instant, 'Asia/Ho_Chi_Minh'), 3, 'UTC') AS day_begins_at,
    (SELECT groupArray((office, submitted_at)) FROM hidden_item) AS items
SELECT * EXCEPT (hides) REPLACE
(
    if(hides, toUUID('00000000-0000-0000-0000-000000000000'), alert_id) AS alert_id,
    if(hides, day_begins_at(raised_at), raised_at) AS raised_at,
    if(hides, day_begins_at(updated_at), updated_at) AS updated_at,
    if(hides, day_begins_at(cleared_at), cleared_at) AS cleared_at,
    if(hides, day_begins_at(window_start), window_start) AS window_start,
    if(hides, day_begins_at(window_end), window_end) AS window_end,
    if(hides, '', summary_vi) AS summary_vi,
    if(hides, '', summary_en) AS summary_en,
    if(hides, NULL, day_opinions) AS day_opinions,
    if(hides, NULL, day_dissatisfied) AS day_dissatisfied,
    if(hides, NULL, day_enterprises) AS day_enterprises,
    if(hides, NULL, chance_months) AS chance_months,
    if(hides, NULL, effective_opinions) AS effective_opinions,
    arrayFilter(one -> NOT hides AND NOT startsWith(one.name, 'OFFICIAL:'), drivers) AS drivers,
    arrayFilter(one -> NOT hides AND one.target != 'OFFICIAL', targets) AS targets,
    arrayFilter(one -> NOT hides, complaint_ids) AS complaint_ids
)
FROM
(
    SELECT a.* EXCEPT (row_version, log_epoch, log_partition, log_offset, stored_at),
           arrayExists(instant -> instant >= a.window_start AND instant < a.window_end, h.sent)
               OR arrayExists(one -> toUUIDOrZero(one) IN (SELECT complaint_id FROM protected_complaint), a.complaint_ids) AS hides
    FROM (SELECT * FROM alert FINAL PREWHERE alert_id NOT IN (SELECT alert_id FROM hidden_alert)) AS a
    LEFT JOIN
    (
        SELECT toString(tuple(item.1)) AS whose, groupArray(item.2) AS sent FROM (SELECT arrayJoin(items) AS item) GROUP BY whose
    ) AS h ON toString(tuple(a.office)) = h.whose
)
COMMENT 'alert, as views show it: where its window holds a hidden sheet, with whole days and without what stands out';
