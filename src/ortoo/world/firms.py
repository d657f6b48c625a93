"""The three overlapping lists of firms: weekly sample, supply guarantors, backbone firms."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ortoo.kernel.parties.codes import fictional_uscc
from ortoo.world.calibration import facts
from ortoo.world.draw import Floats, bell, pick, pick_weighted, shuffled, stream
from ortoo.world.names import FirmNames, clerk_name
from ortoo.world.records import Firm, FirmEvent, WorldError, WorldPlace

CreditCode = Callable[[int, str, str], str]   # serial, place code, registration kind
_CATEGORY = {"household_shop": "92", "fresh_shop": "92", "cooperative": "93"}
_TRADES = {   # kinds of firms that are on no sample list, with (share, median weekly takings)
    "wholesale_market": (0.10, 900_000), "grain_trade": (0.22, 260_000),
    "meat_works": (0.20, 380_000), "distribution": (0.18, 300_000),
    "department_store": (0.16, 420_000), "fuel_materials": (0.14, 350_000),
}
_NO_GUARANTOR = ("department_store", "fuel_materials")   # keep no necessities for an emergency
_LARGE_KINDS = ("supermarket", "cooperative")
_FIVE_YEARS = 5 * 365
_QUARTER = 91
# A league's capital trades in more than its people eat: cap the pull of the largest banners.
_PULL = 0.72


@dataclass(frozen=True, slots=True)
class Register:
    """All firms of a world (also those that closed or opened meanwhile) and their events."""

    firms: tuple[Firm, ...]
    events: tuple[FirmEvent, ...]

    def seats(self) -> list[list[Firm]]:
        """Per sample seat, the firms that fill it one after another."""
        filled: dict[int, list[Firm]] = {}
        for firm in self.firms:
            if firm.seat is not None:
                filled.setdefault(firm.seat, []).append(firm)
        return [sorted(filled[seat], key=lambda firm: firm.sample_from or dt.date.min)
                for seat in sorted(filled)]


def apportion(weights: Floats, total: int) -> list[int]:
    """Largest-remainder shares of ``total`` by ``weights``; sums to ``total``."""
    exact = weights / weights.sum() * total
    given = np.floor(exact).astype(int)
    order = np.argsort(-(exact - given), kind="stable")
    given[order[: total - int(given.sum())]] += 1
    return [int(count) for count in given]


def sample_places(banners: Sequence[WorldPlace], total: int) -> list[WorldPlace]:
    """The banner of every sample seat: one in nearly every banner, the rest by population."""
    lists = facts()["lists"]
    least = [max(1, lists["at_least"].get(place.code, 1)) for place in banners]
    for at in sorted(range(len(banners)), key=lambda at: banners[at].population):
        if len(banners) <= 2 * lists["without_sample_firm"]:
            break
        may_be_empty = least.count(0) < lists["without_sample_firm"]
        if may_be_empty and banners[at].code not in lists["at_least"]:
            least[at] = 0
    rest = total - sum(least)
    if rest < 0:
        raise WorldError("WORLD-SAMPLE", f"样本 {total} 家少于各旗县最低数之和 {sum(least)} 家")
    pull = np.array([
        place.population ** _PULL * (base > 0 and place.code not in lists["at_least"])
        for place, base in zip(banners, least, strict=True)
    ])
    more = apportion(pull, rest)
    return [place for place, base, extra in zip(banners, least, more, strict=True)
            for _ in range(base + extra)]


class _Enlister:
    def __init__(self, seed: int, banners: Sequence[WorldPlace], leagues: dict[str, WorldPlace],
                 start: dt.date, credit_code: CreditCode) -> None:
        self.rng = stream(seed, "firms")
        self.banners, self.start, self.credit_code = banners, start, credit_code
        self.names = FirmNames(leagues)
        self.firms: list[Firm] = []
        self.events: list[FirmEvent] = []
        self.pull = np.array([place.population for place in banners], dtype=np.float64) ** _PULL

    def _takings(self, kind: str, place: WorldPlace) -> int:
        rules = facts()["shops_rules"]
        shops: dict[str, Any] = facts()["shops"]
        if kind in shops:
            median, spread = shops[kind]["median"], shops[kind]["spread"]
        else:
            median, spread = _TRADES[kind][1], 0.6
        scale = (max(place.population, 1) / 200_000) ** rules["per_population"]
        raw = median * scale * float(np.exp(spread * bell(self.rng, 1)[0]))
        return int(min(raw, rules["largest_yuan"]) // 100 * 100)

    def enlist(self, place: WorldPlace, kind: str, lists: tuple[str, ...]) -> Firm:
        """A new firm, numbered in order of birth."""
        serial, rng = len(self.firms), self.rng
        tags = {name: table["share"] for name, table in facts()["tags"].items()}
        habits = {name: table["share"] for name, table in facts()["reliability"].items()}
        firm = Firm(
            code=self.credit_code(serial, place.code, _CATEGORY.get(kind, "91")),
            name=self.names.draw(rng, place, kind), kind=kind, place=place.code,
            league=place.parent, lists=lists, clerk=clerk_name(rng, place),
            phone=f"199-0000-{serial:04d}", turnover_yuan_per_week=self._takings(kind, place),
            reliability=pick_weighted(rng, habits),
            entry_unit="斤" if rng.random() < 0.58 else "公斤",
            tag_habit=pick_weighted(rng, tags),
            stock_habit=pick_weighted(rng, {"exact": 0.5, "tens": 0.35, "hundreds": 0.15}),
        )
        self.firms.append(firm)
        return firm

    def _shop_kind(self) -> str:
        shares = {name: table["share"] for name, table in facts()["shops"].items()}
        return pick_weighted(self.rng, shares)

    def sample(self, total: int) -> list[Firm]:
        seats = [replace(self.enlist(place, self._shop_kind(), ("sample",)), seat=seat,
                         sample_from=self.start)
                 for seat, place in enumerate(sample_places(self.banners, total))]
        self.firms[-len(seats):] = seats
        return seats

    def others(self, total: int, lists: tuple[str, ...]) -> None:
        shares = {kind: share for kind, (share, _) in _TRADES.items()
                  if "guarantor" not in lists or kind not in _NO_GUARANTOR}
        for place, count in zip(self.banners, apportion(self.pull, total), strict=True):
            for _ in range(count):
                self.enlist(place, pick_weighted(self.rng, shares), lists)

    def put(self, firm: Firm) -> None:
        at = next(at for at, known in enumerate(self.firms) if known.code == firm.code)
        self.firms[at] = firm


def _list_shares(total: int) -> dict[tuple[str, ...], int]:
    """Counts of the seven list combinations, scaled when the region is smaller than the plan's."""
    typed = facts()["lists"]
    scale = total / typed["sample"]
    size = {key: round(value * scale) for key, value in typed.items() if isinstance(value, int)}
    every = size["all_three"]
    both = {
        ("sample", "guarantor"): size["sample_guarantor"] - every,
        ("sample", "backbone"): size["sample_backbone"] - every,
        ("guarantor", "backbone"): size["guarantor_backbone"] - every,
    }
    return both | {
        ("sample", "guarantor", "backbone"): every,
        ("guarantor",): max(0, size["guarantor"] - size["sample_guarantor"]
                            - both["guarantor", "backbone"]),
        ("backbone",): max(0, size["backbone"] - size["sample_backbone"]
                           - both["guarantor", "backbone"]),
    }


def _overlap(maker: _Enlister, seats: list[Firm], shares: dict[tuple[str, ...], int]) -> None:
    """Puts sample firms on the other lists: larger firms first, with some chance."""
    rank = np.array([firm.turnover_yuan_per_week * (1.0 if firm.kind in _LARGE_KINDS else 0.02)
                     for firm in seats])
    rank *= np.exp(0.8 * bell(maker.rng, len(seats)))
    order = iter(np.argsort(-rank, kind="stable"))
    for lists in (("sample", "guarantor", "backbone"), ("sample", "backbone"),
                  ("sample", "guarantor")):
        for _ in range(shares[lists]):
            firm = seats[int(next(order))]
            maker.put(replace(firm, lists=lists))


def _turn_over(maker: _Enlister, seed: int, scale: float) -> None:
    """A few firms close, merge or change their names; each seat is filled again at once."""
    counts = {kind: round(count * scale) for kind, count in facts()["events"].items()}
    rng = stream(seed, "events")
    small = [firm for firm in maker.firms if firm.lists == ("sample",)]
    backbone = [firm for firm in maker.firms if firm.lists == ("backbone",)]
    places = {place.code: place for place in maker.banners}
    chosen = [small[at] for at in shuffled(rng, len(small))]
    wanted = counts["closed"] + counts["merged"]
    for at, firm in enumerate(chosen[:wanted]):
        day = _QUARTER + int(rng.random() * (_FIVE_YEARS - _QUARTER))
        on = maker.start + dt.timedelta(days=day)
        seat_from = maker.start + dt.timedelta(days=-(-day // 7) * 7)
        place = places[firm.place]
        heir = replace(maker.enlist(place, "supermarket", ("sample",)), seat=firm.seat,
                       sample_from=seat_from)
        maker.put(heir)
        maker.put(replace(firm, sample_to=seat_from))
        near = [other for other in backbone if other.league == firm.league] or backbone
        merged = at >= counts["closed"] and bool(near)
        successor = pick(rng, near).code if merged else heir.code
        maker.events.append(FirmEvent(firm.code, "merged" if merged else "closed", on, successor))
        maker.events.append(FirmEvent(heir.code, "opened", on))
    for firm in chosen[wanted: wanted + counts["renamed"]]:
        on = maker.start + dt.timedelta(days=int(rng.random() * _FIVE_YEARS))
        name = maker.names.draw(rng, places[firm.place], firm.kind)
        maker.events.append(FirmEvent(firm.code, "renamed", on, name=name))


def reserved_code(serial: int, place: str, kind: str) -> str:
    """A unified social credit code of the reserved block for the ``serial``-th firm."""
    return fictional_uscc(place, serial, kind=kind)


def enlist(
    *, seed: int, leagues: Sequence[WorldPlace], banners: Sequence[WorldPlace], start: dt.date,
    sample: int | None = None, credit_code: CreditCode = reserved_code,
) -> Register:
    """Draws the register of a world.

    ``sample`` seats (default: the plan's 230); the other lists shrink or grow with it.
    ``credit_code(serial, place, kind)`` gives the party codes; where places have no GB/T 2260
    codes, bring your own.
    """
    total = facts()["lists"]["sample"] if sample is None else sample
    maker = _Enlister(seed, banners, {place.code: place for place in leagues}, start, credit_code)
    shares = _list_shares(total)
    seats = maker.sample(total)
    _overlap(maker, seats, shares)
    for lists in (("guarantor", "backbone"), ("guarantor",), ("backbone",)):
        maker.others(shares[lists], lists)
    _turn_over(maker, seed, total / facts()["lists"]["sample"])
    events = sorted(maker.events, key=lambda event: (event.on, event.firm, event.kind))
    return Register(tuple(maker.firms), tuple(events))
