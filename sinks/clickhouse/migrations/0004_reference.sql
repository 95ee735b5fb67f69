-- Reference data of schemas/reference/data, with the site's own file (HAILONG_REFERENCE_FILE) laid over it, so that
-- analysts can join names. `hailong migrate` loads a table again when its rows have changed: into a new table that
-- replaces the old one at once.
--   engine     MergeTree: a few hundred rows, replaced as a whole.
--   ORDER BY   the code, then the beginning of validity: names are looked up by code and date (ASOF JOIN).
--   partition  none.
CREATE TABLE IF NOT EXISTS reference_office
(
    code       LowCardinality(String) COMMENT 'Office code',
    level      LowCardinality(String) COMMENT 'REGION, DEPARTMENT, OFFICE or DIVISION',
    department LowCardinality(String) COMMENT 'First two digits of the code; empty for a region',
    name_vi    String                 COMMENT 'Name in that period',
    valid_from Date                   COMMENT 'First day of this version',
    valid_to   Nullable(Date)         COMMENT 'First day on which it is no longer valid; NULL: still valid',
    parent     String                 COMMENT 'Unit above',
    successor  String                 COMMENT 'Office that took over',
    confidence LowCardinality(String) COMMENT 'C confirmed, P probable, U unverified',
    source     String                 COMMENT 'Where the row was found',
    origin     LowCardinality(String) COMMENT 'PACKAGE, SITE (added by the file of the site) or CORRECTED (by it)'
)
ENGINE = MergeTree ORDER BY (code, valid_from)
COMMENT 'Customs offices, one row a version';

CREATE TABLE IF NOT EXISTS reference_team
(
    office     LowCardinality(String) COMMENT 'Office code',
    team       LowCardinality(String) COMMENT 'Team code',
    name_vi    String                 COMMENT 'Name in that period',
    valid_from Date                   COMMENT 'First day of this version',
    valid_to   Nullable(Date)         COMMENT 'First day on which it is no longer valid; NULL: still valid',
    confidence LowCardinality(String) COMMENT 'C confirmed, P probable, U unverified',
    source     String                 COMMENT 'Where the row was found',
    origin     LowCardinality(String) COMMENT 'PACKAGE, SITE (added by the file of the site) or CORRECTED (by it)'
)
ENGINE = MergeTree ORDER BY (office, team, valid_from)
COMMENT 'Teams of offices, one row a version';

CREATE TABLE IF NOT EXISTS reference_status
(
    status     LowCardinality(String) COMMENT 'Status',
    name_vi    String                 COMMENT 'Vietnamese name',
    name_en    String                 COMMENT 'English name',
    direction  LowCardinality(String) COMMENT 'IMPORT, EXPORT or BOTH',
    rateable   LowCardinality(String) COMMENT 'yes: after it a rating may be opened',
    confidence LowCardinality(String) COMMENT 'C confirmed, P probable, U unverified'
)
ENGINE = MergeTree ORDER BY status
COMMENT 'Statuses of declarations';

CREATE TABLE IF NOT EXISTS reference_rating_scale
(
    score   UInt8                  COMMENT '1 to 5',
    name_vi String                 COMMENT 'Vietnamese name',
    name_en String                 COMMENT 'English name',
    group   LowCardinality(String) COMMENT 'SATISFIED, NEUTRAL or DISSATISFIED'
)
ENGINE = MergeTree ORDER BY score
COMMENT 'The five scores';

CREATE TABLE IF NOT EXISTS reference_kind
(
    code       LowCardinality(String) COMMENT 'Declaration kind',
    direction  LowCardinality(String) COMMENT 'IMPORT or EXPORT',
    name_vi    String                 COMMENT 'Vietnamese name',
    name_en    String                 COMMENT 'English name',
    valid_from Date                   COMMENT 'First day of this version',
    valid_to   Nullable(Date)         COMMENT 'First day on which it is no longer valid; NULL: still valid',
    confidence LowCardinality(String) COMMENT 'C confirmed, P probable, U unverified'
)
ENGINE = MergeTree ORDER BY (code, direction, valid_from)
COMMENT 'Declaration kinds';

CREATE TABLE IF NOT EXISTS reference_step
(
    step          LowCardinality(String) COMMENT 'Procedure step',
    name_vi       String                 COMMENT 'Vietnamese name',
    name_en       String                 COMMENT 'English name',
    limit_minutes Nullable(UInt32)       COMMENT 'Legal limit in working minutes; NULL: none known',
    clock_starts  String                 COMMENT 'What starts the limit'
)
ENGINE = MergeTree ORDER BY step
COMMENT 'Procedure steps and their legal limits';

CREATE TABLE IF NOT EXISTS reference_reason
(
    reason  LowCardinality(String) COMMENT 'Reason code',
    factor  LowCardinality(String) COMMENT 'Factor of service quality',
    name_vi String                 COMMENT 'Vietnamese name',
    name_en String                 COMMENT 'English name'
)
ENGINE = MergeTree ORDER BY reason
COMMENT 'Reasons for a low score';

CREATE TABLE IF NOT EXISTS reference_channel
(
    channel LowCardinality(String) COMMENT 'Channel',
    name_vi String                 COMMENT 'Vietnamese name',
    name_en String                 COMMENT 'English name',
    what    String                 COMMENT 'What customs checks'
)
ENGINE = MergeTree ORDER BY channel
COMMENT 'Control channels';

-- Facts keep whether their target was known when they were made; names and dates may have changed since.
CREATE OR REPLACE VIEW v_target_known_outdated AS
SELECT f.office AS office, f.target AS target, if(f.target = 'TEAM', f.target_id, '') AS team, f.known_now AS known_now,
       count() AS facts, min(f.submitted_at) AS first_submitted_at, max(f.submitted_at) AS last_submitted_at
FROM
(
    SELECT r.office AS office, r.target AS target, r.target_id AS target_id, r.submitted_at AS submitted_at,
           r.target_known AS target_known,
           arrayExists(one -> one.1 <= r.day AND (one.2 IS NULL OR r.day < one.2), o.spans)
               AND (r.target != 'TEAM' OR r.target_id = '00'
                    OR arrayExists(one -> one.1 <= r.day AND (one.2 IS NULL OR r.day < one.2), t.spans)) AS known_now
    FROM (SELECT *, toDate(submitted_at, 'Asia/Ho_Chi_Minh') AS day FROM rated_service FINAL) AS r
    LEFT JOIN (SELECT code, groupArray((valid_from, valid_to)) AS spans FROM reference_office GROUP BY code) AS o
        ON r.office = o.code
    LEFT JOIN (SELECT office, team, groupArray((valid_from, valid_to)) AS spans FROM reference_team GROUP BY office, team) AS t
        ON r.office = t.office AND r.target_id = t.team
    WHERE r.state != 'SUPERSEDED'
) AS f
WHERE f.target_known != f.known_now
GROUP BY office, target, team, known_now
COMMENT 'Facts that were made with other reference data than the tables hold: known_now is what a new fact would say';
