"""A site's own reference data: one TOML file that is laid over the data of the package."""
