CREATE OR REPLACE VIEW v_response_rate AS
SELECT r.office AS office, o.name_vi AS office_name, r.day AS day, toStartOfMonth(r.day) AS month,
       r.declarations AS declarations, r.rated AS rated_declarations, r.rated / r.declarations AS response_rate
FROM
(
    SELECT office, toDate(registered_at, 'Asia/Ho_Chi_Minh') AS day, count() AS declarations,
           countIf(declaration IN (SELECT declaration FROM rating)) AS rated
    FROM registration FINAL
    GROUP BY office, day
) AS r
ASOF LEFT JOIN reference_office AS o ON r.office = o.code AND r.day >= o.valid_from
COMMENT 'Declarations registered at an office on a day, and how many of them were rated since';
