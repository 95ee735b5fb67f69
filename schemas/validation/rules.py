"""The field rules of the contract, as patterns and limits, in one place.

`record` applies them to single events, `schemas.vectorized` to the distinct texts of a batch; property tests compare
both.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

EARLIEST_MS = 1_546_300_800_000
"""2019-01-01 UTC: ratings exist since 1 April 2020, and the working calendar begins with 2019."""

LATEST_MS = 1_951_257_600_000
"""2031-11-01 UTC: two months before the working calendar ends, so that every deadline of an accepted event lies in it.

The Kafka timestamp alone is no limit: it comes from the same writer, whose clock may be wrong by years, and a time
outside the calendar would stop a worker. Move this limit when the calendar is extended.
"""

FUTURE_TOLERANCE_MS = 86_400_000
"""How far an event may lie ahead of the Kafka timestamp of its record: clocks differ, but not by more than a day."""

MAX_ITEMS = 50
MAX_REVISION = 1000
MAX_COMMENT = 4000
MAX_CONTACT = 2048


@dataclass(frozen=True, slots=True)
class TextRule:
    """A pattern that a whole text must match.

    Attributes:
        pattern: Regular expression.
        rule: The rule for people, completing "the field ...".
    """

    pattern: str
    rule: str
    _match: Callable[[str], object] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Compile the pattern once: events are checked one by one, millions of them."""
        object.__setattr__(self, "_match", re.compile(self.pattern).fullmatch)

    def accepts(self, text: str) -> bool:
        """Whether the whole text matches."""
        return self._match(text) is not None


IDENTITY = TextRule(r"[!-~]{1,64}", "must be 1 to 64 visible ASCII characters")
DECLARATION_NO = TextRule(r"[0-9]{12}", "must be 12 digits")
OFFICE = TextRule(r"[0-9A-Z]{4,6}", "must be 4 to 6 digits or capital letters")
TEAM = TextRule(r"[0-9A-Z]{2}", "must be 2 digits or capital letters")
CHANNEL = TextRule(r"GREEN|YELLOW|RED", "must be GREEN, YELLOW or RED")
KIND = TextRule(r"[A-Z][0-9A-Z]{2}", "must be a capital letter and two digits or capital letters")
TAX_CODE = TextRule(r"[0-9]{10}|[0-9]{10}-[0-9]{3}|[0-9]{12}", "must be 10 digits, 10-3 digits or 12 digits")
MESSAGE = TextRule(r"[0-9A-Z]{1,10}", "must be 1 to 10 digits or capital letters")
UUID_TEXT = TextRule(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "must be a UUID in lower-case letters"
)
CODE = TextRule(r"[A-Z][A-Z_]{0,39}", "must be 1 to 40 capital letters or underscores")
ALERT_ACTION = TextRule(
    r"ACKNOWLEDGED|ASSIGNED|REAL|EXPLAINED|FALSE", "must be ACKNOWLEDGED, ASSIGNED, REAL, EXPLAINED or FALSE"
)
ACTOR_ROLE = TextRule(r"ENTERPRISE|HANDLER", "must be ENTERPRISE or HANDLER")
UNIT = TextRule(r"[0-9A-Z]{2,6}", "must be 2 to 6 digits or capital letters")

ACTION_TEXTS = {
    "action_id": IDENTITY,
    "complaint_id": UUID_TEXT,
    "action": CODE,
    "actor_role": ACTOR_ROLE,
    "actor": IDENTITY,
    "unit": UNIT,
    "to_unit": UNIT,
    "track": CODE,
    "finding": CODE,
    "other_complaint": UUID_TEXT,
}
"""Rules of the text fields of a complaint action; whether an action fits its case is judged later."""

ALERT_ACTION_TEXTS = {
    "action_id": IDENTITY,
    "alert_id": UUID_TEXT,
    "action": ALERT_ACTION,
    "actor": IDENTITY,
    "assignee": IDENTITY,
}
"""Rules of the text fields of an alert action; the text has a limit of length only."""

STATUS_TEXTS = {
    "event_id": IDENTITY,
    "declaration_no": DECLARATION_NO,
    "office": OFFICE,
    "team": TEAM,
    "step": CODE,
    "official": IDENTITY,
    "channel": CHANNEL,
    "kind": KIND,
    "tax_code": TAX_CODE,
    "source_message": MESSAGE,
}
"""Rules of the text fields of a status event; an absent optional field breaks none."""

RATING_TEXTS = {"sheet_id": IDENTITY, "declaration_no": DECLARATION_NO, "tax_code": TAX_CODE}
"""Rules of the text fields of a rating sheet; the comment has a limit of length only."""

RATING_ITEM_TEXTS = {"office": OFFICE, "reason": CODE}
"""Rules of the text fields of an item; the rule of its `target_id` depends on the target."""

TARGET_IDS = {"OFFICE": OFFICE, "TEAM": TEAM, "STEP": CODE, "OFFICIAL": IDENTITY}
"""Rule of a rated target's id, by target."""

TIME_RULE = "must lie between 2019 and one day after the record was written, and before November 2031"
ASSIGNEE_RULE = "must be given with ASSIGNED, and with no other action"
EXPLANATION_RULE = "must say what explains the alert, with EXPLAINED"
ALERT_KEY_RULE = "must be the record's key"
COMPLAINT_KEY_RULE = "must be the record's key"
DECLARATION_KEY_RULE = "must begin with the record's key: the first 11 digits"
