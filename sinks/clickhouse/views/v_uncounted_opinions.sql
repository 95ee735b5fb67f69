CREATE OR REPLACE VIEW v_uncounted_opinions
(
    office         LowCardinality(String) COMMENT 'Office code; of the rated target',
    office_name    String                 COMMENT 'Vietnamese name of the office at the time of the row; empty: not in the reference data',
    declaration    UInt64                 COMMENT 'The declaration, whatever its amendment: first 11 digits',
    sheet_id       String                 COMMENT 'Rating sheet; empty: not shown',
    standing       String                 COMMENT 'Whether the sheet comes from an enterprise of the declaration: VERIFIED, UNSTATED, UNVERIFIED or FOREIGN',
    tax_code       LowCardinality(String) COMMENT 'Enterprise; empty: not known or not shown; as on the sheet, or of the declaration',
    submitted_at   DateTime64(3, 'UTC')   COMMENT 'When the latest revision was sent',
    submitted_day  Date                   COMMENT 'Local day of submitted_at',
    level          UInt8                  COMMENT 'Level of the opinion: the lowest of its scores, 1 to 5; among those for the office',
    item_count     UInt64                 COMMENT 'How many scores it has'
)
AS
SELECT i.office AS office, o.name_vi AS office_name, i.declaration AS declaration, i.sheet_id AS sheet_id, i.standing AS standing,
       i.tax_code AS tax_code, i.submitted_at AS submitted_at, i.named_on AS submitted_day, i.level AS level, i.items AS item_count
FROM
(
    SELECT f.office AS office, f.declaration AS declaration, f.sheet_id AS sheet_id, any(f.standing) AS standing,
           any(f.tax_code) AS tax_code, max(f.submitted_at) AS submitted_at, min(f.score) AS level, count() AS items,
           toDate(max(f.submitted_at), 'Asia/Ho_Chi_Minh') AS named_on
    FROM uncounted_fact AS f
    GROUP BY f.office, f.declaration, f.sheet_id
) AS i
ASOF LEFT JOIN reference_office AS o ON i.office = o.code AND i.named_on >= o.valid_from
COMMENT 'One row a sheet and office that counts in no figure, and why: who sent it is not known to be entitled, or is not';
