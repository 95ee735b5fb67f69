"""Files of events: JSON Lines, CSV and Avro containers, read in constant memory (docs/publishing.md)."""

from producers.files.publish import publish_files
from producers.files.rejects import RejectWriter
from producers.files.report import FileCounts, FileKind, FileReport, ImportProgress, Rejection

__all__ = ["FileCounts", "FileKind", "FileReport", "ImportProgress", "RejectWriter", "Rejection", "publish_files"]
