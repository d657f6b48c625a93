from __future__ import annotations

import pytest

from ortoo.kernel.goods.catalogue import CatalogueError, food, load


def codes(text: str) -> list[str]:
    return [good.code for good in food().search(text)]


def test_seventy_one_watched_goods_and_a_marked_supplement():
    goods = food().goods
    assert sum(not good.supplement for good in goods) == 71
    assert all(good.provenance in ("SEEN", "ASSUMED") for good in goods)
    assert not food().verified and food().source


@pytest.mark.parametrize("text", ["牛肉", "niurou", "niu rou", "beef", "Beef", "ＢＥＥＦ"])
def test_beef_is_found_however_it_is_typed(text):
    assert {"ME06", "ME07", "SU01"} <= set(codes(text))


@pytest.mark.parametrize(
    ("text", "code"),
    [("土豆", "VE17"), ("马铃薯", "VE17"), ("malingshu", "VE17"), ("dbc", "VE01"),
     ("jd", "EG01"), ("胡麻油", "SU08"), ("GR01", "GR01"), ("番茄", "VE09")],
)  # fmt: skip
def test_a_good_is_found_by_alias_pinyin_initials_and_code(text, code):
    assert codes(text)[0] == code


def test_the_whole_name_ranks_before_a_part_of_a_name():
    assert codes("鸡蛋")[0] == "EG01"
    assert codes("面粉")[:1] == ["GR02"] or codes("面粉")[0] == "GR04"
    assert codes("黄瓜")[0] == "VE08"


def test_nothing_finds_nothing():
    assert codes("") == codes("  ") == codes("螺丝刀") == []


def test_an_unknown_code_and_a_duplicate_are_refused(tmp_path):
    with pytest.raises(CatalogueError, match="GOODS-UNKNOWN"):
        food().get("XX99")
    row = '{ code = "A1", zh = "米", en = "Rice", pinyin = "mi", provenance = "SEEN" }'
    text = (
        '[catalogue]\ncode="x"\ntitle={zh="x"}\nsince=2026-01-01\nsource="s"\nverified=false\n'
        f'[[category]]\ncode="A"\nzh="粮"\nen="G"\nunit="公斤"\ngoods=[{row}, {row}]\n'
    )
    path = tmp_path / "goods.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(CatalogueError, match="GOODS-DUPLICATE"):
        load(path)
