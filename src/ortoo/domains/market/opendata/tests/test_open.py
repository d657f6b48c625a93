"""Open data: exactly what was issued, in every format, by vintage, and nothing else."""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
from decimal import Decimal
from fractions import Fraction
from typing import Any
from xml.etree import ElementTree

import pytest

from ortoo.domains.market import issued
from ortoo.domains.market.opendata import feed, given, sdmx, tables
from ortoo.domains.market.rules.figures import round_half_even
from ortoo.domains.market.tests.figures_world import (
    DAY_MS,
    FIRST_MS,
    FORM,
    FiguresWorld,
    figures_world,
)
from ortoo.kernel.filings import clock
from ortoo.kernel.filings.projection import catch_up
from ortoo.kernel.forms.periods import parse

pytestmark = pytest.mark.django_db
ATOM = "{http://www.w3.org/2005/Atom}"
LATER = FIRST_MS + 20 * DAY_MS
FIRMS = ("own", "sibling", "parent", "neighbour", "planned", "neighbour_parent", "root")


@pytest.fixture
def world(db: None, settings: Any, monkeypatch: pytest.MonkeyPatch) -> FiguresWorld:
    return figures_world(settings, monkeypatch)


def _get(world: FiguresWorld, path: str, login: str = "", **headers: str) -> Any:
    return world.client(login).get(path, headers=headers)


def _body(answer: Any) -> bytes:
    return b"".join(answer.streaming_content) if answer.streaming else answer.content


def _rows(world: FiguresWorld, query: str = "", login: str = "") -> list[dict[str, str]]:
    answer = _get(world, f"/open/{FORM}/data.csv{query}", login)
    assert answer.status_code == 200, answer.content
    return list(csv.DictReader(io.StringIO(_body(answer).decode())))


def _revise(world: FiguresWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every firm corrects one price, so that the revision may be given out."""
    for number, key in enumerate(FIRMS):
        at = FIRST_MS + 9 * DAY_MS + number
        world.file(key, {"0303": [f"{70 + number}.00", "100.0"]}, at=at,
                   supersedes=world.returns["now", key].seq)  # fmt: skip
    world.accept(list(FIRMS), at=FIRST_MS + 10 * DAY_MS)
    monkeypatch.setattr(clock, "_source", lambda: LATER)
    world.issue(at=FIRST_MS + 11 * DAY_MS)
    assert len(issued.vintages(FORM, world.period())) == 2


def _printed(number: int, scale: int) -> str:
    return round_half_even(Fraction(number, issued.MEAN_SCALE * 10**scale), scale)


def test_the_rows_are_the_cells_of_the_issues_and_no_others(world: FiguresWorld) -> None:
    wanted = {}
    for name in ("before", "now"):
        code = world.period(name)
        for (unit, item), values in issued.newest(issued.vintages(FORM, code)).items():
            shown = issued.is_shown(values)
            price = _printed(values[3], 2) if shown and values[2] else ""
            quotes = str(values[2]) if shown else ""
            wanted[code, unit, item] = (price, quotes, str(values[0]), str(values[1]))
    told = {
        (row["period"], row["place"], row["item"]): (
            row["value"],
            row["quotes"],
            row["respondents_expected"],
            row["respondents_filed"],
        )
        for row in _rows(world)
    }
    assert told == wanted


def test_hidden_cells_hold_no_figure_in_any_format(world: FiguresWorld) -> None:
    hidden = [row for row in _rows(world) if row["hidden_reason"]]
    assert hidden
    figures = ("value", "simple_mean", "matched_change_percent", "matched_respondents", "quotes",
               "out_of_stock")  # fmt: skip
    assert {row[name] for row in hidden for name in figures} == {""}
    cells = {(row["period_start"], row["place"], row["item"]) for row in hidden}
    answer = _get(world, f"/open/{FORM}/data.sdmx.csv")
    for row in csv.DictReader(io.StringIO(_body(answer).decode())):
        place = row["REF_AREA"].replace("_DIRECT", "*")
        told = row["MEASURE"] in ("EXPECTED", "FILED")
        if (row["TIME_PERIOD"].split("/")[0], place, row["ITEM"]) in cells and not told:
            assert row["OBS_VALUE"] == "" and row["OBS_STATUS"] == "Q"
            assert row["CONF_STATUS"] in ("A", "G", "D")


def test_whoever_asks_gets_the_same_bytes(world: FiguresWorld) -> None:
    for name in ("data.csv", "data.json", "data.sdmx.csv", "structure.json"):
        path = f"/open/{FORM}/{name}"
        logins = ("", "region", "auditor", "clerk-own")
        from ortoo.kernel.grants.models import Account

        known = [one for one in logins if not one or Account.objects.filter(login=one).exists()]
        assert len(known) > 1
        assert len({_body(_get(world, path, login)) for login in known}) == 1


def test_a_correction_is_not_there_until_it_is_issued_and_then_beside_the_first(
    world: FiguresWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = _body(_get(world, f"/open/{FORM}/data.csv"))
    world.file("own", {"0303": ["99.00", "10"]}, at=FIRST_MS + 8 * DAY_MS,
               supersedes=world.returns["now", "own"].seq)  # fmt: skip
    assert _body(_get(world, f"/open/{FORM}/data.csv")) == before
    first = {(r["period"], r["place"], r["item"]): r["value"] for r in _rows(world)}
    _revise(world, monkeypatch)
    seq = issued.vintages(FORM, world.period())[0].seq
    then = {(r["period"], r["place"], r["item"]): r["value"]
            for r in _rows(world, f"?vintage={seq}")}  # fmt: skip
    assert then == first
    now = {(r["period"], r["place"], r["item"]): r["value"] for r in _rows(world)}
    assert now != first
    every = _rows(world, f"?vintages=all&period={world.period()}&place={world.root}&item=0303")
    assert [row["vintage_number"] for row in every] == ["1", "2"]


def test_as_of_a_day_only_what_was_out_by_its_end(
    world: FiguresWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = _rows(world)
    _revise(world, monkeypatch)
    # The first issue of the newer period came six days after 21 November.
    assert _rows(world, "?as_of=2026-11-27") == first
    early = _rows(world, "?as_of=2026-11-26")
    assert {row["period"] for row in early} == {world.period("before")}
    assert _rows(world, "?as_of=2026-01-01") == []


def test_before_its_hour_a_period_is_not_out_even_if_it_was_filed(
    world: FiguresWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "_source", lambda: FIRST_MS)
    assert world.period() not in {row["period"] for row in _rows(world)}
    assert given.periods(FORM, FIRST_MS) == [parse(world.period("before"))]


def test_filters_keep_what_they_name(world: FiguresWorld) -> None:
    period = world.period()
    assert {row["period"] for row in _rows(world, f"?period={period}")} == {period}
    assert {row["period"] for row in _rows(world, "?from=2026-11-10")} == {period}
    assert {row["period"] for row in _rows(world, "?to=2026-11-10")} == {world.period("before")}
    assert {row["item"] for row in _rows(world, "?item=0303")} == {"0303"}


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("?vintage=1", 404, "OPEN-VINTAGE"),
        ("?vintage=x", 404, "OPEN-VINTAGE"),
        ("?period=2026", 400, "OPEN-PERIOD"),
        ("?item=9999", 404, "OPEN-ITEM"),
        ("?secret=1", 400, "OPEN-PARAMETER"),
        ("?vintages=some", 400, "OPEN-VINTAGES"),
        ("?as_of=<script>", 422, "OPEN-DATE"),
    ],
)
def test_what_cannot_be_asked_is_said_with_its_code(
    world: FiguresWorld, query: str, status: int, code: str
) -> None:
    answer = _get(world, f"/open/{FORM}/data.csv{query}")
    assert (answer.status_code, code in answer.content.decode()) == (status, True)
    assert "<script>" not in answer.content.decode().split("<main", 1)[-1]


def test_json_says_the_same_as_csv(world: FiguresWorld) -> None:
    found = json.loads(_body(_get(world, f"/open/{FORM}/data.json")))
    rows = [{name: cell or "" for name, cell in row.items()} for row in found["rows"]]
    assert rows == _rows(world)
    assert found["columns"] == list(tables.COLUMNS)
    assert "拟定" in found["licence"]


def test_every_code_of_the_data_is_in_the_structure(world: FiguresWorld) -> None:
    made = json.loads(_body(_get(world, f"/open/{FORM}/structure.json")))["data"]
    lists = {one["id"]: {code["id"] for code in one["codes"]} for one in made["codelists"]}
    parts = made["dataStructures"][0]["dataStructureComponents"]
    coded = {}
    for part in (*parts["dimensionList"]["dimensions"], *parts["attributeList"]["attributes"]):
        shape = part["localRepresentation"]
        if "enumeration" in shape:
            named = re.search(r"Codelist=[A-Z_]+:(\w+)\(1\.0\.0\)$", shape["enumeration"])
            assert named is not None
            coded[part["id"]] = lists[named[1]]
        assert part["conceptIdentity"].endswith("." + part["id"])
    concepts = {one["id"] for one in made["conceptSchemes"][0]["concepts"]}
    data = list(csv.DictReader(io.StringIO(_body(_get(world, f"/open/{FORM}/data.sdmx.csv"))
                                           .decode())))  # fmt: skip
    assert data and set(sdmx.COLUMNS[3:]) == concepts
    for row in data:
        for name, codes in coded.items():
            assert row[name] in codes, (name, row[name])
        assert row["STRUCTURE"] == "dataflow" and row["ACTION"] == "R"
        flow = made["dataflows"][0]
        assert row["STRUCTURE_ID"] == f"{flow['agencyID']}:{flow['id']}({flow['version']})"
        assert (row["OBS_VALUE"] == "") is (row["OBS_STATUS"] != "A")
        if row["OBS_VALUE"]:
            Decimal(row["OBS_VALUE"])
    keys = [tuple(row[name] for name in (*sdmx.DIMENSIONS, "TIME_PERIOD")) for row in data]
    assert len(keys) == len(set(keys)), "an observation is said once"
    identifiers = [code for codes in lists.values() for code in codes]
    assert all(re.fullmatch(r"[A-Za-z0-9_@$-]+", code) for code in identifiers)


def test_periods_are_written_in_an_sdmx_time_format() -> None:
    assert sdmx.time_period(parse("W2026-11-14")) == "2026-11-14/P7D"
    assert sdmx.time_period(parse("M2026-11")) == "2026-11"
    assert sdmx.time_period(parse("D2026-11-20")) == "2026-11-20"
    assert sdmx.time_period(parse("X2026-02-3")) == "2026-02-21/P8D"


def test_every_vintage_at_once_is_refused_in_sdmx_where_a_key_stands_once(
    world: FiguresWorld,
) -> None:
    answer = _get(world, f"/open/{FORM}/data.sdmx.csv?vintages=all")
    assert answer.status_code == 400 and "OPEN-VINTAGES" in answer.content.decode()


def test_units_of_measure_have_codes_that_never_change() -> None:
    assert sdmx.unit_code("元/公斤") == "CNY_PER_KG"
    assert sdmx.unit_code("万元") == "CNY_10K"
    assert sdmx.unit_code("元/只") == "CNY_PER_U53EA"


def test_who_has_it_already_gets_no_body_until_an_issue_is_added(
    world: FiguresWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("data.csv", "data.json", "data.sdmx.csv", "structure.json"):
        path = f"/open/{FORM}/{name}"
        first = _get(world, path)
        assert first["Last-Modified"] and first["Cache-Control"] == "public, max-age=300"
        again = _get(world, path, if_none_match=first["ETag"])
        assert again.status_code == 304
        later = _get(world, path, if_modified_since=first["Last-Modified"])
        assert later.status_code == 304
    tag = _get(world, f"/open/{FORM}/data.csv")["ETag"]
    _revise(world, monkeypatch)
    assert _get(world, f"/open/{FORM}/data.csv", if_none_match=tag).status_code == 200


def test_downloads_stream_and_are_compressed_on_the_way(world: FiguresWorld) -> None:
    path = f"/open/{FORM}/data.csv"
    plain = _body(_get(world, path))
    packed = _get(world, path, accept_encoding="gzip")
    assert packed.streaming and packed["Content-Encoding"] == "gzip"
    assert gzip.decompress(_body(packed)) == plain
    assert _body(world.client().head(path)) == b""


def test_other_origins_may_read_only_where_an_operator_said_so(
    world: FiguresWorld, settings: Any
) -> None:
    path = f"/open/{FORM}/data.csv"
    assert "Access-Control-Allow-Origin" not in _get(world, path)
    settings.OPEN_DATA_ORIGIN = "https://example.test"
    assert _get(world, path)["Access-Control-Allow-Origin"] == "https://example.test"


def test_text_that_a_spreadsheet_would_run_is_led_and_negative_numbers_are_not() -> None:
    line = b"".join(tables.written([("=1+1", "-2.5", "@x", "+1")], ("a", "b", "c", "d"), bom=False))
    assert line.decode().splitlines()[1] == "'=1+1,-2.5,'@x,+1"


def test_the_feed_is_valid_atom_with_ids_that_do_not_move(
    world: FiguresWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    _revise(world, monkeypatch)
    answer = _get(world, "/open/feed.atom")
    assert answer["Content-Type"].startswith("application/atom+xml")
    root = ElementTree.fromstring(answer.content)
    assert root.tag == f"{ATOM}feed"
    links = {one.get("rel"): one.get("href") for one in root.findall(f"{ATOM}link")}
    assert links["self"] == "http://testserver/open/feed.atom"
    entries = root.findall(f"{ATOM}entry")
    ids = [one.findtext(f"{ATOM}id") for one in entries]
    code = world.period()
    assert f"tag:ortoo.example,2026:open/issue/{FORM}/{code}/1" in ids
    assert f"tag:ortoo.example,2026:open/issue/{FORM}/{code}/2" in ids
    assert len(set(ids)) == len(ids)
    stamps = [one.findtext(f"{ATOM}updated") or "" for one in entries]
    assert stamps == sorted(stamps, reverse=True)
    assert root.findtext(f"{ATOM}updated") == stamps[0]
    for one in (root, *entries):
        assert re.fullmatch(
            r"\d{4}(-\d\d){2}T\d\d(:\d\d){2}Z", one.findtext(f"{ATOM}updated") or ""
        )
        assert one.findtext(f"{ATOM}title")
    assert root.find(f"{ATOM}author/{ATOM}name") is not None
    client = world.client()
    for one in entries:
        link = one.find(f"{ATOM}link")
        assert link is not None
        assert (
            client.get((link.get("href") or "").removeprefix("http://testserver")).status_code
            == 200
        )
    again = _get(world, "/open/feed.atom", if_none_match=answer["ETag"])
    assert again.status_code == 304


def test_the_feed_takes_hostile_words_as_text() -> None:
    evil = feed.Entry(feed.tag("x"), '<b>&"\x0b', '/a?b=1&c="', 0, "]]>", "issue")
    root = ElementTree.fromstring(feed.written([evil], "http://h", "/open/feed.atom"))
    assert root.findtext(f"{ATOM}entry/{ATOM}title") == '<b>&"'


def test_the_page_says_what_is_out_when_the_next_comes_and_how_to_cite(
    world: FiguresWorld,
) -> None:
    page = _get(world, "/open/").content.decode()
    for words in ("拟定", "引用格式", "下一期", "第1版", "保密", "64.36", "data.sdmx.csv"):
        assert words in page
    assert _get(world, "/open/?form=<x>&place=<y>&period=<z>").status_code == 200
    assert "<y>" not in _get(world, "/open/?place=<y>").content.decode()


def test_with_nothing_issued_the_page_says_so(settings: Any, db: None) -> None:
    from django.test import Client

    from ortoo.kernel.grants.tests.small_region import seed
    from ortoo.kernel.places.tests.packs_for_tests import PACKS

    settings.DEMO = False
    settings.PLACE_PACK = "neimenggu"
    seed(PACKS["neimenggu"])
    catch_up()
    client = Client()
    assert "还没有发布过数据" in client.get("/open/").content.decode()
    assert client.get("/open/feed.atom").status_code == 200
    assert client.get(f"/open/{FORM}/data.csv").status_code == 404
