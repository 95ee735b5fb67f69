-- An opinion about customs as a whole: what one enterprise says by one declaration, in all its sheets (ADR 42).
CREATE OR REPLACE VIEW v_opinions
(
    declaration    UInt64                 COMMENT 'The declaration, whatever its amendment: first 11 digits',
    declaration_no String                 COMMENT 'Declaration number, 12 digits; empty: not shown; as on the last sheet',
    tax_code       LowCardinality(String) COMMENT 'Enterprise; empty: not known or not shown; as on the sheets',
    sheet_ids      Array(String)          COMMENT 'Rating sheets of the opinion, sorted; those that count',
    submitted_at   DateTime64(3, 'UTC')   COMMENT 'When the latest revision was sent; of the last sheet',
    submitted_day  Date                   COMMENT 'Local day of submitted_at',
    phases         Array(String)          COMMENT 'Phases in which sheets were sent: AFTER_CLEARANCE, DURING_CLEARANCE',
    item_count     UInt64                 COMMENT 'How many scores it has',
    level          UInt8                  COMMENT 'Level of the opinion: the lowest of its scores, 1 to 5; of the latest revisions of its sheets',
    satisfied      Bool                   COMMENT 'Whether it is satisfied, by v_rating_scale',
    dissatisfied   Bool                   COMMENT 'Whether it is dissatisfied, by v_rating_scale',
    has_comment    Bool                   COMMENT 'Whether the sheet holds free text; one of the sheets',
    has_contact    Bool                   COMMENT 'Whether the sheet holds a sealed contact; one of the sheets'
)
AS
SELECT o.declaration AS declaration, o.declaration_no AS declaration_no, o.tax_code AS tax_code, o.sheet_ids AS sheet_ids,
       o.sent_at AS submitted_at, toDate(o.sent_at, 'Asia/Ho_Chi_Minh') AS submitted_day, o.phases AS phases, o.items AS item_count,
       o.lowest AS level, o.lowest IN (SELECT score FROM v_rating_scale WHERE satisfied) AS satisfied,
       o.lowest IN (SELECT score FROM v_rating_scale WHERE dissatisfied) AS dissatisfied, o.with_comment AS has_comment,
       o.with_contact AS has_contact
FROM
(
    SELECT s.declaration AS declaration, argMax(s.declaration_no, (s.submitted_at, s.sheet_id)) AS declaration_no,
           max(s.tax_code) AS tax_code, arraySort(groupArray(s.sheet_id)) AS sheet_ids, max(s.submitted_at) AS sent_at,
           arraySort(groupUniqArray(toString(s.phase))) AS phases, sum(s.item_count) AS items, min(s.level) AS lowest,
           max(s.has_comment) AS with_comment, max(s.has_contact) AS with_contact
    FROM shown_opinion AS s
    GROUP BY s.declaration
) AS o
COMMENT 'One row a rated declaration: all its sheets are one opinion, as bad as its lowest score';
