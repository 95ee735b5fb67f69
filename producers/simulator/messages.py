"""Status, step and VNACCS message of each slot; steps and messages also depend on channel and direction."""

from __future__ import annotations

from collections.abc import Mapping

from producers.simulator.declarations import CHANNELS
from producers.simulator.status_events import Slot
from schemas.records.events import Status

STATUS_OF: Mapping[Slot, Status] = {
    **{slot: Status[slot.name] for slot in Slot if slot.name in Status.__members__},
    Slot.REROUTED: Status.CHANNEL_ASSIGNED,
    Slot.INSTRUCTED: Status.CUSTOMS_INSTRUCTION,
}

_STEPS: Mapping[Slot, str] = {
    Slot.PRE_REGISTERED: "REGISTRATION",
    Slot.REGISTERED: "REGISTRATION",
    Slot.DOCUMENTS_CHECKED: "DOCUMENT_CHECK",
    Slot.INSTRUCTED: "DOCUMENT_CHECK",
    Slot.INSPECTION_REQUIRED: "GOODS_INSPECTION",
    Slot.INSPECTION_WITHDRAWN: "GOODS_INSPECTION",
    Slot.GOODS_INSPECTED: "GOODS_INSPECTION",
    Slot.TAX_CONFIRMED: "TAX_PAYMENT",
    Slot.RELEASE_REQUESTED: "RELEASE_DECISION",
    Slot.STORAGE_PERMITTED: "RELEASE_DECISION",
    Slot.RELEASED: "RELEASE_DECISION",
    Slot.CLEARED: "RELEASE_DECISION",
    Slot.SUPERVISION_PASSED: "SUPERVISION",
}

_ROUTING = (Slot.CHANNEL_ASSIGNED, Slot.REROUTED, Slot.OFFICIAL_ASSIGNED)

# Import and export message of slots whose message is the same on every channel.
_PLAIN: Mapping[Slot, tuple[str | None, str | None]] = {
    Slot.INSTRUCTED: ("VAD800", "VAE800"),
    Slot.INSPECTION_REQUIRED: ("VAD487", "VAE474"),
    Slot.INSPECTION_WITHDRAWN: ("VAD491", "VAE478"),
    Slot.POST_AMEND_REGISTERED: ("VAL802", "VAL802"),
    Slot.POST_AMEND_ACCEPTED: ("VAL803", "VAL803"),
    Slot.POST_AMEND_REFUSED: ("VAL806", "VAL806"),
}

# Import and export message ("#" stands for the digit of the channel), and the channels that have one.
_BY_CHANNEL: Mapping[Slot, tuple[str | None, str | None, str]] = {
    Slot.CHANNEL_ASSIGNED: ("VAD#AC", "VAE#LD", "123"),
    Slot.REROUTED: ("VAD#AC", "VAE#LD", "123"),
    Slot.AMENDED_BY_DECLARANT: ("VAD#AE", "VAE#LE", "23"),
    Slot.AMENDED_BY_CUSTOMS: ("VAD#AY", "VAE#LY", "23"),
    Slot.RELEASE_REQUESTED: ("VAD#BK", None, "123"),
    Slot.RELEASED: ("VAD#BJ", None, "12"),
    Slot.CLEARED: ("VAD#AG", "VAE#LF", "12"),
    Slot.WAREHOUSE_IN: ("VAD#RG", None, "12"),
    Slot.WAREHOUSE_OUT: (None, "VAE#RF", "12"),
}


def message_of(slot: Slot, channel: str | None, *, export: bool) -> str | None:
    """The VNACCS message that announces a status, None if unknown (`schemas/reference/data/status_messages.csv`)."""
    if slot in _PLAIN:
        return _PLAIN[slot][export]
    if slot not in _BY_CHANNEL or channel is None:
        return None
    digit, pattern = str(CHANNELS.index(channel)), _BY_CHANNEL[slot][export]
    return pattern.replace("#", digit) if pattern and digit in _BY_CHANNEL[slot][2] else None


def step_of(slot: Slot, channel: str | None) -> str | None:
    """The step that a status belongs to; routing belongs to the document check, if there is one."""
    if slot in _ROUTING and channel in {"YELLOW", "RED"}:
        return "DOCUMENT_CHECK"
    return "REGISTRATION" if slot == Slot.CHANNEL_ASSIGNED else _STEPS.get(slot)
