"""What makes feedback of a low score. Source: `data/feedback_content.toml`, or a site's own file."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from schemas.reference.errors import ReferenceDataError
from schemas.reference.tables import Confidence, data_text
from schemas.reference.toml_entries import TomlEntry, parse_toml

_FILE = "feedback_content.toml"
CONTENT_ENTRY = "feedback_content"
CONTENT_VALUES = ("text", "sender")


class Sender(StrEnum):
    """What says who sends a sheet."""

    CONTACT = "CONTACT"
    TAX_CODE = "TAX_CODE"


@dataclass(frozen=True, slots=True)
class FeedbackContent:
    """What a sheet must say.

    Attributes:
        text: Whether its comment must have a letter or a digit.
        senders: What says who sends it, one of these being enough; empty: nobody needs to.
    """

    text: bool
    senders: frozenset[Sender]
    confidence: Confidence
    source: str

    def is_met(self, *, text: bool, contact: bool, tax_code: bool) -> bool:
        """Whether a sheet that has these, or has them not, has the content."""
        named = {sender for sender, given in ((Sender.CONTACT, contact), (Sender.TAX_CODE, tax_code)) if given}
        return (text or not self.text) and (not self.senders or not self.senders.isdisjoint(named))

    def __str__(self) -> str:
        """What is needed, in words of the file."""
        senders = " or ".join(sorted(self.senders)) or "nobody"
        return f"{'a text' if self.text else 'no text'} from {senders}"


def read_content(entry: TomlEntry) -> FeedbackContent:
    """The rule of one entry. Raises ReferenceDataError when a value is wrong."""
    entry.value("text")
    senders = entry.value("sender")
    if not isinstance(senders, list) or not all(one in tuple(Sender) for one in senders):
        raise entry.fail(f"sender must be an array of {', '.join(Sender)}; it may be empty")
    return FeedbackContent(
        entry.flag("text"), frozenset(map(Sender, senders)), entry.confidence(), entry.text("source")
    )


def parse_content(text: str) -> FeedbackContent:
    """The rule of a TOML text. Raises ReferenceDataError unless there is one, and it is right."""
    found = parse_toml(_FILE, text).entries(CONTENT_ENTRY, CONTENT_VALUES)
    if len(found) != 1:
        raise ReferenceDataError(_FILE, None, f"there must be one [[{CONTENT_ENTRY}]]")
    return read_content(found[0])


@cache
def load_content() -> FeedbackContent:
    """The rule of the data file. Raises ReferenceDataError when it is broken."""
    return parse_content(data_text(_FILE))
