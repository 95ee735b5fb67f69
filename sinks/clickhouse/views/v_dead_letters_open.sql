CREATE OR REPLACE VIEW v_dead_letters_open AS
SELECT l.dead_letter_id AS dead_letter_id, l.recorded_at AS recorded_at, toDate(l.recorded_at, 'Asia/Ho_Chi_Minh') AS recorded_day,
       l.reason AS dead_letter_reason, l.detail AS detail,
       l.stage AS stage, l.source_topic AS source_topic, l.source_partition AS source_partition,
       l.source_offset AS source_offset, l.schema_id AS schema_id, l.value_size AS value_size
FROM (SELECT * FROM dead_letter FINAL) AS l
LEFT ANTI JOIN (SELECT dead_letter_id FROM dead_letter_action FINAL) AS a ON l.dead_letter_id = a.dead_letter_id
COMMENT 'Dead letters about which nobody has decided yet';
