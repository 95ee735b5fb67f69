-- Scores that the law defines, times that it promises, and fair scores of officials and teams. Formulas: docs/scores.md.
--
-- Working minutes between two statuses are computed here, over all declarations and not only over the rated ones, whose
-- minutes the workers compute. Views over declarations take a period: they read the
-- declarations registered in it (registration, by its index) and of declaration_status the ranges of their numbers.

-- reference_working_window: the working calendar, so that working time between two instants is a subtraction. The time worked
-- up to an instant is worked_before of the last window that begins no later, plus the part of that window that has passed.
--   engine     MergeTree: 500 rows a year and calendar, replaced as a whole by `hailong migrate`.
--   ORDER BY   the calendar, then time: windows are looked up by instant (ASOF JOIN).
--   partition  none.
CREATE TABLE IF NOT EXISTS reference_working_window
(
    office        LowCardinality(String) COMMENT 'Office with overtime of its own; empty: all others',
    starts_at     DateTime64(3, 'UTC')   COMMENT 'When work begins; the first row of a calendar is its first instant',
    ends_at       DateTime64(3, 'UTC')   COMMENT 'When it pauses or ends, exclusive',
    worked_before Nullable(UInt32)       COMMENT 'Working minutes from the beginning of the calendar to starts_at; NULL: after its end'
)
ENGINE = MergeTree ORDER BY (office, starts_at)
COMMENT 'Working windows of days, and the working minutes before each';

-- reference_working_day: limits in days.
--   engine, partition: as above. ORDER BY the day.
CREATE TABLE IF NOT EXISTS reference_working_day
(
    day              Date                          COMMENT 'Local day',
    working          Bool                          COMMENT 'Whether it is a working day, without overtime',
    ordinal          UInt32                        COMMENT 'Working days from the beginning of the calendar up to and including this day',
    ends_at          Nullable(DateTime64(3, 'UTC')) COMMENT 'End of its working time; NULL: a day off',
    next_working_day Nullable(Date)                COMMENT 'This day, or the next working day; NULL: after the calendar'
)
ENGINE = MergeTree ORDER BY day
COMMENT 'Local days of the working calendar';

-- The next three tables are loaded from schemas/reference/data like the tables of 0004, which give the reasons for engine
-- and order.
CREATE TABLE IF NOT EXISTS reference_score_criterion
(
    criterion          LowCardinality(String) COMMENT 'Number of the criterion',
    group_no           UInt8                  COMMENT 'Its group, 1 to 5',
    name_vi            String                 COMMENT 'Vietnamese name',
    name_en            String                 COMMENT 'English name',
    maximum            UInt8                  COMMENT 'Its points',
    full_at            Nullable(UInt8)        COMMENT 'Percentage from which all points are given; NULL: points alone can be entered',
    basis              LowCardinality(String) COMMENT 'COMPUTED, or ENTERED: outside our data',
    formula            String                 COMMENT 'Numerator and denominator in words',
    points_confidence  LowCardinality(String) COMMENT 'Of maximum: C confirmed, P probable, U unverified',
    rule_confidence    LowCardinality(String) COMMENT 'Of full_at',
    reading_confidence LowCardinality(String) COMMENT 'How sure we are that our data are what it counts; empty: computed from no data',
    source             String                 COMMENT 'Where it comes from'
)
ENGINE = MergeTree ORDER BY criterion
COMMENT 'Criteria of Decision 766/QĐ-TTg';

CREATE TABLE IF NOT EXISTS reference_score_grade
(
    grade       LowCardinality(String) COMMENT 'Grade',
    name_vi     String                 COMMENT 'Vietnamese name',
    name_en     String                 COMMENT 'English name',
    from_points UInt8                  COMMENT 'Lowest total with this grade',
    confidence  LowCardinality(String) COMMENT 'C confirmed, P probable, U unverified',
    source      String                 COMMENT 'Where it comes from'
)
ENGINE = MergeTree ORDER BY from_points
COMMENT 'Grades of Decision 766/QĐ-TTg';

CREATE TABLE IF NOT EXISTS reference_service_commitment
(
    step               LowCardinality(String) COMMENT 'Step',
    name_vi            String                 COMMENT 'Vietnamese name',
    name_en            String                 COMMENT 'English name',
    unit               LowCardinality(String) COMMENT 'WORKING_MINUTE, WORKING_DAY or CALENDAR_DAY',
    amount             UInt32                 COMMENT 'How many of them',
    who                LowCardinality(String) COMMENT 'Whose time it is: CUSTOMS or DECLARANT',
    held_by            LowCardinality(String) COMMENT 'STATUSES, CASES, or NONE: start or end is not published',
    starts             String                 COMMENT 'What starts it',
    ends               String                 COMMENT 'What ends it',
    confidence         LowCardinality(String) COMMENT 'Of the limit: C confirmed, P probable, U unverified',
    mapping_confidence LowCardinality(String) COMMENT 'How sure we are about start and end',
    source             String                 COMMENT 'Where the limit comes from'
)
ENGINE = MergeTree ORDER BY step
COMMENT 'Times that the law or the charter promises';

-- score_entry: figures that Decision 766 requires and our data do not hold. Only analysts write it, by INSERT.
--   engine     ReplacingMergeTree(entered_at): the latest entry counts; one with neither figures nor points withdraws it.
--   ORDER BY   the subject of the entry, the period first, because a report reads one period.
--   partition  none: some hundred rows a month for the nation.
--   checks     an impossible entry is refused as a whole; v_score_entry tells which of the others count.
CREATE TABLE IF NOT EXISTS score_entry
(
    period       LowCardinality(String)    COMMENT 'MONTH, QUARTER or YEAR',
    period_start Date                      COMMENT 'First day of it',
    level        LowCardinality(String)    COMMENT 'OFFICE, DEPARTMENT (since 2025 the region) or NATION',
    unit         LowCardinality(String)    COMMENT 'Code of the unit; of the nation VN',
    criterion    LowCardinality(String)    COMMENT 'See reference_score_criterion',
    numerator    Nullable(UInt64)          COMMENT 'With denominator, instead of score',
    denominator  Nullable(UInt64)          COMMENT 'Not 0: where there was nothing to count, enter nothing',
    score        Nullable(Decimal(9, 2))   COMMENT 'Points, instead of figures',
    source       String                    COMMENT 'Where they come from',
    entered_at   DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC') COMMENT 'When they were entered',
    CONSTRAINT known_period CHECK period IN ('MONTH', 'QUARTER', 'YEAR'),
    CONSTRAINT first_day CHECK period_start = multiIf(period = 'MONTH', toStartOfMonth(period_start),
        period = 'QUARTER', toStartOfQuarter(period_start), toStartOfYear(period_start)),
    CONSTRAINT known_level CHECK level IN ('OFFICE', 'DEPARTMENT', 'NATION'),
    CONSTRAINT figures_or_score CHECK isNull(numerator) = isNull(denominator) AND (isNull(numerator) OR isNull(score)),
    CONSTRAINT share CHECK isNull(numerator) OR (ifNull(denominator, 0) > 0 AND ifNull(numerator, 0) <= ifNull(denominator, 0)),
    CONSTRAINT not_negative CHECK ifNull(score, toDecimal64(0, 2)) >= 0,
    CONSTRAINT sourced CHECK source != ''
)
ENGINE = ReplacingMergeTree(entered_at)
ORDER BY (period, period_start, level, unit, criterion)
COMMENT 'Figures and points of Decision 766 that analysts enter';

-- score_setting: the least numbers with which an official or a team is shown. Analysts INSERT a new value.
--   engine     ReplacingMergeTree(changed_at): the last one counts. The defaults are dated 1970, so they never hide a change.
--   ORDER BY   the name. partition none: two rows.
CREATE TABLE IF NOT EXISTS score_setting
(
    name       LowCardinality(String) COMMENT 'min_opinions or min_enterprises',
    value      UInt32                 COMMENT 'Its value',
    changed_at DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC') COMMENT 'When it was set'
)
ENGINE = ReplacingMergeTree(changed_at) ORDER BY name
COMMENT 'Settings of fair scores';

INSERT INTO score_setting (name, value, changed_at) VALUES ('min_opinions', 30, 0), ('min_enterprises', 10, 0);

-- One row a round of a step with a promised time, of declarations registered from `first` to before `last` (local days), as
-- known at `as_of`. When rounds begin and end: docs/contract.md; the workers compute the same for rated declarations.
-- Statuses of a declaration are stored together: with optimize_aggregation_in_order = 1, which a view cannot set, they are
-- aggregated while they are read, and a long period needs little memory.
CREATE OR REPLACE VIEW v_step_times AS
WITH
    toDateTime64('2200-01-01 00:00:00', 3, 'UTC') AS never,
    (instant, starts_at, ends_at, before) ->
        toInt64(before) * 60000 + toUnixTimestamp64Milli(least(instant, ends_at)) - toUnixTimestamp64Milli(starts_at) AS worked,
    worked(t.until, b.starts_at, b.ends_at, b.worked_before)
        - worked(t.started_at, a.starts_at, a.ends_at, a.worked_before) AS elapsed_ms,
    worked(t.waits_until, d.starts_at, d.ends_at, d.worked_before)
        - worked(t.waits_from, c.starts_at, c.ends_at, c.worked_before) AS waited_ms
SELECT t.declaration AS declaration, t.registration_office AS registration_office, t.office AS office, t.step AS step,
       t.started_at AS started_at, if(t.ended_at = never, NULL, t.ended_at) AS ended_at, t.requests AS requests,
       t.unit AS unit, t.amount AS amount,
       if(t.unit = 'WORKING_MINUTE', intDiv(elapsed_ms - waited_ms, 60000), NULL) AS minutes,
       if(t.unit = 'WORKING_MINUTE', intDiv(waited_ms, 60000), NULL) AS waited_minutes,
       multiIf(t.unit = 'WORKING_DAY', n.ends_at,
               t.unit = 'CALENDAR_DAY', toDateTime64(e.next_working_day + 1, 3, 'Asia/Ho_Chi_Minh'),
               NULL) AS due_at,
       multiIf(t.unit = 'WORKING_MINUTE' AND minutes IS NULL, 'UNKNOWN',
               t.unit = 'WORKING_MINUTE' AND minutes > t.amount, 'LATE',
               t.unit != 'WORKING_MINUTE' AND due_at IS NULL, 'UNKNOWN',
               t.unit != 'WORKING_MINUTE' AND t.until > due_at, 'LATE',
               t.ended_at = never, 'RUNNING', 'WITHIN') AS standing
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
                WHERE occurred_at < {as_of:DateTime64(3, 'UTC')} AND declaration IN
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
LEFT JOIN (SELECT ordinal, ends_at FROM reference_working_day WHERE working) AS n ON m.ordinal + t.amount = n.ordinal
LEFT JOIN reference_working_day AS e ON t.days_later = e.day
COMMENT 'Rounds of steps with a promised time, over all declarations registered in a period: v_step_times(first = ..., last = ..., as_of = ...)';

-- One row a declaration registered from `first` to before `last`, as a dossier of Decision 766. A dossier is late if its
-- document check or goods inspection took longer than the limit, or still runs after it, or if a supplement was requested
-- more than once. A rating or a complaint counts whenever it came.
CREATE OR REPLACE VIEW v_dossiers AS
WITH
    period AS
    (
        SELECT declaration FROM registration FINAL
        WHERE registered_at >= toDateTime64({first:Date}, 3, 'Asia/Ho_Chi_Minh')
          AND registered_at < toDateTime64({last:Date}, 3, 'Asia/Ho_Chi_Minh')
    ),
    opinion AS
    (
        SELECT t.declaration AS declaration, t.sheet_id AS sheet_id, argMax(t.lowest_score, t.revision) AS level
        FROM
        (
            SELECT declaration, sheet_id, lowest_score, revision FROM rating FINAL WHERE declaration IN (SELECT declaration FROM period)
        ) AS t
        GROUP BY t.declaration, t.sheet_id
    )
SELECT s.declaration AS declaration, s.office AS office, s.requests AS requests, s.limited AS limited,
       s.late_steps > 0 OR s.requests > 1 AS late,
       s.declaration IN (SELECT declaration FROM opinion) AS rated,
       s.declaration IN (SELECT declaration FROM opinion WHERE level <= 2) AS disliked,
       s.declaration IN
       (
           SELECT toUInt64OrZero(substring(declaration_no, 1, 11)) FROM complaint_case FINAL
           WHERE declaration_no != '' AND state != 'WITHDRAWN'
       ) AS complained
FROM
(
    SELECT t.declaration AS declaration, any(t.registration_office) AS office, max(t.requests) AS requests,
           countIf(t.step IN ('DOCUMENT_CHECK', 'GOODS_INSPECTION')) > 0 AS limited,
           countIf(t.step IN ('DOCUMENT_CHECK', 'GOODS_INSPECTION') AND t.standing = 'LATE') AS late_steps
    FROM v_step_times(first = {first:Date}, last = {last:Date}, as_of = {as_of:DateTime64(3, 'UTC')}) AS t
    WHERE t.step IN ('ACKNOWLEDGEMENT', 'DOCUMENT_CHECK', 'GOODS_INSPECTION')
    GROUP BY t.declaration
) AS s
COMMENT 'Declarations registered in a period as dossiers of Decision 766: v_dossiers(first = ..., last = ..., as_of = ...)';

-- One row an item of feedback that was opened from `first` to before `last`, with the facts that criteria 5.2 and 5.3 need.
-- An item merged into another is counted there. An item withdrawn by its sender counts only if it was late by then.
CREATE OR REPLACE VIEW v_feedback_items AS
SELECT k.complaint_id AS complaint_id, k.office AS office, k.state AS state, k.opened_at AS opened_at,
       k.late_clocks > 0 AS late_limit,
       -- A rejection has a limit of its own, which no clock of the case holds.
       k.rejected_at < {as_of:DateTime64(3, 'UTC')}
           AND (d.ordinal > b.ordinal + l.amount
                OR d.ordinal = b.ordinal + l.amount AND k.rejected_at > ifNull(d.ends_at, toDateTime64(0, 3, 'UTC'))) AS late_rejection,
       late_limit OR late_rejection AS late,
       k.handling_score AS handling_score, ifNull(k.handling_score, 5) <= 2 AS disliked, k.reopened AS repeated
FROM
(
    WITH toDateTime64('2200-01-01 00:00:00', 3, 'UTC') AS never
    SELECT complaint_id, toString(office) AS office, state, opened_at, handling_score, reopened,
           arrayCount(c -> c.track = 'FEEDBACK' AND (c.phase IN ('RESOLVE', 'ANSWER') OR (c.phase = 'ACKNOWLEDGE' AND asked))
               AND ifNull(c.due_at, never) < {as_of:DateTime64(3, 'UTC')}
               AND coalesce(c.met_at, c.ended_at, never) > ifNull(c.due_at, never), clocks) AS late_clocks,
           if(finding = 'REJECTED', ifNull(resolved_at, never), never) AS rejected_at,
           arrayMax(arrayPushFront(arrayMap(c -> c.started_at,
               arrayFilter(c -> c.phase = 'RESOLVE' AND c.started_at <= rejected_at, clocks)), opened_at)) AS begun_at,
           toDate(rejected_at, 'Asia/Ho_Chi_Minh') AS rejected_on, toDate(begun_at, 'Asia/Ho_Chi_Minh') AS begun_on
    FROM complaint_case FINAL
    WHERE track = 'FEEDBACK' AND state != 'MERGED'
      AND opened_at >= toDateTime64({first:Date}, 3, 'Asia/Ho_Chi_Minh')
      AND opened_at < toDateTime64({last:Date}, 3, 'Asia/Ho_Chi_Minh') AND opened_at < {as_of:DateTime64(3, 'UTC')}
) AS k
CROSS JOIN (SELECT amount FROM reference_service_commitment WHERE step = 'FEEDBACK_REJECT') AS l
LEFT JOIN reference_working_day AS b ON k.begun_on = b.day
LEFT JOIN reference_working_day AS d ON k.rejected_on = d.day
WHERE state != 'WITHDRAWN' OR late
COMMENT 'Items of feedback opened in a period as Decision 766 counts them: v_feedback_items(first = ..., last = ..., as_of = ...)';

CREATE OR REPLACE VIEW v_score_entry AS
SELECT e.period AS period, e.period_start AS period_start, e.level AS level, e.unit AS unit, e.criterion AS criterion,
       e.numerator AS numerator, e.denominator AS denominator, e.score AS score, e.source AS source, e.entered_at AS entered_at,
       multiIf(e.numerator IS NULL AND e.score IS NULL, 'TAKEN_BACK', c.criterion = '', 'UNKNOWN_CRITERION',
               ifNull(e.score, toDecimal64(0, 2)) > c.maximum, 'ABOVE_MAXIMUM',
               e.numerator IS NOT NULL AND c.full_at IS NULL, 'POINTS_NEEDED',
               c.basis = 'COMPUTED', 'COUNTS_IF_NOTHING_COMPUTED', 'COUNTS') AS standing
FROM (SELECT * FROM score_entry FINAL) AS e
LEFT JOIN reference_score_criterion AS c ON e.criterion = c.criterion
COMMENT 'The last entry about each unit, period and criterion, and whether it counts';

-- Numerators and denominators from our data and the entries, before points: one row for each unit that has either. The
-- organisation is that of the last day.
CREATE OR REPLACE VIEW v_score_figures AS
SELECT f.level AS level, f.unit AS unit,
       groupArrayIf((f.criterion, f.numerator, f.denominator, f.measured), f.computed) AS computed,
       groupArrayIf((f.criterion, f.numerator, f.denominator, f.score, f.source), NOT f.computed) AS entered
FROM
(
    SELECT s.1 AS level, s.2 AS unit, g.criterion AS criterion, toNullable(sum(g.numerator)) AS numerator,
           toNullable(sum(g.denominator)) AS denominator, sum(g.measured) AS measured,
           CAST(NULL, 'Nullable(Decimal(9, 2))') AS score, '' AS source, true AS computed
    FROM
    (
        SELECT d.office AS office, x.1 AS criterion, x.2 AS numerator, d.n AS denominator, x.3 AS measured, {last:Date} - 1 AS last_day
        FROM
        (
            SELECT office, count() AS n,
                   [('2.1', countIf(NOT late), countIf(limited)),
                    ('5.4', countIf(NOT (late OR disliked OR complained)), countIf(rated))] AS figures
            FROM v_dossiers(first = {first:Date}, last = {last:Date}, as_of = {as_of:DateTime64(3, 'UTC')})
            GROUP BY office
            UNION ALL
            SELECT office, count() AS n,
                   [('5.2', countIf(NOT late), count()),
                    ('5.3', countIf(NOT (late OR disliked OR repeated)), countIf(handling_score IS NOT NULL))] AS figures
            FROM v_feedback_items(first = {first:Date}, last = {last:Date}, as_of = {as_of:DateTime64(3, 'UTC')})
            GROUP BY office
        ) AS d
        ARRAY JOIN d.figures AS x
    ) AS g
    ASOF LEFT JOIN reference_office AS p ON g.office = p.code AND g.last_day >= p.valid_from
    ARRAY JOIN [('OFFICE', g.office), ('DEPARTMENT', p.parent), ('NATION', 'VN')] AS s
    WHERE s.2 != ''
    GROUP BY level, unit, criterion
    UNION ALL
    SELECT toString(level), toString(unit), toString(criterion), numerator, denominator, 0, score, source, false
    FROM v_score_entry
    WHERE period = {period:String} AND period_start = {first:Date} AND standing IN ('COUNTS', 'COUNTS_IF_NOTHING_COMPUTED')
) AS f
GROUP BY f.level, f.unit
COMMENT 'Numerators and denominators of Decision 766, one row a unit; v_score_766 reads it';

-- Percentages and points are whole hundredths, rounded half up, so that no boundary depends on how 0.1 is represented.
CREATE OR REPLACE VIEW v_score_766 AS
WITH
    arrayFirst(one -> one.1 = c.criterion, u.computed) AS ours,
    arrayFirst(one -> one.1 = c.criterion, u.entered) AS entry,
    c.basis = 'COMPUTED' AND ifNull(ours.3, 0) > 0 AS is_computed,
    NOT is_computed AND entry.1 != '' AS is_entered,
    multiIf(is_entered, entry.2, c.basis = 'COMPUTED', toNullable(ifNull(ours.2, 0)), NULL) AS upper,
    multiIf(is_entered, entry.3, c.basis = 'COMPUTED', toNullable(ifNull(ours.3, 0)), NULL) AS lower,
    intDiv(20000 * upper + lower, nullIf(2 * lower, 0)) AS hundredths,
    100 * toInt64(ifNull(c.full_at, 1)) AS full,
    intDiv(200 * c.maximum * if(ifNull(hundredths, 0) < full, ifNull(hundredths, 0), full) + full, 2 * full) AS points
SELECT u.level AS level, u.unit AS unit, if(u.level = 'NATION', 'Cục Hải quan', o.name_vi) AS unit_name,
       {period:String} AS period, u.period_start AS period_start, u.last_day AS period_end,
       c.criterion AS criterion, c.group_no AS group_no, c.name_vi AS name_vi, c.name_en AS name_en,
       upper AS numerator, lower AS denominator, toDecimal64OrNull(toString(hundredths), 2) / 100 AS ratio,
       multiIf(hundredths IS NOT NULL AND c.full_at IS NOT NULL, toNullable(toDecimal64(points, 2) / 100),
               is_entered, entry.4, NULL) AS score,
       toDecimal64(c.maximum, 2) AS maximum,
       multiIf(is_computed, 'COMPUTED', is_entered, 'ENTERED', 'MISSING') AS basis,
       if(c.basis = 'COMPUTED', toNullable(ours.4), NULL) AS measured,
       c.formula AS formula, if(is_entered, entry.5, c.source) AS source,
       arrayMax([toString(c.points_confidence), toString(c.rule_confidence),
                 if(is_computed, toString(c.reading_confidence), '')]) AS confidence
FROM
(
    SELECT *, toDate(dateTrunc({period:String}, {day:Date})) AS period_start,
           addMonths(period_start, multiIf({period:String} = 'MONTH', 1, {period:String} = 'QUARTER', 3, {period:String} = 'YEAR', 12, 0)) - 1 AS last_day
    FROM v_score_figures(
        period = {period:String}, first = toDate(dateTrunc({period:String}, {day:Date})),
        last = addMonths(toDate(dateTrunc({period:String}, {day:Date})), multiIf({period:String} = 'MONTH', 1, {period:String} = 'QUARTER', 3, {period:String} = 'YEAR', 12, 0)),
        as_of = least(now64(3, 'UTC'), toDateTime64(addMonths(toDate(dateTrunc({period:String}, {day:Date})), multiIf({period:String} = 'MONTH', 1, {period:String} = 'QUARTER', 3, {period:String} = 'YEAR', 12, 0)), 3, 'Asia/Ho_Chi_Minh')))
) AS u
CROSS JOIN reference_score_criterion AS c
ASOF LEFT JOIN reference_office AS o ON u.unit = o.code AND u.last_day >= o.valid_from
COMMENT 'Criteria of Decision 766, over all declarations registered in a period: v_score_766(period = ''MONTH'', day = ...)';

CREATE OR REPLACE VIEW v_grade_766 AS
WITH arrayFirst(one -> total >= one.1, g.grades) AS found
SELECT g.level AS level, g.unit AS unit, g.unit_name AS unit_name, g.period AS period, g.period_start AS period_start,
       g.group_1 AS group_1, g.group_2 AS group_2, g.group_3 AS group_3, g.group_4 AS group_4, g.group_5 AS group_5,
       g.points AS points, g.points_of AS points_of, if(empty(g.missing), g.points, NULL) AS total,
       nullIf(found.2, '') AS grade, nullIf(found.3, '') AS grade_name,
       g.missing AS missing, g.confidence AS confidence
FROM
(
    SELECT s.level AS level, s.unit AS unit, any(s.unit_name) AS unit_name, any(s.period) AS period, any(s.period_start) AS period_start,
           (SELECT arrayReverseSort(groupArray((from_points, toString(grade), name_vi))) FROM reference_score_grade) AS grades,
           if(countIf(s.group_no = 1 AND s.score IS NULL) = 0, sumIf(s.score, s.group_no = 1), NULL) AS group_1,
           if(countIf(s.group_no = 2 AND s.score IS NULL) = 0, sumIf(s.score, s.group_no = 2), NULL) AS group_2,
           if(countIf(s.group_no = 3 AND s.score IS NULL) = 0, sumIf(s.score, s.group_no = 3), NULL) AS group_3,
           if(countIf(s.group_no = 4 AND s.score IS NULL) = 0, sumIf(s.score, s.group_no = 4), NULL) AS group_4,
           if(countIf(s.group_no = 5 AND s.score IS NULL) = 0, sumIf(s.score, s.group_no = 5), NULL) AS group_5,
           ifNull(sum(s.score), 0) AS points, sumIf(s.maximum, s.score IS NOT NULL) AS points_of,
           arraySort(groupArrayIf(toString(s.criterion), s.score IS NULL)) AS missing, max(s.confidence) AS confidence
    FROM v_score_766(period = {period:String}, day = {day:Date}) AS s
    GROUP BY s.level, s.unit
) AS g
COMMENT 'Group totals, points and grade of Decision 766, and what is missing for them: v_grade_766(period = ''YEAR'', day = ...)';

CREATE OR REPLACE VIEW v_service_commitments AS
SELECT g.office AS office, o.name_vi AS office_name, g.month AS month, g.step AS step, c.name_vi AS step_name, c.who AS who,
       g.n AS n, g.within AS within, g.within / nullIf(g.n, 0) AS share, g.running AS running, g.unknown AS unknown,
       c.amount AS limit, c.unit AS unit, c.source AS source, c.confidence AS confidence, c.mapping_confidence AS mapping_confidence
FROM
(
    SELECT t.office AS office, toStartOfMonth(toDate(t.started_at, 'Asia/Ho_Chi_Minh')) AS month, t.step AS step,
           countIf(t.standing IN ('WITHIN', 'LATE')) AS n, countIf(t.standing = 'WITHIN') AS within,
           countIf(t.standing = 'RUNNING') AS running, countIf(t.standing = 'UNKNOWN') AS unknown
    FROM v_step_times(first = {first:Date}, last = {last:Date}, as_of = now64(3, 'UTC')) AS t
    GROUP BY office, month, step
) AS g
INNER JOIN reference_service_commitment AS c ON g.step = toString(c.step)
ASOF LEFT JOIN reference_office AS o ON g.office = o.code AND g.month >= o.valid_from
COMMENT 'Share of steps within their promised time, by office and month: v_service_commitments(first = ..., last = ...)';

-- Officials and teams with the opinions about them that were sent from `first` to before `last`. Means are shrunken towards
-- the mean of all targets of their kind, the more the fewer opinions there are (empirical Bayes, normal model: Morris 1983,
-- JASA 78:47-55; variance between targets by moments: DerSimonian and Laird 1986, Controlled Clinical Trials 7:177-188).
CREATE OR REPLACE VIEW v_fair_scores AS
WITH 1.959963984540054 AS z
SELECT e.target AS target, e.office AS office, o.name_vi AS office_name, e.target_id AS target_id,
       e.n AS n, e.enterprises AS enterprises, e.shown AS shown, if(e.shown, 'SHOWN', 'NOT_ENOUGH_DATA') AS standing,
       if(e.shown, e.mean, NULL) AS mean, if(e.shown, e.estimate, NULL) AS score,
       if(e.shown, greatest(1, e.estimate - z * e.error), NULL) AS score_low,
       if(e.shown, least(5, e.estimate + z * e.error), NULL) AS score_high, if(e.shown, e.pull, NULL) AS pull,
       e.peers AS peers, e.centre AS peers_mean, e.within_variance AS within_variance, e.between_variance AS between_variance,
       e.green AS green, e.yellow AS yellow, e.red AS red, e.imports AS imports, e.main_kind AS main_kind,
       w.declarations AS declarations
FROM
(
    SELECT *, 1 / sum(1 / variance) OVER same AS centre_variance, sum(mean / variance) OVER same * centre_variance AS centre,
           within_variance / n / variance AS pull, pull * centre + (1 - pull) * mean AS estimate,
           sqrt((1 - pull) * within_variance / n + pull * pull * centre_variance) AS error
    FROM
    (
        SELECT *, sum(weight * pow(mean - weighted_mean, 2)) OVER same AS dispersion,
               sum(weight) OVER same - sum(weight * weight) OVER same / sum(weight) OVER same AS spread,
               if(peers < 2 OR spread <= 0, 0, greatest(0, (dispersion - (peers - 1)) / spread)) AS between_variance,
               within_variance / n + between_variance AS variance
        FROM
        (
            -- All weights n / within_variance have one divisor, so that the mean is weighted by n.
            SELECT *, count() OVER same AS peers, sum(n * mean) OVER same / sum(n) OVER same AS weighted_mean,
                   -- Scores are whole: rounding alone has a variance of 1/12.
                   greatest(1 / 12, ifNull(sum(squares) OVER same / nullIf(sum(n - 1) OVER same, 0), 0)) AS within_variance,
                   n / within_variance AS weight
            FROM
            (
                SELECT f.target AS target, f.office AS office, f.target_id AS target_id, toInt64(count()) AS n,
                       toInt64(uniqExactIf(f.tax_code, f.tax_code != '')) AS enterprises,
                       avg(f.score) AS mean, count() * varPopStable(f.score) AS squares,
                       n >= (SELECT max(value) FROM score_setting FINAL WHERE name = 'min_opinions')
                           AND enterprises >= (SELECT max(value) FROM score_setting FINAL WHERE name = 'min_enterprises') AS shown,
                       countIf(f.channel = 'GREEN') / count() AS green, countIf(f.channel = 'YELLOW') / count() AS yellow,
                       countIf(f.channel = 'RED') / count() AS red, countIf(startsWith(f.declaration_no, '1')) / count() AS imports,
                       arrayElement(topKIf(1)(f.kind, f.kind != ''), 1) AS main_kind,
                       toDate(max(f.submitted_at), 'Asia/Ho_Chi_Minh') AS named_on
                FROM
                (
                    SELECT toString(target) AS target, toString(office) AS office, toString(target_id) AS target_id, score, tax_code,
                           channel, toString(kind) AS kind, declaration_no, submitted_at
                    FROM rated_service FINAL
                    WHERE state != 'SUPERSEDED' AND target IN ('OFFICIAL', 'TEAM')
                      AND submitted_at >= toDateTime64({first:Date}, 3, 'Asia/Ho_Chi_Minh')
                      AND submitted_at < toDateTime64({last:Date}, 3, 'Asia/Ho_Chi_Minh')
                ) AS f
                GROUP BY target, office, target_id
            )
            WINDOW same AS (PARTITION BY target)
        )
        WINDOW same AS (PARTITION BY target)
    )
    WINDOW same AS (PARTITION BY target)
) AS e
LEFT JOIN
(
    SELECT h.1 AS target, office, h.2 AS target_id, uniqExact(declaration) AS declarations
    FROM
    (
        SELECT declaration, toString(office) AS office, [('TEAM', toString(team)), ('OFFICIAL', toString(official))] AS handlers
        FROM declaration_status FINAL
        WHERE (team != '' OR official != '') AND declaration IN
        (
            SELECT declaration FROM registration FINAL
            WHERE registered_at >= toDateTime64({first:Date}, 3, 'Asia/Ho_Chi_Minh')
              AND registered_at < toDateTime64({last:Date}, 3, 'Asia/Ho_Chi_Minh')
        )
    )
    ARRAY JOIN handlers AS h
    WHERE h.2 != ''
    GROUP BY target, office, target_id
) AS w ON e.target = w.target AND e.office = w.office AND e.target_id = w.target_id
ASOF LEFT JOIN reference_office AS o ON e.office = o.code AND e.named_on >= o.valid_from
COMMENT 'Officials and teams with shrunken means, intervals and context: v_fair_scores(first = ..., last = ...)';

-- Targets whose intervals overlap, directly or through others between them, share a rank: one more than the number of
-- targets before them. `better` and `worse` count the targets whose intervals lie wholly above and below.
CREATE OR REPLACE VIEW v_ranking AS
SELECT r.target AS target, r.office AS office, r.office_name AS office_name, r.target_id AS target_id, r.standing AS standing,
       if(r.shown, toNullable(max(if(r.begins, r.place, 0)) OVER (PARTITION BY r.shown ORDER BY r.place)), NULL) AS rank,
       r.n AS n, r.enterprises AS enterprises, r.score AS score, r.score_low AS score_low, r.score_high AS score_high,
       if(r.shown, toNullable(arrayCount(one -> one > r.high, r.lows)), NULL) AS better,
       if(r.shown, toNullable(arrayCount(one -> one < r.low, r.highs)), NULL) AS worse,
       length(r.lows) AS ranked, r.green AS green, r.yellow AS yellow, r.red AS red, r.imports AS imports, r.main_kind AS main_kind,
       r.declarations AS declarations
FROM
(
    SELECT *, row_number() OVER in_order AS place,
           place = 1 OR high < min(low) OVER (in_order ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS begins,
           groupArrayIf(low, shown) OVER () AS lows, groupArrayIf(high, shown) OVER () AS highs
    FROM
    (
        SELECT *, ifNull(score_low, 0) AS low, ifNull(score_high, 0) AS high FROM v_fair_scores(first = {first:Date}, last = {last:Date})
        WHERE target = {target:String} AND ({office:String} = '' OR office = {office:String})
    )
    WINDOW in_order AS (PARTITION BY shown ORDER BY high DESC, low DESC, office, target_id)
) AS r
COMMENT 'Ranks that the data support: v_ranking(first = ..., last = ..., target = ''OFFICIAL'', office = ''''); office empty: all';
