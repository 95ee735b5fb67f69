-- Limits before and after the denunciation tell whether its sheet had words: those of a signal are others than those of feedback,
-- and only feedback rises to the unit above by itself. So unit, level and all limits but its own are hidden.
-- The other columns of a denunciation are what the office does about it. Its score, its sender's words and the officials whom
-- it names are the sender's.
CREATE OR REPLACE VIEW shown_case AS
WITH
    instant -> toDateTime64(toStartOfDay(instant, 'Asia/Ho_Chi_Minh'), 3, 'UTC') AS day_begins_at,
    -- A deadline at midnight belongs to the day before.
    instant -> toDateTime64(toStartOfDay(instant - toIntervalMillisecond(1), 'Asia/Ho_Chi_Minh'), 3, 'UTC') + toIntervalMillisecond(86399999) AS day_ends_at
SELECT * EXCEPT (alias, excluded_officials) REPLACE
(
    if(protected, alias, complaint_id) AS complaint_id,
    if(protected, '', unit) AS unit,
    if(protected, 0, level) AS level,
    if(protected, '', declaration_no) AS declaration_no,
    if(protected, '', sheet_id) AS sheet_id,
    if(protected, '', tax_code) AS tax_code,
    if(protected, '', priority) AS priority,
    if(protected, [], priority_reasons) AS priority_reasons,
    if(protected, NULL, lowest_score) AS lowest_score,
    if(protected, day_begins_at(opened_at), opened_at) AS opened_at,
    if(protected, day_begins_at(changed_at), changed_at) AS changed_at,
    if(protected, day_begins_at(acknowledged_at), acknowledged_at) AS acknowledged_at,
    if(protected, day_begins_at(resolved_at), resolved_at) AS resolved_at,
    if(protected, day_begins_at(answered_at), answered_at) AS answered_at,
    if(protected, day_begins_at(closed_at), closed_at) AS closed_at,
    if(protected, day_begins_at(erased_at), erased_at) AS erased_at,
    if(protected, day_ends_at(next_due_at), next_due_at) AS next_due_at,
    if(protected, '', merged_into) AS merged_into,
    if(protected, [], absorbed) AS absorbed,
    if(protected,
       arrayMap(k -> CAST((k.rule, k.track, k.phase, day_begins_at(k.started_at), day_ends_at(k.due_at), day_begins_at(k.paused_at), k.extended_by,
                           day_begins_at(k.met_at), day_begins_at(k.ended_at)),
                          'Tuple(rule String, track String, phase String, started_at DateTime64(3, \'UTC\'),
                                 due_at Nullable(DateTime64(3, \'UTC\')), paused_at Nullable(DateTime64(3, \'UTC\')), extended_by Int64,
                                 met_at Nullable(DateTime64(3, \'UTC\')), ended_at Nullable(DateTime64(3, \'UTC\')))'),
                arrayFilter(k -> k.track = 'DENUNCIATION', clocks)),
       clocks) AS clocks,
    if(protected,
       toUInt16(arrayCount(k -> k.track = 'DENUNCIATION' AND ifNull(k.due_at < coalesce(k.met_at, k.ended_at, k.paused_at, now64(3, 'UTC')), false), clocks)),
       overdue) AS overdue
)
FROM
(
    SELECT c.* EXCEPT (row_version, log_epoch, log_partition, log_offset, stored_at), p.alias AS alias, p.is_protected AS protected
    FROM (SELECT * FROM complaint_case FINAL PREWHERE complaint_id NOT IN (SELECT complaint_id FROM hidden_case)) AS c
    LEFT JOIN (SELECT complaint_id, alias, true AS is_protected FROM protected_complaint FINAL) AS p ON c.complaint_id = p.complaint_id
)
COMMENT 'complaint_case, as views show it: denunciations without identity and with whole days';
