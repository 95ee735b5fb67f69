CREATE OR REPLACE VIEW v_case_clocks
(
    complaint_id     UUID                           COMMENT 'The complaint; of a denunciation an alias drawn by chance',
    office           LowCardinality(String)         COMMENT 'Office code; where the case was opened',
    responsible_unit LowCardinality(String)         COMMENT 'Unit that answers for the case; empty: not shown',
    case_state       LowCardinality(String)         COMMENT 'State of the case, see docs/complaints.md',
    rule             String                         COMMENT 'Rule of the legal limit',
    track            String                         COMMENT 'SIGNAL, FEEDBACK, COMPLAINT or DENUNCIATION',
    clock_phase      String                         COMMENT 'ACKNOWLEDGE, RESOLVE, ANSWER and others: what the limit asks for',
    started_at       DateTime64(3, 'UTC')           COMMENT 'When it began',
    due_at           Nullable(DateTime64(3, 'UTC')) COMMENT 'End of the limit',
    due_day          Nullable(Date)                 COMMENT 'Last local day of the limit: the day that ends with due_at, or holds it',
    paused_at        Nullable(DateTime64(3, 'UTC')) COMMENT 'When the clock was stopped; NULL: it runs or has ended',
    extended_by      Int64                          COMMENT 'How much the limit was extended, in its own unit',
    met_at           Nullable(DateTime64(3, 'UTC')) COMMENT 'When the limit was met; NULL: not met',
    ended_at         Nullable(DateTime64(3, 'UTC')) COMMENT 'When it ended; NULL: not yet; without being met',
    clock_standing   String                         COMMENT 'MET, MET_LATE, OVERDUE, RUNNING, PAUSED, ENDED (no longer applies) or ENDED_LATE (missed before that)'
)
AS
SELECT c.complaint_id AS complaint_id, c.office AS office, c.unit AS responsible_unit, c.state AS case_state, k.rule AS rule, k.track AS track,
       k.phase AS clock_phase, k.started_at AS started_at, k.due_at AS due_at, toDate(k.due_at - toIntervalMillisecond(1), 'Asia/Ho_Chi_Minh') AS due_day, k.paused_at AS paused_at, k.extended_by AS extended_by,
       k.met_at AS met_at, k.ended_at AS ended_at,
       -- A limit outside the calendar has no end, so nobody is late. That of a case that ended in a pause had moved on.
       multiIf(k.met_at IS NOT NULL, if(k.met_at > k.due_at, 'MET_LATE', 'MET'),
               k.ended_at IS NOT NULL, if(k.ended_at > k.due_at AND k.paused_at IS NULL, 'ENDED_LATE', 'ENDED'),
               k.paused_at IS NOT NULL, 'PAUSED', k.due_at < now64(3, 'UTC'), 'OVERDUE', 'RUNNING') AS clock_standing
FROM shown_case AS c
ARRAY JOIN c.clocks AS k
COMMENT 'One row a legal limit of a case';
