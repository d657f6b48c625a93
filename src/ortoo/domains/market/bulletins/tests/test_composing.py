from __future__ import annotations

import tomllib
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ortoo.domains.market.bulletins import lengths
from ortoo.domains.market.bulletins.composing import compose
from ortoo.domains.market.bulletins.figures import Reader, change_of, movers, overall
from ortoo.domains.market.bulletins.filed import Heading, body_of, text_of
from ortoo.domains.market.bulletins.lengths import BRIEF, FULL, WECHAT, Person
from ortoo.domains.market.bulletins.numbers import CHANGE, Number, characters
from ortoo.domains.market.bulletins.sections import BY_CODE, RETAIL
from ortoo.domains.market.bulletins.tests.reading import DAY, figures, line, words
from ortoo.domains.market.bulletins.text import sections_of
from ortoo.domains.market.bulletins.wording import scale_on

NOTES = tomllib.loads((Path(__file__).parent / "cases" / "xingan.toml").read_text("utf-8"))
MOST = {BRIEF: 500, WECHAT: 200}
GROUPS = [
    pytest.param(group, id=f"{note['week']}-{group['section']}")
    for note in NOTES["notes"]
    for group in note["groups"]
]


def change(percent: str) -> Number:
    return Number(
        RETAIL, "x", CHANGE, "W2026-11-07", "%", Fraction(percent) / 100, 1, unsigned=True
    )


def fen(text: str) -> int:
    return round(Fraction(text) * 100)


@pytest.mark.parametrize("group", GROUPS)
def test_a_public_notes_category_mean_and_change_come_out_as_printed(group) -> None:
    unit = "升" if group["section"] == "OL" else "公斤"
    good = BY_CODE[group["section"]].goods[0]
    lines = [
        line(f"0{n}", good, name, {"before": fen(before), "now": fen(now)}, unit)
        for n, (name, before, now) in enumerate(group["prices"])
    ]
    found = figures(lines)
    said = next(one for one in sections_of(found, words()) if one.code == group["section"])
    assert f"均零售价{group['mean']}元/{unit}，比上周{group['word']}。" in said.paragraph().text


@pytest.mark.parametrize(
    ("percent", "word"),
    [
        ("0", "持平"), ("0.04", "持平"), ("-0.04", "持平"), ("0.05", "持平"), ("0.06", "微涨"),
        ("0.5", "微涨"), ("-0.5", "微降"), ("0.56", "小幅上涨"), ("2", "小幅上涨"),
        ("-2.04", "小幅下降"), ("2.06", "明显上涨"), ("-26", "明显下降"),
    ],
)  # fmt: skip
def test_the_wording_follows_the_number_as_printed(percent: str, word: str) -> None:
    assert scale_on(DAY).word(change(percent)) == word


def test_an_item_that_comes_or_goes_moves_no_category() -> None:
    stays = line("01", "VE", "大白菜", {"now": 200, "before": 200})
    comes = line("02", "VE", "蘑菇", {"now": 1300})
    goes = line("03", "VE", "南瓜", {"before": 900})
    assert change_of([stays, comes, goes], "before") == 0


def test_a_price_of_zero_is_no_price() -> None:
    free = line("01", "VE", "大白菜", {"now": 0, "before": 200})
    found = figures([free])
    assert found.lines(BY_CODE["VE"]) == []
    assert sections_of(found, words()) == []


def test_constant_prices_are_flat_and_nothing_moved_most() -> None:
    lines = [line(f"{n}", "VE", f"菜{n}", {"now": 200, "before": 200}) for n in range(3)]
    found = figures(lines)
    assert movers(found.forms[RETAIL], lines) == []
    assert overall(found.forms[RETAIL], lines, "*").direction == 0  # type: ignore[union-attr]
    text = "".join(one.paragraph().text for one in sections_of(found, words()))
    assert "3种持平" in text and "变动较大" not in text and "0种" not in text


def test_a_missing_year_is_said_and_never_invented() -> None:
    lines = [line("01", "GR", "大米", {"now": 580, "before": 580, "four": 570})]
    text = "".join(one.paragraph().text for one in sections_of(figures(lines), words()))
    assert "比四周前上涨1.8%" in text and "同比无可比数据" in text


def test_the_three_largest_movers_come_largest_first_either_way() -> None:
    prices = {"黄瓜": 126, "菠菜": 80, "土豆": 101, "茄子": 110}
    lines = [
        line(f"{n}", "VE", name, {"now": now, "before": 100})
        for n, (name, now) in enumerate(prices.items())
    ]
    moved = movers(figures(lines).forms[RETAIL], lines)
    assert [one.name for one, _ in moved] == ["黄瓜", "菠菜", "茄子"]


def test_text_table_and_filed_body_print_the_same_numbers() -> None:
    lines = [
        line("0101", "GR", "大米", {"now": 583, "before": 580, "four": 570, "year": 560}),
        line("0102", "GR", "面粉", {"now": 511, "before": 510, "four": 515, "year": 520}),
        line("0601", "VE", "大白菜", {"now": 230, "before": 200, "four": 190, "year": 250}),
    ]
    made = compose(figures(lines), words(), "题", Person({"GR": "到货多"}, "预计以稳为主"), MOST)
    body = body_of(made, Heading(1, "商务局", 5), "issued", "预计以稳为主", [])
    text = text_of(body)
    for paragraph in text.paragraphs:
        assert "".join(piece for piece, _ in paragraph.pieces) == paragraph.text
        for piece, number in paragraph.pieces:
            if number is not None:
                assert piece == number.text
    row = next(row for row in text.rows if row.name == "粮食均价")
    assert row.cells["price"] is text.numbers[f"{RETAIL}|GR|price|simple|"]
    assert f"{row.cells['price'].text}元/公斤" in text.words(FULL)
    assert "到货多。" in text.words(FULL)


def test_of_two_units_no_plain_mean_is_ever_taken() -> None:
    lines = [
        line("0101", "GR", "大米", {"now": 600, "before": 500, "four": 500}),
        line("0201", "OL", "豆油", {"now": 1500, "before": 1500, "four": 1500}, "升"),
    ]
    made = compose(figures(lines), words(), "题", Person({}), MOST)
    whole = made.versions[FULL][0]
    assert {number.basis for _, number in whole.numbers() if number.measure != "count"} == {
        "jevons", "simple",
    }  # fmt: skip
    total = next(number for _, number in whole.numbers() if number.measure == CHANGE)
    assert total.text == "9.5"  # √1.2 − 1


@given(
    place=st.text("旗县盟市蒙古自治区", min_size=1, max_size=20),
    items=st.lists(
        st.tuples(
            st.sampled_from(["GR01", "OL01", "VE01", "ME01", "PO01", "EG01"]),
            st.text("大白菜萝卜（精瘦肉）", min_size=1, max_size=12),
            st.integers(0, 999_999),
            st.integers(0, 999_999),
        ),
        max_size=60,
    ),
    cause=st.text("天气转冷，到货少。\n", max_size=500),
    outlook=st.text("预计小幅波动；", max_size=300),
)
def test_the_short_versions_always_fit_and_never_cut_a_sentence(
    place, items, cause, outlook
) -> None:
    lines = [
        line(f"{n:04d}", good, name, {"now": now, "before": before})
        for n, (good, name, now, before) in enumerate(items)
    ]
    person = Person({"VE": cause, "*": cause}, outlook)
    made = compose(figures(lines), words(place), "题", person, MOST)
    whole = "".join(one.text for one in made.versions[FULL])
    for name, most in MOST.items():
        text = "".join(one.text for one in made.versions[name])
        assert characters(text) <= most
        assert not text or text[-1] in lengths.MARKS
        for sentence in filter(None, text.split("。")):
            assert sentence in whole


@given(st.integers(-5000, 5000), st.integers(1, 5000))
def test_a_printed_percent_is_within_half_a_tenth_of_the_exact_one(over: int, under: int) -> None:
    exact = Fraction(over, under)
    number = Number(RETAIL, "x", CHANGE, "W2026-11-07", "%", exact, 1)
    assert abs(number.printed - exact * 100) <= Fraction(1, 20)
    assert Fraction(number.text) == number.printed


def test_the_weighted_mean_stands_beside_the_simple_one() -> None:
    from ortoo.domains.market.bulletins.tests.reading import quote

    one = line("0101", "GR", "大米", {"before": 500})
    both = type(one)("0101", "GR", "大米", "公斤", {**one.quotes, "now": quote(600, 550)})
    reader = Reader(figures([both]).forms[RETAIL])
    assert reader.price("0101", [both]).text == "6.00"  # type: ignore[union-attr]
    assert reader.price("0101", [both], "weighted").text == "5.50"  # type: ignore[union-attr]


@given(
    st.lists(
        st.tuples(
            st.text("大白菜羊肉（95号）", min_size=1, max_size=20),
            st.sampled_from(["预计小幅上涨", "预计基本平稳", "预计有所波动"]),
        ),
        max_size=80,
    )
)
def test_a_proposed_outlook_never_holds_a_number_and_always_fits(said) -> None:
    from ortoo.domains.market.bulletins.outlook import sentence
    from ortoo.domains.market.bulletins.services import Written

    text = sentence(said)
    assert Written({}, text).cleaned().outlook == text and len(text) <= 300


def test_every_figure_in_the_generated_text_is_a_typed_number() -> None:
    lines = [
        line(f"06{n:02d}", "VE", f"菜{'甲乙丙丁'[n]}", {"now": 200 + n, "before": 200, "four": 150})
        for n in range(4)
    ]
    for said in sections_of(figures(lines), words()):
        plain = "".join(one for one in said.paragraph().spans if isinstance(one, str))
        assert not any(sign.isdigit() for sign in plain.replace("11月7日—13日", ""))
