-- One row an item of feedback that was received or due from `first` to before `last`, as known at `as_of`, with the facts that
-- criteria 5.2 and 5.3 need. An item is received when its first clock on the track FEEDBACK begins; it is due as long as one of
-- these clocks runs, or was missed and is still to be met. So an item that is carried over counts in each period until it is
-- answered, and again after it was reopened. Whether it is late is a fact about the item, not about the period.
-- Clocks keep their times, so most facts as of an earlier instant can be read from the newest row of the case; what cannot (the
-- state, a rejection before a reopening, an earlier rating of the handling) comes from its events and actions.
-- An item merged into another is counted there. An item withdrawn by its sender, or that has left the track, counts only if it was
-- late by then: a change of track is no way out of a missed limit. One that was made a denunciation never counts, its sender is protected.
CREATE OR REPLACE VIEW v_feedback_items
(
    complaint_id          UUID                           COMMENT 'The complaint; of a denunciation an alias drawn by chance',
    office                LowCardinality(String)         COMMENT 'Office code; where it was opened',
    case_state            LowCardinality(String)         COMMENT 'State of the case, see docs/complaints.md',
    opened_at             DateTime64(3, 'UTC')           COMMENT 'When the first low score was sent',
    opened_day            Date                           COMMENT 'Local day of opened_at',
    received_at           DateTime64(3, 'UTC')           COMMENT 'When it became an item of feedback: the first clock of that track began',
    received_day          Date                           COMMENT 'Local day of received_at',
    carried_over          Bool                           COMMENT 'Whether it was received before the period',
    late_limit            Bool                           COMMENT 'Whether a limit of the case was missed',
    late_rejection        Bool                           COMMENT 'Whether a rejection came too late',
    late                  Bool                           COMMENT 'Late in the sense of Decision 766',
    handling_score        Nullable(UInt8)                COMMENT 'How the enterprise rates the handling, 1 to 5; NULL: not rated',
    handling_dissatisfied Bool                           COMMENT 'Whether the enterprise is dissatisfied with the handling, by v_rating_scale',
    reopened              Bool                           COMMENT 'Whether it was reopened',
    settles_at            Nullable(DateTime64(3, 'UTC')) COMMENT 'When its last limit ended or will end, or when it became late; NULL: a limit is paused',
    settled               Bool                           COMMENT 'Whether time alone can no longer make it late: settles_at is past'
)
AS
SELECT i.complaint_id AS complaint_id, i.office AS office, i.case_state AS case_state, i.opened_at AS opened_at,
       toDate(i.opened_at, 'Asia/Ho_Chi_Minh') AS opened_day, i.received_at AS received_at,
       toDate(i.received_at, 'Asia/Ho_Chi_Minh') AS received_day,
       i.received_at < toDateTime64({first:Date}, 3, 'Asia/Ho_Chi_Minh') AS carried_over,
       i.missed_at < i.never AS late_limit, i.rejected_late_at < i.never AS late_rejection, late_limit OR late_rejection AS late,
       i.rated AS handling_score, ifNull(i.rated, 0) IN (SELECT score FROM v_rating_scale WHERE dissatisfied) AS handling_dissatisfied,
       i.reopened AS reopened,
       if(late, toNullable(least(i.missed_at, i.rejected_late_at)), i.runs_until) AS settles_at,
       ifNull(settles_at < {as_of:DateTime64(3, 'UTC')}, false) AS settled
FROM
(
    SELECT k.complaint_id AS complaint_id, any(k.office) AS office, any(k.case_state) AS case_state, any(k.opened_at) AS opened_at,
           any(k.received_at) AS received_at, any(k.never) AS never, any(k.missed_at) AS missed_at, any(k.track) AS track,
           any(k.withdrawn) AS withdrawn, any(k.rated) AS rated, any(k.reopened) AS reopened, any(k.runs_until) AS runs_until,
           -- A rejection has a limit of its own, which no clock of the case holds. It ends at 24:00 of its last working day (Civil
           -- Code 2015 Art. 148.1, 148.6); days off after that day have its ordinal.
           min(if(k.rejected_at < k.never
                      AND (d.ordinal > b.ordinal + l.amount OR d.ordinal = b.ordinal + l.amount AND NOT d.working),
                  k.rejected_at, k.never)) AS rejected_late_at
    FROM
    (
        WITH
            toDateTime64('2200-01-01 00:00:00', 3, 'UTC') AS never,
            -- What came at or after `as_of` is not known yet.
            arrayFilter(one -> one.started_at < {as_of:DateTime64(3, 'UTC')}, c.clocks) AS known,
            arrayMap(one -> (one.phase, one.started_at, ifNull(one.due_at, never),
                             if(coalesce(one.met_at, one.ended_at, never) < {as_of:DateTime64(3, 'UTC')},
                                coalesce(one.met_at, one.ended_at, never), never),
                             one.paused_at IS NOT NULL AND one.due_at IS NULL),
                     arrayFilter(one -> one.track = 'FEEDBACK', known)) AS limits, -- phase, start, end, when it was over, paused
            arrayFilter(one -> one.1 IN ('RESOLVE', 'ANSWER'), limits) AS duties,
            arrayMap(one -> one.started_at, arrayFilter(one -> one.phase = 'RESOLVE', known)) AS begun,
            arrayMap(one -> assumeNotNull(one.met_at), arrayFilter(one -> one.phase = 'RESOLVE' AND one.met_at IS NOT NULL, known)) AS resolved,
            arrayMap(one -> one.started_at,
                arrayFilter(one -> one.phase IN ('ACKNOWLEDGE', 'RESOLVE') AND arrayExists(at -> at <= one.started_at, resolved), known)) AS begun_again,
            if(c.finding = 'REJECTED' AND c.track = 'FEEDBACK', ifNull(c.resolved_at, never), never) AS rejected_last,
            ifNull(c.closed_at < {as_of:DateTime64(3, 'UTC')}, true) AS closed
        SELECT c.complaint_id AS complaint_id, toString(c.office) AS office, never,
               multiIf(c.changed_at < {as_of:DateTime64(3, 'UTC')}, toString(c.state), e.state != '', e.state, 'OPENED') AS case_state,
               c.opened_at AS opened_at, if(length(known) = length(c.clocks), toString(c.track), known[-1].track) AS track,
               c.state = 'MERGED' AND closed AS merged, c.state = 'WITHDRAWN' AND closed AS withdrawn,
               if(empty(c.clocks) AND c.track = 'FEEDBACK', c.opened_at, arrayMin(arrayPushBack(arrayMap(one -> one.2, limits), never))) AS received_at,
               arrayMin(arrayPushBack(arrayMap(one -> one.3, arrayFilter(
                   one -> one.3 < {as_of:DateTime64(3, 'UTC')} AND one.4 > one.3
                       AND (one.1 IN ('RESOLVE', 'ANSWER') OR one.1 = 'ACKNOWLEDGE' AND one.4 < never AND c.asked AND track = 'FEEDBACK'),
                   limits)), never)) AS missed_at,
               -- The end of a limit beyond the calendar is not known, and nobody waits for it.
               if(arrayExists(one -> one.4 = never AND one.5, duties), NULL,
                  toNullable(arrayMax(arrayPushBack(
                      arrayFilter(at -> at < never, arrayMap(one -> least(one.3, one.4), duties)), received_at)))) AS runs_until,
               arrayExists(one -> one.2 < toDateTime64({last:Date}, 3, 'Asia/Ho_Chi_Minh')
                   AND one.4 >= toDateTime64({first:Date}, 3, 'Asia/Ho_Chi_Minh'), duties) AS due,
               c.reopened AND (empty(arrayFilter(one -> one.started_at >= {as_of:DateTime64(3, 'UTC')}, c.clocks)) OR notEmpty(begun_again)) AS reopened,
               multiIf(empty(h.ratings), c.handling_score,
                       empty(arrayFilter(one -> one.1 < {as_of:DateTime64(3, 'UTC')}, h.ratings)), NULL,
                       arrayFilter(one -> one.1 < {as_of:DateTime64(3, 'UTC')}, h.ratings)[-1].3) AS rated,
               arrayJoin(arrayPushBack(
                   arrayFilter(at -> at < {as_of:DateTime64(3, 'UTC')} AND (at = rejected_last OR arrayLast(one -> one.started_at <= at, c.clocks).track = 'FEEDBACK'),
                       arrayDistinct(arrayPushBack(e.rejections, rejected_last))),
                   never)) AS rejected_at,
               -- 24:00 belongs to the day that ends then.
               toDate(rejected_at - toIntervalMillisecond(1), 'Asia/Ho_Chi_Minh') AS rejected_on,
               toDate(arrayMax(arrayPushBack(arrayFilter(at -> at <= rejected_at, begun), received_at)), 'Asia/Ho_Chi_Minh') AS begun_on
        FROM (SELECT * FROM shown_case WHERE NOT protected AND track != 'DENUNCIATION') AS c
        LEFT JOIN
        (
            SELECT complaint_id, groupArrayIf(occurred_at, action = 'REJECT') AS rejections,
                   argMaxIf(toString(state), occurred_at, occurred_at < {as_of:DateTime64(3, 'UTC')}) AS state
            FROM shown_event WHERE kind IN ('OPENED', 'ACCEPTED', 'CLOSED', 'NO_REPLY') GROUP BY complaint_id
        ) AS e ON c.complaint_id = e.complaint_id
        LEFT JOIN
        (
            SELECT complaint_id, arraySort(groupArray((acted_at, action_id, toNullable(score)))) AS ratings
            FROM shown_handling GROUP BY complaint_id
        ) AS h ON c.complaint_id = h.complaint_id
        WHERE NOT merged AND received_at < toDateTime64({last:Date}, 3, 'Asia/Ho_Chi_Minh')
          AND received_at < {as_of:DateTime64(3, 'UTC')}
          AND (due OR received_at >= toDateTime64({first:Date}, 3, 'Asia/Ho_Chi_Minh'))
    ) AS k
    CROSS JOIN (SELECT amount FROM reference_service_commitment WHERE step = 'FEEDBACK_REJECT') AS l
    LEFT JOIN reference_working_day AS b ON k.begun_on = b.day
    LEFT JOIN reference_working_day AS d ON k.rejected_on = d.day
    GROUP BY k.complaint_id
) AS i
WHERE (i.track = 'FEEDBACK' AND NOT i.withdrawn) OR late
COMMENT 'Items of feedback received or due in a period as Decision 766 counts them: v_feedback_items(first = ..., last = ..., as_of = ...)';
