"""Whether one value is what its field asks: a checker for each type, made once a definition.

A checker takes any object whatever and returns None or a `Fault`; it never raises.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache

from ortoo.kernel.forms.record_codes import code_list
from ortoo.kernel.forms.record_definition import MAX_INTEGER, FieldType, RecordField
from ortoo.kernel.parties.codes import check_place_code, check_uscc

COMMITMENT = re.compile(r"[0-9a-f]{64}\Z")
_DATE = re.compile(r"\d{4}-\d\d-\d\d\Z", re.ASCII)
# Control characters, lone surrogates, and the marks that make text read otherwise than it is.
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069\ufeff]")
_BREAKS = re.compile(r"[\n\t]")
_FOREIGN_PARTY = re.compile(r"[A-Z]{3}-[A-Z0-9][A-Z0-9-]{0,35}\Z")
_FOREIGN_PLACE = re.compile(r"[A-Z]{3}(-[A-Z0-9][A-Z0-9-]{0,15})?\Z")
_GOOD = re.compile(r"[A-Z0-9][A-Z0-9.-]{0,39}\Z")
_ACCOUNT = re.compile(r"[a-z][a-z0-9-]{0,39}(\|[^|\s]{1,80}){0,4}\Z")
_THREAD = re.compile(r"[A-Z][A-Z0-9-]{0,39}(\|[^|\s]{1,80}){1,4}\Z")


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a value, before it is known where it stood."""

    code: str
    message: str
    remedy: str


Checker = Callable[[object], Fault | None]


def checker_of(field: RecordField, *, plain: bool = False, separated: bool = False) -> Checker:
    """The checker of a field.

    `plain`: personal values stand in the clear, as a person keys them; otherwise only their
    commitments may. `separated`: the value becomes part of a key whose parts `|` divides.
    """
    if field.personal is not None and not plain:
        return _commitment
    check = _MAKERS[field.type](field)
    return _without_bar(check) if separated and field.type not in ("thread", "account") else check


def _commitment(value: object) -> Fault | None:
    if type(value) is str and COMMITMENT.match(value):
        return None
    return Fault(
        "RECORD-SEALED",
        "个人信息应为密封后的 64 位摘要，报文中不得出现原文。",
        "请由本系统密封后报送。",
    )


def _without_bar(check: Checker) -> Checker:
    def checked(value: object) -> Fault | None:
        if type(value) is str and ("|" in value or _BREAKS.search(value)):
            message = "此项用作编号的一段，不得含“|”或换行。"
            return Fault("RECORD-SEPARATOR", message, "请删去该符号。")
        return check(value)

    return checked


def _text(field: RecordField) -> Checker:
    longest, broken = field.longest, field.lines
    pattern = re.compile(field.pattern) if field.pattern else None

    def check(value: object) -> Fault | None:
        if type(value) is not str:
            return Fault("RECORD-TYPE", "应为文本。", "请填写文字；数字形式的编号请加引号。")
        if not value or value.isspace():
            return Fault("RECORD-TEXT", "不能是空白。", "没有内容时请略去此项。")
        if len(value) > longest:
            return Fault("RECORD-RANGE", f"{len(value)} 字，超过上限 {longest} 字。", "请缩短。")
        if not value.isprintable() and (
            _UNSEEN.search(value) or (not broken and _BREAKS.search(value))
        ):
            return Fault("RECORD-TEXT", "含有不可见的控制字符。", "请删除控制字符后重新填写。")
        if pattern is not None and not pattern.fullmatch(value):
            return Fault("RECORD-PATTERN", "不符合规定的写法。", f"应符合：{field.pattern}")
        return None

    return check


def _quantity(field: RecordField) -> Checker:
    low = -MAX_INTEGER if field.minimum is None else field.minimum
    high = MAX_INTEGER if field.maximum is None else field.maximum
    minor = "以最小单位计的整数" if field.scale else "整数"

    def check(value: object) -> Fault | None:
        if type(value) is not int:
            return Fault("RECORD-TYPE", f"应为{minor}，不接受小数和文本。", _unit_hint(field))
        if not low <= value <= high:
            allowed = f"{_written(low, field)} 至 {_written(high, field)}"
            return Fault("RECORD-RANGE", f"超出范围 {allowed}。", "请核对数值与计量单位。")
        return None

    return check


def _unit_hint(field: RecordField) -> str:
    name = field.currency or field.unit or "个"
    if not field.scale:
        return f"请按{name}填写整数。"
    return f"请填写 {name} 数乘以 {10**field.scale:,} 的整数。"


def _written(value: int, field: RecordField) -> str:
    """Exact decimal text of a stored integer with its unit."""
    sign, digits = ("-" if value < 0 else ""), str(abs(value)).rjust(field.scale + 1, "0")
    body = f"{digits[: -field.scale]}.{digits[-field.scale :]}" if field.scale else digits
    return f"{sign}{body}{field.currency or field.unit}"


def _date(field: RecordField) -> Checker:
    def check(value: object) -> Fault | None:
        if type(value) is str and _DATE.match(value):
            try:
                dt.date.fromisoformat(value)
            except ValueError:
                return Fault("RECORD-DATE", "历法上没有这一天。", "请核对年月日。")
            return None
        return Fault("RECORD-DATE", "应为日期文本。", "请写作 2026-11-14。")

    return check


def _instant(field: RecordField) -> Checker:
    def check(value: object) -> Fault | None:
        if type(value) is int and 0 <= value <= MAX_INTEGER:
            return None
        return Fault("RECORD-TYPE", "应为时刻：1970 年起的毫秒整数。", "请由系统填写时刻。")

    return check


def _boolean(field: RecordField) -> Checker:
    def check(value: object) -> Fault | None:
        if type(value) is bool:
            return None
        return Fault("RECORD-TYPE", "应为“是”或“否”（true、false）。", "请选择是或否。")

    return check


def _choice(field: RecordField) -> Checker:
    codes: Collection[str]
    if field.codes is None:
        codes, name = frozenset(field.choices), "、".join(field.choices[:8])
    else:
        codes = code_list(field.codes.name, field.codes.version).codes
        name = f"代码表 {field.codes.name} 第 {field.codes.version} 版"

    def check(value: object) -> Fault | None:
        if type(value) is str and value in codes:
            return None
        return Fault("RECORD-CHOICE", f"不在可选范围内：{name}。", "请从列表中选择。")

    return check


@lru_cache(maxsize=65_536)
def _party_problem(code: str, foreign: bool) -> str | None:
    if foreign and _FOREIGN_PARTY.match(code):
        return None
    problem = check_uscc(code[:64])
    return None if problem is None else problem.message


def _party(field: RecordField) -> Checker:
    def check(value: object) -> Fault | None:
        if type(value) is not str or not value.isprintable() or len(value) > 40:
            return Fault("RECORD-PARTY", "应为主体代码。", "请填写 18 位统一社会信用代码。")
        problem = _party_problem(value, field.foreign)
        return None if problem is None else Fault("RECORD-PARTY", problem, "请对照证照核对。")

    return check


@lru_cache(maxsize=8_192)
def _place_problem(code: str, foreign: bool) -> str | None:
    if foreign and _FOREIGN_PLACE.match(code):
        return None
    problem = check_place_code(code)
    return None if problem is None else problem.message


def _place(field: RecordField) -> Checker:
    def check(value: object) -> Fault | None:
        if type(value) is not str or not value.isprintable() or len(value) > 20:
            return Fault("RECORD-PLACE", "应为地区代码。", "请填写六位行政区划代码。")
        problem = _place_problem(value, field.foreign)
        return None if problem is None else Fault("RECORD-PLACE", problem, "请按名称查找后选用。")

    return check


def _good(field: RecordField) -> Checker:
    if field.codes is not None:
        return _choice(field)
    return _shaped(_GOOD, Fault("RECORD-GOOD", "应为商品编码。", "请按名称查找商品后选用。"))


def _account(field: RecordField) -> Checker:
    fault = Fault("RECORD-ACCOUNT", "应为本表式可用的账户编号（前缀|…）。", "请从台账选择。")
    return _prefixed(_shaped(_ACCOUNT, fault), field.prefixes, fault)


def _thread(field: RecordField) -> Checker:
    fault = Fault("RECORD-THREAD", "应为本表式可用的案卷编号（规程|…）。", "请从案卷页面办理。")
    return _prefixed(_shaped(_THREAD, fault), field.prefixes, fault)


def _prefixed(check: Checker, prefixes: tuple[str, ...], fault: Fault) -> Checker:
    """Only keys of the named kinds of account or procedures; any where none is named."""
    if not prefixes:
        return check

    def checked(value: object) -> Fault | None:
        found = check(value)
        return found or (None if str(value).partition("|")[0] in prefixes else fault)

    return checked


def _shaped(pattern: re.Pattern[str], fault: Fault) -> Checker:
    def check(value: object) -> Fault | None:
        if type(value) is str and len(value) <= 160 and pattern.match(value):
            return None if value.isprintable() else fault
        return fault

    return check


_MAKERS: Mapping[FieldType, Callable[[RecordField], Checker]] = {
    "text": _text,
    "integer": _quantity,
    "decimal": _quantity,
    "money": _quantity,
    "date": _date,
    "instant": _instant,
    "choice": _choice,
    "boolean": _boolean,
    "party": _party,
    "place": _place,
    "good": _good,
    "account": _account,
    "thread": _thread,
}
