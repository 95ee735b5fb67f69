ALTER TABLE office_count ON CLUSTER `customs`
    ADD COLUMN IF NOT EXISTS satisfied_enterprises Array(String) COMMENT 'Tax codes behind the satisfied ones; empty: none, or an older writer';

ALTER TABLE alert ON CLUSTER `customs`
    ADD COLUMN IF NOT EXISTS effective_opinions Nullable(UInt32) COMMENT 'Opinions in the window that the test counts, of one enterprise a few a week; NULL: an older writer';

