-- Views for analysts. Their names and columns are stable; what they mean is in docs/data-dictionary.md.
-- FINAL in a view merges copies at reading, so a view is right before ClickHouse has merged anything.

CREATE OR REPLACE VIEW v_office AS
SELECT code AS office, argMax(name_vi, valid_from) AS office_name, argMax(department, valid_from) AS department
FROM ref_office GROUP BY code;

CREATE OR REPLACE VIEW v_facts AS
SELECT f.*, if(o.name_vi = '', f.office, o.name_vi) AS office_name
FROM (SELECT * FROM rated_service FINAL WHERE state != 'SUPERSEDED') AS f
ASOF LEFT JOIN ref_office AS o ON o.code = f.office AND f.submitted_at >= o.valid_from;

CREATE OR REPLACE VIEW v_opinions AS
SELECT declaration, sheet_id, any(office) AS first_office, max(f.submitted_at) AS submitted_at, any(f.phase) AS phase,
       min(score) AS level, level >= 4 AS satisfied, level <= 2 AS dissatisfied, count() AS items,
       any(f.tax_code) AS tax_code, any(f.channel) AS channel, any(f.kind) AS kind
FROM (SELECT * FROM rated_service FINAL WHERE state != 'SUPERSEDED') AS f
GROUP BY declaration, sheet_id;

CREATE OR REPLACE VIEW v_satisfaction_over_time AS
SELECT s.target AS target, s.office AS office, if(o.name_vi = '', s.office, o.name_vi) AS office_name,
       s.target_id AS target_id, s.window_seconds AS window_seconds, s.window_end AS window_end,
       n1 + n2 + n3 + n4 + n5 AS n,
       if(n = 0, NULL, (n1 + 2 * n2 + 3 * n3 + 4 * n4 + 5 * n5) / n) AS mean_score,
       if(n = 0, NULL, (n4 + n5) / n) AS satisfied_share,
       if(n = 0, NULL, (n1 + n2) / n) AS dissatisfied_share,
       -- Wilson score interval of the satisfied share, 95 % (z = 1.96)
       if(n = 0, NULL, (satisfied_share + 1.9208 / n - 1.96 * sqrt(satisfied_share * (1 - satisfied_share) / n + 0.9604 / (n * n))) / (1 + 3.8416 / n)) AS satisfied_low,
       if(n = 0, NULL, (satisfied_share + 1.9208 / n + 1.96 * sqrt(satisfied_share * (1 - satisfied_share) / n + 0.9604 / (n * n))) / (1 + 3.8416 / n)) AS satisfied_high,
       n1, n2, n3, n4, n5
FROM (SELECT * FROM satisfaction FINAL) AS s
ASOF LEFT JOIN ref_office AS o ON o.code = s.office AND s.window_end >= o.valid_from;

CREATE OR REPLACE VIEW v_satisfaction_now AS
SELECT * FROM v_satisfaction_over_time
ORDER BY window_end DESC LIMIT 1 BY target, office, target_id, window_seconds;

CREATE OR REPLACE VIEW v_declarations AS
SELECT declaration, max(declaration_no) AS declaration_no,
       argMax(s.office, s.occurred_at) AS office, argMaxIf(s.tax_code, s.occurred_at, s.tax_code != '') AS tax_code,
       argMaxIf(s.channel, s.occurred_at, s.channel != '') AS channel, argMaxIf(s.kind, s.occurred_at, s.kind != '') AS kind,
       minIf(s.occurred_at, s.status = 'REGISTERED') AS registered_at,
       minIf(s.occurred_at, s.status IN ('STORAGE_PERMITTED', 'RELEASED', 'CLEARED')) AS permitted_at,
       countIf(s.status = 'REGISTERED') > 0 AS registered,
       countIf(s.status IN ('STORAGE_PERMITTED', 'RELEASED', 'CLEARED')) > 0 AS permitted,
       argMax(s.status, s.occurred_at) AS last_status, max(s.occurred_at) AS last_status_at
FROM (SELECT * FROM declaration_status FINAL) AS s
GROUP BY declaration;

CREATE OR REPLACE VIEW v_response_rate AS
SELECT d.office AS office, if(o.office_name = '', d.office, o.office_name) AS office_name,
       toDate(d.registered_at, 'Asia/Ho_Chi_Minh') AS registered_on,
       count() AS registered, countIf(r.sheets > 0) AS rated, rated / registered AS response_rate
FROM (SELECT * FROM v_declarations WHERE registered) AS d
LEFT JOIN (SELECT declaration, count() AS sheets FROM rating GROUP BY declaration) AS r ON r.declaration = d.declaration
LEFT JOIN v_office AS o ON o.office = d.office
GROUP BY office, office_name, registered_on;

CREATE OR REPLACE VIEW v_unrated_declarations AS
SELECT d.tax_code AS tax_code, d.declaration_no AS declaration_no, d.office AS office,
       if(o.office_name = '', d.office, o.office_name) AS office_name, d.channel AS channel, d.kind AS kind,
       d.registered_at AS registered_at, if(d.permitted, d.permitted_at, NULL) AS permitted_at, d.last_status AS last_status
FROM (SELECT * FROM v_declarations WHERE registered AND last_status != 'CANCELLED') AS d
LEFT ANTI JOIN (SELECT DISTINCT declaration FROM rating) AS r ON r.declaration = d.declaration
LEFT JOIN v_office AS o ON o.office = d.office;

CREATE OR REPLACE VIEW v_complaints AS
SELECT c.complaint_id AS complaint_id, c.state AS state, c.track AS track, c.office AS office,
       if(o.name_vi = '', c.office, o.name_vi) AS office_name, c.declaration_no AS declaration_no, c.tax_code AS tax_code,
       c.sheet_id AS sheet_id, c.opened_at AS opened_at, c.lowest_score AS lowest_score, c.low_targets AS low_targets,
       c.low_scores AS low_scores, c.low_reasons AS low_reasons, c.excluded_officials AS excluded_officials,
       c.first_deadline_at AS first_deadline_at, c.first_deadline_rule AS first_deadline_rule,
       c.resolve_deadline_at AS resolve_deadline_at, c.resolve_deadline_rule AS resolve_deadline_rule,
       dateDiff('hour', now64(3), c.resolve_deadline_at) AS hours_left,
       c.state = 'OPENED' AND c.resolve_deadline_at < now64(3) AS overdue,
       c.has_comment AS has_comment, c.has_contact AS has_contact
FROM (SELECT * FROM complaint FINAL) AS c
ASOF LEFT JOIN ref_office AS o ON o.code = c.office AND c.opened_at >= o.valid_from;

CREATE OR REPLACE VIEW v_alerts AS
SELECT a.alert_id AS alert_id, a.state AS state, a.detector AS detector, a.office AS office,
       if(o.name_vi = '', a.office, o.name_vi) AS office_name, a.raised_at AS raised_at, a.updated_at AS updated_at,
       a.cleared_at AS cleared_at, a.window_seconds AS window_seconds, a.opinions AS opinions,
       a.dissatisfied AS dissatisfied, a.enterprises AS enterprises, a.expected AS expected, a.baseline AS baseline,
       a.baseline_strength AS baseline_strength, a.tail_probability AS tail_probability,
       a.adjusted_probability AS adjusted_probability, a.cusum AS cusum,
       arrayZip(a.driver_names, a.driver_counts) AS drivers, a.complaint_ids AS complaint_ids,
       a.summary_vi AS summary_vi, a.summary_en AS summary_en
FROM (SELECT * FROM alert FINAL WHERE state != 'RETRACTED') AS a
ASOF LEFT JOIN ref_office AS o ON o.code = a.office AND a.raised_at >= o.valid_from;

-- Working time as the facts have it: of rated declarations, once for each.
CREATE OR REPLACE VIEW v_processing_times AS
SELECT declaration_office AS office, channel, step, count() AS declarations,
       quantileExact(0.5)(minutes) AS median_minutes, quantileExact(0.9)(minutes) AS p90_minutes, max(minutes) AS max_minutes,
       any(limit_minutes) AS legal_limit_minutes, countIf(minutes <= limit_minutes) / declarations AS on_time_share
FROM (
    SELECT declaration_office, channel, p.1 AS step, p.2 AS minutes
    FROM (SELECT declaration, argMax(f.declaration_office, f.submitted_at) AS declaration_office,
                 argMax(f.channel, f.submitted_at) AS channel,
                 argMax(tuple(f.document_minutes), f.submitted_at).1 AS documents,
                 argMax(tuple(f.goods_minutes), f.submitted_at).1 AS goods,
                 argMax(tuple(f.clearance_minutes), f.submitted_at).1 AS clearance
          FROM (SELECT * FROM rated_service FINAL WHERE state = 'MATCHED') AS f GROUP BY declaration)
    ARRAY JOIN [('DOCUMENT_CHECK', documents), ('GOODS_INSPECTION', goods), ('REGISTRATION_TO_PERMISSION', clearance)] AS p
) AS t
LEFT JOIN ref_step AS l ON l.step = t.step
WHERE minutes IS NOT NULL
GROUP BY office, channel, step;
