"""What a form 表式 is: the typed, immutable shape that a reviewed YAML file is read into.

Nothing here reads files, clocks or the database. `loader` makes these objects, `registry`
keeps every version of them, `expression` understands their rules.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from functools import cached_property
from typing import Literal

PeriodKind = Literal["week", "month", "day", "tenday", "moment"]
Severity = Literal["hard", "soft"]
Conversion = Literal["per_unit", "amount", "none"]
Over = Literal["leaf", "group"]


class Nil(StrEnum):
    """Why a cell is empty, said as a value; 断货 is itself the shortage signal."""

    NOT_CARRIED = "n"
    OUT_OF_STOCK = "o"
    OUT_OF_SEASON = "s"

    @property
    def zh(self) -> str:
        return NIL_ZH[self]


NIL_ZH: Mapping[Nil, str] = {
    Nil.NOT_CARRIED: "未经营",
    Nil.OUT_OF_STOCK: "断货",
    Nil.OUT_OF_SEASON: "季节无货",
}

Cell = int | Nil | None


class FormError(ValueError):
    """A definition or a body that cannot be read; `code` is stable, `message` is for people."""

    def __init__(self, code: str, message: str, where: str = "") -> None:
        super().__init__(f"{code} {where}：{message}" if where else f"{code}：{message}")
        self.code = code
        self.message = message
        self.where = where


@dataclass(frozen=True, slots=True)
class EntryUnit:
    """A unit a clerk may key in: one of it is num/den of the row's own unit (斤 = 1/2 公斤)."""

    name: str
    num: int
    den: int

    @property
    def factor(self) -> Fraction:
        return Fraction(self.num, self.den)


@dataclass(frozen=True, slots=True, eq=False)
class Item:
    """One row of the stub 主栏: a leaf that is asked, or a group that is computed."""

    code: str
    name: Mapping[str, str]
    group: str | None
    unit: str
    spec: str = ""
    good: str | None = None
    match: Literal["exact", "close"] = "exact"
    entry_units: tuple[EntryUnit, ...] = ()
    aliases: tuple[str, ...] = ()
    stock_asked: bool = False
    season: tuple[int, ...] = ()
    children: tuple[str, ...] = ()

    @property
    def is_leaf(self) -> bool:
        return not self.children

    def entry_unit(self, name: str | None) -> EntryUnit:
        """The named entry unit; the row's own unit when `name` is None. KeyError if unknown."""
        for unit in self.entry_units:
            if unit.name == (name or self.unit):
                return unit
        raise KeyError(name)


@dataclass(frozen=True, slots=True, eq=False)
class Measure:
    """One column of the head 宾栏. A stored integer is value × 10**scale."""

    code: str
    title: Mapping[str, str]
    unit: str
    scale: int
    digits: int
    must: bool
    conversion: Conversion
    aggregate: str
    concept: str
    asked: Literal["every", "marked"] = "every"
    shares: str | None = None
    prefill: str | None = None
    choices: tuple[str, ...] = ()
    choices_en: tuple[str, ...] = ()
    lag_days: int = 0

    @property
    def maximum(self) -> int:
        """The largest minor-unit integer the column may hold; the last index of a choice."""
        return len(self.choices) - 1 if self.choices else int(10**self.digits) - 1

    def unit_of(self, item: Item) -> str:
        """The unit as printed for a row: `元/{unit}` becomes 元/公斤 or 元/升."""
        return self.unit.replace("{unit}", item.unit)

    def text(self, minor: int) -> str:
        """Exact decimal text of a stored integer, without its unit; the label of a choice."""
        if self.choices:
            return self.choices[minor] if 0 <= minor <= self.maximum else f"第{minor + 1}项"
        sign, digits = ("-" if minor < 0 else ""), str(abs(minor)).rjust(self.scale + 1, "0")
        if self.scale == 0:
            return sign + digits
        return f"{sign}{digits[: -self.scale]}.{digits[-self.scale :]}"


@dataclass(frozen=True, slots=True)
class Moment:
    """A point relative to a period: weekday (0 Monday) or day of next month, or days from end."""

    time: dt.time
    weekday: int | None = None
    month_day: int | None = None
    days_from_end: int | None = None


@dataclass(frozen=True, slots=True)
class Escalation:
    """Who hears of a return that is still missing so many hours after it was due."""

    hours_late: int
    level: str


@dataclass(frozen=True, slots=True)
class PeriodType:
    """A dated property of the form: which periods it has from a date on (people §2.1).

    `ordered` periods open only where an order says so (专项监测日报), never by the calendar.
    """

    since: dt.date
    kind: PeriodKind
    weekday: int
    opens: Moment
    due: Moment
    escalations: tuple[Escalation, ...] = ()
    ordered: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """An edit rule 审核关系: hard 强制性审核 blocks, soft 核实性审核 passes with a reason."""

    id: str
    severity: Severity
    expression: str
    over: Over
    measure: str
    say: Mapping[str, str]
    remedy: Mapping[str, str]
    when: str | None = None
    tolerance: Fraction = Fraction(0)
    show: tuple[tuple[str, str, str], ...] = ()
    masks: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Publish:
    """Disclosure control: fewest respondents, dominance share p, and the lowest level shown."""

    min_respondents: int
    dominance: Fraction
    level: str
    embargo_days: int = 0


@dataclass(frozen=True, slots=True)
class Head:
    """What a Chinese statistical form prints at its top right; 文号 is the operator's to fill."""

    code: str
    issuer: str
    approval: str
    valid_until: str


@dataclass(frozen=True, slots=True)
class Respondents:
    """From which registered list 名录 the respondents of a period are drawn.

    `within`: code of the place they must belong to; the whole list where None.
    """

    register: str
    sample: str
    within: str | None = None


@dataclass(frozen=True, slots=True)
class Roles:
    """Which measures play the parts that every market form has; None where it asks no such fact.

    `price` is what one unit costs, `quantity` and `value` what was sold, `stock` what is left.
    """

    price: str | None = None
    quantity: str | None = None
    value: str | None = None
    stock: str | None = None

    @property
    def codes(self) -> tuple[str, ...]:
        """The measures named, in the order price, quantity, value, stock."""
        named = (self.price, self.quantity, self.value, self.stock)
        return tuple(code for code in named if code is not None)


DEFAULT_ROLES = Roles("price", "sales_qty", "sales", "stock")


@dataclass(frozen=True, slots=True, eq=False)
class Attribute:
    """A fact said once for the whole return, such as the currency its prices are in.

    One of `choices`; where none are listed, a short text.
    """

    code: str
    title: Mapping[str, str]
    choices: tuple[str, ...]
    must: bool = True


@dataclass(frozen=True, eq=False)
class Form:
    """One version of one form. Compared by identity; two equal forms have equal digests."""

    code: str
    version: int
    title: Mapping[str, str]
    head: Head
    period_types: tuple[PeriodType, ...]
    respondents: Respondents
    levels: tuple[str, ...]
    items: tuple[Item, ...]
    measures: tuple[Measure, ...]
    rules: tuple[Rule, ...]
    nil_reasons: tuple[Nil, ...]
    reasons: tuple[str, ...]
    publish: Publish
    attributes: tuple[Attribute, ...] = ()
    limits: str | None = None
    guidance: Mapping[str, str] = field(default_factory=dict)
    source: str = ""
    digest: bytes = b""
    figures: Roles | None = None
    review_hours: int = 30
    supplements: str | None = None

    @cached_property
    def leaves(self) -> tuple[Item, ...]:
        return tuple(item for item in self.items if item.is_leaf)

    @cached_property
    def groups(self) -> tuple[Item, ...]:
        return tuple(item for item in self.items if not item.is_leaf)

    @cached_property
    def leaf_index(self) -> Mapping[str, int]:
        return {item.code: row for row, item in enumerate(self.leaves)}

    @cached_property
    def by_code(self) -> Mapping[str, Item]:
        return {item.code: item for item in self.items}

    @cached_property
    def measure_by_code(self) -> Mapping[str, Measure]:
        return {measure.code: measure for measure in self.measures}

    @cached_property
    def roles(self) -> Roles:
        """As `figures` says; else the measures that bear the usual names."""
        if self.figures is not None:
            return self.figures
        usual = DEFAULT_ROLES
        return Roles(*(
            code if code in self.measure_by_code else None
            for code in (usual.price, usual.quantity, usual.value, usual.stock)
        ))  # fmt: skip

    @cached_property
    def principal(self) -> Measure:
        """The column that must be answered and carries the nil reasons 空值原因."""
        must = next((measure for measure in self.measures if measure.must), None)
        if must is not None:
            return must
        return self.measure_by_code[self.roles.price] if self.roles.price else self.measures[0]

    @cached_property
    def shares(self) -> Mapping[str, str]:
        return {m.code: m.shares for m in self.measures if m.shares is not None}

    @cached_property
    def descendants(self) -> Mapping[str, tuple[int, ...]]:
        """For every group, the leaf rows that its sum takes in, each once, in form order."""
        return {group.code: self._rows(group, ()) for group in self.groups}

    def _rows(self, group: Item, above: tuple[str, ...]) -> tuple[int, ...]:
        if group.code in above:
            raise FormError("FORM-CYCLE", "合计行循环引用", " → ".join((*above, group.code)))
        rows: set[int] = set()
        for code in group.children:
            child = self.by_code[code]
            below = self._rows(child, (*above, group.code)) if child.children else ()
            rows.update(below or (self.leaf_index[code],))
        return tuple(sorted(rows))

    @property
    def known_cells(self) -> tuple[int, int]:
        """Cells with a declared source (`shares` or `prefill`), and all cells (law 18)."""
        known = sum(1 for m in self.measures if m.shares is not None or m.prefill is not None)
        return known * len(self.leaves), len(self.measures) * len(self.leaves)

    @property
    def cadence(self) -> PeriodKind:
        """The kind of period of the newest period type."""
        return self.period_types[-1].kind

    @property
    def key(self) -> str:
        return f"{self.code}@{self.version}"

    def item(self, code: str) -> Item:
        return self.by_code[code]

    def measure(self, code: str) -> Measure:
        return self.measure_by_code[code]
