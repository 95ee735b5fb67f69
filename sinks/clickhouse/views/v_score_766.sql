-- With all that is known now: late ratings and ended limits change a month until it is closed (v_score_closed).
CREATE OR REPLACE VIEW v_score_766
(
    unit_level   String                   COMMENT 'OFFICE, DEPARTMENT (since 2025 the region) or NATION',
    unit         String                   COMMENT 'Code of the office, department, region, or VN',
    unit_name    String                   COMMENT 'Vietnamese name of the unit',
    period       String                   COMMENT 'MONTH, QUARTER or YEAR',
    period_start Date                     COMMENT 'First day of the period',
    period_end   Date                     COMMENT 'Last day of the period',
    criterion    LowCardinality(String)   COMMENT 'Number of the criterion of Decision 766',
    group_no     UInt8                    COMMENT 'Group of the criterion, 1 to 5',
    name_vi      String                   COMMENT 'Vietnamese name',
    name_en      String                   COMMENT 'English name',
    numerator    Nullable(UInt64)         COMMENT 'Numerator of the criterion',
    denominator  Nullable(UInt64)         COMMENT 'Denominator of the criterion',
    ratio        Nullable(Decimal(18, 2)) COMMENT 'Numerator by denominator, per cent; NULL: nothing to count',
    points       Nullable(Decimal(18, 2)) COMMENT 'Points of Decision 766; NULL: not known',
    maximum      Decimal(18, 2)           COMMENT 'Points that can be had',
    basis        String                   COMMENT 'COMPUTED, ENTERED or MISSING',
    measured     Nullable(UInt64)         COMMENT 'How many of the denominator were measured at all; NULL: not computed',
    measured_ratio Nullable(Decimal(18, 2)) COMMENT 'Ratio among the measured alone, per cent: of 2.1 the declarations that had a check with a limit; NULL: not computed, or none',
    formula      String                   COMMENT 'Numerator and denominator in words',
    source       String                   COMMENT 'Where the figures or the limit come from',
    confidence   String                   COMMENT 'C confirmed, P probable, U unverified; the weakest of points, rule and reading'
)
AS
SELECT unit_level, unit, unit_name, period, period_start, period_end, criterion, group_no, name_vi, name_en,
       numerator, denominator, ratio, points, maximum, basis, measured, measured_ratio, formula, source, confidence
FROM v_score_766_at(period = {period:String}, day = {day:Date}, as_of = now64(3, 'UTC'))
COMMENT 'Criteria of Decision 766, over all declarations registered in a period: v_score_766(period = ''MONTH'', day = ...)';
