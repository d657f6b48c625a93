"""Parts of the forecaster against the slow way and published answers."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from ortoo.algorithms.forecasting import (
    boosting,
    hidden,
    intervals,
    learner,
    naive,
    reconcile,
    scores,
    spread,
)
from ortoo.algorithms.forecasting.origins import origins
from ortoo.algorithms.forecasting.smoothing import ets, theta
from ortoo.algorithms.forecasting.structural import Family, Season, structural

SHARED = Path(os.environ.get("ORTOO_SHARED", Path(__file__).resolve().parents[5] / "shared"))
MARKET = SHARED / "data" / "market"


def test_scores_are_those_worked_by_hand() -> None:
    actual, guess = np.array([[10.0, 20.0]]), np.array([[12.0, 20.0]])
    assert np.allclose(scores.smape(actual, guess), 100 * (2 * 2 / 22) / 2)
    scale = scores.naive_scale([np.array([1.0, 3.0, 6.0])], 1)
    assert np.allclose(scale, 2.5)
    assert np.allclose(scores.mase(actual, guess, scale), 1.0 / 2.5)
    low, high = np.array([[11.0, 19.0]]), np.array([[13.0, 21.0]])
    assert np.allclose(scores.msis(actual, low, high, scale), (2 + 40 * 0.5) / 2.5)
    assert scores.coverage(actual, low, high) == 0.5
    assert scores.owa(actual, guess, guess, scale) == 1.0


def test_zero_against_zero_is_no_error_and_a_still_series_has_no_scale() -> None:
    assert scores.smape(np.zeros((1, 2)), np.zeros((1, 2)))[0] == 0
    assert np.isnan(scores.naive_scale([np.ones(5)], 1)[0])


def test_our_naive2_gives_m4s_published_weekly_score() -> None:
    path = MARKET / "m4_weekly_half.parquet"
    if not path.exists():
        pytest.skip("shared M4 sample is not beside the checkout")
    import polars as pl

    frame = pl.read_parquet(path).sort("unique_id", "t")
    test = frame.filter(pl.col("split") == "test")["y"].to_numpy().reshape(-1, 13)
    train = frame.filter(pl.col("split") == "train").group_by("unique_id", maintain_order=True)
    histories = [part["y"].to_numpy() for _, part in train]
    found = naive.naive2(histories, 1, 13)
    # All 359 weekly series give 9.161 (Makridakis et al. 2020); this is half of them.
    assert scores.smape(test, found).mean() == pytest.approx(9.161, abs=0.6)


def test_naive2_sees_a_season_and_repeats_it() -> None:
    cycle = np.array([1.0, 2.0, 3.0, 2.0])
    y = np.tile(cycle, 10)
    assert np.allclose(naive.naive2([y], 4, 4), cycle)
    assert np.allclose(naive.seasonal_naive([y], 4, 4), cycle)
    assert not naive.seasonal(np.arange(40.0) * 0 + 1, 4)


def test_theta_halves_a_straight_lines_slope_beyond_its_level() -> None:
    line = 5 + 2 * np.arange(60.0)
    found = naive.theta([line], 1, 3)[0]
    assert found == pytest.approx(line[-1] + np.array([1.0, 2.0, 3.0]), abs=1.2)


def test_smoothing_carries_a_line_on_and_holds_a_level() -> None:
    z = np.stack([0.1 * np.arange(80.0), np.full(80, 3.0)])
    for method in (ets, theta):
        found = method(z, 4)
        assert np.allclose(found[0], 0.1 * np.arange(80, 84), atol=0.02)
        assert np.allclose(found[1], 3.0)


def test_left_padding_changes_no_forecast() -> None:
    rng = np.random.default_rng(1)
    short = rng.normal(0, 1, (3, 40)).cumsum(axis=1)
    padded = np.concatenate([np.full((3, 15), np.nan), short], axis=1)
    season = Season(6.0, 2)
    for method in (ets, theta):
        assert np.allclose(method(short, 5), method(padded, 5))
    plain = structural(short, 5, season, Family())
    wide = structural(padded, 5, season, Family())
    assert np.allclose(plain.mean, wide.mean, atol=1e-3)
    assert np.allclose(plain.deviation, wide.deviation, rtol=1e-3)


def test_the_structural_forecast_is_the_gaussian_conditional_mean() -> None:
    """One set of hyper-parameters against the textbook formula, solved whole."""
    rng = np.random.default_rng(6)
    z = rng.normal(0, 1, (1, 25)).cumsum(axis=1)
    family = Family((1.0,), ((0.0, 0.0),), (1e-2,), (4.0,), ((2.0, 3.0),))
    found = structural(z, 4, Season(6.0, 2), family)
    assert found.traits[0, 4] == 1.0
    t = np.arange(-24.0, 5.0)
    walk = np.where(t[:, None] * t > 0, np.minimum(np.abs(t)[:, None], np.abs(t)[None, :]), 0.0)
    share = np.array([1.0, 0.25]) / 1.25
    lag = np.abs(t[:, None] - t[None, :])
    wave = sum(s * np.cos(2 * np.pi * k * lag / 6) for k, s in zip((1, 2), share, strict=True))
    cov = walk + 1e6 + 1e-2 * np.outer(t, t) + 4 * wave * np.exp(-lag / 18)
    past = cov[:25, :25] + np.eye(25) * (1 + 1e-6)
    x = z[0] - z[0, -1]
    expected = z[0, -1] + cov[25:, :25] @ np.linalg.solve(past, x)
    assert np.allclose(found.mean[0], expected, atol=1e-3)


def test_origins_never_ask_for_an_answer_not_yet_known() -> None:
    found = origins(np.array([30, 80, 200]), 13, 60, 1000)
    assert found.offset.min() >= 13
    assert set(found.series) == {1, 2}
    thin = origins(np.full(50, 300), 10, 12, 200)
    assert thin.series.size <= 200
    assert thin.offset.max() > 100


def test_trees_and_hidden_units_learn_a_bend_and_repeat_by_seed() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(4000, 5))
    y = np.abs(x[:, 0]) + 0.5 * (x[:, 1] > 0)
    w = np.ones(4000)
    forest = boosting.fit(x[:3000], y[:3000], w[:3000], boosting.Options(rows=0.8, columns=0.8))
    layer = hidden.fit(x[:3000], y[:3000], w[:3000], 200, 1)
    for model, share in ((forest, 0.3), (layer, 0.6)):
        rest = y[3000:] - model.predict(x[3000:])
        assert rest.var() < share * y[3000:].var()
    again = hidden.fit(x[:3000], y[:3000], w[:3000], 200, 1)
    assert np.array_equal(layer.predict(x), again.predict(x))


def lesson(rows: int, horizon: int = 4) -> learner.Lesson:
    """Origins whose second feature says by how much the structural forecast will be wrong."""
    rng = np.random.default_rng(3)
    features = rng.normal(size=(rows, horizon, 6))
    error = np.clip(features[:, :, 1], -1, 1) + 0.1 * rng.normal(size=(rows, horizon))
    return learner.Lesson(
        features, np.zeros((3, rows, horizon)), error, np.ones(rows), np.arange(rows) // 50 * 4 + 4
    )


def test_the_learner_is_heard_where_it_served_and_not_where_it_clearly_harmed() -> None:
    good = lesson(600)
    tried = learner.trial(good, 4, 1, 1)
    assert tried.shrink == learner.SHARE
    newest = good.truth[tried.rows]
    assert np.abs(newest - tried.forecast).mean() < 0.8 * np.abs(newest).mean()
    # In the newest periods the sign turns: what was learned from older ones now harms.
    turned = np.where((good.offset == 4)[:, None], -good.truth, good.truth)
    bad = learner.Lesson(good.features, good.base, turned, good.unit, good.offset)
    refused = learner.trial(bad, 4, 1, 1)
    assert refused.shrink == 0.0
    assert np.array_equal(refused.forecast, np.zeros_like(refused.forecast))


def test_a_trial_learns_nothing_from_answers_later_than_its_origin() -> None:
    good = lesson(600)
    late = np.where((good.offset < 8)[:, None], 1e6, good.truth)
    other = learner.Lesson(good.features, good.base, late, good.unit, good.offset)
    first, second = learner.trial(good, 4, 1, 1), learner.trial(other, 4, 1, 1)
    assert np.array_equal(first.forecast, second.forecast) or second.shrink == 0.0
    plain = spread.widths(good, np.ones_like(good.truth), good.features[:2], first.rows, 1)[1]
    again = spread.widths(other, np.ones_like(good.truth), good.features[:2], first.rows, 1)[1]
    assert np.allclose(plain / plain.mean(), again / again.mean())


def test_widths_follow_what_foretells_large_errors_and_keep_their_mean() -> None:
    rng = np.random.default_rng(4)
    good = lesson(900)
    restless = np.exp(good.features[:, :, 2])
    truth = restless * rng.normal(size=restless.shape)
    wide = learner.Lesson(good.features, good.base, truth, good.unit, good.offset)
    asked = rng.normal(size=(300, 4, 6))
    checked = np.arange(50)
    found, past = spread.widths(wide, np.ones_like(truth), asked, checked, 1)
    assert np.corrcoef(np.log(found).ravel(), asked[:, :, 2].ravel())[0, 1] > 0.7
    assert np.log(np.concatenate([found, past])).mean() == pytest.approx(0.0, abs=1e-9)
    few = wide.where(np.arange(900) < 60)
    for factor in spread.widths(few, np.ones((60, 4)), asked, np.arange(60), 1):
        assert np.allclose(factor, 1.0)


def test_a_band_holds_its_share_and_is_wider_for_the_restless() -> None:
    rng = np.random.default_rng(5)
    series = np.tile(np.arange(100), 4)
    size = np.where(series < 50, 0.5, 2.0)[:, None]
    record = intervals.Record(size * rng.normal(size=(400, 6)), series)
    band = intervals.calibrate(record, 100, 0.95)
    fresh = np.where(np.arange(100) < 50, 0.5, 2.0)[:, None] * rng.normal(size=(100, 400))
    reach = band.own[:, None]
    inside = (fresh > band.below * reach) & (fresh < band.above * reach)
    assert 0.9 < inside.mean() < 0.98
    assert band.own[50:].mean() > 1.3 * band.own[:50].mean()


SUMMING = np.array([[1, 1, 1], [1, 1, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]], float)


def test_reconciled_forecasts_add_up_and_leave_coherent_ones_alone() -> None:
    rng = np.random.default_rng(9)
    base = rng.normal(10, 2, (5, 4))
    residual = rng.normal(0, 1, (5, 60))
    for found in (
        reconcile.bottom_up(base, SUMMING),
        reconcile.ols(base, SUMMING),
        reconcile.mint_shrink(base, SUMMING, residual),
    ):
        assert np.allclose(found, SUMMING @ found[-3:])
    coherent = SUMMING @ base[-3:]
    assert np.allclose(reconcile.ols(coherent, SUMMING), coherent)
    assert np.allclose(reconcile.mint_shrink(coherent, SUMMING, residual), coherent)


def test_mint_trusts_the_node_with_small_errors() -> None:
    rng = np.random.default_rng(10)
    residual = rng.normal(0, 1, (5, 400)) * np.array([0.01, 3, 3, 3, 3])[:, None]
    base = np.array([[30.0], [25.0], [12.0], [12.0], [12.0]])
    found = reconcile.mint_shrink(base, SUMMING, residual)
    assert found[0, 0] == pytest.approx(30.0, abs=0.05)


def test_shrinking_leaves_variances_and_weakens_chance_correlations() -> None:
    rng = np.random.default_rng(12)
    residual = rng.normal(0, 2, (30, 20))
    found = reconcile.shrunk_covariance(residual)
    plain = np.cov(residual)
    assert np.allclose(np.diag(found), np.diag(plain))
    off = ~np.eye(30, dtype=bool)
    assert np.abs(found[off]).mean() < 0.5 * np.abs(plain[off]).mean()
    assert np.linalg.eigvalsh(found).min() > 0


def test_reconciling_published_visitor_nights_improves_on_our_own_forecasts() -> None:
    path = MARKET / "tourism_fpp3.csv"
    if not path.exists():
        pytest.skip("shared tourism file is not beside the checkout")
    import polars as pl

    from ortoo.algorithms.forecasting import QUARTERLY, Plan, forecast

    keys = ["State", "Region", "Purpose"]
    frame = pl.read_csv(path).sort(*keys, "Quarter").group_by(keys, maintain_order=True)
    leaves = frame.agg("Trips")
    names = list(leaves.select(keys).iter_rows())
    parts = [(), (2,), (0,), (0, 1), (0, 2)]
    rows = [
        [float(tuple(name[i] for i in part) == value) for name in names]
        for part in parts
        for value in sorted({tuple(name[i] for i in part) for name in names})
    ]
    summing = np.vstack([rows, np.eye(len(names))])
    nodes = summing @ np.array(leaves["Trips"].to_list())
    assert nodes.shape == (425, 80)
    found = forecast(list(nodes[:, :-8]), Plan(8, QUARTERLY, level=None)).mean

    def error(guess: np.ndarray) -> float:
        return float(np.sqrt(((guess - nodes[:, -8:]) ** 2).mean(axis=1)).mean())

    # AutoETS gives 41.13 and, reconciled by OLS, 38.75 (hierarchicalforecast 1.5.3).
    assert error(found) < 41.13
    assert error(reconcile.ols(found, summing)) < min(38.75, error(found))
