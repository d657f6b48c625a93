"""Detection rules as dated tables 规则表: read from TOML, checked, and chosen by a day.

One file is one plan 预案: where it is law, whether this region runs it, from when to when, and its
rules. A rule is a line of data: goods, statistic, direction, threshold, how many periods in a row,
how wide, which level, which clock, and where the number was read. Pure but for reading the files.
"""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).with_name("rule_tables")
SHORTAGE, GLUT = "shortage", "glut"
SORTS = {SHORTAGE: "脱销", GLUT: "滞销"}
STATISTICS = {
    "week_on_week": "环比（同样本）",
    "cumulative": "累计变动（同样本）",
    "year_on_year": "同比（农历年节前后按农历对齐）",
    "against_norm": "与常年同期中位数比",
    "ratio": "比价",
    "out_of_stock": "断货企业占比",
    "stock_days": "库存可销天数",
    "stock_days_change": "库存可销天数与自身前期中位数比",
    "arrivals_change": "到货量与前四期平均比",
    "sold_change": "销售量变动（同样本）",
    "storage_days": "应急库存÷日常供应能力（天）",
    "storage_change": "应急库存与上期比",
}
ABSOLUTE = frozenset({"ratio", "stock_days", "storage_days"})
"""Statistics that are levels and not relative changes or shares."""
PLACES = ("banner", "unit", "root")
CLOCKS = {"phone_hours": 1, "report_hours": 2}
"""The clocks the procedure knows; a rule either has one or, with 0, not."""
_HEAD = {"code", "version", "title", "law_in", "adopted", "source", "verified"}
_PLAN = _HEAD | {"from", "to", "note"}
_CONDITION = {"statistic", "direction", "threshold", "back", "consecutive", "form", "of"}
_RULE = _CONDITION | {
    "code", "title", "sort", "goods", "level", "at", "goods_at_least", "goods_share",
    "places_at_least", "places_share", "firms_at_least", "phone_hours", "report_hours",
    "with_all", "with_any", "source", "verified", "note", "runs",
}  # fmt: skip


class TableError(ValueError):
    """A table that cannot be used: ASCII code, place, what is wrong and what to do."""

    def __init__(self, code: str, where: str, message: str, remedy: str) -> None:
        super().__init__(f"{code} {where}：{message}；{remedy}")
        self.code = code


@dataclass(frozen=True, slots=True)
class Condition:
    """A statistic against a threshold. `back`: periods a cumulative change looks back;
    `of`: the two goods of a ratio; `form`: another form's figures of the same time."""

    statistic: str
    rise: bool
    threshold: Decimal
    back: int = 1
    consecutive: int = 1
    form: str = ""
    of: tuple[str, str] = ("", "")

    def met(self, value: float) -> bool:
        """Whether a known value crosses the threshold; both ends count (达到即算)."""
        limit = float(self.threshold)
        return value >= limit - 1e-9 if self.rise else value <= limit + 1e-9

    @property
    def words(self) -> str:
        """The condition as it is printed."""
        word = STATISTICS[self.statistic]
        if self.statistic in ("cumulative", "sold_change"):
            word = f"{self.back} 期{word}"
        sign = "≥" if self.rise else "≤"
        run = f"，连续 {self.consecutive} 期" if self.consecutive > 1 else ""
        return f"{word} {sign} {figure(self.statistic, float(self.threshold))}{run}"


def figure(statistic: str, value: float) -> str:
    """A statistic's value as it is printed."""
    if statistic == "ratio":
        return f"{value:.2f}∶1"
    if statistic in ABSOLUTE:
        return f"{value:.1f} 天"
    if statistic == "out_of_stock":
        return f"{value * 100:.0f}%"
    return f"{value * 100:+.1f}%".replace("-", "−")


@dataclass(frozen=True, slots=True)
class Goods:
    """A set of goods: prefixes of codes in the register of goods."""

    code: str
    title: str
    prefixes: tuple[str, ...]

    def holds(self, good: str | None) -> bool:
        return good is not None and good.startswith(self.prefixes)


@dataclass(frozen=True, slots=True)
class Plan:
    """Where a table comes from and whether it is run here."""

    code: str
    version: int
    title: str
    law_in: str
    adopted: bool
    first: dt.date | None
    last: dt.date | None
    source: str
    verified: bool
    note: str = ""

    def holds(self, on: dt.date) -> bool:
        return (self.first is None or self.first <= on) and (self.last is None or on <= self.last)


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of a table."""

    code: str
    title: str
    plan: Plan
    form: str
    goods: tuple[Goods, ...]
    sort: str
    level: int
    at: str
    condition: Condition
    goods_at_least: int
    goods_share: Decimal
    places_at_least: int
    places_share: Decimal
    firms_at_least: int
    phone: bool
    report: bool
    with_all: tuple[Condition, ...]
    with_any: tuple[Condition, ...]
    source: str
    verified: bool
    runs: bool
    note: str = ""


def rules(folder: Path = FOLDER) -> tuple[Rule, ...]:
    """Every rule of every table, adopted here or not, in order of file and line. TableError."""
    return _rules(folder)


def rules_in_force(on: dt.date, form: str = "", folder: Path = FOLDER) -> tuple[Rule, ...]:
    """The rules this region runs on a day, of one form where one is named."""
    return tuple(
        rule
        for rule in rules(folder)
        if rule.plan.adopted and rule.runs and rule.plan.holds(on) and form in ("", rule.form)
    )


def rule_by_code(code: str, folder: Path = FOLDER) -> Rule | None:
    return next((rule for rule in rules(folder) if rule.code == code), None)


def forms_in_force(on: dt.date) -> tuple[str, ...]:
    """Forms some rule reads on a day, each once."""
    return tuple(dict.fromkeys(rule.form for rule in rules_in_force(on)))


@lru_cache(maxsize=8)
def _rules(folder: Path) -> tuple[Rule, ...]:
    found: list[Rule] = []
    for file in sorted(folder.glob("*.toml")):
        found += parse(file.read_text(encoding="utf-8"), file.name)
    codes = [rule.code for rule in found]
    twice = next((code for code in codes if codes.count(code) > 1), "")
    if twice:
        raise TableError("ALERT-RULE-TWICE", twice, "规则代码重复", "改用另一个代码")
    return tuple(found)


def parse(text: str, name: str) -> list[Rule]:
    """The rules of one file. TableError ALERT-TABLE-READ, …-KEY, …-VALUE."""
    try:
        data = tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as fault:
        raise TableError("ALERT-TABLE-READ", name, f"读不懂：{fault}", "改正 TOML 写法") from fault
    head = data.get("plan", {})
    _known(head, _PLAN, _HEAD, name)
    plan = Plan(
        head["code"], head["version"], head["title"], head["law_in"], head["adopted"],
        head.get("from"), head.get("to"), head["source"], head["verified"], head.get("note", ""),
    )  # fmt: skip
    goods = {
        code: Goods(code, row["title"], tuple(row["prefixes"]))
        for code, row in data.get("goods", {}).items()
    }
    return [_rule(row, plan, goods, name) for row in data.get("rule", ())]


def _rule(row: Mapping[str, Any], plan: Plan, goods: Mapping[str, Goods], name: str) -> Rule:
    needed = {"code", "title", "sort", "goods", "form", "level", "at", "source", "verified"}
    where = f"{name} {row.get('code', '?')}"
    _known(row, _RULE, needed | {"statistic", "direction", "threshold"}, where)
    named = [row["goods"]] if isinstance(row["goods"], str) else list(row["goods"])
    _one_of(row["sort"], SORTS, "sort", where)
    _one_of(row["at"], PLACES, "at", where)
    _one_of(row["level"], (1, 2, 3, 4), "level", where)
    for code in named:
        _one_of(code, goods, "goods", where)
    for clock, hours in CLOCKS.items():
        _one_of(row.get(clock, 0), (0, hours), clock, where)
    return Rule(
        code=row["code"], title=row["title"], plan=plan, form=row["form"],
        goods=tuple(goods[code] for code in named), sort=row["sort"], level=row["level"],
        at=row["at"], condition=_condition(row, where),
        goods_at_least=row.get("goods_at_least", 1),
        goods_share=Decimal(row.get("goods_share", 0)),
        places_at_least=row.get("places_at_least", 1),
        places_share=Decimal(row.get("places_share", 0)),
        firms_at_least=row.get("firms_at_least", 2),
        phone=bool(row.get("phone_hours", 0)), report=bool(row.get("report_hours", 0)),
        with_all=tuple(_condition(one, where, part=True) for one in row.get("with_all", ())),
        with_any=tuple(_condition(one, where, part=True) for one in row.get("with_any", ())),
        source=row["source"], verified=row["verified"], runs=row.get("runs", True),
        note=row.get("note", ""),
    )  # fmt: skip


def _condition(row: Mapping[str, Any], where: str, *, part: bool = False) -> Condition:
    if part:
        _known(row, _CONDITION, {"statistic", "direction", "threshold"}, where)
    _one_of(row["statistic"], STATISTICS, "statistic", where)
    _one_of(row["direction"], ("rise", "fall"), "direction", where)
    of = tuple(row.get("of", ("", "")))
    if (row["statistic"] == "ratio") != bool(of[0]):
        raise TableError("ALERT-TABLE-VALUE", where, "比价须写明 of 两种商品", "补 of 或改统计量")
    return Condition(
        row["statistic"], row["direction"] == "rise", Decimal(str(row["threshold"])),
        row.get("back", 1), row.get("consecutive", 1), row.get("form", "") if part else "",
        (str(of[0]), str(of[1])),
    )  # fmt: skip


def _known(row: Mapping[str, Any], allowed: set[str], needed: set[str], where: str) -> None:
    unknown, missing = sorted(set(row) - allowed), sorted(needed - set(row))
    if unknown or missing:
        what = f"多了 {'、'.join(unknown) or '无'}，缺 {'、'.join(missing) or '无'}"
        raise TableError("ALERT-TABLE-KEY", where, what, f"可用：{'、'.join(sorted(allowed))}")


def _one_of(value: object, allowed: Any, name: str, where: str) -> None:
    if value not in allowed:
        told = "、".join(str(one) for one in allowed)
        raise TableError("ALERT-TABLE-VALUE", where, f"{name} = {value} 不认识", f"可用：{told}")
