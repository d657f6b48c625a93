"""Exports of the simulated world's shops as files, as their three makers of tills write them."""

from __future__ import annotations

import csv
import datetime as dt
import io
from functools import cache

from ortoo.world import Firm, TillExport, World, WorldPlace, till_export

MAKERS = ("yungui", "yinzong", "tuoling")
WEEKS = tuple(dt.date(2026, 10, 31) + dt.timedelta(days=7 * n) for n in range(3))
_PLACES = (
    ("150100", "呼和浩特市", "prefecture_city", "150000", 3_446_000),
    ("150102", "新城区", "district", "150100", 730_000),
    ("150103", "回民区", "district", "150100", 400_000),
    ("152500", "锡林郭勒盟", "league", "150000", 1_107_000),
    ("152502", "锡林浩特市", "county_city", "152500", 350_000),
    ("152525", "东乌珠穆沁旗", "banner", "152500", 70_000),
)


@cache
def world() -> World:
    """Two leagues, four banners, fourteen shops, up to the week of the tests."""
    places = [WorldPlace(*place) for place in _PLACES]
    return World(5, places, sample=14, start=dt.date(2025, 10, 4), weeks=60)


@cache
def shops(count: int = 3) -> tuple[Firm, ...]:
    """Shops that stood in the sample through all of `WEEKS`."""
    seats = [{firm.code for firm in world().sample(week)} for week in WEEKS]
    stood = set.intersection(*seats)
    return tuple(firm for firm in world().sample(WEEKS[-1]) if firm.code in stood)[:count]


@cache
def exported(week: int, maker: str = "yungui", shop: int = 0, skus: int = 8_000) -> TillExport:
    """Week 1, 2 or 3 of a shop."""
    return till_export(world(), shops()[shop], WEEKS[week - 1], skus, maker=maker)


def file_of(export: TillExport) -> bytes:
    """The export as its maker writes it: a workbook, or a CSV in its encoding."""
    if export.kind == "csv":
        text = io.StringIO()
        csv.writer(text).writerows(export.rows)
        return text.getvalue().encode(export.encoding)
    return _workbook(export)


def _workbook(export: TillExport) -> bytes:
    import xlsxwriter

    into = io.BytesIO()
    # Codes stay text, figures become numbers, as tills export them.
    book = xlsxwriter.Workbook(into, {"in_memory": True, "strings_to_numbers": False})
    sheet = book.add_worksheet("Sheet1")
    figures = {at for at, title in enumerate(export.columns) if title[-2:] in _FIGURES}
    for at, row in enumerate(export.rows):
        for column, text in enumerate(row):
            if at > export.top and column in figures and text:
                sheet.write_number(at, column, float(text))
            else:
                sheet.write_string(at, column, text)
    book.close()
    return into.getvalue()


_FIGURES = ("数量", "金额", "售价", "库存")
