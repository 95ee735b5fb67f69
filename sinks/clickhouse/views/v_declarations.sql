CREATE OR REPLACE VIEW v_declarations
(
    declaration    UInt64                         COMMENT 'The declaration, whatever its amendment: first 11 digits',
    declaration_no String                         COMMENT 'Declaration number, 12 digits; empty: not shown',
    tax_code       String                         COMMENT 'Enterprise; empty: not known or not shown',
    office         String                         COMMENT 'Office code; of registration',
    office_name    String                         COMMENT 'Vietnamese name of the office at the time of the row; empty: not in the reference data',
    kind           String                         COMMENT 'Declaration kind',
    channel        String                         COMMENT 'GREEN, YELLOW or RED; empty: not known',
    status         String                         COMMENT 'Status of the declaration now',
    registered_at  Nullable(DateTime64(3, 'UTC')) COMMENT 'First registration; NULL: not registered',
    registered_day Nullable(Date)                 COMMENT 'Local day of registered_at',
    permitted_at   Nullable(DateTime64(3, 'UTC')) COMMENT 'First of storage permitted, released, cleared; NULL: none yet',
    permitted_day  Nullable(Date)                 COMMENT 'Local day of permitted_at',
    cancelled      Bool                           COMMENT 'Whether it was ever cancelled',
    statuses       UInt64                         COMMENT 'Number of status events'
)
AS
-- Of statuses of one instant the later one in this list is the latest, as in facts (docs/contract.md); of equal ones
-- whichever, but always the same. `place` is one number, because a tuple is compared much slower.
WITH
    [
        'PRE_REGISTERED', 'REGISTERED', 'CHANNEL_ASSIGNED', 'OFFICIAL_ASSIGNED', 'AMENDED_BY_DECLARANT',
        'AMENDED_BY_CUSTOMS', 'CUSTOMS_INSTRUCTION', 'DOCUMENTS_CHECKED', 'INSPECTION_REQUIRED',
        'INSPECTION_WITHDRAWN', 'GOODS_INSPECTED', 'RELEASE_REQUESTED', 'STORAGE_PERMITTED', 'RELEASED',
        'CLEARED', 'WAREHOUSE_IN', 'WAREHOUSE_OUT', 'POST_AMEND_REGISTERED', 'POST_AMEND_ACCEPTED',
        'POST_AMEND_REFUSED', 'CANCELLED', 'TAX_CONFIRMED', 'SUPERVISION_PASSED', 'OTHER'
    ] AS life,
    (occurred_at, status, event_id) -> toUnixTimestamp64Milli(occurred_at) * 1048576 + indexOf(life, status) * 32768
        + cityHash64(event_id) % 32768 AS place
SELECT d.declaration AS declaration, d.declaration_no AS declaration_no, d.tax_code AS tax_code, d.office AS office,
       o.name_vi AS office_name, d.kind AS kind, d.channel AS channel, d.status AS status, d.registered_at AS registered_at,
       toDate(d.registered_at, 'Asia/Ho_Chi_Minh') AS registered_day,
       d.permitted_at AS permitted_at, toDate(d.permitted_at, 'Asia/Ho_Chi_Minh') AS permitted_day, d.cancelled AS cancelled, d.statuses AS statuses
FROM
(
    SELECT s.declaration AS declaration, max(s.declaration_no) AS declaration_no,
           argMaxIf(s.tax_code, place(s.occurred_at, s.status, s.event_id), s.tax_code != '') AS tax_code,
           argMin(s.office, (s.status != 'REGISTERED', place(s.occurred_at, s.status, s.event_id))) AS office,
           argMaxIf(s.kind, place(s.occurred_at, s.status, s.event_id), s.kind != '') AS kind,
           argMaxIf(s.channel, place(s.occurred_at, s.status, s.event_id), s.channel != '') AS channel,
           argMax(s.status, place(s.occurred_at, s.status, s.event_id)) AS status,
           minOrNullIf(s.occurred_at, s.status = 'REGISTERED') AS registered_at,
           minOrNullIf(s.occurred_at, s.status IN (SELECT status FROM reference_status WHERE rateable = 'yes')) AS permitted_at,
           countIf(s.status = 'CANCELLED') > 0 AS cancelled,
           count() AS statuses,
           toDate(min(s.occurred_at), 'Asia/Ho_Chi_Minh') AS named_on
    FROM (SELECT *, declaration FROM declaration_status FINAL) AS s
    GROUP BY s.declaration
) AS d
ASOF LEFT JOIN reference_office AS o ON d.office = o.code AND d.named_on >= o.valid_from
COMMENT 'One row a declaration: where it was registered and where it stands';
