"""The entry page of an ordered daily: only what is asked, closed for the day, units remembered, and
what was said without a network."""

from __future__ import annotations

import re
from typing import Any

import pytest

from ortoo.domains.market.opening import Order, open_period
from ortoo.domains.market.services import Matter
from ortoo.domains.market.tests.clerk_region import (
    FORM,
    START,
    Clerks,
    clerks,
    page,
    post_json,
    usual_fields,
)
from ortoo.kernel.filings import read
from ortoo.kernel.filings.draft import Receipt
from ortoo.kernel.forms import body as codec
from ortoo.kernel.forms.asked import Asked
from ortoo.kernel.forms.definition import Nil
from ortoo.kernel.forms.registry import get

__all__ = ["clerks"]
DAILY = "SCJC-D1"
YESTERDAY, TODAY = "D2026-11-19", "D2026-11-20"
HOUR_MS = 3_600_000
TEN = tuple(item.code for item in get(DAILY).leaves if item.code.startswith("06"))[:10]


def ordered(clerks: Clerks, period: str, measures: tuple[str, ...] = ("price",)) -> Receipt:
    """A campaign asks ten vegetables of the own firm, due in an hour."""
    asked = Asked(frozenset(TEN), frozenset(measures))
    order = Order(1, (clerks.matter().party,), asked, clerks.clock.ms + HOUR_MS, None, period)
    return open_period(form=DAILY, period=period, now_ms=clerks.clock.ms, order=order)


def daily(period: str = TODAY, tail: str = "") -> str:
    return f"/returns/{DAILY}/{period}/{tail}"


def prices(text: str = "4.50") -> dict[str, str]:
    return {f"c.{item}.price": text for item in TEN}


def send(clerks: Clerks, period: str = TODAY, key: str = "c", **said: str) -> Any:
    body = {"version": "0-0", "key": key * 32, "action": "file", **said}
    return clerks.client().post(daily(period), body)


def grid_of(clerks: Clerks, period: str = TODAY, form: str = DAILY) -> codec.GridBody:
    seq = Matter(form, period, clerks.matter().party).state().effective
    filing = read.get(seq or 0)
    assert filing is not None
    return codec.decode(get(form, filing.form_version), filing.body)


def test_a_campaign_of_ten_vegetables_shows_ten_rows_and_one_column(clerks: Clerks) -> None:
    ordered(clerks, TODAY)
    text = clerks.client().get(daily()).content.decode()
    assert re.findall(r'data-item="([^"]+)"', text) == list(TEN)
    assert re.findall(r'data-measure="([^"]+)"', text) == ["price"]
    assert "本期要填 10 格" in text and "11月20日 11:30 截止" in text


def test_a_day_calls_yesterday_yesterday_and_carries_only_the_price_by_the_row(
    clerks: Clerks,
) -> None:
    ordered(clerks, YESTERDAY)
    send(clerks, YESTERDAY, "d", **prices("4.20"))
    ordered(clerks, TODAY, ("price", "sales_qty"))
    text = clerks.client().get(daily()).content.decode()
    assert "<i>上日 </i>" in text and text.count('class="g-again js"') == 10
    assert 'data-again="price"' in text and "与上日同价" in text
    assert re.findall(r'name="c\.0601\.price" value="([^"]*)"', text) in ([""], [])
    assert not re.search(r'name="c\.[0-9]+\.price" value="4.20"', text), "nothing is copied"


def test_cells_that_are_not_asked_are_refused(clerks: Clerks) -> None:
    ordered(clerks, TODAY)
    response = send(clerks, **prices(), **{"c.0301.price": "52.00"})
    assert response.status_code == 422 and "GRID-NOT-ASKED" in response.content.decode()
    assert send(clerks, **prices()).status_code == 303


def test_a_stock_only_order_must_be_answered_for_every_row(clerks: Clerks) -> None:
    ordered(clerks, TODAY, ("stock",))
    response = send(clerks, **{f"c.{TEN[0]}.stock": "12"})
    assert response.status_code == 422
    assert re.search(rf'name="c\.{TEN[1]}\.stock"[^>]* required', response.content.decode())
    assert send(clerks, **{f"c.{item}.stock": "12" for item in TEN}).status_code == 303


def test_a_shop_that_is_shut_says_so_in_one_press_and_no_shortage_is_reported(
    clerks: Clerks,
) -> None:
    ordered(clerks, YESTERDAY)
    assert send(clerks, YESTERDAY, action="closed").status_code == 303
    grid = grid_of(clerks, YESTERDAY)
    said = [cell for cell in grid.columns["price"] if cell is not None]
    assert said == [Nil.NOT_CARRIED] * 10
    assert set(grid.notes.values()) == {"今日停业"}
    ordered(clerks, TODAY)
    text = clerks.client().get(daily()).content.decode()
    assert not re.search(r'name="c\.[0-9]+\.price" value="未经营"', text), "goods are not given up"


def test_the_weekly_has_no_button_for_a_shut_shop(clerks: Clerks) -> None:
    assert "今日停业" not in clerks.client().get(page()).content.decode()


def test_entry_units_and_own_packs_are_proposed_next_time(clerks: Clerks) -> None:
    fields = usual_fields(c_0301_price="26.00")
    fields |= {"u.0301": "斤", "c.0301.sales_qty": "4000", "c.0301.stock": "10000"}
    fields |= {"s.0101": "散装五常大米"}
    clerks.clock.ms = START
    client = clerks.client()
    client.post(page(), {**fields, "version": "0-0", "key": "e" * 32, "action": "file"})
    grid = grid_of(clerks, "W2026-11-14", FORM)
    assert grid.cell(get(FORM), "0301", "price") == 5200
    assert grid.notes["0301.price"] == "录入单位：斤"
    clerks.clock.ms += 7 * 24 * HOUR_MS
    open_period(form=FORM, period="W2026-11-21", now_ms=clerks.clock.ms)
    text = client.get(page(period="W2026-11-21")).content.decode()
    assert re.search(r'<select name="u\.0301".*?<option value="斤"[^>]* selected', text, re.DOTALL)
    assert 'name="s.0101" value="散装五常大米"' in text
    assert not re.search(r'<select name="u\.0302".*?value="斤"[^>]* selected.*?</select>',
                         text.split("</tr>")[0])  # fmt: skip


def test_what_the_form_prints_is_not_remembered(clerks: Clerks) -> None:
    clerks.file()
    assert grid_of(clerks, "W2026-11-14", FORM).notes == {}


# --- without a network --------------------------------------------------------------------------


def later(clerks: Clerks, **said: Any) -> Any:
    body = {"fields": prices(), "version": "0-0", "key": "f" * 32, "action": "file", **said}
    return post_json(clerks.client(), daily(), body)


def test_a_return_said_without_a_network_keeps_both_times_and_counts_by_its_arrival(
    clerks: Clerks,
) -> None:
    ordered(clerks, TODAY)
    said_at = clerks.clock.ms + 10 * 60_000
    clerks.clock.ms += 2 * HOUR_MS
    answer = later(clerks, said_at=said_at)
    assert answer.status_code == 201 and answer.json()["late"] is True
    filing = read.get(Matter(DAILY, TODAY, clerks.matter().party).state().effective or 0)
    assert filing is not None
    assert (filing.said_at, filing.received_at) == (said_at, clerks.clock.ms)
    receipt = clerks.client().get(answer.json()["href"]).content.decode()
    assert "2026年11月20日 10:40:00" in receipt and "没有网络" in receipt and "迟报" in receipt


@pytest.mark.parametrize("said_at", [1, 10**14, -5, "soon"])
def test_a_time_that_cannot_be_is_not_believed(clerks: Clerks, said_at: object) -> None:
    ordered(clerks, TODAY)
    assert later(clerks, said_at=said_at).status_code == 201
    filing = read.get(Matter(DAILY, TODAY, clerks.matter().party).state().effective or 0)
    assert filing is not None and filing.said_at == filing.received_at


def test_sent_twice_it_is_filed_once(clerks: Clerks) -> None:
    ordered(clerks, TODAY)
    first = later(clerks, said_at=clerks.clock.ms)
    clerks.clock.ms += 60_000
    second = later(clerks, said_at=clerks.clock.ms - 60_000)
    assert first.json()["numbers"] == second.json()["numbers"]


def test_what_somebody_filed_meanwhile_or_is_wrong_comes_back_with_its_code(
    clerks: Clerks,
) -> None:
    ordered(clerks, TODAY)
    wrong = later(clerks, fields=prices("abc"))
    assert wrong.status_code == 422 and wrong.json()["code"] == "RETURN-ISSUES"
    assert wrong.json()["issues"][0]["item"] == TEN[0]
    send(clerks, **prices())
    late = later(clerks, fields=prices("4.60"))
    assert late.status_code == 409 and late.json()["code"] == "RETURN-EXISTS"
    assert late.json()["remedy"]


def test_the_worker_comes_from_the_root_and_pages_name_their_log_in_by_a_digest(
    clerks: Clerks,
) -> None:
    worker = clerks.client().get("/offline-worker.js")
    assert worker["Service-Worker-Allowed"] == "/"
    assert worker["Content-Type"].startswith("text/javascript")
    own = clerks.client().get(page())["Ortoo-Device"]
    assert own != clerks.client("clerk-sibling").get(page())["Ortoo-Device"]
    assert own == clerks.client().get(page())["Ortoo-Device"] and "clerk" not in own
    assert "Ortoo-Device" not in clerks.client().get("/returns/")


def test_nobody_is_asked_about_a_column_that_the_order_leaves_out(clerks: Clerks) -> None:
    ordered(clerks, TODAY, ("price", "sales_qty"))
    quantities = {f"c.{item}.sales_qty": "100" for item in TEN}
    answer = send(clerks, **prices(), **quantities)
    assert answer.status_code == 303, "sales are not asked, so their absence needs no reason"
