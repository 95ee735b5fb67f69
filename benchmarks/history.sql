-- Rows as the sinks would have stored them, made inside the database: benchmarks/queries.py runs these statements, those
-- below the line of dashes once for each of thirteen periods of four weeks, as rows come in over a year.
-- A declaration is a number; everything about it is a hash of that number.

CREATE OR REPLACE FUNCTION chance AS (number, what) -> cityHash64(number, what) / 18446744073709551616;

-- See row_version in the migrations.
CREATE OR REPLACE FUNCTION first_epoch AS () -> bitShiftLeft(toUInt64(1), 48);

CREATE OR REPLACE FUNCTION given_score AS (number, what) ->
    transform(toUInt8(100 * chance(number, what)), range(6), [1, 2, 3, 3, 3, 3], if(chance(number, what) < 0.3, 4, 5));

CREATE OR REPLACE VIEW made_declaration AS
WITH (SELECT groupArray(code) FROM (SELECT DISTINCT code FROM reference_office WHERE level = 'OFFICE' ORDER BY code)) AS offices,
     number * 260 / %(declarations)s AS working_day,
     toUInt32(working_day) AS whole_day
SELECT number AS n,
       if(mod(number, 3) = 0, 30000000000, 10000000000) + number AS declaration,
       concat(toString(declaration), '0') AS declaration_no,
       -- Few offices do most of the work: the largest of 440 has one declaration in twenty.
       offices[1 + toUInt32(length(offices) * pow(chance(number, 'office'), 2))] AS office,
       concat('0', toString(1 + mod(number, 5))) AS team,
       concat('o-', office, '-', toString(toUInt8(20 * chance(number, 'official')))) AS official,
       multiIf(chance(number, 'channel') < 0.6, 'GREEN', chance(number, 'channel') < 0.95, 'YELLOW', 'RED') AS channel,
       arrayElement(['A11', 'A12', 'B11', 'E21', 'E31'], 1 + mod(number, 5)) AS kind,
       concat('02', leftPad(toString(toUInt32(80000 * pow(chance(number, 'enterprise'), 2))), 8, '0')) AS tax_code,
       -- Five working days a week from 17 March 2025, 07:30 to 16:30 in Viet Nam.
       toDateTime64('2025-03-17 00:30:00', 3, 'UTC') + toIntervalDay(intDiv(whole_day, 5) * 7 + mod(whole_day, 5))
           + toIntervalMillisecond(toUInt32(32400000 * (working_day - whole_day))) AS registered_at
FROM numbers(%(declarations)s);

CREATE OR REPLACE VIEW made_sheet AS
SELECT *, revision, hex(cityHash64(n, 'sheet')) AS sheet_id,
       arrayMap(place -> given_score(n, place + 10 * revision), range(4)) AS scores, arrayMin(scores) AS lowest_score,
       registered_at + toIntervalMinute(330 + 2000 * (chance(n, 'sent') + revision - 1)) AS submitted_at
FROM made_declaration
ARRAY JOIN range(1, if(chance(n, 'revised') < 0.05, 3, 2)) AS revision
WHERE chance(n, 'rated') < %(rated)s;

CREATE OR REPLACE VIEW made_item AS
SELECT *, arrayJoin([1, 2, 3, 4]) AS item, scores[item] AS score, arrayElement(['OFFICE', 'TEAM', 'STEP', 'OFFICIAL'], item) AS target,
       arrayElement([office, team, if(channel = 'GREEN', 'REGISTRATION', 'DOCUMENT_CHECK'), official], item) AS target_id
FROM made_sheet;

-- ---------------------------------------------------------------------------------------------------------------------

INSERT INTO declaration_status (event_id, declaration_no, status, occurred_at, office, team, step, official, channel,
                                kind, tax_code, source_message, written_at, row_version, log_epoch, log_partition, log_offset)
SELECT hex(cityHash64(n, status)), declaration_no, status,
       registered_at + toIntervalMinute(40 * (place - 2) + toUInt8(35 * chance(n, status))) AS occurred_at, office,
       if(place > 2, team, ''), '', if(place > 3, official, ''), if(place > 2, channel, ''), kind, tax_code, 'VAD1AC0',
       occurred_at, first_epoch() + crc32(toString(n)), 1, mod(n, 12), 8 * n + place
FROM made_declaration
ARRAY JOIN ['PRE_REGISTERED', 'REGISTERED', 'CHANNEL_ASSIGNED', 'OFFICIAL_ASSIGNED', 'DOCUMENTS_CHECKED', 'TAX_CONFIRMED',
            'CLEARED', 'SUPERVISION_PASSED'] AS status, [1, 2, 3, 4, 5, 6, 7, 8] AS place
WHERE n >= %(first)s AND n < %(last)s;

-- One in a hundred came twice.
INSERT INTO declaration_status (event_id, declaration_no, status, occurred_at, office, team, step, official, channel,
                                kind, tax_code, source_message, written_at, row_version, log_epoch, log_partition, log_offset)
SELECT event_id, declaration_no, status, occurred_at, office, team, step, official, channel, kind, tax_code,
       source_message, written_at, row_version, log_epoch, log_partition, log_offset + 1000000000
FROM declaration_status
WHERE declaration >= 10000000000 + %(first)s AND declaration < 10000000000 + %(last)s AND mod(log_offset, 67) = 0;

INSERT INTO rating_item (sheet_id, revision, declaration_no, submitted_at, target, office, target_id, score, reason,
                         row_version, log_epoch, log_partition, log_offset)
WITH (SELECT groupArray(reason) FROM reference_reason) AS reasons
SELECT sheet_id, revision, declaration_no, submitted_at, target, office, target_id, score,
       if(score <= 2, reasons[1 + mod(n, length(reasons))], ''), first_epoch() + crc32(sheet_id), 1, mod(n, 12), n
FROM made_item WHERE n >= %(first)s AND n < %(last)s;

INSERT INTO rating (sheet_id, revision, declaration_no, tax_code, submitted_at, phase, item_count, lowest_score,
                    has_comment, comment_length, has_contact, written_at, row_version, log_epoch, log_partition, log_offset)
SELECT sheet_id, revision, declaration_no, tax_code, submitted_at, 'AFTER_CLEARANCE', 4, lowest_score,
       lowest_score <= 2, 80 * (lowest_score <= 2), 0, submitted_at, first_epoch() + crc32(sheet_id), 1, mod(n, 12), n
FROM made_sheet WHERE n >= %(first)s AND n < %(last)s;

INSERT INTO rated_service (fact_id, state, sheet_id, revision, declaration_no, submitted_at, phase, target, office,
                           target_id, score, reason, score_since, target_known, has_comment, has_contact, tax_code,
                           declaration_office, declaration_team, status, channel, kind, status_count, registered_at,
                           permitted_at, document_minutes, goods_minutes, clearance_minutes, on_time,
                           row_version, log_epoch, log_partition, log_offset)
WITH (SELECT groupArray(reason) FROM reference_reason) AS reasons
SELECT reinterpretAsUUID(concat(reinterpretAsString(cityHash64(n, target)), reinterpretAsString(n))), 'MATCHED', sheet_id,
       revision, declaration_no, submitted_at, 'AFTER_CLEARANCE', target, office, target_id, score,
       if(score <= 2, reasons[1 + mod(n, length(reasons))], ''),
       arrayMap(one -> if(one = score, toUnixTimestamp64Milli(submitted_at), 0), range(1, 6)), 1, lowest_score <= 2, 0,
       tax_code, office, team, 'SUPERVISION_PASSED', channel, kind, 8, registered_at, registered_at + INTERVAL 200 MINUTE,
       if(channel = 'GREEN', NULL, toUInt32(20 / (0.05 + chance(n, 'documents')))) AS documents,
       if(channel = 'RED', toUInt32(80 / (0.05 + chance(n, 'goods'))), NULL) AS goods,
       toUInt32(60 / (0.05 + chance(n, 'clearance'))),
       if(channel = 'GREEN', NULL, documents <= 120 AND ifNull(goods, 0) <= 480),
       first_epoch() + revision * 65536 + 8, 1, mod(n, 12), 4 * n + item + 100000000000 * revision
FROM made_item WHERE n >= %(first)s AND n < %(last)s AND revision = 1;

-- A second revision of the sheet, or a status that came late, sends a fact again.
INSERT INTO rated_service (fact_id, state, sheet_id, revision, declaration_no, submitted_at, phase, target, office,
                           target_id, score, reason, score_since, target_known, has_comment, has_contact, tax_code,
                           declaration_office, declaration_team, status, channel, kind, status_count, registered_at,
                           permitted_at, document_minutes, goods_minutes, clearance_minutes, on_time,
                           row_version, log_epoch, log_partition, log_offset)
SELECT f.fact_id, f.state, f.sheet_id, f.revision, f.declaration_no, f.submitted_at, f.phase, f.target, f.office,
       f.target_id, f.score, f.reason, f.score_since, f.target_known, f.has_comment, f.has_contact, f.tax_code,
       f.declaration_office, f.declaration_team, f.status, f.channel, f.kind, f.status_count + 1, f.registered_at,
       f.permitted_at, f.document_minutes, f.goods_minutes, f.clearance_minutes, f.on_time, f.row_version + 65536,
       f.log_epoch, f.log_partition, f.log_offset + 200000000000
FROM rated_service AS f
WHERE f.declaration >= 10000000000 + %(first)s AND f.declaration < 10000000000 + %(last)s AND mod(f.log_offset, 13) = 0;

-- The five-minute window is exact; the longer ones stand for what would be summed up: as many rows, larger counts.
INSERT INTO satisfaction (target, office, target_id, window_seconds, window_end, score_1, score_2, score_3, score_4, score_5,
                          row_version, log_epoch, log_partition, log_offset)
SELECT target, office, target_id, window_seconds, pane_end, s1 * times, s2 * times, s3 * times, s4 * times, s5 * times,
       first_epoch() + 1, 1, 0, toUnixTimestamp(pane_end)
FROM
(
    SELECT target, office, target_id, toStartOfInterval(submitted_at, INTERVAL 5 MINUTE) + INTERVAL 5 MINUTE AS pane_end,
           countIf(score = 1) AS s1, countIf(score = 2) AS s2, countIf(score = 3) AS s3, countIf(score = 4) AS s4,
           countIf(score = 5) AS s5
    FROM made_item WHERE n >= %(first)s AND n < %(last)s AND revision = 1
    GROUP BY target, office, target_id, pane_end
)
ARRAY JOIN [300, 3600, 86400, 604800, 2592000] AS window_seconds, [1, 3, 20, 100, 400] AS times;

INSERT INTO office_count (office, pane_start, opinions, dissatisfied, enterprises, satisfied_enterprises, drivers, complaint_ids,
                          row_version, log_epoch, log_partition, log_offset)
SELECT office, toStartOfInterval(submitted_at, INTERVAL 5 MINUTE) AS pane_start, count(), countIf(lowest_score <= 2),
       groupUniqArrayIf(tax_code, lowest_score <= 2), groupUniqArrayIf(tax_code, lowest_score > 2), map('TEAM:01', toUInt32(countIf(lowest_score <= 2))), [],
       first_epoch() + 1, 1, 0, toUnixTimestamp(pane_start)
FROM made_sheet WHERE n >= %(first)s AND n < %(last)s AND revision = 1
GROUP BY office, pane_start;

-- All but those of the last days were withdrawn or are long overdue: one in ten stays open.
INSERT INTO complaint (complaint_id, sheet_id, office, declaration_no, tax_code, track, state, opened_at,
                       first_deadline_at, first_deadline_rule, resolve_deadline_at, resolve_deadline_rule, lowest_score,
                       low_items, excluded_officials, has_comment, has_contact, row_version, log_epoch, log_partition, log_offset)
SELECT reinterpretAsUUID(concat(reinterpretAsString(cityHash64(n, 'complaint')), reinterpretAsString(n))), sheet_id, office,
       declaration_no, tax_code, 'FEEDBACK', if(chance(n, 'withdrawn') < 0.9, 'WITHDRAWN', 'OPENED'), submitted_at,
       submitted_at + INTERVAL 5 DAY, 'FIRST_LOOK', submitted_at + INTERVAL 30 DAY, 'RESOLVE', lowest_score,
       [('OFFICE', office, lowest_score, 'OTHER')], [official], 1, 0, first_epoch() + 1, 1, 0, n
FROM made_sheet WHERE n >= %(first)s AND n < %(last)s AND revision = 1 AND lowest_score <= 2;

INSERT INTO alert (alert_id, office, state, detector, raised_at, updated_at, window_start, window_end, window_seconds,
                   opinions, dissatisfied, enterprises, baseline, baseline_strength, expected, tail_probability, adjusted_probability, cusum,
                   drivers, complaint_ids, summary_vi, summary_en, row_version, log_epoch, log_partition, log_offset)
SELECT reinterpretAsUUID(concat(reinterpretAsString(cityHash64(n, 'alert')), reinterpretAsString(n))), office, 'CLEARED',
       'BURST', registered_at, registered_at, registered_at - INTERVAL 1 DAY, registered_at, 86400, 36, 12, 12, 0.01, 300, 0.3, 1e-14, 1e-12, 0, [('TEAM:01', 4)],
       arrayMap(one -> hex(cityHash64(n, one)), range(12)), repeat('a', 200), repeat('a', 200), first_epoch() + 1, 1, 0, n
FROM made_declaration WHERE n >= %(first)s AND n < %(last)s AND chance(n, 'alert') < 0.0005;

INSERT INTO dead_letter (dead_letter_id, stage, source_topic, source_identity, source_partition, source_offset, recorded_at,
                         reason, detail, schema_id, value_size, row_version, log_epoch, log_partition, log_offset)
SELECT reinterpretAsUUID(concat(reinterpretAsString(cityHash64(n, 'letter')), reinterpretAsString(n))), 'join',
       'declaration-status.v1', 'log', mod(n, 12), n, registered_at, 'UNDECODABLE', 'truncated', 1, 120,
       first_epoch() + 1, 1, 0, n
FROM made_declaration WHERE n >= %(first)s AND n < %(last)s AND chance(n, 'letter') < 0.001;

INSERT INTO dead_letter_action (action_id, dead_letter_id, action, acted_at, actor, note,
                                row_version, log_epoch, log_partition, log_offset)
SELECT dead_letter_id, dead_letter_id, 'DISCARDED', recorded_at, 'operator', '', first_epoch() + 1, 1, 0, log_offset
FROM dead_letter WHERE source_offset >= %(first)s AND source_offset < %(last)s AND mod(source_offset, 10) != 0;
