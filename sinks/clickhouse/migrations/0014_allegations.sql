-- What comments may allege: docs/adr/0045-content-and-allegations.md. Comments of facts that are stored already were not looked at.
ALTER TABLE rated_service
    ADD COLUMN IF NOT EXISTS allegations Array(LowCardinality(String)) COMMENT 'Kinds of allegation that words of the comment point at: PAYMENT, HARASSMENT; a reason to read it, no finding. Facts of earlier builds: empty, for nobody looked';
