"""`./ortoo import till|market`: a file into a draft under somebody's own right, and bad files."""

from __future__ import annotations

import argparse
import csv
import datetime as dt
import io
import json
from fractions import Fraction
from pathlib import Path

import pytest

from ortoo.cli import parser
from ortoo.domains.market import opening, services
from ortoo.domains.market.services import Matter
from ortoo.domains.market.tests.clerk_region import FILED_BEFORE, FORM, PERIOD, Clerks, clerks
from ortoo.domains.market.till import selectors, store
from ortoo.domains.market.till.tests.exports import HEADER, export, rows
from ortoo.domains.market.till.tests.world_exports import world
from ortoo.kernel.filings import read
from ortoo.kernel.filings.draft import Draft
from ortoo.kernel.filings.projection import catch_up
from ortoo.kernel.filings.write import file
from ortoo.kernel.forms.models import ReturnDraft
from ortoo.kernel.forms.registry import get
from ortoo.site.operations import feeds, inspection
from ortoo.world.settlements_export import COLUMNS, MarketExport, market_export

__all__ = ["clerks"]
MARKET = "SCJC-W2"


@pytest.fixture(autouse=True)
def _home(clerks: Clerks, settings, tmp_path, monkeypatch):
    settings.ROOT_URLCONF = "ortoo.site.urls"
    settings.HOME = tmp_path
    monkeypatch.setattr(inspection, "_prepared", lambda: None)


@pytest.fixture
def market(clerks: Clerks) -> Clerks:
    """The planned city's firm is a wholesale market; its week is open."""
    members = [[clerks.region.sites["planned"].firm, "2026-01-01", ""]]
    body = {"list": "wholesale_markets", "members": members}
    file(Draft("K-LIST", "SYSTEM", "SYSTEM", "markets", body, 1), now_ms=FILED_BEFORE)
    catch_up()
    services.open_period(form=MARKET, period=PERIOD, now_ms=clerks.clock.ms)
    return clerks


def ask(
    clerks: Clerks, data: bytes, *more: str, kind: str = "till", key: str = "own",
    name: str = "till.csv", login: str = "clerk-own", **changed: str,
) -> argparse.Namespace:  # fmt: skip
    path = Path(store.settings.HOME) / name
    path.write_bytes(data)
    said = {
        "--firm": clerks.region.sites[key].firm, "--form": FORM, "--period": PERIOD, "--as": login,
        **{f"--{flag}": text for flag, text in changed.items()},
    }  # fmt: skip
    words = [word for pair in said.items() for word in pair]
    found, rest = parser().parse_known_args(["import", kind, str(path), *words, *more])
    assert not rest
    return found


def run(capsys, arguments: argparse.Namespace) -> tuple[int, dict]:
    arguments.json = True
    capsys.readouterr()
    code = feeds.run(arguments)
    return code, json.loads(capsys.readouterr().out)


def as_csv(lines: list[list[str]], encoding: str = "utf-8") -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(lines)
    return text.getvalue().encode(encoding)


def drafts(form: str = FORM) -> dict[str, str]:
    row = ReturnDraft.objects.filter(form=form, period=PERIOD).first()
    return json.loads(row.cells) if row else {}


def returns(clerks: Clerks) -> int:
    return len(read.rows("form IN (%s, %s)", [FORM, MARKET]))


def test_a_till_fills_prices_quantities_and_amounts_and_files_no_return(clerks, capsys) -> None:
    before = returns(clerks)
    code, said = run(capsys, ask(clerks, export(get(FORM), 1, 300), "--confirm"))
    assert code == 0 and said["filled"] > 100 and said["filed"] is False
    assert returns(clerks) == before, "a command never files the return"
    cells = drafts()
    assert cells["c.0601.price"] == "5.00"
    quantity = Fraction(cells["c.0601.sales_qty"])
    assert 2_000 <= quantity <= 2_020, "loose kilograms and bags of five are one quantity"
    assert abs(Fraction(cells["c.0601.sales"]) * 10_000 - quantity * 5) <= 50
    known = selectors.known(clerks.matter())
    assert known[("0601", "sales_qty")].text == cells["c.0601.sales_qty"]
    assert [row.actor for row in read.rows("form='TILL-MAP'", [])][-1] == "account:clerk-own"


def test_nothing_is_filled_before_somebody_has_said_what_the_columns_are(clerks, capsys) -> None:
    code, said = run(capsys, ask(clerks, export(get(FORM), 1, 300)))
    assert (code, said["filled"], said["columns_confirmed"]) == (1, 0, False)
    assert not drafts() and store.load(clerks.matter()) is not None, "the file waits on the page"
    assert not read.rows("form='TILL-MAP'", [])


def test_the_second_week_needs_no_confirmation_and_asks_only_what_is_new(clerks, capsys) -> None:
    run(capsys, ask(clerks, export(get(FORM), 1, 300), "--confirm"))
    code, said = run(capsys, ask(clerks, export(get(FORM), 2, 300)))
    assert code == 0 and said["filled"] > 100
    assert [one["name"] for one in said["to_ask"]] == [
        "新牌0大米10kg",
        "新牌1大米10kg",
        "新牌2大米10kg",
    ]


def test_a_dry_run_tells_the_same_and_keeps_nothing(clerks, capsys) -> None:
    filed = read.tail()
    code, said = run(capsys, ask(clerks, export(get(FORM), 1, 300), "--confirm", "--dry-run"))
    assert code == 0 and said["would_fill"] and said["filled"] == 0
    assert said["cells"]["0601"]["price"] == "5.00"
    assert not drafts() and store.load(clerks.matter()) is None and read.tail() == filed


def test_another_firm_an_unknown_account_and_an_office_are_refused(clerks, capsys) -> None:
    data = export(get(FORM), 1, 300)
    for given, wanted in (
        ({"key": "sibling"}, "SCOPE"), ({"login": "nobody"}, "IMPORT-ACCOUNT"),
        ({"login": "league-reviewer-parent"}, "SCOPE"), ({"login": "operator-root"}, "SCOPE"),
    ):  # fmt: skip
        code, said = run(capsys, ask(clerks, data, **given))
        assert code == 1 and said["refused"]["code"].startswith(wanted), (given, said)
    assert not list((Path(store.settings.HOME) / "lake").rglob("*.rows"))


def test_usage_is_told_by_the_second_exit_code(clerks, capsys) -> None:
    asked = ask(clerks, b"x")
    asked.firm = None
    assert feeds.run(asked) == 2 and "--firm" in capsys.readouterr().err
    asked = ask(clerks, b"x")
    asked.file = "no-such-file"
    assert feeds.run(asked) == 2


def test_an_empty_file_a_picture_and_a_header_alone_are_refused(clerks, capsys) -> None:
    for data, wanted in ((b"", "SHEET-EMPTY"), (b"%PDF-1.7", "SHEET-WRONG-KIND"),
                         (as_csv([HEADER]), "NO-")):  # fmt: skip
        code, said = run(capsys, ask(clerks, data))
        assert code == 1 and wanted in said["refused"]["code"], said


def test_a_period_that_is_archived_or_not_open_takes_no_file(clerks, capsys) -> None:
    code, said = run(capsys, ask(clerks, export(get(FORM), 1, 300), period="W2026-12-26"))
    assert (code, said["refused"]["code"]) == (1, "PERIOD-NOT-OPEN")
    opening.archive(form=FORM, period=PERIOD, now_ms=clerks.clock.ms)
    code, said = run(capsys, ask(clerks, export(get(FORM), 1, 300)))
    assert (code, said["refused"]["code"]) == (1, "PERIOD-ARCHIVED")


def test_two_hundred_thousand_rows_and_one_are_refused(clerks, capsys) -> None:
    data = b"a,b,c\n" + b"1,2,3\n" * 200_000
    code, said = run(capsys, ask(clerks, data))
    assert (code, said["refused"]["code"]) == (1, "SHEET-TOO-LARGE")


def test_the_file_of_the_week_before_is_refused_and_leaves_the_good_one(clerks, capsys) -> None:
    good = ask(clerks, export(get(FORM), 1, 300), "--confirm")
    run(capsys, good)
    token = store.load(clerks.matter()).token
    old = [
        ["日期", "商品名称", "单位", "销售数量", "销售金额"],
        ["2026-11-10", "大白菜", "公斤", "5", "25"],
        ["2026-11-12", "土豆", "公斤", "5", "15"],
    ]
    code, said = run(capsys, ask(clerks, as_csv(old), "--confirm"))
    assert (code, said["refused"]["code"]) == (1, "IMPORT-OTHER-PERIOD")
    assert "2 行" in said["refused"]["message"]
    assert store.load(clerks.matter()).token == token


def test_a_summary_that_filled_another_week_is_known_by_its_digest(clerks, capsys) -> None:
    data = export(get(FORM), 1, 300)
    matter = Matter(FORM, "W2026-11-07", clerks.region.sites["own"].firm)
    run(capsys, ask(clerks, data, "--confirm", period=matter.period))
    code, said = run(capsys, ask(clerks, data))
    assert (code, said["refused"]["code"]) == (1, "IMPORT-OTHER-PERIOD")
    assert matter.period in said["refused"]["message"]


def test_zero_prices_returns_and_doubled_lines_of_a_summary_are_told(clerks, capsys) -> None:
    lines = [HEADER, *rows(get(FORM), 1, 0)]
    again = list(lines[1])
    lines += [again, ["Z1", "大白菜赠", "", "公斤", "蔬菜", "10", "0", "1", "5"]]
    lines += [["A0602", *lines[1][1:5], "-5", "-25.00", "1", "5"]]
    code, said = run(capsys, ask(clerks, as_csv(lines, "gb18030"), "--confirm"))
    left = {one["code"]: one["rows"] for one in said["left_out"]}
    assert code == 0 and left == {"TILL-TWICE": 1, "TILL-GIFT": 1}


# --- the wholesale market -----------------------------------------------------------------------


def settled() -> MarketExport:
    place = world().roll.wholesale[0].code
    return market_export(world(), place, dt.date(2026, 11, 14))


def ask_market(clerks: Clerks, data: bytes, *more: str, **changed: str) -> argparse.Namespace:
    given = {"kind": "market", "key": "planned", "login": "clerk-planned", "name": "结算.csv"}
    return ask(clerks, data, *more, **{**given, "form": MARKET, **changed})


def test_a_settlement_fills_low_mean_high_volume_arrivals_and_origin(market, capsys) -> None:
    made = settled()
    code, said = run(capsys, ask_market(market, as_csv([*map(list, made.rows)]), "--confirm"))
    assert code == 0 and said["filled"] > 100 and not said["columns_missing"], said
    form = get(MARKET)
    by_name = {item.name["zh"]: item.code for item in form.leaves}
    names = {item.code: item.name for item in _items()}
    met = 0
    for code_, week in made.truth.items():
        row = said["cells"].get(by_name.get(names[code_], ""))
        if row is None:
            continue
        met += 1
        mean = Fraction(week.amount, 100 * week.volume * 10)
        assert row["price_low"] == f"{week.low / 100:.2f}"
        assert row["price_high"] == f"{week.high / 100:.2f}"
        assert abs(Fraction(row["price"]) - mean) <= Fraction(1, 200)
        assert row["volume"] == f"{week.volume / 100:.2f}"
        assert row["arrivals"] == f"{week.arrivals / 100:.2f}"
        assert row["origin"] == week.origin
    assert met >= 30, (met, len(made.truth))
    assert drafts(MARKET)[f"c.{next(iter(said['cells']))}.origin"]


def _items():
    from ortoo.world.calibration import wholesale_items

    return wholesale_items()


def trade(*cells: str) -> list[str]:
    return list(cells)


def small(clerks: Clerks, capsys, *lines: list[str], head: tuple[str, ...] = COLUMNS) -> dict:
    _, said = run(capsys, ask_market(clerks, as_csv([list(head), *lines]), "--confirm"))
    return said


def test_a_slip_of_the_price_is_left_to_the_clerk_with_its_row(market, capsys) -> None:
    said = small(
        market, capsys,
        trade("2026-11-14", "1", "大白菜", "山东寿光", "2.00", "1000", "2000.00", "1200"),
        trade("2026-11-15", "2", "大白菜", "山东", "0.02", "10", "0.20", ""),
        trade("2026-11-15", "3", "大白菜", "辽宁", "0", "10", "0", ""),
        trade("2026-11-16", "4", "大白菜", "辽宁", "2.20", "-100", "-220.00", ""),
    )  # fmt: skip
    row = said["cells"]["0601"]
    assert "price_low" not in row and row["price_high"] == "2.00" and row["origin"] == "山东"
    assert row["volume"] == "0.91" and row["arrivals"] == "1.20", "a reversed trade is taken off"
    hand = {one["measure"]: one["reason"] for one in said["by_hand"]}
    assert "第 3 行" in hand["price_low"]
    assert {one["code"]: one["rows"] for one in said["left_out"]} == {"TILL-GIFT": 1}


def test_weights_in_tonnes_are_read_from_the_header_and_doubled_receipts_stay(
    market, capsys
) -> None:
    head = ("成交日期", "品种", "产地", "成交重量（吨）", "成交金额（元）", "到货量（吨）")
    line = trade("2026-11-14", "土豆", "内蒙古乌兰察布", "2", "3200", "3")
    said = small(market, capsys, line, line, head=head)
    row = said["cells"]["0617"]
    assert (row["volume"], row["arrivals"], row["price"]) == ("4.00", "6.00", "1.60")
    assert row["origin"] == "内蒙古", "and not 蒙古, which is abroad"


def test_an_origin_that_is_no_province_is_left_to_the_clerk(market, capsys) -> None:
    said = small(
        market, capsys,
        trade("2026-11-14", "1", "土豆", "后山基地", "1.60", "100", "160", ""),
        trade("2026-11-14", "2", "香蕉", "菲律宾", "6.00", "100", "600", ""),
    )  # fmt: skip
    assert "origin" not in said["cells"]["0617"] and said["cells"]["0703"]["origin"] == "境外"
    assert any("后山基地" in one["reason"] for one in said["by_hand"])


def test_an_item_sold_below_nothing_is_left_to_the_clerk(market, capsys) -> None:
    said = small(
        market, capsys,
        trade("2026-11-14", "1", "土豆", "河北", "1.60", "-100", "-160", ""),
        trade("2026-11-14", "2", "大葱", "山东", "3.00", "100", "300", ""),
    )  # fmt: skip
    assert "volume" not in said["cells"].get("0617", {}) and said["cells"]["0619"]
    assert any(one["item"] == "0617" and "为负" in one["reason"] for one in said["by_hand"])


def test_a_till_is_no_settlement_and_a_settlement_no_till(market, capsys) -> None:
    data = as_csv([list(COLUMNS)])
    code, said = run(capsys, ask_market(market, data, kind="till"))
    assert (code, said["refused"]["code"]) == (1, "IMPORT-KIND")
    code, said = run(capsys, ask(market, data, kind="market"))
    assert (code, said["refused"]["code"]) == (1, "IMPORT-KIND")
