"""Reads the columns 宾栏 of a form, and which of them play the usual parts (`figures`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from ortoo.kernel.forms.definition import Conversion, Form, FormError, Measure, Roles
from ortoo.kernel.forms.fields import Fields

MAX_CHOICES = 60


def read_measures(top: Fields) -> tuple[Measure, ...]:
    table = top.raw("measures")
    if not isinstance(table, Mapping):
        raise FormError("FORM-TYPE", "measures 应为键值表", top.where)
    found = []
    for code, raw in table.items():
        inner = Fields(raw, f"{top.where}.{code}")
        if inner.has("choices"):
            found.append(_choice(str(code), inner))
            continue
        converts = inner.choice("converts", ("per_unit", "amount", "none"))
        asked = inner.choice("asked", ("every", "marked"), "every")
        found.append(
            Measure(
                code=str(code),
                title=inner.labels("title"),
                unit=inner.text("unit"),
                scale=inner.integer("scale"),
                digits=inner.integer("digits"),
                must=inner.flag("must"),
                conversion=cast(Conversion, converts),
                aggregate=inner.text("aggregate"),
                concept=inner.text("concept", str(code)),
                asked="marked" if asked == "marked" else "every",
                shares=inner.optional_text("shares"),
                prefill=inner.optional_text("prefill"),
                lag_days=inner.integer("lag_days", 0),
            )
        )
        inner.done()
        if not 0 <= found[-1].scale <= 9 or not found[-1].scale < found[-1].digits <= 15:
            message = "scale 须为 0–9，digits 须大于 scale 且不超过 15"
            raise FormError("FORM-VALUE", message, inner.where)
    return tuple(found)


def _choice(code: str, inner: Fields) -> Measure:
    """A column whose cells are one of a few words: stored as the place in the list, from 0."""
    words = _words(inner)
    asked = inner.choice("asked", ("every", "marked"), "every")
    measure = Measure(
        code=code,
        title=inner.labels("title"),
        unit="",
        scale=0,
        digits=2,
        must=inner.flag("must"),
        conversion="none",
        aggregate="tally",
        concept=inner.text("concept", code),
        asked="marked" if asked == "marked" else "every",
        shares=inner.optional_text("shares"),
        prefill=inner.optional_text("prefill"),
        choices=tuple(zh for zh, _ in words),
        choices_en=tuple(en for _, en in words),
        lag_days=inner.integer("lag_days", 0),
    )
    inner.done()
    return measure


def _words(inner: Fields) -> list[tuple[str, str]]:
    """Chinese and English of each choice, in the order they are numbered in."""
    rows = inner.list("choices", required=True)
    labels = [Fields(row, f"{inner.where}.choices[{place}]") for place, row in enumerate(rows)]
    words = [(label.text("zh"), label.text("en")) for label in labels]
    for label in labels:
        label.done()
    for names in zip(*words, strict=True):
        twice = next((name for name in names if names.count(name) > 1 or not name.strip()), None)
        if twice is not None:
            raise FormError("FORM-CHOICES", f"选项“{twice}”重复或为空", inner.where)
    if not 2 <= len(words) <= MAX_CHOICES:
        raise FormError("FORM-CHOICES", f"选项须有 2—{MAX_CHOICES} 个", inner.where)
    return words


def read_figures(top: Fields) -> Roles | None:
    """Which measures are the price, the quantity and value sold, and the stock."""
    if not top.has("figures"):
        return None
    inner = top.fields("figures")
    found = Roles(
        price=inner.optional_text("price"),
        quantity=inner.optional_text("quantity"),
        value=inner.optional_text("value"),
        stock=inner.optional_text("stock"),
    )
    inner.done()
    return found


def check_figures(form: Form) -> None:
    """`figures` name measures that hold numbers, each once; the hours of review are positive."""
    codes = form.figures.codes if form.figures else ()
    for code in codes:
        measure = form.measure_by_code.get(code)
        if measure is None or measure.choices or codes.count(code) > 1:
            message = f"figures 指向的 {code} 不是本表的数值指标，或用了两次"
            raise FormError("FORM-FIGURES", message, form.code)
    if form.review_hours <= 0:
        raise FormError("FORM-VALUE", "review_hours 应大于零", form.code)
