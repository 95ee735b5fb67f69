"""Files of events into Kafka."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from threading import Event

from deploy.settings import KafkaSettings, load
from deploy.settings.sealing import SealingSettings
from deploy.topics import verify_topics
from producers.files import FileKind, FileReport, Progress, Rejection, RejectWriter, publish_files
from producers.sdk import EventPublisher
from schemas.topics import Topic

NEEDS = (KafkaSettings, SealingSettings)


def run(
    files: Sequence[Path],
    kind: str,
    variables: Mapping[str, str],
    progress: Callable[[Progress], None],
    rejects: Path | None,
    on_reject: Callable[[Rejection], None],
    stop: Event,
) -> FileReport:
    """Publish files.

    Args:
        files: Which.
        kind: Value of a `FileKind`.
        variables: Settings.
        progress: Is told how far it is.
        rejects: CSV file for the rejections; None: each is given to `on_reject`.
        on_reject: Is told each rejection, unless there is a file for them.
        stop: When set, the reading ends.

    Raises:
        ConfigurationError: Files or topics are missing.
        Unavailable: Kafka does not answer.
        DeliveryFailed: Kafka did not take everything.
    """
    connection = load(KafkaSettings, variables).connection()
    keys = load(SealingSettings, variables).keys()
    verify_topics(connection, (Topic.DECLARATION_STATUS, Topic.RATING, Topic.COMPLAINT_ACTION, Topic.CONTACT_KEY))
    with ExitStack() as stack:
        report_to = on_reject if rejects is None else stack.enter_context(RejectWriter(rejects))
        publisher = stack.enter_context(EventPublisher(connection))
        return publish_files(
            files,
            publisher,
            kind=FileKind(kind),
            sealing_keys=keys,
            progress=progress,
            on_reject=report_to,
            stop=stop,
        )
