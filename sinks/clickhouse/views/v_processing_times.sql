CREATE OR REPLACE VIEW v_processing_times
(
    office         LowCardinality(String) COMMENT 'Office code; of the latest status as of the rating',
    office_name    String                 COMMENT 'Vietnamese name of the office at the time of the row; empty: not in the reference data',
    month          Date                   COMMENT 'First day of the local month; of the latest rating',
    step           String                 COMMENT 'Procedure step',
    step_name      String                 COMMENT 'Vietnamese name of the step',
    n              UInt64                 COMMENT 'Number of observations: scores, declarations or rounds, as the view says; declarations',
    median_minutes Nullable(UInt32)       COMMENT 'Median working minutes',
    p90_minutes    Nullable(UInt32)       COMMENT '90th percentile of working minutes',
    p95_minutes    Nullable(UInt32)       COMMENT '95th percentile of working minutes',
    max_minutes    Nullable(UInt32)       COMMENT 'Longest working minutes',
    limit_minutes  Nullable(UInt32)       COMMENT 'Legal limit in working minutes; NULL: none known',
    on_time_share  Nullable(Float64)      COMMENT 'Share within the legal limits, 0 to 1; NULL: none had one'
)
AS
SELECT p.office AS office, o.name_vi AS office_name, p.month AS month, p.step AS step, s.name_vi AS step_name,
       p.n AS n, p.median_minutes AS median_minutes, p.p90_minutes AS p90_minutes, p.p95_minutes AS p95_minutes,
       p.max_minutes AS max_minutes, s.limit_minutes AS limit_minutes,
       if(s.limit_minutes IS NULL, NULL, arrayCount(m -> m <= assumeNotNull(s.limit_minutes), p.minutes) / p.n) AS on_time_share
FROM
(
    SELECT d.office AS office, toStartOfMonth(toDate(d.submitted_at, 'Asia/Ho_Chi_Minh')) AS month,
           tupleElement(measure, 1) AS step, count() AS n, groupArray(assumeNotNull(tupleElement(measure, 2))) AS minutes,
           quantileExact(0.5)(tupleElement(measure, 2)) AS median_minutes,
           quantileExact(0.9)(tupleElement(measure, 2)) AS p90_minutes,
           quantileExact(0.95)(tupleElement(measure, 2)) AS p95_minutes,
           max(tupleElement(measure, 2)) AS max_minutes
    FROM shown_measure AS d
    ARRAY JOIN [('DOCUMENT_CHECK', d.document_minutes), ('GOODS_INSPECTION', d.goods_minutes),
                ('CLEARANCE', d.clearance_minutes)] AS measure
    WHERE tupleElement(measure, 2) IS NOT NULL
    GROUP BY office, month, step
) AS p
LEFT JOIN reference_step AS s ON p.step = s.step
ASOF LEFT JOIN reference_office AS o ON p.office = o.code AND p.month >= o.valid_from
COMMENT 'Working minutes per step of rated declarations, by office and month of the rating';
