-- What the tests of an alert count: docs/adr/0047-effective-opinions.md. Counts and alerts that are stored already have neither.
ALTER TABLE office_count
    ADD COLUMN IF NOT EXISTS satisfied_enterprises Array(String) COMMENT 'Tax codes behind the satisfied ones; empty: none, or an older writer';
ALTER TABLE alert
    ADD COLUMN IF NOT EXISTS effective_opinions Nullable(UInt32) COMMENT 'Opinions in the window that the test counts, of one enterprise a few a week; NULL: an older writer';
