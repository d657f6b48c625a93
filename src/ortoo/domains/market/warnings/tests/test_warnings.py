from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from ortoo.domains.market import history, panels
from ortoo.domains.market.history import HistoryWeek
from ortoo.domains.market.tests.figures_world import FORM, NOW_MS, FiguresWorld, figures_world
from ortoo.domains.market.warnings import record, rules, selectors, services, signals
from ortoo.kernel.filings.draft import Original
from ortoo.kernel.filings.projection import catch_up
from ortoo.kernel.forms.body import GridBody
from ortoo.kernel.forms.periods import parse, period_on, previous_on
from ortoo.kernel.grants.scope import PUBLIC

pytestmark = pytest.mark.django_db
WEEKS = 200
ITEMS = 12


@pytest.fixture
def world(db: None, settings, monkeypatch) -> FiguresWorld:
    return figures_world(settings, monkeypatch)


def remember(world: FiguresWorld, seed: int = 3) -> None:
    """Four years of the root and of three units: seasons that reach a third, and jumps."""
    form = history.form()
    rng = np.random.default_rng(seed)
    places = [world.root, *sorted(world.region.pack.unit_of(parse(world.period()).end))[:3]]
    units = sorted({world.region.pack.unit_of(parse(world.period()).end)[p] for p in places[1:]})
    periods = []
    period = previous_on(form, period_on(form, parse(world.period("before")).start))
    while period is not None and len(periods) < WEEKS:
        periods.append(period)
        period = previous_on(form, period)
    at = np.arange(len(periods))[::-1]
    phase, size = rng.uniform(0, 6.3, ITEMS), rng.uniform(0.1, 0.5, ITEMS)
    for place in [world.root, *units]:
        log = size[:, None] * np.sin(2 * np.pi * at / 52.18 + phase[:, None])
        log = log + rng.normal(0, 0.03, log.shape).cumsum(axis=1) * 0.4
        fen = np.maximum(np.round(800 * np.exp(log)), 1).astype(int)
        weeks = []
        for column, one in enumerate(periods):
            cells = [int(v) for v in fen[:, column]] + [None] * (len(form.leaves) - ITEMS)
            weeks.append(
                HistoryWeek(
                    place,
                    one.code,
                    GridBody({"price": tuple(cells), "sales": (None,) * len(form.leaves)}),
                )
            )
        history.file_history(
            scope=world.region.scope("region-reviewer-root"),
            weeks=weeks,
            original=Original(b"old", "text/csv", "old.csv"),
            reason="",
            now_ms=NOW_MS,
        )
    catch_up()


def test_a_run_is_filed_once_a_period_and_says_what_it_was_computed_from(
    world: FiguresWorld,
) -> None:
    remember(world)
    [(form, period)] = [pair for pair in services.due() if pair[0].code == FORM]
    first = services.run_due(NOW_MS)
    assert len(first) == 1 and not services.run_due(NOW_MS + 1)
    assert services._file(form, period, NOW_MS + 2).duplicate
    [run] = record.runs(FORM)
    assert run.period == period.code and run.model == services.MODEL
    assert run.log_index == panels.whole(FORM).log_index < run.seq
    assert set(run.rules) == set(rules.CODES)
    rise = run.rules["WARN-RISE"]
    assert rise.record["rows"] > 100 and rise.record["events"] > 0
    for items in rise.cells.values():
        assert all(0 <= p <= record.PPM for pair in items.values() for p in pair)


def test_without_enough_past_nothing_is_said(world: FiguresWorld) -> None:
    assert services.due() == [] and services.run_due(NOW_MS) == []
    page = world.client("region-reviewer-root").get(f"/warnings/{FORM}/")
    assert page.status_code == 200 and "还没有预警" in page.content.decode()


def test_probabilities_are_for_the_units_own_chain_only(world: FiguresWorld) -> None:
    remember(world)
    services.run_due(NOW_MS)
    catch_up()
    path = f"/warnings/{FORM}/"
    assert world.client().get(path).status_code in (302, 403)
    assert selectors.newest(PUBLIC, FORM) is None
    region = world.region.scope("region-reviewer-root")
    run = selectors.newest(region, FORM)
    assert run is not None
    every = {one.unit for one in selectors.warnings_of(region, run)}
    told = {code for code, one in run.rules.items() if one.tells}
    assert bool(every) == bool(told)
    for login, role in world.region.logins.items():
        scope = world.region.scope(login)
        open_ = selectors.open_units(scope, FORM)
        seen = {one.unit for one in selectors.warnings_of(scope, run)}
        assert seen <= open_, (login, role)
    html = world.client("region-reviewer-root").get(path).content.decode()
    assert "四周内累计上涨" in html and "未核" in html and "数据版次" in html
    wrong = world.client("region-reviewer-root").get(f"{path}?unit=999999")
    assert wrong.status_code == 404


def test_a_run_known_later_is_not_known_earlier(world: FiguresWorld) -> None:
    remember(world)
    services.run_due(NOW_MS)
    region = world.region.scope("region-reviewer-root")
    run = selectors.newest(region, FORM)
    assert run is not None and selectors.newest(region, FORM, as_of=run.seq - 1) is None
    assert selectors.newest(region, FORM, as_of=run.seq) == run


def test_the_festival_ahead_is_counted_across_its_boundary(world: FiguresWorld) -> None:
    remember(world)
    found = panels.whole(FORM)
    columns = signals.of_panel(found, 4)
    new_year = dt.date(2026, 2, 17)
    for at, period in enumerate(found.periods):
        days = [period.end + dt.timedelta(days=n) for n in range(1, 29)]
        before = sum(-20 <= (day - new_year).days < 0 for day in days) / 28
        after = sum(0 <= (day - new_year).days <= 26 for day in days) / 28
        if period.end.year == 2026 and period.end.month < 10:
            assert columns["festival_before"][0, 0, at] == pytest.approx(before)
            assert columns["festival_after"][0, 0, at] == pytest.approx(after)


def test_the_thresholds_come_from_the_dated_table_and_are_marked_unverified() -> None:
    found = rules.warned_of(dt.date(2026, 11, 13))
    assert [one.words for one in found] == ["四周内累计上涨 30% 以上", "四周内累计下跌 20% 以上"]
    assert not any(one.verified for one in found) and all(one.source for one in found)
