"""Dated tables of soft limits by item and season (regulation 法定参数): what is usual for a good.

A table says for a name such as `price_change` a default, a value an item, and a value an item
and season. Where nothing is said the limit is unknown and the rule does not fire.
"""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from ortoo.kernel.forms.definition import FormError
from ortoo.kernel.forms.fields import Fields, rational


@dataclass(frozen=True, slots=True, eq=False)
class LimitTable:
    """One dated version of a table. `values`: (name, item or "", month or 0) → limit."""

    code: str
    since: dt.date
    until: dt.date | None
    source: str
    verified: bool
    values: Mapping[tuple[str, str, int], Fraction]

    def value(self, name: str, item: str, month: int) -> Fraction | None:
        """The most particular limit: item and month, then item, then season, then default."""
        for key in ((name, item, month), (name, item, 0), (name, "", month), (name, "", 0)):
            found = self.values.get(key)
            if found is not None:
                return found
        return None

    def names(self) -> frozenset[str]:
        return frozenset(name for name, _, _ in self.values)

    def holds_on(self, day: dt.date) -> bool:
        return self.since <= day and (self.until is None or day <= self.until)


def load(path: Path) -> LimitTable:
    """A table from its TOML file. Raises FormError."""
    top = Fields(tomllib.loads(path.read_text(encoding="utf-8")), path.name)
    head = top.fields("regulation")
    seasons = _seasons(top.fields("seasons"))
    limits = top.fields("limits")
    values: dict[tuple[str, str, int], Fraction] = {}
    for name in limits.names():
        _read_limit(name, limits.fields(name), seasons, values)
    head.text("title")
    table = LimitTable(
        code=head.text("code"),
        since=head.date("since"),
        until=head.date("until") if head.has("until") else None,
        source=head.text("source"),
        verified=head.flag("verified"),
        values=values,
    )
    head.done()
    top.done()
    return table


def load_all(paths: Iterable[Path]) -> list[LimitTable]:
    """The tables among the TOML files of the folders; files of another kind are passed over."""
    files = [file for path in paths for file in sorted(path.glob("*.toml"))]
    return [load(file) for file in files if "limits" in tomllib.loads(file.read_text("utf-8"))]


def choose(tables: Iterable[LimitTable], code: str, day: dt.date) -> LimitTable | None:
    """The table of a code that holds on a day; the one that began last if several do."""
    fitting = [table for table in tables if table.code == code and table.holds_on(day)]
    return max(fitting, key=lambda table: table.since, default=None)


def _seasons(inner: Fields) -> dict[str, tuple[int, ...]]:
    found: dict[str, tuple[int, ...]] = {}
    for name in inner.names():
        months = tuple(month for month in inner.list(name) if isinstance(month, int))
        found[name] = months
    taken = [month for months in found.values() for month in months]
    if sorted(taken) != sorted(set(taken)) or not set(taken) <= set(range(1, 13)):
        raise FormError("LIMIT-SEASON", "季节的月份重复或超出 1–12", inner.where)
    return found


def _read_limit(
    name: str,
    inner: Fields,
    seasons: Mapping[str, tuple[int, ...]],
    values: dict[tuple[str, str, int], Fraction],
) -> None:
    """`default`, and `items.CODE` either a value or a table of `all` and seasons."""
    if inner.has("default"):
        values[name, "", 0] = inner.rational("default")
    items = inner.raw("items", {})
    inner.done()
    if not isinstance(items, Mapping):
        raise FormError("FORM-TYPE", "items 应为键值表", inner.where)
    for item, said in items.items():
        by_season = said if isinstance(said, Mapping) else {"all": said}
        for season, text in by_season.items():
            where = f"{inner.where}.{item}.{season}"
            if season != "all" and season not in seasons:
                raise FormError("LIMIT-SEASON", f"未定义的季节 {season}", where)
            for month in (0,) if season == "all" else seasons[season]:
                values[name, item, month] = rational(text, where)
