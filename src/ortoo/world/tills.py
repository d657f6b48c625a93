"""A shop's till export 收银导出: thousands of articles whose sums are the shop's week.

The articles of an item sum to the truth of the weekly return: amount to the fen, quantity and
stock to half of the smallest pack (loose goods: exactly). Rows only; writing the file (xlsx, GBK
CSV) is for whoever owns files. Brands, makers and bar codes are fictional.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np

from ortoo.world.calibration import ItemFacts, load
from ortoo.world.draw import pick, stream
from ortoo.world.records import OUT_OF_STOCK, PRICE, QTY, STOCK, VALUE, Firm, WorldError
from ortoo.world.world import World

_PACKED = ("grain", "oil", "dairy", "sugar", "salt", "tea", "local")
_BASE = {True: (3, 9), False: (2, 5)}       # articles of an item a shop has: packed, loose
_LIVES = 26                                 # weeks an added article stays
_NEW = (0, 1, 1, 2, 2, 3, 3, 4)             # articles of the form's items added in a week
_LOOSE_GRAMS = 1000


@dataclass(frozen=True, slots=True)
class Article:
    """One article of a till; ``size``: grams or millilitres in one sold unit (a fraction of the
    item's own unit), ``item`` the form's item code, "" for goods no form asks."""

    sku: str
    barcode: str
    name: str
    spec: str
    unit: str
    category: str
    size: int
    item: str


@dataclass(frozen=True, slots=True)
class TillExport:
    """A shop's export of one week as rows of text.

    ``rows``: every line of the sheet: ``top`` lines above the header, the header, the articles,
    maybe a line of totals. ``kind`` ``rows`` (a workbook's) or ``csv`` with its ``encoding``.
    ``truth``: SKU → item code of every article that belongs to an item; ``new``: those of them
    that no export before this week had; ``sums``: item → (quantity and stock in tenths of the
    item's unit, amount in fen; stock None where the return does not ask it).
    """

    firm: str
    week_start: dt.date
    maker: str
    kind: str
    encoding: str
    file_name: str
    top: int
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    truth: Mapping[str, str]
    new: tuple[str, ...]
    sums: Mapping[str, tuple[int, int, int | None]]


@dataclass(slots=True)
class _Line:
    article: Article
    milli: int = 0        # thousandths of the sold unit
    fen: int = 0
    stock: int = 0        # thousandths of the sold unit
    price: int = field(default=0)


def barcode(serial: int, weighed: bool) -> str:
    """A 13-digit code of the in-store range (20 weighed, 29 packed): no maker's code is met."""
    body = f"{'20' if weighed else '29'}{serial:010d}"
    odd, even = sum(map(int, body[::2])), sum(map(int, body[1::2]))
    return f"{body}{(10 - (odd + 3 * even) % 10) % 10}"


def _article(known: ItemFacts, code: str, serial: int, firm: Firm, rng: Any) -> Article:
    """An article of an item as a till writes it: 「散装土豆」 斤, 「金滩花大豆油5L」 桶."""
    typed = load("tills.toml")
    category = typed["category"].get(known.group, "其他")
    plain = known.name.replace("小包装", "").replace("桶装", "").replace("盒装", "")
    plain = plain.replace("精制", "食用").replace("(", "").replace(")", "")
    if known.group in _PACKED:
        brands = typed["brands"].get(known.group, typed["brands"]["other"])
        weight, count, unit, spec = pick(rng, typed["packs"][known.group])
        return Article(f"{100000 + serial}", barcode(serial, False),
                       f"{pick(rng, brands)}{plain}{spec}", spec, unit, category,
                       weight * count, code)
    per_jin = firm.entry_unit == "斤"
    return Article(f"{20000 + serial}", barcode(serial, True),
                   f"{pick(rng, typed['packs']['loose'])}{plain}", "散称",
                   "斤" if per_jin else "kg", category, 500 if per_jin else 1000, code)


@lru_cache(maxsize=12)
def _assortment(world: World, firm: Firm) -> tuple[tuple[tuple[Article, int], ...], ...]:
    """Per item the articles and the week each was added (−1: always there)."""
    rng = stream(world.ground.seed, "till", _number(world, firm))
    found: list[list[tuple[Article, int]]] = []
    serial = 0
    for item, known in zip(world.items, world.ground.items, strict=True):
        low, high = _BASE[known.group in _PACKED]
        row = []
        for _ in range(low + int(rng.random() * (high - low + 1))):
            serial += 1
            row.append((_article(known, item.code, serial, firm, rng), -1))
        found.append(row)
    serial = 1000
    for week in range(world.ground.weeks):
        drawn = stream(world.ground.seed, "till-new", _number(world, firm), week)
        for _ in range(pick(drawn, _NEW)):
            at = int(drawn.random() * len(found))
            serial += 1
            article = _article(world.ground.items[at], world.items[at].code, serial, firm, drawn)
            found[at].append((article, week))
    return tuple(tuple(row) for row in found)


def _number(world: World, firm: Firm) -> int:
    try:
        return next(at for at, shop in enumerate(world.shops) if shop.code == firm.code)
    except StopIteration:
        raise WorldError("WORLD-TILL", f"{firm.name} 从未在零售样本内，没有收银数据") from None


@lru_cache(maxsize=12)
def _shelf(world: World, firm: Firm, count: int) -> tuple[Article, ...]:
    """Articles no form asks for."""
    rng = stream(world.ground.seed, "till-shelf", _number(world, firm))
    shelves, found = load("tills.toml")["shelf"], []
    for serial in range(1, count + 1):
        shelf = pick(rng, shelves)
        spec = pick(rng, shelf["specs"])
        name = f"{pick(rng, shelf['brands'])}{pick(rng, shelf['goods'])}{spec}"
        unit = pick(rng, ("瓶", "袋", "盒", "个", "包"))
        found.append(Article(f"{500000 + serial}", barcode(50000 + serial, False), name, spec, unit,
                             shelf["category"], 0, ""))
    return tuple(found)


def _shared(total: int, parts: list[float]) -> list[int]:
    edges, reached = np.floor(np.cumsum(parts) / sum(parts) * total + 1e-6).astype(int), []
    last = 0
    for edge in edges:
        reached.append(int(edge) - last)
        last = int(edge)
    return reached


def _units(tenths: int, lines: list[_Line], rng: Any) -> list[int]:
    """``tenths`` of the item's unit as thousandths of sold units; whole packs, the smallest or
    loose one taking up what is left."""
    want = _shared(tenths * 100, [0.3 + rng.random() for _ in lines])     # grams or millilitres
    least = min(range(len(lines)), key=lambda at: lines[at].article.size)
    out, left = [0] * len(lines), tenths * 100
    for at, line in enumerate(lines):
        if at == least:
            continue
        size = line.article.size
        loose = line.article.spec == "散称"
        out[at] = (want[at] * 1000 // size) if loose else want[at] // size * 1000
        left -= out[at] * size // 1000
    size = lines[least].article.size
    loose = lines[least].article.spec == "散称"
    out[least] = left * 1000 // size if loose else (2 * left + size) // (2 * size) * 1000
    return out


def _fill(lines: list[_Line], cell: tuple[int, int, int | None], rng: Any) -> None:
    """Spreads an item's week (price fen, quantity tenths, stock tenths) over its articles."""
    price, quantity, stock = cell
    for line, milli in zip(lines, _units(quantity, lines, rng), strict=True):
        line.milli = milli
    total = (price * quantity + 5) // 10
    for line in lines:
        lift = 1 + 0.05 * (rng.random() - 0.5)
        line.price = max(round(price * line.article.size / _LOOSE_GRAMS * lift), 1)
        line.fen = line.price * line.milli // 1000
    main = max(lines, key=lambda line: line.fen)
    main.fen += total - sum(line.fen for line in lines)
    if main.milli:
        main.price = max(round(main.fen * 1000 / main.milli), 1)
    kept = quantity // 10 if stock is None else stock
    for line, milli in zip(lines, _units(kept, lines, rng), strict=True):
        line.stock = milli


def _item_lines(
    world: World, firm: Firm, week: int, rng: Any
) -> tuple[list[_Line], dict[str, tuple[int, int, int | None]], list[str]]:
    """Lines of the articles that belong to items, the sums behind them, and which are new."""
    start = world.ground.week_start(week)
    seat = next((at for at, shop in enumerate(world.sample(start)) if shop.code == firm.code), None)
    if seat is None:
        raise WorldError("WORLD-TILL", f"{firm.name} 在 {start} 起的一周不在零售样本内")
    truth = world.truth(start)
    found: list[_Line] = []
    sums: dict[str, tuple[int, int, int | None]] = {}
    new: list[str] = []
    for at, row in enumerate(_assortment(world, firm)):
        nil = truth.nil[seat, at]
        if nil[PRICE] not in (VALUE, OUT_OF_STOCK):
            continue
        there = [(article, since) for article, since in row
                 if since < 0 or week - _LIVES < since <= week]
        lines = [_Line(article) for article, _ in there]
        if nil[PRICE] == VALUE:
            price, quantity = int(truth.values[seat, at, PRICE]), int(truth.values[seat, at, QTY])
            stock = int(truth.values[seat, at, STOCK]) if nil[STOCK] == VALUE else None
            _fill(lines, (price, quantity, stock), rng)
            sums[world.items[at].code] = (quantity, (price * quantity + 5) // 10, stock)
        new += [article.sku for article, since in there if since == week]
        found += lines
    return found, sums, new


def _other_line(article: Article, rng: Any) -> _Line:
    sold = int(rng.random() ** 3 * 40)
    price = 150 + int(rng.random() ** 2 * 9000)
    return _Line(article, sold * 1000, sold * price, int(rng.random() * 60) * 1000, price)


def _decimal(value: int, places: int) -> str:
    sign, value = ("-" if value < 0 else ""), abs(value)
    whole, part = divmod(value, 10**places)
    return f"{sign}{whole}.{part:0{places}d}"


def _count(milli: int) -> str:
    return str(milli // 1000) if milli % 1000 == 0 else _decimal(milli, 3)


def _cells(line: _Line, number: int, roles: list[str]) -> tuple[str, ...]:
    article = line.article
    packed = article.spec != "散称"
    short = article.name.removesuffix(article.spec) if packed else article.name
    full = article.name if packed else f"{article.name} {article.unit}"
    cells = {
        "number": str(number), "sku": article.sku, "barcode": article.barcode, "name": short,
        "fullname": full, "spec": article.spec, "unit": article.unit,
        "category": article.category, "quantity": _count(line.milli),
        "amount": _decimal(line.fen, 2), "price": _decimal(line.price, 2),
        "cost": _decimal(line.fen * 82 // 100, 2), "stock": _count(line.stock),
    }
    return tuple(cells[role] for role in roles)


def maker_of(world: World, firm: Firm) -> str:
    """Which of the fictional makers a shop's till is from: ``yungui``, ``yinzong``, ``tuoling``."""
    return tuple(load("tills.toml")["makers"])[_number(world, firm) % 3]


def till_export(
    world: World, firm: Firm, week_start: dt.date, skus: int = 8000, *, maker: str | None = None,
) -> TillExport:
    """A sample shop's till export of the week; about ``skus`` articles.

    The same arguments always give the same rows. WorldError ``WORLD-TILL`` where the firm holds
    no sample seat in that week, ``WORLD-WEEK`` outside the world.
    """
    week = world.week_of(week_start)
    name = maker or maker_of(world, firm)
    typed = load("tills.toml")["makers"][name]
    rng = stream(world.ground.seed, "till-week", _number(world, firm), week)
    lines, sums, new = _item_lines(world, firm, week, rng)
    truth = {line.article.sku: line.article.item for line in lines}
    others = _shelf(world, firm, max(skus - len(lines), 0))
    lines += [_other_line(article, rng) for article in others]
    order = np.argsort(rng.random(len(lines)), kind="stable")
    body = [_cells(lines[at], row, typed["roles"]) for row, at in enumerate(order, start=1)]
    end = week_start + dt.timedelta(days=6)
    top = [(f"{typed['name']} 商品销售汇总（演示数据）",),
           (f"门店：{world.name_on(firm, week_start)}", f"日期：{week_start} 至 {end}")]
    rows = [*top[:typed["top"]], tuple(typed["columns"]), *body]
    if typed["total"]:
        total = {"number": "合计", "amount": _decimal(sum(line.fen for line in lines), 2)}
        rows.append(tuple(total.get(role, "") for role in typed["roles"]))
    return TillExport(
        firm.code, week_start, typed["name"], typed["sheet"], typed["encoding"],
        typed["file"].format(day=f"{week_start:%Y%m%d}"), typed["top"], tuple(typed["columns"]),
        tuple(rows), truth, tuple(new), sums)
