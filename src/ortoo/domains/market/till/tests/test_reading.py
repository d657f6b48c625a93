from __future__ import annotations

import pytest

from ortoo.domains.market.till.columns import guess
from ortoo.domains.market.till.lines import read_lines
from ortoo.domains.market.till.match import ASKED, Article, guesses, terms_of
from ortoo.domains.market.till.numbers import exact
from ortoo.domains.market.till.packs import factor_of, factor_text, pack_of
from ortoo.kernel.forms.periods import parse
from ortoo.kernel.forms.registry import get

HEAD = ["货号", "品名", "数量", "金额", "日期"]
LAYOUT = guess([HEAD, ["1", "米", "2", "10", "2026-11-14"]])


@pytest.mark.parametrize(
    ("name", "category", "item"),
    [
        ("鲁花压榨一级花生油5L", "粮油", "0201"),
        ("精品牛肉", "生鲜", "0303"),
        ("伊利纯牛奶250ml*24", "乳品", "0901"),
        ("花生油味饼干", "休闲零食", None),
        ("牛肉面", "方便面", None),
        ("土豆片", "休闲食品", None),
    ],
)
def test_a_name_is_judged_by_what_it_ends_with(name: str, category: str, item: str | None) -> None:
    found = guesses(Article("1", name, category=category), terms_of(get("SCJC-W1")))
    likely = [one.item for one in found if one.score >= ASKED]
    assert (likely[0] if likely else None) == item


@pytest.mark.parametrize(
    ("unit", "spec", "row", "factor"),
    [
        ("袋", "10kg", "公斤", "10"),
        ("箱", "250ml*24", "升", "6"),
        ("盒", "250ml*24", "升", "0.25"),
        ("斤", "", "公斤", "0.5"),
        ("把", "", "公斤", None),
    ],
)
def test_a_pack_is_read_from_unit_and_specification(
    unit: str, spec: str, row: str, factor: str | None
) -> None:
    found = pack_of(unit, spec, "", row_unit=row)
    assert (factor_text(found.factor) if found else None) == factor


def test_every_row_that_is_no_sale_of_the_period_is_left_out_with_its_reason() -> None:
    rows = [
        HEAD,
        ["1", "米", "2", "10", "2026-11-14"],
        ["1", "米", "-1", "-5", "2026-11-15"],
        ["1", "米", "1", "5", "2026-11-10"],
        ["1", "米", "0", "-0.3", "2026-11-15"],
        ["1", "米", "1", "0", "2026-11-15"],
        ["1", "米", "=1+1", "5", "2026-11-15"],
        ["1", "米", "1e30", "5", "2026-11-15"],
        ["合计", "", "3", "9", ""],
    ]
    found = read_lines(rows, LAYOUT, parse("W2026-11-14"))
    assert [line.amount for line in found.lines] == [100_000, -50_000] and found.returns == 1
    assert dict(found.left_out) == {
        "TILL-OUTSIDE": 1, "TILL-NO-QUANTITY": 1, "TILL-GIFT": 1, "TILL-NUMBER": 2, "TILL-TOTAL": 1,
    }  # fmt: skip


@pytest.mark.parametrize("text", ["=1", "nan", "1e99", "12..3", "9" * 50])
def test_what_is_no_sensible_number_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        exact(text)
    assert factor_of("15/8") * 8 == 15
