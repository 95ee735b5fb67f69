CREATE TABLE IF NOT EXISTS reference_office ON CLUSTER `customs`
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
ENGINE = ReplicatedMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}') ORDER BY (code, valid_from)
COMMENT 'Customs offices, one row a version';

CREATE TABLE IF NOT EXISTS reference_team ON CLUSTER `customs`
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
ENGINE = ReplicatedMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}') ORDER BY (office, team, valid_from)
COMMENT 'Teams of offices, one row a version';

CREATE TABLE IF NOT EXISTS reference_status ON CLUSTER `customs`
(
    status     LowCardinality(String) COMMENT 'Status',
    name_vi    String                 COMMENT 'Vietnamese name',
    name_en    String                 COMMENT 'English name',
    direction  LowCardinality(String) COMMENT 'IMPORT, EXPORT or BOTH',
    rateable   LowCardinality(String) COMMENT 'yes: after it a rating may be opened',
    confidence LowCardinality(String) COMMENT 'C confirmed, P probable, U unverified'
)
ENGINE = ReplicatedMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}') ORDER BY status
COMMENT 'Statuses of declarations';

CREATE TABLE IF NOT EXISTS reference_rating_scale ON CLUSTER `customs`
(
    score   UInt8                  COMMENT '1 to 5',
    name_vi String                 COMMENT 'Vietnamese name',
    name_en String                 COMMENT 'English name',
    group   LowCardinality(String) COMMENT 'SATISFIED, NEUTRAL or DISSATISFIED'
)
ENGINE = ReplicatedMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}') ORDER BY score
COMMENT 'The five scores';

CREATE TABLE IF NOT EXISTS reference_kind ON CLUSTER `customs`
(
    code       LowCardinality(String) COMMENT 'Declaration kind',
    direction  LowCardinality(String) COMMENT 'IMPORT or EXPORT',
    name_vi    String                 COMMENT 'Vietnamese name',
    name_en    String                 COMMENT 'English name',
    valid_from Date                   COMMENT 'First day of this version',
    valid_to   Nullable(Date)         COMMENT 'First day on which it is no longer valid; NULL: still valid',
    confidence LowCardinality(String) COMMENT 'C confirmed, P probable, U unverified'
)
ENGINE = ReplicatedMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}') ORDER BY (code, direction, valid_from)
COMMENT 'Declaration kinds';

CREATE TABLE IF NOT EXISTS reference_step ON CLUSTER `customs`
(
    step          LowCardinality(String) COMMENT 'Procedure step',
    name_vi       String                 COMMENT 'Vietnamese name',
    name_en       String                 COMMENT 'English name',
    limit_minutes Nullable(UInt32)       COMMENT 'Legal limit in working minutes; NULL: none known',
    clock_starts  String                 COMMENT 'What starts the limit'
)
ENGINE = ReplicatedMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}') ORDER BY step
COMMENT 'Procedure steps and their legal limits';

CREATE TABLE IF NOT EXISTS reference_reason ON CLUSTER `customs`
(
    reason  LowCardinality(String) COMMENT 'Reason code',
    factor  LowCardinality(String) COMMENT 'Factor of service quality',
    name_vi String                 COMMENT 'Vietnamese name',
    name_en String                 COMMENT 'English name'
)
ENGINE = ReplicatedMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}') ORDER BY reason
COMMENT 'Reasons for a low score';

CREATE TABLE IF NOT EXISTS reference_channel ON CLUSTER `customs`
(
    channel LowCardinality(String) COMMENT 'Channel',
    name_vi String                 COMMENT 'Vietnamese name',
    name_en String                 COMMENT 'English name',
    what    String                 COMMENT 'What customs checks'
)
ENGINE = ReplicatedMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}') ORDER BY channel
COMMENT 'Control channels';

CREATE TABLE IF NOT EXISTS reference_working_window ON CLUSTER `customs`
(
    office        LowCardinality(String) COMMENT 'Office with overtime of its own; empty: all others',
    starts_at     DateTime64(3, 'UTC')   COMMENT 'When work begins; the first row of a calendar is its first instant',
    ends_at       DateTime64(3, 'UTC')   COMMENT 'When it pauses or ends, exclusive',
    worked_before Nullable(UInt32)       COMMENT 'Working minutes from the beginning of the calendar to starts_at; NULL: after its end'
)
ENGINE = ReplicatedMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}') ORDER BY (office, starts_at)
COMMENT 'Working windows of days, and the working minutes before each';

CREATE TABLE IF NOT EXISTS reference_working_day ON CLUSTER `customs`
(
    day              Date                          COMMENT 'Local day',
    working          Bool                          COMMENT 'Whether it is a working day, without overtime',
    ordinal          UInt32                        COMMENT 'Working days from the beginning of the calendar up to and including this day',
    ends_at          Nullable(DateTime64(3, 'UTC')) COMMENT 'End of its working time; NULL: a day off',
    next_working_day Nullable(Date)                COMMENT 'This day, or the next working day; NULL: after the calendar'
)
ENGINE = ReplicatedMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}') ORDER BY day
COMMENT 'Local days of the working calendar';

CREATE TABLE IF NOT EXISTS reference_score_criterion ON CLUSTER `customs`
(
    criterion          LowCardinality(String) COMMENT 'Number of the criterion',
    group_no           UInt8                  COMMENT 'Its group, 1 to 5',
    name_vi            String                 COMMENT 'Vietnamese name',
    name_en            String                 COMMENT 'English name',
    maximum            UInt8                  COMMENT 'Its points',
    full_at            Nullable(UInt8)        COMMENT 'Percentage from which all points are given; NULL: points alone can be entered',
    basis              LowCardinality(String) COMMENT 'COMPUTED, or ENTERED: outside our data',
    formula            String                 COMMENT 'Numerator and denominator in words',
    points_confidence  LowCardinality(String) COMMENT 'Of maximum: C confirmed, P probable, U unverified',
    rule_confidence    LowCardinality(String) COMMENT 'Of full_at',
    reading_confidence LowCardinality(String) COMMENT 'How sure we are that our data are what it counts; empty: computed from no data',
    source             String                 COMMENT 'Where it comes from'
)
ENGINE = ReplicatedMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}') ORDER BY criterion
COMMENT 'Criteria of Decision 766/QĐ-TTg';

CREATE TABLE IF NOT EXISTS reference_score_grade ON CLUSTER `customs`
(
    grade       LowCardinality(String) COMMENT 'Grade',
    name_vi     String                 COMMENT 'Vietnamese name',
    name_en     String                 COMMENT 'English name',
    from_points UInt8                  COMMENT 'Lowest total with this grade',
    confidence  LowCardinality(String) COMMENT 'C confirmed, P probable, U unverified',
    source      String                 COMMENT 'Where it comes from'
)
ENGINE = ReplicatedMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}') ORDER BY from_points
COMMENT 'Grades of Decision 766/QĐ-TTg';

CREATE TABLE IF NOT EXISTS reference_service_commitment ON CLUSTER `customs`
(
    step               LowCardinality(String) COMMENT 'Step',
    name_vi            String                 COMMENT 'Vietnamese name',
    name_en            String                 COMMENT 'English name',
    unit               LowCardinality(String) COMMENT 'WORKING_MINUTE, WORKING_DAY or CALENDAR_DAY',
    amount             UInt32                 COMMENT 'How many of them',
    who                LowCardinality(String) COMMENT 'Whose time it is: CUSTOMS or DECLARANT',
    held_by            LowCardinality(String) COMMENT 'STATUSES, CASES, or NONE: start or end is not published',
    starts             String                 COMMENT 'What starts it',
    ends               String                 COMMENT 'What ends it',
    confidence         LowCardinality(String) COMMENT 'Of the limit: C confirmed, P probable, U unverified',
    mapping_confidence LowCardinality(String) COMMENT 'How sure we are about start and end',
    source             String                 COMMENT 'Where the limit comes from'
)
ENGINE = ReplicatedMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}') ORDER BY step
COMMENT 'Times that the law or the charter promises';

