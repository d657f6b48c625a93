from __future__ import annotations

from pathlib import Path

import pytest

import ortoo.kernel.goods
from ortoo.kernel.goods.catalogue import (
    FILES,
    Catalogue,
    CatalogueError,
    catalogue,
    food,
    load,
    together,
)

FOLDER = Path(ortoo.kernel.goods.__file__).parent
GOODS = catalogue().goods
RICE = '{ code = "A1", zh = "米", en = "Rice", pinyin = "mi", provenance = "SEEN" }'


def written(folder: Path, rows: str, *, code: str = "x", category: str = "A") -> Catalogue:
    path = folder / f"{code}.toml"
    path.write_text(
        f'[catalogue]\ncode="{code}"\ntitle={{zh="x"}}\nsince=2026-01-01\nsource="s"\n'
        f'verified=false\n[[category]]\ncode="{category}"\nzh="粮"\nen="G"\nunit="公斤"\n'
        f"goods=[{rows}]\n",
        encoding="utf-8",
    )
    return load(path)


def codes(text: str) -> list[str]:
    return [good.code for good in food().search(text)]


def test_seventy_one_watched_goods_and_a_marked_supplement():
    goods = [good for good in GOODS if good.catalogue == "food"]
    assert sum(not good.supplement for good in goods) == 71
    assert all(good.provenance in ("SEEN", "ASSUMED") for good in GOODS)
    assert not food().verified and food().source


def test_every_file_of_the_folder_is_read_dated_sourced_and_unverified():
    assert sorted(FILES) == sorted(path.name for path in FOLDER.glob("*.toml"))
    parts = catalogue().parts
    assert [f"{part.code}.toml" for part in parts] == list(FILES)
    assert all(part.since and part.source and not part.verified for part in parts)
    assert all(good.source for good in GOODS)
    assert {good.catalogue for good in GOODS} == {part.code for part in parts}


def test_fifty_materials_of_which_thirty_were_seen_and_twentyone_classes():
    materials = [good for good in GOODS if good.catalogue == "materials"]
    assert len(materials) == 50
    assert sum(good.provenance == "SEEN" for good in materials) == 30
    assert sum(good.catalogue == "retail_classes" for good in GOODS) == 21


@pytest.mark.parametrize("good", GOODS, ids=lambda good: good.code)
def test_a_good_is_found_by_its_names_in_chinese_pinyin_initials_and_english(good):
    words = good.name["pinyin"].replace("ü", "v").split()
    initials = "".join(word if word.isdigit() else word[0] for word in words)
    typed = (good.name["zh"], good.name["pinyin"], "".join(words), initials, good.name["en"])
    for text in (*typed, good.name["en"].upper(), good.code.lower(), *good.aliases):
        assert good.code in codes(text), text


@pytest.mark.parametrize(
    ("text", "code"),
    [("胡麻油", "SU08"), ("hu ma you", "SU08"), ("hmy", "SU08"), ("linseed", "SU08"),
     ("莜面", "SU09"), ("youmian", "SU09"), ("螺纹钢", "PM001"), ("steel rebar", "PM001"),
     ("rebar", "PM001"), ("lwg", "PM001"), ("焦煤", "PM032"), ("jiaomei", "PM032"),
     ("coking coal", "PM032"), ("lvdou", "SU22"), ("ludou", "SU22"), ("lüdou", "SU22"),
     ("绿豆", "SU22"), ("lvding", "PM008"), ("95号汽油", "PM023"), ("汽油(92号)", "PM024"),
     ("qiyou95hao", "PM023"), ("羊后腿", "SU18"), ("方便面", "EM02"), ("paomian", "EM02"),
     ("家电", "CL12"), ("超市", "BF02"), ("煤炭", "TM08"), ("p.v.c", "PM018")],
)  # fmt: skip
def test_a_good_of_any_file_comes_first_by_its_own_word(text, code):
    assert codes(text)[0] == code


def test_a_row_may_name_a_good_in_a_unit_of_its_kind_and_in_no_other():
    assert catalogue().require("ME01", "吨").code == "ME01"
    for code, unit in (("ME01", "升"), ("PM048", "件"), ("DA02", "瓶"), ("CL01", "吨"),
                       ("ME01", "担")):  # fmt: skip
        with pytest.raises(CatalogueError, match="GOODS-UNIT"):
            catalogue().require(code, unit)
    with pytest.raises(CatalogueError, match="GOODS-UNKNOWN"):
        catalogue().require("SU99", "公斤")


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
    with pytest.raises(CatalogueError, match=r"GOODS-DUPLICATE.*A1"):
        written(tmp_path, f"{RICE}, {RICE}")


def test_a_code_stands_in_one_file_only(tmp_path):
    one, other = written(tmp_path, RICE), written(tmp_path, RICE, code="y", category="B")
    assert other.get("A1").catalogue == "y"
    with pytest.raises(CatalogueError, match=r"GOODS-DUPLICATE.*商品编码 A1"):
        together([one, other])


@pytest.mark.parametrize(
    ("broken", "said"),
    [(RICE.replace('"mi"', '"da mi"'), "GOODS-PINYIN.*1 个字"),
     (RICE.replace('"mi"', '""'), "GOODS-PINYIN"),
     (RICE.replace('"mi"', '"mï"'), "GOODS-PINYIN.*不能读作"),
     (RICE.replace('"mi"', '"rice"'), "GOODS-PINYIN.*不能读作"),
     (RICE.replace("provenance", 'aliases = ["白米"], provenance'), "GOODS-PINYIN.*“白”没有拼音"),
     (RICE.replace("provenance", 'unit = "担", provenance'), "GOODS-UNIT"),
     (RICE.replace('"SEEN"', '"HEARD"'), "GOODS-FIELD"),
     (RICE.replace('en = "Rice", ', ""), "GOODS-FIELD")],
)  # fmt: skip
def test_a_character_without_a_syllable_and_an_unknown_unit_are_refused(tmp_path, broken, said):
    assert written(tmp_path, RICE).search("mi")
    with pytest.raises(CatalogueError, match=said):
        written(tmp_path, broken)


def test_an_alias_is_read_as_its_own_good_is_read(tmp_path):
    rows = ('{ code = "A1", zh = "长面", en = "Noodles", pinyin = "chang mian", '
            'provenance = "SEEN" }, '
            '{ code = "A2", zh = "长豆", en = "Beans", pinyin = "zhang dou", aliases = ["长面"], '
            'provenance = "SEEN" }')  # fmt: skip
    found = written(tmp_path, rows)
    assert [good.code for good in found.search("zhangmian")] == ["A2"]
    assert [good.code for good in found.search("changmian")] == ["A1"]
