CREATE OR REPLACE VIEW v_score_entry AS
SELECT e.period AS period, e.period_start AS period_start, e.unit_level AS unit_level, e.unit AS unit, e.criterion AS criterion,
       e.numerator AS numerator, e.denominator AS denominator, e.points AS points, e.source AS source, e.entered_at AS entered_at, toDate(e.entered_at, 'Asia/Ho_Chi_Minh') AS entered_day,
       multiIf(e.numerator IS NULL AND e.points IS NULL, 'TAKEN_BACK', c.criterion = '', 'UNKNOWN_CRITERION',
               ifNull(e.points, toDecimal64(0, 2)) > c.maximum, 'ABOVE_MAXIMUM',
               e.numerator IS NOT NULL AND c.full_at IS NULL, 'POINTS_NEEDED',
               c.basis = 'COMPUTED', 'COUNTS_IF_NOTHING_COMPUTED', 'COUNTS') AS entry_standing
FROM (SELECT * FROM score_entry FINAL) AS e
LEFT JOIN reference_score_criterion AS c ON e.criterion = c.criterion
COMMENT 'The last entry about each unit, period and criterion, and whether it counts';
