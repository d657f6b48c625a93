"""What the reviewer's pages say: positions, times, the text of a reminder. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from zoneinfo import ZoneInfo

from ortoo.domains.market.editing.words import sentence
from ortoo.domains.market.review_queue import Flagged, Peers
from ortoo.domains.market.rules.figures import price_text, round_half_even
from ortoo.kernel.forms.definition import Cell, Form, Item, Nil
from ortoo.kernel.forms.periods import Period, parse

# position → (badge of the design system, words)
POSITION_WORDS = {
    "missing": ("open", "未报"),
    "returned": ("returned", "已退回"),
    "queried": ("queried", "核实中"),
    "pending": ("pending", "待审"),
    "below": ("filed", "待下级初审"),
    "passed": ("accepted", "已初审"),
    "settled": ("accepted", "已审定"),
    "waived": ("void", "免报"),
}
TILES = (
    "应报", "已报", "待审", "待下级初审", "核实中", "已退回", "未报", "已初审", "已审定", "免报",
)  # fmt: skip
SUGGESTIONS = (
    "请核对计量单位（元/公斤还是元/斤），有误请更正。",
    "请核对小数点和单位，有误请更正。",
    "与上期相比变动较大，请说明原因（促销、换规格、到货少、产地涨价等）。",
    "与同地区同业差异较大，请核对代表规格；情况属实请说明。",
    "销售额、销售量与价格不相符，请核对单位（万元、公斤）。",
)
DEADLINE_RULE = "未答复的核实到期后：计入汇总并标「存疑」；不删除、不改数。"
HISTORY_WORDS = {
    "return": "报送",
    "query": "发核实",
    "reply": "答复核实",
    "send_back": "退回",
    "accept": "审核通过",
    "archive": "归档",
    "note": "记事",
}


def local(at_ms: int, zone: str) -> dt.datetime:
    """A moment in the region's civil time."""
    return dt.datetime.fromtimestamp(at_ms / 1000, ZoneInfo(zone))


def moment(at_ms: int | None, zone: str) -> str:
    """11月23日 10:42; an em dash for no moment."""
    if at_ms is None:
        return "—"
    at = local(at_ms, zone)
    return f"{at.month}月{at.day}日 {at:%H:%M}"


def short_period(period: Period) -> str:
    """第47周, 11月, 11月20日: the period as colleagues say it."""
    if period.kind == "week":
        return f"第{period.number[1]}周"
    return f"{period.start.month}月" + (f"{period.start.day}日" if period.kind == "day" else "")


@dataclass(frozen=True, slots=True)
class Reminder:
    """What a 催报 says and to whom. Times in ms; `zone` is the region's."""

    period: Period
    due_at: int
    now: int
    zone: str


def chase_text(reminder: Reminder, names: Iterable[str]) -> str:
    """催报文本, for the firms' own chat group: whom, which period, until when."""
    listed = "、".join(names)
    due, now = (local(at, reminder.zone) for at in (reminder.due_at, reminder.now))
    what = f"完成{short_period(reminder.period)}报送"
    if reminder.now > reminder.due_at:
        at = f"{due.month}月{due.day}日{due:%H:%M}"
        return f"请以下企业尽快{what}（已于{at}截止）：{listed}。"
    day = {0: "今日", 1: "明日"}.get((due.date() - now.date()).days, f"{due.month}月{due.day}日")
    return f"请以下企业于{day}{due:%H:%M}前{what}：{listed}。"


def cell_words(form: Form, item: Item, measure: str, cell: Cell) -> str:
    """A figure as on the form, without its unit; the reason of an empty cell; an em dash."""
    if isinstance(cell, Nil):
        return cell.zh
    return "—" if cell is None else form.measure(measure).text(cell)


def median(peers: Peers | None) -> str:
    """The peers' median in yuan; with 约 and one place where it is rounded; "" without peers."""
    if peers is None:
        return ""
    if peers.exact:
        return price_text(peers.median)
    return f"约{round_half_even(peers.median / 100, 1)}"


def percent(change: Fraction | None) -> str | None:
    """A share as a number of percent with one place, for the change tag."""
    return None if change is None else round_half_even(change * 100, 1)


def found(form: Form, cell: Flagged, firm: str = "") -> str:
    """What the detectors say of a cell, for the reviewer; "" where only a rule speaks.

    `firm`: the name of the firm that a return equals, where the reader may know it.
    """
    if cell.found is None:
        return ""
    period = "" if cell.found.kind == "COPIED-FIRM" else cell.found.other
    other = short_period(parse(period)) if period else firm
    return sentence(form, cell.found, _number(cell), other=other)


def _number(cell: Flagged) -> int | None:
    return cell.value if type(cell.value) is int else None


def likelihood(cell: Flagged) -> str:
    """How sure the finding is, in words; probabilities stay off the page."""
    if cell.found is None:
        return ""
    return "很可能" if cell.strength >= 0.9 else "可能" if cell.strength >= 0.5 else "有疑点"


def suggestion(form: Form, cells: Sequence[Flagged]) -> str:
    """A question about flagged cells, as a reviewer would type it; "" without any."""
    parts = []
    for cell in cells:
        item = form.item(cell.item)
        column = form.measure(cell.measure)
        now = cell_words(form, item, cell.measure, cell.value) + column.unit_of(item)
        change = percent(cell.change)
        signed = "" if change is None else ("+" if not change.startswith("-") else "") + change
        before = cell_words(form, item, cell.measure, cell.previous)
        against = f"（上期{before}，{signed}%）" if change is not None else ""
        told = found(form, cell)
        parts.append(
            f"{item.name['zh']}{column.title['zh']}{now}{against}" + (f"，{told}" if told else "")
        )
    if not parts:
        return ""
    return f"请核实：{'；'.join(parts)}。是否属实、原因为何？有误请直接更正。"
