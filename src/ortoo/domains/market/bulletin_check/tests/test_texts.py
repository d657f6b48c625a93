"""What a text says against itself: slips are found, and nothing else is called one."""

from __future__ import annotations

import csv
import os
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ortoo.domains.market.bulletin_check import numerals
from ortoo.domains.market.bulletin_check.tests.texts import CASES, judged, of_verdict

CASED = pytest.mark.parametrize(
    "case", [c for c in CASES if not c.get("none")], ids=lambda case: case["name"]
)
NOT_FIGURES = [case for case in CASES if case.get("none")]


@CASED
def test_a_text_has_exactly_its_slips(case: dict[str, Any]) -> None:
    assert of_verdict(case["text"], "wrong") == [tuple(one) for one in case["wrong"]]


@CASED
def test_what_a_text_proves_is_right(case: dict[str, Any]) -> None:
    assert set(case["right"]) <= {number for number, _ in of_verdict(case["text"], "right")}


@pytest.mark.parametrize("case", NOT_FIGURES, ids=lambda case: case["name"])
def test_numbers_that_are_no_figures_are_not_found(case: dict[str, Any]) -> None:
    assert [number for number, _ in judged(case["text"])] == []


def test_every_arithmetic_is_said_with_its_result() -> None:
    text = "食用油均价17.3元/升：豆油16元/升、花生油25元/升。"
    ((number, said),) = [one for one in judged(text) if one[0] == "17.3"]
    assert said is not None and said.arithmetic == "（16＋25）÷2＝20.5"
    assert (number, said.expected) == ("17.3", "20.5")


@given(st.text(max_size=300))
def test_no_text_breaks_the_reader_and_each_number_stands_where_it_says(text: str) -> None:
    plain = numerals.folded(text)
    assert len(plain) == len(text)
    for one in numerals.numbers(plain):
        assert 0 <= one.start < one.end <= one.unit_end <= len(text)
    judged(text)


@given(
    st.lists(
        st.tuples(st.sampled_from(("大米", "豆油", "鸡蛋", "羊腿肉")),
                  st.decimals("0.01", "99.99", places=2)),
        min_size=1, max_size=4, unique_by=lambda one: one[0],
    )
)  # fmt: skip
def test_each_price_of_a_list_is_found_once_and_alone_is_no_slip(prices: list[Any]) -> None:
    text = "、".join(f"{name}{price}元/公斤" for name, price in prices) + "。"
    assert [number for number, _ in judged(text)] == [str(price) for _, price in prices]
    assert of_verdict(text, "wrong") == []


def _shared() -> Path:
    root = Path(__file__).resolve().parents[6]
    found = Path(os.environ.get("ORTOO_SHARED", root.parent / "shared"))
    path = found / "data" / "market" / "xingan_weekly.csv"
    if not path.is_file():
        pytest.skip("没有共享数据 xingan_weekly.csv；自带的用例见 cases/texts.toml")
    return path


CATEGORIES = {"grain": "粮食", "oil": "食用油", "meat": "肉类"}


def _notes() -> dict[str, str]:
    """A note of our own words from the published figures of each period."""
    lines = [line for line in _shared().read_text("utf-8").splitlines() if line[:1] != "#"]
    periods: dict[str, list[dict[str, str]]] = defaultdict(list)
    for row in csv.DictReader(lines):
        periods[row["period"]].append(row)
    return {period: _note(rows) for period, rows in periods.items()}


def _note(rows: list[dict[str, str]]) -> str:
    head = rows[0]
    out = [f"本周监测{head['basket']}种商品，{head['up']}种上涨，{head['down']}种下降，"
           f"{head['flat']}种持平。"]  # fmt: skip
    for category in dict.fromkeys(row["category"] for row in rows):
        mine = [row for row in rows if row["category"] == category]
        said = [f"{row['item']}{row['price']}{row['unit']}{_change(row['stated_change'])}"
                for row in mine]  # fmt: skip
        if category == "vegetable":
            count = "，" + mine[0]["note"].replace(" up ", "种上涨、").replace(
                " down ", "种下降、").replace(" flat", "种持平")  # fmt: skip
            said = [f"30种蔬菜平均价格{mine[0]['price']}元/公斤"
                    f"{_change(mine[0]['stated_change'])}{count}"]  # fmt: skip
        elif category in CATEGORIES:
            out_of = _mean(mine)
            said.insert(0, f"{CATEGORIES[category]}平均价格{out_of}{mine[0]['unit']}")
        if any("listed a second time at 15.5" in row["note"] for row in mine):
            said.append("豆油15.5元/升")
        out.append("；".join(said) + "。")
    return "\n".join(out)


def _change(text: str) -> str:
    if text in ("", "0"):
        return ""
    return f"，环比下降{text[1:]}" if text.startswith("-") else f"，环比上涨{text}"


def _mean(mine: list[dict[str, str]]) -> str:
    """The category's mean as the CSV's notes say it was published."""
    for row in mine:
        words = row["note"].replace("mean ", "mean\t").split("\t")
        if len(words) > 1:
            return words[1].split(" ")[0]
    raise AssertionError("a category without a stated mean")


def test_the_published_notes_have_exactly_two_slips_and_their_means_are_right() -> None:
    notes = _notes()
    january, october = notes["2026-01-10/2026-01-16"], notes["2025-10-11/2025-10-17"]
    assert of_verdict(january, "wrong") == [("3.25", "3.23%"), ("15.5", "16")]
    assert {"5.45", "17.25", "56"} <= {number for number, _ in of_verdict(january, "right")}
    assert of_verdict(october, "wrong") == []
    assert {"5.4", "17.75", "56.67"} <= {number for number, _ in of_verdict(october, "right")}
