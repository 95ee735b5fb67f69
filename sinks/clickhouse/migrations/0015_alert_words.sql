-- What people read in alerts: docs/adr/0044-open-while-the-share-stays-high.md. Alerts that are stored already have neither.
ALTER TABLE alert
    ADD COLUMN IF NOT EXISTS day_opinions     Nullable(UInt32)  COMMENT 'Opinions in the 24 hours before window_end; NULL: an older writer',
    ADD COLUMN IF NOT EXISTS day_dissatisfied Nullable(UInt32)  COMMENT 'Dissatisfied ones among them',
    ADD COLUMN IF NOT EXISTS day_enterprises  Nullable(UInt32)  COMMENT 'Distinct enterprises behind these',
    ADD COLUMN IF NOT EXISTS chance_months    Nullable(Float64) COMMENT 'Months from one such alarm to the next at the office when nothing changes; NULL: not known';
