"""Pages of 专项监测: order, a day's figures with 农历同期, 零报告, roster, early end."""

from __future__ import annotations

import datetime as dt
import io
from fractions import Fraction
from typing import Any

import pytest
from django.test import Client

from ortoo.domains.market import services
from ortoo.domains.market.campaigns import opening
from ortoo.domains.market.campaigns.figures import day_figures, lunar_base
from ortoo.domains.market.campaigns.plan import moment_ms
from ortoo.domains.market.campaigns.services import campaign
from ortoo.domains.market.opening import Order, open_period
from ortoo.domains.market.services import Matter, ReturnToFile
from ortoo.domains.market.tests.clerk_region import usual_grid
from ortoo.domains.market.tests.ordering_region import FORM, Clerks, acting, clerks, ordering
from ortoo.kernel.filings import read
from ortoo.kernel.forms.body import GridBody
from ortoo.kernel.forms.registry import get

__all__ = ["clerks", "ordering"]
DAILY = "SCJC-D1"
OFFICE = "league-reviewer-parent"
TODAY = dt.date(2026, 11, 21)


def at(day: dt.date, hour: int) -> int:
    return moment_ms(day, hour * 60, "Asia/Shanghai")


def fields(world: Clerks, **changed: Any) -> dict[str, Any]:
    said = {
        "form": DAILY, "key": "a" * 32, "title": "寒潮应急监测", "basis": "演示预案",
        "first": "2026-11-21", "last": "2026-11-23", "due": "12:00", "review": "15:00",
        "yesterday": "1", "lunar": "1", "situation": "1", "situation_at": "16:00",
        "narrative": "1", "narrative_at": "17:00", "weekly": "both",
        "item": ["0301", "0501"], "measure": ["price", "sales_qty", "stock"],
        "party": [world.region.sites[key].firm for key in ("own", "sibling")],
    }  # fmt: skip
    return {**said, **changed}


@pytest.fixture
def running(ordering: Clerks) -> tuple[Clerks, str]:
    """A campaign ordered the day before, its first day open at nine."""
    answer = acting(OFFICE).post("/campaigns/new/", fields(ordering))
    assert answer.status_code == 302, answer.content.decode()[:2000]
    ordering.clock.ms = at(TODAY, 9)
    opening.open_due(ordering.clock.ms)
    return ordering, answer["Location"]


def daily_grid(price: int, quantity: int = 3_000) -> GridBody:
    form = get(DAILY)
    columns: dict[str, list[Any]] = {m.code: [None] * len(form.leaves) for m in form.measures}
    for code in ("0301", "0501"):
        row = form.leaf_index[code]
        columns["price"][row], columns["sales_qty"][row] = price, quantity
        columns["stock"][row] = 9_000
    return GridBody({code: tuple(column) for code, column in columns.items()},
                    marks={f"{r.id}:{i}": "节日" for r in form.rules if r.severity == "soft"
                           for i in ("0301", "0501") if r.over == "leaf"})  # fmt: skip


def file_day(world: Clerks, key: str, day: dt.date, price: int, quantity: int = 3_000) -> None:
    matter = Matter(DAILY, f"D{day}", world.region.sites[key].firm)
    new = ReturnToFile(matter, daily_grid(price, quantity), f"d:{key}:{day}:{price}")
    services.file_return(scope=world.region.scope(f"clerk-{key}"), new=new, now_ms=world.clock.ms)


def test_the_page_shows_progress_the_zero_report_and_the_days_figures(
    running: tuple[Clerks, str],
) -> None:
    world, where = running
    file_day(world, "own", TODAY, 5_200)
    page = acting(OFFICE).get(where).content.decode()
    assert "2 / 1 / 1" in page and "52.00" in page
    assert "11月21日 十月十三" in page and "农历同期" in page
    assert world.region.sites["sibling"].mark in page
    banner = acting("banner-reviewer-own").get(where).content.decode()
    assert "今日无异常（零报告）" in banner
    assert world.region.sites["sibling"].mark not in banner
    done = acting("banner-reviewer-own").post(
        f"{where}{TODAY}/situation/", {"key": "b" * 32, "kind": "zero"}
    )
    assert done.status_code == 302
    assert "零报告 1 家" in acting(OFFICE).get(where).content.decode()


def test_an_abnormal_report_stands_first_on_the_higher_offices_page(
    running: tuple[Clerks, str],
) -> None:
    _, where = running
    said = {"key": "c" * 32, "kind": "abnormal", "sort": ["rush"], "what": "食盐", "text": "排队"}
    acting("banner-reviewer-own").post(f"{where}{TODAY}/situation/", said)
    page = acting(OFFICE).get(where).content.decode()
    assert page.index("抢购·食盐") < page.index("报送进度")
    missing = acting("banner-reviewer-own").post(
        f"{where}{TODAY}/situation/", {"kind": "abnormal", "text": "排队"}
    )
    assert missing.status_code == 422 and "至少选一种异常" in missing.content.decode()


def test_the_lunar_column_takes_the_week_that_held_the_twin_day_and_says_so(
    running: tuple[Clerks, str],
) -> None:
    world, where = running
    # 十月十三 of 2025 was 2 December; the week of 29 November holds it.
    twin = dt.date(2025, 12, 2)
    now, world.clock.ms = world.clock.ms, at(dt.date(2025, 12, 5), 10)
    firm = world.region.sites["own"].firm
    order = Order(1, (firm,), None, world.clock.ms + 1, None, "w")
    open_period(form=FORM, period="W2025-11-29", now_ms=world.clock.ms, order=order)
    world.file(period="W2025-11-29", grid=usual_grid(-200))
    world.clock.ms = now
    file_day(world, "own", TODAY, 5_250)
    scope = world.region.scope(OFFICE)
    found = day_figures(scope, campaign(where.split("/")[2]).plan, TODAY)
    assert found.lunar.day == twin and found.lunar.stands_in
    assert found.lunar.note == "以2025年第49周均价代"
    pork = next(line for line in found.lines if line.item.code == "0301")
    assert pork.lunar.mean == 5_000 and pork.lunar.matched == 1
    assert pork.lunar.change == Fraction(1, 20)
    page = acting(OFFICE).get(where).content.decode()
    assert "以2025年第49周均价代" in page and "+5.0" in page
    # A day that reported a year before by the lunar day stands there itself.
    order = Order(1, (firm,), None, at(twin, 12), None, "t")
    open_period(form=DAILY, period=f"D{twin}", now_ms=world.clock.ms, order=order)
    assert lunar_base(get(DAILY), TODAY).stands_in


def test_the_change_against_the_day_before_is_over_firms_that_quoted_on_both(
    running: tuple[Clerks, str],
) -> None:
    world, where = running
    file_day(world, "own", TODAY, 5_000)
    world.clock.ms = at(TODAY + dt.timedelta(days=1), 9)
    opening.open_due(world.clock.ms)
    file_day(world, "own", TODAY + dt.timedelta(days=1), 5_500)
    file_day(world, "sibling", TODAY + dt.timedelta(days=1), 9_000)
    scope = world.region.scope(OFFICE)
    found = day_figures(scope, campaign(where.split("/")[2]).plan, TODAY + dt.timedelta(days=1))
    egg = next(line for line in found.lines if line.item.code == "0501")
    assert egg.before.change == Fraction(1, 10) and egg.before.matched == 1
    assert egg.mean == 7_250 and egg.quotes == 2
    assert egg.week.change is None


def test_the_roster_is_sealed_and_shown_to_offices_only(running: tuple[Clerks, str]) -> None:
    world, where = running
    said = {"key": "e" * 32, "post.1": "leader", "name.1": "巴图演示", "phone.1": "0479-5550101"}
    banner = acting("banner-reviewer-own")
    assert banner.post(f"{where}roster/", said).status_code == 302
    page = banner.get(where).content.decode()
    assert "巴图演示" in page and "0479-5550101" in page and "带班领导" in page
    assert "巴图演示" in acting(OFFICE).get(where).content.decode()
    body = read.rows("form=%s", ["MON-ROSTER"])[0].body.decode()
    assert "巴图演示" not in body and "5550101" not in body
    assert acting("clerk-own").get(where).status_code in (403, 404)
    assert world.region.sites["own"].place in body


def test_an_early_end_says_that_the_weekly_return_resumes(running: tuple[Clerks, str]) -> None:
    world, where = running
    office = acting(OFFICE)
    done = office.post(f"{where}end/", {"key": "f" * 32, "reason": "天气转好"})
    assert done.status_code == 302
    assert "分析文字" in acting("banner-reviewer-own").get(where).content.decode()
    world.clock.ms = at(TODAY + dt.timedelta(days=1), 9)
    page = office.get(where).content.decode()
    assert "恢复周报" in page and "已结束" in page and "天气转好" in page
    assert "归档" in office.get("/campaigns/").content.decode()
    for seq in campaign(where.split("/")[2]).versions:
        assert office.get(f"/filings/{seq}/").status_code == 200
        assert acting("banner-reviewer-neighbour").get(f"/filings/{seq}/").status_code in (403, 404)


def test_a_change_keeps_the_form_and_states_its_reason(running: tuple[Clerks, str]) -> None:
    world, where = running
    office = acting(OFFICE)
    page = office.get(f"{where}change/").content.decode()
    assert 'value="2026-11-23"' in page and "readonly" in page
    said = fields(world, last="2026-11-25", reason="持续降温", key="9" * 32)
    assert office.post(f"{where}change/", said).status_code == 302
    assert campaign(where.split("/")[2]).plan.last == dt.date(2026, 11, 25)
    assert acting("region-reviewer-root").get(f"{where}change/").status_code == 403


@pytest.mark.parametrize("login", ["banner-reviewer-neighbour", "league-reviewer-neighbour-parent"])
def test_the_neighbour_meets_404_on_every_address_of_a_campaign(
    running: tuple[Clerks, str], login: str
) -> None:
    _, where = running
    client = acting(login)
    for address in (where, f"{where}change/", f"{where}{TODAY}/export.csv"):
        assert client.get(address).status_code in (403, 404), address
    for address in (f"{where}end/", f"{where}roster/", f"{where}{TODAY}/situation/"):
        assert client.post(address, {"reason": "x"}).status_code in (403, 404), address
    assert "寒潮应急监测" not in client.get("/campaigns/").content.decode()


def test_a_stranger_is_sent_to_log_in(running: tuple[Clerks, str]) -> None:
    _, where = running
    stranger = Client(raise_request_exception=False)
    for address in ("/campaigns/", "/campaigns/new/", where):
        assert stranger.get(address).status_code in (302, 401)
    assert stranger.post(f"{where}end/", {"reason": "x"}).status_code in (302, 401, 403)


def test_a_field_left_out_or_a_date_that_is_none_is_named(ordering: Clerks) -> None:
    office = acting(OFFICE)
    for changed, word in (
        ({"title": ""}, "名称"),
        ({"last": "十一月"}, "结束日期"),
        ({"due": "25:00"}, "报送时限"),
        ({"form": "SCJC-W1"}, "不是日报表式"),
    ):
        answer = office.post("/campaigns/new/", fields(ordering, **changed))
        assert answer.status_code in (404, 422) and word in answer.content.decode()


def test_the_export_holds_the_day_and_the_progress(running: tuple[Clerks, str]) -> None:
    world, where = running
    file_day(world, "own", TODAY, 5_200)
    office = acting(OFFICE)
    text = office.get(f"{where}{TODAY}/export.csv").content.decode("utf-8-sig")
    assert "52.00" in text and "农历同期" in text and "应报,已报,及时" in text
    from python_calamine import CalamineWorkbook

    book = office.get(f"{where}{TODAY}/export.xlsx").content
    rows = CalamineWorkbook.from_filelike(io.BytesIO(book)).get_sheet_by_index(0).to_python()
    assert any("猪肉（精瘦肉）" in row and 52.0 in row for row in rows)
