ALTER TABLE rated_service ON CLUSTER `customs`
    ADD COLUMN IF NOT EXISTS content_since Nullable(Int64) COMMENT 'When the sheet first held a text and said who it is from, epoch ms; 0: never; NULL: a fact of an earlier build, which did not look';

