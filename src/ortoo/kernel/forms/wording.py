"""Turns a broken rule into words: values with their units, what was expected, who the peers are."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

from ortoo.kernel.forms.definition import Cell, Form, Item, Nil
from ortoo.kernel.forms.nodes import (
    Absolute,
    Arithmetic,
    Both,
    CellRef,
    Compare,
    Const,
    Either,
    Extreme,
    Has,
    IsNil,
    LimitRef,
    Negation,
    Node,
    Number,
    PeerScore,
    Total,
    Truth,
)

_PLACEHOLDER = re.compile(r"\{([^{}\s]+)\}")
_SYMBOLS = {"<=": "≤", ">=": "≥", "!=": "≠", "==": "＝", "*": "×", "/": "÷", "-": "−"}
_AT_ZH = {"now": "", "previous": "上期", "year": "上年同期"}


def cell_text(form: Form, item: Item, measure: str, cell: Cell) -> str:
    """A cell as a person would say it: 5.98元/公斤, 断货, 空."""
    if cell is None:
        return "空"
    if isinstance(cell, Nil):
        return cell.zh
    column = form.measure(measure)
    return column.text(cell) + column.unit_of(item)


def figure_text(value: Fraction | None, style: str) -> str:
    """A computed figure: at most two decimals, half up, or a signed-as-is percentage."""
    if value is None:
        return "—"
    scaled = value * 100 if style == "percent" else value
    quotient = Decimal(scaled.numerator) / Decimal(scaled.denominator)
    places = Decimal("0.1") if style == "percent" else Decimal("0.01")
    text = f"{quotient.quantize(places, ROUND_HALF_UP):f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return text + ("%" if style == "percent" else "")


def fill(template: str, value_of: Callable[[str], str | None]) -> str:
    """Replaces {name}; a name nobody knows stays as it is written, for lint to find."""
    return _PLACEHOLDER.sub(lambda found: value_of(found[1]) or found[0], template)


def placeholders(template: str) -> tuple[str, ...]:
    return tuple(_PLACEHOLDER.findall(template))


def describe(form: Form, node: Node, limits: Mapping[str, Fraction | None]) -> str:
    """A condition in the words of the form: 本期销售额 × 10000 ÷ 本期销售量 ≥ …"""
    if isinstance(node, Number):
        return _number_words(form, node, limits)
    return _truth_words(form, node, limits)


def _cell_words(form: Form, cell: CellRef) -> str:
    title = form.measure(cell.measure).title["zh"]
    return (
        title.replace("本期", _AT_ZH[cell.at] or "本期")
        if "本期" in title
        else (_AT_ZH[cell.at] + title)
    )


def _number_words(form: Form, node: Number, limits: Mapping[str, Fraction | None]) -> str:
    def say(inner: Number) -> str:
        words = _number_words(form, inner, limits)
        return f"（{words}）" if isinstance(inner, Arithmetic) else words

    match node:
        case Const(value):
            return figure_text(value, "number")
        case CellRef():
            return _cell_words(form, node)
        case LimitRef(name):
            return figure_text(limits.get(name), "number")
        case Total(cell):
            return f"本组{_cell_words(form, cell)}合计"
        case PeerScore(cell, level):
            return f"{_cell_words(form, cell)}与{level}同业中位数的稳健偏离"
        case Absolute(value):
            return f"｜{say(value)}｜"
        case Extreme(which, left, right):
            return f"{'较小' if which == 'min' else '较大'}者（{say(left)}，{say(right)}）"
        case Arithmetic(symbol, left, right):
            return f"{say(left)} {_SYMBOLS.get(symbol, symbol)} {say(right)}"


def _truth_words(form: Form, node: Truth, limits: Mapping[str, Fraction | None]) -> str:
    def say(inner: Node) -> str:
        return describe(form, inner, limits)

    match node:
        case Compare(symbol, left, right):
            return f"{say(left)} {_SYMBOLS.get(symbol, symbol)} {say(right)}"
        case Both(Compare(">=", value, low), Compare("<=", again, high)) if value == again:
            return f"{say(value)} 在 {say(low)} 与 {say(high)} 之间"
        case Both(left, right):
            return f"{say(left)}，且{say(right)}"
        case Either(left, right):
            return f"{say(left)}，或{say(right)}"
        case Negation(value):
            return f"不是（{say(value)}）"
        case Has(cell):
            return f"{say(cell)}已填"
        case IsNil(cell):
            return f"{say(cell)}为空值原因"
