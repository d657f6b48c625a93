"""What returns are typed on: most firms have a machine of their own, a planted few share one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from ortoo.world.calibration import load
from ortoo.world.draw import shuffled, stream
from ortoo.world.records import Firm

if TYPE_CHECKING:
    from ortoo.world.world import World


def own_device(code: str) -> str:
    """The machine of one firm."""
    return f"D-{code[8:17]}" if len(code) > 17 else f"D-{code}"


def office_device(place: str) -> str:
    """The machine of a place's bureau, on which it enters for firms (代录)."""
    return f"O-{place}"


@lru_cache(maxsize=8)
def shared_groups(world: World) -> tuple[tuple[str, ...], ...]:
    """Codes of sample firms that file from one machine, group by group (a planted truth).

    Shops of one league, mostly small: a bookkeeper files for all of them. Empty in version 1.
    """
    if world.version < 2:
        return ()
    rules, rng = load("respondents.toml")["devices"], stream(world.ground.seed, "devices")
    by_league: dict[str, list[Firm]] = {}
    for firm in world.sample(world.ground.start):
        if firm.lists == ("sample",):
            by_league.setdefault(firm.league, []).append(firm)
    leagues = sorted(code for code, firms in by_league.items() if len(firms) >= rules["least"])
    groups = []
    for at in shuffled(rng, len(leagues))[:rules["groups"]]:
        firms = by_league[leagues[at]]
        size = rules["least"] + int(rng.random() * (rules["most"] - rules["least"] + 1))
        groups.append(tuple(firms[row].code for row in shuffled(rng, len(firms))[:size]))
    return tuple(groups)


@lru_cache(maxsize=8)
def _shared(world: World) -> Mapping[str, str]:
    return {code: f"S-{at:02d}" for at, group in enumerate(shared_groups(world)) for code in group}


def devices(
    world: World, firms: Sequence[Firm], reported: np.ndarray, assisted: np.ndarray
) -> tuple[str, ...]:
    """The device of each return, "" where none came; assisted ones come from the office's."""
    shared = _shared(world)
    return tuple(
        "" if not came else office_device(firm.place) if helped
        else shared.get(firm.code) or own_device(firm.code)
        for firm, came, helped in zip(firms, reported.tolist(), assisted.tolist(), strict=True)
    )
