"""Each fault of a pack is found and bears its code."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ortoo.kernel.places.check import issues_of, turning_days
from ortoo.kernel.places.load import load
from ortoo.kernel.places.pack import Pack, PlaceError
from ortoo.kernel.places.place import Span
from ortoo.kernel.places.tests.packs_for_tests import (
    FICTIONAL,
    PACKS,
    reports,
    small_pack,
)

TREE = {"A": "", "AB": "A", "AC": "A", "ABX": "AB", "ABY": "AB"}
ROWS = [reports("AB", "A"), reports("AC", "A"), reports("ABX", "AB"), reports("ABY", "AB")]


def codes(places, rows, **head) -> set[str]:
    pack = small_pack(places, rows, checked=False, **head)
    return {issue.code for issue in issues_of(pack)}


def altered(code: str, **changes) -> set[str]:
    pack = small_pack(TREE, ROWS)
    rows = [replace(p, **changes) if p.code == code else p for p in pack.places]
    return {issue.code for issue in issues_of(Pack(pack.head, rows, ROWS, checked=False))}


def test_sound_packs_have_no_issue(pack) -> None:
    assert issues_of(pack) == ()
    assert codes(TREE, ROWS) == set()


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ([*ROWS, reports("ABX", "A")], "PLACE-REPORT-TWO"),
        ([*ROWS, reports("ABX", "A")], "PLACE-ROLLUP-TWICE"),
        ([*ROWS, reports("ABX", "AB", "2020-01-01")], "PLACE-REPORT-OVERLAP"),
        (ROWS[:-1], "PLACE-ROLLUP-LOST"),
        ([*ROWS[:-1], reports("ABY", "AB", "2020-01-01")], "PLACE-ROLLUP-LOST"),
        ([*ROWS, reports("A", "AC")], "PLACE-REPORT-ROOT"),
        ([*ROWS[:-1], reports("ABY", "ABY")], "PLACE-REPORT-CYCLE"),
        ([*ROWS[:-2], reports("ABX", "ABY"), reports("ABY", "ABX")], "PLACE-ROLLUP-LOST"),
        ([*ROWS, reports("ABZ", "AB")], "PLACE-REPORT-UNKNOWN"),
        ([*ROWS[:-1], reports("ABY", "AB", "2020-02-01", "2020-01-01")], "PLACE-SPAN"),
    ],
)
def test_a_fault_of_the_relation_is_found(rows, code: str) -> None:
    assert code in codes(TREE, rows)


@pytest.mark.parametrize(
    ("code", "changes", "issue"),
    [
        ("ABX", {"parent": "AQ"}, "PLACE-PARENT"),
        ("AB", {"parent": "ABX", "level": 4}, "PLACE-CYCLE"),
        ("AC", {"parent": ""}, "PLACE-ROOT"),
        ("ABX", {"level": 2}, "PLACE-LEVEL"),
        ("AB", {"office": False}, "PLACE-REPORT-OFFICE"),
        ("AC", {"host": "AB"}, "PLACE-HOST"),
        ("AC", {"source": "?"}, "PLACE-SOURCE"),
        ("AC", {"span": Span(date(2020, 2, 1), date(2020, 1, 1))}, "PLACE-SPAN"),
        ("AC", {"span": Span(None, date(2020, 1, 1))}, "PLACE-REPORT-ENDED"),
    ],
)
def test_a_fault_of_a_place_is_found(code: str, changes, issue: str) -> None:
    assert issue in altered(code, **changes)


def test_siblings_may_not_share_a_name_unless_one_followed_the_other() -> None:
    pack = small_pack(TREE, ROWS)
    name = pack["ABX"].names
    assert "PLACE-SIBLING-NAME" in altered("ABY", names=name)
    rows = [
        replace(p, names=name, span=span)
        if (
            span := {"ABX": Span(None, date(2019, 12, 31)), "ABY": Span(date(2020, 1, 1))}.get(
                p.code
            )
        )
        else p
        for p in pack.places
    ]
    dated = [*ROWS[:2], reports("ABX", "AB", "", "2019-12-31"), reports("ABY", "AB", "2020-01-01")]
    assert issues_of(Pack(pack.head, rows, dated, checked=False)) == ()


def test_codes_must_have_the_shape_and_stem_of_their_scheme() -> None:
    found = codes(TREE, ROWS, shapes={3: "[A-Z]{2}[0-9]"}, stem={3: 2}, scheme="示例")
    assert found == {"PLACE-CODE-SHAPE"}
    wrong = {"A": "", "AB": "A", "XBX": "AB"}
    rows = [reports("AB", "A"), reports("XBX", "AB")]
    assert codes(wrong, rows, stem={3: 2}) == {"PLACE-CODE-STEM"}


def test_a_population_that_is_100000_too_high_is_found() -> None:
    pack = PACKS["neimenggu"].pack
    rows = [replace(p, population=184_424) if p.code == "150703" else p for p in pack.places]
    issues = issues_of(Pack(pack.head, rows, pack.reports, checked=False))
    assert [(i.code, i.place) for i in issues] == [("PLACE-POPULATION", "150700")]
    assert "差 100000" in issues[0].message


def test_a_repeated_code_is_found() -> None:
    pack = small_pack(TREE, ROWS)
    twice = Pack(pack.head, [*pack.places, pack["AC"]], ROWS, checked=False)
    assert "PLACE-DUPLICATE" in {issue.code for issue in issues_of(twice)}


def test_a_pack_with_faults_cannot_be_made() -> None:
    with pytest.raises(PlaceError) as raised:
        small_pack(TREE, ROWS[:-1])
    assert raised.value.codes == ("PLACE-ROLLUP-LOST",)
    assert "补这一天的报送关系" in str(raised.value)


def test_a_faulty_cell_names_file_line_and_column(tmp_path) -> None:
    for file in FICTIONAL.iterdir():
        (tmp_path / file.name).write_text(file.read_text("utf-8"), "utf-8")
    rows = (tmp_path / "places.tsv").read_text("utf-8")
    (tmp_path / "places.tsv").write_text(rows.replace("150.6\t", "东经150.6\t", 1), "utf-8")
    with pytest.raises(PlaceError, match=r"places\.tsv 第 3 行“东经150\.6”读不懂；改正 lon 列"):
        load(tmp_path)


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("[kinds.town]", "[kinds.village]", "PLACE-KIND"),
        ('pack = "lanchuan"', "pack = ", "PLACE-HEAD"),
        ('pack = "lanchuan"', 'title_zh = "x"', "PLACE-HEAD"),
    ],
)
def test_a_faulty_head_is_refused(tmp_path, old: str, new: str, code: str) -> None:
    for file in FICTIONAL.iterdir():
        (tmp_path / file.name).write_text(file.read_text("utf-8"), "utf-8")
    head = (tmp_path / "pack.toml").read_text("utf-8").replace(old, new)
    (tmp_path / "pack.toml").write_text(head, "utf-8")
    with pytest.raises(PlaceError) as raised:
        load(tmp_path / "pack.toml")
    assert raised.value.codes == (code,)


def test_a_pack_that_is_not_there_says_where_to_look(tmp_path) -> None:
    with pytest.raises(PlaceError, match="PLACE-PACK"):
        load(tmp_path / "nowhere")


@st.composite
def dated_packs(draw):
    """A tree of three levels whose towns change their reporting parent on random days."""
    units = draw(st.integers(1, 4))
    places = {"R": ""} | {f"R{u}": "R" for u in range(units)}
    rows = [reports(f"R{u}", "R") for u in range(units)]
    for town in range(draw(st.integers(0, 6))):
        code = f"R{draw(st.integers(0, units - 1))}{'abcdef'[town]}"
        places[code] = code[:2]
        years = sorted(draw(st.sets(st.integers(2001, 2020), max_size=3)))
        first = ""
        for year in [*years, None]:
            parent = draw(st.sampled_from(["R", *(f"R{u}" for u in range(units))]))
            rows.append(reports(code, parent, first, f"{year - 1}-12-31" if year else ""))
            first = f"{year}-01-01"
    return places, rows


@given(dated_packs(), st.dates(date(1999, 1, 1), date(2022, 1, 1)))
def test_in_any_accepted_pack_everyone_rolls_up_once_and_scope_is_monotone(made, on) -> None:
    pack = small_pack(*made)
    everyone = {place.code for place in pack.places}
    assert pack.under(pack.root.code, on) == everyone
    counted = [c for unit in pack.reporting_units(on) for c in pack.under(unit.code, on)]
    assert sorted([*counted, "R"]) == sorted(everyone)
    for code in everyone:
        path = pack.reporting_path(code, on)
        for other in everyone:
            inside = other in pack.under(code, on)
            assert inside == pack.reporting_path(other, on).startswith(path)
            if inside:
                assert pack.under(other, on) <= pack.under(code, on)


@given(dated_packs(), st.data())
def test_one_parent_too_many_is_always_refused(made, data) -> None:
    places, rows = made
    below = [code for code in places if len(code) == 3]
    assume(below)
    child = data.draw(st.sampled_from(below))
    rows = [*rows, reports(child, data.draw(st.sampled_from(sorted(set(places) - set(below)))))]
    assert codes(places, rows) & {"PLACE-REPORT-TWO", "PLACE-REPORT-OVERLAP"}


def test_turning_days_begin_every_stretch_without_change() -> None:
    days = turning_days(PACKS["lanchuan"].pack)
    assert days == (date.min, date(2019, 1, 1))
