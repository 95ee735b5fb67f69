"""Files of events: JSON Lines, CSV and Avro containers, read in constant memory (docs/publishing.md)."""

from producers.files.publish import publish_files
from producers.files.rejects import RejectWriter
from producers.files.report import FileCounts, FileKind, FileReport, Progress, Rejection

__all__ = ["FileCounts", "FileKind", "FileReport", "Progress", "RejectWriter", "Rejection", "publish_files"]
