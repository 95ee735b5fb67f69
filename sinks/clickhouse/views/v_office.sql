CREATE OR REPLACE VIEW v_office AS
SELECT code AS office, argMax(name_vi, valid_from) AS office_name, argMax(level, valid_from) AS office_level,
       argMax(department, valid_from) AS department, max(valid_from) AS since
FROM reference_office GROUP BY code
COMMENT 'Offices with their newest name';
