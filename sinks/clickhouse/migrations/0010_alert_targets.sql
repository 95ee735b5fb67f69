-- Scores of teams and steps within the pane, and how an alert tested each of them.
ALTER TABLE office_count
    ADD COLUMN IF NOT EXISTS scores Map(String, UInt32) COMMENT 'Scores, low or not, by the team or step they were given to' AFTER drivers;

ALTER TABLE alert
    ADD COLUMN IF NOT EXISTS targets Array(Tuple(target String, target_id String, scores UInt32, low_scores UInt32, expected Float64,
                                                 tail_probability Float64, cusum Float64))
        COMMENT 'Teams and steps, each tested alone over the window' AFTER drivers;

CREATE OR REPLACE VIEW v_alerts AS
SELECT a.alert_id AS alert_id, a.office AS office, o.name_vi AS office_name, a.state AS state, a.detector AS detector,
       a.raised_at AS raised_at, a.updated_at AS updated_at, a.cleared_at AS cleared_at,
       a.window_start AS window_start, a.window_end AS window_end, a.window_seconds AS window_seconds,
       a.opinions AS opinions, a.dissatisfied AS dissatisfied,
       a.dissatisfied / nullIf(a.opinions, 0) AS dissatisfied_share, a.enterprises AS enterprises,
       a.baseline AS baseline, a.baseline_strength AS baseline_strength, a.expected AS expected,
       a.tail_probability AS tail_probability, a.adjusted_probability AS adjusted_probability, a.cusum AS cusum,
       a.drivers AS drivers, a.complaint_ids AS complaint_ids, a.summary_vi AS summary_vi, a.summary_en AS summary_en,
       a.targets AS targets
FROM (SELECT *, toDate(raised_at, 'Asia/Ho_Chi_Minh') AS named_on FROM alert FINAL) AS a
ASOF LEFT JOIN reference_office AS o ON a.office = o.code AND a.named_on >= o.valid_from
COMMENT 'Spikes of dissatisfaction with the evidence to check them by hand';

CREATE OR REPLACE VIEW v_alert_targets AS
SELECT alert_id, office, office_name, state, raised_at, one.target AS target, one.target_id AS target_id, one.scores AS scores,
       one.low_scores AS low_scores, one.expected AS expected, one.tail_probability AS tail_probability, one.cusum AS cusum
FROM v_alerts
ARRAY JOIN targets AS one
COMMENT 'Teams and steps behind each alert, each tested alone';
