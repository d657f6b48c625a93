"""Charts as SVG text: pure functions of numbers, drawn by Altair's grammar on the server.

A chart has two drawings, ``desk`` (640 px) and ``phone`` (340 px); the page shows the one that
fits (``.chart .desk|.phone``) and never shrinks one. Colours are CSS variables. Values may be
int, Decimal or float; None (and any value that is not finite) breaks the line: it is not bridged.

``line_chart``, ``bar_chart``, ``strip_chart`` → one SVG; ``line_figure`` … → the mapping that
``{% chart %}`` takes, with both drawings and the table beneath; ``sparkline`` is written by hand
because a page may hold a hundred.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from html import escape
from typing import Any

from django.utils.safestring import SafeString, mark_safe

from ortoo.web import drawing, grammar
from ortoo.web.series import (
    Annotation,
    Band,
    Bar,
    Captions,
    Number,
    Peers,
    Series,
    Size,
    figure_text,
)

__all__ = [
    "Annotation",
    "Band",
    "Bar",
    "Captions",
    "Peers",
    "Series",
    "bar_chart",
    "bar_figure",
    "line_chart",
    "line_figure",
    "sparkline",
    "strip_chart",
    "strip_figure",
]

SPARK_WIDTH, SPARK_HEIGHT, SPARK_PAD = 84, 20, 3


def line_chart(
    series: Sequence[Series],
    *,
    unit: str,
    size: Size = "desk",
    annotations: Sequence[Annotation] = (),
    band: Band | Sequence[Band] | None = None,
    title: str,
    description: str = "",
    english: bool = False,
) -> str:
    """Lines over days with direct labels. Raises ValueError when no value is finite."""
    bands = (band,) if isinstance(band, Band) else tuple(band or ())
    captions = Captions(title, description, unit, english)
    clean = [replace(s, points=[(d, _real(v)) for d, v in s.points]) for s in series]
    asked = ["line", size, _plain(clean), _plain(bands), _plain(annotations), asdict(captions)]
    return _drawn(
        asked, captions, size, lambda: grammar.line_spec(clean, bands, annotations, captions, size)
    )


def bar_chart(
    bars: Sequence[Bar],
    *,
    unit: str,
    size: Size = "desk",
    places: int = 2,
    title: str,
    description: str = "",
    english: bool = False,
) -> str:
    """Bars across, from zero, in the order given; falls and rises may stand on both sides."""
    captions = Captions(title, description, unit, english)
    clean = [replace(bar, value=_real(bar.value)) for bar in bars]
    asked = ["bar", size, places, _plain(clean), asdict(captions)]
    return _drawn(asked, captions, size, lambda: grammar.bar_spec(clean, captions, size, places))


def strip_chart(
    rows: Sequence[Peers],
    *,
    unit: str,
    size: Size = "desk",
    title: str,
    description: str = "",
    english: bool = False,
) -> str:
    """Peers as dots on one scale, the median as a bar, one's own as a diamond with its value."""
    captions = Captions(title, description, unit, english)
    clean = [_clean_peers(row) for row in rows]
    asked = ["strip", size, _plain(clean), asdict(captions)]
    return _drawn(asked, captions, size, lambda: grammar.strip_spec(clean, captions, size))


def _drawn(asked: Any, captions: Captions, size: Size, spec: Callable[[], Any]) -> str:
    """Kept by what was asked, so that a warm page does not even import the grammar."""
    key = drawing.key_of(asked)
    known = drawing.recall(key)
    if known is not None:
        return known
    svg = drawing.render(
        spec(), title=captions.title, description=captions.description, css_class=size
    )
    return drawing.keep(key, svg)


# ---- figures: both drawings and the table beneath, for {% chart %} ----


def line_figure(
    series: Sequence[Series],
    *,
    title: str,
    unit: str,
    places: int = 2,
    note: str = "",
    **options: Any,
) -> dict[str, Any]:
    """``line_chart`` twice and its table (a row a day, newest first)."""
    captions = Captions(title, unit=unit, english=options.get("english", False))
    days = sorted({d for s in series for d, _ in s.points}, reverse=True)
    known = [dict(s.points) for s in series]
    rows = [
        [day.isoformat(), *(_cell(points.get(day), places, captions) for points in known)]
        for day in days
    ]
    return _figure(
        line_chart,
        series,
        captions,
        note,
        _columns(captions, [s.name for s in series]),
        rows,
        options,
    )


def bar_figure(
    bars: Sequence[Bar], *, title: str, unit: str, places: int = 2, note: str = "", **options: Any
) -> dict[str, Any]:
    """``bar_chart`` twice and its table."""
    captions = Captions(title, unit=unit, english=options.get("english", False))
    rows = [[bar.name, _cell(bar.value, places, captions)] for bar in bars]
    return _figure(
        bar_chart,
        bars,
        captions,
        note,
        _columns(captions, [unit]),
        rows,
        {**options, "places": places},
    )


def strip_figure(
    rows: Sequence[Peers], *, title: str, unit: str, places: int = 2, note: str = "", **options: Any
) -> dict[str, Any]:
    """``strip_chart`` twice and its table: own, median, lowest, highest, how many."""
    captions = Captions(title, unit=unit, english=options.get("english", False))
    heads = (
        ["Own", "Median", "Lowest", "Highest", "Peers"]
        if captions.english
        else ["本单位", "中位数", "最低", "最高", "家数"]
    )
    lines = [_peer_row(_clean_peers(row), places, captions) for row in rows]
    return _figure(strip_chart, rows, captions, note, _columns(captions, heads), lines, options)


def _peer_row(row: Peers, places: int, captions: Captions) -> list[Any]:
    ends = (min(row.values), max(row.values)) if row.values else (None, None)
    shown = [_cell(v, places, captions) for v in (row.own, row.median, *ends)]
    return [row.name, *shown, str(len(row.values))]


def _figure(
    draw: Callable[..., str],
    content: Any,
    captions: Captions,
    note: str,
    columns: list[dict[str, Any]],
    rows: list[list[Any]],
    options: dict[str, Any],
) -> dict[str, Any]:
    both = (
        draw(content, title=captions.title, unit=captions.unit, size=size, **options)
        for size in ("desk", "phone")
    )
    table = {"caption": f"{captions.title}（{captions.unit}）", "columns": columns, "rows": rows}
    return {
        "title": captions.title,
        "unit": captions.unit,
        "svg": mark_safe("".join(both)),
        "note": note,
        "table": table,
    }


def _columns(captions: Captions, names: Sequence[str]) -> list[dict[str, Any]]:
    first = "Item" if captions.english else "项目"
    return [{"title": first}, *({"title": name, "numeric": True} for name in names)]


def _cell(value: Number | None, places: int, captions: Captions) -> Any:
    if _real(value) is None:
        return {"missing": figure_text(None, places, captions)}
    return figure_text(value, places, captions)


# ---- sparkline ----


def sparkline(values: Sequence[Number | None], *, label: str, places: int = 2) -> SafeString:
    """Eight weeks in 84×20 px, about 300 bytes. ``label`` names it («近8周»); gaps stay gaps."""
    numbers = [_real(v) for v in values]
    words = "、".join("—" if v is None else f"{v:.{places}f}" for v in numbers)
    known = [v for v in numbers if v is not None]
    path, end = _spark_path(numbers, known) if known else ("", "")
    return mark_safe(
        f'<svg class="spark" viewBox="0 0 {SPARK_WIDTH} {SPARK_HEIGHT}" role="img" '
        f'aria-label="{escape(label)}：{words}">{path}{end}</svg>'
    )


def _spark_path(numbers: Sequence[float | None], known: Sequence[float]) -> tuple[str, str]:
    low, high = min(known), max(known)
    across = (SPARK_WIDTH - 2 * SPARK_PAD) / max(1, len(numbers) - 1)
    down = SPARK_HEIGHT - 2 * SPARK_PAD
    pieces, pen_up, at = [], True, (0.0, 0.0)
    for index, value in enumerate(numbers):
        if value is None:
            pen_up = True
            continue
        # Of halves: the difference of two floats may be larger than any float.
        span = high / 2 - low / 2
        share = (high / 2 - value / 2) / span if span > 0 else 0.5
        at = (SPARK_PAD + index * across, SPARK_PAD + share * down)
        pieces.append(f"{'M' if pen_up else ' '}{at[0]:.1f} {at[1]:.1f}")
        pen_up = False
    dot = f'<circle cx="{at[0]:.1f}" cy="{at[1]:.1f}" r="2"/>'
    return f'<path d="{"".join(pieces)}"/>', dot


def _real(value: Number | None) -> float | None:
    """A finite float for the pen, or None."""
    if value is None:
        return None
    number = float(value)
    return number if math.isfinite(number) else None


def _clean_peers(row: Peers) -> Peers:
    values = [v for v in map(_real, row.values) if v is not None]
    return replace(row, values=values, own=_real(row.own), median=_real(row.median))


def _plain(rows: Sequence[Any]) -> list[Any]:
    return [asdict(row) for row in rows]
