"""How results get out: the ClickHouse loader, migrations, audit, alert delivery."""
