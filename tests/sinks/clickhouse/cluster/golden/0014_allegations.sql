ALTER TABLE rated_service ON CLUSTER `customs`
    ADD COLUMN IF NOT EXISTS allegations Array(LowCardinality(String)) COMMENT 'Kinds of allegation that words of the comment point at: PAYMENT, HARASSMENT; a reason to read it, no finding. Facts of earlier builds: empty, for nobody looked';

