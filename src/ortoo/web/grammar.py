"""Charts in Altair's grammar: hairlines, direct labels, our own ticks and words.

The grammar is imported inside the functions (200 ms, 50 MB); a page whose charts are kept never
needs it. Ticks and words are ours because Vega's are English and its dates local.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from ortoo.web.axes import Ticks, date_ticks, spread, text_width, value_ticks
from ortoo.web.series import Annotation, Band, Bar, Captions, Peers, Series, Size, figure_text

DASHES: tuple[list[int] | None, ...] = (None, [5, 3], [2, 2], [7, 2, 2, 2])
LABEL_GAP_PX = 15
MAX_LABEL_SHARE = 0.26


@dataclass(frozen=True, slots=True)
class _Frame:
    """Pixels: whole size and the margins around the plot."""

    width: int
    height: int
    left: int = 44
    right: int = 14
    top: int = 26
    bottom: int = 26

    @property
    def across(self) -> int:
        return self.width - self.left - self.right

    @property
    def down(self) -> int:
        return self.height - self.top - self.bottom


FRAMES: dict[str, _Frame] = {"desk": _Frame(640, 280), "phone": _Frame(340, 250)}


def line_spec(
    series: Sequence[Series],
    bands: Sequence[Band],
    annotations: Sequence[Annotation],
    captions: Captions,
    size: Size,
) -> dict[str, Any]:
    days = [d for s in series for d, _ in s.points] + [d for b in bands for d, _, _ in b.points]
    values = [v for s in series for _, v in s.points if v is not None]
    values += [float(v) for b in bands for _, low, high in b.points for v in (low, high)]
    if not values:
        raise ValueError("CHART-EMPTY: no finite value to draw")
    frame = FRAMES[size]
    widest = max(text_width(s.name) for s in series) + 12
    ends = len(series) > 1 and widest <= frame.width * MAX_LABEL_SHARE
    frame = replace(frame, right=int(widest) + 6) if ends else frame
    if len(series) > 1 and not ends:
        frame = replace(frame, top=frame.top + 20)
    across = date_ticks(min(days), max(days), width_px=frame.across, english=captions.english)
    up = value_ticks(float(min(values)), float(max(values)), count=5)
    late = max(days) - (max(days) - min(days)) / 3
    layers = [*_band_layers(bands), *_note_layers(annotations, frame, late)]
    layers += [layer for i, s in enumerate(series) for layer in _series_layers(s, i)]
    layers += _end_labels(series, frame, up) if ends else _key_labels(series)
    layers.append(_text(0, -frame.top + 12, captions.unit, "var(--ink-3)", dx=-frame.left + 2))
    x = _axis(across, "x", domain=(min(days).toordinal(), max(days).toordinal()))
    return _whole(layers, frame, x=x, y=_axis(up, "y"))


def _series_layers(series: Series, index: int) -> list[Any]:
    import altair as alt

    tone = f"var(--series-{_tone(series, index)})"
    rows = [{"x": d.toordinal(), "y": v} for d, v in series.points]
    data = alt.Data(values=rows)
    mark: dict[str, Any] = {
        "stroke": tone,
        "strokeWidth": 2 if index == 0 else 1.5,
        "strokeJoin": "round",
    }
    dash = [4, 3] if series.dashed else DASHES[index % len(DASHES)]
    if dash:
        mark["strokeDash"] = dash
    line = alt.Chart(data).mark_line(**mark).encode(x="x:Q", y="y:Q")
    dots = _lonely(rows)
    if not series.dashed:
        dots += [row for row in rows if row["y"] is not None][-1:]
    point = alt.Chart(alt.Data(values=dots)).mark_circle(size=28, fill=tone, opacity=1)
    return [line, point.encode(x="x:Q", y="y:Q")] if dots else [line]


def _lonely(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Values with no neighbour: a line alone would not show them."""
    found = []
    for index, row in enumerate(rows):
        before = rows[index - 1]["y"] if index else None
        after = rows[index + 1]["y"] if index + 1 < len(rows) else None
        if row["y"] is not None and before is None and after is None:
            found.append(row)
    return found


def _tone(series: Series, index: int) -> int:
    return series.tone or index % len(DASHES) + 1


def _band_layers(bands: Sequence[Band]) -> list[Any]:
    import altair as alt

    layers = []
    for band in bands:
        rows = [{"x": d.toordinal(), "l": float(a), "h": float(b)} for d, a, b in band.points]
        area = alt.Chart(alt.Data(values=rows)).mark_area(fill="var(--series-1)", fillOpacity=0.14)
        layers.append(area.encode(x="x:Q", y="l:Q", y2="h:Q"))
    return layers


def _note_layers(annotations: Sequence[Annotation], frame: _Frame, late: dt.date) -> list[Any]:
    """Rules with their words; behind `late` the words stand before the rule, inside the drawing."""
    import altair as alt

    layers = []
    for note in annotations:
        rows = [{"x": note.at.toordinal(), "t": note.text}]
        rule: dict[str, Any] = {"stroke": "var(--ink-3)", "strokeWidth": 1}
        if note.kind == "break":
            rule["strokeDash"] = [3, 3]
        base = alt.Chart(alt.Data(values=rows)).encode(x="x:Q")
        layers.append(base.mark_rule(**rule).encode(y=alt.value(0), y2=alt.value(frame.down)))
        text: dict[str, Any] = {
            "align": "right" if note.at > late else "left",
            "dx": -4 if note.at > late else 4,
            "baseline": "top",
            "fill": "var(--ink-2)",
            "fontSize": 12,
        }
        layers.append(base.mark_text(**text).encode(y=alt.value(2), text="t:N"))
    return layers


def _end_labels(series: Sequence[Series], frame: _Frame, up: Ticks) -> list[Any]:
    """Each line is named at its end; names that would overlap are moved apart."""
    low, high = up.domain
    ends = [next((v for _, v in reversed(s.points) if v is not None), low) for s in series]
    wanted = [(high - float(v)) / (high - low) * frame.down for v in ends]
    placed = spread(wanted, LABEL_GAP_PX, 4, frame.down - 4)
    return [
        _text(frame.across, y + 4, s.name, f"var(--series-{_tone(s, i)})", dx=8)
        for i, (s, y) in enumerate(zip(series, placed, strict=True))
    ]


def _key_labels(series: Sequence[Series]) -> list[Any]:
    """Names too long for the right margin stand above, each after a piece of its line."""
    if len(series) == 1:
        return []
    layers, x = [], 0.0
    for index, one in enumerate(series):
        layers.append(_text(x, -12, f"● {one.name}", f"var(--series-{_tone(one, index)})"))
        x += text_width(one.name) + 34
    return layers


def bar_spec(bars: Sequence[Bar], captions: Captions, size: Size, places: int) -> dict[str, Any]:
    import altair as alt

    values = [bar.value for bar in bars if bar.value is not None]
    if not values:
        raise ValueError("CHART-EMPTY: no finite value to draw")
    left = int(max(text_width(bar.name) for bar in bars)) + 12
    width, row = FRAMES[size].width, 28
    frame = _Frame(width, len(bars) * row + 34, left=left, right=58, top=8, bottom=26)
    low, high = float(min(values)), float(max(values))
    if low < 0:
        # Its figure stands left of the longest fall, clear of the names.
        low -= (max(high, 0.0) - low) * (0.12 if size == "desk" else 0.2)
    across = value_ticks(low, high, count=5 if size == "desk" else 3, zero=True)
    rows = [
        {"y": i, "v": b.value or 0, "t": figure_text(b.value, places, captions)}
        for i, b in enumerate(bars)
    ]
    layers = []
    for strong, tone in ((True, "var(--accent)"), (False, "var(--bar)")):
        some = [r for r, b in zip(rows, bars, strict=True) if b.strong is strong]
        base = alt.Chart(alt.Data(values=some)).encode(x="v:Q", x2=alt.datum(0), y="y:Q")
        layers += [base.mark_rule(stroke=tone, strokeWidth=13)] if some else []
    for sign, align, dx in ((1, "left", 5), (-1, "right", -5)):
        some = [r for r in rows if (float(r["v"]) < 0) is (sign < 0)]
        text: dict[str, Any] = {
            "align": align,
            "dx": dx,
            "fill": "var(--ink)",
            "fontSize": 12,
            "baseline": "middle",
        }
        base = alt.Chart(alt.Data(values=some)).mark_text(**text)
        layers += [base.encode(x="v:Q", y="y:Q", text="t:N")] if some else []
    names = Ticks(tuple(float(i) for i in range(len(bars))), tuple(b.name for b in bars))
    y = _axis(names, "y", domain=(len(bars) - 0.5, -0.5), grid=False)
    return _whole(layers, frame, x=_axis(across, "x", grid=True), y=y)


def strip_spec(rows: Sequence[Peers], captions: Captions, size: Size) -> dict[str, Any]:
    import altair as alt

    values = [v for row in rows for v in (*row.values, row.own, row.median) if v is not None]
    if not values:
        raise ValueError("CHART-EMPTY: no finite value to draw")
    left = int(max(text_width(row.name) for row in rows)) + 12
    frame = _Frame(FRAMES[size].width, len(rows) * 44 + 40, left=left, right=20, top=34)
    across = value_ticks(float(min(values)), float(max(values)), count=6 if size == "desk" else 4)

    def layer(points: list[dict[str, Any]], mark: dict[str, Any], **encodings: Any) -> list[Any]:
        base = alt.Chart(alt.Data(values=points)).mark_point(opacity=1, **mark)
        return [base.encode(x="x:Q", y="y:Q", **encodings)] if points else []

    peers = [{"x": v, "y": i} for i, row in enumerate(rows) for v in row.values]
    medians = [{"x": r.median, "y": i} for i, r in enumerate(rows) if r.median is not None]
    own = [
        {"x": r.own, "y": i, "t": figure_text(r.own, 2, captions)}
        for i, r in enumerate(rows)
        if r.own is not None
    ]
    dot: dict[str, Any] = {
        "shape": "circle",
        "size": 56,
        "stroke": "var(--ink-3)",
        "strokeWidth": 1.25,
    }
    gem: dict[str, Any] = {
        "shape": "diamond",
        "size": 130,
        "fill": "var(--accent)",
        "stroke": "var(--paper)",
    }
    layers = layer(peers, dot)
    if medians:
        tick: dict[str, Any] = {
            "orient": "vertical",
            "size": 24,
            "thickness": 2.5,
            "fill": "var(--ink)",
        }
        middle = alt.Chart(alt.Data(values=medians)).mark_tick(opacity=1, **tick)
        layers.append(middle.encode(x="x:Q", y="y:Q"))
    layers += layer(own, gem)
    layers += _strip_key(captions)
    if own:
        text: dict[str, Any] = {
            "dy": -13,
            "fill": "var(--accent)",
            "fontSize": 12,
            "fontWeight": "bold",
        }
        named = alt.Chart(alt.Data(values=own)).mark_text(**text)
        layers.append(named.encode(x="x:Q", y="y:Q", text="t:N"))
    names = Ticks(tuple(float(i) for i in range(len(rows))), tuple(r.name for r in rows))
    y = _axis(names, "y", domain=(len(rows) - 0.5, -0.5), grid=False)
    return _whole(layers, frame, x=_axis(across, "x", grid=True), y=y)


def _strip_key(captions: Captions) -> list[Any]:
    """What the diamond, the bar and the rings are."""
    own, middle, other = (
        ("own", "median", "peers") if captions.english else ("本单位", "中位数", "其他样本")
    )
    layers, x = [], 0.0
    for glyph, words, tone in (
        ("◆", own, "var(--accent)"),
        ("┃", middle, "var(--ink)"),
        ("○", other, "var(--ink-2)"),
    ):
        layers.append(_text(x, -22, f"{glyph} {words}", tone))
        x += text_width(words) + 36
    return layers


def _axis(
    ticks: Ticks,
    channel: Literal["x", "y"],
    *,
    domain: tuple[float, float] | None = None,
    grid: bool | None = None,
) -> Any:
    """An axis whose words are ours: hairlines, no box."""
    import altair as alt

    across = channel == "x"
    words = json.dumps(
        {
            f"{v:g}" if v != int(v) else str(int(v)): w
            for v, w in zip(ticks.values, ticks.labels, strict=True)
        },
        ensure_ascii=False,
    )
    axis = alt.Axis(
        values=list(ticks.values),
        labelExpr=f"({words})[datum.value] || ''",
        title=None,
        grid=(not across) if grid is None else grid,
        gridColor="var(--rule)",
        domain=across and not grid,
        domainColor="var(--edge)",
        ticks=across and not grid,
        tickColor="var(--edge)",
        tickSize=4,
        labelColor="var(--ink-2)" if grid is False else "var(--ink-3)",
        labelFontSize=12,
        labelPadding=8 if not across else 4,
        labelFlush=False,
        labelOverlap=False,
        labelLimit=0,
        labelBound=False,
    )
    scale = alt.Scale(domain=list(domain or ticks.domain), nice=False, zero=False)
    kind = alt.X if across else alt.Y
    return kind(shorthand=alt.Undefined, axis=axis, scale=scale)


def _text(x: float, y: float, words: str, fill: str, *, dx: float = 0) -> Any:
    """Words at a pixel of the plot."""
    import altair as alt

    text: dict[str, Any] = {"align": "left", "baseline": "alphabetic", "fill": fill, "fontSize": 12}
    base = alt.Chart(alt.Data(values=[{"t": words}])).mark_text(dx=dx, **text)
    return base.encode(x=alt.value(x), y=alt.value(y), text="t:N")


def _whole(layers: list[Any], frame: _Frame, *, x: Any, y: Any) -> dict[str, Any]:
    """Layers over one pair of axes; the size is fixed, so the twins are exact."""
    import altair as alt

    layered = alt.layer(*layers).properties(
        width=frame.across,
        height=frame.down,
        autosize={"type": "none"},
        padding={
            "left": frame.left,
            "right": frame.right,
            "top": frame.top,
            "bottom": frame.bottom,
        },
    )
    ground = layered.configure(background="transparent").configure_view(stroke=None)
    spec: dict[str, Any] = ground.to_dict()
    shared = {"x": x.to_dict(), "y": y.to_dict()}
    for layer in spec["layer"]:
        for channel, settings in shared.items():
            if "field" in layer["encoding"].get(channel, {}):
                layer["encoding"][channel] |= settings
    return spec
