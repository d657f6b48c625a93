"""Reads the typed calibration (``calibration.toml``, ``names.toml``) into arrays and records."""

from __future__ import annotations

import datetime as dt
import math
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ortoo.world.records import WorldError, WorldItem, WorldPlace

Floats = NDArray[np.float64]
_HERE = Path(__file__).parent
_YEAR = 365.25
_VEGETABLE_PEAK = "01-30"
_FULL_WIDTH = str.maketrans("（）　", "() ")


@dataclass(frozen=True, slots=True)
class ItemFacts:
    """What is known of one item: level, season, noise, weight, packs, storability."""

    name: str
    code: str
    unit: str
    group: str
    trend: str
    season: str | None
    level: float
    swing: float
    peak_day: int
    weight: float
    rare: float
    off: tuple[int, int] | None
    packs: tuple[int, ...]
    days: int


@cache
def load(name: str) -> dict[str, Any]:
    """One typed file of this folder, parsed once."""
    with (_HERE / name).open("rb") as stream:
        return tomllib.load(stream)


def facts() -> dict[str, Any]:
    """The whole of ``calibration.toml``."""
    return load("calibration.toml")


def day_of_year(month_day: str) -> int:
    """«01-30» → 30."""
    month, day = month_day.split("-")
    return dt.date(2001, int(month), int(day)).timetuple().tm_yday


def _item(row: dict[str, Any]) -> ItemFacts:
    if "high" in row:
        row = facts()["vegetable_default"] | row
    swing = math.log(row["high"] / row["low"]) / 2 if "high" in row else 0.0
    level = math.sqrt(row["high"] * row["low"]) if "high" in row else row["level"]
    return ItemFacts(
        name=row["name"], code=row.get("code", ""), unit=row.get("unit", "公斤"),
        group=row["group"], trend=row["trend"], season=row.get("season"), level=level, swing=swing,
        peak_day=day_of_year(row.get("peak", _VEGETABLE_PEAK)), weight=row["weight"],
        rare=row.get("rare", 0.0), off=tuple(row["off"]) if "off" in row else None,
        packs=tuple(row["packs"]), days=row["days"],
    )


@cache
def _known() -> dict[str, ItemFacts]:
    table: dict[str, ItemFacts] = {}
    for row in facts()["item"] + facts()["supplement"] + load("goods.toml")["good"]:
        known = _item(row)
        for name in (row["name"], *row.get("aliases", ())):
            table.setdefault(name, known)   # the retail form's own word comes first
    return table


def standard_items() -> tuple[WorldItem, ...]:
    """The 46 leaf items of the weekly retail form, in form order."""
    return tuple(
        WorldItem(known.code, known.name, known.unit, known.days > 0)
        for known in map(_item, facts()["item"])
    )


def supplement_items() -> tuple[WorldItem, ...]:
    """Rows a league may add (胡麻油、莜面 …); codes ``S01``… are this module's own."""
    return tuple(
        WorldItem(f"S{at:02d}", known.name, known.unit, known.days > 0)
        for at, known in enumerate(map(_item, facts()["supplement"]), start=1)
    )


def named_items(names: Sequence[str], prefix: str) -> tuple[WorldItem, ...]:
    """Rows for known names; codes ``prefix`` + 01… are this module's own."""
    found = [_known()[name] for name in names]
    return tuple(WorldItem(f"{prefix}{at:02d}", name, known.unit, known.days > 0)
                 for at, (name, known) in enumerate(zip(names, found, strict=True), start=1))


def wholesale_items() -> tuple[WorldItem, ...]:
    """The 60 goods of wholesale markets: grain, oil, meat, eggs, 30 vegetables, fruit, fish."""
    return named_items(load("goods.toml")["lists"]["wholesale"], "W")


def emergency_items() -> tuple[WorldItem, ...]:
    """The 40 goods of the emergency list."""
    return named_items(load("goods.toml")["lists"]["emergency"], "E")


def league_supplements(league: str) -> tuple[WorldItem, ...]:
    """What a league asks beside the regional form; () where it asks nothing."""
    wanted = facts()["league_supplements"].get(league, ())
    return tuple(item for item in supplement_items() if item.name in wanted)


def item_facts(items: Sequence[WorldItem]) -> tuple[ItemFacts, ...]:
    """Facts for ``items`` by name or alias. WorldError (``WORLD-ITEM``) names the unknown one."""
    found = []
    for item in items:
        name = item.name.translate(_FULL_WIDTH).replace(" ", "").removesuffix("(箱)")
        if name not in _known():
            raise WorldError(
                "WORLD-ITEM",
                f"校准表没有商品「{item.name}」({item.code})；请在 calibration.toml 补一行",
            )
        found.append(_known()[name])
    return tuple(found)


def ramp(points: Sequence[Sequence[float]], at: Floats) -> Floats:
    """Straight lines through ``points`` [[x, y], …], flat outside; same shape as ``at``."""
    table = np.array(points, dtype=np.float64)
    found: Floats = np.interp(at, table[:, 0], table[:, 1])
    return found


def trend(name: str, ordinals: Floats) -> Floats:
    """ln of a shared trend at the given date ordinals."""
    points = [(day.toordinal(), math.log(factor)) for day, factor in facts()["trends"][name]]
    return ramp(points, ordinals)


def season(known: ItemFacts, day: Floats) -> Floats:
    """ln seasonal factor of an item at days of the year (1…366); same shape as ``day``."""
    if known.season is None:
        wave: Floats = known.swing * np.cos(2 * np.pi * (day - known.peak_day) / _YEAR)
        return wave
    months = facts()["seasons"][known.season]
    starts = [dt.date(2001, month, 1).timetuple().tm_yday for month in range(1, 13)]
    points = [*zip(starts, np.log(months), strict=True), (starts[0] + _YEAR, math.log(months[0]))]
    return ramp(points, day)


def winter_share(day: Floats) -> Floats:
    """1 at the vegetable peak (end of January), 0 half a year later."""
    peak = day_of_year(_VEGETABLE_PEAK)
    share: Floats = (1 + np.cos(2 * np.pi * (day - peak) / _YEAR)) / 2
    return share


def place_facts(place: WorldPlace, key: str, default: Any) -> list[Any]:
    """The values of ``key`` for the place's league and then the place itself (outer first)."""
    rows = {row["code"]: row for row in facts()["place"]}
    return [rows.get(code, {}).get(key, default) for code in (place.parent, place.code)]


def place_price(place: WorldPlace, items: Sequence[ItemFacts]) -> Floats:
    """ln price factor of a place against the region, without the vegetable season; [items]."""
    total = np.zeros(len(items))
    for table in place_facts(place, "price", {}):
        for at, known in enumerate(items):
            total[at] += math.log(table.get(known.code, table.get(known.group, 1.0)))
    return total


def place_season(place: WorldPlace, day: float) -> float:
    """ln factor on vegetables at a place on a day of the year: winter and summer blended."""
    share = float(winter_share(np.array(day)))
    winters = place_facts(place, "winter", 1.0)
    summers = place_facts(place, "summer", 1.0)
    return sum(
        share * math.log(winter) + (1 - share) * math.log(summer)
        for winter, summer in zip(winters, summers, strict=True)
    )


def remoteness(place: WorldPlace) -> float:
    """0…1: how surely the place goes without goods out of season."""
    typed = place_facts(place, "remote", None)[-1]
    if typed is not None:
        return float(typed)
    return float(np.clip(0.75 - 0.22 * math.log(max(place.population, 1) / 20000), 0.0, 0.75))


def place_taste(place: WorldPlace, items: Sequence[ItemFacts]) -> Floats:
    """Factor on what a place buys of each item; [items]."""
    tables = place_facts(place, "taste", {})
    return np.array([math.prod(table.get(known.group, 1.0) for table in tables) for known in items])
