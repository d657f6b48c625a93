from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ortoo.kernel.forms.definition import FormError
from ortoo.kernel.forms.limits import choose, load
from ortoo.kernel.forms.peers import statistics
from ortoo.kernel.forms.peers_frame import group_statistics

VALUES = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 9_999_999)), max_size=60)


@given(VALUES)
def test_one_sort_gives_the_same_median_and_mad_as_each_group_by_itself(pairs):
    group = np.array([g for g, _ in pairs], dtype=np.int64)
    value = np.array([v for _, v in pairs], dtype=np.int64)
    found = group_statistics(group, value, 7)
    for number in range(7):
        alone = statistics([v for g, v in pairs if g == number], level="", place="")
        assert found.count[number] == alone.count
        assert found.median2[number] == alone.median2
        assert found.mad4[number] == alone.mad4
        assert found.spread100[number] == alone.spread100


def test_a_textbook_sample_has_its_textbook_median_and_mad():
    # 1 1 2 2 4 6 9: median 2, absolute deviations 1 1 0 0 2 4 7, MAD 1.
    found = statistics([1, 1, 2, 2, 4, 6, 9], level="", place="")
    assert (found.median2, found.mad4) == (4, 4)


def test_peers_who_all_charge_the_same_leave_a_floor_of_two_per_cent():
    assert statistics([1000] * 6, level="", place="").spread100 == 2000


LIMITS = """
[regulation]
code = "x"
title = "t"
since = 2020-01-01
source = "s"
verified = false
[seasons]
winter = [12, 1]
[limits.price_change]
default = "0.15"
[limits.price_change.items]
"0101" = "0.05"
"0201" = { all = "0.10", winter = "0.20" }
"""


def test_the_most_particular_limit_holds(tmp_path):
    path = tmp_path / "limits.toml"
    path.write_text(LIMITS, encoding="utf-8")
    table = load(path)
    assert table.value("price_change", "0101", 1) == table.value("price_change", "0101", 6)
    assert [float(table.value("price_change", "0201", m)) for m in (1, 6)] == [0.2, 0.1]
    assert float(table.value("price_change", "9999", 6)) == 0.15
    assert table.value("price_low", "0101", 6) is None
    assert choose([table], "x", table.since) is table
    assert choose([table], "x", table.since.replace(year=2019)) is None


def test_an_undeclared_season_or_a_float_is_refused(tmp_path):
    path = tmp_path / "limits.toml"
    for old, new in (('winter = "0.20"', 'spring = "0.2"'), ('"0.15"', "0.15")):
        path.write_text(LIMITS.replace(old, new), encoding="utf-8")
        with pytest.raises(FormError):
            load(path)
