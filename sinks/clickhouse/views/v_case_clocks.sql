CREATE OR REPLACE VIEW v_case_clocks AS
SELECT c.complaint_id AS complaint_id, c.office AS office, c.unit AS responsible_unit, c.state AS case_state, k.rule AS rule, k.track AS track,
       k.phase AS clock_phase, k.started_at AS started_at, k.due_at AS due_at, toDate(k.due_at, 'Asia/Ho_Chi_Minh') AS due_day, k.paused_at AS paused_at, k.extended_by AS extended_by,
       k.met_at AS met_at, k.ended_at AS ended_at,
       multiIf(k.met_at IS NOT NULL, if(k.met_at <= k.due_at, 'MET', 'MET_LATE'), k.ended_at IS NOT NULL, 'ENDED',
               k.paused_at IS NOT NULL, 'PAUSED', k.due_at < now64(3, 'UTC'), 'OVERDUE', 'RUNNING') AS clock_standing
FROM complaint_case AS c FINAL
ARRAY JOIN c.clocks AS k
COMMENT 'One row a legal limit of a case';
