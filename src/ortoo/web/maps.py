"""Choropleths as SVG text: areas, five classes, labels, legend with numbers. Pure but for escaping.

Written by hand rather than by Altair: Vega writes each area with its own label, style and
three-decimal coordinates (149 KB before compression for 103 areas simplified at 0.02°) and needs
a second drawing for phones. Here the areas stand once, on an integer grid, with two layers of
labels (desk, phone) of which the page shows one, each sized for its width. Measured, areas all
linked: 24.8 KB (7.4 KB deflated) and 1 ms for 103 areas after 0.13 s once to read and simplify the
outlines; 5.5 KB for 12; a made-up pack of 103 areas 18 KB.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from itertools import pairwise
from typing import Any, Literal

from django.utils.safestring import SafeString, mark_safe

from ortoo.web.axes import text_width
from ortoo.web.outlines import WIDTH, Outline, Outlines, outlines, read
from ortoo.web.series import Number

__all__ = ["Cell", "Wording", "choropleth", "map_figure", "outlines", "quantiles", "read"]

CLASSES = 5
MANY_AREAS = 30
# Font size and line of a label in map units: 11 px at 720 px wide, and at 360 px wide.
LAYERS = {"desk": 15.0, "phone": 29.0}
# On a map of many areas a name may be this much wider than its area.
OVERHANG = {"desk": 1.05, "phone": 1.5}

State = Literal["value", "missing", "suppressed"]


@dataclass(frozen=True, slots=True)
class Cell:
    """What an area shows: a value, 未报 (``missing``) or 不公开 (``suppressed``: too few firms)."""

    value: Number | None = None
    state: State = "value"
    href: str = ""


@dataclass(frozen=True, slots=True)
class Wording:
    """The words around the numbers."""

    title: str
    measure: str
    unit: str = ""
    area: str = "旗县"
    places: int = 2
    description: str = ""
    attribution: str = ""
    english: bool = False
    label_values: bool | None = None  # None: when the areas are few
    extra: Mapping[str, str] = field(default_factory=dict)

    def figure(self, cell: Cell) -> str:
        """The value in words."""
        if cell.state == "suppressed":
            return "suppressed" if self.english else "不公开（样本过少）"
        if cell.state == "missing" or cell.value is None:
            return "no report" if self.english else "未报"
        return f"{cell.value:,.{self.places}f}"


def quantiles(values: Sequence[Number], *, places: int = 2) -> tuple[float, ...]:
    """Four thresholds that part the values into five classes of about equal number.

    Rounded to ``places``; fewer when values repeat.
    """
    known = sorted(float(v) for v in values)
    if not known:
        return ()
    cuts = (known[min(len(known) - 1, round(len(known) * k / CLASSES))] for k in range(1, CLASSES))
    return tuple(sorted({round(cut, places) for cut in cuts} - {round(known[0], places)}))


def choropleth(
    geometry: Outlines | Mapping[str, Any],
    cells: Mapping[str, Cell],
    *,
    wording: Wording,
    thresholds: Sequence[float] | None = None,
    scheme: Literal["level", "change"] = "level",
) -> SafeString:
    """Map, legend and source as HTML for the inside of ``<figure class="chart map">``.

    ``thresholds``: up to four rising numbers (a value equal to one is in the upper class); None:
    quantiles. ``scheme="change"`` colours falls teal and rises red around the middle class.
    Raises ValueError when more than four thresholds are given or they do not rise.
    """
    shapes = geometry if isinstance(geometry, Outlines) else outlines(geometry)
    shown = [cells.get(area.code, Cell(state="missing")) for area in shapes.areas]
    values = [c.value for c in shown if c.state == "value" and c.value is not None]
    if thresholds is None:
        thresholds = quantiles(values, places=wording.places)
    if len(thresholds) >= CLASSES or any(a >= b for a, b in pairwise(thresholds)):
        raise ValueError(f"MAP-CLASSES: up to {CLASSES - 1} rising thresholds, got {thresholds}")
    letter = "d" if scheme == "change" else "c"
    hatch = f"h{shapes.digest[:6]}"
    pairs = list(zip(shapes.areas, shown, strict=True))
    svg = _svg(shapes, pairs, thresholds, letter, hatch, wording)
    legend = _legend(pairs, thresholds, letter, hatch, wording)
    return mark_safe(svg + legend + _source(wording))


def map_figure(
    geometry: Outlines | Mapping[str, Any],
    cells: Mapping[str, Cell],
    *,
    wording: Wording,
    note: str = "",
    **options: Any,
) -> dict[str, Any]:
    """The mapping for ``{% chart %}``: map and its table, highest value first, gaps last."""
    shapes = geometry if isinstance(geometry, Outlines) else outlines(geometry)
    rows = [(area, cells.get(area.code, Cell(state="missing"))) for area in shapes.areas]
    rows.sort(key=lambda r: (r[1].state != "value" or r[1].value is None, -(r[1].value or 0)))
    table = {
        "caption": f"{wording.title}（{wording.unit}）" if wording.unit else wording.title,
        "columns": [{"title": wording.area}, {"title": wording.measure, "numeric": True}],
        "rows": [[{"text": a.name, "href": c.href}, _table_cell(c, wording)] for a, c in rows],
    }
    svg = choropleth(shapes, cells, wording=wording, **options)
    return {
        "title": wording.title,
        "unit": wording.unit,
        "svg": svg,
        "map": True,
        "note": note,
        "table": table,
    }


def _table_cell(cell: Cell, wording: Wording) -> Any:
    words = wording.figure(cell)
    return words if cell.state == "value" and cell.value is not None else {"missing": words}


def _svg(
    shapes: Outlines,
    pairs: list[tuple[Outline, Cell]],
    thresholds: Sequence[float],
    letter: str,
    hatch: str,
    wording: Wording,
) -> str:
    groups: dict[str, list[str]] = {}
    for area, cell in pairs:
        look = _class(cell, thresholds, letter, hatch)
        groups.setdefault(look, []).append(_area(area, cell, wording, len(pairs)))
    areas = "".join(f"<g {look}>{''.join(paths)}</g>" for look, paths in sorted(groups.items()))
    layers = "".join(_labels(pairs, layer, wording) for layer in LAYERS)
    description = f"<desc>{escape(wording.description)}</desc>" if wording.description else ""
    return (
        f'<svg viewBox="0 0 {WIDTH} {shapes.height}" '
        f'role="group" aria-label="{escape(wording.title)}">{description}'
        f'<pattern id="{hatch}" width="9" height="9" patternUnits="userSpaceOnUse" '
        'patternTransform="rotate(45)"><path class="hatch" stroke-width="3" d="M0 0v9"/></pattern>'
        f'<g class="areas" fill-rule="evenodd">{areas}</g>{layers}</svg>'
    )


def _class(cell: Cell, thresholds: Sequence[float], letter: str, hatch: str) -> str:
    """Attributes that fill the areas of a class."""
    if cell.state == "suppressed":
        return 'class="suppressed"'
    if cell.state == "missing" or cell.value is None:
        return f'fill="url(#{hatch})"'
    number = sum(float(cell.value) >= t for t in thresholds)
    return f'class="{letter}{_shade(number, len(thresholds))}"'


def _shade(number: int, cuts: int) -> int:
    """Class → shade 1…5; fewer classes still use the whole range."""
    return 3 if cuts == 0 else 1 + round(number * (CLASSES - 1) / cuts)


def _area(area: Outline, cell: Cell, wording: Wording, many: int) -> str:
    measure = wording.unit or wording.measure
    words = f"{wording.area}: {area.name}; {measure}: {wording.figure(cell)}"
    label = f'aria-label="{escape(words)}"'
    path = f'd="{area.path}"'
    if not cell.href:
        return f'<path role="img" {label} {path}/>'
    # A hundred stops of the Tab key help nobody: the table beneath has the same links.
    stop = ' tabindex="-1"' if many > MANY_AREAS else ""
    return f'<a href="{escape(cell.href)}" {label}{stop}><path {path}/></a>'


# ---- labels ----


def _labels(pairs: list[tuple[Outline, Cell]], layer: str, wording: Wording) -> str:
    """Largest areas first; a label is left out where it would touch one that stands."""
    size = LAYERS[layer]
    with_value = wording.label_values
    if with_value is None:
        with_value = len(pairs) <= MANY_AREAS
    taken: list[tuple[float, float, float, float]] = []
    texts = []
    for area, cell in sorted(pairs, key=lambda p: (-p[0].size, p[0].code)):
        lines = [area.name]
        if with_value and cell.state == "value" and cell.value is not None:
            lines.append(wording.figure(cell))
        spot = _spot(
            area, lines, size, taken, overhang=OVERHANG[layer] if len(pairs) > MANY_AREAS else None
        )
        if spot is None:
            continue
        x, y = spot
        if len(lines) == 1:
            texts.append(f'<text x="{x:.0f}" y="{y:.0f}">{escape(lines[0])}</text>')
        else:
            texts.append(
                f'<text x="{x:.0f}" y="{y:.0f}">{escape(lines[0])}'
                f'<tspan x="{x:.0f}" dy="1.15em">{lines[1]}</tspan></text>'
            )
    return f'<g class="{layer}" aria-hidden="true">{"".join(texts)}</g>'


def _spot(
    area: Outline,
    lines: list[str],
    size: float,
    taken: list[tuple[float, float, float, float]],
    *,
    overhang: float | None,
) -> tuple[float, float] | None:
    """Where the first baseline goes, or None where it would touch, or hang over, too much."""
    across = max(text_width(line, size) for line in lines) + size * 0.4
    down = size * 1.15 * len(lines)
    if overhang is not None and across > area.span * overhang:
        return None
    for shift in (0.0, -0.7 * size, 0.7 * size, -1.4 * size, 1.4 * size):
        x = min(max(area.label[0], across / 2 + 2), WIDTH - across / 2 - 2)
        top = area.label[1] + shift - down / 2
        box = (x - across / 2, top, x + across / 2, top + down)
        if not any(_overlap(box, other) for other in taken):
            taken.append(box)
            return x, top + size * 0.92
    return None


def _overlap(a: tuple[float, ...], b: tuple[float, ...]) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


# ---- legend ----


def _legend(
    pairs: list[tuple[Outline, Cell]],
    thresholds: Sequence[float],
    letter: str,
    hatch: str,
    wording: Wording,
) -> str:
    entries = []
    values = [c.value for _, c in pairs if c.state == "value" and c.value is not None]
    if values:
        shades = [_shade(i, len(thresholds)) for i in range(len(thresholds) + 1)]
        entries = [
            (f'class="{letter}{shade}"', words)
            for shade, words in zip(shades, _ranges(thresholds, wording), strict=True)
        ]
    states = {("missing" if c.value is None and c.state == "value" else c.state) for _, c in pairs}
    if "missing" in states:
        entries.append((f'fill="url(#{hatch})"', "no report" if wording.english else "未报"))
    if "suppressed" in states:
        entries.append(
            ('class="suppressed" stroke-dasharray="2 2"', wording.figure(Cell(state="suppressed")))
        )
    swatch = '<svg width="24" height="14" aria-hidden="true"><path {} d="M.5.5h23v13H.5z"/></svg>'
    items = "".join(f"<li>{swatch.format(look)}{escape(words)}</li>" for look, words in entries)

    label = "Legend" if wording.english else "图例"
    return f'<ul class="legend" aria-label="{label}">{items}</ul>'


def _ranges(thresholds: Sequence[float], wording: Wording) -> list[str]:
    """«＜55.00», «55.00–59.00», «≥68.00»; one class alone has no bounds to name."""
    if not thresholds:
        return ["all" if wording.english else "全部"]
    words = [f"{t:,.{wording.places}f}" for t in thresholds]
    middle = [f"{a}–{b}" for a, b in pairwise(words)]
    return [f"＜{words[0]}", *middle, f"≥{words[-1]}"]


def _source(wording: Wording) -> str:
    words = "Schematic map" if wording.english else "示意图"
    tail = f" · {escape(wording.attribution)}" if wording.attribution else ""
    return f'<p class="map-source">{words}{tail}</p>'
