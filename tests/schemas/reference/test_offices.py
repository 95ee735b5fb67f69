"""Offices, departments, regions and teams with their dates."""

import json
from datetime import date
from importlib import resources

import pytest
from support.offices import team_known

from schemas.reference.errors import ReferenceDataError
from schemas.reference.offices import TOP_UNIT, Level, load_offices, parse_offices
from schemas.reference.tables import Confidence, data_text
from schemas.reference.validity import Validity, day_start_ms, epoch_day, overlapping

IN_2020 = day_start_ms(epoch_day(date(2020, 5, 15)))
CUT_OVER = day_start_ms(epoch_day(date(2025, 3, 15)))
IN_2026 = day_start_ms(epoch_day(date(2026, 5, 15)))
HAI_PHONG = {"03CC", "03CD", "03CE", "03EE", "03NK", "03PA", "03PJ", "03PL", "03TG"}
OFFICES_HEAD = (
    "code,level,department,name_vi,name_2014,valid_from,valid_to,parent,parent_confidence,"
    "successor,seat,confidence,source,note\n"
)
OFFICE_ROW = "03EE,OFFICE,03,Tên,Ten,2014-05-27,2025-03-15,,,,,C,x,\n"
TEAMS_HEAD = "office,team,name_vi,valid_from,valid_to,confidence,source\n"
TEAM_ROW = "03EE,01,Đội,2014-05-27,,C,x\n"


def test_counts_agree_with_the_2014_database() -> None:
    """34 departments, 221 codes below them and 20 regions are there."""
    versions = list(load_offices().all_offices())
    codes = {level: {v.code for v in versions if v.level is level} for level in Level}
    assert len(codes[Level.DEPARTMENT]) == 34
    assert len(codes[Level.OFFICE] | codes[Level.DIVISION]) == 221
    assert sorted(codes[Level.REGION]) == [f"KV{n:02d}" for n in range(1, 21)]


def test_hai_phong_has_its_nine_offices() -> None:
    """The nine offices of Hai Phong are there before and after the reorganisation, and only they."""
    for at in (IN_2020, IN_2026):
        assert {office.code for office in load_offices().offices(at, "03")} == HAI_PHONG


def test_names_change_on_the_day_of_the_cut_over() -> None:
    """One millisecond parts the old name of an office from the new one."""
    directory = load_offices()
    assert directory.name("03CC", CUT_OVER - 1) == "Chi cục Hải quan cửa khẩu cảng Hải Phòng khu vực I"
    assert directory.name("03CC", CUT_OVER) == "Hải quan cửa khẩu cảng Hải Phòng khu vực I"


def test_regions_of_the_nine_offices() -> None:
    """Hải Dương and Hưng Yên fell to region IV, the other seven to III; after July 2025 that is unverified."""
    directory = load_offices()
    regions = {code: directory.above(code, CUT_OVER)[0] for code in HAI_PHONG}
    assert {code for code, region in regions.items() if region == "KV04"} == {"03PJ", "03PL"}
    assert {code for code, region in regions.items() if region == "KV03"} == HAI_PHONG - {"03PJ", "03PL"}
    assert not any(unit.startswith("KV") for code in HAI_PHONG for unit in directory.above(code, IN_2020))
    later = directory.offices(IN_2026, "03")
    assert {office.parent_confidence for office in later} == {Confidence.UNVERIFIED}


def test_no_code_after_2025_is_called_confirmed() -> None:
    """Every office code after the cut-over is at most probable, for no official list was found."""
    later = [v for v in load_offices().all_offices() if v.level is Level.OFFICE and v.validity.to_ms > CUT_OVER]
    assert later
    assert all(v.confidence is not Confidence.CONFIRMED for v in later)


def test_departments_end_and_regions_begin_at_the_cut_over() -> None:
    """A department is known before the cut-over only, a region after it only."""
    directory = load_offices()
    assert directory.known("03ZZ", CUT_OVER - 1)
    assert not directory.known("03ZZ", CUT_OVER)
    assert not directory.known("KV03", CUT_OVER - 1)
    assert directory.known("KV03", CUT_OVER)


def test_merged_offices_name_their_successor() -> None:
    """An office merged in 2019 is unknown afterwards, and its successor still is there."""
    directory = load_offices()
    before = directory.get("38PD", day_start_ms(epoch_day(date(2019, 6, 1))))
    assert before is not None
    assert before.successor == "38BC"
    assert not directory.known("38PD", IN_2020)
    assert directory.known("38BC", IN_2020)


def test_unknown_codes_have_soft_answers() -> None:
    """An unknown code is shown as itself and belongs to no department, region or team."""
    directory = load_offices()
    assert directory.name("99XX", IN_2020) == "99XX"
    assert directory.get("99XX", IN_2020) is None
    assert directory.above("99XX", IN_2020) == (TOP_UNIT,)
    assert not team_known(directory, "99XX", "00", IN_2020)
    assert not directory.known("03EE", 0)


def test_departments_of_codes() -> None:
    """The department of a code is its first two digits, whatever the time; a region has none."""
    assert {unit.department for unit in load_offices().all_offices() if unit.code == "03PJ"} == {"03"}
    assert {unit.department for unit in load_offices().all_offices() if unit.code == "KV03"} == {None}


def test_teams_are_known_for_their_office_and_time() -> None:
    """Team 02 exists at 03PA alone, no numbered team after the cut-over, and team 00 wherever the office is."""
    directory = load_offices()
    assert team_known(directory, "03PA", "02", IN_2020)
    assert not team_known(directory, "03EE", "02", IN_2020)
    assert not team_known(directory, "03PA", "02", IN_2026)
    assert team_known(directory, "02CI", "00", IN_2020)


@pytest.mark.parametrize("at", [IN_2020, IN_2026])
def test_periods_are_when_offices_and_teams_are_known(at: int) -> None:
    """Every office and team, whole offices and unknown codes: what is asked for one moment, and for all of them."""
    directory = load_offices()

    def holds(office: str, team: str | None = None) -> bool:
        return any(first <= at < end for first, end in directory.periods(office, team))

    codes = [*{office.code for office in directory.all_offices()}, "99XX"]
    assert all(holds(code) == directory.known(code, at) for code in codes)
    teams = [(team.office, team.team) for team in directory.all_teams()]
    others = [(code, team) for code in codes for team in ("00", "99")]
    assert all(holds(*team) == team_known(directory, *team, at) for team in (*teams, *others))


def test_every_team_has_its_office_for_its_whole_life() -> None:
    """A team never exists without its office, and each of the nine offices has teams 00 and 01."""
    directory = load_offices()
    teams = list(directory.all_teams())
    for team in teams:
        assert directory.known(team.office, team.validity.from_ms)
        assert directory.known(team.office, team.validity.to_ms - 1)
        assert directory.team(team.office, team.team, team.validity.to_ms - 1) is team
        assert directory.team(team.office, team.team, team.validity.to_ms) is not team
    assert {(t.office, t.team) for t in teams} == {(o, t) for o in HAI_PHONG for t in ("00", "01")} | {("03PA", "02")}


def test_parents_are_of_a_higher_level_and_exist_in_time() -> None:
    """Every parent is a department or region that exists when its unit begins to be its child."""
    directory = load_offices()
    for unit in directory.all_offices():
        if unit.parent is not None:
            parent = directory.get(unit.parent, unit.validity.from_ms)
            assert parent is not None, unit
            assert parent.level in {Level.DEPARTMENT, Level.REGION}


def test_versions_of_a_code_follow_each_other() -> None:
    """No two versions of one code share a day: a question has one answer."""
    by_code: dict[str, list[Validity]] = {}
    for unit in load_offices().all_offices():
        by_code.setdefault(unit.code, []).append(unit.validity)
    assert not any(overlapping(periods) for periods in by_code.values())


@pytest.mark.parametrize(
    ("offices", "teams", "file", "line", "problem"),
    [
        ("code,level\n", TEAMS_HEAD, "offices.csv", 1, "heading"),
        ("# note\n" + OFFICES_HEAD + "03EE,OFFICE\n", TEAMS_HEAD, "offices.csv", 3, "2 cells"),
        (OFFICES_HEAD + OFFICE_ROW + OFFICE_ROW, TEAMS_HEAD, "offices.csv", 3, "overlaps"),
        (OFFICES_HEAD + OFFICE_ROW.replace("2025-03-15", "2014-05-27"), TEAMS_HEAD, "offices.csv", 2, "after"),
        (OFFICES_HEAD + OFFICE_ROW.replace("2025-03-15", "2025-3-15"), TEAMS_HEAD, "offices.csv", 2, "isoformat"),
        (OFFICES_HEAD + OFFICE_ROW.replace(",,,,,C", ",KV99,P,,,C"), TEAMS_HEAD, "offices.csv", 2, "KV99"),
        (OFFICES_HEAD + OFFICE_ROW.replace("03EE", "04EE"), TEAMS_HEAD, "offices.csv", 2, "department"),
        (OFFICES_HEAD + OFFICE_ROW.replace("03EE", "3E"), TEAMS_HEAD, "offices.csv", 2, "does not match"),
        (OFFICES_HEAD + OFFICE_ROW.replace("Tên", ""), TEAMS_HEAD, "offices.csv", 2, "empty"),
        (OFFICES_HEAD + OFFICE_ROW.replace(",C,", ",sure,"), TEAMS_HEAD, "offices.csv", 2, "none of C, P, U"),
        (OFFICES_HEAD + OFFICE_ROW.replace("Tên", '"Tên'), TEAMS_HEAD, "offices.csv", 2, "unexpected end"),
        (OFFICES_HEAD + OFFICE_ROW, TEAMS_HEAD + TEAM_ROW.replace("03EE", "03CC"), "teams.csv", 2, "03CC"),
        (OFFICES_HEAD + OFFICE_ROW, TEAMS_HEAD + TEAM_ROW + TEAM_ROW, "teams.csv", 3, "overlaps"),
    ],
)
def test_a_bad_table_is_refused_with_its_line(offices: str, teams: str, file: str, line: int, problem: str) -> None:
    """Each fault raises ReferenceDataError with file, line and problem."""
    with pytest.raises(ReferenceDataError, match=problem) as caught:
        parse_offices(offices, teams)
    assert (caught.value.file, caught.value.line) == (file, line)


def test_a_missing_file_is_a_reference_data_error() -> None:
    """A file left out of the package is reported by name."""
    with pytest.raises(ReferenceDataError, match=r"nothing\.csv"):
        data_text("nothing.csv")


def test_the_contract_and_the_vocabulary_name_the_same_statuses() -> None:
    """`statuses.csv` holds exactly the symbols of the Avro enumeration, in their order of life."""
    schema = json.loads(resources.files("schemas").joinpath("avro", "declaration-status.v1.avsc").read_text("utf-8"))
    status = next(field for field in schema["fields"] if field["name"] == "status")
    listed = [line.split(",")[0] for line in data_text("statuses.csv").splitlines() if not line.startswith("#")][1:]
    assert set(listed) == set(status["type"]["symbols"])
