"""Behind `hailong publish`: events from files into Kafka."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from threading import Event

from deploy.admin.topics import verify_topics
from deploy.errors import Mistake
from deploy.settings.kafka import KafkaSettings
from deploy.settings.load import load
from deploy.settings.reference import ReferenceSettings
from deploy.settings.sealing import SealingSettings
from producers.files.publish import publish_files, sizes_of
from producers.files.rejects import RejectWriter
from producers.files.report import FileFormat, FileKind, FileReport, ImportProgress, Rejection
from producers.sdk import EventPublisher
from producers.sdk.delivery import DeliveryFailed
from schemas.errors import ConfigurationError, Unavailable
from schemas.topics import Topic

NEEDS = (KafkaSettings, SealingSettings, ReferenceSettings)


@dataclass(frozen=True, slots=True)
class Import:
    """What to publish, and how."""

    files: Sequence[Path]
    kind: FileKind = FileKind.AUTO  # of the events
    file_format: FileFormat = FileFormat.AUTO
    ignore_unknown: bool = False  # pass over columns and fields that no event has
    rejects: Path | None = None  # CSV file for the rejections; None: no file


def run(
    wanted: Import,
    variables: Mapping[str, str],
    progress: Callable[[ImportProgress], None],
    on_reject: Callable[[Rejection], object],
    stop: Event,
) -> FileReport:
    """Publish files.

    Args:
        wanted: What to publish, and how.
        variables: Settings.
        progress: Called with the progress.
        on_reject: Called with each rejection.
        stop: When set, the import ends.

    Raises:
        Mistake: Files are missing or cannot be opened, or the file for rejections cannot be written.
        ConfigurationError: Topics are missing.
        Unavailable: Kafka does not answer.
        DeliveryFailed: Kafka did not accept everything.
    """
    _check_files(wanted)
    connection = load(KafkaSettings, variables).connection()
    keys = load(SealingSettings, variables).keys()
    offices = load(ReferenceSettings, variables).data().offices
    verify_topics(connection, (Topic.DECLARATION_STATUS, Topic.RATING, Topic.COMPLAINT_ACTION, Topic.CONTACT_KEY))
    events = 0

    def note(now: ImportProgress) -> None:
        nonlocal events
        events = now.events
        progress(now)

    with ExitStack() as stack:
        writer = None if wanted.rejects is None else stack.enter_context(RejectWriter(wanted.rejects))
        try:
            with EventPublisher(connection) as publisher:
                return publish_files(
                    wanted.files,
                    publisher,
                    kind=wanted.kind,
                    file_format=wanted.file_format,
                    ignore_unknown=wanted.ignore_unknown,
                    sealing_keys=keys,
                    offices=offices,
                    progress=note,
                    on_reject=_to_both(on_reject, writer),
                    stop=stop,
                )
        except (Unavailable, DeliveryFailed) as error:
            error.add_note(
                f"Some of about {events:,} events read until then may be in Kafka. Publish the same files again: "
                "repeating events is harmless."
            )
            raise


def _to_both(on_reject: Callable[[Rejection], object], writer: RejectWriter | None) -> Callable[[Rejection], None]:
    def report(rejection: Rejection) -> None:
        on_reject(rejection)
        if writer is not None:
            writer(rejection)

    return report


def _check_files(wanted: Import) -> None:
    """Check this before anything is sent: the first rejection may come after a million events."""
    try:
        sizes_of(wanted.files)
    except ConfigurationError as error:
        raise Mistake(" ".join([*error.problems, "Nothing was sent."])) from None
    rejects = wanted.rejects
    if rejects is None:
        return
    if any(rejects.resolve() == path.resolve() for path in wanted.files):
        raise Mistake(f"{rejects} is one of the files to publish; rejections would overwrite it. Name another file.")
    target = rejects if rejects.exists() else rejects.parent
    if rejects.is_dir() or not os.access(target, os.W_OK):
        raise Mistake(f"Rejections cannot be written to {rejects}: name a file in a directory that you can write to.")
