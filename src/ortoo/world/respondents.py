"""Respondents of the other forms: wholesale markets, material dealers, trading markets, the frame.

They are numbered after the firms of the three lists, so that a world keeps its firms when a list
is added. A firm of the three lists whose trade is wholesale or materials is on these lists too:
it is asked once.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ortoo.world.calibration import load
from ortoo.world.draw import bell, pick_weighted, shuffled, stream
from ortoo.world.firms import CreditCode, apportion
from ortoo.world.names import FirmNames, clerk_name
from ortoo.world.records import Firm, WorldPlace

FIRST_SERIAL = 3000   # far above the firms of the three lists; phones have four digits


@dataclass(frozen=True, slots=True)
class Roll:
    """Members of the further lists; ``newcomers`` are those that are on none of the three."""

    wholesale: tuple[Firm, ...]
    material: tuple[Firm, ...]
    trading: tuple[Firm, ...]
    frame: tuple[Firm, ...]
    newcomers: tuple[Firm, ...]

    def listed(self, name: str) -> tuple[Firm, ...]:
        """Members of ``wholesale``, ``material``, ``trading`` or ``frame``; () for another name."""
        return getattr(self, name) if name in ("wholesale", "material", "trading", "frame") else ()


@dataclass(frozen=True, slots=True)
class Setting:
    """What the lists are drawn in: ``scale`` 1.0 is the whole region."""

    seed: int
    leagues: Sequence[WorldPlace]
    banners: Sequence[WorldPlace]
    start: dt.date
    scale: float
    credit_code: CreditCode


class _Clerkship:
    """Enrols firms one after another."""

    def __init__(self, setting: Setting, known: Sequence[Firm]) -> None:
        self.setting, self.rng = setting, stream(setting.seed, "respondents")
        self.names = FirmNames({place.code: place for place in setting.leagues})
        for firm in known:
            self.names.taken(firm.name)
        self.newcomers: list[Firm] = []
        self.facts = load("respondents.toml")
        self.pull = np.array([max(place.population, 1) for place in setting.banners]) ** 0.72

    def enrol(self, place: WorldPlace, kind: str, name: str) -> Firm:
        """A new firm of one list."""
        rng, serial = self.rng, FIRST_SERIAL + len(self.newcomers)
        habits = load("calibration.toml")["reliability"]
        takings = self.facts["takings"][kind] * float(np.exp(0.45 * bell(rng, 1)[0]))
        firm = Firm(
            code=self.setting.credit_code(serial, place.code, "91"),
            name=self.names.draw(rng, place, kind), kind=kind, place=place.code,
            league=place.parent, lists=(name,), clerk=clerk_name(rng, place),
            phone=f"199-0000-{serial:04d}", turnover_yuan_per_week=int(takings) // 100 * 100,
            reliability=pick_weighted(rng, {key: row["share"] for key, row in habits.items()}),
            entry_unit="斤" if rng.random() < 0.4 else "公斤", tag_habit="round",
            stock_habit=pick_weighted(rng, {"exact": 0.4, "tens": 0.4, "hundreds": 0.2}),
        )
        self.newcomers.append(firm)
        return firm

    def size(self, name: str) -> int:
        return max(1, round(self.facts["lists"][name] * self.setting.scale))

    def spread(self, count: int) -> list[WorldPlace]:
        """Places for ``count`` firms by population, no more than one league's fair share each."""
        shares = apportion(self.pull, count)
        return [place for place, share in zip(self.setting.banners, shares, strict=True)
                for _ in range(share)]

    def fill(self, name: str, kind: str, old: Sequence[Firm]) -> tuple[Firm, ...]:
        """A list of known firms of the trade, then new ones where they are missing."""
        total = self.size(name)
        most = round(total * self.facts["lists"]["known_share"])
        kept = [old[at] for at in sorted(shuffled(self.rng, len(old))[:most])]
        big = [place for place in self.setting.banners
               for _ in range(self.facts["at_least"].get(name, {}).get(place.code, 0))]
        first = [self.enrol(place, f"{kind}_big" if name == "wholesale" else kind, name)
                 for place in big[:max(0, total - len(kept))]]
        rest = self.spread(max(0, total - len(kept) - len(first)))
        return (*first, *kept, *(self.enrol(place, kind, name) for place in rest))


def enlist(setting: Setting, known: Sequence[Firm]) -> Roll:
    """The further lists of a world beside the firms of its three lists."""
    maker = _Clerkship(setting, known)

    def trade(kind: str) -> list[Firm]:
        return [firm for firm in known if firm.kind == kind]

    wholesale = maker.fill("wholesale", "wholesale_market", trade("wholesale_market"))
    material = maker.fill("material", "material_dealer", trade("fuel_materials"))
    trading = maker.fill("trading", "trading_market", ())
    # One shop outside the sample in the largest banners of each league: the frame to draw from.
    places: list[WorldPlace] = []
    for league in setting.leagues:
        own = sorted((place for place in setting.banners if place.parent == league.code),
                     key=lambda place: (-place.population, place.code))
        places += own[:maker.facts["lists"]["frame_per_league"]]
    frame = tuple(replace(maker.enrol(place, "supermarket", "frame"), tag_habit="eight")
                  for place in places)
    return Roll(wholesale, material, trading, frame,
                tuple(firm for firm in (*wholesale, *material, *trading, *frame)
                      if firm not in known))
