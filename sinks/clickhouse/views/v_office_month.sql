-- Changes are differences of two independent proportions; their intervals are Newcombe's method 10, from the Wilson
-- intervals of both months (Newcombe 1998, Statistics in Medicine 17:873-890). Twenty offices give one change in a month that
-- is more than chance by chance alone.
CREATE OR REPLACE VIEW v_office_month
(
    office                   LowCardinality(String) COMMENT 'Office code',
    office_name              String                 COMMENT 'Vietnamese name of the office at the time of the row; empty: not in the reference data',
    month                    Date                   COMMENT 'First day of the local month; of the rating; for declarations of the registration, for complaints of the opening',
    opinions                 UInt64                 COMMENT 'Number of opinions; sent in the month',
    enterprises              UInt64                 COMMENT 'Number of distinct enterprises; behind the opinions, dependent units as part of theirs',
    largest_share            Nullable(Float64)      COMMENT 'Share of the opinions that come from the enterprise with the most, 0 to 1; NULL: no enterprise known',
    mean                     Nullable(Float64)      COMMENT 'Mean of the scores, 1 to 5; of levels',
    satisfied_share          Nullable(Float64)      COMMENT 'Share of satisfied ones, 0 to 1',
    satisfied_low            Nullable(Float64)      COMMENT 'Lower end of the Wilson 95 % interval of satisfied_share',
    satisfied_high           Nullable(Float64)      COMMENT 'Upper end of the Wilson 95 % interval of satisfied_share',
    dissatisfied_share       Nullable(Float64)      COMMENT 'Share of dissatisfied ones, 0 to 1',
    dissatisfied_low         Nullable(Float64)      COMMENT 'Lower end of the Wilson 95 % interval of dissatisfied_share',
    dissatisfied_high        Nullable(Float64)      COMMENT 'Upper end of the Wilson 95 % interval of dissatisfied_share',
    declarations             UInt64                 COMMENT 'Number of declarations; registered',
    rated_declarations       UInt64                 COMMENT 'Of the declarations, how many were rated since',
    response_rate            Nullable(Float64)      COMMENT 'rated_declarations by declarations, 0 to 1',
    complaints               UInt64                 COMMENT 'Number of complaints; opened',
    on_time_share            Nullable(Float64)      COMMENT 'Share within the legal limits, 0 to 1; NULL: none had one; of opinions',
    satisfied_change         Nullable(Float64)      COMMENT 'satisfied_share less that of the month before; NULL: no opinions then',
    satisfied_change_low     Nullable(Float64)      COMMENT 'Lower end of its 95 % interval (Newcombe)',
    satisfied_change_high    Nullable(Float64)      COMMENT 'Upper end of its 95 % interval (Newcombe)',
    dissatisfied_change      Nullable(Float64)      COMMENT 'dissatisfied_share less that of the month before; NULL: no opinions then',
    dissatisfied_change_low  Nullable(Float64)      COMMENT 'Lower end of its 95 % interval (Newcombe)',
    dissatisfied_change_high Nullable(Float64)      COMMENT 'Upper end of its 95 % interval (Newcombe)',
    more_than_chance         Nullable(Bool)         COMMENT 'Whether the interval of dissatisfied_change excludes 0; NULL: no month before'
)
AS
WITH 1.959963984540054 AS z,
     (share, low, high, share_before, low_before, high_before) ->
         share - share_before - sqrt(pow(share - low, 2) + pow(high_before - share_before, 2)) AS change_low,
     (share, low, high, share_before, low_before, high_before) ->
         share - share_before + sqrt(pow(high - share, 2) + pow(share_before - low_before, 2)) AS change_high
SELECT m.office AS office, o.name_vi AS office_name, m.month AS month, m.opinions AS opinions, m.enterprises AS enterprises,
       m.largest / nullIf(m.opinions, 0) AS largest_share, m.mean AS mean,
       m.satisfied_share AS satisfied_share, m.satisfied_low AS satisfied_low, m.satisfied_high AS satisfied_high,
       m.dissatisfied_share AS dissatisfied_share, m.dissatisfied_low AS dissatisfied_low, m.dissatisfied_high AS dissatisfied_high,
       m.declarations AS declarations, m.rated_declarations AS rated_declarations,
       m.rated_declarations / nullIf(m.declarations, 0) AS response_rate, m.complaints AS complaints, m.on_time_share AS on_time_share,
       m.satisfied_share - m.before.1 AS satisfied_change,
       change_low(m.satisfied_share, m.satisfied_low, m.satisfied_high, m.before.1, m.before.2, m.before.3) AS satisfied_change_low,
       change_high(m.satisfied_share, m.satisfied_low, m.satisfied_high, m.before.1, m.before.2, m.before.3) AS satisfied_change_high,
       m.dissatisfied_share - m.before.4 AS dissatisfied_change,
       change_low(m.dissatisfied_share, m.dissatisfied_low, m.dissatisfied_high, m.before.4, m.before.5, m.before.6) AS dissatisfied_change_low,
       change_high(m.dissatisfied_share, m.dissatisfied_low, m.dissatisfied_high, m.before.4, m.before.5, m.before.6) AS dissatisfied_change_high,
       dissatisfied_change_low > 0 OR dissatisfied_change_high < 0 AS more_than_chance
FROM
(
    SELECT *,
           (satisfied_share, satisfied_low, satisfied_high, dissatisfied_share, dissatisfied_low, dissatisfied_high) AS own,
           any(month) OVER earlier AS month_before,
           if(month_before = addMonths(month, -1), any(own) OVER earlier, (NULL, NULL, NULL, NULL, NULL, NULL)) AS before
    FROM
    (
        SELECT office, month, sum(t.opinions) AS opinions, uniqExactIf(t.enterprise, t.enterprise != '') AS enterprises,
               maxOrNullIf(t.opinions, t.enterprise != '') AS largest, sum(t.levels) / nullIf(opinions, 0) AS mean,
               sum(t.satisfied) / nullIf(opinions, 0) AS satisfied_share, sum(t.dissatisfied) / nullIf(opinions, 0) AS dissatisfied_share,
               z * z / (2 * opinions) AS shift, z * z / (4 * opinions * opinions) AS spread, 1 + z * z / opinions AS scale,
               (satisfied_share + shift - z * sqrt(satisfied_share * (1 - satisfied_share) / opinions + spread)) / scale AS satisfied_low,
               (satisfied_share + shift + z * sqrt(satisfied_share * (1 - satisfied_share) / opinions + spread)) / scale AS satisfied_high,
               (dissatisfied_share + shift - z * sqrt(dissatisfied_share * (1 - dissatisfied_share) / opinions + spread)) / scale AS dissatisfied_low,
               (dissatisfied_share + shift + z * sqrt(dissatisfied_share * (1 - dissatisfied_share) / opinions + spread)) / scale AS dissatisfied_high,
               sum(t.declarations) AS declarations, sum(t.rated) AS rated_declarations, sum(t.complaints) AS complaints,
               sum(t.on_time) / nullIf(sum(t.limited), 0) AS on_time_share
        FROM
        (
            -- An enterprise is ten digits; a dependent unit's tax code begins with them (ADR 41).
            SELECT c.office AS office, toStartOfMonth(c.submitted_day) AS month,
                   if(length(c.tax_code) = 12, c.tax_code, left(c.tax_code, 10)) AS enterprise, count() AS opinions, sum(c.level) AS levels,
                   countIf(c.satisfied) AS satisfied, countIf(c.dissatisfied) AS dissatisfied, count(c.on_time) AS limited,
                   countIf(c.on_time) AS on_time, 0 AS declarations, 0 AS rated, 0 AS complaints
            FROM v_opinion_context AS c GROUP BY office, month, enterprise
            UNION ALL
            SELECT office, month, '', 0, 0, 0, 0, 0, 0, declarations, rated_declarations, 0 FROM v_response_rate_by_month
            UNION ALL
            SELECT office, month, '', 0, 0, 0, 0, 0, 0, 0, 0, complaints FROM v_complaint_handling
        ) AS t
        GROUP BY office, month
    )
    WINDOW earlier AS (PARTITION BY office ORDER BY month ROWS BETWEEN 1 PRECEDING AND 1 PRECEDING)
) AS m
ASOF LEFT JOIN reference_office AS o ON m.office = o.code AND m.month >= o.valid_from
COMMENT 'One row an office and month, and what changed against the month before: is it more than chance?';
