"""Understands what people key and paste into a cell, and says what was understood.

Full-width digits, 「12.5元」, thousands commas, 「断货」 are accepted; a percentage, a formula, a
range or too many decimals are refused with a sentence that says what to do instead. All
arithmetic is exact: decimals become integers, entry units are exact fractions.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from fractions import Fraction
from typing import NoReturn

from ortoo.kernel.forms.block import parse_block
from ortoo.kernel.forms.definition import Cell, EntryUnit, FormError, Item, Measure, Nil

MAX_TEXT = 60
_BLANKS = {"", "-", "--", "—", "——", "–", "/", "\\", "…", "空"}
_NILS = {
    "未经营": Nil.NOT_CARRIED,
    "不经营": Nil.NOT_CARRIED,
    "不销售": Nil.NOT_CARRIED,
    "没有经营": Nil.NOT_CARRIED,
    "断货": Nil.OUT_OF_STOCK,
    "缺货": Nil.OUT_OF_STOCK,
    "脱销": Nil.OUT_OF_STOCK,
    "无货": Nil.OUT_OF_STOCK,
    "季节无货": Nil.OUT_OF_SEASON,
    "过季": Nil.OUT_OF_SEASON,
    "n": Nil.NOT_CARRIED,
    "o": Nil.OUT_OF_STOCK,
    "s": Nil.OUT_OF_SEASON,
}
_NONE = {"无", "没有", "暂无"}
_NUMBER = re.compile(r"-?(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.([0-9]*))?\Z|-?\.([0-9]+)\Z")
_MONEY = re.compile(r"\A(?:[¥$]|人民币|RMB|CNY)|(?:元|圆|块钱)\Z", re.IGNORECASE)
_DASHES = str.maketrans({"−": "-", "﹣": "-", "–": "-", "，": ",", "。": ".", "．": "."})
_SPLIT = re.compile(r"[0-9]\s+[0-9]")
_SPACED = re.compile(r"[0-9]{1,3}(?:\s[0-9]{3})+(?:\.[0-9]*)?\Z")
_INVISIBLE = re.compile(r"[\s\u00a0\u200b-\u200f\u2060\ufeff]+")


class CellError(FormError):
    """A text that is not understood; codes CELL-…"""


@dataclass(frozen=True, slots=True)
class Reading:
    """A value in minor units of the row's own unit, and a note when it was not taken literally."""

    value: Cell
    note: str = ""


def parse(text: str, item: Item, measure: Measure, entry_unit: str | None = None) -> Cell:
    """The value a text means. Raises CellError."""
    return read(text, item, measure, entry_unit).value


def read(text: str, item: Item, measure: Measure, entry_unit: str | None = None) -> Reading:
    """The value and what was understood of it. Raises CellError with a CELL-… code.

    `entry_unit` is a name of `item.entry_units`; None is the row's own unit.
    """
    if len(text) > MAX_TEXT:
        _refuse("CELL-LONG", "单元格内容过长", "一格只填一个数")
    plain = unicodedata.normalize("NFKC", text).translate(_DASHES).strip()
    if _SPLIT.search(plain) and not _SPACED.match(plain):
        _refuse("CELL-SPACE", f"“{plain[:20]}”中间有空格，不知是一个数还是两个数", "请去掉空格")
    plain = _INVISIBLE.sub("", plain)
    if plain in _BLANKS:
        return Reading(None, "按未填处理" if plain else "")
    if measure.choices:
        return _chosen(plain, text, measure)
    nil = _NILS.get(plain.lower())
    if nil is not None:
        return Reading(nil, "" if plain == nil.zh else f"按“{nil.zh}”理解")
    if plain in _NONE:
        return _none(plain, measure)
    _refuse_at_sight(plain, measure)
    unit = _unit(item, entry_unit)
    number, unit, notes = _strip_unit(plain, item, measure, unit)
    value = _decimal(number, measure)
    minor, converted, rounded = _convert(value, measure, unit)
    if minor > measure.maximum:
        largest = measure.text(measure.maximum)
        _refuse("CELL-DIGITS", f"{text.strip()} 超过最大值 {largest}", "核对单位和小数点")
    if converted:
        half_up = "（四舍五入）" if rounded else ""
        notes.append(f"折合 {measure.text(minor)}{measure.unit_of(item)}{half_up}")
    if plain != text.strip() and not notes:
        notes.append(f"按 {measure.text(minor)} 理解")
    return Reading(minor, "，".join(note for note in notes if note))


def _chosen(plain: str, text: str, measure: Measure) -> Reading:
    """One of the listed words: its label, its English, or its number as listed, from 1."""
    labels = [_flat(label) for label in measure.choices]
    english = [_flat(label) for label in measure.choices_en]
    said = _flat(plain)
    for names in (labels, english):
        if said in names:
            place = names.index(said)
            literal = text.strip() == measure.choices[place]
            return Reading(place, "" if literal else f"按“{measure.choices[place]}”理解")
    nil = _NILS.get(said)
    if nil is not None:
        return Reading(nil, "" if plain == nil.zh else f"按“{nil.zh}”理解")
    if plain in _NONE:
        return _none(plain, measure) if measure.must else Reading(None, f"“{plain}”按未填处理")
    if not re.fullmatch(r"[0-9]{1,2}", plain) or not 1 <= int(plain) <= len(labels):
        listed = "、".join(f"{place}{label}" for place, label in enumerate(measure.choices, 1))
        title = measure.title["zh"]
        _refuse("CELL-CHOICE", f"“{plain[:20]}”不是{title}的选项", f"请选 {listed} 之一")
    place = int(plain) - 1
    return Reading(place, f"按“{measure.choices[place]}”理解")


def _flat(text: str) -> str:
    return _INVISIBLE.sub("", unicodedata.normalize("NFKC", text)).lower()


def _none(plain: str, measure: Measure) -> Reading:
    """无 has several meanings: the mildest is taken, and said, so that it can be mended."""
    if measure.must:
        note = f"“{plain}”按“{Nil.NOT_CARRIED.zh}”理解；卖完未到货请改选“{Nil.OUT_OF_STOCK.zh}”"
        return Reading(Nil.NOT_CARRIED, note)
    return Reading(0, f"“{plain}”按 0 理解")


def _refuse_at_sight(plain: str, measure: Measure) -> None:
    """What can only be a slip or an attack, with a sentence of its own."""
    title = measure.title["zh"]
    if plain[0] in "=+@" or "DDE" in plain.upper():
        _refuse("CELL-FORMULA", "不接受公式", "请粘贴数值（WPS：选择性粘贴—数值）")
    if "%" in plain or "‰" in plain:
        _refuse("CELL-PERCENT", f"{title}不能填百分数", "请填金额或数量")
    if plain.lower().lstrip("-") in {"nan", "inf", "infinity", "null", "none", "∞"}:
        _refuse("CELL-NAN", f"“{plain}”不是数", "请填数值")
    if plain.startswith("#"):
        _refuse("CELL-FORMULA", f"“{plain}”是表格软件的错误值", "请改正原表后再粘贴")
    if re.fullmatch(r"-?[\d.]+e[+-]?\d+", plain, re.IGNORECASE):
        _refuse("CELL-EXPONENT", "不接受科学计数法", "请把单元格格式改为数值后再粘贴")
    if re.search(r"\d[-~至到]\d", plain):
        _refuse("CELL-RANGE", "不接受区间", "请填平均价或代表规格的价格")


def _unit(item: Item, name: str | None) -> EntryUnit:
    try:
        return item.entry_unit(name)
    except KeyError:
        known = "、".join(unit.name for unit in item.entry_units)
        _refuse("CELL-UNIT", f"{item.name['zh']}没有录入单位{name}", f"可用：{known}")


def _strip_unit(
    plain: str, item: Item, measure: Measure, unit: EntryUnit
) -> tuple[str, EntryUnit, list[str]]:
    """Takes 元, /斤, 公斤 off a number. A unit written in the cell wins over the one chosen."""
    found = re.match(r"\A([^/0-9.,-]*)([0-9.,-]+)([^/]*)(?:/(.+))?\Z", plain)
    if found is None:
        _refuse("CELL-TEXT", f"“{plain[:20]}”不是数值", "请填数值，或选一个空值原因")
    before, number, after, per = found[1], found[2], found[3], found[4]
    if before and not _MONEY.fullmatch(before):
        _refuse("CELL-TEXT", f"“{plain[:20]}”不是数值", "请填数值，或选一个空值原因")
    written = per or _MONEY.sub("", after)
    if measure.conversion == "none":
        return number, unit, _value_unit(after, per, measure)
    if after == "万元" or (after.endswith("元") and measure.conversion == "amount"):
        title, own = measure.title["zh"], measure.unit_of(item)
        _refuse("CELL-UNIT", f"{title}不能用{after}", f"单位是{own}")
    if not written:
        return number, unit, [f"按 {number} 理解"] if before or after else []
    if per is None and measure.conversion == "per_unit":
        _refuse("CELL-UNIT", f"价格后面的“{written}”意思不明", f"请写成 元/{written}")
    for known in item.entry_units:
        if written in {known.name, known.name.replace("公斤", "千克")}:
            return number, known, [f"按每格所写单位{known.name}"]
    return _unknown_unit(written, item)


def _unknown_unit(written: str, item: Item) -> NoReturn:
    known = "、".join(entry.name for entry in item.entry_units)
    _refuse("CELL-UNIT", f"{item.name['zh']}没有单位“{written}”", f"可用：{known}")


def _value_unit(after: str, per: str | None, measure: Measure) -> list[str]:
    """A column whose unit never changes (万元) accepts that unit and no other."""
    if per is not None or after not in {"", measure.unit}:
        title, said, own = measure.title["zh"], after + (f"/{per}" if per else ""), measure.unit
        _refuse("CELL-UNIT", f"{title}的单位是{own}，不是{said}", f"请换算成{own}")
    return []


def _decimal(number: str, measure: Measure) -> Fraction:
    found = _NUMBER.match(number)
    if found is None:
        _refuse("CELL-TEXT", f"“{number[:20]}”不是数值", "核对逗号和小数点")
    decimals = (found[1] or found[2] or "").rstrip("0")
    if number.startswith("-"):
        _refuse("CELL-NEGATIVE", f"{measure.title['zh']}不能为负数", "只能填零或正数")
    if len(decimals) > measure.scale:
        title, most = measure.title["zh"], measure.scale
        message = f"{number} 有 {len(decimals)} 位小数，{title}最多 {most} 位"
        _refuse("CELL-DECIMALS", message, "请四舍五入后再填")
    digits = number.replace(",", "").rstrip(".")
    return Fraction(f"0{digits}" if digits.startswith(".") else digits)


def _convert(value: Fraction, measure: Measure, unit: EntryUnit) -> tuple[int, bool, bool]:
    """Minor units in the row's own unit, half up; whether converted, and whether rounded."""
    if measure.conversion == "none" or unit.factor == 1:
        exact = value
    elif measure.conversion == "per_unit":
        exact = value / unit.factor
    else:
        exact = value * unit.factor
    scaled = exact * 10**measure.scale
    minor = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
    converted = unit.factor != 1 and measure.conversion != "none"
    return minor, converted, scaled.denominator != 1


def _refuse(code: str, message: str, remedy: str) -> NoReturn:
    raise CellError(code, f"{message}；{remedy}。")


__all__ = ["CellError", "Reading", "parse", "parse_block", "read"]
