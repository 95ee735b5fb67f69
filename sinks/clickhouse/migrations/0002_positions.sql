-- A position is a row copy, made by ClickHouse in the same insert as its row. These views add nothing up, so an insert
-- that is repeated after an unknown outcome repeats positions, which collapse.

CREATE MATERIALIZED VIEW IF NOT EXISTS log_position_of_declaration_status TO log_position AS
SELECT 'declaration-status' AS topic, epoch, partition, offset FROM declaration_status;

CREATE MATERIALIZED VIEW IF NOT EXISTS log_position_of_rating TO log_position AS
SELECT 'rating' AS topic, epoch, partition, offset FROM rating;

CREATE MATERIALIZED VIEW IF NOT EXISTS log_position_of_rated_service TO log_position AS
SELECT 'rated-service' AS topic, epoch, partition, offset FROM rated_service;

CREATE MATERIALIZED VIEW IF NOT EXISTS log_position_of_satisfaction TO log_position AS
SELECT 'satisfaction' AS topic, epoch, partition, offset FROM satisfaction;

CREATE MATERIALIZED VIEW IF NOT EXISTS log_position_of_office_count TO log_position AS
SELECT 'office-count' AS topic, epoch, partition, offset FROM office_count;

CREATE MATERIALIZED VIEW IF NOT EXISTS log_position_of_complaint TO log_position AS
SELECT 'complaint' AS topic, epoch, partition, offset FROM complaint;

CREATE MATERIALIZED VIEW IF NOT EXISTS log_position_of_alert TO log_position AS
SELECT 'alert' AS topic, epoch, partition, offset FROM alert;

CREATE MATERIALIZED VIEW IF NOT EXISTS log_position_of_dead_letter TO log_position AS
SELECT 'dead-letter' AS topic, epoch, partition, offset FROM dead_letter;
