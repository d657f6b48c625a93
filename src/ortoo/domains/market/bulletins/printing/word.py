"""Word of a bulletin: real styles, the grid of GB/T 9704, tables, charts as pictures."""

from __future__ import annotations

import io
from typing import Any

from ortoo.domains.market.bulletins.printing.matter import Matter
from ortoo.kernel.filings.refusal import Refused

MARGINS_MM = {"top_margin": 37, "bottom_margin": 35, "left_margin": 28, "right_margin": 26}
LINES, CHARACTERS = 22, 28
TEXT_WIDTH_MM, TEXT_HEIGHT_MM = 156, 225
POINTS_PER_MM = 72 / 25.4
BODY_PT, TITLE_PT, SMALL_PT = 16, 22, 10.5
SONG, HEI, TITLE_FONT = "仿宋", "黑体", "方正小标宋简体"


def _docx() -> Any:
    try:
        import docx
    except ImportError:
        raise Refused(
            "DOCUMENT-WORD",
            "没有安装 Word 组件，不能生成文档。",
            "请管理员安装 ortoo[documents]；或下载 PDF、打印网页。",
            503,
        ) from None
    return docx


def word(matter: Matter, *, demo: bool = False) -> bytes:
    """The bulletin as .docx. Refused DOCUMENT-WORD."""
    document = _docx().Document()
    _page(document)
    _styles(document)
    document.core_properties.title = matter.title
    document.core_properties.author = matter.office
    marks = "　".join(m for m in ("演示数据，不是真实统计" if demo else "", matter.draft) if m)
    if marks:
        document.add_paragraph(marks, style="Caption")
    document.add_paragraph(matter.title, style="Title")
    document.add_paragraph(matter.week, style="Subtitle")
    if matter.why:
        document.add_paragraph(f"更正：{matter.why}")
    for title, text in matter.sections:
        document.add_heading(title, level=1)
        document.add_paragraph(text)
    for line in (matter.office, matter.day):
        document.add_paragraph(line, style="Signature")
    document.add_page_break()
    document.add_heading("附件", level=1)
    _table(document, matter)
    document.add_paragraph(matter.note, style="Caption")
    _charts(document, matter)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def _page(document: Any) -> None:
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn
    from docx.shared import Mm

    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    for name, size in MARGINS_MM.items():
        setattr(section, name, Mm(size))
    section.footer_distance = Mm(28)
    grid = section._sectPr.find(qn("w:docGrid"))
    if grid is None:
        grid = OxmlElement("w:docGrid")
        section._sectPr.append(grid)
    # Twentieths of a point a line; 4096ths of a point by which a character differs from the font.
    pitch = TEXT_HEIGHT_MM * POINTS_PER_MM / LINES * 20
    space = (TEXT_WIDTH_MM * POINTS_PER_MM / CHARACTERS - BODY_PT) * 4096
    grid.set(qn("w:type"), "linesAndChars")
    grid.set(qn("w:linePitch"), str(int(pitch)))
    grid.set(qn("w:charSpace"), str(int(space)))


def _styles(document: Any) -> None:
    from docx.enum.style import WD_STYLE_TYPE
    from docx.enum.text import WD_ALIGN_PARAGRAPH as ALIGN
    from docx.shared import Pt

    styles = document.styles
    _font(styles["Normal"], SONG, BODY_PT)
    plain = styles["Normal"].paragraph_format
    plain.first_line_indent, plain.space_after, plain.space_before = Pt(2 * BODY_PT), Pt(0), Pt(0)
    plain.alignment = ALIGN.JUSTIFY
    _font(styles["Title"], TITLE_FONT, TITLE_PT)
    _font(styles["Subtitle"], SONG, BODY_PT)
    _font(styles["Heading 1"], HEI, BODY_PT)
    _font(styles["Caption"], SONG, SMALL_PT)
    for name in ("Title", "Subtitle"):
        styles[name].paragraph_format.alignment = ALIGN.CENTER
        styles[name].paragraph_format.first_line_indent = Pt(0)
    styles["Caption"].paragraph_format.first_line_indent = Pt(0)
    signature = styles.add_style("Signature", WD_STYLE_TYPE.PARAGRAPH)
    signature.base_style = styles["Normal"]
    signature.paragraph_format.alignment = ALIGN.RIGHT
    signature.paragraph_format.right_indent = Pt(4 * BODY_PT)
    figures = styles.add_style("Figures", WD_STYLE_TYPE.PARAGRAPH)
    figures.base_style = styles["Normal"]
    figures.paragraph_format.first_line_indent = Pt(0)
    _font(figures, SONG, SMALL_PT)


def _font(style: Any, name: str, size: float) -> None:
    from docx.oxml.ns import qn
    from docx.shared import Pt, RGBColor

    style.font.name, style.font.size = name, Pt(size)
    style.font.bold = style.font.italic = False
    style.font.color.rgb = RGBColor(0, 0, 0)
    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    for slot in ("w:eastAsia", "w:hAnsi", "w:cs"):
        fonts.set(qn(slot), name)
    for theme in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
        fonts.attrib.pop(qn(f"w:{theme}"), None)


def _table(document: Any, matter: Matter) -> None:
    from docx.enum.text import WD_ALIGN_PARAGRAPH as ALIGN
    from docx.oxml import OxmlElement

    table = document.add_table(rows=1, cols=len(matter.columns), style="Table Grid")
    lines = [(True, matter.columns), *matter.rows]
    head = table.rows[0]
    head._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))
    for number, (mean, cells) in enumerate(lines):
        row = head if number == 0 else table.add_row()
        for at, (cell, text) in enumerate(zip(row.cells, cells, strict=True)):
            paragraph = cell.paragraphs[0]
            paragraph.style = document.styles["Figures"]
            paragraph.alignment = ALIGN.RIGHT if at > 1 else ALIGN.LEFT
            paragraph.add_run(text).bold = mean


def _charts(document: Any, matter: Matter) -> None:
    from docx.shared import Mm

    if not matter.charts:
        return
    import vl_convert

    from ortoo.domains.market.bulletins.printing.fonts import folders

    for folder in folders():
        vl_convert.register_font_directory(folder)
    for chart in matter.charts:
        document.add_paragraph(chart.title, style="Caption")
        picture = vl_convert.svg_to_png(chart.svg, scale=2)
        document.add_picture(io.BytesIO(picture), width=Mm(TEXT_WIDTH_MM - 6))
