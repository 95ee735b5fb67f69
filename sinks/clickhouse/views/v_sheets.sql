CREATE OR REPLACE VIEW v_sheets
(
    declaration    UInt64                 COMMENT 'The declaration, whatever its amendment: first 11 digits',
    sheet_id       String                 COMMENT 'Rating sheet; empty: not shown',
    declaration_no String                 COMMENT 'Declaration number, 12 digits; empty: not shown',
    tax_code       LowCardinality(String) COMMENT 'Enterprise; empty: not known or not shown; as on the sheet',
    revision       UInt16                 COMMENT 'Latest revision',
    submitted_at   DateTime64(3, 'UTC')   COMMENT 'When the latest revision was sent',
    submitted_day  Date                   COMMENT 'Local day of submitted_at',
    phase          LowCardinality(String) COMMENT 'DURING_CLEARANCE or AFTER_CLEARANCE',
    item_count     UInt8                  COMMENT 'How many scores it has',
    level          UInt8                  COMMENT 'Level of the opinion: the lowest of its scores, 1 to 5; of this sheet alone',
    satisfied      Bool                   COMMENT 'Whether it is satisfied, by v_rating_scale',
    dissatisfied   Bool                   COMMENT 'Whether it is dissatisfied, by v_rating_scale',
    has_comment    Bool                   COMMENT 'Whether the sheet holds free text',
    comment_length UInt16                 COMMENT 'Characters of free text',
    has_contact    Bool                   COMMENT 'Whether the sheet holds a sealed contact'
)
AS
SELECT declaration, sheet_id, declaration_no, tax_code, revision, submitted_at,
       toDate(submitted_at, 'Asia/Ho_Chi_Minh') AS submitted_day, phase, item_count, level,
       level IN (SELECT score FROM v_rating_scale WHERE satisfied) AS satisfied,
       level IN (SELECT score FROM v_rating_scale WHERE dissatisfied) AS dissatisfied, has_comment, comment_length, has_contact
FROM shown_opinion AS o
COMMENT 'One row a sheet that counts, as its latest revision says; v_opinions puts sheets of a declaration together';
