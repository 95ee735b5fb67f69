CREATE OR REPLACE VIEW v_rating_scale
(
    score        UInt8  COMMENT 'Score, 1 to 5',
    name_vi      String COMMENT 'Vietnamese name',
    name_en      String COMMENT 'English name',
    satisfied    Bool   COMMENT 'Whether it is satisfied, by v_rating_scale',
    dissatisfied Bool   COMMENT 'Whether it is dissatisfied, by v_rating_scale'
)
AS
-- The one definition of satisfied and dissatisfied: `group` of schemas/reference/data/rating_scale.csv. All views ask it.
-- (Without the alias, engines before 26.7 would take COMMENT for one.)
SELECT score, name_vi, name_en, group = 'SATISFIED' AS satisfied, group = 'DISSATISFIED' AS dissatisfied
FROM reference_rating_scale AS s
COMMENT 'The five scores, and which of them are satisfied or dissatisfied'
