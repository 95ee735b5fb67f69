CREATE OR REPLACE VIEW shown_complaint AS
WITH
    instant -> toDateTime64(toStartOfDay(instant, 'Asia/Ho_Chi_Minh'), 3, 'UTC') AS day_begins_at,
    instant -> toDateTime64(toStartOfDay(instant - toIntervalMillisecond(1), 'Asia/Ho_Chi_Minh'), 3, 'UTC') + toIntervalMillisecond(86399999) AS day_ends_at
SELECT * EXCEPT (alias, excluded_officials) REPLACE
(
    if(protected, alias, complaint_id) AS complaint_id,
    if(protected, '', declaration_no) AS declaration_no,
    if(protected, '', sheet_id) AS sheet_id,
    if(protected, '', tax_code) AS tax_code,
    if(protected, day_begins_at(opened_at), opened_at) AS opened_at,
    if(protected, day_begins_at(changed_at), changed_at) AS changed_at,
    -- Both tell whether the sheet had words, and when they came.
    if(protected, day_ends_at(opened_at), first_deadline_at) AS first_deadline_at,
    if(protected, '', first_deadline_rule) AS first_deadline_rule,
    if(protected, day_ends_at(opened_at), resolve_deadline_at) AS resolve_deadline_at,
    if(protected, '', resolve_deadline_rule) AS resolve_deadline_rule,
    if(protected, NULL, lowest_score) AS lowest_score,
    if(protected, NULL, has_comment) AS has_comment,
    if(protected, NULL, has_contact) AS has_contact,
    if(protected, '', priority) AS priority,
    if(protected, [], priority_reasons) AS priority_reasons,
    if(protected, '', case_track) AS case_track,
    if(protected, NULL, content_since) AS content_since,
    arrayMap(one -> CAST((one.target, if(one.target = 'OFFICIAL', '', one.target_id), one.score, one.reason),
                         'Tuple(target String, target_id String, score UInt8, reason String)'),
             arrayFilter(one -> NOT protected, low_items)) AS low_items
)
FROM
(
    SELECT c.* EXCEPT (row_version, log_epoch, log_partition, log_offset, stored_at), p.alias AS alias, p.is_protected AS protected
    FROM (SELECT * FROM complaint FINAL PREWHERE complaint_id NOT IN (SELECT complaint_id FROM hidden_case)) AS c
    LEFT JOIN (SELECT complaint_id, alias, true AS is_protected FROM protected_complaint FINAL) AS p ON c.complaint_id = p.complaint_id
)
COMMENT 'complaint, as views show it: denunciations without identity and with whole days, officials without their ids';
