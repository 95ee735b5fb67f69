"""The `hailong` command."""
