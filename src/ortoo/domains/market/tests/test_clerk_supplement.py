"""盟市补充指标: the league's own rows below the regional grid, filed with it in one press."""

from __future__ import annotations

import re
from typing import Any

from ortoo.domains.market.opening import Order, open_period
from ortoo.domains.market.services import Matter
from ortoo.domains.market.tests.clerk_region import (
    FORM,
    PERIOD,
    Clerks,
    clerks,
    page,
    post_json,
    usual_fields,
)
from ortoo.kernel.filings import read
from ortoo.kernel.forms import body as codec
from ortoo.kernel.forms.registry import get

__all__ = ["clerks"]
BESIDE = "SCJC-W1-S09"
ROWS = tuple(item.code for item in get(BESIDE).leaves)


def opened(clerks: Clerks, key: str = "own") -> Matter:
    order = Order(1, (clerks.matter(key).party,), None, clerks.clock.ms + 3_600_000)
    open_period(form=BESIDE, period=PERIOD, now_ms=clerks.clock.ms, order=order)
    return Matter(BESIDE, PERIOD, clerks.matter(key).party)


def rows_below(text: str = "9.00") -> dict[str, str]:
    form = get(BESIDE)
    return {f"c.x1_{item}.{form.principal.code}": "未经营" for item in ROWS[1:]} | {
        f"c.x1_{ROWS[0]}.{form.principal.code}": text,
        **{f"r.x1_{ROWS[0]}.{measure.code}": "其他：初次填报" for measure in form.measures},
    }


def send(clerks: Clerks, fields: dict[str, str]) -> Any:
    said = {**fields, "version": "0-0", "key": "9" * 32, "action": "file"}
    return clerks.client().post(page(), said)


def test_without_an_open_supplement_the_page_is_the_regional_form_alone(clerks: Clerks) -> None:
    text = clerks.client().get(page()).content.decode()
    assert "盟市补充指标" not in text and 'data-item="x1_' not in text
    assert len(re.findall(r'data-item="', text)) == 46


def test_the_leagues_rows_stand_below_and_the_ratio_covers_both(clerks: Clerks) -> None:
    opened(clerks)
    text = clerks.client().get(page()).content.decode()
    items = re.findall(r'data-item="([^"]+)"', text)
    assert items[46:] == [f"x1_{item}" for item in ROWS]
    assert "盟市补充指标" in text
    cells = 46 * 4 + len(ROWS) * len(get(BESIDE).measures)
    assert f"本表 {cells} 格" in text


def test_one_press_files_two_returns_with_two_receipts(clerks: Clerks) -> None:
    beside = opened(clerks)
    response = send(clerks, {**usual_fields(), **rows_below()})
    assert response.status_code == 303, response.content.decode()[:3000]
    regional, other = clerks.matter().state().effective, beside.state().effective
    assert regional and other and other == regional + 1
    filing = read.get(other)
    assert filing is not None and filing.form == BESIDE
    grid = codec.decode(get(BESIDE), filing.body)
    assert grid.columns[get(BESIDE).principal.code][0] == 900
    first = read.get(regional)
    assert first is not None and first.form == FORM and b"x1_" not in first.body
    told = clerks.client().get(f"/receipts/{other}/")
    assert told.status_code == 200 and filing.number in told.content.decode()


def test_a_fault_below_keeps_both_from_being_filed(clerks: Clerks) -> None:
    beside = opened(clerks)
    response = send(clerks, {**usual_fields(), **rows_below("abc")})
    text = response.content.decode()
    assert response.status_code == 422
    assert f'href="#c.x1_{ROWS[0]}.' in text and get(BESIDE).leaves[0].name["zh"] in text
    assert clerks.matter().state().effective is None and beside.state().effective is None


def test_the_draft_holds_both_and_the_check_speaks_of_both(clerks: Clerks) -> None:
    opened(clerks)
    client = clerks.client()
    fields = {"c.0301.price": "52.00", f"c.x1_{ROWS[0]}.price": "abc"}
    post_json(client, page("draft"), {"fields": fields, "version": "0-0"})
    text = client.get(page()).content.decode()
    assert 'value="52.00"' in text and 'value="abc"' in text
    found = post_json(client, page("check"), {"fields": fields}).json()["issues"]
    assert f"x1_{ROWS[0]}" in {issue["item"] for issue in found}


def test_another_leagues_firm_sees_nothing_of_it(clerks: Clerks) -> None:
    opened(clerks)
    text = clerks.client("clerk-planned").get(page()).content.decode()
    assert "盟市补充指标" not in text
    answer = post_json(
        clerks.client("clerk-planned"), page("check"),
        {"fields": {f"c.x1_{ROWS[0]}.price": "1"}},
    )  # fmt: skip
    assert answer.status_code == 400 and answer.json()["code"] == "FIELD-UNKNOWN"


def test_a_supplement_that_is_still_owed_is_named_on_the_filed_page(clerks: Clerks) -> None:
    clerks.file()
    opened(clerks)
    text = clerks.client().get(page()).content.decode()
    assert f"/returns/{BESIDE}/{PERIOD}/" in text
