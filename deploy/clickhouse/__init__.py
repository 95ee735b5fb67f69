"""Users and rights on a ClickHouse server: who may do what, as SQL and as a `users.xml`."""
