-- The join as a user of ClickHouse's Kafka engine would write it. Three parts, separated by lines of dashes:
-- what is on disk; what is made at every start; what is done with each look.
-- `queue` is a database in memory: chDB cannot open a directory again that holds Kafka tables. A table is written before the
-- views that watch it, so who sees a row of `touched` sees the rows it stands for.

CREATE DATABASE IF NOT EXISTS state ENGINE = Atomic;

CREATE TABLE IF NOT EXISTS state.status
(
    declaration UInt64, event_id String, status LowCardinality(String), occurred_at Int64, office LowCardinality(String),
    team LowCardinality(String), channel LowCardinality(String), kind LowCardinality(String), tax_code LowCardinality(String)
)
ENGINE = ReplacingMergeTree ORDER BY (declaration, event_id);

CREATE TABLE IF NOT EXISTS state.rating
(
    declaration UInt64, sheet_id String, revision Int32, declaration_no String, tax_code LowCardinality(String),
    submitted_at Int64, phase LowCardinality(String), has_comment Bool, has_contact Bool,
    items Array(Tuple(target String, office String, target_id String, score Int32, reason Nullable(String)))
)
ENGINE = ReplacingMergeTree ORDER BY (declaration, sheet_id, revision);

-- What came, in the order of its coming: each insert is a part, and a part goes when its facts are out.
CREATE TABLE IF NOT EXISTS state.touched (declaration UInt64) ENGINE = MergeTree ORDER BY declaration;

-- ---------------------------------------------------------------------------------------------------------------------

SYSTEM STOP MERGES state.touched;

CREATE DATABASE IF NOT EXISTS queue ENGINE = Memory;

CREATE TABLE queue.working_window (office String, from_ms Int64, to_ms Int64, worked_before Int64) ENGINE = Memory;

CREATE TABLE queue.place (office String, team String, from_ms Int64, to_ms Int64) ENGINE = Memory;

CREATE TABLE queue.rank (status String, rank UInt8) ENGINE = Memory;

CREATE TABLE queue.due (declaration UInt64) ENGINE = Memory;

CREATE TABLE queue.sheet
(
    declaration UInt64, sheet_id String, latest Int32, as_of Int64, until Int64, records UInt64
)
ENGINE = Memory;

CREATE TABLE queue.stood
(
    declaration UInt64, sheet_id String, rated_at Int64, bearing UInt64, status_count UInt64, declaration_office String,
    declaration_team String, status String, channel String, kind String, tax_code String, registered_at Nullable(Int64),
    permitted_at Nullable(Int64), asked_at Int64, supplied Array(Int64),
    steps Array(Tuple(step String, begun Array(Tuple(at Int64, office String)), ended Array(Int64), over_at Int64))
)
ENGINE = Memory;

CREATE TABLE queue.spent (declaration UInt64, sheet_id String, step String, minutes Int64) ENGINE = Memory;

-- Watching tables before the queues that fill them.
CREATE MATERIALIZED VIEW queue.touched_by_status TO state.touched AS SELECT DISTINCT declaration FROM state.status;

CREATE MATERIALIZED VIEW queue.touched_by_rating TO state.touched AS SELECT DISTINCT declaration FROM state.rating;

CREATE TABLE queue.status
(
    event_id String, declaration_no String, status String, occurred_at Int64, office String, team Nullable(String),
    channel Nullable(String), kind Nullable(String), tax_code Nullable(String)
)
ENGINE = Kafka
SETTINGS kafka_broker_list = '{bootstrap}', kafka_topic_list = '{status_topic}', kafka_group_name = '{group}.status',
         kafka_format = 'AvroConfluent', format_avro_schema_registry_url = '{registry}', kafka_num_consumers = {consumers},
         kafka_thread_per_consumer = 1, kafka_max_block_size = 262144, kafka_poll_max_batch_size = 65536,
         kafka_flush_interval_ms = 1000;

CREATE TABLE queue.rating
(
    sheet_id String, revision Int32, declaration_no String, tax_code Nullable(String), submitted_at Int64, phase String,
    items Array(Tuple(target String, office String, target_id String, score Int32, reason Nullable(String))),
    comment Nullable(String), contact Nullable(String)
)
ENGINE = Kafka
SETTINGS kafka_broker_list = '{bootstrap}', kafka_topic_list = '{rating_topic}', kafka_group_name = '{group}.rating',
         kafka_format = 'AvroConfluent', format_avro_schema_registry_url = '{registry}', kafka_flush_interval_ms = 1000;

CREATE MATERIALIZED VIEW queue.store_status TO state.status AS
SELECT toUInt64(substring(declaration_no, 1, 11)) AS declaration, event_id, status, occurred_at, office,
       ifNull(team, '') AS team, ifNull(channel, '') AS channel, ifNull(kind, '') AS kind, ifNull(tax_code, '') AS tax_code
FROM queue.status;

CREATE MATERIALIZED VIEW queue.store_rating TO state.rating AS
SELECT toUInt64(substring(declaration_no, 1, 11)) AS declaration, sheet_id, revision, declaration_no,
       ifNull(tax_code, '') AS tax_code, submitted_at, phase, notEmpty(ifNull(comment, '')) AS has_comment,
       contact IS NOT NULL AS has_contact, items
FROM queue.rating;

-- ---------------------------------------------------------------------------------------------------------------------

-- One after the other; the rows of the last one are the facts.

TRUNCATE TABLE queue.due;

TRUNCATE TABLE queue.sheet;

TRUNCATE TABLE queue.stood;

TRUNCATE TABLE queue.spent;

INSERT INTO queue.due
SELECT DISTINCT declaration FROM state.touched
WHERE _part IN {parts} AND declaration IN (SELECT declaration FROM state.rating);

INSERT INTO queue.sheet
SELECT declaration, sheet_id, max(revision), argMax(submitted_at, revision), max(submitted_at), count()
FROM state.rating FINAL WHERE declaration IN (SELECT declaration FROM queue.due)
GROUP BY declaration, sheet_id;

INSERT INTO queue.stood
SELECT declaration, sheet_id, any(as_of), count(), countIf(known), argMaxIf(office, place, known),
       argMaxIf(team, place, known AND team != ''), argMaxIf(status, place, known),
       argMaxIf(channel, place, known AND channel != ''), argMaxIf(kind, place, known AND kind != ''),
       argMaxIf(tax_code, place, known AND tax_code != ''), minOrNullIf(at, known AND status = 'REGISTERED'),
       minOrNullIf(at, known AND status IN ('STORAGE_PERMITTED', 'RELEASED', 'CLEARED')),
       minIf(at, known AND status = 'CUSTOMS_INSTRUCTION'), groupArrayIf(at, known AND status = 'AMENDED_BY_DECLARANT'),
       [('documents', groupArrayIf((at, office), known AND status = 'CHANNEL_ASSIGNED' AND channel IN ('YELLOW', 'RED')),
         groupArrayIf(at, known AND (status = 'STORAGE_PERMITTED' OR status = 'CHANNEL_ASSIGNED' AND channel = 'GREEN')),
         minIf(at, known AND status IN ('DOCUMENTS_CHECKED', 'RELEASED', 'CLEARED', 'CANCELLED'))),
        ('goods', groupArrayIf((at, office), known AND status = 'INSPECTION_REQUIRED'),
         groupArrayIf(at, known AND status IN ('GOODS_INSPECTED', 'INSPECTION_WITHDRAWN', 'STORAGE_PERMITTED')),
         minIf(at, known AND status IN ('RELEASED', 'CLEARED', 'CANCELLED'))),
        ('clearance', groupArrayIf((at, office), known AND status = 'REGISTERED'), emptyArrayInt64(),
         minIf(at, known AND status IN ('STORAGE_PERMITTED', 'RELEASED', 'CLEARED', 'CANCELLED')))]
FROM
(
    SELECT s.declaration AS declaration, s.sheet_id AS sheet_id, s.as_of AS as_of, k.occurred_at AS at,
           at <= s.as_of AS known, (at, r.rank) AS place, k.office AS office, k.team AS team, k.status AS status,
           k.channel AS channel, k.kind AS kind, k.tax_code AS tax_code
    FROM queue.sheet AS s
    INNER JOIN (SELECT * FROM state.status FINAL WHERE declaration IN (SELECT declaration FROM queue.due)) AS k
        ON k.declaration = s.declaration
    INNER JOIN queue.rank AS r ON r.status = k.status
    WHERE k.occurred_at <= s.until
)
GROUP BY declaration, sheet_id;

-- What begins before the same end is one round of a step, and the longest round counts. What was worked up to the end, less
-- what was worked up to the beginning and during the wait for a supplement, is what a round took.
INSERT INTO queue.spent
SELECT declaration, sheet_id, step, max(spent)
FROM
(
    SELECT e.declaration AS declaration, e.sheet_id AS sheet_id, e.step AS step,
           intDiv(sum(e.sign * (w.worked_before + least(e.at, w.to_ms) - w.from_ms)), 60000) AS spent
    FROM
    (
        SELECT declaration, sheet_id, name AS step, since, tupleElement(edge, 1) AS sign, tupleElement(edge, 2) AS at,
               if(office IN (SELECT office FROM queue.working_window), office, '') AS clock
        FROM
        (
            SELECT declaration, sheet_id, name, rated_at, tupleElement(round, 2) AS office, tupleElement(round, 1) AS since,
                   least(tupleElement(round, 3), rated_at) AS until,
                   if(name = 'clearance' OR asked_at = 0, until, least(greatest(asked_at, since), until)) AS stops,
                   arrayMin(arrayPushBack(arrayFilter(t -> t >= asked_at, supplied), until)) AS supplied_at,
                   if(stops = until, until, least(greatest(supplied_at, stops), until)) AS goes_on
            FROM
            (
                SELECT declaration, sheet_id, rated_at, asked_at, supplied, one.step AS name, arraySort(one.begun) AS begun,
                       if(one.over_at = 0, 4102444800000, one.over_at) AS over_at,
                       arrayFilter(b -> b.1 <= over_at, begun) AS counted,
                       arrayMap(b -> arrayMin(arrayFilter(t -> t >= b.1, arrayPushBack(one.ended, over_at))), counted) AS ends,
                       if(empty(counted), arrayMap(b -> (b.1, b.2, b.1), arraySlice(begun, 1, 1)),
                          arrayMap(p -> (p.1.1, p.1.2, p.2),
                              arrayFilter((p, end, before) -> end != before, arrayZip(counted, ends), ends,
                                          arrayPopBack(arrayPushFront(ends, toInt64(0)))))) AS rounds
                FROM queue.stood ARRAY JOIN steps AS one
            )
            ARRAY JOIN rounds AS round
        )
        ARRAY JOIN [(-1, since), (1, stops), (-1, goes_on), (1, until)] AS edge
    ) AS e
    ASOF INNER JOIN queue.working_window AS w ON w.office = e.clock AND w.from_ms <= e.at
    GROUP BY e.declaration, e.sheet_id, e.step, e.since
)
GROUP BY declaration, sheet_id, step;

SELECT i.declaration AS declaration, bitShiftLeft(toInt64(n.latest), 16) + least(n.records + s.bearing, 65535) AS version,
       multiIf(i.revision != n.latest, 'SUPERSEDED', s.status_count > 0, 'MATCHED', 'UNMATCHED') AS state,
       i.sheet_id AS sheet_id, i.revision AS revision, i.declaration_no AS declaration_no, i.submitted_at AS submitted_at,
       i.phase AS phase, i.target AS target, i.office AS office, i.target_id AS target_id, i.score AS score, i.reason AS reason,
       arrayMap(one -> arrayMin(arrayMap(p -> p.2, arrayFilter(p -> p.1 = one, i.scores))), range(1, 6)) AS score_since,
       toBool(i.submitted_at < o.to_ms AND (i.target != 'TEAM' OR i.submitted_at < t.to_ms)) AS target_known,
       i.has_comment AS has_comment, i.has_contact AS has_contact,
       nullIf(if(i.tax_code != '', i.tax_code, s.tax_code), '') AS tax_code,
       nullIf(s.declaration_office, '') AS declaration_office, nullIf(s.declaration_team, '') AS declaration_team,
       nullIf(s.status, '') AS status, nullIf(s.channel, '') AS channel, nullIf(s.kind, '') AS kind,
       s.status_count AS status_count, s.registered_at AS registered_at, s.permitted_at AS permitted_at,
       m.document_minutes AS document_minutes, m.goods_minutes AS goods_minutes, m.clearance_minutes AS clearance_minutes,
       if(m.document_minutes IS NULL AND m.goods_minutes IS NULL, NULL,
          toBool(ifNull(m.document_minutes, 0) <= {document_limit} AND ifNull(m.goods_minutes, 0) <= {goods_limit})) AS on_time
FROM
(
    SELECT r.declaration AS declaration, r.sheet_id AS sheet_id, one.1 AS target, one.2 AS office, one.3 AS target_id,
           max(r.revision) AS revision, groupArray((one.4, r.submitted_at)) AS scores,
           argMax((r.declaration_no, r.submitted_at, r.phase, one.4, one.5, r.has_comment, r.has_contact, r.tax_code), r.revision) AS last,
           last.1 AS declaration_no, last.2 AS submitted_at, last.3 AS phase, last.4 AS score, last.5 AS reason,
           last.6 AS has_comment, last.7 AS has_contact, last.8 AS tax_code
    FROM (SELECT * FROM state.rating FINAL WHERE declaration IN (SELECT declaration FROM queue.due)) AS r
    ARRAY JOIN r.items AS one
    GROUP BY r.declaration, r.sheet_id, target, office, target_id
) AS i
INNER JOIN queue.sheet AS n ON n.declaration = i.declaration AND n.sheet_id = i.sheet_id
LEFT JOIN queue.stood AS s ON s.declaration = i.declaration AND s.sheet_id = i.sheet_id
LEFT JOIN
(
    SELECT declaration, sheet_id, anyIf(toNullable(minutes), step = 'documents') AS document_minutes,
           anyIf(toNullable(minutes), step = 'goods') AS goods_minutes,
           anyIf(toNullable(minutes), step = 'clearance') AS clearance_minutes
    FROM queue.spent GROUP BY declaration, sheet_id
) AS m ON m.declaration = i.declaration AND m.sheet_id = i.sheet_id
ASOF LEFT JOIN (SELECT * FROM queue.place WHERE team = '') AS o ON o.office = i.office AND o.from_ms <= i.submitted_at
ASOF LEFT JOIN (SELECT * FROM queue.place WHERE team != '') AS t
    ON t.office = i.office AND t.team = i.target_id AND t.from_ms <= i.submitted_at
ORDER BY submitted_at;
