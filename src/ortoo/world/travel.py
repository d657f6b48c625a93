"""How a shock travels: to neighbouring places days later and weaker, along roads or to buyers.

The neighbour relation is the distance between label points where both places have one; otherwise
places of the same league stand at one typical distance and other leagues are out of reach.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ortoo.world.records import WorldPlace

Floats = NDArray[np.float64]
LEAGUE_KM = 120.0      # between two banners of a league whose label points are unknown
_LEAST = 0.03          # a weaker echo is not felt
_EARTH_KM = 6371.0


@dataclass(frozen=True, slots=True)
class Travel:
    """How one shock leaves the places it strikes.

    ``keep``: strength that is left at the first step; ``reach_km``: distance over which it falls
    to 1/e of that; ``km_a_day``: how fast it moves; ``unreached``: places it does not reach (the
    hub its goods come from; places another shock of the same storm already strikes);
    ``buyers``: place → (days, strength), for goods that travel by trade and not by the road next
    door.
    """

    keep: float
    reach_km: float
    km_a_day: float
    unreached: tuple[str, ...]
    buyers: Mapping[str, tuple[int, float]]

    @classmethod
    def read(cls, row: Mapping[str, Any]) -> Travel:
        """A ``travel`` table of ``shocks.toml``."""
        buyers = {code: (int(days), float(share))
                  for code, (days, share) in row.get("buyers", {}).items()}
        return cls(row["keep"], row["reach_km"], row["km_a_day"],
                   tuple(row.get("unreached", ())), buyers)


@dataclass(frozen=True, slots=True)
class Reach:
    """Places a shock is felt at ``lag`` days after it strikes; ``weight`` 0…1 [banner]."""

    lag: int
    weight: Floats


def direct(places: Sequence[str], banners: Sequence[WorldPlace]) -> NDArray[np.bool_]:
    """Banners a shock strikes: named, or below a named league, or all when none is named."""
    return np.array([not places or place.code in places or place.parent in places
                     for place in banners])


def distance_km(one: WorldPlace, other: WorldPlace) -> float:
    """Between two places; infinite where neither label points nor a common league tell."""
    if one.lon is None or one.lat is None or other.lon is None or other.lat is None:
        return LEAGUE_KM if one.parent == other.parent else math.inf
    first, second = math.radians(one.lat), math.radians(other.lat)
    across = math.radians(other.lon - one.lon)
    half = (math.sin((second - first) / 2) ** 2
            + math.cos(first) * math.cos(second) * math.sin(across / 2) ** 2)
    return 2 * _EARTH_KM * math.asin(math.sqrt(half))


def _felt(
    travel: Travel, place: WorldPlace, struck: Sequence[WorldPlace]
) -> tuple[int, float]:
    """(days, strength) at one place that the shock does not strike itself."""
    for code in (place.code, place.parent):
        if code in travel.buyers:
            return travel.buyers[code]
    if place.code in travel.unreached or place.parent in travel.unreached:
        return 0, 0.0
    away = min(distance_km(place, other) for other in struck)
    if math.isinf(away):
        return 0, 0.0
    strength = travel.keep * math.exp(-away / travel.reach_km)
    return max(1, math.ceil(away / travel.km_a_day)), strength


def reaches(
    travel: Travel | None, where: NDArray[np.bool_], banners: Sequence[WorldPlace]
) -> tuple[Reach, ...]:
    """Every other place the shock is felt at, by days of delay; none when it does not travel."""
    struck = [place for place, hit in zip(banners, where, strict=True) if hit]
    if travel is None or not struck or len(struck) == len(banners):
        return ()
    by_lag: dict[int, Floats] = {}
    for at, place in enumerate(banners):
        if where[at]:
            continue
        lag, weight = _felt(travel, place, struck)
        if weight >= _LEAST:
            by_lag.setdefault(lag, np.zeros(len(banners)))[at] = weight
    return tuple(Reach(lag, by_lag[lag]) for lag in sorted(by_lag))
