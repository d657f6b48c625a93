"""Production materials 重要生产资料 per ten days: price, sales, stock and outlook of dealers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np
from numpy.typing import NDArray

from ortoo.world.calibration import Floats, load
from ortoo.world.draw import bell, stream
from ortoo.world.filing import Custom, file
from ortoo.world.records import NOT_CARRIED, OUT_OF_STOCK, VALUE, WorldError, WorldItem
from ortoo.world.sheets import FormReturns, FormTruth, Measure
from ortoo.world.shocks import Shock
from ortoo.world.slips import Columns
from ortoo.world.world import World

Ints = NDArray[np.int64]
OUTLOOKS = ("涨", "平", "跌")
MATERIAL_MEASURES = (
    Measure("price", "出厂或经销价格", "元/{unit}", 2), Measure("sales_qty", "销售量", "{unit}", 3),
    Measure("stock", "期末库存", "{unit}", 3), Measure("outlook", "后市预期", "", 0, OUTLOOKS),
)
PRICE, SOLD, STOCK, OUTLOOK = range(4)
_CUSTOM = Custom("tenday", "material",
                 Columns((PRICE,), (SOLD,), (), (SOLD, STOCK), (STOCK,), None, (OUTLOOK,)))
_ORIGIN = dt.date(2014, 1, 1)     # ten-day periods are counted from here, whatever the world
_FULL_WIDTH = str.maketrans("（），", "(),")
_DAYS = 10


@dataclass(frozen=True, slots=True)
class TenDays:
    """One 旬: ``third`` 1 上旬 (1–10), 2 中旬 (11–20), 3 下旬 (21 to the end of the month)."""

    number: int
    start: dt.date
    end: dt.date

    @property
    def third(self) -> int:
        return self.number % 3 + 1


def ten_days(day: dt.date) -> TenDays:
    """The ten-day period that holds a day."""
    third = min((day.day - 1) // _DAYS, 2)
    return _numbered(((day.year - _ORIGIN.year) * 12 + day.month - 1) * 3 + third)


def _numbered(number: int) -> TenDays:
    month, third = divmod(number, 3)
    first = dt.date(_ORIGIN.year + month // 12, month % 12 + 1, 1)
    following = dt.date(_ORIGIN.year + (month + 1) // 12, (month + 1) % 12 + 1, 1)
    start = first + dt.timedelta(days=third * _DAYS)
    last = following if third == 2 else first + dt.timedelta(days=(third + 1) * _DAYS)
    return TenDays(number, start, last - dt.timedelta(days=1))


@cache
def _typed() -> dict[str, dict]:
    found: dict[str, dict] = {}
    for row in load("materials.toml")["material"]:
        for name in (row["name"], *row["aliases"]):
            found.setdefault(name, row)
    return found


def material_items() -> tuple[WorldItem, ...]:
    """The 50 goods of the ten-day form in nine classes; unit 吨."""
    return tuple(WorldItem(row["code"], row["name"], row.get("unit", "吨"), True)
                 for row in load("materials.toml")["material"])


def _rows(items: Sequence[WorldItem]) -> list[dict]:
    found = []
    for item in items:
        name = item.name.translate(_FULL_WIDTH).replace(" ", "")
        row = _typed().get(name) or _typed().get(name.split("(", maxsplit=1)[0])
        if row is None:
            raise WorldError("WORLD-ITEM", f"生产资料表没有「{item.name}」({item.code})；"
                                           "请在 materials.toml 补一行")
        found.append(row)
    return found


@cache
def _levels(seed: int, last: int) -> Floats:
    """ln price of every material up to ten-day number ``last``; [number × 50].

    A common factor, one per class and one per good; drawn number by number, so that a longer run
    begins with the same numbers.
    """
    typed, rules = load("materials.toml")["material"], load("materials.toml")["rules"]
    classes = load("materials.toml")["classes"]
    names = list(classes)
    of_class = np.array([names.index(row["class"]) for row in typed])
    beta = np.array([classes[row["class"]]["beta"] for row in typed])
    own_sigma = np.array([classes[name]["sigma"] for name in names])
    common, group, own = 0.0, np.zeros(len(names)), np.zeros(len(typed))
    out = np.empty((last + 1, len(typed)))
    for number in range(last + 1):
        rng = stream(seed, "materials", number)
        common = rules["keep"] * common + rules["common_sigma"] * float(bell(rng, 1)[0])
        group = rules["keep"] * group + own_sigma * bell(rng, len(names))
        own = rules["keep"] * own + rules["item_sigma"] * bell(rng, len(typed))
        out[number] = beta * common + group[of_class] + own
    return out + np.log([row["level"] for row in typed])


@dataclass(frozen=True, slots=True)
class _Dealers:
    banner: Ints
    carried: NDArray[np.bool_]
    usual: Floats    # tonnes sold in ten days
    effect: Floats   # ln price against the region
    cover: Floats    # ten-day periods of sales on hand


@lru_cache(maxsize=8)
def _dealers(world: World) -> _Dealers:
    typed, dealers = load("materials.toml")["material"], world.roll.material
    classes = load("materials.toml")["classes"]
    rng = stream(world.ground.seed, "dealers")
    shape = (len(dealers), len(typed))
    weight = np.array([classes[row["class"]]["share"] for row in typed])
    names = list(classes)
    of_class = np.array([names.index(row["class"]) for row in typed])
    # A dealer lives from one class and trades in one or two more.
    share = np.array([classes[name]["share"] for name in names])
    keys = rng.random((len(dealers), len(names))) ** (1 / share)
    kept = np.argsort(-keys, axis=1)[:, :3]
    carried = (of_class[None, None, :] == kept[:, :, None]).any(axis=1)
    carried &= rng.random(shape) < 0.85
    value = np.array([dealer.turnover_yuan_per_week for dealer in dealers])[:, None] * _DAYS / 7
    value = value * weight * carried / np.maximum((weight * carried).sum(axis=1, keepdims=True),
                                                  1e-9)
    level = np.array([row["level"] for row in typed])
    rules = load("materials.toml")["rules"]
    return _Dealers(world.banner_of(dealers), carried,
                    np.maximum(value / level * np.exp(0.2 * bell(rng, shape)), 0.4),
                    rules["dealer_spread"] * bell(rng, shape),
                    1.6 * np.exp(0.3 * bell(rng, shape)))


def _shock(world: World, period: TenDays) -> tuple[Floats, Floats, Floats]:
    """(ln price, factor on sales, chance of 断货) of shocks on materials; [banner × 50]."""
    table = world.ground.shocks
    codes = [row["code"] for row in load("materials.toml")["material"]]
    shape = (len(world.ground.banners), len(codes))
    price, sales, out = np.zeros(shape), np.ones(shape), np.zeros(shape)
    days = [period.start + dt.timedelta(days=step)
            for step in range((period.end - period.start).days + 1)]
    for shock, reached in zip(table.shocks, table.reach, strict=True):
        what = np.array([code in shock.items for code in codes])
        if not what.any():
            continue
        for reach in reached:
            strength = _mean_strength(shock, days, reach.lag)
            hit = np.outer(reach.weight, what)
            price += shock.price * strength * hit
            out += shock.stockout * strength * hit
            sales *= 1 + (shock.sales - 1) * strength * hit
    return price, sales, out


def _mean_strength(shock: Shock, days: Sequence[dt.date], lag: int) -> float:
    back = dt.timedelta(days=lag)
    return sum(shock.strength(day - back) for day in days) / len(days)


def _season(day: dt.date) -> Floats:
    """Factor on sales: builders rest in winter, farmers buy before sowing; [50]."""
    typed, month = load("materials.toml")["material"], day.month
    building = 0.55 if month in (12, 1, 2) else 1.15 if month in (4, 5, 6, 9, 10) else 1.0
    farming = 1.7 if month in (3, 4, 5) else 0.7 if month in (10, 11, 12) else 1.0
    heating = 1.5 if month in (11, 12, 1, 2) else 0.85
    of = {"黑色金属": building, "非金属建材": building, "农业生产资料": farming, "煤炭": heating}
    return np.array([of.get(row["class"], 1.0) for row in typed])


@lru_cache(maxsize=16)
def _period(world: World, number: int) -> tuple[Ints, NDArray[np.uint8]]:
    dealers, period, rules = _dealers(world), _numbered(number), load("materials.toml")["rules"]
    shape = dealers.usual.shape
    price_shock, sales_shock, out = _shock(world, period)
    at = dealers.banner
    levels = _levels(world.ground.seed, _last_number(world))
    rng = stream(world.ground.seed, "material-returns", number)
    log_price = levels[number] + dealers.effect + price_shock[at] + 0.002 * bell(rng, shape)
    yuan = np.exp(log_price)
    step = np.select([yuan < 200, yuan < 1000, yuan < 10_000], [1, 5, 10], 50)
    fen = (np.rint(yuan / step) * step * 100).astype(np.int64)
    sold = np.maximum(np.rint(dealers.usual * _season(period.start) * sales_shock[at]
                              * np.exp(0.16 * bell(rng, shape)) * 10), 1).astype(np.int64)
    stock = np.maximum(np.rint(dealers.usual * dealers.cover * np.exp(
        -2.5 * np.maximum(price_shock[at], 0) + 0.12 * bell(rng, shape)) * 10), 0)
    move = levels[min(number + 1, len(levels) - 1)] - levels[number]
    sure, guess = rng.random(shape), (rng.random(shape) * len(OUTLOOKS)).astype(np.int64)
    said = np.where(move > rules["outlook_from"], 0, np.where(move < -rules["outlook_from"], 2, 1))
    outlook = np.where(sure < rules["outlook_right"], said,
                       np.where(sure < rules["outlook_guess"], 1, guess)).astype(np.int64)
    # A few hundred kilograms are the least anyone weighs: the form's third decimal is a nought.
    sold, stock = sold * 100, stock * 100
    values = np.stack([fen, sold, stock.astype(np.int64), outlook], axis=-1)
    gone = rng.random(shape) < 0.003 + out[at]
    cell = np.where(dealers.carried, np.where(gone, OUT_OF_STOCK, VALUE), NOT_CARRIED)
    nil = np.repeat(cell[:, :, None], len(MATERIAL_MEASURES), axis=2).astype(np.uint8)
    return np.where(nil == VALUE, values, 0), nil


def _last_number(world: World) -> int:
    return ten_days(world.ground.week_start(world.ground.weeks)).number + 1


def material_truth(
    world: World, day: dt.date, items: Sequence[WorldItem] | None = None
) -> FormTruth:
    """What was true at the dealers in the ten days that hold ``day``; ``MATERIAL_MEASURES``.

    Firms: ``world.listed("material", …)``. ``items`` by name or alias; default the 50. WorldError
    ``WORLD-WEEK`` outside the world, ``WORLD-ITEM`` for an unknown good.
    """
    if not world.holds(day):
        raise WorldError("WORLD-WEEK", f"{day} 不在本模拟世界内")
    rows = tuple(items) if items is not None else material_items()
    order = [row["code"] for row in load("materials.toml")["material"]]
    columns = [order.index(row["code"]) for row in _rows(rows)]
    period = ten_days(day)
    values, nil = _period(world, period.number)
    return FormTruth("material", period.start, period.end,
                     tuple(dealer.code for dealer in world.roll.material),
                     tuple(item.code for item in rows), MATERIAL_MEASURES,
                     values[:, columns], nil[:, columns])


def material_returns(
    world: World, day: dt.date, items: Sequence[WorldItem] | None = None
) -> FormReturns:
    """The returns of the ten days that hold ``day`` as filed."""
    truth = material_truth(world, day, items)
    eve = truth.start - dt.timedelta(days=1)
    before = material_truth(world, eve, items) if world.holds(eve) else None
    return file(world, truth, before, _CUSTOM, np.zeros(len(truth.items), dtype=np.bool_))
