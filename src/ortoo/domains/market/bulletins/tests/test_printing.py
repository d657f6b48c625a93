from __future__ import annotations

import io
import re
import zipfile
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from ortoo.domains.market.bulletins.composing import compose
from ortoo.domains.market.bulletins.filed import Heading, body_of, text_of
from ortoo.domains.market.bulletins.lengths import BRIEF, WECHAT, Person
from ortoo.domains.market.bulletins.printing import fonts, word
from ortoo.domains.market.bulletins.printing.matter import Matter, matter_of, ordinal
from ortoo.domains.market.bulletins.tests.reading import figures, line, words
from ortoo.kernel.filings.refusal import Refused

LINES, CHARACTERS = 22, 28
MM = 72 / 25.4


def matter() -> Matter:
    lines = [
        line("0101", "GR", "大米", {"now": 583, "before": 580, "four": 570, "year": 560}),
        line("0102", "GR", "面粉", {"now": 511, "before": 510, "four": 515, "year": 520}),
        line("0601", "VE", "大白菜", {"now": 230, "before": 200}),
        line("0602", "VE", "黄瓜", {"now": 180, "before": 200}),
    ]
    made = compose(figures(lines), words(), "动态分析", Person({}), {BRIEF: 500, WECHAT: 200})
    text = text_of(body_of(made, Heading(1, "商务局", 5), "issued", "", []))
    return matter_of(text, week="2026年第46周", day="2026年11月19日", draft="")


def pages(of: Matter) -> list[list[list[float]]]:
    """Page → line → left edges of its glyphs in points, lines from the top."""
    pytest.importorskip("typst", reason="extra documents is not installed")
    from ortoo.domains.market.bulletins.printing.pdf import compiled

    found = compiled(of, demo=False, kind="svg")
    return [_lines(one) for one in (found if isinstance(found, list) else [found])]


def _lines(svg: bytes) -> list[list[float]]:
    rows: dict[float, list[float]] = {}

    def walk(node: ElementTree.Element, x: float, y: float) -> None:
        moved = re.findall(r"(matrix|translate)\(([^)]*)\)", node.get("transform", ""))
        for kind, values in moved:
            numbers = [float(v) for v in re.split(r"[ ,]+", values.strip())]
            dx, dy = (numbers[4], numbers[5]) if kind == "matrix" else (numbers[0], numbers[1])
            x, y = x + dx, y + dy
        if node.tag.endswith("}use"):
            rows.setdefault(round(y, 1), []).append(x + float(node.get("x", "0")))
        for child in node:
            walk(child, x, y)

    walk(ElementTree.fromstring(svg), 0.0, 0.0)
    return [sorted(rows[y]) for y in sorted(rows)]


def test_a_full_page_holds_22_lines_of_28_characters() -> None:
    plain = replace(matter(), sections=(("一、", "国" * (CHARACTERS * LINES * 2)),))
    second = pages(plain)[1]
    body = [row for row in second if len(row) >= CHARACTERS]
    assert len(body) == LINES
    assert {len(row) for row in body} == {CHARACTERS}


def test_the_characters_stand_156_millimetres_wide_28_from_the_left_edge() -> None:
    plain = replace(matter(), sections=(("一、", "国" * (CHARACTERS * LINES * 2)),))
    row = next(row for row in pages(plain)[1] if len(row) == CHARACTERS)
    assert row[0] == pytest.approx(28 * MM, abs=1.5)
    assert (row[-1] - row[0]) / (CHARACTERS - 1) == pytest.approx(156 * MM / CHARACTERS, abs=0.02)


def test_words_in_a_bulletin_are_never_markup() -> None:
    pytest.importorskip("typst", reason="extra documents is not installed")
    from ortoo.domains.market.bulletins.printing.pdf import pdf

    nasty = replace(matter(), sections=(("#panic()", '*粗* #import "x": y $x^2$ <a> @b'),))
    assert pdf(nasty).startswith(b"%PDF-")


def test_without_a_chinese_font_there_is_a_code_and_a_remedy() -> None:
    with pytest.raises(Refused, match="DOCUMENT-FONT") as told:
        fonts.chosen(["DejaVu Sans", "Liberation Serif"])
    assert "Noto Serif SC" in told.value.remedy


def test_fangsong_is_taken_before_noto() -> None:
    assert fonts.chosen(["Noto Serif SC", "FangSong"]).body == "FangSong"


def test_word_has_real_styles_the_grid_a_table_and_pictures() -> None:
    docx = pytest.importorskip("docx", reason="extra documents is not installed")
    made = matter()
    data = word.word(made, demo=True)
    found = docx.Document(io.BytesIO(data))
    styles = [one.style.name for one in found.paragraphs]
    assert styles.count("Heading 1") == len(made.sections) + 1 and "Title" in styles
    assert [c.text for c in found.tables[0].rows[0].cells] == list(made.columns)
    assert len(found.tables[0].rows) == len(made.rows) + 1
    assert len(found.inline_shapes) == len(made.charts) > 0
    assert "演示数据" in found.paragraphs[0].text
    section = found.sections[0]
    assert [round(one.mm) for one in (section.top_margin, section.left_margin)] == [37, 28]
    xml = zipfile.ZipFile(io.BytesIO(data)).read("word/document.xml").decode()
    assert 'w:type="linesAndChars"' in xml and 'w:linePitch="579"' in xml


def test_headings_count_in_chinese() -> None:
    assert [ordinal(n) for n in (1, 10, 11, 20, 21)] == ["一", "十", "十一", "二十", "二十一"]
