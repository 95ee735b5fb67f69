CREATE OR REPLACE VIEW v_response_rate
(
    office             LowCardinality(String) COMMENT 'Office code; of registration',
    office_name        String                 COMMENT 'Vietnamese name of the office at the time of the row; empty: not in the reference data',
    day                Date                   COMMENT 'Local day; of registration',
    month              Date                   COMMENT 'First day of the local month; of registration',
    declarations       UInt64                 COMMENT 'Number of declarations; registered',
    rated_declarations UInt64                 COMMENT 'Of the declarations, how many were rated since',
    response_rate      Float64                COMMENT 'rated_declarations by declarations, 0 to 1'
)
AS
SELECT r.office AS office, o.name_vi AS office_name, r.day AS day, toStartOfMonth(r.day) AS month,
       r.declarations AS declarations, r.rated AS rated_declarations, r.rated / r.declarations AS response_rate
FROM
(
    SELECT office, toDate(registered_at, 'Asia/Ho_Chi_Minh') AS day, count() AS declarations,
           countIf(declaration IN (SELECT declaration FROM shown_opinion)) AS rated
    FROM registration FINAL
    GROUP BY office, day
) AS r
ASOF LEFT JOIN reference_office AS o ON r.office = o.code AND r.day >= o.valid_from
COMMENT 'Declarations registered at an office on a day, and how many of them were rated since';
