-- One row an item of feedback that was opened from `first` to before `last`, with the facts that criteria 5.2 and 5.3 need.
-- An item merged into another is counted there. An item withdrawn by its sender, or made a formal complaint, counts only if it was
-- late by then: a change of track is no way out of a missed limit. One that was made a denunciation never counts, its sender is protected.
CREATE OR REPLACE VIEW v_feedback_items
(
    complaint_id          UUID                   COMMENT 'The complaint; of a denunciation an alias drawn by chance',
    office                LowCardinality(String) COMMENT 'Office code; where it was opened',
    case_state            LowCardinality(String) COMMENT 'State of the case, see docs/complaints.md',
    opened_at             DateTime64(3, 'UTC')   COMMENT 'When the first low score was sent',
    opened_day            Date                   COMMENT 'Local day of opened_at',
    late_limit            Bool                   COMMENT 'Whether a limit of the case was missed',
    late_rejection        Bool                   COMMENT 'Whether a rejection came too late',
    late                  Bool                   COMMENT 'Late in the sense of Decision 766',
    handling_score        Nullable(UInt8)        COMMENT 'How the enterprise rates the handling, 1 to 5; NULL: not rated',
    handling_dissatisfied Bool                   COMMENT 'Whether the enterprise is dissatisfied with the handling, by v_rating_scale',
    reopened              Bool                   COMMENT 'Whether it was reopened'
)
AS
SELECT k.complaint_id AS complaint_id, k.office AS office, k.state AS case_state, k.opened_at AS opened_at, toDate(k.opened_at, 'Asia/Ho_Chi_Minh') AS opened_day,
       k.late_clocks > 0 AS late_limit,
       -- A rejection has a limit of its own, which no clock of the case holds. It ends at 24:00 of its last working day (Civil
       -- Code 2015 Art. 148.1, 148.6); days off after that day have its ordinal.
       k.rejected_at < {as_of:DateTime64(3, 'UTC')}
           AND (d.ordinal > b.ordinal + l.amount OR d.ordinal = b.ordinal + l.amount AND NOT d.working) AS late_rejection,
       late_limit OR late_rejection AS late,
       k.handling_score AS handling_score, ifNull(k.handling_score, 0) IN (SELECT score FROM v_rating_scale WHERE dissatisfied) AS handling_dissatisfied,
       k.reopened AS reopened
FROM
(
    WITH toDateTime64('2200-01-01 00:00:00', 3, 'UTC') AS never
    SELECT complaint_id, toString(office) AS office, state, track, opened_at, handling_score, reopened,
           arrayCount(c -> c.track = 'FEEDBACK' AND (c.phase IN ('RESOLVE', 'ANSWER') OR (c.phase = 'ACKNOWLEDGE' AND asked AND track = 'FEEDBACK'))
               AND ifNull(c.due_at, never) < {as_of:DateTime64(3, 'UTC')}
               AND coalesce(c.met_at, c.ended_at, never) > ifNull(c.due_at, never), clocks) AS late_clocks,
           if(finding = 'REJECTED' AND track = 'FEEDBACK', ifNull(resolved_at, never), never) AS rejected_at,
           arrayMax(arrayPushFront(arrayMap(c -> c.started_at,
               arrayFilter(c -> c.phase = 'RESOLVE' AND c.started_at <= rejected_at, clocks)), opened_at)) AS begun_at,
           -- 24:00 belongs to the day that ends then.
           toDate(rejected_at - toIntervalMillisecond(1), 'Asia/Ho_Chi_Minh') AS rejected_on, toDate(begun_at, 'Asia/Ho_Chi_Minh') AS begun_on
    FROM shown_case
    WHERE (track = 'FEEDBACK' OR track = 'COMPLAINT' AND NOT protected) AND state != 'MERGED'
      AND opened_at >= toDateTime64({first:Date}, 3, 'Asia/Ho_Chi_Minh')
      AND opened_at < toDateTime64({last:Date}, 3, 'Asia/Ho_Chi_Minh') AND opened_at < {as_of:DateTime64(3, 'UTC')}
) AS k
CROSS JOIN (SELECT amount FROM reference_service_commitment WHERE step = 'FEEDBACK_REJECT') AS l
LEFT JOIN reference_working_day AS b ON k.begun_on = b.day
LEFT JOIN reference_working_day AS d ON k.rejected_on = d.day
WHERE (k.track = 'FEEDBACK' AND k.state != 'WITHDRAWN') OR late
COMMENT 'Items of feedback opened in a period as Decision 766 counts them: v_feedback_items(first = ..., last = ..., as_of = ...)';
