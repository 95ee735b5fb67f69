CREATE OR REPLACE VIEW uncounted_sheet AS
SELECT declaration, sheet_id FROM doubted_sheet FINAL WHERE NOT counts
COMMENT 'Sheets that count nowhere: who sent them is not known to be entitled';
