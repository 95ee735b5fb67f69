-- Whole columns are read, so nothing is missed: of each table the time of the event and that of the insert, about half a second
-- for a year of the nation. Times of ratings and complaints are those of what views show: a newest one may be protected.
-- Sheets are counted beside the topic of ratings, where they come in.
CREATE OR REPLACE VIEW v_freshness
(
    topic              String                         COMMENT 'Subject of the Kafka topic',
    table_name         String                         COMMENT 'Table that the topic fills',
    newest_event_at    Nullable(DateTime64(3, 'UTC')) COMMENT 'Newest time of an event',
    newest_event_day   Nullable(Date)                 COMMENT 'Local day of newest_event_at',
    newest_kafka_at    Nullable(DateTime64(3, 'UTC')) COMMENT 'Newest Kafka timestamp; NULL: the table keeps none',
    newest_stored_at   Nullable(DateTime('UTC'))      COMMENT 'When a row was last stored',
    event_lag_seconds  Nullable(Int64)                COMMENT 'Seconds from newest_event_at to now; negative: ahead',
    stored_lag_seconds Nullable(Int64)                COMMENT 'Seconds from newest_stored_at to now',
    waiting_sheets     Nullable(UInt64)               COMMENT 'Sheets that still wait for their declaration; NULL: not a topic of sheets',
    unmatched_sheets   Nullable(UInt64)               COMMENT 'Sheets whose declaration was not found; NULL: not a topic of sheets',
    unmatched_reasons  Map(String, UInt64)            COMMENT 'Unmatched sheets by reason: NOT_KNOWN, or GONE when the log has deleted records that old',
    refused_records    UInt64                         COMMENT 'Dead letters out of the topic',
    undecided_records  UInt64                         COMMENT 'Of these, how many nobody has decided about'
)
AS
WITH
    (
        SELECT count() FROM opinion FINAL
        WHERE (declaration, sheet_id) NOT IN (SELECT declaration, sheet_id FROM rated_service)
    ) AS waiting,
    (
        SELECT mapFromArrays(groupArray(reason), groupArray(sheets)) FROM
        (
            SELECT toString(unmatched_reason) AS reason, uniqExact(declaration, sheet_id) AS sheets
            FROM rated_service FINAL WHERE state = 'UNMATCHED' GROUP BY reason ORDER BY reason
        )
    ) AS unmatched
SELECT t.topic AS topic, t.table_name AS table_name, t.newest_event_at AS newest_event_at,
       toDate(t.newest_event_at, 'Asia/Ho_Chi_Minh') AS newest_event_day, t.newest_kafka_at AS newest_kafka_at,
       t.newest_stored_at AS newest_stored_at,
       dateDiff('second', t.newest_event_at, now64(3, 'UTC')) AS event_lag_seconds,
       dateDiff('second', t.newest_stored_at, now('UTC')) AS stored_lag_seconds,
       if(t.topic = 'rating', toNullable(waiting), NULL) AS waiting_sheets,
       if(t.topic = 'rating', arraySum(mapValues(unmatched)), NULL) AS unmatched_sheets,
       if(t.topic = 'rating', unmatched, map()) AS unmatched_reasons,
       ifNull(r.refused, 0) AS refused_records, ifNull(r.undecided, 0) AS undecided_records
FROM
(
    SELECT 'declaration-status' AS topic, 'declaration_status' AS table_name, maxOrNull(occurred_at) AS newest_event_at,
           CAST(maxOrNull(written_at), 'Nullable(DateTime64(3, \'UTC\'))') AS newest_kafka_at, maxOrNull(stored_at) AS newest_stored_at
    FROM declaration_status
    UNION ALL
    SELECT 'rating', 'rating', (SELECT maxOrNull(submitted_at) FROM shown_rating), (SELECT maxOrNull(written_at) FROM shown_rating),
           maxOrNull(stored_at) FROM rating
    UNION ALL
    SELECT 'rated-service', 'rated_service', (SELECT maxOrNull(submitted_at) FROM (SELECT submitted_at FROM shown_fact UNION ALL SELECT submitted_at FROM uncounted_fact)), NULL, maxOrNull(stored_at) FROM rated_service
    UNION ALL
    SELECT 'satisfaction', 'satisfaction', maxOrNull(window_end), NULL, maxOrNull(stored_at) FROM satisfaction
    UNION ALL
    SELECT 'office-count', 'office_count', maxOrNull(pane_start), NULL, maxOrNull(stored_at) FROM office_count
    UNION ALL
    SELECT 'complaint', 'complaint', (SELECT maxOrNull(opened_at) FROM shown_complaint), NULL, maxOrNull(stored_at) FROM complaint
    UNION ALL
    SELECT 'complaint-case', 'complaint_case', (SELECT maxOrNull(changed_at) FROM shown_case), NULL, maxOrNull(stored_at) FROM complaint_case
    UNION ALL
    SELECT 'complaint-event', 'complaint_event', (SELECT maxOrNull(occurred_at) FROM shown_event), NULL, maxOrNull(stored_at) FROM complaint_event
    UNION ALL
    SELECT 'complaint-action', 'complaint_action', maxOrNull(acted_at), NULL, maxOrNull(stored_at) FROM complaint_action
    UNION ALL
    SELECT 'complaint-answer', 'complaint_answer', maxOrNull(answered_at), NULL, maxOrNull(stored_at) FROM complaint_answer
    UNION ALL
    SELECT 'alert', 'alert', (SELECT maxOrNull(updated_at) FROM shown_alert), NULL, maxOrNull(stored_at) FROM alert
    UNION ALL
    SELECT 'alert-action', 'alert_action', maxOrNull(acted_at), NULL, maxOrNull(stored_at) FROM alert_action
    UNION ALL
    SELECT 'dead-letter', 'dead_letter', maxOrNull(recorded_at), maxOrNull(recorded_at), maxOrNull(stored_at) FROM dead_letter
    UNION ALL
    SELECT 'dead-letter-action', 'dead_letter_action', maxOrNull(acted_at), NULL, maxOrNull(stored_at) FROM dead_letter_action
) AS t
LEFT JOIN
(
    SELECT e.topic AS topic, count() AS refused, countIf(l.dead_letter_id NOT IN (SELECT dead_letter_id FROM dead_letter_action)) AS undecided
    FROM (SELECT * FROM dead_letter FINAL) AS l
    INNER JOIN (SELECT DISTINCT toString(topic) AS topic, topic_name FROM log_epoch) AS e ON toString(l.source_topic) = e.topic_name
    GROUP BY topic
) AS r ON t.topic = r.topic
-- With filters of the reader, a newest time would be that of one enterprise.
SETTINGS additional_table_filters = {}
COMMENT 'How fresh and how complete the data are: one row a topic and its table';
