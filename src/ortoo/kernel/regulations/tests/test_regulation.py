"""Dated numbers answer for the day asked, and refuse what is vague."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ortoo.kernel.regulations.regulation import RegulationError, Regulations, load, parse

COAL = """
[[regulation]]
code = "coal.coking.duty"
title = "炼焦煤进口暂定税率"
unit = "%"
[[regulation.values]]
value = 3
from = 2024-01-01
source = "税则委员会公告"
verified = false
[[regulation.values]]
value = 0
from = 2022-05-01
to = 2023-12-31
source = "税则委员会公告"
verified = false

[[regulation]]
code = "vat.rate"
title = "增值税率"
unit = "%"
[[regulation.values]]
value = 12.50
source = "示例"
verified = true

[[regulation]]
code = "holidays"
title = "节日"
unit = "清单"
[[regulation.values]]
value = ["春节", "中秋"]
source = "示例"
verified = true
"""


def one(values: str) -> str:
    return f'[[regulation]]\ncode="x"\ntitle="x"\nunit="%"\n{values}'


def row(rest: str) -> str:
    return f'[[regulation.values]]\nsource="s"\nverified=true\n{rest}\n'


def test_both_ends_of_a_validity_are_days_in_force() -> None:
    book = Regulations(parse(COAL))
    assert book.integer("coal.coking.duty", date(2022, 5, 1)) == 0
    assert book.integer("coal.coking.duty", date(2023, 12, 31)) == 0
    assert book.integer("coal.coking.duty", date(2024, 1, 1)) == 3
    assert not book.dated("coal.coking.duty", date(2024, 1, 1)).verified


def test_a_fraction_is_a_decimal_and_never_a_binary_float() -> None:
    value = Regulations(parse(COAL)).value("vat.rate", date(2020, 1, 1))
    assert value == Decimal("12.50")
    assert isinstance(value, Decimal)


def test_a_list_is_read_as_a_tuple() -> None:
    assert Regulations(parse(COAL)).items_of("holidays", date(2020, 1, 1)) == ("春节", "中秋")


def test_a_folder_of_files_is_one_book(tmp_path) -> None:
    (tmp_path / "coal.toml").write_text(COAL, encoding="utf-8")
    assert set(load([tmp_path])) == {"coal.coking.duty", "vat.rate", "holidays"}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("x = [", "REG-READ"),
        (one(row("value=1") + row("value=2\nfrom=2020-01-01")), "REG-OVERLAP"),
        (one(row("value=1\nfrom=2020-02-01\nto=2020-01-01")), "REG-SPAN"),
        (one(row('value=1\nfrom="2020-02-01"')), "REG-SPAN"),
        (one(row("value=1\nsince=2020-01-01")), "REG-KEY"),
        (one(row("value={a=1}")), "REG-VALUE"),
        (one('[[regulation.values]]\nvalue=1\nsource="s"\nverified="yes"'), "REG-VALUE"),
        (one("[[regulation.values]]\nvalue=1\nverified=true"), "REG-KEY"),
        (one(row("value=1")) + one(row("value=1")), "REG-DUPLICATE"),
    ],
)
def test_a_faulty_file_is_refused_with_its_code(text: str, code: str) -> None:
    with pytest.raises(RegulationError) as raised:
        Regulations(parse(text))
    assert raised.value.codes == (code,)


def test_a_day_without_a_value_and_an_unknown_code_say_so() -> None:
    book = Regulations(parse(COAL))
    with pytest.raises(RegulationError, match="REG-NOT-IN-FORCE"):
        book.value("coal.coking.duty", date(2022, 4, 30))
    with pytest.raises(RegulationError, match="REG-UNKNOWN"):
        book.value("nothing", date(2022, 4, 30))
    with pytest.raises(RegulationError, match="REG-TYPE"):
        book.integer("holidays", date(2022, 4, 30))


@given(st.lists(st.integers(1, 400), min_size=1, max_size=8), st.integers(0, 3000))
def test_consecutive_values_answer_every_day_exactly_once(lengths: list[int], ask: int) -> None:
    first, text, days = date(2000, 1, 1), one(""), []
    for number, length in enumerate(lengths):
        last = first + timedelta(days=length - 1)
        text += row(f"value={number}\nfrom={first}\nto={last}")
        days += [number] * length
        first = last + timedelta(days=1)
    (regulation,) = parse(text)
    on = date(2000, 1, 1) + timedelta(days=ask)
    if ask < len(days):
        assert regulation.on(on).value == days[ask]
    else:
        with pytest.raises(RegulationError):
            regulation.on(on)
