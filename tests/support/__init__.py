"""What tests of several rooms share.

- waiting: `polling`, the only loop that waits for an event
- servers: `brokers`, `embedded_broker`, `kafka_cluster`, `clickhouse_server`, `clickhouses`, `registry`,
  `alertmanager`, `proxy`
- programs under test: `sink_bench` and `worker_bench` for one room, `pipeline` for a whole deployment
- data: `events`, `statuses`, `record_batches`, `cases`, `scenario`, `history`, `scores`, `reference`
- expected results: `oracle` (its SQL is in `oracle.sql`), `comparison`, `clickhouse`
- running: `extras` marks tests that need more than Python packages, `skips` reports what was not tested
"""
