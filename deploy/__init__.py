"""How it runs: the `hailong` command, settings, embedded servers. The only place that knows all the others."""
