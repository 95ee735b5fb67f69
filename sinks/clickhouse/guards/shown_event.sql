-- What time and the sheet did to a denunciation is hidden, but for its own limits: it tells whether the sheet had words (shown_case).
-- RATED_OFFICIAL: that an official was refused because the sheet rates him would tell who was rated.
CREATE OR REPLACE VIEW shown_event AS
WITH
    instant -> toDateTime64(toStartOfDay(instant, 'Asia/Ho_Chi_Minh'), 3, 'UTC') AS day_begins_at,
    instant -> toDateTime64(toStartOfDay(instant - toIntervalMillisecond(1), 'Asia/Ho_Chi_Minh'), 3, 'UTC') + toIntervalMillisecond(86399999) AS day_ends_at
SELECT * EXCEPT (alias) REPLACE
(
    if(protected, alias, complaint_id) AS complaint_id,
    if(protected, '', unit) AS unit,
    if(protected, day_begins_at(occurred_at), occurred_at) AS occurred_at,
    if(protected, day_ends_at(due_at), due_at) AS due_at,
    if(protected OR refusal = 'RATED_OFFICIAL', '', actor) AS actor
)
FROM
(
    SELECT e.* EXCEPT (event_id, action_id, row_version, log_epoch, log_partition, log_offset, stored_at),
           p.alias AS alias, p.is_protected AS protected
    FROM (SELECT * FROM complaint_event FINAL PREWHERE complaint_id NOT IN (SELECT complaint_id FROM hidden_case)) AS e
    LEFT JOIN (SELECT complaint_id, alias, true AS is_protected FROM protected_complaint FINAL) AS p ON e.complaint_id = p.complaint_id
    WHERE e.kind != 'RETRACTED'
      AND NOT (protected AND e.kind IN ('REMINDER', 'OVERDUE', 'ESCALATED', 'NO_REPLY', 'SHEET_CHANGED') AND NOT startsWith(e.rule, 'DENUNCIATION'))
)
COMMENT 'complaint_event, as views show it: of denunciations neither identity nor times of day';
