"""Names of fictional firms and clerks, by the habits of the place (``names.toml``)."""

from __future__ import annotations

from typing import Any

import numpy as np

from ortoo.world.calibration import load
from ortoo.world.draw import pick
from ortoo.world.records import WorldError, WorldPlace

_TRIES = 400


def _words() -> dict[str, Any]:
    return load("names.toml")


class FirmNames:
    """Gives out firm names, each once: 旗县 + 字号 + 行业 + 组织形式."""

    def __init__(self, leagues: dict[str, WorldPlace]) -> None:
        self._leagues = leagues
        self._taken: set[str] = set()
        self._marks: set[tuple[str, str]] = set()

    def taken(self, name: str) -> None:
        """Keeps a name that was given elsewhere from being given again."""
        self._taken.add(name)

    def _head(self, place: WorldPlace) -> str:
        league = self._leagues.get(place.parent)
        return f"{league.name}{place.name}" if league and place.kind == "district" else place.name

    def draw(self, rng: np.random.Generator, place: WorldPlace, kind: str) -> str:
        """A new name. WorldError (``WORLD-NAMES``) when the place's 字号 are used up."""
        words = _words()["firm"]
        for _ in range(_TRIES):
            root, end = pick(rng, words["marks"]), pick(rng, words["ends"])
            mark, tail = root + end, pick(rng, words[kind])
            if root in self._head(place) or root[-1] in (end, tail[0]):
                continue   # 乌兰浩特市乌兰…, 兴隆隆…: no registrar would pass it
            name = f"{self._head(place)}{mark}{tail}"
            if name not in self._taken and (place.code, mark) not in self._marks:
                self._taken.add(name)
                self._marks.add((place.code, mark))
                return name
        raise WorldError("WORLD-NAMES", f"{place.name} 的字号已用尽；请在 names.toml 增补")


def _two_part(rng: np.random.Generator, surnames: list[str]) -> str:
    words = _words()["person"]
    given = pick(rng, words["first"]) + pick(rng, words["second"])
    if rng.random() < 0.25:
        given = pick(rng, words["second"])
    return f"{pick(rng, surnames)}{given}"


def clerk_name(rng: np.random.Generator, place: WorldPlace) -> str:
    """A clerk's name, whole: Mongolian names are single and are never split."""
    words, style = _words()["person"], _words()["style"]
    if rng.random() < style["daur"].get(place.code, 0.0):
        return _two_part(rng, words["daur_surnames"])
    if rng.random() < style["hui"].get(place.code, 0.0):
        return _two_part(rng, words["hui_surnames"])
    minority = place.minority_pct
    if minority is None:
        minority = style["minority"].get(place.code, 0)
    if rng.random() >= minority / 100:
        return _two_part(rng, words["han_surnames"])
    if place.parent in style["eastern"] and rng.random() < 0.6:
        return f"{pick(rng, words['eastern_surnames'])}{pick(rng, words['eastern_given'])}"
    return str(pick(rng, words["mongolian"]))
