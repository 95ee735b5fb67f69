"""Dead letters for the operator: what was refused, what to do about it, and what was decided."""

from deploy.admin.dead_letters.actions import Outcome, discard, replay
from deploy.admin.dead_letters.entries import Entry, Selection
from deploy.admin.dead_letters.reader import contents_of, read_entries

__all__ = ["Entry", "Outcome", "Selection", "contents_of", "discard", "read_entries", "replay"]
