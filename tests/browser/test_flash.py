"""急报 in a browser: six taps ask, a firm confirms in one, corrects, totals follow."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from .visitor import Visitor

pytestmark = pytest.mark.browser

FORM = "SCJC-W1"
Enter = Callable[..., Visitor]


def test_two_firms_confirm_and_correct_and_the_asking_office_sees_it(enter: Enter) -> None:
    league, first = enter("league"), enter("clerk", viewport={"width": 390, "height": 844})
    where = the_league_asks_in_few_taps(league)
    page = first.open(f"{where}answer/")
    assert "全部确认" in page.text() or "没有已知数" in page.text()
    if page.page.get_by_role("button", name="全部确认", exact=True).count():
        page.press("全部确认")
    else:
        the_unknown_cells_are_typed(page)
    assert "/receipts/" in first.path, first.text()[:800]
    first.open(f"{where}answer/")
    cell = first.page.locator('[name^="c."]').first
    cell.fill("123.4")
    first.press("更正后报送")
    league.open(where).sees("更正 1", "123.4", "可保供天数", "一次性填报率")
    league.page.get_by_label("原因").first.fill("数已够用")
    league.press("提前结束").sees("已提前结束", "数已够用")
    assert [v.faults for v in (league, first)] == [[]] * 2


def the_league_asks_in_few_taps(league: Visitor) -> str:
    taps = 0
    for step in ("发急报", "米面油盐糖库存"):
        if step == "发急报":
            league.open("/flash/")
            taps += 1
        league.click(step)
        taps += 1
    hour = league.page.locator('[name="due"]').first
    hour.check()
    league.press("发出急报")
    assert taps + 2 <= 6
    league.sees("急报已发出", "未报", "催报")
    return league.path


def the_unknown_cells_are_typed(firm: Visitor) -> None:
    for cell in firm.page.locator('[name^="c."]').all():
        if not cell.input_value():
            cell.fill("50")
    firm.press("按填写的数报送")
