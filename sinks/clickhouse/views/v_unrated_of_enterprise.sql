CREATE OR REPLACE VIEW v_unrated_of_enterprise
(
    tax_code       String                         COMMENT 'Enterprise; empty: not known or not shown',
    declaration_no String                         COMMENT 'Declaration number, 12 digits; empty: not shown',
    declaration    UInt64                         COMMENT 'The declaration, whatever its amendment: first 11 digits',
    office         String                         COMMENT 'Office code; of registration',
    office_name    String                         COMMENT 'Vietnamese name of the office at the time of the row; empty: not in the reference data',
    kind           String                         COMMENT 'Declaration kind',
    channel        String                         COMMENT 'GREEN, YELLOW or RED; empty: not known',
    status         String                         COMMENT 'Status of the declaration now',
    registered_at  Nullable(DateTime64(3, 'UTC')) COMMENT 'First registration; NULL: not registered',
    registered_day Nullable(Date)                 COMMENT 'Local day of registered_at',
    permitted_at   Nullable(DateTime64(3, 'UTC')) COMMENT 'First of storage permitted, released, cleared; NULL: none yet',
    permitted_day  Nullable(Date)                 COMMENT 'Local day of permitted_at'
)
AS
SELECT tax_code, declaration_no, declaration, office, office_name, kind, channel, status, registered_at, registered_day,
       permitted_at, permitted_day
FROM v_declarations
WHERE declaration IN
  (
      SELECT declaration FROM enterprise_declaration
      WHERE tax_code = {tax_code:String} AND declaration NOT IN
      (
          SELECT declaration FROM shown_opinion
          WHERE declaration IN (SELECT declaration FROM enterprise_declaration WHERE tax_code = {tax_code:String})
      )
  )
  AND tax_code = {tax_code:String} AND permitted_at IS NOT NULL AND NOT cancelled
COMMENT 'Like v_unrated_declarations, but fast, for one enterprise: v_unrated_of_enterprise(tax_code = ...)';
