CREATE OR REPLACE VIEW v_revised_opinions AS
SELECT declaration, sheet_id, count() AS revisions, min(submitted_at) AS first_submitted_at,
       toDate(first_submitted_at, 'Asia/Ho_Chi_Minh') AS first_submitted_day,
       argMin(lowest_score, revision) AS first_level, argMax(submitted_at, revision) AS last_submitted_at,
       toDate(last_submitted_at, 'Asia/Ho_Chi_Minh') AS last_submitted_day,
       argMax(lowest_score, revision) AS last_level
FROM rating FINAL
GROUP BY declaration, sheet_id
HAVING revisions > 1
COMMENT 'Sheets that were revised: how the opinion changed';
