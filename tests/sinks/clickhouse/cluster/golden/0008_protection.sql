CREATE TABLE IF NOT EXISTS protected_complaint ON CLUSTER `customs`
(
    complaint_id UUID COMMENT 'The complaint',
    alias        UUID COMMENT 'Stands for it in views',
    precedence   UInt64
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}', precedence)
ORDER BY complaint_id
SETTINGS replicated_deduplication_window = 1000, replicated_deduplication_window_seconds = 604800
COMMENT 'Complaints that were a denunciation at any time';

CREATE MATERIALIZED VIEW IF NOT EXISTS protected_complaint_of_complaint_case ON CLUSTER `customs` TO protected_complaint AS
SELECT complaint_id, generateUUIDv4() AS alias, bitNot(toUInt64(toUnixTimestamp64Nano(now64(9)))) AS precedence
FROM complaint_case WHERE track = 'DENUNCIATION' OR arrayExists(one -> one.track = 'DENUNCIATION', clocks);

INSERT INTO protected_complaint (complaint_id, alias, precedence)
SELECT complaint_id, generateUUIDv4(), bitNot(toUInt64(toUnixTimestamp64Nano(now64(9))))
FROM complaint_case WHERE track = 'DENUNCIATION' OR arrayExists(one -> one.track = 'DENUNCIATION', clocks);

CREATE TABLE IF NOT EXISTS complaint_sheet ON CLUSTER `customs`
(
    declaration  UInt64 COMMENT 'The declaration, whatever its amendment' CODEC(Delta, ZSTD(1)),
    sheet_id     String COMMENT 'Sheet',
    office       LowCardinality(String) COMMENT 'Office that it rates',
    complaint_id UUID   COMMENT 'Of declaration, sheet and office',
    INDEX complaint_id complaint_id TYPE bloom_filter GRANULARITY 4
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}')
ORDER BY (declaration, sheet_id, office)
SETTINGS replicated_deduplication_window = 1000, replicated_deduplication_window_seconds = 604800
COMMENT 'Complaints that sheets may open';

CREATE MATERIALIZED VIEW IF NOT EXISTS complaint_sheet_of_rating_item ON CLUSTER `customs` TO complaint_sheet AS
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

CREATE MATERIALIZED VIEW IF NOT EXISTS complaint_sheet_of_rated_service ON CLUSTER `customs` TO complaint_sheet AS
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

CREATE MATERIALIZED VIEW IF NOT EXISTS complaint_sheet_of_complaint ON CLUSTER `customs` TO complaint_sheet AS
SELECT toUInt64(substring(declaration_no, 1, 11)) AS declaration, sheet_id, office, complaint_id
FROM complaint WHERE declaration_no != '';

INSERT INTO complaint_sheet (declaration, sheet_id, office, complaint_id)
SELECT toUInt64(substring(declaration_no, 1, 11)) AS declaration, sheet_id, office, complaint_id
FROM complaint WHERE declaration_no != '';

CREATE MATERIALIZED VIEW IF NOT EXISTS complaint_sheet_of_complaint_case ON CLUSTER `customs` TO complaint_sheet AS
SELECT toUInt64(substring(declaration_no, 1, 11)) AS declaration, sheet_id, office, complaint_id
FROM complaint_case WHERE declaration_no != '';

INSERT INTO complaint_sheet (declaration, sheet_id, office, complaint_id)
SELECT toUInt64(substring(declaration_no, 1, 11)) AS declaration, sheet_id, office, complaint_id
FROM complaint_case WHERE declaration_no != '';

CREATE TABLE IF NOT EXISTS case_link ON CLUSTER `customs`
(
    complaint_id UUID COMMENT 'The case',
    other        UUID COMMENT 'The case that it was merged into or absorbed'
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}')
ORDER BY (complaint_id, other)
SETTINGS replicated_deduplication_window = 1000, replicated_deduplication_window_seconds = 604800
COMMENT 'Cases that were merged';

CREATE MATERIALIZED VIEW IF NOT EXISTS case_link_of_complaint_case ON CLUSTER `customs` TO case_link AS
SELECT complaint_id, toUUIDOrZero(arrayJoin(arrayFilter(one -> one != '', arrayPushBack(absorbed, merged_into)))) AS other
FROM complaint_case WHERE merged_into != '' OR notEmpty(absorbed);

INSERT INTO case_link (complaint_id, other)
SELECT complaint_id, toUUIDOrZero(arrayJoin(arrayFilter(one -> one != '', arrayPushBack(absorbed, merged_into)))) AS other
FROM complaint_case WHERE merged_into != '' OR notEmpty(absorbed);

