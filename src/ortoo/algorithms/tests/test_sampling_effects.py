"""What a unit more or less does to every CV."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ortoo.algorithms.sampling.design import Strata, cv_of, limits_of
from ortoo.algorithms.sampling.effects import effects, worth


def small() -> tuple[Strata, object]:
    strata = Strata(np.array([100, 50, 1]), np.array([[400.0], [100.0], [0.0]]))
    return strata, limits_of(np.array([10_000.0]), np.array([0.05]), np.zeros(3, int))


def test_the_cv_is_that_of_the_textbook() -> None:
    """100²·400/20 − 100·400 + 50²·100/10 − 50·100 = 180,000; √ over 10,000 is 4.24 %."""
    strata, targets = small()
    assert cv_of(strata, targets, np.array([20, 10, 1]))[0] == pytest.approx(180_000**0.5 / 10_000)


def test_a_census_has_no_sampling_error() -> None:
    strata, targets = small()
    assert cv_of(strata, targets, strata.units).tolist() == [0.0]


def test_dropping_the_last_unit_of_a_stratum_that_varies_leaves_no_figure() -> None:
    strata, _ = small()
    targets = limits_of(np.array([10_000.0]), np.array([0.1]), np.zeros(3, int))
    found = effects(strata, targets, np.array([20, 1, 1]))
    assert np.isinf(found.dropped[1, 0])
    assert found.broken[1] == 1
    assert np.isinf(worth(found, targets)[1])


def test_dropping_a_constant_costs_nothing_and_what_cannot_be_done_is_nan() -> None:
    strata, targets = small()
    found = effects(strata, targets, np.array([0, 50, 1]))
    assert np.isnan(found.dropped[0]).all()
    assert np.isnan(found.added[1]).all()
    assert np.isnan(worth(found, targets)[0])
    steady = effects(strata, targets, np.array([20, 10, 1]))
    assert worth(steady, targets)[2] == 0


def test_a_drop_that_breaks_a_limit_is_counted() -> None:
    strata, targets = small()
    found = effects(strata, targets, np.array([15, 10, 1]))
    assert found.now[0] < 0.05 < found.dropped[0, 0]
    assert found.broken.tolist() == [1, 0, 0]


def test_a_sample_larger_than_its_stratum_is_refused() -> None:
    strata, targets = small()
    with pytest.raises(ValueError, match="outside"):
        effects(strata, targets, np.array([101, 1, 1]))
    with pytest.raises(ValueError, match="units"):
        effects(strata, targets, np.array([1, 1, 1]), units=0)


@settings(deadline=None)
@given(st.integers(1, 99), st.integers(1, 49), st.integers(1, 5))
def test_fewer_units_never_help_and_more_never_hurt(first: int, second: int, units: int) -> None:
    strata, targets = small()
    found = effects(strata, targets, np.array([first, second, 1]), units=units)
    for gone, more in zip(found.dropped[:, 0], found.added[:, 0], strict=True):
        assert np.isnan(gone) or gone >= found.now[0]
        assert np.isnan(more) or more <= found.now[0]
    possible = found.dropped[:, 0][~np.isnan(found.dropped[:, 0])]
    one = effects(strata, targets, np.array([first, second, 1])).dropped[:, 0]
    assert (possible >= one[~np.isnan(found.dropped[:, 0])] - 1e-12).all()
