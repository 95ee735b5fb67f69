"""The statements that a cluster gets for each migration, as files: `make golden` writes them anew."""

from __future__ import annotations

from pathlib import Path

from sinks.clickhouse import ledger
from sinks.clickhouse.cluster.statements import on_cluster
from sinks.clickhouse.sql_files import SqlFile, migration_files

FOLDER = Path(__file__).resolve().parents[1] / "sinks" / "clickhouse" / "cluster" / "golden"
CLUSTER = "customs"


def golden() -> dict[str, str]:
    """Text of each file, by name."""
    files = [SqlFile("schema_migration", f"{ledger.CREATE};\n"), *migration_files()]
    return {
        f"{file.name}.sql": "".join(f"{on_cluster(statement, CLUSTER)};\n\n" for statement in file.statements())
        for file in files
    }


def main() -> None:
    """Write the files, and remove those of migrations that are gone."""
    texts = golden()
    for path in FOLDER.glob("*.sql"):
        if path.name not in texts:
            path.unlink()
    for name, text in texts.items():
        (FOLDER / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
