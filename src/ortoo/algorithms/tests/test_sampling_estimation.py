"""Design-weighted estimates against a textbook, simple cases, exact enumeration and a bootstrap."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ortoo.algorithms.sampling.estimation import Sample, collapsed, ratio, total


def _with(mean: float, variance: float, count: int) -> np.ndarray:
    """`count` values that have exactly this mean and this variance (divisor n − 1)."""
    values = np.arange(count, dtype=np.float64)
    values = (values - values.mean()) / values.std(ddof=1)
    return mean + values * np.sqrt(variance)


def test_the_stratified_total_of_the_agricultural_census_is_as_published() -> None:
    """Lohr, Sampling: Design and Analysis, example 4.2: acres of farms 1992 by four regions."""
    rows = [
        (1054, 103, 300_504.16, 29_618_183_543),
        (220, 21, 97_629.81, 7_647_472_708),
        (1382, 135, 211_315.04, 53_587_487_856),
        (422, 41, 662_295.51, 396_185_950_266),
    ]
    y = np.concatenate([_with(mean, variance, n) for _, n, mean, variance in rows])
    stratum = np.repeat(np.arange(4), [n for _, n, _, _ in rows])
    found = total(Sample(stratum, np.array([N for N, *_ in rows])), y)
    assert found.value == pytest.approx(909_736_034, abs=10)
    assert np.sqrt(found.variance) == pytest.approx(50_417_248, abs=50)


@given(st.lists(st.integers(1, 1000), min_size=2, max_size=30), st.integers(0, 40))
def test_one_stratum_gives_the_simple_mean_and_its_textbook_variance(
    values: list[int], more: int
) -> None:
    y = np.array(values, np.float64)
    size, units = len(y), len(y) + more
    sample = Sample(np.zeros(size, np.int64), np.array([units]))
    found = ratio(sample, y, np.ones(size))
    assert found.value == pytest.approx(y.mean())
    expected = (1 - size / units) * y.var(ddof=1) / size
    assert found.variance == pytest.approx(expected, abs=1e-9)


def test_a_census_has_no_sampling_error() -> None:
    y = np.array([3.0, 9.0, 27.0])
    assert ratio(Sample(np.zeros(3, np.int64), np.array([3])), y, np.ones(3)).cv == 0


def test_the_variance_of_a_total_is_unbiased_over_every_possible_sample() -> None:
    population = np.array([4.0, 7.0, 1.0, 12.0, 6.0])
    seen = [
        total(Sample(np.zeros(3, np.int64), np.array([5])), population[list(chosen)])
        for chosen in combinations(range(5), 3)
    ]
    values = np.array([one.value for one in seen])
    assert values.mean() == pytest.approx(population.sum())
    assert np.mean([one.variance for one in seen]) == pytest.approx(values.var())


def test_weights_make_a_large_stratum_count_for_what_it_is() -> None:
    y, x = np.array([10.0, 10.0, 20.0, 20.0]), np.ones(4)
    sample = Sample(np.array([0, 0, 1, 1]), np.array([90, 10]))
    assert ratio(sample, y, x).value == pytest.approx(11.0)
    assert y.mean() == 15.0


def test_a_league_estimated_as_a_domain_equals_the_league_alone() -> None:
    generator = np.random.default_rng(3)
    y, x = generator.gamma(4, 2, 12), generator.gamma(3, 1, 12)
    stratum, population = np.repeat([0, 1, 2], 4), np.array([9, 20, 30])
    whole = ratio(Sample(stratum, population), y, x, domain=stratum < 2)
    alone = ratio(Sample(stratum[:8], population[:2]), y[:8], x[:8])
    assert whole.value == pytest.approx(alone.value)
    assert whole.variance == pytest.approx(alone.variance)


def test_the_linearised_variance_of_a_ratio_agrees_with_a_rescaled_bootstrap() -> None:
    """Rao and Wu 1988: n_h − 1 draws with replacement, weights rescaled, times the fpc."""
    generator = np.random.default_rng(11)
    sizes, population = [30, 40, 25], np.array([3000, 4000, 2500])
    stratum = np.repeat(np.arange(3), sizes)
    x = generator.gamma(5, 10, len(stratum))
    y = x * generator.normal(4, 0.4, len(stratum)) + stratum * 3
    sample = Sample(stratum, population)
    draws = []
    for _ in range(4000):
        weight = np.zeros(len(stratum))
        for h, size in enumerate(sizes):
            at = np.flatnonzero(stratum == h)
            counts = np.bincount(generator.integers(0, size, size - 1), minlength=size)
            weight[at] = population[h] / size * size / (size - 1) * counts
        draws.append((weight @ y) / (weight @ x))
    expected = np.var(draws) * (1 - 95 / 9500)
    assert ratio(sample, y, x).variance == pytest.approx(expected, rel=0.08)


def test_one_answer_for_several_firms_has_no_variance_that_could_be_told() -> None:
    found = total(Sample(np.array([0, 1, 1]), np.array([5, 2])), np.array([1.0, 2.0, 3.0]))
    assert found.value == 10
    assert np.isnan(found.variance) and np.isnan(found.cv)


def test_strata_with_one_answer_are_joined_to_a_neighbour_of_their_league() -> None:
    sample = Sample(np.array([0, 1, 1, 2, 3, 4, 4]), np.array([5, 6, 7, 8, 2]))
    joined, into = collapsed(sample, np.array([0, 0, 1, 1, 1]))
    assert joined.population.sum() == sample.population.sum()
    # 0 alone waits for 1; 2 and 3 join; 4 answered whole and stays.
    assert into[0] == into[1] and into[2] == into[3] and into[4] not in (into[2], into[0])
    assert joined.sizes.tolist() == [3, 2, 2]
    assert np.isfinite(total(joined, np.arange(7.0)).variance)


def test_a_league_with_one_answer_stays_alone_and_says_it_cannot_tell() -> None:
    joined, _ = collapsed(Sample(np.array([0]), np.array([4, 3])), np.array([0, 0]))
    assert joined.population.tolist() == [7]
    assert np.isnan(total(joined, np.array([1.0])).cv)


def test_a_stratum_nobody_answered_for_is_counted_as_missing() -> None:
    found = total(Sample(np.array([0, 0]), np.array([4, 9])), np.array([1.0, 2.0]))
    assert found.missing == 9
    assert np.isnan(found.variance)


def test_more_answers_than_firms_are_refused() -> None:
    with pytest.raises(ValueError, match="more units"):
        Sample(np.zeros(3, np.int64), np.array([2]))
    with pytest.raises(ValueError, match="no stratum"):
        Sample(np.array([2]), np.array([2]))
