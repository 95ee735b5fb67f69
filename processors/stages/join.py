"""Stage `join`: declaration statuses and rating sheets in, rated services out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from processors.domain.join.as_of import States, states
from processors.domain.join.changes import Changes
from processors.domain.join.declaration_context import CHECKED
from processors.domain.join.facts import JoinContext, version_of
from processors.domain.join.grace_queue import GraceQueue
from processors.domain.join.policy import JoinPolicy
from processors.domain.join.sheet_store import SheetStore, StoredSheet
from processors.domain.join.sorted_runs import SortedRun
from processors.domain.join.status_log import LAYOUT, StatusLog
from processors.domain.snapshot_arrays import StateSnapshot, from_json_array, to_json_array
from processors.stages.catalogue import JOIN
from processors.stages.fact_encoding.fact_writer import EncodedFacts, FactWriter
from processors.stages.stage import Absorbed, Output
from schemas.batches.batch import Batch, Reject
from schemas.codec.record import WriterSchemas, pinned_only
from schemas.topics import DAY_MS, Topic
from schemas.vectorized.rating_reader import RatingReader
from schemas.vectorized.status_reader import CodedStatusReader

_EXPIRIES = 16
"""Expiries in one horizon. Each scans the whole view: once a day it would take longer than absorbing the day. Sixteen
in a horizon keep a sixteenth of the view longer than needed."""


class JoinState:
    """The views of one partition: its statuses, its sheets, and the sheets that wait for their declaration."""

    def __init__(self, policy: JoinPolicy, context: JoinContext, writer_schemas: WriterSchemas) -> None:
        self._policy = policy
        self._context = context
        self._statuses = CodedStatusReader(writer_schemas)
        self._ratings = RatingReader(writer_schemas)
        self._writer = FactWriter(context)
        self._log = StatusLog()
        self._sheets = SheetStore()
        self._waiting = GraceQueue(policy.grace_ms)
        self._stream_time = 0
        self._expired_at = 0

    def snapshot(self) -> StateSnapshot:
        """The views as arrays; the statuses, which are nearly all of it, are shared and not copied."""
        return {
            **{f"statuses.{name}": array for name, array in self._log.snapshot().items()},
            **self._sheets.snapshot(),
            **self._waiting.snapshot(),
            "times": to_json_array([self._stream_time, self._expired_at]),
        }

    def restore(self, snapshot: StateSnapshot) -> None:
        """Become the state of a snapshot."""
        prefix = "statuses."
        self._log = StatusLog.of(
            {name.removeprefix(prefix): array for name, array in snapshot.items() if name.startswith(prefix)}
        )
        self._sheets = SheetStore.of(snapshot)
        self._waiting = GraceQueue.of(self._policy.grace_ms, snapshot, self._sheets)
        self._stream_time, self._expired_at = from_json_array(snapshot["times"])

    def absorb(self, batch: Batch) -> Absorbed:
        """Add statuses or ratings to the views; publish the facts that changed."""
        changes, rejects = self._add_batch(batch)
        return Absorbed(self._facts(changes), rejects)

    def replay(self, batch: Batch) -> None:
        """Add statuses or ratings to the views without making their facts, which is most of the cost of a sheet."""
        self._add_batch(batch)

    def advance(self, now: int) -> Sequence[Output]:
        """Move stream time on; publish the sheets whose grace is over."""
        return self._facts(self._elapsed(now))

    def _add_batch(self, batch: Batch) -> tuple[Changes, Sequence[Reject]]:
        if batch.topic is Topic.DECLARATION_STATUS:
            return self._add_statuses(batch)
        return self._add_ratings(batch)

    def _elapsed(self, now: int) -> Changes:
        self._stream_time = max(self._stream_time, now)
        due = list(self._waiting.due(self._stream_time))
        return self._changes(due, [False] * len(due), even_unmatched=True)

    def _add_statuses(self, batch: Batch) -> tuple[Changes, Sequence[Reject]]:
        statuses = self._statuses.read_statuses(batch, self._log.tables)
        if not len(statuses):
            return Changes.none(), statuses.rejects
        run = self._log.add_statuses(statuses)
        changes = self._changes(*self._touched(run))
        # A clock that runs ahead must not drag stream time along: no event counts as later than its own record.
        newest = int(np.minimum(statuses.occurred_at, statuses.timestamps).max())
        self._expire(newest)
        return changes.and_then(self._elapsed(newest)), statuses.rejects

    def _touched(self, run: SortedRun) -> tuple[Sequence[StoredSheet], Sequence[bool]]:
        """Sheets on the declarations of a run, and for each whether a status of the run counts in its version."""
        sheets = list(self._sheets.touched(run.keys.tolist()))
        earliest = run.earliest(np.array([sheet.key for sheet in sheets], np.int64))
        return sheets, [at <= sheet.bears_until for sheet, at in zip(sheets, earliest.tolist(), strict=True)]

    def _expire(self, newest: int) -> None:
        """Forget what is beyond the horizon, counted from the newest status and not from the wall clock (replays)."""
        if newest - self._expired_at > max(DAY_MS, self._policy.horizon_ms // _EXPIRIES):
            self._expired_at = newest
            self._log.expire(newest - self._policy.horizon_ms)
            self._sheets.expire(newest - self._policy.horizon_ms)

    def _add_ratings(self, batch: Batch) -> tuple[Changes, Sequence[Reject]]:
        records = self._ratings.read_sheets(batch)
        sent = {
            (key, rating.sheet_id): self._sheets.add_rating(key, rating, checksum)
            for key, rating, checksum in records.accepted
        }
        changes = self._changes(list(sent.values()), [True] * len(sent))
        return changes.and_then(self._elapsed(self._stream_time)), records.rejects

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
        published = [chosen[place] for place in places]
        return Changes(published, [sheet.published for sheet in published], states.at(places))

    def _states(self, sheets: Sequence[StoredSheet]) -> States:
        """The declaration of each sheet as of its latest revision."""
        keys = [sheet.key for sheet in sheets]
        histories = self._log.histories(keys)
        as_of = np.array([sheet.latest.submitted_at for sheet in sheets], np.int64)
        until = np.array([sheet.bears_until for sheet in sheets], np.int64)
        checked = np.array([text in CHECKED for text in self._log.tables["channel"].texts])
        return states(histories, histories.places(np.array(keys, np.int64)), as_of, until, checked)

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
        """The layout of the rows, and the policy by which sheets wait and records are forgotten."""
        return f"2 {LAYOUT} {self._policy}"

    def restored_state(self, partition: int, snapshot: StateSnapshot) -> JoinState:
        """The views of a snapshot."""
        state = self.new_state(partition)
        state.restore(snapshot)
        return state

    def new_state(self, partition: int) -> JoinState:  # noqa: ARG002 - every partition starts alike
        """Empty views."""
        return JoinState(self._policy, self._context, self._writer_schemas)
