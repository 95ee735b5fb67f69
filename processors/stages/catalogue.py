"""The list of processing stages: their names, and the topics they read and write.

The one declaration that stages, worker, settings and local stack read. It imports nothing heavy.
"""

from __future__ import annotations

from dataclasses import dataclass

from schemas.topics import Topic


@dataclass(frozen=True, slots=True)
class StageInfo:
    """One processing stage.

    Attributes:
        name: Short name for settings, logs, metrics, dead letters and the consumer group.
        inputs: Topics it reads. Partition p of each goes to the same state, so their partition counts must be equal.
        outputs: Topics it writes, besides `dead-letter`.
    """

    name: str
    inputs: tuple[Topic, ...]
    outputs: tuple[Topic, ...]


JOIN = StageInfo("join", (Topic.DECLARATION_STATUS, Topic.RATING), (Topic.RATED_SERVICE,))
ASSESSMENT = StageInfo("assessment", (Topic.RATED_SERVICE,), (Topic.COMPLAINT, Topic.OFFICE_COUNT, Topic.SATISFACTION))
COMPLAINTS = StageInfo(
    "complaints",
    (Topic.COMPLAINT, Topic.COMPLAINT_ACTION, Topic.COMPLAINT_EVENT),
    (Topic.COMPLAINT_CASE, Topic.COMPLAINT_EVENT, Topic.COMPLAINT_ANSWER),
)
SPIKES = StageInfo("spikes", (Topic.OFFICE_COUNT, Topic.ALERT), (Topic.ALERT,))

STAGES = (JOIN, ASSESSMENT, COMPLAINTS, SPIKES)
"""All stages, in the order in which events pass them."""
