"""Numbers and days as tills write them, exactly. Pure.

Money and quantities are integers in 1/10,000 of a yuan, of a kilogram, of a piece.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation

TEN_THOUSANDTHS = Decimal(10_000)
ABSURD = 10**9 * 10_000
"""A thousand million yuan or kilograms in one line: no shop sells that in a week."""
_MONEY = re.compile(r"^(?:[¥$]|RMB|CNY)|(?:元|圆)$", re.IGNORECASE)
_BRACKETED = re.compile(r"^\((.+)\)$")
_DAY = re.compile(r"(20\d\d)[-/.年]?(\d{1,2})[-/.月]?(\d{1,2})日?(?:[ T].*)?$")
NOTHING = frozenset({"", "-", "--", "—", "——", "/", "N/A", "NULL", "空"})


def exact(text: str) -> int | None:
    """Ten-thousandths of what a cell says; None for an empty cell. ValueError for no number.

    The fifth decimal is rounded half to even: spreadsheets write 12.340000000000002.
    """
    plain = unicodedata.normalize("NFKC", text).replace(" ", "").replace("−", "-")
    if plain.upper() in NOTHING:
        return None
    bracketed = _BRACKETED.match(plain)
    plain = _MONEY.sub("", bracketed.group(1) if bracketed else plain)
    plain = _MONEY.sub("", plain).replace(",", "")
    if len(plain) > 40 or not re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,2})?", plain):
        raise ValueError(text[:40])
    try:
        value = (Decimal(plain) * TEN_THOUSANDTHS).quantize(Decimal(1), ROUND_HALF_EVEN)
    except InvalidOperation as error:
        raise ValueError(text[:40]) from error
    found = -int(value) if bracketed else int(value)
    if abs(found) > ABSURD:
        raise ValueError(text[:40])
    return found


def is_number(text: str) -> bool:
    try:
        return exact(text) is not None
    except ValueError:
        return False


def day_of(text: str) -> dt.date | None:
    """The day a cell names: 2026-11-14, 2026/11/14 08:30, 20261114, 2026年11月14日; else None."""
    found = _DAY.match(unicodedata.normalize("NFKC", text).strip())
    if found is None:
        return None
    try:
        return dt.date(*map(int, found.groups()))
    except ValueError:
        return None


def decimal_text(ten_thousandths: int, places: int = 4) -> str:
    """Exact text with trailing zeros left out."""
    sign, digits = ("-" if ten_thousandths < 0 else ""), str(abs(ten_thousandths)).rjust(5, "0")
    return (f"{sign}{digits[:-4]}.{digits[-4:]}"[: None if places == 4 else places - 4]).rstrip(
        "0"
    ).rstrip(".")  # fmt: skip
