CREATE OR REPLACE VIEW v_opinions AS
SELECT declaration, sheet_id, declaration_no, tax_code, revision, submitted_at, phase, item_count, level,
       level >= 4 AS satisfied, level <= 2 AS dissatisfied, has_comment, comment_length, has_contact
FROM opinion FINAL
COMMENT 'One row a sheet: the lowest score of its latest revision is the level of the opinion';
