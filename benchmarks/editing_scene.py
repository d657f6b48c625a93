"""The last weeks of a simulated region as the editing bench hands them to the detectors."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np

LAGS, YEAR = 7, 52
NAMES = ("price", "value", "quantity", "stock")
ROLE = {"price": "price", "sales": "value", "sales_qty": "quantity", "stock": "stock"}


class Scene:
    """The last weeks of one simulated region, firms aligned over them."""

    def __init__(self, seed: int, weeks: int) -> None:
        from ortoo.kernel.places.load import load
        from ortoo.world import World, WorldPlace, weekly_returns

        places = [
            WorldPlace(p.code, p.zh, p.kind, p.parent, p.population or 0)
            for p in load("neimenggu").places
        ]
        world = World(seed, places)
        starts: list[dt.date] = world.week_starts()[-weeks:]
        self.seed = seed
        self.weeks = [weekly_returns(world, start) for start in starts]
        self.items = [item.code for item in world.items]
        self.places = [
            {firm.code: (firm.place, firm.league) for firm in world.sample(start)}
            for start in starts
        ]

    def values(self, at: int, like: int) -> np.ndarray:
        """Week `at` as filed, rows in the order of week `like`'s firms; MISSING where nothing."""
        from ortoo.algorithms.rollup import MISSING

        week, firms = self.weeks[at], self.weeks[like].firms
        row_of = {code: row for row, code in enumerate(week.firms)}
        found = np.full((len(firms), *week.values.shape[1:]), MISSING, np.int64)
        pairs = [(row, row_of[code]) for row, code in enumerate(firms) if code in row_of]
        mine, theirs = (list(part) for part in zip(*pairs, strict=True))
        found[mine] = np.where(week.nil == 0, week.values, MISSING)[theirs]
        # The simulation's order of measures is price, sales, quantity, stock.
        return found

    def planted(self, at: int) -> dict[tuple[int, int, str], Any]:
        """(firm, item, column) → the planted error."""
        firm = {code: row for row, code in enumerate(self.weeks[at].firms)}
        item = {code: column for column, code in enumerate(self.items)}
        return {
            (firm[one.firm], item[one.item], ROLE[one.measure]): one
            for one in self.weeks[at].planted
        }

    def period(self, at: int, blur: float = 0.0) -> Any:
        """What the detectors may see of a week."""
        from ortoo.algorithms.editing.detection import Period
        from ortoo.algorithms.editing.expectation import Column

        now = self.values(at, at)
        past = np.stack([self.values(at - lag, at) for lag in (*range(1, LAGS + 1), YEAR)])
        if blur:
            rng = np.random.default_rng((self.seed, at))
            now, past = (_noisy(values, rng, blur) for values in (now, past))
        where = [self.places[at][code] for code in self.weeks[at].firms]
        place, unit = (
            np.unique([one[level] for one in where], return_inverse=True)[1] for level in (0, 1)
        )
        columns = {
            name: Column(now[:, :, column], past[:, :, :, column])
            for column, name in enumerate(NAMES)
        }
        return Period(columns, place, unit)


def _noisy(values: np.ndarray, rng: np.random.Generator, blur: float) -> np.ndarray:
    from ortoo.algorithms.rollup import MISSING

    found = values.copy()
    sales = found[..., 1]
    noise = np.exp(blur * rng.standard_normal(sales.shape))
    found[..., 1] = np.where(
        sales == MISSING, MISSING, np.maximum(np.rint(np.where(sales > 0, sales, 0) * noise), 1)
    )
    return found
