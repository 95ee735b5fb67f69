CREATE OR REPLACE VIEW v_response_rate_by_month
(
    office             LowCardinality(String) COMMENT 'Office code; of registration',
    office_name        String                 COMMENT 'Vietnamese name of the office at the time of the row; empty: not in the reference data',
    month              Date                   COMMENT 'First day of the local month; of registration',
    declarations       UInt64                 COMMENT 'Number of declarations; registered',
    rated_declarations UInt64                 COMMENT 'Of the declarations, how many were rated since',
    response_rate      Float64                COMMENT 'rated_declarations by declarations, 0 to 1'
)
AS
SELECT office, argMax(r.office_name, r.day) AS office_name, month, sum(r.declarations) AS declarations,
       sum(r.rated_declarations) AS rated_declarations, rated_declarations / declarations AS response_rate
FROM v_response_rate AS r
GROUP BY office, month
COMMENT 'As v_response_rate, by month';
