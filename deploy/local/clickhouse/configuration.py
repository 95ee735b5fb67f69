"""The configuration that the engine is started with.

It is rewritten at each start and passed explicitly, because chDB silently reads any ``config.xml`` that
happens to lie in the working directory.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final
from xml.sax.saxutils import escape

# Everything that works on tables, and nothing that reaches outside them: without READ and WRITE ON FILE, URL,
# REMOTE, S3 ... the engine refuses those table functions, and without TABLE ENGINE the engines behind them
# (a Kafka table would even keep the directory from opening again).
ON_TABLES: Final = (
    "SELECT, INSERT, ALTER, CREATE DATABASE, CREATE TABLE, CREATE VIEW, CREATE DICTIONARY, CREATE FUNCTION, "
    "CREATE TEMPORARY TABLE, DROP, UNDROP TABLE, TRUNCATE, OPTIMIZE, SHOW, dictGet, KILL QUERY, "
    "SYSTEM MERGES, SYSTEM RELOAD, SYSTEM FLUSH, SYSTEM VIEWS"
)

_PROFILE: Final = {
    # "1 + 1" is no statement on a server; chDB would take it for a SELECT.
    "implicit_select": "0",
    # The binary form of JSON columns changes between versions and clients; its text does not.
    "output_format_native_write_json_as_string": "1",
}

# Settings by which a query would read or write a file of its choice: nobody may change them.
_FIXED: Final = (
    "input_format_record_errors_file_path",
    "format_schema",
    "format_template_row",
    "format_template_resultset",
    "format_template_row_format",
    "format_template_resultset_format",
)


def write_configuration(directory: Path, settings: dict[str, str]) -> Path:
    """Write the engine's configuration into `directory` and return the file to start it with.

    Args:
        directory: where the two files go; they hold no secret.
        settings: defaults of every session, such as ``max_memory_usage``.
    """
    profile = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in (_PROFILE | settings).items())
    constraints = "".join(f"<{name}><const/></{name}>" for name in _FIXED)
    users = directory / "users.xml"
    users.write_text(
        "<clickhouse><profiles><default>" + profile + f"<constraints>{constraints}</constraints></default></profiles>"
        "<quotas><default></default></quotas>"
        "<users><default><password></password><networks><ip>::/0</ip></networks>"
        "<profile>default</profile><quota>default</quota>"
        f"<grants><query>GRANT {ON_TABLES} ON *.*</query></grants></default></users></clickhouse>\n"
    )
    config = directory / "config.xml"
    config.write_text(f"<clickhouse><users_config>{escape(str(users))}</users_config></clickhouse>\n")
    return config
