"""Lays a site's entries over the versions of the package: adds, corrects, withdraws, and refuses overlaps."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import pairwise
from typing import Any, Generic, TypeVar

from schemas.reference.errors import ReferenceDataError
from schemas.reference.offices import Office, RowOrigin, Team
from schemas.reference.site.entries import SiteEntry
from schemas.reference.site.problems import Problems
from schemas.reference.validity import Validity

T = TypeVar("T", Office, Team)

Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Laid(Generic[T]):
    """One version, and the entry of the site that made or changed it; None: it is the package's."""

    version: T
    entry: SiteEntry | None


@dataclass(slots=True)
class Overlay(Generic[T]):
    """The versions of one kind, by key.

    Attributes:
        add: Makes the version that an entry adds.
        problems: Takes the faults.
        changes: What the entries change, one sentence each.
        warnings: What is allowed and probably not meant, one sentence each.
    """

    add: Callable[[SiteEntry, Validity], T]
    problems: Problems
    changes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def lay(self, package: Mapping[Key, Sequence[T]], entries: Iterable[SiteEntry]) -> list[Laid[T]]:
        """All versions, the package's and the site's; the package's keep their order."""
        laid: dict[Key, list[Laid[T]]] = {
            key: [Laid(version, None) for version in versions] for key, versions in package.items()
        }
        touched: dict[Key, None] = {}
        for entry in entries:
            touched[entry.key] = None
            self.problems.take(partial(self._apply, laid.setdefault(entry.key, []), entry))
        for key in touched:
            laid[key].sort(key=lambda one: one.version.validity.from_ms)
            self._compare(laid[key])
        return [one for versions in laid.values() for one in versions]

    def _apply(self, versions: list[Laid[T]], entry: SiteEntry) -> None:
        where = entry.entry.where
        if entry.corrects is None:
            version = self.add(entry, _validity(entry, None))
            self.changes.append(f"{where}: added {_span(version)}{_beside(versions)}")
            versions.append(Laid(version, entry))
            return
        index = _index_of(versions, entry)
        old = versions[index].version
        if entry.withdrawn:
            del versions[index]
            self.changes.append(f"{where}: withdrew {_span(old)}")
            return
        new = _corrected(entry, old)
        versions[index] = Laid(new, entry)
        differences = list(_differences(old, new))
        if differences:
            self.changes.append(f"{where} from {entry.corrects}: {'; '.join(differences)}")
        else:
            self.warnings.append(f"{_place(entry)}: the package says the same; remove the entry")

    def _compare(self, versions: Sequence[Laid[T]]) -> None:
        """Refuse overlaps and mention gaps between the versions of one key, which are in order of time."""
        for earlier, later in pairwise(versions):
            if earlier.version.validity.to_ms > later.version.validity.from_ms:
                self.problems.found.append(_overlap(earlier, later))
            elif earlier.version.validity.to_ms < later.version.validity.from_ms:
                end, start = earlier.version.validity.valid_to, later.version.validity.valid_from
                self.warnings.append(f"{unit_of(later.version)}: it does not exist from {end} to before {start}")


def unit_of(version: Office | Team) -> str:
    """How messages name the unit of a version."""
    return f"office {version.code}" if isinstance(version, Office) else f"team {version.office} {version.team}"


def _place(entry: SiteEntry) -> str:
    written = entry.entry
    return written.where if written.line is None else f"line {written.line}, {written.where}"


def _validity(entry: SiteEntry, old: Validity | None) -> Validity:
    start = entry.given.get("valid_from", None if old is None else old.valid_from)
    end = entry.given.get("valid_to", None if old is None else old.valid_to)
    try:
        return Validity.between(start, end)
    except ValueError as error:
        raise entry.entry.fail(str(error)) from None


def _index_of(versions: Sequence[Laid[T]], entry: SiteEntry) -> int:
    """Position of the version that an entry corrects."""
    for index, one in enumerate(versions):
        if one.entry is not None and one.entry.corrects == entry.corrects:
            raise entry.entry.fail(f"corrects the version from {entry.corrects}, as another entry does: join the two")
        if one.entry is None and one.version.validity.valid_from == entry.corrects:
            return index
    known = ", ".join(str(one.version.validity.valid_from) for one in versions if one.entry is None)
    raise entry.entry.fail(
        f"corrects the version from {entry.corrects}, but the package "
        + (f"has versions from {known}" if known else "has none: without corrects, the entry adds a version")
    )


def _corrected(entry: SiteEntry, old: T) -> T:
    given: dict[str, Any] = {
        name: value for name, value in entry.given.items() if name not in ("valid_from", "valid_to")
    }
    if "parent" in given:
        given["parent_confidence"] = given["confidence"]
    return replace(old, **given, validity=_validity(entry, old.validity), origin=RowOrigin.CORRECTED)


def _differences(old: Office | Team, new: Office | Team) -> Iterator[str]:
    for name in ("valid_from", "valid_to"):
        was, now = getattr(old.validity, name), getattr(new.validity, name)
        if was != now:
            yield f"{name} {was or 'open'}, now {now or 'open'}"
    for name in ("name_vi", "level", "parent", "successor"):
        was, now = getattr(old, name, None), getattr(new, name, None)
        if was != now:
            yield f"{name} {was or 'none'}, now {now or 'none'}"


def _span(version: Office | Team) -> str:
    validity = version.validity
    end = "" if validity.valid_to is None else f" to before {validity.valid_to}"
    return f"{version.name_vi!r}, from {validity.valid_from}{end}"


def _beside(versions: Sequence[Laid[T]]) -> str:
    known = [str(one.version.validity.valid_from) for one in versions if one.entry is None]
    return f", beside the package's versions from {', '.join(known)}" if known else ""


def _overlap(earlier: Laid[T], later: Laid[T]) -> ReferenceDataError:
    own, other = (later, earlier) if later.entry is not None else (earlier, later)
    assert own.entry is not None, "the package's versions do not overlap"
    if other.entry is None:
        remedy = f"to change that one, write corrects = {other.version.validity.valid_from}; or remove this entry"
        what = f"the package's version {_span(other.version)}: {remedy}"
    else:
        what = f"{_span(other.version)}, which another entry gives ({_place(other.entry)})"
    return own.entry.entry.fail(f"{_span(own.version)} overlaps {what}")
