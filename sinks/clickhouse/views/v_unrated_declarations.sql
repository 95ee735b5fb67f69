CREATE OR REPLACE VIEW v_unrated_declarations AS
SELECT tax_code, declaration_no, declaration, office, office_name, kind, channel, status, registered_at, registered_day,
       permitted_at, permitted_day
FROM v_declarations
WHERE permitted_at IS NOT NULL AND NOT cancelled AND declaration NOT IN (SELECT declaration FROM rating)
COMMENT 'Declarations that may be rated and are not: the list that an enterprise is shown; filter by tax_code';
