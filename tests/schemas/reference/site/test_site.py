"""A site's own file over the data of the package: what it adds and corrects, and what is refused."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.events import at
from support.site_file import ADDED, MOVED, TRUST

from schemas.errors import ConfigurationError
from schemas.reference.offices import TOP_UNIT, RowOrigin, load_offices
from schemas.reference.site.reference import ReferenceData, package_reference, parse_site, site_reference
from schemas.reference.site.site_file import KINDS, MAX_BYTES

DAY = 'date = 2026-01-02\nname = "x"'
BOTH = f"[[working_day]]\n{DAY}\n{TRUST}[[day_off]]\n{DAY}"


def site(text: str) -> ReferenceData:
    """The reference data with this text laid over it."""
    return parse_site("site.toml", text)


def problems(text: str) -> list[str]:
    """What is wrong with a text."""
    with pytest.raises(ConfigurationError) as caught:
        site(text)
    return list(caught.value.problems)


def test_an_office_and_a_team_of_ones_own_are_known_in_their_time() -> None:
    """From the first day to before the last, under their names, below the head of customs; and nothing else changes."""
    offices = site(ADDED).offices
    before, within, after = at("2016-08-31 23:59"), at("2016-09-01 00:00"), at("2020-01-01 00:00")
    assert [offices.known("SPSP", when) for when in (before, within, after)] == [False, True, False]
    assert (offices.name("SPSP", within), offices.name("SPSP", after)) == ("São Paulo", "SPSP")
    assert offices.above("SPSP", within) == (TOP_UNIT,)
    assert offices.periods("SPSP", "A1") == [(at("2017-01-01 00:00"), at("2019-01-01 00:00"))]
    assert [one for one in offices.all_offices() if one.code != "SPSP"] == list(load_offices().all_offices())


def test_a_date_of_the_package_can_be_corrected() -> None:
    """Both sides of a seam move together; values that are not given stay; the corrected rows say so."""
    offices = site(MOVED).offices
    versions = [one for one in offices.all_offices() if one.code == "03EE"]
    package = [one for one in load_offices().all_offices() if one.code == "03EE"]
    assert offices.name("03EE", at("2025-03-31 23:00")) == package[0].name_vi
    assert offices.name("03EE", at("2025-04-01 00:00")) == "Hải quan Đình Vũ"
    assert [one.origin for one in versions] == [RowOrigin.CORRECTED, RowOrigin.CORRECTED, RowOrigin.PACKAGE]
    assert [one.parent for one in versions] == [one.parent for one in package]
    assert versions[2] == package[2]


def test_a_version_of_the_package_can_be_withdrawn() -> None:
    """A carried-over code that customs no longer uses is taken away, and the report says so."""
    data = site(f'[[office]]\ncode = "01AC"\ncorrects = 2025-03-15\nwithdrawn = true\n{TRUST}')
    assert not data.offices.known("01AC", at("2026-01-01 00:00"))
    assert data.offices.known("01AC", at("2020-01-01 00:00"))
    assert data.changes == ("office 01AC: withdrew 'Hải quan Gia Lâm', from 2025-03-15",)


def test_an_office_can_be_continued_under_a_new_parent() -> None:
    """An office of the site may stand below a region of the site, and above it is the head of customs."""
    region = f'[[office]]\ncode = "XV"\nlevel = "REGION"\nname_vi = "Vùng"\nvalid_from = 2010-01-01\n{TRUST}'
    office = f'[[office]]\ncode = "SPSP"\nparent = "XV"\nname_vi = "S"\nvalid_from = 2016-01-01\n{TRUST}'
    assert site(office + region).offices.above("SPSP", at("2020-01-01 00:00")) == ("XV", TOP_UNIT)


def test_outages_and_working_time_of_a_site_are_laid_over_the_package() -> None:
    """An outage is added; regular hours from the same day, a day off and overtime replace or join the package's."""
    data = site(f"""
[[outage]]
from = 2026-03-01T08:00:00
until = 2026-03-01T12:00:00
offices = ["03CC"]
what = "fibre cut"
{TRUST}
[[period]]
valid_from = 2019-01-01
weekdays = [1, 2, 3, 4, 5, 6]
windows = [["08:00", "12:00"]]
{TRUST}
[[day_off]]
date = 2026-01-10
name = "site"
{TRUST}
[[overtime]]
office = "03EE"
valid_from = 2026-12-01
weekdays = [7]
windows = [["08:00", "11:30"]]
{TRUST}""")
    assert any(outage.covers("03CC", at("2026-03-01 09:00")) for outage in data.outages)
    assert set(package_reference().outages) < set(data.outages)
    saturday, worked_by_package = at("2026-02-07 00:00"), at("2026-01-10 12:00")
    assert data.calendar.working_minutes_between(saturday, saturday + 86_400_000) == 240
    assert package_reference().calendar.is_working_day(worked_by_package)
    assert not data.calendar.is_working_day(worked_by_package)
    assert data.calendar.overtime_of("03EE") == "03EE"


def test_every_fault_is_listed_with_its_line_and_entry() -> None:
    """Misspelt kinds and names, wrong values and missing ones come together, in the order of their lines."""
    found = problems(f"""[[ofice]]
code = "AAAA"
[[office]]
code = "aaaa"
name = "x"
valid_from = "2016-01-01"
confidence = "Q"
[[team]]
office = "03CC"
team = "05"
name_vi = "x"
valid_from = 2020-01-01
valid_to = 2019-01-01
{TRUST}
[[outage]]
from = 2026-03-01T08:00:00
until = 2026-03-01T08:00:00
what = "x"
{TRUST}""")
    assert [problem.split(": ")[:2] for problem in found] == [
        ["site.toml:1", "ofice is no kind of entry; did you mean [[office]]?"],
        *[["site.toml:3", "office[0]"]] * 6,
        ["site.toml:8", "team 03CC 05"],
        ["site.toml:17", "outage[0]"],
    ]
    words = (
        "unknown name",
        "digits or capital",
        "name_vi is missing",
        "a date such as",
        "none of C, P, U",
        "source is",
    )
    assert all(any(word in problem for problem in found[1:7]) for word in words)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('code = "03EE"\nname_vi = "x"\nvalid_from = 2024-01-01', "overlaps the package's version .* corrects = 2014"),
        ('code = "03EE"\ncorrects = 2014-05-28\nname_vi = "x"', "the package has versions from 2014-05-27, 2025-03-15"),
        ('code = "QQQQ"\ncorrects = 2014-05-28\nname_vi = "x"', "without corrects, the entry adds a version"),
        ('code = "03EE"\ncorrects = 2014-05-27\nvalid_to = 2014-01-01', "must lie after valid_from 2014-05-27"),
        ('code = "03EE"\ncorrects = 2014-05-27', "says nothing new"),
        ('code = "03EE"\nwithdrawn = true\nname_vi = "x"\nvalid_from = 2014-01-01', "withdrawn needs corrects"),
        ('code = "03EE"\ncorrects = 2014-05-27\nwithdrawn = true\nname_vi = "x"', "cannot have name_vi"),
        ('code = "KV03"\ncorrects = 2025-03-15\nwithdrawn = true', "its parent KV03 does not exist"),
        (
            'code = "QQQQ"\nname_vi = "x"\nvalid_from = 2020-01-01\nparent = "99ZZ"',
            "its parent 99ZZ does not exist: add",
        ),
        ('code = "QQQQ"\nname_vi = "x"\nvalid_from = 2026-01-01\nparent = "03ZZ"', "does not exist on 2026-01-01"),
        ('code = "QQQQ"\nname_vi = "x"\nvalid_from = 2020-01-01\nparent = "03CC"', "but of level OFFICE"),
        ('code = "QQQ"\nname_vi = "x"\nvalid_from = 2020-01-01', "4 to 6 digits or capital letters, for level OFFICE"),
        ('code = "VN"\nlevel = "REGION"\nname_vi = "x"\nvalid_from = 2020-01-01', "stands for the head of customs"),
        ('code = "QQQQ"\nname_vi = "a\\nb"\nvalid_from = 2020-01-01', "printable"),
        ('code = "QQQQ"\nname_vi = "x"\nvalid_from = 0001-01-01', "between 1970 and 2148"),
    ],
)
def test_a_wrong_office_is_refused(text: str, words: str) -> None:
    """Each says which entry it is, what is wrong and what to do."""
    (problem, *_others) = problems(f"[[office]]\n{text}\n{TRUST}")
    assert problem.startswith("site.toml:")
    with pytest.raises(ConfigurationError, match=words):
        site(f"[[office]]\n{text}\n{TRUST}")


def test_entries_that_contradict_each_other_are_refused() -> None:
    """Two versions of one code at one time, and two corrections of one version, name both places."""
    office = f'[[office]]\ncode = "QQQQ"\nname_vi = "x"\nvalid_from = 2020-01-01\n{TRUST}'
    assert "which another entry gives (line 1, office QQQQ)" in problems(office + office)[0]
    correction = f'[[office]]\ncode = "03EE"\ncorrects = 2014-05-27\nname_vi = "x"\n{TRUST}'
    assert "as another entry does" in problems(correction + correction)[0]


@pytest.mark.parametrize(
    ("office", "dates", "words"),
    [
        ("QQQQ", "valid_from = 2020-01-01", "its office QQQQ does not exist"),
        ("03CC", "valid_from = 2010-01-01", "at a time without its office"),
        ("03CC", "valid_from = 2016-01-01", "overlaps the package's version"),
    ],
)
def test_a_team_needs_its_office(office: str, dates: str, words: str) -> None:
    """A team of no office, of a time before it, or of a code that the package has, is refused."""
    assert words in "\n".join(problems(f'[[team]]\noffice = "{office}"\nteam = "01"\nname_vi = "x"\n{dates}\n{TRUST}'))


def test_a_wrong_entry_causes_no_second_fault() -> None:
    """A team of an office whose own entry cannot be read is not also blamed for naming it."""
    (problem,) = problems(ADDED.replace('name_vi = "São Paulo"', ""))
    assert "name_vi is missing" in problem


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ('[[outage]]\nfrom = 2026-03-01T08:00:00\nuntil = 2026-03-02T08:00:00\nwhat = "x"\noffices = ["O3CC"]', "O3CC"),
        (
            '[[overtime]]\noffice = "QQQQ"\nvalid_from = 2026-12-01\nweekdays = [6]\nwindows = [["08:00", "11:30"]]',
            "QQQQ",
        ),
        (BOTH, "also a day_off"),
    ],
)
def test_other_entries_are_checked_too(entry: str, words: str) -> None:
    """A misspelt office of an outage or overtime, and a day that is both off and worked."""
    assert words in problems(f"{entry}\n{TRUST}")[0]


def test_what_is_probably_not_meant_is_a_warning() -> None:
    """A gap between two versions, and a correction that says what the package says."""
    gap = site(f'[[office]]\ncode = "03EE"\ncorrects = 2014-05-27\nvalid_to = 2025-03-01\n{TRUST}')
    assert gap.warnings == ("office 03EE: it does not exist from 2025-03-01 to before 2025-03-15",)
    same = site(f'[[office]]\ncode = "03EE"\ncorrects = 2014-05-27\nvalid_to = 2025-03-15\n{TRUST}')
    assert same.warnings == ("line 1, office 03EE: the package says the same; remove the entry",)
    assert same.changes == ()


def test_the_digest_tells_different_data_apart_and_nothing_else() -> None:
    """Comments, the order of entries and sources do not count; a date does."""
    entries = [f"[[{part}" for part in ADDED.split("[[")[1:]]
    assert site(ADDED).digest == site("# note\n" + "".join(reversed(entries))).digest
    assert site(ADDED).digest == site(ADDED.replace('"letter 12"', '"letter 13"')).digest
    assert site("").digest == package_reference().digest
    digests = {site(text).digest for text in ("", ADDED, MOVED, ADDED.replace("2020-01-01", "2020-01-02"))}
    assert len(digests) == 4


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "cannot be read: No such file"),
        (b"[[office]]\ncode = \xff", r":2: is not UTF-8"),
        (b"[[office]\n", ":1: "),
        (b"#" * (MAX_BYTES + 1), "larger than"),
        (b"office = 3\n", "must be written as"),
    ],
)
def test_a_file_that_is_no_such_file_is_refused(tmp_path: Path, content: bytes | None, words: str) -> None:
    """A missing file, another encoding, wrong syntax, a log by mistake: the path and the reason are said."""
    path = tmp_path / "site.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigurationError, match=words) as caught:
        site_reference(path)
    assert caught.value.problems[0].startswith(str(path))


def test_a_file_from_windows_can_be_read(tmp_path: Path) -> None:
    """A byte order mark and CRLF line ends are no fault."""
    path = tmp_path / "site.toml"
    path.write_bytes(b"\xef\xbb\xbf" + ADDED.replace("\n", "\r\n").encode())
    assert site_reference(path).digest == site(ADDED).digest


SPANS = st.lists(st.tuples(st.integers(0, 60), st.integers(1, 30)), min_size=1, max_size=4)


@given(SPANS)
def test_overlaps_are_refused_and_nothing_else(spans: list[tuple[int, int]]) -> None:
    """Any versions of one code: refused exactly if two share a day; else each day has the version that covers it."""
    versions = (
        f'name_vi = "{n}"\nvalid_from = {_day(first)}\nvalid_to = {_day(first + days)}\n{TRUST}'
        for n, (first, days) in enumerate(spans)
    )
    text = "".join(f'[[office]]\ncode = "QQQQ"\n{version}' for version in versions)
    covered = [n for n, (first, days) in enumerate(spans) for _ in range(days)]
    days = [first + more for first, length in spans for more in range(length)]
    if len(days) > len(set(days)):
        assert any("overlaps" in problem for problem in problems(text))
        return
    offices = site(text).offices
    names = dict(zip(days, covered, strict=True))
    for day in range(95):
        assert offices.name("QQQQ", at(f"{_day(day)} 12:00")) == str(names.get(day, "QQQQ"))


def _day(number: int) -> str:
    return f"2020-{number // 28 + 1:02d}-{number % 28 + 1:02d}"


NAMES = (
    *("code", "office", "team", "name_vi", "level", "parent", "successor", "valid_from", "valid_to", "corrects"),
    *("withdrawn", "confidence", "source", "from", "until", "offices", "what", "weekdays", "windows", "date", "name"),
)
LITERALS = (
    *(
        '"03EE"',
        '"SPSP"',
        '"KV03"',
        '"VN"',
        '"OFFICE"',
        '"REGION"',
        '"U"',
        '"a\\nb"',
        '""',
        "0",
        "-1",
        "1.5",
        "nan",
        "true",
    ),
    *(
        "2014-05-27",
        "2025-03-15",
        "0001-01-01",
        "9999-12-31",
        "2026-03-01T08:00:00",
        "2026-03-01T08:00:00Z",
        "08:00:00",
    ),
    *("[]", "{}", "[1, 2]", '["03CC"]', '[["07:30", "11:30"]]', "[[[]]]", "9223372036854775807"),
)
WHOLE: Mapping[str, Mapping[str, str]] = {
    "office": {"code": '"QQQQ"', "name_vi": '"x"', "valid_from": "2020-01-01"},
    "team": {"office": '"03CC"', "team": '"09"', "name_vi": '"x"', "valid_from": "2020-01-01"},
    "outage": {"from": "2026-03-01T08:00:00", "until": "2026-03-02T08:00:00", "what": '"x"'},
    "period": {"valid_from": "2020-01-01", "weekdays": "[1]", "windows": '[["07:30", "11:30"]]'},
    "day_off": {"date": "2020-01-01", "name": '"x"'},
    "working_day": {"date": "2020-01-01", "name": '"x"'},
    "overtime": {"office": '"03CC"', "valid_from": "2020-01-01", "weekdays": "[6]", "windows": '[["07:30", "11:30"]]'},
    "allegation": {"phrase": '"lót tay"', "kind": '"PAYMENT"'},
    "feedback_content": {"text": "true", "sender": '["CONTACT"]'},
}
ENTRIES = st.lists(
    st.tuples(st.sampled_from(KINDS), st.dictionaries(st.sampled_from(NAMES), st.sampled_from(LITERALS), max_size=3)),
    max_size=3,
)


@given(ENTRIES)
def test_whatever_a_file_says_it_is_read_or_refused(entries: list[tuple[str, dict[str, str]]]) -> None:
    """Values of any type in entries that are otherwise right: it is read, or every problem names the file."""
    text = ""
    for kind, odd in entries:
        values = {"confidence": '"U"', "source": '"test"', **WHOLE[kind], **odd}
        text += f"[[{kind}]]\n" + "".join(f"{name} = {literal}\n" for name, literal in values.items())
    assert all(problem.startswith("site.toml:") for problem in problems_if_any(text))


def problems_if_any(text: str) -> list[str]:
    """What is wrong with a text; nothing if it can be read."""
    try:
        assert site(text).digest
    except ConfigurationError as error:
        return list(error.problems)
    return []


def test_phrases_of_a_site_are_laid_over_the_package() -> None:
    """One is added, one changed, one withdrawn; the others stay, and the digest differs."""
    data = site(f"""
[[allegation]]
phrase = "Tiền mãi lộ"
kind = "PAYMENT"
{TRUST}
[[allegation]]
phrase = "phong bì"
kind = "PAYMENT"
exact = true
{TRUST}
[[allegation]]
phrase = "CÀ PHÊ cà pháo"
withdrawn = true
{TRUST}""")
    package, own = package_reference().allegations, data.allegations
    assert [one.phrase for one in own if one not in package] == ["phong bì", "Tiền mãi lộ"]
    assert [one.phrase for one in package if one not in own] == ["phong bì", "cà phê cà pháo"]
    assert data.changes == (
        "allegation: added 'Tiền mãi lộ', PAYMENT",
        "allegation: changed 'phong bì', PAYMENT, now PAYMENT (exact)",
        "allegation: withdrew 'CÀ PHÊ cà pháo'",
    )
    assert data.digest != package_reference().digest


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ('phrase = "x"', "kind is missing"),
        ('phrase = "x"\nkind = "THEFT"', "none of PAYMENT, HARASSMENT, NONE"),
        ('phrase = "…"\nkind = "PAYMENT"', "must have 1 to 6 words"),
        ('phrase = "a b c d e f g"\nkind = "PAYMENT"', "must have 1 to 6 words"),
        ('phrase = "x"\nwithdrawn = true', "the package does not have the phrase"),
        ('phrase = "phong bì"\nwithdrawn = true\nkind = "NONE"', "withdrawn cannot have kind"),
        (f'phrase = "x"\nkind = "NONE"\n{TRUST}[[allegation]]\nphrase = "X"\nkind = "NONE"', "in another entry"),
    ],
)
def test_a_wrong_phrase_is_refused(entry: str, words: str) -> None:
    """Each fault is said with its line."""
    (problem,) = problems(f"[[allegation]]\n{entry}\n{TRUST}")
    assert words in problem
    assert problem.startswith("site.toml:")
