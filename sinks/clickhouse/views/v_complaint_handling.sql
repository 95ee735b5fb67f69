CREATE OR REPLACE VIEW v_complaint_handling AS
SELECT office, toStartOfMonth(toDate(opened_at, 'Asia/Ho_Chi_Minh')) AS month, count() AS complaints,
       countIf(state NOT IN ('ANSWERED', 'CLOSED', 'WITHDRAWN', 'MERGED')) AS open, countIf(answered_at IS NOT NULL) AS answered,
       countIf(overdue > 0) AS with_overdue, countIf(reopened) AS reopened, countIf(priority = 'HIGH') AS high_priority,
       countIf(finding = 'UPHELD') AS upheld, countIf(finding = 'PARTLY_UPHELD') AS partly_upheld,
       countIf(finding = 'NOT_UPHELD') AS not_upheld, countIf(finding = 'REJECTED') AS rejected,
       count(handling_score) AS handling_rated, avg(handling_score) AS handling_mean,
       countIf(handling_score >= 4) / nullIf(count(handling_score), 0) AS handling_satisfied,
       median(if(answered_at IS NULL, NULL, dateDiff('hour', opened_at, assumeNotNull(answered_at)))) AS median_hours_to_answer
FROM complaint_case FINAL
GROUP BY office, month
COMMENT 'How complaints opened at an office in a month were handled, the enterprises'' rating of the handling included';
