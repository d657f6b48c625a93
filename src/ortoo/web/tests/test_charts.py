"""Charts: small, finite, escaped, readable without script or colour."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ortoo.web import axes, charts, drawing
from ortoo.web.tests.test_design import refused

HOSTILE = "<script>'\"&"
FIRST = date(2025, 11, 22)


def weeks(values) -> list:
    return [(FIRST + timedelta(7 * i), v) for i, v in enumerate(values)]


def year(base: int) -> list:
    return weeks(Decimal(base) + Decimal(i * 37 % 50) / 10 for i in range(52))


def line(**options) -> str:
    series = [charts.Series("今年", year(66)), charts.Series("去年同期", year(63))]
    return charts.line_chart(series, **{"unit": "元/公斤", "title": "羊肉"} | options)


@pytest.mark.parametrize("size", ["desk", "phone"])
def test_a_chart_is_small_well_formed_and_within_the_policy(size) -> None:
    for svg in (
        line(size=size),
        charts.bar_chart(
            [charts.Bar("锡林浩特市", 71), charts.Bar("二连浩特市", -3)],
            unit="%",
            size=size,
            title="变化",
        ),
        charts.strip_chart(
            [charts.Peers("羊肉", [62, 64, 70], 71, 64)], unit="元", size=size, title="同行"
        ),
    ):
        ElementTree.fromstring(svg)
        assert refused(svg) == []
        assert len(svg.encode()) <= 12 * 1024
        assert "NaN" not in svg and "style=" not in svg and "#000" not in svg
        assert f'class="{size}"' in svg and 'role="img"' in svg and "aria-label=" in svg
        assert not re.search(r"\d\.\d{2,}(?!.*</text>)", re.sub(r"<text.*?</text>", "", svg))


def test_colours_are_variables_and_can_be_made_literal_for_paper() -> None:
    svg = line()
    assert "var(--series-1)" in svg
    assert "var(" not in drawing.printable(svg) and "#1b5480" in drawing.printable(svg)


def test_a_gap_is_not_bridged() -> None:
    values = [60, 61, None, 63, 64]
    svg = charts.line_chart([charts.Series("价", weeks(values))], unit="元", title="价")
    path = re.search(r'<path d="([^"]+)" stroke="var\(--series-1\)"', svg)
    assert path and path[1].count("M") == 2


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), Decimal("NaN")])
def test_a_value_that_is_not_finite_is_a_gap(bad) -> None:
    svg = charts.line_chart([charts.Series("价", weeks([60, bad, 62]))], unit="元", title="价")
    assert "NaN" not in svg and "Infinity" not in svg


def test_nothing_to_draw_is_refused_with_a_code() -> None:
    with pytest.raises(ValueError, match="CHART-EMPTY"):
        charts.line_chart([charts.Series("价", weeks([None, None]))], unit="元", title="无")


def test_hostile_names_are_escaped() -> None:
    series = [charts.Series(HOSTILE, year(66)), charts.Series("b", year(60))]
    notes = [charts.Annotation(FIRST + timedelta(100), HOSTILE, "break")]
    svg = charts.line_chart(
        series, unit=HOSTILE, title=HOSTILE, description=HOSTILE, annotations=notes
    )
    ElementTree.fromstring(svg)
    assert "<script" not in svg
    assert "<script" not in charts.sparkline([1, 2], label=HOSTILE)
    assert "<script" not in charts.bar_chart([charts.Bar(HOSTILE, 1)], unit="", title=HOSTILE)


def test_a_figure_has_both_drawings_and_its_table() -> None:
    figure = charts.line_figure([charts.Series("价", weeks([60, None]))], title="价", unit="元")
    assert figure["svg"].count("<svg") == 2
    assert figure["table"]["rows"] == [["2025-11-29", {"missing": "未报"}], ["2025-11-22", "60.00"]]


def test_a_kept_chart_is_not_drawn_again(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(drawing, "_cache", drawing.DirectoryCache(tmp_path))
    first = line(title="保存")
    monkeypatch.setattr(drawing, "slim", None)
    assert line(title="保存") == first
    assert list(tmp_path.glob("*.svg")) and not list(tmp_path.glob("*.part"))


def test_memory_forgets_the_oldest() -> None:
    cache = drawing.MemoryCache(size=2)
    for key in "abc":
        cache.put(key, key)
    assert (cache.get("a"), cache.get("c")) == (None, "c")


def test_a_style_attribute_becomes_presentation_attributes() -> None:
    svg = drawing.slim(
        '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9" viewBox="0 0 9 9">'
        '<path d="M0.123,0L5,5" style="stroke: red; opacity: 0.5"/></svg>',
        title="t",
    )
    assert "style" not in svg and 'stroke="red"' in svg and "M0.1 0 5 5" in svg


def test_a_sparkline_is_light_and_says_its_values() -> None:
    svg = charts.sparkline([65.1, None, 66, 66.8], label="近8周")
    assert len(svg.encode()) < 400
    assert 'aria-label="近8周：65.10、—、66.00、66.80"' in svg
    assert svg.count("M") == 2


@given(st.lists(st.none() | st.floats(), max_size=12))
@example([1.7976931348623157e308, -9.9792015476736e291])
def test_a_sparkline_never_writes_nan(values) -> None:
    path = re.sub(r'aria-label="[^"]*"', "", charts.sparkline(values, label="x"))
    assert "nan" not in path and "inf" not in path


@given(st.floats(-1e9, 1e9), st.floats(0, 1e9), st.booleans())
@settings(max_examples=60)
def test_ticks_enclose_the_values(low, span, zero) -> None:
    ticks = axes.value_ticks(low, low + span, zero=zero)
    slack = 1e-6 * max(1, abs(low))
    assert ticks.values[0] <= low + slack and ticks.values[-1] >= low + span - slack
    assert 2 <= len(ticks.values) <= 13
    assert all(len(label) < 24 for label in ticks.labels)


@given(
    st.dates(date(1990, 1, 1), date(2030, 1, 1)), st.integers(1, 12000), st.sampled_from([280, 580])
)
@settings(max_examples=60)
def test_dates_have_ticks_inside_and_not_too_many(first, span, width) -> None:
    ticks = axes.date_ticks(first, first + timedelta(span), width_px=width)
    assert 1 <= len(ticks.values) <= width // 40
    assert all(first.toordinal() <= v <= first.toordinal() + span for v in ticks.values)


@given(st.lists(st.floats(0, 200), min_size=1, max_size=8))
def test_labels_are_moved_apart_within_the_plot(positions) -> None:
    placed = sorted(axes.spread(positions, 15, 0, 200))
    assert all(b - a >= 15 - 1e-6 for a, b in pairwise(placed))
    assert placed[0] >= -1e-6 and placed[-1] <= 200 + 1e-6
