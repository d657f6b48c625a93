from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ortoo.kernel.goods import units

MASS = st.sampled_from(["公斤", "斤", "克", "吨", "500克", "千克"])


def test_a_price_per_jin_doubles_per_kilogram():
    assert units.convert_price(Fraction("2.98"), "斤", "公斤") == Fraction("5.96")
    assert units.convert(Fraction(3), "斤", "公斤") == Fraction(3, 2)
    assert units.factor("吨", "斤") == 2000


@given(st.fractions(), MASS, MASS)
def test_converting_there_and_back_changes_nothing(amount, one, other):
    assert units.convert(units.convert(amount, one, other), other, one) == amount
    assert units.convert_price(units.convert_price(amount, one, other), other, one) == amount


def test_mass_does_not_become_volume_and_unknown_units_are_named():
    with pytest.raises(units.UnitError, match="UNIT-KIND"):
        units.factor("公斤", "升")
    with pytest.raises(units.UnitError, match="UNIT-UNKNOWN"):
        units.factor("担", "公斤")
