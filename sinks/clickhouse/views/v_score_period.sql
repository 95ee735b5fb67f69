-- A period is provisional until it is over and time alone can no longer make an item of it late. The instant from which that
-- holds, settles_at, follows from the events alone: whoever closes the period, whenever, stores the figures as known then.
CREATE OR REPLACE VIEW v_score_period
(
    period          String                         COMMENT 'MONTH, QUARTER or YEAR',
    period_start    Date                           COMMENT 'First day of the period',
    period_end      Date                           COMMENT 'Last day of the period',
    items           UInt64                         COMMENT 'Items of feedback of all offices that were received or due in the period',
    unsettled       UInt64                         COMMENT 'Items that time alone may still make late',
    settles_at      Nullable(DateTime64(3, 'UTC')) COMMENT 'When its last limit ended or will end, or when it became late; NULL: a limit is paused; of all items, and at the earliest the end of the period',
    score_closed_at Nullable(DateTime64(3, 'UTC')) COMMENT 'When the scores of the period were stored; NULL: not yet',
    period_standing String                         COMMENT 'PROVISIONAL, SETTLED (its limits have ended) or CLOSED (stored)'
)
AS
SELECT {period:String} AS period, p.first_day AS period_start, p.after - 1 AS period_end, p.items AS items, p.unsettled AS unsettled,
       p.settles_at AS settles_at,
       (SELECT max(toNullable(closed_at)) FROM closed_score WHERE period = {period:String} AND period_start = toDate(dateTrunc({period:String}, {day:Date}))) AS score_closed_at,
       multiIf(score_closed_at IS NOT NULL, 'CLOSED', p.unsettled > 0 OR p.is_running, 'PROVISIONAL', 'SETTLED') AS period_standing
FROM
(
    SELECT toDate(dateTrunc({period:String}, {day:Date})) AS first_day, addMonths(toDate(dateTrunc({period:String}, {day:Date})), multiIf({period:String} = 'MONTH', 1, {period:String} = 'QUARTER', 3, {period:String} = 'YEAR', 12, 0)) AS after, count() AS items, countIf(NOT settled) AS unsettled,
           toDateTime64(after, 3, 'Asia/Ho_Chi_Minh') AS ends_at, now64(3, 'UTC') < ends_at AS is_running,
           if(countIf(f.settles_at IS NULL) > 0, NULL, toDateTime64(greatest(ends_at, ifNull(max(f.settles_at), ends_at)), 3, 'UTC')) AS settles_at
    FROM v_feedback_items(first = toDate(dateTrunc({period:String}, {day:Date})), last = addMonths(toDate(dateTrunc({period:String}, {day:Date})), multiIf({period:String} = 'MONTH', 1, {period:String} = 'QUARTER', 3, {period:String} = 'YEAR', 12, 0)), as_of = now64(3, 'UTC')) AS f
) AS p
COMMENT 'Whether the scores of a period are provisional, settled or closed: v_score_period(period = ''MONTH'', day = ...)';
