-- Percentages and points are whole hundredths, rounded half up, so that no boundary depends on how 0.1 is represented.
CREATE OR REPLACE VIEW v_score_766_at
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
WITH
    arrayFirst(one -> one.1 = c.criterion, u.computed) AS ours,
    arrayFirst(one -> one.1 = c.criterion, u.entered) AS entry,
    c.basis = 'COMPUTED' AND ifNull(ours.3, 0) > 0 AS is_computed,
    NOT is_computed AND entry.1 != '' AS is_entered,
    multiIf(is_entered, entry.2, c.basis = 'COMPUTED', toNullable(ifNull(ours.2, 0)), NULL) AS upper,
    multiIf(is_entered, entry.3, c.basis = 'COMPUTED', toNullable(ifNull(ours.3, 0)), NULL) AS lower,
    intDiv(20000 * upper + lower, nullIf(2 * lower, 0)) AS hundredths,
    100 * toUInt64(ifNull(c.full_at, 1)) AS full, -- unsigned as hundredths: 25.8 knows no type for both
    intDiv(200 * c.maximum * if(ifNull(hundredths, 0) < full, ifNull(hundredths, 0), full) + full, 2 * full) AS scored
SELECT u.unit_level AS unit_level, u.unit AS unit, if(u.unit_level = 'NATION', 'Cục Hải quan', o.name_vi) AS unit_name,
       {period:String} AS period, u.period_start AS period_start, u.last_day AS period_end,
       c.criterion AS criterion, c.group_no AS group_no, c.name_vi AS name_vi, c.name_en AS name_en,
       upper AS numerator, lower AS denominator, toDecimal64OrNull(toString(hundredths), 2) / 100 AS ratio,
       multiIf(hundredths IS NOT NULL AND c.full_at IS NOT NULL, toNullable(toDecimal64(scored, 2) / 100),
               is_entered, entry.4, NULL) AS points,
       toDecimal64(c.maximum, 2) AS maximum,
       multiIf(is_computed, 'COMPUTED', is_entered, 'ENTERED', 'MISSING') AS basis,
       if(c.basis = 'COMPUTED', toNullable(ours.4), NULL) AS measured,
       if(c.basis = 'COMPUTED', toDecimal64OrNull(toString(intDiv(20000 * ours.5 + ours.4, nullIf(2 * ours.4, 0))), 2) / 100, NULL) AS measured_ratio,
       c.formula AS formula, if(is_entered, entry.5, c.source) AS source,
       arrayMax([toString(c.points_confidence), toString(c.rule_confidence),
                 if(is_computed, toString(c.reading_confidence), '')]) AS confidence
FROM
(
    SELECT *, toDate(dateTrunc({period:String}, {day:Date})) AS period_start,
           addMonths(period_start, multiIf({period:String} = 'MONTH', 1, {period:String} = 'QUARTER', 3, {period:String} = 'YEAR', 12, 0)) - 1 AS last_day
    FROM v_score_figures(
        period = {period:String}, first = toDate(dateTrunc({period:String}, {day:Date})),
        last = addMonths(toDate(dateTrunc({period:String}, {day:Date})), multiIf({period:String} = 'MONTH', 1, {period:String} = 'QUARTER', 3, {period:String} = 'YEAR', 12, 0)),
        as_of = {as_of:DateTime64(3, 'UTC')})
) AS u
CROSS JOIN reference_score_criterion AS c
ASOF LEFT JOIN reference_office AS o ON u.unit = o.code AND u.last_day >= o.valid_from
COMMENT 'Criteria of Decision 766 as known at an instant: v_score_766_at(period = ''MONTH'', day = ..., as_of = ...)';
