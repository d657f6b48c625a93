"""A firm's export between its pages, and its parsed lines in the lake: files beside the records.

`HOME/lake/till/<party>/` holds one upload a form and period (a later one replaces it whole) and,
once filled in, its lines as Parquet. None of it is a filing; its digest and sums are filed.
"""

from __future__ import annotations

import json
import os
import re
import uuid
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings

from ortoo.kernel.filings.refusal import Refused

if TYPE_CHECKING:
    from ortoo.domains.market.services import Matter
    from ortoo.domains.market.till.lines import Reading
    from ortoo.domains.market.till.memory import Decision

Rows = Sequence[Sequence[str]]
_NAME = re.compile(r"[A-Za-z0-9-]{1,60}")


@dataclass(frozen=True, slots=True)
class Filled:
    """What was put into the draft: `cells` «item.measure» → text, `how` item → words."""

    at: int
    rows: int
    cells: Mapping[str, str]
    how: Mapping[str, str] = field(default_factory=dict)
    stands: bool = True
    beside: Mapping[str, str] = field(default_factory=dict)
    """Prefix of rows → the supplement they are of."""


@dataclass(frozen=True, slots=True)
class Upload:
    """The export as received; `token` changes with every upload, pages name it."""

    token: str
    name: str
    sha256: str
    sheet: str
    others: tuple[str, ...]
    at: int
    by: str
    confirmed: str = ""
    """Signature of the layout confirmed for it."""
    filled: Filled | None = None


def load(matter: Matter) -> Upload | None:
    """The newest upload of this return, or None."""
    try:
        said = json.loads(_about(matter).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    filled = said.pop("filled")
    return Upload(
        **{**said, "others": tuple(said["others"])}, filled=Filled(**filled) if filled else None
    )


def rows_of(matter: Matter, upload: Upload) -> list[list[str]]:
    """The rows of the chosen sheet. Raises Refused TILL-STALE when another upload replaced it."""
    try:
        packed = _rows(matter, upload.token).read_bytes()
    except FileNotFoundError as error:
        raise stale() from error
    found: list[list[str]] = json.loads(zlib.decompress(packed))
    return found


def save(matter: Matter, upload: Upload, rows: Rows) -> Upload:
    """Keep a new upload; the one before it is gone once this returns."""
    before = load(matter)
    upload = replace(upload, token=uuid.uuid4().hex)
    _written(_rows(matter, upload.token), zlib.compress(json.dumps(rows).encode(), 1))
    update(matter, upload)
    if before is not None:
        _rows(matter, before.token).unlink(missing_ok=True)
    return upload


def update(matter: Matter, upload: Upload) -> None:
    """Replace what is known about the upload, in one step."""
    _written(_about(matter), json.dumps(asdict(upload), ensure_ascii=False).encode())


def drop(matter: Matter) -> None:
    """Forget the upload and its lines."""
    upload = load(matter)
    _about(matter).unlink(missing_ok=True)
    lake_file(matter).unlink(missing_ok=True)
    if upload is not None:
        _rows(matter, upload.token).unlink(missing_ok=True)


def stale() -> Refused:
    return Refused(
        "TILL-STALE",
        "这份收银导出已被另一次上传替换，或已撤销。",
        "请回到导入页，按现在的文件继续。",
        409,
    )


def lake_file(matter: Matter) -> Path:
    """Where the parsed lines of a filled import lie."""
    return _stem(matter).with_suffix(".parquet")


def write_lines(matter: Matter, reading: Reading, said: Mapping[str, Decision]) -> Path:
    """The lines as Parquet: integers in ten-thousandths, with the item each counts to."""
    import polars as pl

    lines, none = reading.lines, Fraction(1)
    factors = {sku: one.factor for sku, one in said.items()}
    items = {sku: one.item for sku, one in said.items()}
    articles = [reading.articles[line.sku] for line in lines]
    frame = pl.DataFrame(
        {
            "row": pl.Series([line.row for line in lines], dtype=pl.Int32),
            "sku": pl.Series([line.sku for line in lines], dtype=pl.String),
            "name": pl.Series([one.name for one in articles], dtype=pl.String),
            "category": pl.Series([one.category for one in articles], dtype=pl.String),
            "day": pl.Series([line.day for line in lines], dtype=pl.Date),
            "quantity": pl.Series([line.quantity for line in lines], dtype=pl.Int64),
            "amount": pl.Series([line.amount for line in lines], dtype=pl.Int64),
            "stock": pl.Series([line.stock for line in lines], dtype=pl.Int64),
            "arrival": pl.Series([line.arrival for line in lines], dtype=pl.Int64),
            "origin": pl.Series([line.origin for line in lines], dtype=pl.String),
            "item": pl.Series([items.get(line.sku) for line in lines], dtype=pl.String),
            "num": pl.Series(
                [factors.get(line.sku, none).numerator for line in lines], dtype=pl.Int64
            ),
            "den": pl.Series(
                [factors.get(line.sku, none).denominator for line in lines], dtype=pl.Int64
            ),
        }
    )
    path = lake_file(matter)
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f"{path.name}.{uuid.uuid4().hex}")
    frame.write_parquet(aside)
    aside.replace(path)
    return path


def _stem(matter: Matter) -> Path:
    for word in (matter.party, matter.form, matter.period):
        if not _NAME.fullmatch(word):
            raise Refused("TILL-ADDRESS", "地址不正确。", "请从“我的报送”进入。", 404)
    folder = Path(settings.HOME) / "lake" / "till" / matter.party
    return folder / f"{matter.form}_{matter.period}"


def _about(matter: Matter) -> Path:
    return _stem(matter).with_suffix(".json")


def _rows(matter: Matter, token: str) -> Path:
    if not re.fullmatch(r"[0-9a-f]{32}", token):
        raise stale()
    return _stem(matter).with_suffix(f".{token}.rows")


def _written(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f"{path.name}.{uuid.uuid4().hex}")
    with aside.open("wb") as target:
        target.write(data)
        target.flush()
        os.fsync(target.fileno())
    aside.replace(path)
