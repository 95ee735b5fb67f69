-- An opinion changes by a revision of a sheet or by a further sheet. The first level is that of the first revision of the first
-- sheet, the last level that of the opinion now.
CREATE OR REPLACE VIEW v_revised_opinions
(
    declaration         UInt64               COMMENT 'The declaration, whatever its amendment: first 11 digits',
    sheet_ids           Array(String)        COMMENT 'Rating sheets of the opinion, sorted; those that count',
    revisions           UInt64               COMMENT 'How many revisions; of all its sheets together',
    first_submitted_at  DateTime64(3, 'UTC') COMMENT 'When the first one was sent',
    first_submitted_day Date                 COMMENT 'Local day of first_submitted_at',
    first_level         UInt8                COMMENT 'Level of the first revision; of the first sheet',
    last_submitted_at   DateTime64(3, 'UTC') COMMENT 'When the latest one was sent',
    last_submitted_day  Date                 COMMENT 'Local day of last_submitted_at',
    last_level          UInt8                COMMENT 'Level of the latest revision; the lowest of all its sheets'
)
AS
SELECT r.declaration AS declaration, r.sheets AS sheet_ids, r.number AS revisions, r.first_at AS first_submitted_at,
       toDate(r.first_at, 'Asia/Ho_Chi_Minh') AS first_submitted_day, r.first_score AS first_level, r.last_at AS last_submitted_at,
       toDate(r.last_at, 'Asia/Ho_Chi_Minh') AS last_submitted_day, r.last_score AS last_level
FROM
(
    SELECT s.declaration AS declaration, arraySort(groupArray(s.sheet_id)) AS sheets, sum(s.number) AS number, min(s.first_at) AS first_at,
           argMin(s.first_score, (s.first_at, s.sheet_id)) AS first_score, max(s.last_at) AS last_at, min(s.last_score) AS last_score
    FROM
    (
        SELECT declaration, sheet_id, count() AS number, min(submitted_at) AS first_at, argMin(lowest_score, revision) AS first_score,
               argMax(submitted_at, revision) AS last_at, argMax(lowest_score, revision) AS last_score
        FROM shown_rating
        WHERE (declaration, sheet_id) NOT IN (SELECT declaration, sheet_id FROM uncounted_sheet)
        GROUP BY declaration, sheet_id
    ) AS s
    GROUP BY declaration
    HAVING number > 1
) AS r
COMMENT 'Opinions that were revised, or said in several sheets: how they changed';
