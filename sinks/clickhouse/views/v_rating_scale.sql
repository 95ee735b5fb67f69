CREATE OR REPLACE VIEW v_rating_scale AS
-- The one definition of satisfied and dissatisfied: `group` of schemas/reference/data/rating_scale.csv. All views ask it.
SELECT score, name_vi, name_en, group = 'SATISFIED' AS satisfied, group = 'DISSATISFIED' AS dissatisfied
FROM reference_rating_scale
COMMENT 'The five scores, and which of them are satisfied or dissatisfied'
