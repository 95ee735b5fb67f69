-- One row a round of a step with a promised time, of declarations registered from `first` to before `last` (local days), as
-- known at `as_of`. When rounds begin and end: docs/contract.md; the workers compute the same for rated declarations.
-- Statuses of a declaration are stored together: with optimize_aggregation_in_order = 1, which a view cannot set, they are
-- aggregated while they are read, and a long period needs little memory.
CREATE OR REPLACE VIEW v_step_times
(
    declaration         UInt64                         COMMENT 'The declaration, whatever its amendment: first 11 digits',
    registration_office String                         COMMENT 'Office where the declaration was registered',
    office              String                         COMMENT 'Office code; of the status that began the step',
    step                String                         COMMENT 'Procedure step',
    started_at          DateTime64(3, 'UTC')           COMMENT 'When it began',
    started_day         Date                           COMMENT 'Local day of started_at',
    ended_at            Nullable(DateTime64(3, 'UTC')) COMMENT 'When it ended; NULL: not yet',
    requests            UInt64                         COMMENT 'How often customs asked for a supplement',
    limit_unit          LowCardinality(String)         COMMENT 'WORKING_MINUTE, WORKING_DAY or CALENDAR_DAY',
    limit_amount        UInt32                         COMMENT 'Promised time, in limit_unit',
    minutes             Nullable(Int64)                COMMENT 'Working minutes; NULL: not counted in minutes, or outside the calendar',
    waited_minutes      Nullable(Int64)                COMMENT 'Working minutes for which customs waited for the declarant',
    due_at              Nullable(DateTime64(3, 'UTC')) COMMENT 'End of the limit',
    step_standing       String                         COMMENT 'WITHIN, LATE, RUNNING (not late so far) or UNKNOWN (outside the calendar)'
)
AS
WITH
    toDateTime64('2200-01-01 00:00:00', 3, 'UTC') AS never,
    (instant, starts_at, ends_at, before) ->
        toInt64(before) * 60000 + toUnixTimestamp64Milli(least(instant, ends_at)) - toUnixTimestamp64Milli(starts_at) AS worked,
    worked(t.until, b.starts_at, b.ends_at, b.worked_before)
        - worked(t.started_at, a.starts_at, a.ends_at, a.worked_before) AS elapsed_ms,
    worked(t.waits_until, d.starts_at, d.ends_at, d.worked_before)
        - worked(t.waits_from, c.starts_at, c.ends_at, c.worked_before) AS waited_ms
SELECT t.declaration AS declaration, t.registration_office AS registration_office, t.office AS office, t.step AS step,
       t.started_at AS started_at, t.started_on AS started_day, if(t.ended_at = never, NULL, t.ended_at) AS ended_at, t.requests AS requests,
       t.unit AS limit_unit, t.amount AS limit_amount,
       if(t.unit = 'WORKING_MINUTE', intDiv(elapsed_ms - waited_ms, 60000), NULL) AS minutes,
       if(t.unit = 'WORKING_MINUTE', intDiv(waited_ms, 60000), NULL) AS waited_minutes,
       multiIf(t.unit = 'WORKING_DAY', n.ends_at,
               t.unit = 'CALENDAR_DAY', toDateTime64(e.next_working_day + 1, 3, 'Asia/Ho_Chi_Minh'),
               NULL) AS due_at,
       multiIf(t.unit = 'WORKING_MINUTE' AND minutes IS NULL, 'UNKNOWN',
               t.unit = 'WORKING_MINUTE' AND minutes > t.amount, 'LATE',
               t.unit != 'WORKING_MINUTE' AND due_at IS NULL, 'UNKNOWN',
               t.unit != 'WORKING_MINUTE' AND t.until > due_at, 'LATE',
               t.ended_at = never, 'RUNNING', 'WITHIN') AS step_standing
FROM
(
    SELECT f.declaration AS declaration, f.registration_office AS registration_office, f.requests AS requests,
           p.unit AS unit, p.amount AS amount, tupleElement(s, 1) AS step, tupleElement(s, 2) AS office,
           tupleElement(s, 3) AS started_at, tupleElement(s, 4) AS ended_at,
           least(ended_at, {as_of:DateTime64(3, 'UTC')}) AS until,
           -- While customs waits for the declarant the clock of its checks stands still.
           if(step IN ('DOCUMENT_CHECK', 'GOODS_INSPECTION'), least(greatest(f.asked_at, started_at), until), until) AS waits_from,
           if(step IN ('DOCUMENT_CHECK', 'GOODS_INSPECTION'), least(greatest(f.supplied_at, started_at), until), until) AS waits_until,
           if(office IN (SELECT office FROM reference_working_window WHERE office != ''), office, '') AS hours,
           toDate(started_at, 'Asia/Ho_Chi_Minh') AS started_on, started_on + p.amount AS days_later
    FROM
    (
        WITH
            toDateTime64(0, 3, 'UTC') AS unset,
            (since, instants) -> arrayMin(arrayPushBack(arrayFilter(instant -> instant >= since, instants), never)) AS next,
            -- Beginnings (instant, checksum, office) in order of time and the end of each: those with one end are one round.
            (step, begins, ends) -> arrayMap(pair -> (step, pair.1.3, pair.1.1, pair.2),
                arrayFilter((pair, end, previous) -> end != previous, arrayZip(begins, ends), ends,
                            arrayPopBack(arrayPushFront(ends, unset)))) AS rounds,
            -- Where all beginnings come after nothing is left to do, the first one is over at once.
            (step, begins) -> arrayMap(one -> (step, one.3, one.1, one.1), arraySlice(begins, 1, 1)) AS at_once,
            arraySort(arrayZip(k.documents_at, k.documents_order, k.documents_office)) AS documents_begun,
            arraySort(arrayZip(k.goods_at, k.goods_order, k.goods_office)) AS goods_begun,
            arrayFilter(one -> one.1 <= k.documents_over, documents_begun) AS documents_counted,
            arrayFilter(one -> one.1 <= k.goods_over, goods_begun) AS goods_counted,
            arrayMap(one -> next(one.1, arrayPushBack(k.documents_ended, k.documents_over)), documents_counted) AS documents_ends,
            arrayMap(one -> next(one.1, arrayPushBack(k.goods_ended, k.goods_over)), goods_counted) AS goods_ends
        SELECT k.declaration AS declaration, k.registration_office AS registration_office, k.requests AS requests,
               k.asked_at AS asked_at, next(k.asked_at, arrayConcat(k.amended, k.closed)) AS supplied_at,
               arrayConcat(
                   [('ACKNOWLEDGEMENT', k.registration_office, k.registered_at,
                     next(k.registered_at, arrayConcat(k.routed, k.closed))),
                    ('SUPPLEMENT', k.asked_office, if(k.requests = 0, unset, k.asked_at), supplied_at),
                    ('DUTY_AFTER_RELEASE', k.released_office, k.released_at, next(k.released_at, k.closed))],
                   if(empty(documents_counted), at_once('DOCUMENT_CHECK', documents_begun),
                      rounds('DOCUMENT_CHECK', documents_counted, documents_ends)),
                   if(empty(goods_counted), at_once('GOODS_INSPECTION', goods_begun),
                      rounds('GOODS_INSPECTION', goods_counted, goods_ends))) AS steps
        FROM
        (
            SELECT s.declaration AS declaration,
                   minIf(s.occurred_at, s.status = 'REGISTERED') AS registered_at,
                   argMinIf(s.office, s.occurred_at, s.status = 'REGISTERED') AS registration_office,
                   groupArrayIf(s.occurred_at, s.status = 'CHANNEL_ASSIGNED') AS routed,
                   -- Three arrays instead of one of tuples, which takes half as long again.
                   groupArrayIf(s.occurred_at, s.begins_documents) AS documents_at,
                   groupArrayIf(s.checksum, s.begins_documents) AS documents_order,
                   groupArrayIf(s.office, s.begins_documents) AS documents_office,
                   groupArrayIf(s.occurred_at, s.status = 'STORAGE_PERMITTED'
                                OR (s.status = 'CHANNEL_ASSIGNED' AND s.channel = 'GREEN')) AS documents_ended,
                   groupArrayIf(s.occurred_at, s.status = 'INSPECTION_REQUIRED') AS goods_at,
                   groupArrayIf(s.checksum, s.status = 'INSPECTION_REQUIRED') AS goods_order,
                   groupArrayIf(s.office, s.status = 'INSPECTION_REQUIRED') AS goods_office,
                   groupArrayIf(s.occurred_at, s.status IN ('GOODS_INSPECTED', 'INSPECTION_WITHDRAWN', 'STORAGE_PERMITTED')) AS goods_ended,
                   -- After these nothing is left to do.
                   minIf(s.occurred_at, s.status IN ('RELEASED', 'CLEARED', 'CANCELLED')) AS first_over,
                   minIf(s.occurred_at, s.status IN ('DOCUMENTS_CHECKED', 'RELEASED', 'CLEARED', 'CANCELLED')) AS first_documents_over,
                   if(first_over = toDateTime64(0, 3, 'UTC'), never, first_over) AS goods_over,
                   if(first_documents_over = toDateTime64(0, 3, 'UTC'), never, first_documents_over) AS documents_over,
                   minIf(s.occurred_at, s.status = 'RELEASED') AS released_at,
                   argMinIf(s.office, s.occurred_at, s.status = 'RELEASED') AS released_office,
                   groupArrayIf(s.occurred_at, s.status IN ('CLEARED', 'CANCELLED')) AS closed,
                   countIf(s.status = 'CUSTOMS_INSTRUCTION') AS requests,
                   if(requests = 0, never, minIf(s.occurred_at, s.status = 'CUSTOMS_INSTRUCTION')) AS asked_at,
                   argMinIf(s.office, s.occurred_at, s.status = 'CUSTOMS_INSTRUCTION') AS asked_office,
                   groupArrayIf(s.occurred_at, s.status = 'AMENDED_BY_DECLARANT') AS amended
            FROM
            (
                SELECT declaration, status, occurred_at, toString(office) AS office, channel,
                       toUInt32(row_version) AS checksum, -- the lower part
                       status = 'CHANNEL_ASSIGNED' AND channel IN ('YELLOW', 'RED') AS begins_documents
                FROM declaration_status FINAL
                -- The others begin and end nothing; half of all statuses are such.
                WHERE status IN ('REGISTERED', 'CHANNEL_ASSIGNED', 'DOCUMENTS_CHECKED', 'INSPECTION_REQUIRED', 'GOODS_INSPECTED',
                                 'INSPECTION_WITHDRAWN', 'STORAGE_PERMITTED', 'RELEASED', 'CLEARED', 'CANCELLED',
                                 'CUSTOMS_INSTRUCTION', 'AMENDED_BY_DECLARANT')
                  AND occurred_at < {as_of:DateTime64(3, 'UTC')} AND declaration IN
                (
                    SELECT declaration FROM registration FINAL
                    WHERE registered_at >= toDateTime64({first:Date}, 3, 'Asia/Ho_Chi_Minh')
                      AND registered_at < toDateTime64({last:Date}, 3, 'Asia/Ho_Chi_Minh')
                )
            ) AS s
            GROUP BY s.declaration
        ) AS k
    ) AS f
    ARRAY JOIN f.steps AS s
    INNER JOIN
    (
        SELECT toString(step) AS step, unit, amount FROM reference_service_commitment WHERE held_by = 'STATUSES'
    ) AS p ON p.step = tupleElement(s, 1)
    WHERE tupleElement(s, 3) > toDateTime64(0, 3, 'UTC')
) AS t
ASOF LEFT JOIN reference_working_window AS a ON t.hours = a.office AND t.started_at >= a.starts_at
ASOF LEFT JOIN reference_working_window AS b ON t.hours = b.office AND t.until >= b.starts_at
ASOF LEFT JOIN reference_working_window AS c ON t.hours = c.office AND t.waits_from >= c.starts_at
ASOF LEFT JOIN reference_working_window AS d ON t.hours = d.office AND t.waits_until >= d.starts_at
LEFT JOIN reference_working_day AS m ON t.started_on = m.day
-- A limit in days ends at 24:00 of its last day (Civil Code 2015 Art. 148.1, 148.6), not with the working time of that day.
LEFT JOIN
(
    SELECT ordinal, toNullable(toDateTime64(toDateTime64(day + 1, 3, 'Asia/Ho_Chi_Minh'), 3, 'UTC')) AS ends_at
    FROM reference_working_day WHERE working
) AS n ON m.ordinal + t.amount = n.ordinal
LEFT JOIN reference_working_day AS e ON t.days_later = e.day
COMMENT 'Rounds of steps with a promised time, over all declarations registered in a period: v_step_times(first = ..., last = ..., as_of = ...)';
