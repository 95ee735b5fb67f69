-- What analysts, heads of office and complaint handlers ask, about the busiest office where they ask about one.
-- A line `-- name: what it tells` begins each; above the line of dashes stand the ten main ones.

-- office_last_28_days: satisfaction of one office, day by day
SELECT toDate(window_end, 'Asia/Ho_Chi_Minh') AS day, argMax(n, window_end) AS opinions,
       round(100 * argMax(satisfied_share, window_end), 1) AS percent, round(100 * argMax(satisfied_low, window_end), 1) AS low
FROM v_satisfaction_over_time
WHERE target = 'OFFICE' AND office = %(office)s AND target_id = %(office)s AND window_seconds = 86400
  AND window_end > %(now)s - INTERVAL 28 DAY
GROUP BY day ORDER BY day;

-- office_ranking: all offices over the last 30 days
SELECT office_name, n, round(100 * satisfied_share, 1) AS percent, round(100 * satisfied_low, 1) AS low
FROM v_satisfaction_now WHERE target = 'OFFICE' AND window_seconds = 2592000 ORDER BY percent;

-- office_trend: rolling 30 days of one office, its year week by week
SELECT toMonday(window_end, 'Asia/Ho_Chi_Minh') AS week, argMax(n, window_end) AS opinions, argMax(mean, window_end) AS mean
FROM v_satisfaction_over_time
WHERE target = 'OFFICE' AND office = %(office)s AND target_id = %(office)s AND window_seconds = 2592000
GROUP BY week ORDER BY week;

-- processing_times: one office, the last three months
SELECT month, step_name, n, median_minutes, p90_minutes, p95_minutes, limit_minutes
FROM v_processing_times WHERE office = %(office)s AND month >= %(month)s - INTERVAL 2 MONTH ORDER BY month, step;

-- on_time_share: all offices in one month
SELECT office_name, step_name, n, round(100 * on_time_share, 1) AS percent
FROM v_processing_times WHERE month = %(month)s AND limit_minutes > 0 ORDER BY percent;

-- declaration_story: all that happened to one declaration
SELECT occurred_at, status, office, team, official, channel
FROM declaration_status FINAL WHERE declaration = %(declaration)s ORDER BY occurred_at;

-- open_complaints: of one office, the most urgent first
SELECT complaint_id, sheet_id, lowest_score, low_items, resolve_deadline_at, resolve_remaining_hours, resolve_overdue
FROM v_complaints WHERE office = %(office)s AND complaint_state = 'OPENED' ORDER BY resolve_deadline_at LIMIT 100;

-- recent_alerts: all offices, the last 28 days
SELECT raised_at, office_name, detector, opinions, dissatisfied_opinions, enterprises, tail_probability, drivers, summary_vi
FROM v_alerts WHERE raised_at > %(now)s - INTERVAL 28 DAY ORDER BY raised_at DESC;

-- low_score_reasons: of one office, the last 28 days
SELECT r.name_vi AS reason, count() AS low_scores
FROM (SELECT reason FROM rated_service FINAL
      WHERE office = %(office)s AND state = 'MATCHED' AND score <= 2 AND submitted_at > %(now)s - INTERVAL 28 DAY) AS f
LEFT JOIN reference_reason AS r ON f.reason = r.reason
GROUP BY reason ORDER BY low_scores DESC;

-- response_rate: all offices, the last three months
SELECT office_name, month, sum(declarations) AS registered, sum(rated_declarations) AS answered, round(100 * answered / registered, 2) AS percent
FROM v_response_rate_between(first = addMonths(toDate(%(month)s), -2), last = addMonths(toDate(%(month)s), 1))
GROUP BY office_name, month ORDER BY office_name, month;

-- ---------------------------------------------------------------------------------------------------------------------

-- processing_times_of_the_year: one office
SELECT month, step_name, n, median_minutes, on_time_share FROM v_processing_times WHERE office = %(office)s ORDER BY month, step;

-- response_rate_of_the_year: all offices
SELECT office_name, month, declarations, rated_declarations FROM v_response_rate_by_month ORDER BY office_name, month;

-- office_response_by_day: one office
SELECT day, declarations, rated_declarations FROM v_response_rate WHERE office = %(office)s ORDER BY day;

-- where_a_declaration_stands: one declaration
SELECT * FROM v_declarations WHERE declaration = %(declaration)s;

-- to_be_rated_by_an_enterprise: the list that it is shown
SELECT declaration_no, office_name, permitted_at FROM v_unrated_of_enterprise(tax_code = %(tax_code)s)
ORDER BY permitted_at DESC LIMIT 100;

-- opinions_of_an_office: how many at each level, by month
SELECT toStartOfMonth(submitted_at) AS month, level, count() AS opinions
FROM v_opinions_by_office WHERE office = %(office)s GROUP BY month, level ORDER BY month, level;

-- dissatisfied_opinions: the latest hundred of all offices
SELECT sheet_ids, declaration_no, tax_code, level, submitted_at FROM v_opinions WHERE dissatisfied
ORDER BY submitted_at DESC LIMIT 100;

-- everyone_now: every target of one office in all four windows
SELECT target, target_id, window_seconds, n, mean, satisfied_share, satisfied_low FROM v_satisfaction_now
WHERE office = %(office)s ORDER BY target, target_id, window_seconds;

-- officials_ranking: all officials over the last three months
SELECT office, target_id, n, fair_score_low
FROM v_fair_scores(first = addMonths(toDate(%(month)s), -2), last = addMonths(toDate(%(month)s), 1))
WHERE target = 'OFFICIAL' ORDER BY fair_score_low LIMIT 100;

-- open_dead_letters: what nobody has decided about
SELECT * FROM v_dead_letters_open ORDER BY recorded_at DESC LIMIT 100;
