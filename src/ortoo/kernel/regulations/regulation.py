"""A regulation 法定参数: a number or list that law or policy sets, with the days it holds.

The OpenFisca idea, small: law as dated parameters. A file holds `[[regulation]]` tables,
each with `[[regulation.values]]` rows of `value`, `from`, `to`, `source`, `verified`.
`from` and `to` are both days in force (自…起至…止); absent means open. Floats are read as
decimals, never binary.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

Scalar = bool | int | Decimal | str
Value = Scalar | tuple[Scalar, ...]

REGULATION_KEYS = {"code", "title", "unit", "note", "values"}
VALUE_KEYS = {"value", "from", "to", "source", "verified"}


@dataclass(frozen=True, slots=True)
class RegulationIssue:
    """A fault: ASCII code, the regulation it concerns, a message and what to do."""

    code: str
    regulation: str
    message: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.code} {self.regulation}：{self.message}；{self.remedy}"


class RegulationError(ValueError):
    """A file that cannot be used, or a question no regulation answers."""

    def __init__(self, *issues: RegulationIssue) -> None:
        self.issues = issues
        super().__init__("\n".join(str(issue) for issue in issues))

    @property
    def codes(self) -> tuple[str, ...]:
        return tuple(issue.code for issue in self.issues)


@dataclass(frozen=True, slots=True)
class Dated:
    """One value with the days on which it holds and where it was read."""

    value: Value
    first: date | None
    last: date | None
    source: str
    verified: bool

    def holds(self, on: date) -> bool:
        return (self.first is None or self.first <= on) and (self.last is None or on <= self.last)


@dataclass(frozen=True, slots=True)
class Regulation:
    """All dated values of one parameter, oldest first."""

    code: str
    title: str
    unit: str
    values: tuple[Dated, ...]
    note: str = ""

    def on(self, day: date) -> Dated:
        """The value in force on `day`; RegulationError REG-NOT-IN-FORCE if none is."""
        for dated in self.values:
            if dated.holds(day):
                return dated
        raise _error("REG-NOT-IN-FORCE", self.code, f"{day} 没有有效的数值", "补这一天的法定参数")


class Regulations(Mapping[str, Regulation]):
    """Regulations by code, from any number of files."""

    def __init__(self, regulations: Iterable[Regulation]) -> None:
        self._by_code: dict[str, Regulation] = {}
        for regulation in regulations:
            if regulation.code in self._by_code:
                raise _error("REG-DUPLICATE", regulation.code, "代码重复", "同一参数写在一处")
            self._by_code[regulation.code] = regulation

    def __getitem__(self, code: str) -> Regulation:
        found = self._by_code.get(code)
        if found is None:
            raise _error("REG-UNKNOWN", code, "没有这个法定参数", "核对代码，或补参数文件")
        return found

    def __contains__(self, code: object) -> bool:
        return code in self._by_code

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_code)

    def __len__(self) -> int:
        return len(self._by_code)

    def dated(self, code: str, on: date) -> Dated:
        """The value in force with its source and mark; REG-UNKNOWN, REG-NOT-IN-FORCE."""
        return self[code].on(on)

    def value(self, code: str, on: date) -> Value:
        return self.dated(code, on).value

    def integer(self, code: str, on: date) -> int:
        """The value where a whole number is needed; REG-TYPE otherwise."""
        value = self.value(code, on)
        if isinstance(value, bool) or not isinstance(value, int):
            raise _error("REG-TYPE", code, f"“{value}”不是整数", "改正数值或调用处")
        return value

    def decimal(self, code: str, on: date) -> Decimal:
        """The value as a decimal; REG-TYPE where it is no number."""
        value = self.value(code, on)
        if isinstance(value, bool) or not isinstance(value, int | Decimal):
            raise _error("REG-TYPE", code, f"“{value}”不是数", "改正数值或调用处")
        return Decimal(value)

    def items_of(self, code: str, on: date) -> tuple[Scalar, ...]:
        """The value where a list is needed; REG-TYPE otherwise."""
        value = self.value(code, on)
        if not isinstance(value, tuple):
            raise _error("REG-TYPE", code, f"“{value}”不是清单", "改正数值或调用处")
        return value


def load(paths: Iterable[Path]) -> Regulations:
    """Regulations of TOML files, and of every *.toml in folders, in order of name.

    Raises RegulationError: REG-READ, REG-KEY, REG-VALUE, REG-SPAN, REG-OVERLAP, REG-DUPLICATE.
    """
    found: list[Regulation] = []
    for path in paths:
        for file in sorted(path.glob("*.toml")) if path.is_dir() else [path]:
            found.extend(_read(file))
    return Regulations(found)


def parse(text: str, name: str = "") -> tuple[Regulation, ...]:
    """Regulations of one TOML text; `name` is used in messages."""
    try:
        data = tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as fault:
        raise _error("REG-READ", name, f"读不懂：{fault}", "改正 TOML 写法") from fault
    return tuple(_regulation(row, name) for row in data.get("regulation", ()))


def _read(file: Path) -> tuple[Regulation, ...]:
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as fault:
        raise _error("REG-READ", file.name, f"读不出：{fault}", "核对路径和编码") from fault
    return parse(text, file.name)


def _regulation(row: Mapping[str, Any], name: str) -> Regulation:
    code = str(row.get("code", name))
    _known(code, row, REGULATION_KEYS, {"code", "title", "unit", "values"})
    values = tuple(_dated(code, value) for value in row["values"])
    values = tuple(sorted(values, key=lambda dated: dated.first or date.min))
    for a, b in pairwise(values):
        if a.last is None or b.first is None or b.first <= a.last:
            raise _error(
                "REG-OVERLAP", code, f"{b.first or '起始'} 起的数值与前一个重叠", "给前一个写止日"
            )
    return Regulation(code, row["title"], row["unit"], values, row.get("note", ""))


def _dated(code: str, row: Mapping[str, Any]) -> Dated:
    _known(code, row, VALUE_KEYS, {"value", "source", "verified"})
    first, last = _day(code, row.get("from")), _day(code, row.get("to"))
    if first and last and first > last:
        raise _error("REG-SPAN", code, f"起日 {first} 在止日 {last} 之后", "改正起止日期")
    if not isinstance(row["verified"], bool):
        raise _error("REG-VALUE", code, "verified 只写 true 或 false", "改正 verified")
    return Dated(_value(code, row["value"]), first, last, str(row["source"]), row["verified"])


def _value(code: str, given: object) -> Value:
    if isinstance(given, list):
        items = tuple(_value(code, item) for item in given)
        return tuple(item for item in items if not isinstance(item, tuple))
    if isinstance(given, bool | int | Decimal | str):
        return given
    raise _error("REG-VALUE", code, f"“{given}”不是数、文字或清单", "改正 value")


def _day(code: str, given: object) -> date | None:
    if given is None or (isinstance(given, date) and not isinstance(given, datetime)):
        return given
    raise _error("REG-SPAN", code, f"“{given}”不是日期", "写成 2026-11-14")


def _known(code: str, row: Mapping[str, Any], allowed: set[str], needed: set[str]) -> None:
    unknown, missing = sorted(set(row) - allowed), sorted(needed - set(row))
    if unknown or missing:
        what = f"多了 {'、'.join(unknown) or '无'}，缺 {'、'.join(missing) or '无'}"
        raise _error("REG-KEY", code, what, f"可用的键：{'、'.join(sorted(allowed))}")


def _error(code: str, regulation: str, message: str, remedy: str) -> RegulationError:
    return RegulationError(RegulationIssue(code, regulation, message, remedy))
