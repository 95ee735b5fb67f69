CREATE OR REPLACE VIEW v_unrated_of_enterprise AS
SELECT tax_code, declaration_no, declaration, office, office_name, kind, channel, status, registered_at, registered_day,
       permitted_at, permitted_day
FROM v_declarations
WHERE declaration IN
  (
      SELECT declaration FROM enterprise_declaration
      WHERE tax_code = {tax_code:String} AND declaration NOT IN
      (
          SELECT declaration FROM rating
          WHERE declaration IN (SELECT declaration FROM enterprise_declaration WHERE tax_code = {tax_code:String})
      )
  )
  AND tax_code = {tax_code:String} AND permitted_at IS NOT NULL AND NOT cancelled
COMMENT 'Like v_unrated_declarations, but fast, for one enterprise: v_unrated_of_enterprise(tax_code = ...)';
