"""Why a mean moved: price, mix, and who came and went."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ortoo.algorithms.indices.mean_change import mean_change
from ortoo.algorithms.tests.indices_panels import CLOSE, EXAMPLES, panels

NAN = np.nan


def test_each_effect_as_worked_by_hand() -> None:
    # Matched: 10 → 12 (weight 1 → 3) and 20 → 20 (3 → 1); 40 leaves, 2 enters, each of weight 4.
    found = mean_change([[10, 20, 40, NAN]], [[1, 3, 4, NAN]], [[12, 20, NAN, 2]], [[3, 1, 9, 4]])
    assert found.before == pytest.approx([(10 + 60 + 160) / 8])
    assert found.after == pytest.approx([(36 + 20 + 8) / 8])
    assert found.price == pytest.approx([0.5 * (0.25 + 0.75) * 2])
    assert found.mix == pytest.approx([11 * 0.5 - 20 * 0.5])
    assert found.entry == pytest.approx([8 - 14])
    assert found.exit == pytest.approx([17.5 - 28.75])
    assert found.price_parts == pytest.approx(np.array([[1, 0, NAN, NAN]]), nan_ok=True)
    # Against the usual mean 15.75: more of the cheap one, less of the dear one.
    mix = np.array([[-4.75 * 0.5, -4.25 * 0.5, NAN, NAN]])
    assert found.mix_parts == pytest.approx(mix, nan_ok=True)


@EXAMPLES
@given(panel=panels(periods=(2, 6)), data=st.data())
def test_the_effects_add_up_and_so_do_their_parts(panel: tuple, data: st.DataObject) -> None:
    price, weight = panel
    order = data.draw(st.permutations(range(len(price))))
    found = mean_change(price, weight, price[order], weight[order])
    total = found.price + found.mix + found.entry + found.exit
    assert total == pytest.approx(found.after - found.before, rel=CLOSE, abs=1e-7)
    assert np.nansum(found.price_parts, axis=1) == pytest.approx(found.price)
    assert np.nansum(found.mix_parts, axis=1) == pytest.approx(found.mix, abs=1e-7)
    back = mean_change(price[order], weight[order], price, weight)
    assert back.price == pytest.approx(-found.price)
    assert back.mix == pytest.approx(-found.mix, abs=1e-7)
    assert back.exit == pytest.approx(-found.entry)


@EXAMPLES
@given(panel=panels(gaps=False))
def test_the_same_sellers_with_the_same_shares_leave_only_price(panel: tuple) -> None:
    price, weight = panel
    found = mean_change(price[:-1], weight[:-1], price[1:], 3 * weight[:-1])
    assert found.price == pytest.approx(found.after - found.before, abs=1e-7)
    for effect in (found.mix, found.entry, found.exit):
        assert effect == pytest.approx(0, abs=1e-7)


def test_where_nobody_is_matched_price_and_sample_cannot_be_told_apart() -> None:
    found = mean_change([[10, NAN]], np.ones((1, 2)), [[NAN, 12]], np.ones((1, 2)))
    assert (found.before, found.after) == (10, 12)
    for effect in (found.price, found.mix, found.entry, found.exit):
        assert np.isnan(effect).all()
    assert np.isnan(found.price_parts).all()


def test_prices_and_weights_of_zero_or_below_are_not_in_the_sample() -> None:
    found = mean_change([[10, 0, 30, -5]], [[1, 1, 0, 1]], [[11, 9, 9, 9]], [[1, NAN, -1, 0]])
    assert (found.before, found.after) == (10, 11)
    assert found.price == pytest.approx(1)
    nobody = mean_change([[10.0]], [[0.0]], [[11.0]], [[1.0]])
    assert np.isnan(nobody.before).all()
    assert nobody.after == 11


def test_wrong_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match="alike"):
        mean_change([[1.0]], [1.0], [[1.0]], [[1.0]])
    with pytest.raises(ValueError, match="aligned"):
        mean_change([[1.0]], [[1.0]], [[1.0, 2.0]], [[1.0, 2.0]])
