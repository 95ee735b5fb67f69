CREATE OR REPLACE VIEW v_response_rate_by_month AS
SELECT office, argMax(r.office_name, r.day) AS office_name, month, sum(r.declarations) AS declarations,
       sum(r.rated_declarations) AS rated_declarations, rated_declarations / declarations AS response_rate
FROM v_response_rate AS r
GROUP BY office, month
COMMENT 'As v_response_rate, by month';
