-- As text: a float becomes a decimal by cutting, and 68.21 is a little less.
CREATE OR REPLACE VIEW v_grade_766
(
    unit_level   String                   COMMENT 'OFFICE, DEPARTMENT (since 2025 the region) or NATION',
    unit         String                   COMMENT 'Code of the office, department, region, or VN',
    unit_name    String                   COMMENT 'Vietnamese name of the unit',
    period       String                   COMMENT 'MONTH, QUARTER or YEAR',
    period_start Date                     COMMENT 'First day of the period',
    group_1      Nullable(Decimal(38, 2)) COMMENT 'Points of group 1; NULL: a criterion is missing',
    group_2      Nullable(Decimal(38, 2)) COMMENT 'Points of group 2; NULL: a criterion is missing',
    group_3      Nullable(Decimal(38, 2)) COMMENT 'Points of group 3; NULL: a criterion is missing',
    group_4      Nullable(Decimal(38, 2)) COMMENT 'Points of group 4; NULL: a criterion is missing',
    group_5      Nullable(Decimal(38, 2)) COMMENT 'Points of group 5; NULL: a criterion is missing',
    points       Decimal(38, 2)           COMMENT 'Points of Decision 766; NULL: not known; of the known criteria',
    points_of    Decimal(38, 2)           COMMENT 'Points that can be had for the known criteria',
    points_share Nullable(Decimal(38, 2)) COMMENT 'points by points_of, per cent: the order in which units that lack criteria can be ranked; NULL: nothing is known',
    total        Nullable(Decimal(38, 2)) COMMENT 'Points in all; NULL: a criterion is missing',
    grade        Nullable(String)         COMMENT 'Grade of Decision 766; NULL: a criterion is missing',
    grade_name   Nullable(String)         COMMENT 'Vietnamese name of the grade',
    missing      Array(String)            COMMENT 'Criteria without points',
    confidence   String                   COMMENT 'C confirmed, P probable, U unverified; the weakest of all criteria'
)
AS
WITH arrayFirst(one -> total >= one.1, g.grades) AS found
SELECT g.level AS unit_level, g.unit AS unit, g.unit_name AS unit_name, g.period AS period, g.period_start AS period_start,
       g.group_1 AS group_1, g.group_2 AS group_2, g.group_3 AS group_3, g.group_4 AS group_4, g.group_5 AS group_5,
       g.points AS points, g.points_of AS points_of,
       if(g.points_of > 0, toDecimal128(toString(round(100 * toFloat64(g.points) / toFloat64(g.points_of), 2)), 2), NULL) AS points_share, if(empty(g.missing), g.points, NULL) AS total,
       nullIf(found.2, '') AS grade, nullIf(found.3, '') AS grade_name,
       g.missing AS missing, g.confidence AS confidence
FROM
(
    SELECT s.unit_level AS level, s.unit AS unit, any(s.unit_name) AS unit_name, any(s.period) AS period, any(s.period_start) AS period_start,
           (SELECT arrayReverseSort(groupArray((from_points, toString(grade), name_vi))) FROM reference_score_grade) AS grades,
           if(countIf(s.group_no = 1 AND s.points IS NULL) = 0, sumIf(s.points, s.group_no = 1), NULL) AS group_1,
           if(countIf(s.group_no = 2 AND s.points IS NULL) = 0, sumIf(s.points, s.group_no = 2), NULL) AS group_2,
           if(countIf(s.group_no = 3 AND s.points IS NULL) = 0, sumIf(s.points, s.group_no = 3), NULL) AS group_3,
           if(countIf(s.group_no = 4 AND s.points IS NULL) = 0, sumIf(s.points, s.group_no = 4), NULL) AS group_4,
           if(countIf(s.group_no = 5 AND s.points IS NULL) = 0, sumIf(s.points, s.group_no = 5), NULL) AS group_5,
           ifNull(sum(s.points), 0) AS points, sumIf(s.maximum, s.points IS NOT NULL) AS points_of,
           arraySort(groupArrayIf(toString(s.criterion), s.points IS NULL)) AS missing, max(s.confidence) AS confidence
    FROM v_score_766(period = {period:String}, day = {day:Date}) AS s
    GROUP BY s.unit_level, s.unit
) AS g
COMMENT 'Group totals, points and grade of Decision 766, and what is missing for them: v_grade_766(period = ''YEAR'', day = ...)';
