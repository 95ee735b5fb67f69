-- Officials are left out: one score of one official must not be read here, only means over many (v_fair_scores).
CREATE OR REPLACE VIEW v_scores
(
    office        LowCardinality(String) COMMENT 'Office code; of the rated target',
    office_name   String                 COMMENT 'Vietnamese name of the office at the time of the row; empty: not in the reference data',
    declaration   UInt64                 COMMENT 'The declaration, whatever its amendment: first 11 digits',
    sheet_id      String                 COMMENT 'Rating sheet; empty: not shown',
    submitted_at  DateTime64(3, 'UTC')   COMMENT 'When the latest revision was sent',
    submitted_day Date                   COMMENT 'Local day of submitted_at',
    phase         LowCardinality(String) COMMENT 'DURING_CLEARANCE or AFTER_CLEARANCE',
    target        LowCardinality(String) COMMENT 'OFFICE, TEAM, STEP or OFFICIAL; never OFFICIAL',
    target_id     LowCardinality(String) COMMENT 'Office, team, step or pseudonymous official',
    target_name   String                 COMMENT 'Vietnamese name of the office, team or step',
    score         UInt8                  COMMENT 'Score, 1 to 5',
    satisfied     Bool                   COMMENT 'Whether it is satisfied, by v_rating_scale',
    dissatisfied  Bool                   COMMENT 'Whether it is dissatisfied, by v_rating_scale',
    reason        LowCardinality(String) COMMENT 'Reason code of the score; empty: none given',
    reason_name   String                 COMMENT 'Vietnamese name of the reason',
    reason_factor LowCardinality(String) COMMENT 'Factor of service quality',
    channel       LowCardinality(String) COMMENT 'GREEN, YELLOW or RED; empty: not known; as of the rating',
    kind          LowCardinality(String) COMMENT 'Declaration kind; as of the rating',
    direction     String                 COMMENT 'IMPORT or EXPORT, by the first digit of the number'
)
AS
SELECT f.office AS office, o.name_vi AS office_name, f.declaration AS declaration, f.sheet_id AS sheet_id,
       f.submitted_at AS submitted_at, f.named_on AS submitted_day, f.phase AS phase, f.target AS target, f.target_id AS target_id,
       multiIf(f.target = 'STEP', p.name_vi, f.target = 'TEAM', t.name_vi, o.name_vi) AS target_name,
       f.score AS score, s.satisfied AS satisfied, s.dissatisfied AS dissatisfied,
       f.reason AS reason, r.name_vi AS reason_name, r.factor AS reason_factor,
       f.channel AS channel, f.kind AS kind, if(f.declaration >= 20000000000, 'EXPORT', 'IMPORT') AS direction
FROM
(
    SELECT *, toDate(submitted_at, 'Asia/Ho_Chi_Minh') AS named_on FROM shown_score
) AS f
LEFT JOIN v_rating_scale AS s ON f.score = s.score
LEFT JOIN reference_reason AS r ON f.reason = r.reason
LEFT JOIN reference_step AS p ON f.target_id = p.step
ASOF LEFT JOIN reference_team AS t ON f.office = t.office AND f.target_id = t.team AND f.named_on >= t.valid_from
ASOF LEFT JOIN reference_office AS o ON f.office = o.code AND f.named_on >= o.valid_from
COMMENT 'One row a score of an office, a team or a step, with its reason and declaration; scores of officials are not here';
