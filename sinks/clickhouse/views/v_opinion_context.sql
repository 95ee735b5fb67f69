-- An opinion is what one enterprise says about one office by one declaration, in all its sheets (ADR 42). Its context is that of
-- the last sheet: the declaration as its facts tell it.
CREATE OR REPLACE VIEW v_opinion_context
(
    office                  LowCardinality(String)         COMMENT 'Office code; of the rated target',
    office_name             String                         COMMENT 'Vietnamese name of the office at the time of the row; empty: not in the reference data',
    declaration             UInt64                         COMMENT 'The declaration, whatever its amendment: first 11 digits',
    sheet_ids               Array(String)                  COMMENT 'Rating sheets of the opinion, sorted; those about the office',
    tax_code                String                         COMMENT 'Enterprise; empty: not known or not shown; of the sheet or the declaration',
    enterprise_declarations UInt64                         COMMENT 'Size of the enterprise: declarations that ever named it',
    enterprise_size         String                         COMMENT '1-9, 10-99, 100-999 or 1000+ declarations; empty: enterprise not known',
    standing                String                         COMMENT 'Whether the sheet comes from an enterprise of the declaration: VERIFIED, UNSTATED, UNVERIFIED or FOREIGN; VERIFIED if one of the sheets is',
    channel                 String                         COMMENT 'GREEN, YELLOW or RED; empty: not known; as of the rating',
    channel_name            String                         COMMENT 'Vietnamese name of the channel',
    kind                    String                         COMMENT 'Declaration kind; as of the rating',
    kind_name               String                         COMMENT 'Vietnamese name of the declaration kind, by our wording',
    direction               String                         COMMENT 'IMPORT or EXPORT, by the first digit of the number',
    registered_at           Nullable(DateTime64(3, 'UTC')) COMMENT 'First registration; NULL: not registered',
    registered_day          Nullable(Date)                 COMMENT 'Local day of registered_at',
    registered_weekday      Nullable(UInt8)                COMMENT 'Local weekday of registered_at, 1 Monday to 7 Sunday',
    submitted_at            DateTime64(3, 'UTC')           COMMENT 'When the latest revision was sent; of the last sheet',
    submitted_day           Date                           COMMENT 'Local day of submitted_at',
    submitted_weekday       UInt8                          COMMENT 'Local weekday of submitted_at, 1 Monday to 7 Sunday',
    phase                   String                         COMMENT 'DURING_CLEARANCE or AFTER_CLEARANCE; of the last sheet',
    level                   UInt8                          COMMENT 'Level of the opinion: the lowest of its scores, 1 to 5; among those for the office',
    level_name              String                         COMMENT 'Vietnamese name of the level',
    satisfied               Bool                           COMMENT 'Whether it is satisfied, by v_rating_scale',
    dissatisfied            Bool                           COMMENT 'Whether it is dissatisfied, by v_rating_scale',
    document_minutes        Nullable(UInt32)               COMMENT 'Working minutes of the document check, its longest round; NULL: none',
    goods_minutes           Nullable(UInt32)               COMMENT 'Working minutes of the goods inspection, its longest round; NULL: none',
    clearance_minutes       Nullable(UInt32)               COMMENT 'Working minutes from registration to permission, cancellation or the rating',
    on_time                 Nullable(Bool)                 COMMENT 'Whether no check had exceeded its legal limit by the rating; NULL: none began',
    matched                 Bool                           COMMENT 'Whether the declaration is known'
)
AS
WITH 'Asia/Ho_Chi_Minh' AS local
SELECT f.office AS office, o.name_vi AS office_name, f.declaration AS declaration, f.sheets AS sheet_ids, f.tax_code AS tax_code,
       ifNull(e.declarations, 0) AS enterprise_declarations,
       multiIf(enterprise_declarations = 0, '', enterprise_declarations < 10, '1-9', enterprise_declarations < 100, '10-99',
               enterprise_declarations < 1000, '100-999', '1000+') AS enterprise_size,
       f.standing AS standing,
       f.channel AS channel, c.name_vi AS channel_name, f.kind AS kind, k.name_vi AS kind_name,
       f.direction AS direction,
       f.registered_at AS registered_at, toDate(f.registered_at, local) AS registered_day,
       toDayOfWeek(f.registered_at, 0, local) AS registered_weekday,
       f.submitted_at AS submitted_at, f.named_on AS submitted_day, toDayOfWeek(f.submitted_at, 0, local) AS submitted_weekday,
       f.phase AS phase, f.level AS level, s.name_vi AS level_name, s.satisfied AS satisfied, s.dissatisfied AS dissatisfied,
       f.document_minutes AS document_minutes, f.goods_minutes AS goods_minutes, f.clearance_minutes AS clearance_minutes,
       f.on_time AS on_time, f.matched AS matched
FROM
(
    -- What the facts of one sheet say about its declaration is the same in each of them.
    SELECT f.office AS office, f.declaration AS declaration, arraySort(groupUniqArray(f.sheet_id)) AS sheets,
           if(f.declaration >= 20000000000, 'EXPORT', 'IMPORT') AS direction, max(f.tax_code) AS tax_code,
           max(toString(f.standing)) AS standing, min(f.score) AS level, max(f.submitted_at) AS submitted_at,
           argMax((f.channel, f.kind, f.phase, f.registered_at, f.document_minutes, f.goods_minutes, f.clearance_minutes, f.on_time,
                   f.state = 'MATCHED'), (f.submitted_at, f.sheet_id)) AS last,
           last.1 AS channel, last.2 AS kind, last.3 AS phase, last.4 AS registered_at, last.5 AS document_minutes,
           last.6 AS goods_minutes, last.7 AS clearance_minutes, last.8 AS on_time, last.9 AS matched,
           toDate(max(f.submitted_at), 'Asia/Ho_Chi_Minh') AS named_on
    FROM shown_fact AS f
    GROUP BY f.office, f.declaration
) AS f
LEFT JOIN
(
    SELECT tax_code, count() AS declarations FROM enterprise_declaration FINAL
    WHERE tax_code IN (SELECT tax_code FROM shown_fact) GROUP BY tax_code
) AS e ON f.tax_code = e.tax_code
LEFT JOIN v_rating_scale AS s ON f.level = s.score
LEFT JOIN reference_channel AS c ON f.channel = c.channel
ASOF LEFT JOIN reference_kind AS k ON f.kind = k.code AND f.direction = k.direction AND f.named_on >= k.valid_from
ASOF LEFT JOIN reference_office AS o ON f.office = o.code AND f.named_on >= o.valid_from
SETTINGS additional_table_filters = {}
COMMENT 'One row a declaration and office, with all that is known about its declaration and enterprise; v_opinions_by_office is quicker';
