"""The page: whose figures it shows, what it says when there is nothing, its files."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from urllib.parse import urlencode

import numpy as np
import pytest

from ortoo.domains.market import panels
from ortoo.domains.market.seasonal import aligned
from ortoo.domains.market.seasonal.tests.test_adjusted import ITEM, seasonal_prices, weeks
from ortoo.domains.market.tests.figures_world import FORM, FiguresWorld, figures_world
from ortoo.domains.market.web.page_tables import tables_of
from ortoo.kernel.forms.periods import parse

pytestmark = pytest.mark.django_db
PATH = f"/seasonal/{FORM}/{ITEM}/"


@pytest.fixture
def world(db: None, settings, monkeypatch) -> FiguresWorld:
    return figures_world(settings, monkeypatch)


@pytest.fixture
def long(world: FiguresWorld, monkeypatch) -> FiguresWorld:
    """Six years of one item at the region and a unit, of which the panel of a reader is made."""
    genuine = panels.panel

    def panel(scope, form, **asked):
        found = genuine(scope, form, **asked)
        periods = weeks(312)
        shape = (*found.price.shape[:2], len(periods))
        price = np.full(shape, np.nan)
        price[:, found.item(ITEM)] = seasonal_prices(periods)
        value = np.full(shape, np.nan)
        value[:, found.item(ITEM)] = 10 * seasonal_prices(periods, 0.9)
        sums = {name: np.zeros(shape, np.int64) for name in found.sums}
        return replace(found, periods=periods, price=price, value=value, sums=sums,
                       source=np.ones(shape, np.int8))  # fmt: skip

    monkeypatch.setattr(panels, "panel", panel)
    return world


def get(world: FiguresWorld, login: str = "", status: int = 200, **query: object) -> str:
    address = f"{PATH}?{urlencode(query)}" if query else PATH
    response = world.client(login).get(address)
    assert response.status_code == status, response.content.decode()[:2000]
    return response.content.decode()


def test_the_page_shows_lines_words_quality_table_and_provenance(long) -> None:
    html = get(long, "region-reviewer-root")
    for words in ("季节调整后", "节日影响", "春节前三周平均上涨", "质量", "数据版次"):
        assert words in html
    [table] = [one for one in tables_of(html) if "季节调整" in one.title]
    assert len(table.rows) == 104
    assert [column.title for column in table.columns][:4] == [
        "报告期（元/公斤）" if "（" in table.columns[0].title else "报告期",
        "原值", "季节调整后", "趋势",
    ]  # fmt: skip


def test_the_table_goes_to_csv_and_a_span_is_kept(long) -> None:
    response = long.client("region-reviewer-root").get(f"{PATH}?span=52&export=csv")
    assert response.status_code == 200
    text = response.content.decode("utf-8-sig")
    assert "季节调整后" in text
    assert text.count("周（") >= 52
    assert "全部" in get(long, "region-reviewer-root", span=313)


def test_sales_are_adjusted_where_they_are_asked_for(long) -> None:
    html = get(long, "region-reviewer-root", m="value")
    assert "销售额" in html and "万元" in html
    # An unknown measure or span is the usual one.
    assert "元/公斤" in get(long, "region-reviewer-root", m="zzz", span="-1")


def test_a_short_history_says_so_and_gives_no_factors(world) -> None:
    html = get(world, "region-reviewer-root")
    assert "历史不足两年" in html
    assert "季节调整后" not in html


@pytest.mark.parametrize(
    "path",
    [f"/seasonal/{FORM}/9999/", f"/seasonal/NOPE/{ITEM}/", f"/seasonal/MON-CALL/{ITEM}/",
     f"{PATH}?unit=999999"],
)  # fmt: skip
def test_what_does_not_exist_is_not_found(world, path: str) -> None:
    assert world.client("region-reviewer-root").get(path).status_code == 404


def test_a_stranger_and_a_neighbour_see_issued_figures_only(world) -> None:
    """Of a unit that is not hers a reader's panel holds what was issued; the mark is in none."""
    for login in ("", "banner-reviewer-neighbour"):
        html = get(world, login, unit=world.place("parent"))
        assert all(site.mark not in html for site in world.region.sites.values())
        assert "企业报表" not in html


# --- the column 农历同期比 in the figures' tables -----------------------------------------------


def test_outside_the_windows_figures_have_no_lunar_column(world) -> None:
    html = world.client("region-reviewer-root").get(world.path()).content.decode()
    assert aligned.COLUMN not in html


def test_within_a_window_figures_stand_against_the_lunar_twin_and_say_which_days(
    world, monkeypatch
) -> None:
    before, now = parse(world.period("before")), parse(world.period("now"))
    twin = aligned.Twin(now, ((before, 7),), "春节", before.start, before.end, 7)
    monkeypatch.setattr(aligned, "is_festive", lambda period: True)
    monkeypatch.setattr(aligned, "year_before", lambda source, period: twin)
    html = world.client("region-reviewer-root").get(world.path()).content.decode()
    tables = [one for one in tables_of(html) if any(
        aligned.COLUMN in column.title for column in one.columns)]  # fmt: skip
    assert len(tables) == 2
    for table in tables:
        titles = [column.title for column in table.columns]
        at, plain = titles.index(aligned.COLUMN), titles.index("环比")
        pairs = [(row.cells[at].text, row.cells[plain].text) for row in table.rows
                 if len(row.cells) > at]  # fmt: skip
        # The twin is the period before: the two columns must say the same.
        assert any(one not in ("", "—") for one, _ in pairs)
        assert all(one == other for one, other in pairs)
    assert "对上年农历同期" in html and "按天数加权" in html


def test_the_totals_of_the_old_years_stand_in_only_for_whom_they_are_open(
    world, monkeypatch
) -> None:
    """A unit's 历史汇总 was never issued: the public gets no base, its chain does."""
    old, now = parse("W2025-11-15"), parse(world.period("now"))
    twin = aligned.Twin(now, ((old, 7),), "春节", old.start, old.end, 7)
    monkeypatch.setattr(aligned, "is_festive", lambda period: True)
    monkeypatch.setattr(aligned, "year_before", lambda source, period: twin)
    genuine = panels.whole(FORM)
    shape = (*genuine.price.shape[:2], 1)
    total = replace(genuine, periods=(old,), price=np.full(shape, 50.0),
                    source=np.full(shape, panels.Source.HISTORY, np.int8))  # fmt: skip
    monkeypatch.setattr(panels, "whole", lambda form, **_: total)
    found = {}
    for login in ("region-reviewer-root", ""):
        html = world.client(login).get(world.path()).content.decode()
        [table] = [one for one in tables_of(html) if "各品种价格" in one.title]
        at = [column.title for column in table.columns].index(aligned.COLUMN)
        [beef] = [row for row in table.rows if row.cells[0].text.startswith("牛肉")]
        found[login] = beef.cells[1].number, beef.cells[at].number
    mean, change = found["region-reviewer-root"]
    assert float(change) == pytest.approx(float(mean) / 50 * 100 - 100, abs=0.06)
    assert found[""][1] is None


def test_the_base_is_unknown_where_a_compared_week_is(world, monkeypatch) -> None:
    before, now = parse(world.period("before")), parse(world.period("now"))
    twin = aligned.Twin(now, ((before, 4),), "春节", before.start, before.end, 7)
    assert twin.mean(lambda period: Fraction(1)) is None
    monkeypatch.setattr(aligned, "is_festive", lambda period: True)
    monkeypatch.setattr(aligned, "year_before", lambda source, period: twin)
    html = world.client("region-reviewer-root").get(world.path()).content.decode()
    [table] = [one for one in tables_of(html) if "各品种价格" in one.title]
    at = [column.title for column in table.columns].index(aligned.COLUMN)
    assert {row.cells[at].kind for row in table.rows} == {"none"}
