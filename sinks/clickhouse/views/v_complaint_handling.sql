CREATE OR REPLACE VIEW v_complaint_handling
(
    office                   LowCardinality(String) COMMENT 'Office code; where they were opened',
    month                    Date                   COMMENT 'First day of the local month; of opening',
    complaints               UInt64                 COMMENT 'Number of complaints',
    open_complaints          UInt64                 COMMENT 'Complaints that still wait for an answer',
    answered_complaints      UInt64                 COMMENT 'Complaints with an answer that is still valid',
    with_missed_limits       UInt64                 COMMENT 'Complaints with a limit that was not met in time',
    reopened_complaints      UInt64                 COMMENT 'Complaints that were reopened',
    high_priority_complaints UInt64                 COMMENT 'Complaints with priority HIGH',
    upheld_complaints        UInt64                 COMMENT 'Complaints with the finding UPHELD',
    partly_upheld_complaints UInt64                 COMMENT 'Complaints with the finding PARTLY_UPHELD',
    not_upheld_complaints    UInt64                 COMMENT 'Complaints with the finding NOT_UPHELD',
    rejected_complaints      UInt64                 COMMENT 'Complaints with the finding REJECTED',
    handling_ratings         UInt64                 COMMENT 'Complaints whose handling the enterprise rated',
    handling_mean            Nullable(Float64)      COMMENT 'Mean of handling_score',
    handling_satisfied_share Nullable(Float64)      COMMENT 'Share of these that are satisfied, by v_rating_scale',
    median_hours_to_answer   Nullable(Float64)      COMMENT 'Median hours by the clock from opening to the answer',
    signals                  UInt64                 COMMENT 'Of the complaints, how many are signals now: low scores that say nothing else, with house limits'
)
AS
SELECT office, toStartOfMonth(toDate(opened_at, 'Asia/Ho_Chi_Minh')) AS month, count() AS complaints,
       countIf(state NOT IN ('ANSWERED', 'CLOSED', 'WITHDRAWN', 'MERGED')) AS open_complaints, countIf(answered_at IS NOT NULL) AS answered_complaints,
       countIf(overdue > 0) AS with_missed_limits, countIf(reopened) AS reopened_complaints, countIf(priority = 'HIGH') AS high_priority_complaints,
       countIf(finding = 'UPHELD') AS upheld_complaints, countIf(finding = 'PARTLY_UPHELD') AS partly_upheld_complaints,
       countIf(finding = 'NOT_UPHELD') AS not_upheld_complaints, countIf(finding = 'REJECTED') AS rejected_complaints,
       count(handling_score) AS handling_ratings, avg(handling_score) AS handling_mean,
       countIf(handling_score IN (SELECT score FROM v_rating_scale WHERE satisfied)) / nullIf(count(handling_score), 0) AS handling_satisfied_share,
       -- Of a denunciation the day alone is shown.
       median(if(answered_at IS NULL OR protected, NULL, dateDiff('hour', opened_at, assumeNotNull(answered_at)))) AS median_hours_to_answer,
       countIf(track = 'SIGNAL') AS signals
FROM shown_case
WHERE track != 'REMARK'
GROUP BY office, month
COMMENT 'How complaints opened at an office in a month were handled, the enterprises'' rating of the handling included';
