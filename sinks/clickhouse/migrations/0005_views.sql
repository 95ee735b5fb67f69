-- Views for analysts. Their names and columns are stable and described in docs/data-dictionary.md. They read with FINAL, so
-- they are correct before the engine has merged anything. None shows text or contact, because no table holds them.
-- Days and months are those of Asia/Ho_Chi_Minh. Wilson intervals are for 95 % (z = 1.959964).

CREATE OR REPLACE VIEW v_office AS
SELECT code AS office, argMax(name_vi, valid_from) AS office_name, argMax(level, valid_from) AS level,
       argMax(department, valid_from) AS department, max(valid_from) AS since
FROM reference_office GROUP BY code
COMMENT 'Offices with their newest name';

CREATE OR REPLACE VIEW v_satisfaction_over_time AS
WITH 1.959963984540054 AS z
SELECT s.target AS target, s.office AS office, o.name_vi AS office_name, s.target_id AS target_id,
       s.window_seconds AS window_seconds, s.window_end AS window_end,
       score_1, score_2, score_3, score_4, score_5,
       score_1 + score_2 + score_3 + score_4 + score_5 AS n,
       if(n = 0, NULL, (score_1 + 2 * score_2 + 3 * score_3 + 4 * score_4 + 5 * score_5) / n) AS mean,
       if(n = 0, NULL, (score_4 + score_5) / n) AS satisfied,
       if(n = 0, NULL, (score_1 + score_2) / n) AS dissatisfied,
       (satisfied + z * z / (2 * n) - z * sqrt(satisfied * (1 - satisfied) / n + z * z / (4 * n * n))) / (1 + z * z / n) AS satisfied_low,
       (satisfied + z * z / (2 * n) + z * sqrt(satisfied * (1 - satisfied) / n + z * z / (4 * n * n))) / (1 + z * z / n) AS satisfied_high,
       (dissatisfied + z * z / (2 * n) - z * sqrt(dissatisfied * (1 - dissatisfied) / n + z * z / (4 * n * n))) / (1 + z * z / n) AS dissatisfied_low,
       (dissatisfied + z * z / (2 * n) + z * sqrt(dissatisfied * (1 - dissatisfied) / n + z * z / (4 * n * n))) / (1 + z * z / n) AS dissatisfied_high
FROM (SELECT *, toDate(window_end - INTERVAL 1 MILLISECOND, 'Asia/Ho_Chi_Minh') AS named_on FROM satisfaction FINAL) AS s
ASOF LEFT JOIN reference_office AS o ON s.office = o.code AND s.named_on >= o.valid_from
COMMENT 'Rolling satisfaction of every target at the end of each pane in which it was rated';

CREATE OR REPLACE VIEW v_satisfaction_now AS
WITH 1.959963984540054 AS z
SELECT w.target AS target, w.office AS office, o.name_vi AS office_name, w.target_id AS target_id,
       w.window_seconds AS window_seconds, w.as_of AS as_of,
       w.s1 AS score_1, w.s2 AS score_2, w.s3 AS score_3, w.s4 AS score_4, w.s5 AS score_5,
       w.s1 + w.s2 + w.s3 + w.s4 + w.s5 AS n,
       (w.s1 + 2 * w.s2 + 3 * w.s3 + 4 * w.s4 + 5 * w.s5) / n AS mean,
       (w.s4 + w.s5) / n AS satisfied,
       (w.s1 + w.s2) / n AS dissatisfied,
       (satisfied + z * z / (2 * n) - z * sqrt(satisfied * (1 - satisfied) / n + z * z / (4 * n * n))) / (1 + z * z / n) AS satisfied_low,
       (satisfied + z * z / (2 * n) + z * sqrt(satisfied * (1 - satisfied) / n + z * z / (4 * n * n))) / (1 + z * z / n) AS satisfied_high,
       (dissatisfied + z * z / (2 * n) - z * sqrt(dissatisfied * (1 - dissatisfied) / n + z * z / (4 * n * n))) / (1 + z * z / n) AS dissatisfied_low,
       (dissatisfied + z * z / (2 * n) + z * sqrt(dissatisfied * (1 - dissatisfied) / n + z * z / (4 * n * n))) / (1 + z * z / n) AS dissatisfied_high
FROM
(
    SELECT target, office, target_id, seconds AS window_seconds, any(newest) AS as_of,
           sum(score_1) AS s1, sum(score_2) AS s2, sum(score_3) AS s3, sum(score_4) AS s4, sum(score_5) AS s5,
           toDate(as_of, 'Asia/Ho_Chi_Minh') AS named_on
    FROM
    (
        SELECT *, (SELECT max(window_end) FROM satisfaction) AS newest FROM satisfaction FINAL
        WHERE satisfaction.window_seconds = 300
          AND window_end > (SELECT max(window_end) FROM satisfaction) - INTERVAL 30 DAY
    ) AS pane
    ARRAY JOIN [3600, 86400, 604800, 2592000] AS seconds
    WHERE window_end > newest - toIntervalSecond(seconds)
    GROUP BY target, office, target_id, seconds
    HAVING s1 + s2 + s3 + s4 + s5 > 0
) AS w
ASOF LEFT JOIN reference_office AS o ON w.office = o.code AND w.named_on >= o.valid_from
COMMENT 'Satisfaction of every target in the last hour, day, week and 30 days before the newest rating';

CREATE OR REPLACE VIEW v_opinions AS
SELECT r.declaration AS declaration, r.sheet_id AS sheet_id, r.declaration_no AS declaration_no, r.tax_code AS tax_code,
       r.revision AS revision, r.revisions AS revisions, r.first_submitted_at AS first_submitted_at,
       r.submitted_at AS submitted_at, r.phase AS phase, r.item_count AS item_count, r.level AS level,
       r.level >= 4 AS satisfied, r.level <= 2 AS dissatisfied,
       r.has_comment AS has_comment, r.comment_length AS comment_length, r.has_contact AS has_contact
FROM
(
    SELECT t.declaration AS declaration, t.sheet_id AS sheet_id, count() AS revisions, min(t.submitted_at) AS first_submitted_at,
           argMax((t.declaration_no, t.tax_code, t.revision, t.submitted_at, t.phase, t.item_count, t.lowest_score,
                   t.has_comment, t.comment_length, t.has_contact), t.revision) AS last,
           last.1 AS declaration_no, last.2 AS tax_code, last.3 AS revision, last.4 AS submitted_at, last.5 AS phase,
           last.6 AS item_count, last.7 AS level, last.8 AS has_comment, last.9 AS comment_length, last.10 AS has_contact
    FROM (SELECT *, declaration FROM rating FINAL) AS t
    GROUP BY t.declaration, t.sheet_id
) AS r
COMMENT 'One row a sheet: the lowest score of its latest revision is the level of the opinion';

CREATE OR REPLACE VIEW v_opinions_by_office AS
SELECT i.office AS office, o.name_vi AS office_name, i.declaration AS declaration, i.sheet_id AS sheet_id,
       i.submitted_at AS submitted_at, i.level AS level, i.level >= 4 AS satisfied, i.level <= 2 AS dissatisfied,
       i.items AS item_count
FROM
(
    SELECT office, declaration, sheet_id, max(item.submitted_at) AS submitted_at, min(item.score) AS level, count() AS items,
           toDate(max(item.submitted_at), 'Asia/Ho_Chi_Minh') AS named_on
    FROM (SELECT *, declaration FROM rating_item FINAL) AS item
    WHERE (declaration, sheet_id, revision, row_version) IN
    (
        SELECT declaration, sheet_id, max((revision, row_version)).1, max((revision, row_version)).2
        FROM rating FINAL GROUP BY declaration, sheet_id
    )
    GROUP BY office, declaration, sheet_id
) AS i
ASOF LEFT JOIN reference_office AS o ON i.office = o.code AND i.named_on >= o.valid_from
COMMENT 'One row a sheet and office: the lowest score that the latest revision gives to any target at the office';

CREATE OR REPLACE VIEW v_declarations AS
-- Of statuses of one instant the later one in this list is the latest, as in facts (docs/contract.md); of equal ones
-- whichever, but always the same. `place` is one number, because a tuple is compared much slower.
WITH
    [
        'PRE_REGISTERED', 'REGISTERED', 'CHANNEL_ASSIGNED', 'OFFICIAL_ASSIGNED', 'AMENDED_BY_DECLARANT',
        'AMENDED_BY_CUSTOMS', 'CUSTOMS_INSTRUCTION', 'DOCUMENTS_CHECKED', 'INSPECTION_REQUIRED',
        'INSPECTION_WITHDRAWN', 'GOODS_INSPECTED', 'RELEASE_REQUESTED', 'STORAGE_PERMITTED', 'RELEASED',
        'CLEARED', 'WAREHOUSE_IN', 'WAREHOUSE_OUT', 'POST_AMEND_REGISTERED', 'POST_AMEND_ACCEPTED',
        'POST_AMEND_REFUSED', 'CANCELLED', 'TAX_CONFIRMED', 'SUPERVISION_PASSED', 'OTHER'
    ] AS life,
    (occurred_at, status, event_id) -> toUnixTimestamp64Milli(occurred_at) * 1048576 + indexOf(life, status) * 32768
        + cityHash64(event_id) % 32768 AS place
SELECT d.declaration AS declaration, d.declaration_no AS declaration_no, d.tax_code AS tax_code, d.office AS office,
       o.name_vi AS office_name, d.kind AS kind, d.channel AS channel, d.status AS status, d.registered_at AS registered_at,
       d.permitted_at AS permitted_at, d.cancelled AS cancelled, d.statuses AS statuses
FROM
(
    SELECT s.declaration AS declaration, max(s.declaration_no) AS declaration_no,
           argMaxIf(s.tax_code, place(s.occurred_at, s.status, s.event_id), s.tax_code != '') AS tax_code,
           argMin(s.office, (s.status != 'REGISTERED', place(s.occurred_at, s.status, s.event_id))) AS office,
           argMaxIf(s.kind, place(s.occurred_at, s.status, s.event_id), s.kind != '') AS kind,
           argMaxIf(s.channel, place(s.occurred_at, s.status, s.event_id), s.channel != '') AS channel,
           argMax(s.status, place(s.occurred_at, s.status, s.event_id)) AS status,
           minOrNullIf(s.occurred_at, s.status = 'REGISTERED') AS registered_at,
           minOrNullIf(s.occurred_at, s.status IN (SELECT status FROM reference_status WHERE rateable = 'yes')) AS permitted_at,
           countIf(s.status = 'CANCELLED') > 0 AS cancelled,
           count() AS statuses,
           toDate(min(s.occurred_at), 'Asia/Ho_Chi_Minh') AS named_on
    FROM (SELECT *, declaration FROM declaration_status FINAL) AS s
    GROUP BY s.declaration
) AS d
ASOF LEFT JOIN reference_office AS o ON d.office = o.code AND d.named_on >= o.valid_from
COMMENT 'One row a declaration: where it was registered and where it stands';

CREATE OR REPLACE VIEW v_unrated_declarations AS
SELECT tax_code, declaration_no, declaration, office, office_name, kind, channel, status, registered_at, permitted_at
FROM v_declarations
WHERE permitted_at IS NOT NULL AND NOT cancelled AND declaration NOT IN (SELECT declaration FROM rating)
COMMENT 'Declarations that may be rated and are not: the list that an enterprise is shown; filter by tax_code';

CREATE OR REPLACE VIEW v_response_rate AS
SELECT office, any(office_name) AS office_name, toDate(assumeNotNull(registered_at), 'Asia/Ho_Chi_Minh') AS day,
       toStartOfMonth(day) AS month, count() AS declarations,
       countIf(declaration IN (SELECT declaration FROM rating)) AS rated, rated / declarations AS response_rate
FROM v_declarations
WHERE registered_at IS NOT NULL
GROUP BY office, day
COMMENT 'Declarations registered at an office on a day, and how many of them were rated since';

CREATE OR REPLACE VIEW v_response_rate_by_month AS
SELECT office, argMax(r.office_name, r.day) AS office_name, month, sum(r.declarations) AS declarations,
       sum(r.rated) AS rated, rated / declarations AS response_rate
FROM v_response_rate AS r
GROUP BY office, month
COMMENT 'As v_response_rate, by month';

CREATE OR REPLACE VIEW v_complaints AS
SELECT c.complaint_id AS complaint_id, c.office AS office, o.name_vi AS office_name, c.sheet_id AS sheet_id,
       c.declaration_no AS declaration_no, c.tax_code AS tax_code, c.track AS track, c.state AS state,
       c.opened_at AS opened_at, c.lowest_score AS lowest_score, c.low_items AS low_items,
       c.excluded_officials AS excluded_officials, c.has_comment AS has_comment, c.has_contact AS has_contact,
       c.first_deadline_at AS first_deadline_at, c.first_deadline_rule AS first_deadline_rule,
       c.resolve_deadline_at AS resolve_deadline_at, c.resolve_deadline_rule AS resolve_deadline_rule,
       if(c.state = 'OPENED', dateDiff('minute', now64(3, 'UTC'), c.first_deadline_at) / 60, NULL) AS first_remaining_hours,
       if(c.state = 'OPENED', dateDiff('minute', now64(3, 'UTC'), c.resolve_deadline_at) / 60, NULL) AS resolve_remaining_hours,
       c.state = 'OPENED' AND c.resolve_deadline_at < now64(3, 'UTC') AS overdue
FROM (SELECT *, toDate(opened_at, 'Asia/Ho_Chi_Minh') AS named_on FROM complaint FINAL) AS c
ASOF LEFT JOIN reference_office AS o ON c.office = o.code AND c.named_on >= o.valid_from
COMMENT 'Complaints with their deadlines; remaining hours are hours by the clock, the deadlines count working time';

CREATE OR REPLACE VIEW v_alerts AS
SELECT a.alert_id AS alert_id, a.office AS office, o.name_vi AS office_name, a.state AS state, a.detector AS detector,
       a.raised_at AS raised_at, a.updated_at AS updated_at, a.cleared_at AS cleared_at,
       a.window_start AS window_start, a.window_end AS window_end, a.window_seconds AS window_seconds,
       a.opinions AS opinions, a.dissatisfied AS dissatisfied,
       a.dissatisfied / nullIf(a.opinions, 0) AS dissatisfied_share, a.enterprises AS enterprises,
       a.baseline AS baseline, a.baseline_strength AS baseline_strength, a.expected AS expected,
       a.tail_probability AS tail_probability, a.adjusted_probability AS adjusted_probability, a.cusum AS cusum,
       a.drivers AS drivers, a.complaint_ids AS complaint_ids, a.summary_vi AS summary_vi, a.summary_en AS summary_en
FROM (SELECT *, toDate(raised_at, 'Asia/Ho_Chi_Minh') AS named_on FROM alert FINAL) AS a
ASOF LEFT JOIN reference_office AS o ON a.office = o.code AND a.named_on >= o.valid_from
COMMENT 'Spikes of dissatisfaction with the evidence to check them by hand';

CREATE OR REPLACE VIEW v_processing_times AS
SELECT p.office AS office, o.name_vi AS office_name, p.month AS month, p.step AS step, s.name_vi AS step_name,
       p.n AS n, p.median_minutes AS median_minutes, p.p90_minutes AS p90_minutes, p.p95_minutes AS p95_minutes,
       p.max_minutes AS max_minutes, s.limit_minutes AS limit_minutes,
       if(s.limit_minutes IS NULL, NULL, arrayCount(m -> m <= assumeNotNull(s.limit_minutes), p.minutes) / p.n) AS on_time
FROM
(
    SELECT declaration_office AS office, toStartOfMonth(toDate(submitted_at, 'Asia/Ho_Chi_Minh')) AS month,
           tupleElement(measure, 1) AS step, count() AS n, groupArray(assumeNotNull(tupleElement(measure, 2))) AS minutes,
           quantileExact(0.5)(tupleElement(measure, 2)) AS median_minutes,
           quantileExact(0.9)(tupleElement(measure, 2)) AS p90_minutes,
           quantileExact(0.95)(tupleElement(measure, 2)) AS p95_minutes,
           max(tupleElement(measure, 2)) AS max_minutes
    FROM
    (
        SELECT f.declaration AS declaration,
               argMax((f.declaration_office, f.submitted_at, f.document_minutes, f.goods_minutes, f.clearance_minutes), f.submitted_at) AS last,
               last.1 AS declaration_office, last.2 AS submitted_at,
               [('DOCUMENT_CHECK', last.3), ('GOODS_INSPECTION', last.4), ('CLEARANCE', last.5)] AS measures
        FROM (SELECT *, declaration FROM rated_service FINAL WHERE state = 'MATCHED') AS f
        GROUP BY f.declaration
    )
    ARRAY JOIN measures AS measure
    WHERE tupleElement(measure, 2) IS NOT NULL
    GROUP BY office, month, step
) AS p
LEFT JOIN reference_step AS s ON p.step = s.step
ASOF LEFT JOIN reference_office AS o ON p.office = o.code AND p.month >= o.valid_from
COMMENT 'Working minutes per step of rated declarations, by office and month of the rating'
