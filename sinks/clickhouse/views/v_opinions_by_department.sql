-- An opinion about a department: what one enterprise says by one declaration about any of its offices (ADR 42). Offices that
-- the reference data place in none are left out.
CREATE OR REPLACE VIEW v_opinions_by_department
(
    unit          String                 COMMENT 'Code of the office, department, region, or VN; the unit above the rated offices when the last sheet about each was sent',
    declaration   UInt64                 COMMENT 'The declaration, whatever its amendment: first 11 digits',
    offices       Array(String)          COMMENT 'Codes of the rated offices, sorted',
    submitted_at  DateTime64(3, 'UTC')   COMMENT 'When the latest revision was sent; of the last sheet',
    submitted_day Date                   COMMENT 'Local day of submitted_at',
    level         UInt8                  COMMENT 'Level of the opinion: the lowest of its scores, 1 to 5; among those for its offices',
    satisfied     Bool                   COMMENT 'Whether it is satisfied, by v_rating_scale',
    dissatisfied  Bool                   COMMENT 'Whether it is dissatisfied, by v_rating_scale',
    item_count    UInt64                 COMMENT 'How many scores it has'
)
AS
SELECT d.unit AS unit, d.declaration AS declaration, d.offices AS offices, d.sent_at AS submitted_at,
       toDate(d.sent_at, 'Asia/Ho_Chi_Minh') AS submitted_day, d.lowest AS level,
       d.lowest IN (SELECT score FROM v_rating_scale WHERE satisfied) AS satisfied,
       d.lowest IN (SELECT score FROM v_rating_scale WHERE dissatisfied) AS dissatisfied, d.items AS item_count
FROM
(
    SELECT o.parent AS unit, i.declaration AS declaration, arraySort(groupArray(toString(i.office))) AS offices,
           max(i.submitted_at) AS sent_at, min(i.level) AS lowest, sum(i.items) AS items
    FROM
    (
        SELECT f.office AS office, f.declaration AS declaration, max(f.submitted_at) AS submitted_at, min(f.score) AS level,
               count() AS items, toDate(max(f.submitted_at), 'Asia/Ho_Chi_Minh') AS named_on
        FROM shown_fact AS f
        GROUP BY f.office, f.declaration
    ) AS i
    ASOF LEFT JOIN reference_office AS o ON i.office = o.code AND i.named_on >= o.valid_from
    WHERE o.parent != ''
    GROUP BY unit, declaration
) AS d
COMMENT 'One row a declaration and department (since 2025 region): the lowest score that its sheets give to anything in it';
