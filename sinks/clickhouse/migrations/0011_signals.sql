-- Signal or feedback: docs/adr/0043-signal-and-feedback.md. Complaints that are stored already were opened as feedback.
ALTER TABLE complaint
    ADD COLUMN IF NOT EXISTS case_track LowCardinality(String) DEFAULT 'FEEDBACK' COMMENT 'How a case is opened by what the sheet says now: SIGNAL or FEEDBACK',
    ADD COLUMN IF NOT EXISTS content_since Nullable(DateTime64(3, 'UTC')) COMMENT 'When the sheet first had the content that makes a low score feedback; NULL: never or not known';
