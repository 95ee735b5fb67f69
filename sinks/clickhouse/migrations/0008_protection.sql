-- Whose identity the law protects: docs/adr/0038-protected-people.md. Nothing takes a row out of these tables again, so a
-- case that was a denunciation once stays protected on any later track, after a withdrawal, a merge or a replay. Each is
-- fed by a materialized view, like log_position, and filled from what is stored already: a table that was dropped and
-- created again protects at once.

-- protected_complaint: cases that were a denunciation at any time. The clocks of an earlier track stay in a case, so its
-- newest record alone says so too.
--   alias      stands for complaint_id in views. An id is computed from declaration, sheet and office (schemas/ids.py), so
--              whoever tries all declarations would find it; the alias is drawn by chance.
--   engine     ReplacingMergeTree(precedence): how early, so the first alias of a case stays.
--   ORDER BY   the complaint. partition none: a handful of rows.
CREATE TABLE IF NOT EXISTS protected_complaint
(
    complaint_id UUID COMMENT 'The complaint',
    alias        UUID COMMENT 'Stands for it in views',
    precedence   UInt64
)
ENGINE = ReplacingMergeTree(precedence)
ORDER BY complaint_id
SETTINGS non_replicated_deduplication_window = 1000
COMMENT 'Complaints that were a denunciation at any time';

CREATE MATERIALIZED VIEW IF NOT EXISTS protected_complaint_of_complaint_case TO protected_complaint AS
SELECT complaint_id, generateUUIDv4() AS alias, bitNot(toUInt64(toUnixTimestamp64Nano(now64(9)))) AS precedence
FROM complaint_case WHERE track = 'DENUNCIATION' OR arrayExists(one -> one.track = 'DENUNCIATION', clocks);

INSERT INTO protected_complaint (complaint_id, alias, precedence)
SELECT complaint_id, generateUUIDv4(), bitNot(toUInt64(toUnixTimestamp64Nano(now64(9))))
FROM complaint_case WHERE track = 'DENUNCIATION' OR arrayExists(one -> one.track = 'DENUNCIATION', clocks);

-- complaint_sheet: the complaint that a sheet would open at each office which it rates. A denunciation names no sheet, and its
-- complaint may be stored later than the case. So every table that names a sheet feeds this one; where the row has no id of a
-- complaint, it is computed as schemas/ids.py does. rating_item is stored before its sheet, so no sheet is shown of which a
-- denunciation is known.
--   engine     ReplacingMergeTree: a row is only its key.
--   ORDER BY   the sheet, to find the other complaints of it.
--   index      of the complaint, to find its sheet.
--   partition  none: about one row a rating.
CREATE TABLE IF NOT EXISTS complaint_sheet
(
    declaration  UInt64 COMMENT 'The declaration, whatever its amendment' CODEC(Delta, ZSTD(1)),
    sheet_id     String COMMENT 'Sheet',
    office       LowCardinality(String) COMMENT 'Office that it rates',
    complaint_id UUID   COMMENT 'Of declaration, sheet and office',
    INDEX complaint_id complaint_id TYPE bloom_filter GRANULARITY 4
)
ENGINE = ReplacingMergeTree
ORDER BY (declaration, sheet_id, office)
SETTINGS non_replicated_deduplication_window = 1000
COMMENT 'Complaints that sheets may open';

CREATE MATERIALIZED VIEW IF NOT EXISTS complaint_sheet_of_rating_item TO complaint_sheet AS
WITH hex(SHA1(concat(unhex('6F0D7F3E4F0B5C559D538A8F6F1F2B10'), 'complaint', char(31), substring(declaration_no, 1, 11),
                     char(31), sheet_id, char(31), office))) AS digits
SELECT DISTINCT toUInt64(substring(declaration_no, 1, 11)) AS declaration, sheet_id, office,
       toUUID(concat(substring(digits, 1, 8), '-', substring(digits, 9, 4), '-5', substring(digits, 14, 3), '-',
                     translate(substring(digits, 17, 1), '0123456789ABCDEF', '89AB89AB89AB89AB'),
                     substring(digits, 18, 3), '-', substring(digits, 21, 12))) AS complaint_id
FROM rating_item;

INSERT INTO complaint_sheet (declaration, sheet_id, office, complaint_id)
WITH hex(SHA1(concat(unhex('6F0D7F3E4F0B5C559D538A8F6F1F2B10'), 'complaint', char(31), substring(declaration_no, 1, 11),
                     char(31), sheet_id, char(31), office))) AS digits
SELECT DISTINCT toUInt64(substring(declaration_no, 1, 11)) AS declaration, sheet_id, office,
       toUUID(concat(substring(digits, 1, 8), '-', substring(digits, 9, 4), '-5', substring(digits, 14, 3), '-',
                     translate(substring(digits, 17, 1), '0123456789ABCDEF', '89AB89AB89AB89AB'),
                     substring(digits, 18, 3), '-', substring(digits, 21, 12))) AS complaint_id
FROM rating_item;

CREATE MATERIALIZED VIEW IF NOT EXISTS complaint_sheet_of_rated_service TO complaint_sheet AS
WITH hex(SHA1(concat(unhex('6F0D7F3E4F0B5C559D538A8F6F1F2B10'), 'complaint', char(31), substring(declaration_no, 1, 11),
                     char(31), sheet_id, char(31), office))) AS digits
SELECT DISTINCT toUInt64(substring(declaration_no, 1, 11)) AS declaration, sheet_id, office,
       toUUID(concat(substring(digits, 1, 8), '-', substring(digits, 9, 4), '-5', substring(digits, 14, 3), '-',
                     translate(substring(digits, 17, 1), '0123456789ABCDEF', '89AB89AB89AB89AB'),
                     substring(digits, 18, 3), '-', substring(digits, 21, 12))) AS complaint_id
FROM rated_service;

INSERT INTO complaint_sheet (declaration, sheet_id, office, complaint_id)
WITH hex(SHA1(concat(unhex('6F0D7F3E4F0B5C559D538A8F6F1F2B10'), 'complaint', char(31), substring(declaration_no, 1, 11),
                     char(31), sheet_id, char(31), office))) AS digits
SELECT DISTINCT toUInt64(substring(declaration_no, 1, 11)) AS declaration, sheet_id, office,
       toUUID(concat(substring(digits, 1, 8), '-', substring(digits, 9, 4), '-5', substring(digits, 14, 3), '-',
                     translate(substring(digits, 17, 1), '0123456789ABCDEF', '89AB89AB89AB89AB'),
                     substring(digits, 18, 3), '-', substring(digits, 21, 12))) AS complaint_id
FROM rated_service;

CREATE MATERIALIZED VIEW IF NOT EXISTS complaint_sheet_of_complaint TO complaint_sheet AS
SELECT toUInt64(substring(declaration_no, 1, 11)) AS declaration, sheet_id, office, complaint_id
FROM complaint WHERE declaration_no != '';

INSERT INTO complaint_sheet (declaration, sheet_id, office, complaint_id)
SELECT toUInt64(substring(declaration_no, 1, 11)) AS declaration, sheet_id, office, complaint_id
FROM complaint WHERE declaration_no != '';

CREATE MATERIALIZED VIEW IF NOT EXISTS complaint_sheet_of_complaint_case TO complaint_sheet AS
SELECT toUInt64(substring(declaration_no, 1, 11)) AS declaration, sheet_id, office, complaint_id
FROM complaint_case WHERE declaration_no != '';

INSERT INTO complaint_sheet (declaration, sheet_id, office, complaint_id)
SELECT toUInt64(substring(declaration_no, 1, 11)) AS declaration, sheet_id, office, complaint_id
FROM complaint_case WHERE declaration_no != '';

-- case_link: which cases were ever merged with which: mostly one matter, told by one enterprise.
--   engine     ReplacingMergeTree: a row is only its key.
--   ORDER BY   the two cases. partition none: few rows.
CREATE TABLE IF NOT EXISTS case_link
(
    complaint_id UUID COMMENT 'The case',
    other        UUID COMMENT 'The case that it was merged into or absorbed'
)
ENGINE = ReplacingMergeTree
ORDER BY (complaint_id, other)
SETTINGS non_replicated_deduplication_window = 1000
COMMENT 'Cases that were merged';

CREATE MATERIALIZED VIEW IF NOT EXISTS case_link_of_complaint_case TO case_link AS
SELECT complaint_id, toUUIDOrZero(arrayJoin(arrayFilter(one -> one != '', arrayPushBack(absorbed, merged_into)))) AS other
FROM complaint_case WHERE merged_into != '' OR notEmpty(absorbed);

INSERT INTO case_link (complaint_id, other)
SELECT complaint_id, toUUIDOrZero(arrayJoin(arrayFilter(one -> one != '', arrayPushBack(absorbed, merged_into)))) AS other
FROM complaint_case WHERE merged_into != '' OR notEmpty(absorbed);
