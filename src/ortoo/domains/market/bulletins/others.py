"""Another agency's prices 其他部门价格, transcribed with source and day, beside ours, never merged.

Another agency asks other shops, on other days, another cut, by 500 grams: its figures are shown in
its own unit, and converted beside it, so that nobody compares 23 with 46.
"""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from fractions import Fraction

from ortoo.domains.market import issued
from ortoo.domains.market.bulletins import records
from ortoo.domains.market.bulletins.sections import RETAIL
from ortoo.domains.market.history_names import flat
from ortoo.domains.market.rules.figures import round_half_even
from ortoo.kernel.filings import read
from ortoo.kernel.filings.draft import Draft, Receipt
from ortoo.kernel.filings.projection import catch_up
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.forms import registry
from ortoo.kernel.forms.definition import Form
from ortoo.kernel.forms.periods import period_on
from ortoo.kernel.forms.record_filing import file_record
from ortoo.kernel.grants.scope import Scope

FORM = "MON-OTHER-PRICES"
UNITS: Mapping[str, tuple[str, Fraction]] = {
    "元/500克": ("公斤", Fraction(2)),
    "元/斤": ("公斤", Fraction(2)),
    "元/公斤": ("公斤", Fraction(1)),
    "元/升": ("升", Fraction(1)),
    "元/5升": ("升", Fraction(1, 5)),
    "元/桶": ("", Fraction(0)),
}
"""Unit → (ours, by which a price of theirs is multiplied); no number where they do not convert."""
MOST_FEN = 99_999_999


@dataclass(frozen=True, slots=True)
class Price:
    """One transcribed price: `fen` of its own `unit`; `item` of ours beside it, "" for none."""

    name: str
    item: str
    fen: int
    unit: str

    @property
    def converted(self) -> Fraction | None:
        """In fen of our unit; None where the units do not convert."""
        found = UNITS.get(self.unit)
        return self.fen * found[1] if found and found[1] else None


@dataclass(frozen=True, slots=True)
class Sheet:
    """What one agency published of one day."""

    agency: str
    source: str
    day: dt.date
    basis: str
    prices: tuple[Price, ...]
    published: dt.date | None = None


@dataclass(frozen=True, slots=True)
class Filed:
    """A sheet as filed by a bureau for a place."""

    seq: int
    place: str
    filer: str
    at: int
    sheet: Sheet


@dataclass(frozen=True, slots=True)
class Beside:
    """A transcribed price, converted, and ours of the week it falls into."""

    price: Price
    converted: str
    unit: str
    ours: str
    ours_name: str


def read_block(text: str, unit: str) -> tuple[Price, ...]:
    """Pasted or CSV lines «品名，价格[，单位]». Refused OTHER-EMPTY, OTHER-LINE, OTHER-UNIT,
    OTHER-TWICE with the line's number."""
    mark = "\t" if "\t" in text else ","
    flat_text = text.replace("，", ",") if mark == "," else text
    found: list[Price] = []
    for number, row in enumerate(csv.reader(flat_text.splitlines(), delimiter=mark), 1):
        cells = [cell.strip() for cell in row]
        if not any(cells) or (number == 1 and _is_head(cells)):
            continue
        found.append(_price(number, cells, unit))
    if not found:
        raise Refused("OTHER-EMPTY", "没有读到价格。", "每行写品名和价格，用逗号隔开。", 422)
    names = [one.name for one in found]
    twice = next((name for name in names if names.count(name) > 1), "")
    if twice:
        raise Refused("OTHER-TWICE", f"「{twice}」出现两次。", "每个品名只写一行。", 422)
    return tuple(found)


def _is_head(cells: Sequence[str]) -> bool:
    return len(cells) > 1 and not any(sign.isdigit() for sign in cells[1])


def _price(number: int, cells: Sequence[str], unit: str) -> Price:
    fen = _fen(cells)
    own = cells[2] if len(cells) > 2 and cells[2] else unit
    if not fen or not cells[0] or not 1 <= fen <= MOST_FEN:
        raise Refused(
            "OTHER-LINE",
            f"第 {number} 行读不出品名和大于 0 的价格：{'、'.join(cells)[:40]}。",
            "请改为「品名，价格」。",
            422,
        )
    if own not in UNITS:
        known = "、".join(UNITS)
        raise Refused(
            "OTHER-UNIT", f"第 {number} 行的单位「{own[:10]}」不认识。", f"可用：{known}。", 422
        )
    return Price(cells[0][:40], item_of(cells[0]), fen, own)


_FIGURE = re.compile(r"\d{1,7}(\.\d{1,2})?")


def _fen(cells: Sequence[str]) -> int | None:
    if len(cells) < 2 or not _FIGURE.fullmatch(cells[1]):
        return None
    try:
        return int(Decimal(cells[1]) * 100)
    except InvalidOperation:
        return None


def item_of(name: str) -> str:
    """Our row of the same name or alias, "" for none: never by likeness."""
    wanted = flat(name)
    for leaf in registry.get(RETAIL).leaves:
        names = [leaf.name["zh"], *leaf.aliases]
        if wanted in {flat(one) for one in names}:
            return leaf.code
    return ""


def transcribe(
    *, scope: Scope, place: str, sheet: Sheet, now_ms: int, said_at: int | None = None
) -> Receipt:
    """转录: file a sheet, or another reading of the same agency and day in its place.

    Refused OTHER-AGENCY, OTHER-SOURCE, OTHER-DAY.
    """
    from ortoo.domains.market.parameters import civil_day

    scope.require("publish", form=RETAIL, place=place)
    if not sheet.agency.strip() or "|" in sheet.agency:
        raise Refused("OTHER-AGENCY", "没有写明发布单位。", "例如：自治区发展改革委。", 422)
    if not sheet.source.strip():
        raise Refused("OTHER-SOURCE", "没有写明来源。", "请填写网址或文件名。", 422)
    if sheet.day > civil_day(now_ms):
        raise Refused("OTHER-DAY", "价格日期在今天之后。", "请核对日期。", 422)
    body = _body(sheet)
    before = next(
        (one for one in _standing() if _key(one.place, one.sheet) == _key(place, sheet)), None
    )
    if before is not None and before.sheet == sheet:
        raise Refused("OTHER-KNOWN", "这张表已转录，数字相同。", "不需要重复转录。", 409)
    told = repr((place, before.seq if before else 0, sorted(body.items(), key=lambda p: p[0])))
    draft = Draft(
        FORM, scope.party, scope.actor, hashlib.sha256(told.encode()).hexdigest()[:48], body,
        now_ms if said_at is None else said_at, subject=scope.party, place=place,
        supersedes=before.seq if before else None, reason="重新转录" if before else "",
        mode="own" if said_at is None else "import",
    )  # fmt: skip
    receipt = file_record(draft, now_ms=now_ms)
    catch_up()
    return receipt


def _key(place: str, sheet: Sheet) -> tuple[str, str, dt.date]:
    return place, sheet.agency.strip(), sheet.day


def _body(sheet: Sheet) -> dict[str, object]:
    body: dict[str, object] = {
        "agency": sheet.agency.strip(),
        "source": sheet.source.strip()[:300],
        "day": sheet.day.isoformat(),
        "prices": [
            {
                "name": one.name, "price": one.fen, "unit": one.unit,
                **({"item": one.item} if one.item else {}),
            }
            for one in sheet.prices
        ],
    }  # fmt: skip
    if sheet.basis.strip():
        body["basis"] = sheet.basis.strip()[:100]
    if sheet.published is not None:
        body["published"] = sheet.published.isoformat()
    return body


def sheets(scope: Scope, limit: int = 40) -> list[Filed]:
    """Sheets of the places whose chain this reader is in, newest day first."""
    found = [one for one in _standing() if records.in_chain(scope, one.place)]
    return sorted(found, key=lambda one: (one.sheet.day, one.seq), reverse=True)[:limit]


def _standing() -> list[Filed]:
    rows = read.rows("form=%s", [FORM])
    gone = {row.supersedes for row in rows if row.supersedes is not None}
    return [_filed(row) for row in rows if row.seq not in gone]


def _filed(row: read.FilingRow) -> Filed:
    body = json.loads(row.body)
    prices = tuple(
        Price(p["name"], p.get("item", ""), p["price"], p["unit"]) for p in body["prices"]
    )
    published = dt.date.fromisoformat(body["published"]) if "published" in body else None
    day = dt.date.fromisoformat(body["day"])
    sheet = Sheet(body["agency"], body["source"], day, body.get("basis", ""), prices, published)
    return Filed(row.seq, row.place, row.filer, row.arrived_at, sheet)


def beside(found: Filed) -> list[Beside]:
    """Each price with ours as issued for the week that holds its day; two columns, no difference:
    cut, shops and days are not the same."""
    form = registry.get(RETAIL)
    cells = issued.table_of(RETAIL, period_on(form, found.sheet.day).code)
    return [_beside(form, found.place, price, cells) for price in found.sheet.prices]


def _beside(
    form: Form, place: str, price: Price, cells: Mapping[tuple[str, str], issued.Issued]
) -> Beside:
    ours, name = "", ""
    if price.item in form.leaf_index:
        leaf = form.leaves[form.leaf_index[price.item]]
        name = leaf.name["zh"]
        cell = cells.get((place, price.item))
        if cell is not None and not cell.hidden and cell.sums.quotes:
            mean = Fraction(cell.sums.sum_price, cell.sums.quotes) / 100
            ours = round_half_even(mean, 2)
    value = price.converted
    converted = "" if value is None else round_half_even(value / 100, 2)
    unit = UNITS.get(price.unit, ("", Fraction(0)))[0]
    return Beside(price, converted, f"元/{unit}" if unit else "", ours, name)
