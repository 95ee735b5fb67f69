"""The last step of the compiled readers: records that kernels are not sure of are decoded and checked one by one.

A compiled reader has three steps, from fast to slow. A kernel reads what one schema wrote and says of which records it
is sure. Texts that were met before are looked up. Every record that is left, broken or merely unusual, comes here, and
only here a record is refused.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from schemas.batches.batch import Batch, Reject
from schemas.batches.record_by_record import Check, decode_and_check
from schemas.codec.record import WriterSchemas, decoder
from schemas.codec.wire import HEADER_BYTES


@dataclass(frozen=True, slots=True)
class CheckedRecord:
    """A good record.

    Attributes:
        index: Position in the batch.
        record: Its fields.
        checksum: CRC-32 of its body.
    """

    index: int
    record: Mapping[str, Any]
    checksum: int


class RecordFallback:
    """Decodes and checks one record at a time.

    Args:
        subject: The subject of the records.
        writer_schemas: Where schemas that are not pinned come from.
        problems: The rules, see `schemas.validation.record`.
    """

    def __init__(self, subject: str, writer_schemas: WriterSchemas, problems: Check) -> None:
        self._decode = decoder(subject, writer_schemas)
        self._problems = problems

    def decode(self, batch: Batch, rows: npt.NDArray[np.int64]) -> tuple[list[CheckedRecord], list[Reject]]:
        """The good records among these rows of a batch, and a reject for each of the others."""
        good, rejects = decode_and_check(batch, rows.tolist(), self._decode, self._problems)
        checksums = (zlib.crc32(memoryview(batch.values[index] or b"")[HEADER_BYTES:]) for index, _record in good)
        return [CheckedRecord(*one, checksum) for one, checksum in zip(good, checksums, strict=True)], rejects
