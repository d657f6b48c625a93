"""Words and figures of 急报 pages: values, ages, days of cover, the reminder text."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction

from ortoo.domains.market.flash.plan import Flash
from ortoo.domains.market.known import Key, Known
from ortoo.domains.market.web import review_words as words
from ortoo.domains.market.web.campaign_frame import zone
from ortoo.kernel.forms.definition import Cell, Form, Nil

SAID_ZH = {"confirmed": "已确认", "corrected": "已更正", "new": "新报", "": ""}


def value_text(form: Form, key: Key, cell: Cell) -> str:
    """A cell as people write it, without its unit; a nil by its word."""
    if cell is None:
        return ""
    if isinstance(cell, Nil):
        return cell.zh
    measure = form.measure(key[1])
    if measure.choices:
        return measure.choices[cell] if 0 <= cell < len(measure.choices) else str(cell)
    return measure.text(cell)


def source_text(known: Known, now: int) -> str:
    """«SCJC-W1 2026年第47周，4天前，第123号»."""
    days = known.age_days(now)
    age = "今天" if days == 0 else f"{days} 天前"
    return f"{known.form} {words.short_period(known.period)}，{age}，第 {known.seq} 号"


def days_text(value: Fraction | None) -> str:
    """Days of cover with one place."""
    if value is None:
        return "—"
    return str(Decimal(round(value * 10)) / 10)


def due_text(found: Flash) -> str:
    return words.moment(found.request.due_at, zone())


def cells_text(found: Flash, form: Form) -> str:
    """«10 个品种的期末库存»."""
    measures = "、".join(form.measure(code).title["zh"] for code in found.request.measures)
    items = [form.item(code).name["zh"] for code in found.request.items if code in form.by_code]
    named = "、".join(items) if len(items) <= 4 else f"{'、'.join(items[:3])}等 {len(items)} 个品种"
    return f"{named}的{measures}"


def reminder(found: Flash, form: Form, names: Iterable[str]) -> str:
    """The text for the firms' group: who, what, by when, where to tap."""
    missing = list(names)
    who = "、".join(missing)
    return (
        f"【急报】请以下 {len(missing)} 家企业于 {due_text(found)} 前报送「{found.title}」"
        f"（{cells_text(found, form)}）：{who}。"
        "登录后首页「急报」，已知数已填好，核对无误点「全部确认」。"
    )
