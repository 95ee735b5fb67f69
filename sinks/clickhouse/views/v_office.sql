CREATE OR REPLACE VIEW v_office
(
    office       LowCardinality(String) COMMENT 'Office code',
    office_name  String                 COMMENT 'Vietnamese name of the office at the time of the row; empty: not in the reference data',
    office_level String                 COMMENT 'REGION, DEPARTMENT, OFFICE or DIVISION',
    department   String                 COMMENT 'First two digits of the code; empty for a region',
    since        Date                   COMMENT 'First day of the newest name'
)
AS
SELECT code AS office, argMax(name_vi, valid_from) AS office_name, argMax(level, valid_from) AS office_level,
       argMax(department, valid_from) AS department, max(valid_from) AS since
FROM reference_office GROUP BY code
COMMENT 'Offices with their newest name';
