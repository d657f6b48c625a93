"""Plain records of the simulated region. No record here names a real firm or a real person."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

MEASURES = ("price", "sales", "sales_qty", "stock")
PRICE, SALES, QTY, STOCK = range(4)

# What a cell holds when it holds no number; the order is that of the form's nil reasons.
VALUE, NOT_CARRIED, OUT_OF_STOCK, OUT_OF_SEASON, BLANK = range(5)
NIL_LETTERS = ("", "n", "o", "s", "")


class WorldError(ValueError):
    """A simulated world was asked for something its facts do not hold; carries an error code."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code


@dataclass(frozen=True, slots=True)
class WorldPlace:
    """A place of the region: a league (``kind`` prefecture_city or league) or a banner below one.

    ``parent`` is geography. Only banner-level places hold firms. ``minority_pct`` (who works
    there, hence which names) is looked up in ``names.toml`` when not given. ``lon``, ``lat``: label
    point in degrees; with them a shock travels by distance, without them only within its league.
    """

    code: str
    name: str
    kind: str
    parent: str
    population: int
    minority_pct: float | None = None
    lon: float | None = None
    lat: float | None = None


@dataclass(frozen=True, slots=True)
class WorldItem:
    """A leaf row of the retail form. ``name`` must be one the calibration knows (or an alias)."""

    code: str
    name: str
    unit: str = "公斤"
    stock_asked: bool = False


@dataclass(frozen=True, slots=True)
class Firm:
    """A fictional firm of one or more lists.

    ``lists``: any of ``sample`` (周报样本), ``guarantor`` (应急保供重点联系企业), ``backbone``
    (骨干流通企业), ``wholesale`` (批发市场), ``material`` (生产资料经销企业), ``trading``
    (商品交易市场), ``frame`` (抽样框内未入样). ``turnover_yuan_per_week`` counts the retail form's
    items only (other trades: everything). ``seat`` is the sample seat it fills
    from ``sample_from`` until the day before ``sample_to`` (None: to the end).
    """

    code: str
    name: str
    kind: str
    place: str
    league: str
    lists: tuple[str, ...]
    clerk: str
    phone: str
    turnover_yuan_per_week: int
    reliability: str
    entry_unit: str
    tag_habit: str
    stock_habit: str
    seat: int | None = None
    sample_from: dt.date | None = None
    sample_to: dt.date | None = None


@dataclass(frozen=True, slots=True)
class FirmEvent:
    """Something that happened to a firm: ``closed``, ``merged``, ``renamed`` or ``opened``.

    ``successor`` is the code that takes over (merged: the absorbing firm; closed: the firm that
    takes the sample seat); ``name`` the new name of a renamed firm.
    """

    firm: str
    kind: str
    on: dt.date
    successor: str | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Correction:
    """A firm mends one planted event: every cell of ``event`` goes back to its true value.

    ``how``: ``self`` (自查更正) or ``asked`` (after 发核实). ``at_min``: minutes from the deadline.
    """

    firm: str
    event: int
    how: str
    at_min: int
