-- Facts keep whether their target was known when they were made; names and dates may have changed since.
CREATE OR REPLACE VIEW v_target_known_outdated
(
    office              LowCardinality(String) COMMENT 'Office code',
    target              LowCardinality(String) COMMENT 'OFFICE, TEAM, STEP or OFFICIAL',
    team                String                 COMMENT 'Team; empty: the office itself',
    known_now           Bool                   COMMENT 'Whether office and team are in the reference data of now',
    facts               UInt64                 COMMENT 'Number of facts',
    first_submitted_at  DateTime64(3, 'UTC')   COMMENT 'When the first one was sent',
    first_submitted_day Date                   COMMENT 'Local day of first_submitted_at',
    last_submitted_at   DateTime64(3, 'UTC')   COMMENT 'When the latest one was sent',
    last_submitted_day  Date                   COMMENT 'Local day of last_submitted_at'
)
AS
SELECT f.office AS office, f.target AS target, if(f.target = 'TEAM', f.target_id, '') AS team, f.known_now AS known_now,
       count() AS facts, min(f.submitted_at) AS first_submitted_at, toDate(first_submitted_at, 'Asia/Ho_Chi_Minh') AS first_submitted_day,
       max(f.submitted_at) AS last_submitted_at, toDate(last_submitted_at, 'Asia/Ho_Chi_Minh') AS last_submitted_day
FROM
(
    SELECT r.office AS office, r.target AS target, r.target_id AS target_id, r.submitted_at AS submitted_at,
           r.target_known AS target_known,
           arrayExists(one -> one.1 <= r.day AND (one.2 IS NULL OR r.day < one.2), o.spans)
               AND (r.target != 'TEAM' OR r.target_id = '00'
                    OR arrayExists(one -> one.1 <= r.day AND (one.2 IS NULL OR r.day < one.2), t.spans)) AS known_now
    FROM (SELECT *, toDate(submitted_at, 'Asia/Ho_Chi_Minh') AS day FROM shown_fact) AS r
    LEFT JOIN (SELECT code, groupArray((valid_from, valid_to)) AS spans FROM reference_office GROUP BY code) AS o
        ON r.office = o.code
    LEFT JOIN (SELECT office, team, groupArray((valid_from, valid_to)) AS spans FROM reference_team GROUP BY office, team) AS t
        ON r.office = t.office AND r.target_id = t.team
) AS f
WHERE f.target_known != f.known_now
GROUP BY office, target, team, known_now
COMMENT 'Facts that were made with other reference data than the tables hold: known_now is what a new fact would say';
