"""What a printed bulletin holds, the same for PDF and Word. Pure but for the drawing of charts."""

from __future__ import annotations

from dataclasses import dataclass

from ortoo.domains.market.bulletins.charts import Drawn, drawn
from ortoo.domains.market.bulletins.composing import COLUMNS
from ortoo.domains.market.bulletins.filed import Printed, Text
from ortoo.domains.market.bulletins.numbers import CHANGE, FOUR, LUNAR, YEAR

COLUMN_ZH = {
    "price": "简单均价", "weighted": "加权均价", CHANGE: "环比%", FOUR: "较四期前%", YEAR: "同比%",
    LUNAR: "农历同期%",
}  # fmt: skip
NONE = "—"
DIGITS = "一二三四五六七八九十"


@dataclass(frozen=True, slots=True)
class Matter:
    """A bulletin ready to be set: `draft` is the mark of one that is not published."""

    title: str
    office: str
    week: str
    day: str
    draft: str
    why: str
    sections: tuple[tuple[str, str], ...]
    columns: tuple[str, ...]
    rows: tuple[tuple[bool, tuple[str, ...]], ...]
    note: str
    charts: tuple[Drawn, ...]


NOTE = (
    "类均价为各品种价格的简单平均；加权均价按销售量加权后再对品种平均；环比只比两期都有价的品种。"
    "带＊的比较以本机关历史汇总为基数。"
)


def matter_of(text: Text, *, week: str, day: str, draft: str) -> Matter:
    """A filed bulletin for paper; `day` its date in words."""
    used = [c for c in COLUMNS if c != LUNAR or any(row.cells[c] for row in text.rows)]
    sections = [(one.title, one.text) for one in text.version("full")]
    return Matter(
        title=text.title,
        office=text.office,
        week=f"（{week}）",
        day=day,
        draft=draft,
        why=text.why if text.corrects else "",
        sections=tuple(
            (f"{ordinal(at)}、{title}", said) for at, (title, said) in enumerate(sections, 1)
        ),
        columns=("品种", "单位", *(COLUMN_ZH[column] for column in used)),
        rows=tuple(
            (
                row.mean,
                (row.name, f"元/{row.unit}", *(_cell(c, row.cells[c]) for c in used)),
            )
            for row in text.rows
        ),
        note=NOTE,
        charts=tuple(drawn(text)),
    )


def ordinal(number: int) -> str:
    """«十二» for headings, up to 99."""
    tens, ones = divmod(number, 10)
    head = "" if not tens else ("十" if tens == 1 else DIGITS[tens - 1] + "十")
    return head + (DIGITS[ones - 1] if ones else "")


def _cell(column: str, number: Printed | None) -> str:
    if number is None:
        return NONE
    if column in ("price", "weighted"):
        return number.text
    sign = "-" if number.value < 0 else "+" if number.value else ""
    return f"{sign}{number.text}" + ("＊" if number.source == "history" else "")
