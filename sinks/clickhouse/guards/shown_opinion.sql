CREATE OR REPLACE VIEW shown_opinion AS
SELECT * EXCEPT (precedence)
FROM opinion FINAL
PREWHERE (declaration, sheet_id) NOT IN (SELECT declaration, sheet_id FROM hidden_sheet)
     AND (declaration, sheet_id) NOT IN (SELECT declaration, sheet_id FROM uncounted_sheet)
COMMENT 'opinion, as views show it: what counts';
