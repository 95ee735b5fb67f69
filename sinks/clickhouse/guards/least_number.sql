-- A setting that is missing counts as the default, so that a table without rows shows nobody.
CREATE OR REPLACE VIEW least_number AS
SELECT if(countIf(name = 'min_opinions') = 0, 30, maxIf(value, name = 'min_opinions')) AS opinions,
       if(countIf(name = 'min_enterprises') = 0, 10, maxIf(value, name = 'min_enterprises')) AS enterprises
FROM score_setting FINAL
COMMENT 'The least number of opinions and of enterprises with which an official or a team is shown';
