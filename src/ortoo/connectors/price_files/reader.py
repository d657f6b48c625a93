"""Records of a price file into rows of a form's items, or into rejects. Nothing is dropped.

Pure: bytes, a profile and today's date in; rows and rejects out, which together are every record.
Prices are integers in the currency's minor unit per unit of the item, rounded half to even from
exact fractions.
"""

from __future__ import annotations

import re
import time
import unicodedata
from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

from ortoo.connectors.price_files.profile import MAX_CODE, REQUIRED, Profile, folded
from ortoo.connectors.price_files.reject import Fault, Reject
from ortoo.connectors.price_files.table import Record, Table, table_of
from ortoo.connectors.price_files.workbook import UnreadableFile
from ortoo.kernel.places.foreign import market_code
from ortoo.kernel.places.place import PlaceError

if TYPE_CHECKING:
    from collections.abc import Mapping

NUMBER = re.compile(r"\d{1,18}(\.\d{1,18})?|\d{1,3}(,\d{3}){1,5}(\.\d{1,18})?", re.ASCII)
NOT_A_NUMBER = re.compile(r"[+-]?(nan|inf(inity)?)|#n/a|#value!|#div/0!|#ref!|#num!", re.IGNORECASE)
AMOUNT_AND_UNIT = re.compile(r"(?:(\d{1,9}(?:\.\d{1,6})?)\s*)?(\D.*)")
TAG = re.compile(r"#[a-z0-9+_ -]+")
FORMULA_STARTS = ("=", "+", "-", "@")


@dataclass(frozen=True, slots=True)
class PriceRow:
    """One price taken: per unit of the item, in minor units of the currency (scale in profile)."""

    line: int
    day: date
    place: str
    market: str
    region: str
    item: str
    commodity: str
    unit: str
    price_minor: int
    currency: str

    @property
    def period(self) -> str:
        return f"M{self.day:%Y-%m}"


@dataclass(frozen=True, slots=True)
class Reading:
    """What a file said. `total` records = rows + rejects; checked when it is made."""

    profile: Profile
    encoding: str
    total: int
    rows: tuple[PriceRow, ...]
    rejects: tuple[Reject, ...]
    unused_columns: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.total != len(self.rows) + len(self.rejects):
            raise AssertionError(f"{self.total} records, {len(self.rows)} + {len(self.rejects)}")


def read(data: bytes, profile: Profile, *, today: date) -> Reading:
    """Read a CSV or Excel file by a profile. Raises UnreadableFile when it has no usable header."""
    table = table_of(data)
    places = _positions(table, profile)
    reader = _Reader(profile, places, today)
    rows: list[PriceRow] = []
    rejects: list[Reject] = []
    for record in table.records:
        try:
            rows.append(reader.row(record))
        except Fault as fault:
            rejects.append(Reject.of(record.line, fault))
    used = set(places.values())
    return Reading(
        profile=profile,
        encoding=table.encoding,
        total=len(table.records),
        rows=tuple(rows),
        rejects=tuple(rejects),
        unused_columns=tuple(name for i, name in enumerate(table.header) if i not in used),
        notes=table.notes,
        counts=dict(Counter(reject.code for reject in rejects)),
    )


def _positions(table: Table, profile: Profile) -> dict[str, int]:
    """Where each of our columns stands in this file."""
    at = {folded(name): i for i, name in enumerate(table.header)}
    found = {}
    for ours, names in profile.columns.items():
        position = next((at[folded(n)] for n in names if folded(n) in at), None)
        if position is not None:
            found[ours] = position
    missing = [name for name in REQUIRED if name not in found]
    if missing:
        wanted = "、".join("/".join(profile.columns[name]) for name in missing)
        raise UnreadableFile(
            "HEADER-MISSING",
            f"表头缺少列：{wanted}（现有：{'、'.join(table.header)[:200]}）",
            "选对照文件 columns 中写明的列名，或另写一个对照文件",
        )
    return found


class _Reader:
    """Reads record after record, remembering the keys already taken."""

    def __init__(self, profile: Profile, positions: Mapping[str, int], today: date) -> None:
        self.profile, self.positions, self.today = profile, positions, today
        self.keys: dict[tuple[object, ...], tuple[int, int]] = {}
        self.items: dict[tuple[str, str, str], int] = {}
        self.markets: dict[str, str] = {}

    def row(self, record: Record) -> PriceRow:
        """The row of one record. Raises Fault."""
        if record.fault is not None:
            raise record.fault
        cells = {name: record.cells[i] for name, i in self.positions.items()}
        self._set_aside(record, cells)
        for name, value in cells.items():
            if name in REQUIRED and not value:
                raise Fault("EMPTY", self._column(name))
            if name not in ("price", "date") and value != "-" and value.startswith(FORMULA_STARTS):
                raise Fault("FORMULA", self._column(name), value)
        item, unit = self._item(cells["commodity"])
        row = PriceRow(
            line=record.line,
            day=self._day(cells["date"]),
            place=self._place(cells["market"]),
            market=cells["market"],
            region=cells.get("region", ""),
            item=item,
            commodity=cells["commodity"],
            unit=unit,
            price_minor=self._price(cells["price"], self._content(cells["unit"], unit)),
            currency=self._currency(cells.get("currency", "")),
        )
        self._take(row, cells.get("price_type", ""))
        return row

    def _column(self, name: str) -> str:
        return self.profile.columns[name][0]

    def _set_aside(self, record: Record, cells: Mapping[str, str]) -> None:
        filled = [cell for cell in record.cells if cell]
        if all(TAG.fullmatch(cell) for cell in filled):
            raise Fault("TAG-ROW", value=" ".join(filled))
        for name, values in self.profile.accept.items():
            if name in cells and cells[name] not in values:
                raise Fault("NOT-ACCEPTED", self._column(name), cells[name])

    def _item(self, commodity: str) -> tuple[str, str]:
        found = self.profile.commodities.get(folded(commodity))
        if found is None:
            raise Fault("COMMODITY-UNKNOWN", self._column("commodity"), commodity)
        return found

    def _day(self, text: str) -> date:
        for pattern in self.profile.date_formats:
            try:
                parsed = time.strptime(text, pattern)
                day = date(parsed.tm_year, parsed.tm_mon, parsed.tm_mday)
            except ValueError:
                continue
            if day > self.today:
                raise Fault("DATE-FUTURE", self._column("date"), text)
            if day < self.profile.earliest:
                raise Fault("DATE-EARLY", self._column("date"), text)
            return day
        raise Fault("DATE-BAD", self._column("date"), text)

    def _place(self, market: str) -> str:
        """The market's code. Of two names that would share one, the second is refused."""
        column = self._column("market")
        code = self.profile.places.get(folded(market))
        if code is None:
            if not self.profile.derive_places:
                raise Fault("PLACE-UNKNOWN", column, market)
            try:
                code = market_code(self.profile.country, market)
            except PlaceError as error:
                raise Fault("PLACE-UNKNOWN", column, market, "名称没有拉丁字母") from error
        if len(code) > MAX_CODE:
            raise Fault("PLACE-UNKNOWN", column, market, f"名称过长，代码不得超过 {MAX_CODE} 位")
        if self.markets.setdefault(code, folded(market)) != folded(market):
            raise Fault("PLACE-AMBIGUOUS", column, market, f"“{self.markets[code]}”已用 {code}")
        return code

    def _content(self, text: str, unit: str) -> Fraction:
        """How many of the item's unit one unit of the file holds: `500 G` is 1/2 公斤."""
        column = self._column("unit")
        match = AMOUNT_AND_UNIT.fullmatch(text)
        known = self.profile.units.get(folded(match[2])) if match else None
        whole = self.profile.units.get(folded(text))
        if whole is not None:
            ours, times = whole
        elif match is not None and known is not None:
            ours, times = known[0], known[1] * Fraction(match[1] or "1")
        else:
            raise Fault("UNIT-UNKNOWN", column, text)
        if ours != unit:
            raise Fault("UNIT-MISMATCH", column, text, f"该商品按{unit}计价")
        if times <= 0:
            raise Fault("UNIT-UNKNOWN", column, text)
        return times

    def _price(self, text: str, content: Fraction) -> int:
        """Minor units per unit of the item. A full-width digit is read as the digit it shows."""
        column = self._column("price")
        plain = unicodedata.normalize("NFKC", text).strip()
        if NOT_A_NUMBER.fullmatch(plain):
            raise Fault("PRICE-NAN", column, text)
        if re.fullmatch(r"-[\d.,]+", plain):
            raise Fault("PRICE-NOT-POSITIVE", column, text)
        if plain.startswith(FORMULA_STARTS):
            raise Fault("FORMULA", column, text)
        if not NUMBER.fullmatch(plain):
            raise Fault("PRICE-BAD", column, text)
        price = Fraction(Decimal(plain.replace(",", ""))) / content
        minor: int = round(price * Fraction(10) ** self.profile.scale)
        if minor <= 0:
            raise Fault("PRICE-NOT-POSITIVE", column, text)
        if price > Fraction(self.profile.largest):
            raise Fault("PRICE-TOO-LARGE", column, text, f"上限 {self.profile.largest}")
        return minor

    def _currency(self, text: str) -> str:
        if "currency" not in self.positions:
            return self.profile.currencies[0]
        if text not in self.profile.currencies:
            raise Fault("CURRENCY", self._column("currency"), text)
        return text

    def _take(self, row: PriceRow, price_type: str) -> None:
        """Claim the row's keys; Fault when an earlier line has them."""
        key = (row.day, row.place, folded(row.commodity), price_type)
        if key in self.keys:
            line, price = self.keys[key]
            same = "价格相同" if price == row.price_minor else "价格不同"
            raise Fault("DUPLICATE", "", row.commodity, f"第{line}行，{same}")
        item = (row.period, row.place, row.item)
        if item in self.items:
            raise Fault("ITEM-TAKEN", "", row.commodity, f"第{self.items[item]}行")
        self.keys[key] = (row.line, row.price_minor)
        self.items[item] = row.line
