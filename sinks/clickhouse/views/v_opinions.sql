CREATE OR REPLACE VIEW v_opinions AS
SELECT declaration, sheet_id, declaration_no, tax_code, revision, submitted_at,
       toDate(submitted_at, 'Asia/Ho_Chi_Minh') AS submitted_day, phase, item_count, level,
       level IN (SELECT score FROM v_rating_scale WHERE satisfied) AS satisfied,
       level IN (SELECT score FROM v_rating_scale WHERE dissatisfied) AS dissatisfied, has_comment, comment_length, has_contact
FROM opinion FINAL
COMMENT 'One row a sheet: the lowest score of its latest revision is the level of the opinion';
