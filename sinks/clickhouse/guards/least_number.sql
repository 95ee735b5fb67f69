-- A setting that is missing counts as the default, so that a table without rows shows nobody.
CREATE OR REPLACE VIEW least_number AS
SELECT if(countIf(name = 'min_opinions') = 0, 30, maxIf(value, name = 'min_opinions')) AS opinions,
       if(countIf(name = 'min_enterprises') = 0, 10, maxIf(value, name = 'min_enterprises')) AS enterprises
FROM score_setting FINAL
SETTINGS additional_table_filters = {}, read_overflow_mode = 'throw', set_overflow_mode = 'throw', join_overflow_mode = 'throw',
         timeout_overflow_mode = 'throw', group_by_overflow_mode = 'throw', distinct_overflow_mode = 'throw', join_use_nulls = 0,
         transform_null_in = 0
COMMENT 'The least number of opinions and of enterprises with which an official or a team is shown';
