from __future__ import annotations

import dataclasses
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest

from ortoo.domains.market import history, panels, selectors
from ortoo.domains.market.history import HistoryWeek
from ortoo.domains.market.panels import Panel, Source
from ortoo.domains.market.provenance import Provenance, of_series
from ortoo.domains.market.tests.figures_world import (
    CASE,
    FORM,
    NOW_MS,
    FiguresWorld,
    figures_world,
)
from ortoo.kernel.filings.draft import Original
from ortoo.kernel.filings.projection import catch_up
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.forms.body import GridBody
from ortoo.kernel.forms.definition import Cell, Nil
from ortoo.kernel.grants.scope import PUBLIC, Scope

pytestmark = pytest.mark.django_db
BEEF = "0303"
OLD = "W2025-11-15"


@pytest.fixture
def world(db: None, settings, monkeypatch) -> FiguresWorld:
    return figures_world(settings, monkeypatch)


def scope_of(world: FiguresWorld, login: str) -> Scope:
    return world.region.scope(login)


def remember(world: FiguresWorld, place: str, price: int) -> None:
    """One old week of a bureau: beef at `price` fen, nothing else."""
    form = history.form()
    cells: list[Cell] = [Nil.NOT_CARRIED] * len(form.leaves)
    cells[form.leaf_index[BEEF]] = price
    grid = GridBody({"price": tuple(cells), "sales": (None,) * len(form.leaves)})
    history.file_history(
        scope=scope_of(world, "region-reviewer-root"),
        weeks=[HistoryWeek(place, OLD, grid)],
        original=Original(b"old", "text/csv", "old.csv"),
        reason="",
        now_ms=NOW_MS,
    )
    catch_up()


def test_the_reviewing_chain_gets_the_very_means_of_the_figures_page(world: FiguresWorld) -> None:
    scope = scope_of(world, "region-reviewer-root")
    found = panels.panel(scope, FORM)
    table = selectors.figures(scope, FORM, world.period())
    compared = 0
    for unit, figures in table.units.items():
        if unit.endswith("*"):
            # Firms that report to the root directly: open here to the root's own office.
            continue
        for item, figure in figures.items():
            at = found.unit(unit), found.item(item), found.period(table.period)
            mean = figure.mean
            if mean is None:
                assert np.isnan(found.price[at])
                continue
            compared += 1
            assert found.price[at] == pytest.approx(float(mean) / 100, rel=1e-12)
            assert found.source[at] == Source.RETURNS
            for column in dataclasses.fields(figure.sums):
                assert found.sums[column.name][at] == getattr(figure.sums, column.name)
    assert compared > 3 and found.units[0] == table.root


def test_outside_the_chain_there_is_only_what_was_issued(world: FiguresWorld) -> None:
    found = panels.panel(PUBLIC, FORM)
    live = panels.whole(FORM)
    table = selectors.figures(PUBLIC, FORM, world.period())
    assert not (found.source == Source.RETURNS).any()
    assert (live.source == Source.RETURNS).any()
    shown = hidden = 0
    at = found.period(table.period)
    for unit, figures in table.units.items():
        for item, figure in figures.items():
            value = found.price[found.unit(unit), found.item(item), at]
            if figure.suppressed:
                hidden += live.source[live.unit(unit), live.item(item), at] == Source.RETURNS
                assert np.isnan(value)
            elif figure.mean is not None:
                shown += 1
                assert value == pytest.approx(float(figure.mean) / 100, rel=1e-9)
    assert shown and hidden


def test_history_stands_in_only_where_there_is_no_return_and_only_for_its_chain(
    world: FiguresWorld,
) -> None:
    remember(world, world.root, 4711)
    found = panels.panel(scope_of(world, "region-reviewer-root"), FORM)
    at = found.unit(world.root), found.item(BEEF), 0
    assert found.periods[0].code == OLD and found.source[at] == Source.HISTORY
    assert found.price[at] == pytest.approx(47.11)
    public = panels.panel(PUBLIC, FORM)
    assert not (public.source == Source.HISTORY).any()
    # Every week between is a column of its own, so that gaps are gaps.
    steps = {(b.start - a.start).days for a, b in pairwise(found.periods)}
    assert steps == {7}


def test_a_later_filing_is_seen_and_an_unchanged_panel_is_kept(world: FiguresWorld) -> None:
    first = panels.whole(FORM, basis="all")
    assert panels.whole(FORM, basis="all") is first
    key = next(iter(CASE["now"]))
    world.file(key, {BEEF: ["99.99", "10.0"]}, at=NOW_MS, supersedes=world.returns["now", key].seq)
    second = panels.whole(FORM, basis="all")
    assert second is not first and second.log_index > first.log_index


def test_nothing_after_a_period_is_left_by_upto(world: FiguresWorld) -> None:
    found: Panel = panels.whole(FORM)
    cut = found.upto(found.periods[-2])
    assert cut.periods == found.periods[:-1] and cut.price.shape[2] == len(cut.periods)
    assert found.last(1).periods == found.periods[-1:]
    with pytest.raises(KeyError):
        found.unit("999999")


def test_unreviewed_figures_are_refused_to_who_may_not_see_them(world: FiguresWorld) -> None:
    with pytest.raises(Refused):
        panels.panel(PUBLIC, FORM, basis="all")


def test_what_stands_under_a_result_names_its_vintage_and_its_response(
    world: FiguresWorld,
) -> None:
    found = panels.whole(FORM)
    said = dict(of_series(found, world.root, BEEF, "加权平均").lines())
    assert f"{found.log_index:,}" in said["数据版次"] and "家" in said["报送率"]
    assert "企业报表" in said["数据来源"]
    assert dict(Provenance(7, "甲", imputed=Fraction(1, 8)).lines())["插补占比"] == "12.5%"
