-- Reference data: a copy of schemas/reference/, replaced whole by each `hailong migrate`. Small tables, read by joins.

CREATE TABLE IF NOT EXISTS ref_office
(
    code LowCardinality(String),
    valid_from DateTime64(3, 'UTC'),
    valid_to DateTime64(3, 'UTC'),
    level LowCardinality(String),
    department LowCardinality(String),
    parent LowCardinality(String),
    name_vi String,
    confidence LowCardinality(String) COMMENT 'C confirmed, P probable, U unverified'
)
ENGINE = MergeTree ORDER BY (code, valid_from);

CREATE TABLE IF NOT EXISTS ref_team
(
    office LowCardinality(String),
    team LowCardinality(String),
    valid_from DateTime64(3, 'UTC'),
    name_vi String,
    confidence LowCardinality(String)
)
ENGINE = MergeTree ORDER BY (office, team, valid_from);

CREATE TABLE IF NOT EXISTS ref_step
(
    step LowCardinality(String),
    name_vi String,
    name_en String,
    limit_minutes Nullable(Int32) COMMENT 'legal working time',
    limit_source String
)
ENGINE = MergeTree ORDER BY step;

CREATE TABLE IF NOT EXISTS ref_score
(
    score UInt8,
    name_vi String,
    name_en String
)
ENGINE = MergeTree ORDER BY score;
