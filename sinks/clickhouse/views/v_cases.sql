CREATE OR REPLACE VIEW v_cases AS
SELECT c.complaint_id AS complaint_id, c.office AS office, o.name_vi AS office_name, c.unit AS responsible_unit, c.level AS escalations,
       c.declaration_no AS declaration_no, c.sheet_id AS sheet_id, c.tax_code AS tax_code, c.track AS track, c.state AS case_state,
       c.state NOT IN ('ANSWERED', 'CLOSED', 'WITHDRAWN', 'MERGED') AS open,
       c.priority AS priority, c.priority_reasons AS priority_reasons, c.lowest_score AS lowest_score,
       c.opened_at AS opened_at, c.named_on AS opened_day, c.changed_at AS changed_at, c.acknowledged_at AS acknowledged_at, c.resolved_at AS resolved_at,
       c.answered_at AS answered_at, toDate(c.answered_at, 'Asia/Ho_Chi_Minh') AS answered_day, c.closed_at AS closed_at, c.finding AS finding, c.handling_score AS handling_score,
       c.asked AS asked, c.reopened AS reopened, c.is_complex AS is_complex, c.legal_hold AS legal_hold,
       c.merged_into AS merged_into, c.absorbed AS absorbed, c.excluded_officials AS excluded_officials,
       c.overdue AS missed_limits, c.next_due_at AS next_due_at,
       toDate(c.next_due_at, 'Asia/Ho_Chi_Minh') AS next_due_day,
       if(c.next_due_at IS NULL, NULL, dateDiff('minute', now64(3, 'UTC'), c.next_due_at) / 60) AS remaining_hours,
       c.erased_at AS erased_at, c.accepted_actions AS accepted_actions, c.refused_actions AS refused_actions
FROM (SELECT *, toDate(opened_at, 'Asia/Ho_Chi_Minh') AS named_on FROM complaint_case FINAL) AS c
ASOF LEFT JOIN reference_office AS o ON c.office = o.code AND c.named_on >= o.valid_from
COMMENT 'Complaints as they are handled; remaining hours are hours by the clock, the limits count working time or days';
