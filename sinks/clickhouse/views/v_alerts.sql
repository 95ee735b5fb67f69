CREATE OR REPLACE VIEW v_alerts AS
SELECT a.alert_id AS alert_id, a.office AS office, o.name_vi AS office_name, a.state AS alert_state, a.detector AS detector,
       a.raised_at AS raised_at, a.named_on AS raised_day, a.updated_at AS updated_at, a.cleared_at AS cleared_at, toDate(a.cleared_at, 'Asia/Ho_Chi_Minh') AS cleared_day,
       a.window_start AS window_start, a.window_end AS window_end, a.window_seconds AS window_seconds,
       a.opinions AS opinions, a.dissatisfied AS dissatisfied_opinions,
       a.dissatisfied / nullIf(a.opinions, 0) AS dissatisfied_share, a.enterprises AS enterprises,
       a.baseline AS baseline, a.baseline_strength AS baseline_strength, a.expected AS expected,
       a.tail_probability AS tail_probability, a.adjusted_probability AS adjusted_probability, a.cusum AS cusum,
       a.drivers AS drivers, a.complaint_ids AS complaint_ids, a.summary_vi AS summary_vi, a.summary_en AS summary_en,
       a.targets AS targets
FROM (SELECT *, toDate(raised_at, 'Asia/Ho_Chi_Minh') AS named_on FROM alert FINAL) AS a
ASOF LEFT JOIN reference_office AS o ON a.office = o.code AND a.named_on >= o.valid_from
COMMENT 'Spikes of dissatisfaction with the evidence to check them by hand';
