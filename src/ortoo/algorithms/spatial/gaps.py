"""Gaps 价差: prices of neighbours against what it costs to carry the good from one to the other."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
EARTH_KM = 6371.0088
"""Mean radius (IUGG)."""


def great_circle_km(lon: ArrayLike, lat: ArrayLike) -> Floats:
    """Distances between all points given in degrees, [points × points], by the haversine formula.

    NaN where a point is unknown. ValueError: shapes.
    """
    east, north = np.radians(np.asarray(lon, float)), np.radians(np.asarray(lat, float))
    if east.ndim != 1 or east.shape != north.shape:
        raise ValueError(f"one longitude for each latitude: {east.shape}, {north.shape}")
    across = np.sin((east[:, None] - east[None, :]) / 2) ** 2
    up = np.sin((north[:, None] - north[None, :]) / 2) ** 2
    half = up + np.cos(north)[:, None] * np.cos(north)[None, :] * across
    found: Floats = 2 * EARTH_KM * np.arcsin(np.sqrt(np.clip(half, 0, 1)))
    return found


def neighbours(km: ArrayLike, count: int) -> list[tuple[int, int]]:
    """Unordered pairs in which one is among the other's `count` nearest, nearest pair first."""
    distance = np.asarray(km, dtype=np.float64)
    found: set[tuple[int, int]] = set()
    for at, row in enumerate(distance):
        order = [
            int(other)
            for other in np.argsort(row, kind="stable")
            if other != at and np.isfinite(row[other])
        ]
        found |= {(min(at, other), max(at, other)) for other in order[:count]}
    return sorted(found, key=lambda pair: (float(distance[pair]), pair))


def beyond_cost(
    price: ArrayLike, cost: ArrayLike, pairs: Sequence[tuple[int, int]]
) -> list[tuple[int, int, float, float]]:
    """(dear, cheap, gap, cost of the way) of each pair with two prices above 0, widest excess
    first; `price` [places] and `cost` [places × places] in one unit."""
    prices, costs = np.asarray(price, float), np.asarray(cost, float)
    found = []
    for one, other in pairs:
        a, b = float(prices[one]), float(prices[other])
        if not (np.isfinite(a) and np.isfinite(b) and min(a, b) > 0):
            continue
        dear, cheap = (one, other) if a >= b else (other, one)
        found.append((dear, cheap, abs(a - b), float(costs[one, other])))
    return sorted(found, key=lambda row: row[3] - row[2])


def stock_days(stock: ArrayLike, sold: ArrayLike, days: ArrayLike) -> Floats:
    """Days the stock lasts at the period's mean daily sales; NaN where stock is negative, nothing
    was sold or either is unknown (a negative stock is a slip, not a shortage)."""
    held, gone = np.asarray(stock, float), np.asarray(sold, float)
    daily = gone / np.asarray(days, float)
    found = np.full(np.broadcast(held, daily).shape, np.nan)
    np.divide(held, daily, out=found, where=(daily > 0) & (held >= 0) & np.isfinite(held))
    return found
