CREATE OR REPLACE VIEW hidden_sheet AS
SELECT DISTINCT declaration, sheet_id FROM complaint_sheet WHERE complaint_id IN (SELECT complaint_id FROM linked_case)
COMMENT 'Sheets that views do not show';
