-- Roles of hailong and their limits, for ClickHouse 25.8 and newer: docs/clickhouse-rights.md. Run it again after each
-- new version of hailong. Made by `python -m deploy.clickhouse roles.sql`; do not edit.

-- migrator: `hailong migrate`: makes and changes tables and views; materialized views copy rows with its rights
CREATE ROLE IF NOT EXISTS hailong_migrator_role;
GRANT SHOW, SELECT, INSERT, ALTER, CREATE DATABASE, CREATE TABLE, CREATE VIEW, DROP TABLE, DROP VIEW ON hailong.*,
      SET DEFINER ON hailong_views,
      TABLE ENGINE ON Atomic,
      TABLE ENGINE ON MergeTree,
      TABLE ENGINE ON ReplacingMergeTree,
      TABLE ENGINE ON AggregatingMergeTree,
      TABLE ENGINE ON ReplicatedMergeTree,
      TABLE ENGINE ON ReplicatedReplacingMergeTree,
      TABLE ENGINE ON ReplicatedAggregatingMergeTree,
      CLUSTER ON *.*,
      SELECT ON system.clusters,
      SELECT ON system.macros,
      SELECT ON system.replicas,
      SYSTEM SYNC REPLICA ON hailong.*
   TO hailong_migrator_role WITH REPLACE OPTION;

-- views: reads for all who query a view
CREATE ROLE IF NOT EXISTS hailong_views_role;
GRANT SELECT ON hailong.*
   TO hailong_views_role WITH REPLACE OPTION;

-- sink: `hailong sink`: fills tables, and knows which logs it has read how far
CREATE ROLE IF NOT EXISTS hailong_sink_role;
GRANT INSERT ON hailong.declaration_status,
      INSERT ON hailong.rating,
      INSERT ON hailong.rating_item,
      INSERT ON hailong.rated_service,
      INSERT ON hailong.satisfaction,
      INSERT ON hailong.office_count,
      INSERT ON hailong.complaint,
      INSERT ON hailong.complaint_case,
      INSERT ON hailong.complaint_event,
      INSERT ON hailong.complaint_action,
      INSERT ON hailong.complaint_answer,
      INSERT ON hailong.alert,
      INSERT ON hailong.alert_action,
      INSERT ON hailong.dead_letter,
      INSERT ON hailong.dead_letter_action,
      INSERT ON hailong.log_epoch,
      SELECT, SYSTEM SYNC REPLICA ON hailong.log_epoch,
      SELECT, SYSTEM SYNC REPLICA ON hailong.log_position,
      SELECT, SYSTEM SYNC REPLICA ON hailong.schema_migration
   TO hailong_sink_role WITH REPLACE OPTION;

-- auditor: `hailong audit`, and `hailong publish` that waits: counts and compares identities
CREATE ROLE IF NOT EXISTS hailong_auditor_role;
GRANT SELECT ON hailong.log_epoch,
      SELECT ON hailong.log_position,
      SELECT ON hailong.schema_migration,
      SELECT ON hailong.retention_limit,
      SYSTEM SYNC REPLICA ON hailong.*,
      SELECT(declaration, event_id, occurred_at, written_at, log_epoch, log_partition, log_offset) ON hailong.declaration_status,
      SELECT(declaration, sheet_id, revision, item_count, submitted_at, written_at, row_version, log_epoch, log_partition, log_offset) ON hailong.rating,
      SELECT(declaration, sheet_id, revision, target, office, target_id, row_version, log_epoch, log_partition, log_offset) ON hailong.rating_item,
      SELECT(fact_id, declaration, sheet_id, target, office, target_id, state, unmatched_reason, row_version, log_epoch, log_partition, log_offset) ON hailong.rated_service,
      SELECT(target, office, target_id, window_seconds, window_end, log_epoch, log_partition, log_offset) ON hailong.satisfaction,
      SELECT(office, pane_start, log_epoch, log_partition, log_offset) ON hailong.office_count,
      SELECT(complaint_id, office, declaration, sheet_id, log_epoch, log_partition, log_offset) ON hailong.complaint,
      SELECT(complaint_id, office, log_epoch, log_partition, log_offset) ON hailong.complaint_case,
      SELECT(complaint_id, event_id, log_epoch, log_partition, log_offset) ON hailong.complaint_event,
      SELECT(complaint_id, action_id, log_epoch, log_partition, log_offset) ON hailong.complaint_action,
      SELECT(complaint_id, answer_id, log_epoch, log_partition, log_offset) ON hailong.complaint_answer,
      SELECT(alert_id, office, log_epoch, log_partition, log_offset) ON hailong.alert,
      SELECT(alert_id, action_id, log_epoch, log_partition, log_offset) ON hailong.alert_action,
      SELECT(dead_letter_id, source_identity, source_partition, source_offset, log_epoch, log_partition, log_offset) ON hailong.dead_letter,
      SELECT(dead_letter_id, action_id, action, log_epoch, log_partition, log_offset) ON hailong.dead_letter_action
   TO hailong_auditor_role WITH REPLACE OPTION;

-- leader: reads every view
CREATE ROLE IF NOT EXISTS hailong_leader_role;
GRANT SELECT ON hailong.v_*
   TO hailong_leader_role WITH REPLACE OPTION;

-- analyst: reads every view, and enters figures of Decision 766; not their time, so no entry can outlive a later one
CREATE ROLE IF NOT EXISTS hailong_analyst_role;
GRANT SELECT ON hailong.v_*,
      INSERT(period, period_start, unit_level, unit, criterion, numerator, denominator, points, source) ON hailong.score_entry
   TO hailong_analyst_role WITH REPLACE OPTION;

-- handler: works on cases: reads them whole, protected ones too, and what is needed beside them
CREATE ROLE IF NOT EXISTS hailong_handler_role;
GRANT SELECT ON hailong.complaint,
      SELECT ON hailong.complaint_case,
      SELECT ON hailong.complaint_event,
      SELECT ON hailong.complaint_action,
      SELECT ON hailong.complaint_answer,
      SELECT(declaration, sheet_id, revision, log_epoch, log_partition, log_offset) ON hailong.rating,
      SELECT(topic, topic_identity, epoch, claim, claimed_at) ON hailong.log_epoch,
      SELECT ON hailong.v_case*,
      SELECT ON hailong.v_complaint*,
      SELECT ON hailong.v_declarations,
      SELECT ON hailong.v_office
   TO hailong_handler_role WITH REPLACE OPTION;

-- operator: keeps ClickHouse and the pipeline running, closes months, and sets the least numbers that protect officials
CREATE ROLE IF NOT EXISTS hailong_operator_role;
GRANT SHOW, OPTIMIZE, SYSTEM MERGES ON hailong.*,
      SELECT ON hailong.log_epoch,
      SELECT ON hailong.log_position,
      SELECT ON hailong.schema_migration,
      SELECT ON hailong.retention_limit,
      SELECT ON hailong.dead_letter,
      SELECT ON hailong.dead_letter_action,
      SELECT ON hailong.v_dead_letters_open,
      SELECT ON hailong.v_freshness,
      SELECT ON hailong.v_target_known_outdated,
      SELECT, INSERT(name, value) ON hailong.score_setting,
      SELECT ON hailong.v_score_period,
      SELECT ON hailong.v_score_766_at,
      INSERT(period, period_start, unit_level, unit, criterion, numerator, denominator, ratio, points, maximum, basis, measured, confidence, known_until) ON hailong.closed_score,
      SELECT ON system.asynchronous_metrics,
      SELECT ON system.clusters,
      SELECT ON system.detached_parts,
      SELECT ON system.disks,
      SELECT ON system.distribution_queue,
      SELECT ON system.dropped_tables,
      SELECT ON system.errors,
      SELECT ON system.events,
      SELECT ON system.merges,
      SELECT ON system.metrics,
      SELECT ON system.mutations,
      SELECT ON system.part_log,
      SELECT ON system.parts,
      SELECT ON system.processes,
      SELECT ON system.query_log,
      SELECT ON system.replicas,
      SELECT ON system.replication_queue,
      KILL QUERY, SYSTEM FLUSH LOGS ON *.*
   TO hailong_operator_role WITH REPLACE OPTION;

-- people who read and write nothing
CREATE SETTINGS PROFILE OR REPLACE hailong_reader
    SETTINGS readonly = 2,
        final = 1 CONST,
        log_queries = 1 CONST,
        max_memory_usage = 4294967296 MIN 1 MAX 4294967296,
        max_execution_time = 120 MIN 1 MAX 120,
        max_result_rows = 1000000 MIN 1 MAX 1000000,
        max_concurrent_queries_for_user = 10 MIN 1 MAX 10,
        additional_table_filters CONST,
        additional_result_filter CONST,
        compatibility CONST,
        send_logs_level CONST,
        distinct_overflow_mode CONST,
        group_by_overflow_mode CONST,
        join_overflow_mode CONST,
        read_overflow_mode CONST,
        read_overflow_mode_leaf CONST,
        set_overflow_mode CONST,
        sort_overflow_mode CONST,
        timeout_overflow_mode CONST,
        timeout_overflow_mode_leaf CONST,
        transfer_overflow_mode CONST
    TO hailong_leader_role, hailong_handler_role;

-- people who read, and enter figures of scores
CREATE SETTINGS PROFILE OR REPLACE hailong_writer
    SETTINGS readonly = 0,
        final = 1 CONST,
        log_queries = 1 CONST,
        max_memory_usage = 4294967296 MIN 1 MAX 4294967296,
        max_execution_time = 120 MIN 1 MAX 120,
        max_result_rows = 1000000 MIN 1 MAX 1000000,
        max_concurrent_queries_for_user = 10 MIN 1 MAX 10,
        additional_table_filters CONST,
        additional_result_filter CONST,
        compatibility CONST,
        send_logs_level CONST,
        distinct_overflow_mode CONST,
        group_by_overflow_mode CONST,
        join_overflow_mode CONST,
        read_overflow_mode CONST,
        read_overflow_mode_leaf CONST,
        set_overflow_mode CONST,
        sort_overflow_mode CONST,
        timeout_overflow_mode CONST,
        timeout_overflow_mode_leaf CONST,
        transfer_overflow_mode CONST
    TO hailong_analyst_role;

-- the audit, which counts every row that is stored and sends no settings
CREATE SETTINGS PROFILE OR REPLACE hailong_auditor
    SETTINGS readonly = 1,
        log_queries = 1,
        max_execution_time = 600
    TO hailong_auditor_role;

-- the definer of views: settings of a query reach the tables below a view only where it lets them
CREATE SETTINGS PROFILE OR REPLACE hailong_definer
    SETTINGS readonly = 1,
        max_block_size CHANGEABLE_IN_READONLY,
        max_threads CHANGEABLE_IN_READONLY,
        optimize_aggregation_in_order CHANGEABLE_IN_READONLY
    TO hailong_views_role;

-- who makes the views, and defines them if nobody else is named: what asks behind a view stays out all the same
CREATE SETTINGS PROFILE OR REPLACE hailong_migration
    SETTINGS additional_table_filters CONST,
        additional_result_filter CONST,
        compatibility CONST,
        log_queries CONST,
        send_logs_level CONST,
        distinct_overflow_mode CONST,
        group_by_overflow_mode CONST,
        join_overflow_mode CONST,
        read_overflow_mode CONST,
        read_overflow_mode_leaf CONST,
        set_overflow_mode CONST,
        sort_overflow_mode CONST,
        timeout_overflow_mode CONST,
        timeout_overflow_mode_leaf CONST,
        transfer_overflow_mode CONST
    TO hailong_migrator_role;

-- sink and operators: nothing is fixed, because the sink sets how it inserts
CREATE SETTINGS PROFILE OR REPLACE hailong_service
    TO hailong_sink_role, hailong_operator_role;

CREATE QUOTA OR REPLACE hailong_people KEYED BY user_name
    FOR INTERVAL 1 hour MAX queries = 10000, errors = 1000, result_rows = 50000000, execution_time = 3600
    TO hailong_leader_role, hailong_analyst_role, hailong_handler_role;
