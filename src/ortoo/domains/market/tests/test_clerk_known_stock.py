"""One stock, said once: the weekly return's stock stands in the emergency list, and the reverse."""

from __future__ import annotations

import re
from typing import Any

from ortoo.domains.market.opening import Order, open_period
from ortoo.domains.market.services import Matter
from ortoo.domains.market.tests.clerk_region import (
    FORM,
    Clerks,
    clerks,
    page,
)
from ortoo.kernel.filings import read
from ortoo.kernel.forms import body as codec
from ortoo.kernel.forms.asked import Asked
from ortoo.kernel.forms.registry import get

__all__ = ["clerks"]
EMERGENCY, MONTH = "EMG-STOCK", "M2026-11"
DAY_MS = 86_400_000


def opened(clerks: Clerks, *items: str) -> str:
    form = get(EMERGENCY)
    asked = Asked(frozenset(items), frozenset({form.principal.code})) if items else None
    order = Order(1, (clerks.matter().party,), asked, clerks.clock.ms + DAY_MS)
    open_period(form=EMERGENCY, period=MONTH, now_ms=clerks.clock.ms, order=order)
    return f"/returns/{EMERGENCY}/{MONTH}/"


def values(text: str) -> dict[str, str]:
    """Every field of the page with what stands in it."""
    found = re.findall(r'name="([ac]\.[^"]+)" value="([^"]*)"', text)
    return {name: value for name, value in found if value}


def send(clerks: Clerks, address: str, fields: dict[str, str], key: str = "1") -> Any:
    said = {**fields, "version": "0-0", "key": key * 32, "action": "file"}
    return clerks.client().post(address, said)


def test_the_weeklys_stock_is_confirmed_in_one_press_and_never_typed_again(
    clerks: Clerks,
) -> None:
    clerks.clock.ms += 11 * DAY_MS
    clerks.file()
    clerks.clock.ms += DAY_MS
    address = opened(clerks, "0101", "0301")
    text = clerks.client().get(address).content.decode()
    assert "全部确认，报送" in text and "本次要报的 2 格都已知" in text
    assert "已知 2 格（100%）" in text and get(FORM).title["zh"] in text and "1 天前" in text
    known = values(text)
    assert known["c.0101.on_hand"] == known["c.0301.on_hand"] == "5000.0"
    assert send(clerks, address, {**known, "a.place": "本店后仓"}).status_code == 303
    seq = Matter(EMERGENCY, MONTH, clerks.matter().party).state().effective
    filing = read.get(seq or 0)
    assert filing is not None
    grid = codec.decode(get(EMERGENCY), filing.body)
    assert grid.cell(get(EMERGENCY), "0101", "on_hand") == 50_000
    assert grid.attributes["place"] == "本店后仓"


def test_a_stock_that_is_too_old_is_not_offered(clerks: Clerks) -> None:
    clerks.file()
    clerks.clock.ms += 40 * DAY_MS
    text = clerks.client().get(opened(clerks, "0101")).content.decode()
    assert "全部确认，报送" not in text and "c.0101.on_hand" not in values(text)


def test_the_emergency_lists_stock_stands_in_the_weekly(clerks: Clerks) -> None:
    address = opened(clerks, "0101")
    answer = send(clerks, address, {"c.0101.on_hand": "321.0", "a.place": "本店后仓"})
    assert answer.status_code == 303, answer.content.decode()[:2000]
    text = clerks.client().get(page()).content.decode()
    assert values(text)["c.0101.stock"] == "321.0"
    assert "c.0101.price" not in values(text), "last week's price is another fact"


def test_a_fact_of_the_whole_return_is_asked_and_remembered(clerks: Clerks) -> None:
    address = opened(clerks)
    assert 'name="a.place"' in clerks.client().get(address).content.decode()
    form = get(EMERGENCY)
    answered = {f"c.{item.code}.{form.principal.code}": "未经营" for item in form.leaves}
    answer = send(clerks, address, {**answered, "a.place": "本店后仓"})
    assert answer.status_code == 303, answer.content.decode()[:3000]
    order = Order(1, (clerks.matter().party,), None, clerks.clock.ms + DAY_MS, None, "again")
    open_period(form=EMERGENCY, period="M2026-12", now_ms=clerks.clock.ms, order=order)
    text = clerks.client().get(f"/returns/{EMERGENCY}/M2026-12/").content.decode()
    assert values(text)["a.place"] == "本店后仓"
