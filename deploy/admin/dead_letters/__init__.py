"""Dead letters for the operator: list, show, replay and discard refused records."""

from deploy.admin.dead_letters.actions import ReplayedRecord, discard, replay
from deploy.admin.dead_letters.entries import DeadLetterEntry, Selection
from deploy.admin.dead_letters.reader import contents_of, read_entries

__all__ = ["DeadLetterEntry", "ReplayedRecord", "Selection", "contents_of", "discard", "read_entries", "replay"]
