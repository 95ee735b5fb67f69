-- An opinion about an office: what one enterprise says by one declaration about anything there, in all its sheets (ADR 42).
CREATE OR REPLACE VIEW v_opinions_by_office
(
    office        LowCardinality(String) COMMENT 'Office code; of the rated target',
    office_name   String                 COMMENT 'Vietnamese name of the office at the time of the row; empty: not in the reference data',
    declaration   UInt64                 COMMENT 'The declaration, whatever its amendment: first 11 digits',
    sheet_ids     Array(String)          COMMENT 'Rating sheets of the opinion, sorted; those about the office',
    submitted_at  DateTime64(3, 'UTC')   COMMENT 'When the latest revision was sent; of the last sheet',
    submitted_day Date                   COMMENT 'Local day of submitted_at',
    level         UInt8                  COMMENT 'Level of the opinion: the lowest of its scores, 1 to 5; among those for the office',
    satisfied     Bool                   COMMENT 'Whether it is satisfied, by v_rating_scale',
    dissatisfied  Bool                   COMMENT 'Whether it is dissatisfied, by v_rating_scale',
    item_count    UInt64                 COMMENT 'How many scores it has'
)
AS
SELECT i.office AS office, o.name_vi AS office_name, i.declaration AS declaration, i.sheets AS sheet_ids,
       i.submitted_at AS submitted_at, i.named_on AS submitted_day, i.level AS level,
       i.level IN (SELECT score FROM v_rating_scale WHERE satisfied) AS satisfied,
       i.level IN (SELECT score FROM v_rating_scale WHERE dissatisfied) AS dissatisfied,
       i.items AS item_count
FROM
(
    -- Facts instead of items: they stand by office, and one that no later revision holds says SUPERSEDED.
    SELECT f.office AS office, f.declaration AS declaration, arraySort(groupUniqArray(f.sheet_id)) AS sheets,
           max(f.submitted_at) AS submitted_at, min(f.score) AS level, count() AS items,
           toDate(max(f.submitted_at), 'Asia/Ho_Chi_Minh') AS named_on
    FROM shown_fact AS f
    GROUP BY f.office, f.declaration
) AS i
ASOF LEFT JOIN reference_office AS o ON i.office = o.code AND i.named_on >= o.valid_from
COMMENT 'One row a declaration and office: the lowest score that its sheets give to any target at the office';
