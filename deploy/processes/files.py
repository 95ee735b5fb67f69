"""Behind `hailong publish`: events from files into Kafka."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from threading import Event

from deploy.admin.topics import verify_topics
from deploy.settings.kafka import KafkaSettings
from deploy.settings.load import load
from deploy.settings.reference import ReferenceSettings
from deploy.settings.sealing import SealingSettings
from producers.files.publish import publish_files
from producers.files.rejects import RejectWriter
from producers.files.report import FileKind, FileReport, ImportProgress, Rejection
from producers.sdk import EventPublisher
from schemas.errors import ConfigurationError
from schemas.topics import Topic

NEEDS = (KafkaSettings, SealingSettings, ReferenceSettings)


def run(
    files: Sequence[Path],
    kind: FileKind,
    variables: Mapping[str, str],
    progress: Callable[[ImportProgress], None],
    rejects: Path | None,
    on_reject: Callable[[Rejection], None],
    stop: Event,
) -> FileReport:
    """Publish files.

    Args:
        files: The files.
        kind: Kind of the events.
        variables: Settings.
        progress: Called with the progress.
        rejects: CSV file for the rejections; None: each is given to `on_reject`.
        on_reject: Called with each rejection, unless there is a file for them.
        stop: When set, the import ends.

    Raises:
        ConfigurationError: Files or topics are missing, or the file for rejections cannot be written.
        Unavailable: Kafka does not answer.
        DeliveryFailed: Kafka did not accept everything.
    """
    if rejects is not None:
        _check_rejects(rejects, files)
    connection = load(KafkaSettings, variables).connection()
    keys = load(SealingSettings, variables).keys()
    offices = load(ReferenceSettings, variables).data().offices
    verify_topics(connection, (Topic.DECLARATION_STATUS, Topic.RATING, Topic.COMPLAINT_ACTION, Topic.CONTACT_KEY))
    with ExitStack() as stack:
        report_to = on_reject if rejects is None else stack.enter_context(RejectWriter(rejects))
        publisher = stack.enter_context(EventPublisher(connection))
        return publish_files(
            files,
            publisher,
            kind=kind,
            sealing_keys=keys,
            offices=offices,
            progress=progress,
            on_reject=report_to,
            stop=stop,
        )


def _check_rejects(rejects: Path, files: Sequence[Path]) -> None:
    """Check this before anything is sent: the first rejection may come after a million events."""
    if any(rejects.resolve() == path.resolve() for path in files):
        raise ConfigurationError(
            [f"{rejects} is one of the files to publish; rejections would overwrite it. Name another file."]
        )
    target = rejects if rejects.exists() else rejects.parent
    if rejects.is_dir() or not os.access(target, os.W_OK):
        raise ConfigurationError(
            [f"Rejections cannot be written to {rejects}: name a file in a directory that you can write to."]
        )
