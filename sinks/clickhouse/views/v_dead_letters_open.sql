CREATE OR REPLACE VIEW v_dead_letters_open
(
    dead_letter_id     UUID                   COMMENT 'The refused record',
    recorded_at        DateTime64(3, 'UTC')   COMMENT 'Kafka timestamp of the refusal',
    recorded_day       Date                   COMMENT 'Local day of recorded_at',
    dead_letter_reason LowCardinality(String) COMMENT 'Class of the fault',
    detail             String                 COMMENT 'Field and rule that were broken, never a value',
    stage              LowCardinality(String) COMMENT 'Component that refused the record',
    source_topic       LowCardinality(String) COMMENT 'Topic of the refused record, prefix included',
    source_partition   UInt32                 COMMENT 'Kafka partition of the refused record',
    source_offset      UInt64                 COMMENT 'Kafka offset of the refused record',
    schema_id          Nullable(UInt32)       COMMENT 'Writer schema id; NULL: the frame could not be read',
    value_size         UInt64                 COMMENT 'Size of the raw value, bytes'
)
AS
SELECT l.dead_letter_id AS dead_letter_id, l.recorded_at AS recorded_at, toDate(l.recorded_at, 'Asia/Ho_Chi_Minh') AS recorded_day,
       l.reason AS dead_letter_reason, l.detail AS detail,
       l.stage AS stage, l.source_topic AS source_topic, l.source_partition AS source_partition,
       l.source_offset AS source_offset, l.schema_id AS schema_id, l.value_size AS value_size
FROM (SELECT * FROM dead_letter FINAL) AS l
LEFT ANTI JOIN (SELECT dead_letter_id FROM dead_letter_action FINAL) AS a ON l.dead_letter_id = a.dead_letter_id
COMMENT 'Dead letters about which nobody has decided yet';
