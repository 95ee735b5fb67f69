-- Tables that queries over all declarations read, instead of every status and every fact. With a year of the nation (100
-- million status events, 20 million facts) such queries took many seconds; benchmarks/queries.py measures them.
--
-- The tables are fed like log_position: a materialized view copies rows on insert and sums nothing, so a repeated insert is
-- harmless. `precedence` decides which row of a declaration counts; a row of a newer log comes first. If two contents have
-- the same event id, declaration_status keeps one of them, while both are copied here.

-- registration: when and where a declaration was registered first.
--   engine     ReplacingMergeTree(precedence): epoch << 48 | how early, so the earliest row of the newest log stays.
--   ORDER BY   the declaration, whose number grows with time: reading needs no merge where parts do not overlap.
--   index      minmax of the time: a question about a month reads that month.
--   partition  none: two registrations of one declaration may lie in different months.
CREATE TABLE IF NOT EXISTS registration
(
    declaration   UInt64 CODEC(Delta, ZSTD(1))               COMMENT 'The declaration, whatever its amendment',
    office        LowCardinality(String)                     COMMENT 'Office of registration',
    registered_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)) COMMENT 'First registration',
    precedence    UInt64 CODEC(Delta, ZSTD(1)),
    INDEX registered_at registered_at TYPE minmax GRANULARITY 1
)
ENGINE = ReplacingMergeTree(precedence)
ORDER BY declaration
SETTINGS non_replicated_deduplication_window = 1000
COMMENT 'First registrations, one row a declaration';

CREATE MATERIALIZED VIEW IF NOT EXISTS registration_of_declaration_status TO registration AS
SELECT toUInt64(substring(declaration_no, 1, 11)) AS declaration, office, occurred_at AS registered_at,
       bitShiftLeft(toUInt64(log_epoch) + 1, 48) - 1 - toUnixTimestamp64Milli(occurred_at) AS precedence
FROM declaration_status WHERE status = 'REGISTERED';

-- enterprise_declaration: which declarations ever named an enterprise. These may be more than its own now, never fewer.
--   engine     ReplacingMergeTree: a row is only its key.
--   ORDER BY   the enterprise, by which queries filter.
--   partition  none: an enterprise is one range.
CREATE TABLE IF NOT EXISTS enterprise_declaration
(
    tax_code    LowCardinality(String)       COMMENT 'Enterprise',
    declaration UInt64 CODEC(Delta, ZSTD(1)) COMMENT 'The declaration, whatever its amendment'
)
ENGINE = ReplacingMergeTree
ORDER BY (tax_code, declaration)
SETTINGS non_replicated_deduplication_window = 1000
COMMENT 'Declarations by the enterprises that they named';

CREATE MATERIALIZED VIEW IF NOT EXISTS enterprise_declaration_of_declaration_status TO enterprise_declaration AS
SELECT DISTINCT tax_code, toUInt64(substring(declaration_no, 1, 11)) AS declaration
FROM declaration_status WHERE tax_code != '';

-- rated_declaration: the measures of a declaration as of its latest rating.
--   engine     ReplacingMergeTree(precedence): epoch, submitted_at, version, so the latest rating of the newest log stays, and
--              of its facts the latest version. A fact that is superseded later has a sheet with a later revision.
--   ORDER BY   the declaration. The office may change with a status that comes late, so it is no part of the key.
--   index      minmax of the time: ratings follow their declarations within weeks.
--   partition  none: the month may change with a revision.
CREATE TABLE IF NOT EXISTS rated_declaration
(
    declaration       UInt64 CODEC(Delta, ZSTD(1))               COMMENT 'The declaration, whatever its amendment',
    office            LowCardinality(String)                     COMMENT 'declaration_office of the fact',
    submitted_at      DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)) COMMENT 'When the latest rating was sent',
    document_minutes  Nullable(UInt32)                           COMMENT 'As in rated_service',
    goods_minutes     Nullable(UInt32)                           COMMENT 'As in rated_service',
    clearance_minutes Nullable(UInt32)                           COMMENT 'As in rated_service',
    precedence        UInt128,
    INDEX submitted_at submitted_at TYPE minmax GRANULARITY 1
)
ENGINE = ReplacingMergeTree(precedence)
ORDER BY declaration
SETTINGS non_replicated_deduplication_window = 1000
COMMENT 'Working minutes of rated declarations, one row a declaration';

CREATE MATERIALIZED VIEW IF NOT EXISTS rated_declaration_of_rated_service TO rated_declaration AS
SELECT toUInt64(substring(declaration_no, 1, 11)) AS declaration, declaration_office AS office, submitted_at,
       document_minutes, goods_minutes, clearance_minutes,
       bitShiftLeft(toUInt128(log_epoch), 112) + bitShiftLeft(toUInt128(toUnixTimestamp64Milli(submitted_at)), 64)
           + row_version AS precedence
FROM rated_service WHERE state = 'MATCHED';

-- pane: only the five-minute windows of satisfaction, a fifth of its rows; v_satisfaction_now sums them.
--   engine     ReplacingMergeTree(row_version), as satisfaction.
--   ORDER BY   target before time: a question about one kind of target reads that kind.
--   partition  by month of window_end, as satisfaction: the last 30 days are two partitions.
CREATE TABLE IF NOT EXISTS pane
(
    target      LowCardinality(String) COMMENT 'OFFICE, TEAM, STEP or OFFICIAL',
    office      LowCardinality(String) COMMENT 'Office of the target',
    target_id   LowCardinality(String) COMMENT 'As in rated_service',
    window_end  DateTime64(3, 'UTC')   COMMENT 'End of the pane, exclusive',
    score_1     UInt32                 COMMENT 'Number of scores 1 in the pane',
    score_2     UInt32                 COMMENT 'Number of scores 2',
    score_3     UInt32                 COMMENT 'Number of scores 3',
    score_4     UInt32                 COMMENT 'Number of scores 4',
    score_5     UInt32                 COMMENT 'Number of scores 5',
    row_version UInt64
)
ENGINE = ReplacingMergeTree(row_version)
PARTITION BY toYYYYMM(window_end)
ORDER BY (target, office, target_id, window_end)
SETTINGS non_replicated_deduplication_window = 1000
COMMENT 'Score counts of every target in five minutes';

CREATE MATERIALIZED VIEW IF NOT EXISTS pane_of_satisfaction TO pane AS
SELECT target, office, target_id, window_end, score_1, score_2, score_3, score_4, score_5, row_version
FROM satisfaction WHERE window_seconds = 300;

-- Copy what was stored before the views above existed. Rows that the views have copied meanwhile come a second time, which
-- is harmless.
INSERT INTO registration (declaration, office, registered_at, precedence)
SELECT declaration, office, occurred_at, bitShiftLeft(toUInt64(log_epoch) + 1, 48) - 1 - toUnixTimestamp64Milli(occurred_at)
FROM declaration_status WHERE status = 'REGISTERED';

INSERT INTO enterprise_declaration (tax_code, declaration)
SELECT DISTINCT tax_code, declaration FROM declaration_status WHERE tax_code != '';

INSERT INTO rated_declaration (declaration, office, submitted_at, document_minutes, goods_minutes, clearance_minutes, precedence)
SELECT declaration, declaration_office, submitted_at, document_minutes, goods_minutes, clearance_minutes,
       bitShiftLeft(toUInt128(log_epoch), 112) + bitShiftLeft(toUInt128(toUnixTimestamp64Milli(submitted_at)), 64) + row_version
FROM rated_service WHERE state = 'MATCHED';

INSERT INTO pane (target, office, target_id, window_end, score_1, score_2, score_3, score_4, score_5, row_version)
SELECT target, office, target_id, window_end, score_1, score_2, score_3, score_4, score_5, row_version
FROM satisfaction WHERE window_seconds = 300;

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
        SELECT *, (SELECT max(window_end) FROM pane) AS newest FROM pane FINAL
        WHERE window_end > (SELECT max(window_end) FROM pane) - INTERVAL 30 DAY
    ) AS last_30_days
    ARRAY JOIN [3600, 86400, 604800, 2592000] AS seconds
    WHERE window_end > newest - toIntervalSecond(seconds)
    GROUP BY target, office, target_id, seconds
    HAVING s1 + s2 + s3 + s4 + s5 > 0
) AS w
ASOF LEFT JOIN reference_office AS o ON w.office = o.code AND w.named_on >= o.valid_from
COMMENT 'Satisfaction of every target in the last hour, day, week and 30 days before the newest rating';

CREATE OR REPLACE VIEW v_response_rate AS
SELECT r.office AS office, o.name_vi AS office_name, r.day AS day, toStartOfMonth(r.day) AS month,
       r.declarations AS declarations, r.rated AS rated, r.rated / r.declarations AS response_rate
FROM
(
    SELECT office, toDate(registered_at, 'Asia/Ho_Chi_Minh') AS day, count() AS declarations,
           countIf(declaration IN (SELECT declaration FROM rating)) AS rated
    FROM registration FINAL
    GROUP BY office, day
) AS r
ASOF LEFT JOIN reference_office AS o ON r.office = o.code AND r.day >= o.valid_from
COMMENT 'Declarations registered at an office on a day, and how many of them were rated since';

CREATE OR REPLACE VIEW v_unrated_of_enterprise AS
SELECT tax_code, declaration_no, declaration, office, office_name, kind, channel, status, registered_at, permitted_at
FROM v_declarations
WHERE declaration IN
  (
      SELECT declaration FROM enterprise_declaration
      WHERE tax_code = {tax_code:String} AND declaration NOT IN
      (
          SELECT declaration FROM rating
          WHERE declaration IN (SELECT declaration FROM enterprise_declaration WHERE tax_code = {tax_code:String})
      )
  )
  AND tax_code = {tax_code:String} AND permitted_at IS NOT NULL AND NOT cancelled
COMMENT 'Like v_unrated_declarations, but fast, for one enterprise: v_unrated_of_enterprise(tax_code = ...)';

CREATE OR REPLACE VIEW v_opinions AS
SELECT r.declaration AS declaration, r.sheet_id AS sheet_id, r.declaration_no AS declaration_no, r.tax_code AS tax_code,
       r.revision AS revision, r.revisions AS revisions, r.first_submitted_at AS first_submitted_at,
       r.submitted_at AS submitted_at, r.phase AS phase, r.item_count AS item_count, r.level AS level,
       r.level >= 4 AS satisfied, r.level <= 2 AS dissatisfied,
       r.has_comment AS has_comment, r.comment_length AS comment_length, r.has_contact AS has_contact
FROM
(
    -- A column each instead of one tuple of all: what a question does not ask for is not read.
    SELECT t.declaration AS declaration, t.sheet_id AS sheet_id, count() AS revisions, min(t.submitted_at) AS first_submitted_at,
           argMax(t.declaration_no, t.revision) AS declaration_no, argMax(t.tax_code, t.revision) AS tax_code,
           max(t.revision) AS revision, argMax(t.submitted_at, t.revision) AS submitted_at, argMax(t.phase, t.revision) AS phase,
           argMax(t.item_count, t.revision) AS item_count, argMax(t.lowest_score, t.revision) AS level,
           argMax(t.has_comment, t.revision) AS has_comment, argMax(t.comment_length, t.revision) AS comment_length,
           argMax(t.has_contact, t.revision) AS has_contact
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
    -- Facts instead of items: they stand by office, and one that no later revision holds says SUPERSEDED.
    SELECT f.office AS office, f.declaration AS declaration, f.sheet_id AS sheet_id, max(f.submitted_at) AS submitted_at,
           min(f.score) AS level, count() AS items, toDate(max(f.submitted_at), 'Asia/Ho_Chi_Minh') AS named_on
    FROM (SELECT *, declaration FROM rated_service FINAL WHERE state != 'SUPERSEDED') AS f
    GROUP BY f.office, f.declaration, f.sheet_id
) AS i
ASOF LEFT JOIN reference_office AS o ON i.office = o.code AND i.named_on >= o.valid_from
COMMENT 'One row a sheet and office: the lowest score that the latest revision gives to any target at the office';

CREATE OR REPLACE VIEW v_processing_times AS
SELECT p.office AS office, o.name_vi AS office_name, p.month AS month, p.step AS step, s.name_vi AS step_name,
       p.n AS n, p.median_minutes AS median_minutes, p.p90_minutes AS p90_minutes, p.p95_minutes AS p95_minutes,
       p.max_minutes AS max_minutes, s.limit_minutes AS limit_minutes,
       if(s.limit_minutes IS NULL, NULL, arrayCount(m -> m <= assumeNotNull(s.limit_minutes), p.minutes) / p.n) AS on_time
FROM
(
    SELECT d.office AS office, toStartOfMonth(toDate(d.submitted_at, 'Asia/Ho_Chi_Minh')) AS month,
           tupleElement(measure, 1) AS step, count() AS n, groupArray(assumeNotNull(tupleElement(measure, 2))) AS minutes,
           quantileExact(0.5)(tupleElement(measure, 2)) AS median_minutes,
           quantileExact(0.9)(tupleElement(measure, 2)) AS p90_minutes,
           quantileExact(0.95)(tupleElement(measure, 2)) AS p95_minutes,
           max(tupleElement(measure, 2)) AS max_minutes
    FROM (SELECT * FROM rated_declaration FINAL) AS d
    ARRAY JOIN [('DOCUMENT_CHECK', d.document_minutes), ('GOODS_INSPECTION', d.goods_minutes),
                ('CLEARANCE', d.clearance_minutes)] AS measure
    WHERE tupleElement(measure, 2) IS NOT NULL
    GROUP BY office, month, step
) AS p
LEFT JOIN reference_step AS s ON p.step = s.step
ASOF LEFT JOIN reference_office AS o ON p.office = o.code AND p.month >= o.valid_from
COMMENT 'Working minutes per step of rated declarations, by office and month of the rating'
