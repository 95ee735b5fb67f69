CREATE OR REPLACE VIEW shown_measure AS
SELECT declaration, latest.1 AS office, latest.2 AS submitted_at, latest.3 AS document_minutes, latest.4 AS goods_minutes,
       latest.5 AS clearance_minutes
FROM
(
    SELECT declaration, argMax((office, submitted_at, document_minutes, goods_minutes, clearance_minutes), precedence) AS latest
    FROM rated_declaration FINAL
    PREWHERE (declaration, sheet_id) NOT IN (SELECT declaration, sheet_id FROM hidden_sheet)
    GROUP BY declaration
)
COMMENT 'Working minutes of rated declarations as of their latest rating that is shown';
