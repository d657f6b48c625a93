"""The region the tests stand on: 12 leagues, 103 banners (2020 census figures)."""

from __future__ import annotations

import csv
import datetime as dt
from functools import cache
from pathlib import Path

import numpy as np

from ortoo.world import PRICE, QTY, VALUE, World, WorldPlace

SEED = 2026


@cache
def places() -> tuple[WorldPlace, ...]:
    text = Path(__file__).with_name("region_places.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(line for line in text.splitlines() if not line.startswith("#"))
    return tuple(
        WorldPlace(row["code"], row["name"], row["kind"], row["parent"], int(row["population"]))
        for row in rows
    )


@cache
def region() -> World:
    return World(SEED, places())


@cache
def hamlet(weeks: int = 60) -> World:
    """Two leagues, five banners, twelve seats: small and quick."""
    few = [place for place in places()
           if place.code in ("152500", "152502", "152525", "152529", "150100", "150102", "150103")]
    return World(5, few, sample=14, start=dt.date(2025, 1, 4), weeks=weeks)


def week_at(world: World, day: dt.date) -> dt.date:
    """First day of the week that holds ``day``."""
    return max(start for start in world.week_starts() if start <= day)


def column(world: World, name: str) -> int:
    return next(at for at, item in enumerate(world.items) if item.name == name)


def vegetables(world: World) -> np.ndarray:
    return np.array([known.group == "vegetable" for known in world.ground.items])


@cache
def region_means() -> np.ndarray:
    """Sales-weighted mean price in yuan, two decimals, of the true returns; [week × item]."""
    world = region()
    out = []
    for start in world.week_starts():
        truth = world.truth(start)
        sold = truth.nil[:, :, PRICE] == VALUE
        price, weight = truth.values[:, :, PRICE], truth.values[:, :, QTY] * sold
        out.append((price * weight).sum(axis=0) / weight.sum(axis=0) / 100)
    return np.round(np.array(out), 2)


@cache
def league_quotes() -> np.ndarray:
    """[week × league × item], fen."""
    return np.stack([region().league_quotes(start) for start in region().week_starts()])
