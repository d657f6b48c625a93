from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from ortoo.domains.market.forecasts import selectors, words
from ortoo.domains.market.forecasts.tests.forecast_world import (
    FORM,
    ForecastWorld,
    forecast_world,
)
from ortoo.kernel.forms.periods import parse

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(db, settings, monkeypatch, tmp_path) -> ForecastWorld:
    return forecast_world(settings, monkeypatch, tmp_path)


def page(world: ForecastWorld, path: str, login: str = "region-reviewer-root", status: int = 200):
    response = world.figures.client(login).get(path)
    assert response.status_code == status, response.content.decode()[:2000]
    return response.content.decode()


def price(world: ForecastWorld, item: str = "0303", unit: str = "") -> str:
    scope = world.figures.region.scope("region-reviewer-root")
    seen = selectors.shown(scope, FORM, unit or world.unit, item)
    return f"{float(seen.steps[0].value):.2f}"


def test_the_chain_sees_numbers_marked_as_a_trial_until_they_are_signed(world):
    world.run()
    html = page(world, f"/forecasts/{FORM}/?unit={world.unit}")
    assert price(world) in html and "试算" in html and "80%区间" in html
    one = page(world, f"/forecasts/{FORM}/0303/?unit={world.unit}")
    assert price(world) in one and "<svg" in one and "次检验" in one and "数据版次" in one


@pytest.mark.parametrize("login", ["", "clerk-own", "league-reviewer-neighbour-parent"])
def test_outside_the_chain_an_unsigned_run_is_not_there(world, login):
    world.run()
    html = page(world, f"/forecasts/{FORM}/?unit={world.unit}", login)
    assert price(world) not in html and "预计" not in html.split("<main")[1].split("用语")[0]
    page(world, f"/forecasts/{FORM}/0303/?unit={world.unit}", login, 404)


@pytest.mark.parametrize("login", ["", "clerk-own", "league-reviewer-neighbour-parent"])
def test_outside_the_chain_a_signed_run_shows_words_and_no_number(world, login):
    world.sign()
    world.run()
    html = page(world, f"/forecasts/{FORM}/?unit={world.figures.root}", login)
    scope = world.figures.region.scope("region-reviewer-root")
    known = selectors.table(scope, FORM, world.figures.root)
    assert any(one.steps for one in known)
    for one in known:
        for step in one.steps:
            assert f"{float(step.value):.2f}" not in html
    assert "不公布预测数字" in html


def test_a_cell_that_was_hidden_when_issued_has_no_words_outside(world):
    """羊肉 of the whole region has two quotes in the hand-computed period, so it is hidden."""
    world.sign()
    world.run()
    page(world, f"/forecasts/{FORM}/0304/", "", 404)
    page(world, f"/forecasts/{FORM}/0304/", "region-reviewer-root")


def test_a_mean_of_one_firm_is_not_forecast_to_whoever_may_not_see_firms(world):
    world.panel.sums["quotes"][1, :, -1] = 1
    world.sign()
    world.run()
    reader = world.figures.region.scope("region-reader-root")
    reviewer = world.figures.region.scope("region-reviewer-root")
    assert selectors.shown(reviewer, FORM, world.unit, "0303").numeric
    seen = selectors.shown(reader, FORM, world.unit, "0303")
    assert seen is None or not seen.numeric
    assert selectors.shown(reader, FORM, world.figures.root, "0303").numeric


def test_a_series_without_skill_says_so_and_shows_no_number(world):
    rng = np.random.default_rng(5)
    row = world.panel.items.index("0601")
    walk = 10 * np.exp(np.cumsum(rng.normal(0, 0.05, (3, world.panel.price.shape[2])), axis=1))
    world.panel.price[:, row] = walk
    world.run()
    scope = world.figures.region.scope("region-reviewer-root")
    seen = [selectors.shown(scope, FORM, unit, "0601") for unit in world.panel.units]
    weak = next(one for one in seen if one.reason)
    assert weak.steps == () and "不比“不变”更准，不显示" in weak.reason
    html = page(world, f"/forecasts/{FORM}/0601/?unit={weak.unit}")
    assert weak.reason in html and "逐期预测" not in html


def test_addresses_that_are_not_there_answer_so(world):
    world.run()
    page(world, f"/forecasts/{FORM}/?unit=999999", status=404)
    page(world, f"/forecasts/{FORM}/9999/", status=404)
    page(world, "/forecasts/NOPE/", status=404)
    page(world, "/forecasts/SCJC-D1/", status=404)


def test_before_any_run_the_page_says_what_is_missing(world):
    assert "还没有报出过预测" in page(world, f"/forecasts/{FORM}/")
    world.panel = world.panel.last(9)
    assert "只有 9 期数，至少需要 26 期" in page(world, f"/forecasts/{FORM}/")


def test_the_table_comes_as_csv_too(world):
    world.run()
    response = world.figures.client("region-reviewer-root").get(
        f"/forecasts/{FORM}/?unit={world.unit}&export=csv"
    )
    assert response.status_code == 200 and price(world) in response.content.decode("utf-8-sig")


def test_the_region_signs_on_the_page_and_others_may_not(world):
    league = world.figures.client("league-reviewer-parent")
    assert league.get("/forecasts/model/").status_code == 200
    asked = {"decision": "approve", "budget": "100", "policy": "内部使用", "key": "a"}
    assert league.post("/forecasts/model/", asked).status_code == 403
    region = world.figures.client("region-reviewer-root")
    assert region.post("/forecasts/model/", {**asked, "budget": "x"}).status_code == 422
    assert region.post("/forecasts/model/", asked).status_code == 302
    assert "停用这一版" in region.get("/forecasts/model/").content.decode()
    assert world.figures.client("clerk-own").get("/forecasts/model/").status_code == 403
    assert world.figures.client("").get("/forecasts/model/").status_code in (302, 403)


@pytest.mark.parametrize(
    ("change", "half", "said"),
    [
        ("0.4/100", "1/100", "预计基本平稳"),
        ("1.2/100", "1/100", "预计小幅上涨"),
        ("-1.2/100", "1/100", "预计小幅下降"),
        ("1.2/100", "9/100", "预计有所波动"),
        ("3/100", "9/100", "预计明显上涨"),
        ("-12/100", "9/100", "预计较大幅度下降"),
    ],
)
def test_the_words_follow_the_dated_cut_offs(change, half, said):
    cuts = words.cuts_on(parse("W2026-11-14").end)
    assert not cuts.verified

    def number(text):
        top, bottom = text.split("/")
        return Fraction(top) / Fraction(bottom)

    assert words.words_of(number(change), number(half), cuts) == said
