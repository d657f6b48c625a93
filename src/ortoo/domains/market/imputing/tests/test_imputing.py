from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from ortoo.algorithms.rollup import MISSING
from ortoo.domains.market import observations
from ortoo.domains.market.imputing import prices
from ortoo.domains.market.imputing.prices import impute
from ortoo.domains.market.tests.figures_world import FORM, FiguresWorld, figures_world
from ortoo.kernel.filings import read

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(db: None, settings, monkeypatch) -> FiguresWorld:
    return figures_world(settings, monkeypatch)


def test_only_what_was_owed_and_not_said_is_estimated_and_no_filing_is_written(
    world: FiguresWorld,
) -> None:
    before = read.tail()
    found = impute(FORM, world.period())
    now = observations.load(FORM, world.period())
    assert read.tail() == before
    for one in found.prices:
        row = now.row_of(one.party)
        assert row is not None and one.value > 0
        index = now.form.leaf_index[one.item]
        if now.counted[row]:
            # Of a return in force only a blank is filled, never a stated reason.
            assert now.nils[row, index] == prices.BLANK
        assert one.method in prices.WORDS


def test_a_forward_estimate_is_the_firms_own_price_times_its_peers_change() -> None:
    price = np.array([1100, 2200, 3300, MISSING], np.int64)
    before = np.array([1000, 2000, 3000, 500], np.int64)
    none = np.full(4, MISSING, np.int64)
    found = prices._column((price, before, none), np.zeros(4, np.int64), False)
    assert found.value[3] == 550 and found.support[3] == 3
    assert found.original[3] == MISSING
    # A firm alone, or with one peer, is not carried forward.
    alone = prices._column((price[2:], before[2:], none[2:]), np.zeros(2, np.int64), False)
    assert alone.value[1] == MISSING
    # A regulated price is.
    law = prices._column((price[2:], before[2:], none[2:]), np.zeros(2, np.int64), True)
    assert law.value[1] == 500


@pytest.mark.parametrize("price", [0, -5])
def test_prices_that_are_not_positive_move_nobodys_estimate(price: int) -> None:
    now = np.array([1100, 2200, 3300, price, MISSING], np.int64)
    before = np.array([1000, 2000, 3000, 10, 500], np.int64)
    none = np.full(5, MISSING, np.int64)
    found = prices._column((now, before, none), np.zeros(5, np.int64), False)
    assert found.value[4] == 550


def test_counts_and_means_add_up_over_the_units(world: FiguresWorld) -> None:
    found = impute(FORM, world.period())
    units = {unit for unit, _ in found.cells} - {world.root}
    for leaf in found.form.leaves:
        whole = found.cells[world.root, leaf.code]
        parts = [found.cells[unit, leaf.code] for unit in units]
        for name in ("reported", "imputed", "unknown"):
            assert getattr(whole, name) == sum(getattr(part, name) for part in parts)
        said = sum(one.item == leaf.code for one in found.prices)
        assert said == whole.imputed
        if whole.reported and not whole.imputed:
            assert whole.completed == whole.mean and whole.share == Fraction(0)


def test_an_earlier_log_index_gives_what_was_estimated_then(world: FiguresWorld) -> None:
    early = impute(FORM, world.period(), as_of=1)
    assert early.prices == () and early.log_index == 1


def test_the_page_is_for_the_chain_and_shows_firms_only_to_who_may_see_them(
    world: FiguresWorld,
) -> None:
    path = f"/imputed/{FORM}/{world.period()}/"
    assert world.client().get(path).status_code in (302, 403)
    html = world.client("region-reviewer-root").get(path).content.decode()
    assert "补全后均价" in html and "插补占比" in html and "数据版次" in html
    assert world.client("region-reviewer-root").get(f"{path}?unit=999999").status_code == 404
    assert world.client("region-reviewer-root").get(f"/imputed/{FORM}/W1/").status_code == 404
