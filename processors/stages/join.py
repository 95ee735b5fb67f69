"""Stage `join`: declaration statuses and rating sheets in, rated services out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from processors.domain.join.as_of import States, states
from processors.domain.join.changes import Changes
from processors.domain.join.declaration_context import CHECKED
from processors.domain.join.facts import JoinContext, is_gone, version_of
from processors.domain.join.grace_queue import GraceQueue
from processors.domain.join.policy import JoinPolicy
from processors.domain.join.sheet_store import SheetStore, StoredSheet
from processors.domain.join.sorted_runs import SortedRun
from processors.domain.join.standing import EnterpriseNumbers
from processors.domain.join.status_log import LAYOUT, StatusLog
from processors.domain.snapshot_arrays import KeepsArrays, StateSnapshot, from_json_array, to_json_array
from processors.stages.catalogue import JOIN
from processors.stages.fact_encoding.fact_writer import EncodedFacts, FactWriter
from processors.stages.stage import Absorbed, Output
from schemas.batches.batch import Batch, Reject
from schemas.codec.record import WriterSchemas, pinned_only
from schemas.topics import Topic
from schemas.vectorized.rating_reader import RatingReader
from schemas.vectorized.status_reader import CodedStatusReader


class JoinState:
    """The views of one partition: its statuses, its sheets, and the sheets that wait for their declaration."""

    def __init__(self, policy: JoinPolicy, context: JoinContext, writer_schemas: WriterSchemas) -> None:
        self._policy = policy
        self._context = context
        self._statuses = CodedStatusReader(writer_schemas)
        self._ratings = RatingReader(writer_schemas)
        self._writer = FactWriter(context, policy)
        self._log = StatusLog()
        self._enterprises = EnterpriseNumbers()
        self._sheets = SheetStore(context.words.kinds_in)
        self._waiting = GraceQueue(policy.grace_ms)
        self._log_time = 0
        """The newest Kafka timestamp of the statuses that were read."""
        self._unmatched_sheets = {"sheets_not_known": 0, "sheets_gone": 0}
        self._log_starts: Mapping[Topic, int] = dict.fromkeys(JOIN.inputs, 0)
        """Below these offsets everything was forgotten that can be."""

    def snapshot(self) -> StateSnapshot:
        """The views as arrays; the statuses, which are nearly all of it, are shared and not copied."""
        return {
            **{f"statuses.{name}": array for name, array in self._log.snapshot().items()},
            **self._sheets.snapshot(),
            **self._waiting.snapshot(),
            "log_time": to_json_array(self._log_time),
        }

    def restore(self, snapshot: StateSnapshot) -> None:
        """Become the state of a snapshot."""
        prefix = "statuses."
        self._enterprises = EnterpriseNumbers()
        self._log = StatusLog.of(
            {name.removeprefix(prefix): array for name, array in snapshot.items() if name.startswith(prefix)}
        )
        self._sheets = SheetStore.of(snapshot, self._context.words.kinds_in)
        self._waiting = GraceQueue.of(self._policy.grace_ms, snapshot, self._sheets)
        self._log_time = from_json_array(snapshot["log_time"])

    def keep_arrays_with(self, keep: KeepsArrays) -> None:
        """As `SpillingState.keep_arrays_with`: large runs of statuses."""
        self._log.keep_rows_with(keep)

    def forget(self, log_starts: Mapping[Topic, int]) -> bool:
        """As `ForgettingState.forget`.

        The statuses of a sheet that the log still holds stay: its next revision needs them, and a matched fact must not
        become unmatched.
        """
        if log_starts == self._log_starts:
            return False  # as nearly always: Kafka deletes whole segments
        self._log_starts = log_starts
        before = len(self._log), len(self._sheets)
        self._sheets.forget(log_starts[Topic.RATING])
        self._log.forget(log_starts[Topic.DECLARATION_STATUS], self._sheets.keys())
        return before != (len(self._log), len(self._sheets))

    def sizes(self) -> Mapping[str, int]:
        """As `MeasuredState.sizes`."""
        held = {"statuses": len(self._log), "sheets": len(self._sheets), "sheets_waiting": len(self._waiting)}
        return held | self._unmatched_sheets

    def absorb(self, batch: Batch) -> Absorbed:
        """Add statuses or ratings to the views; publish the facts that changed."""
        changes, rejects = self._add_batch(batch)
        return Absorbed(self._facts(changes), rejects)

    def replay(self, batch: Batch) -> None:
        """Add statuses or ratings to the views without making their facts, which is most of the cost of a sheet."""
        self._add_batch(batch)

    def advance(self, now: int) -> Sequence[Output]:
        """Everything is read: publish the sheets whose grace is over by the wall clock."""
        return self._facts(self._unmatched(self._waiting.due_at_end(now)))

    def _add_batch(self, batch: Batch) -> tuple[Changes, Sequence[Reject]]:
        if batch.topic is Topic.DECLARATION_STATUS:
            return self._add_statuses(batch)
        return self._add_ratings(batch)

    def _unmatched(self, due: Iterable[StoredSheet]) -> Changes:
        sheets = list(due)
        return self._changes(sheets, [False] * len(sheets), even_unmatched=True)

    def _add_statuses(self, batch: Batch) -> tuple[Changes, Sequence[Reject]]:
        statuses = self._statuses.read_statuses(batch, self._log.tables)
        self._log.note_read(batch)
        if not len(statuses):
            return Changes.none(), statuses.rejects
        run = self._log.add_statuses(statuses)
        changes = self._changes(*self._touched(run))
        self._log_time = max(self._log_time, run.newest)
        return changes.and_then(self._unmatched(self._waiting.due_in_log(self._log_time))), statuses.rejects

    def _touched(self, run: SortedRun) -> tuple[Sequence[StoredSheet], Sequence[bool]]:
        """Sheets on the declarations of a run, and for each whether a status of the run counts in its version."""
        sheets = list(self._sheets.touched(run.keys.tolist()))
        earliest = run.earliest(np.array([sheet.key for sheet in sheets], np.int64))
        return sheets, [at <= sheet.bears_until for sheet, at in zip(sheets, earliest.tolist(), strict=True)]

    def _add_ratings(self, batch: Batch) -> tuple[Changes, Sequence[Reject]]:
        records = self._ratings.read_sheets(batch)
        last = batch.end - 1  # for all of the batch: a sheet may be held a little longer than the log holds it
        sent = {
            (sheet.key, sheet.rating.sheet_id): self._sheets.add_rating(
                sheet.key, sheet.rating, sheet.checksum, last, sheet.written_at
            )
            for sheet in records.accepted
        }
        changes = self._changes(list(sent.values()), [True] * len(sent))
        return changes.and_then(self._unmatched(self._waiting.due_in_log(self._log_time))), records.rejects

    def _changes(
        self, chosen: Sequence[StoredSheet], concerned: Sequence[bool], *, even_unmatched: bool = False
    ) -> Changes:
        """The sheets to publish; a sheet that matches nothing yet waits for its grace period instead.

        A sheet is published when its version grew, and also when a record of the batch concerns it that the view knew
        already: a rebuild may have read it, whose outputs were not sent.

        Args:
            chosen: The sheets, each once.
            concerned: For each sheet whether a record of the batch is one of its own or counts in its version.
            even_unmatched: Whether the grace period is over.
        """
        if not chosen:
            return Changes.none()
        states = self._states(chosen)
        places: list[int] = []
        for place, (sheet, concerns, bearing, known) in enumerate(
            zip(chosen, concerned, states.bearing.tolist(), states.known.tolist(), strict=True)
        ):
            version = version_of(sheet, bearing)
            if version < sheet.published or (version == sheet.published and not concerns):
                continue
            if not (sheet.published or even_unmatched or known):
                self._waiting.wait(sheet)
                continue
            sheet.publish(version)
            places.append(place)
        published, states = [chosen[place] for place in places], states.at(places)
        gone = [
            not known and is_gone(sheet, self._log.deleted_until, self._policy)
            for sheet, known in zip(published, states.known.tolist(), strict=True)
        ]
        self._unmatched_sheets["sheets_gone"] += sum(gone)
        self._unmatched_sheets["sheets_not_known"] += int((states.known == 0).sum()) - sum(gone)
        return Changes(published, [sheet.published for sheet in published], gone, states)

    def _states(self, sheets: Sequence[StoredSheet]) -> States:
        """The declaration of each sheet as of its latest revision."""
        keys = [sheet.key for sheet in sheets]
        histories = self._log.histories(keys)
        as_of = np.array([sheet.latest.submitted_at for sheet in sheets], np.int64)
        until = np.array([sheet.bears_until for sheet in sheets], np.int64)
        checked = np.array([text in CHECKED for text in self._log.tables["channel"].texts])
        enterprises = self._enterprises.by_code(self._log.tables["tax_code"].texts)
        claimed = self._enterprises.claimed([sheet.latest.tax_code for sheet in sheets])
        which = histories.places(np.array(keys, np.int64))
        return states(histories, which, as_of, until, checked, enterprises, claimed)

    def _facts(self, changes: Changes) -> EncodedFacts:
        return self._writer.encode_facts(changes, self._log.texts())


class JoinStage:
    """Joins rating sheets with their declarations as of the moment of rating."""

    name = JOIN.name
    inputs = JOIN.inputs

    def __init__(self, policy: JoinPolicy, context: JoinContext, writer_schemas: WriterSchemas = pinned_only) -> None:
        self._policy = policy
        self._context = context
        self._writer_schemas = writer_schemas

    @property
    def snapshot_format(self) -> str:
        """The layout of the rows, the policy by which sheets wait, and the words that were looked for in comments."""
        return f"4 {LAYOUT} {self._policy} {self._context.words.edition}"

    def restored_state(self, partition: int, snapshot: StateSnapshot) -> JoinState:
        """The views of a snapshot."""
        state = self.new_state(partition)
        state.restore(snapshot)
        return state

    def new_state(self, partition: int) -> JoinState:  # noqa: ARG002 - every partition starts alike
        """Empty views."""
        return JoinState(self._policy, self._context, self._writer_schemas)
