CREATE OR REPLACE VIEW v_revised_opinions
(
    declaration         UInt64               COMMENT 'The declaration, whatever its amendment: first 11 digits',
    sheet_id            String               COMMENT 'Rating sheet; empty: not shown',
    revisions           UInt64               COMMENT 'How many revisions',
    first_submitted_at  DateTime64(3, 'UTC') COMMENT 'When the first one was sent',
    first_submitted_day Date                 COMMENT 'Local day of first_submitted_at',
    first_level         UInt8                COMMENT 'Level of the first revision',
    last_submitted_at   DateTime64(3, 'UTC') COMMENT 'When the latest one was sent',
    last_submitted_day  Date                 COMMENT 'Local day of last_submitted_at',
    last_level          UInt8                COMMENT 'Level of the latest revision'
)
AS
SELECT declaration, sheet_id, count() AS revisions, min(submitted_at) AS first_submitted_at,
       toDate(first_submitted_at, 'Asia/Ho_Chi_Minh') AS first_submitted_day,
       argMin(lowest_score, revision) AS first_level, argMax(submitted_at, revision) AS last_submitted_at,
       toDate(last_submitted_at, 'Asia/Ho_Chi_Minh') AS last_submitted_day,
       argMax(lowest_score, revision) AS last_level
FROM shown_rating
WHERE (declaration, sheet_id) NOT IN (SELECT declaration, sheet_id FROM uncounted_sheet)
GROUP BY declaration, sheet_id
HAVING revisions > 1
COMMENT 'Sheets that were revised: how the opinion changed';
