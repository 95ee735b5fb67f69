-- One account for each role of hailong: docs/clickhouse-rights.md. The query parameter of its name gives the SHA-256 of
-- its password; without it nothing is made. Made by `python -m deploy.clickhouse users.sql`; do not edit.

CREATE USER IF NOT EXISTS hailong_migrator IDENTIFIED WITH sha256_hash BY {hailong_migrator:String}
    HOST IP '127.0.0.0/8', IP '10.0.0.0/8', IP '172.16.0.0/12', IP '192.168.0.0/16', IP '::1/128', IP 'fc00::/7';
GRANT hailong_migrator_role TO hailong_migrator;

CREATE USER IF NOT EXISTS hailong_views IDENTIFIED WITH sha256_hash BY '0000000000000000000000000000000000000000000000000000000000000000'
    HOST NONE;
GRANT hailong_views_role TO hailong_views;

CREATE USER IF NOT EXISTS hailong_sink IDENTIFIED WITH sha256_hash BY {hailong_sink:String}
    HOST IP '127.0.0.0/8', IP '10.0.0.0/8', IP '172.16.0.0/12', IP '192.168.0.0/16', IP '::1/128', IP 'fc00::/7';
GRANT hailong_sink_role TO hailong_sink;

CREATE USER IF NOT EXISTS hailong_auditor IDENTIFIED WITH sha256_hash BY {hailong_auditor:String}
    HOST IP '127.0.0.0/8', IP '10.0.0.0/8', IP '172.16.0.0/12', IP '192.168.0.0/16', IP '::1/128', IP 'fc00::/7';
GRANT hailong_auditor_role TO hailong_auditor;

CREATE USER IF NOT EXISTS hailong_leader IDENTIFIED WITH sha256_hash BY {hailong_leader:String}
    HOST IP '127.0.0.0/8', IP '10.0.0.0/8', IP '172.16.0.0/12', IP '192.168.0.0/16', IP '::1/128', IP 'fc00::/7';
GRANT hailong_leader_role TO hailong_leader;

CREATE USER IF NOT EXISTS hailong_analyst IDENTIFIED WITH sha256_hash BY {hailong_analyst:String}
    HOST IP '127.0.0.0/8', IP '10.0.0.0/8', IP '172.16.0.0/12', IP '192.168.0.0/16', IP '::1/128', IP 'fc00::/7';
GRANT hailong_analyst_role TO hailong_analyst;

CREATE USER IF NOT EXISTS hailong_handler IDENTIFIED WITH sha256_hash BY {hailong_handler:String}
    HOST IP '127.0.0.0/8', IP '10.0.0.0/8', IP '172.16.0.0/12', IP '192.168.0.0/16', IP '::1/128', IP 'fc00::/7';
GRANT hailong_handler_role TO hailong_handler;

CREATE USER IF NOT EXISTS hailong_operator IDENTIFIED WITH sha256_hash BY {hailong_operator:String}
    HOST IP '127.0.0.0/8', IP '10.0.0.0/8', IP '172.16.0.0/12', IP '192.168.0.0/16', IP '::1/128', IP 'fc00::/7';
GRANT hailong_operator_role TO hailong_operator;
