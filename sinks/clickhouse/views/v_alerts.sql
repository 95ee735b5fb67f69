CREATE OR REPLACE VIEW v_alerts
(
    alert_id              UUID                           COMMENT 'The alert; zeros: not shown',
    office                LowCardinality(String)         COMMENT 'Office code',
    office_name           String                         COMMENT 'Vietnamese name of the office at the time of the row; empty: not in the reference data',
    alert_state           LowCardinality(String)         COMMENT 'OPEN, EASED (it is over) or RETRACTED (late data took it back)',
    detector              LowCardinality(String)         COMMENT 'Test that raised the alert, such as BURST or DRIFT',
    raised_at             DateTime64(3, 'UTC')           COMMENT 'End of the pane that raised the alert',
    raised_day            Date                           COMMENT 'Local day of raised_at',
    updated_at            DateTime64(3, 'UTC')           COMMENT 'End of the window while open; when it was cleared, afterwards',
    cleared_at            Nullable(DateTime64(3, 'UTC')) COMMENT 'When the alert eased; NULL: open',
    cleared_day           Nullable(Date)                 COMMENT 'Local day of cleared_at',
    window_start          DateTime64(3, 'UTC')           COMMENT 'Begin of the window',
    window_end            DateTime64(3, 'UTC')           COMMENT 'End of the window, exclusive',
    window_seconds        UInt32                         COMMENT 'Length of the window',
    opinions              UInt32                         COMMENT 'Number of opinions; in the window',
    dissatisfied_opinions UInt32                         COMMENT 'Number of dissatisfied opinions; in the window',
    dissatisfied_share    Nullable(Float64)              COMMENT 'Share of dissatisfied ones, 0 to 1',
    enterprises           UInt32                         COMMENT 'Number of distinct enterprises; behind the dissatisfied opinions',
    baseline              Float64                        COMMENT 'Share of dissatisfied opinions that is expected',
    baseline_strength     Float64                        COMMENT 'Weight of the baseline, in opinions',
    expected              Float64                        COMMENT 'Dissatisfied ones or low scores that are expected; opinions',
    tail_probability      Float64                        COMMENT 'Probability of so many or more under the baseline',
    adjusted_probability  Float64                        COMMENT 'Tail probability after false-discovery control across offices',
    cusum                 Float64                        COMMENT 'Value of the drift statistic',
    drivers               Array(Tuple(name String, low_scores UInt32)) COMMENT 'Targets and reasons that stand out among the low scores',
    complaint_ids         Array(String)                  COMMENT 'Complaints in the window',
    summary_vi            String                         COMMENT 'One sentence in Vietnamese',
    summary_en            String                         COMMENT 'One sentence in English',
    targets               Array(Tuple(target String, target_id String, scores UInt32, low_scores UInt32, expected Float64, tail_probability Float64, cusum Float64)) COMMENT 'Teams and steps, each tested alone over the window',
    acknowledged_at       Nullable(DateTime64(3, 'UTC')) COMMENT 'First acknowledgement since it was opened or reopened; NULL: none yet',
    assignee              LowCardinality(String)         COMMENT 'Pseudonymous id of the official who is to look into the alert; empty: nobody yet',
    verdict               LowCardinality(String)         COMMENT 'Latest verdict of people on the alert: REAL, EXPLAINED or FALSE; empty: none yet',
    verdict_at            Nullable(DateTime64(3, 'UTC')) COMMENT 'When the latest verdict was given; NULL: none yet',
    verdict_by            LowCardinality(String)         COMMENT 'Pseudonymous id of the official who gave the latest verdict; empty: none yet',
    day_opinions          Nullable(UInt32)               COMMENT 'Opinions in the 24 hours before window_end; NULL: not known or not shown',
    day_dissatisfied      Nullable(UInt32)               COMMENT 'Dissatisfied opinions in the 24 hours before window_end; NULL: not known or not shown',
    day_enterprises       Nullable(UInt32)               COMMENT 'Distinct enterprises behind day_dissatisfied; NULL: not known or not shown',
    chance_months         Nullable(Float64)              COMMENT 'Months from one such alarm to the next at the office when nothing changes; NULL: not known or not shown',
    effective_opinions    Nullable(UInt32)               COMMENT 'Opinions in the window that the test counts, of one enterprise a few a week; NULL: not known or not shown'
)
AS
SELECT a.alert_id AS alert_id, a.office AS office, o.name_vi AS office_name, if(a.state = 'CLEARED', 'EASED', a.state) AS alert_state, a.detector AS detector,
       a.raised_at AS raised_at, a.named_on AS raised_day, a.updated_at AS updated_at, a.cleared_at AS cleared_at, toDate(a.cleared_at, 'Asia/Ho_Chi_Minh') AS cleared_day,
       a.window_start AS window_start, a.window_end AS window_end, a.window_seconds AS window_seconds,
       a.opinions AS opinions, a.dissatisfied AS dissatisfied_opinions,
       a.dissatisfied / nullIf(a.opinions, 0) AS dissatisfied_share, a.enterprises AS enterprises,
       a.baseline AS baseline, a.baseline_strength AS baseline_strength, a.expected AS expected,
       a.tail_probability AS tail_probability, a.adjusted_probability AS adjusted_probability, a.cusum AS cusum,
       a.drivers AS drivers, a.complaint_ids AS complaint_ids, a.summary_vi AS summary_vi, a.summary_en AS summary_en,
       a.targets AS targets, a.acknowledged_at AS acknowledged_at, a.assignee AS assignee, a.verdict AS verdict,
       a.verdict_at AS verdict_at, a.verdict_by AS verdict_by, a.day_opinions AS day_opinions, a.day_dissatisfied AS day_dissatisfied,
       a.day_enterprises AS day_enterprises, a.chance_months AS chance_months,
       a.effective_opinions AS effective_opinions
FROM
(
    SELECT s.*, toDate(s.raised_at, 'Asia/Ho_Chi_Minh') AS named_on, h.acknowledged_at AS acknowledged_at, h.assignee AS assignee,
           h.verdict AS verdict, h.verdict_at AS verdict_at, h.verdict_by AS verdict_by
    FROM shown_alert AS s LEFT JOIN handled_alert AS h ON s.alert_id = h.alert_id
) AS a
ASOF LEFT JOIN reference_office AS o ON a.office = o.code AND a.named_on >= o.valid_from
COMMENT 'Spikes of dissatisfaction with the evidence to check them by hand';
