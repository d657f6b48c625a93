"""数据版次与修订: every issue of a period, what each revised, and what still waits."""

from __future__ import annotations

from fractions import Fraction

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from ortoo.domains.market import revisions
from ortoo.domains.market.revisions import Revised, Step
from ortoo.domains.market.web import clerk_words as words
from ortoo.domains.market.web import figures_sheet as sheet
from ortoo.domains.market.web.figures_request import form_of, period_of, place_name, visible_periods
from ortoo.domains.market.web.figures_sheet import Cell, Column, Row, Sheet
from ortoo.domains.market.web.figures_words import Denomination
from ortoo.kernel.filings.clock import now_ms
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.forms.definition import Form

PERIODS = 26


@require_safe
def of_form(request: HttpRequest, form: str) -> HttpResponse:
    """The newest periods, how often each was issued and how far it was revised."""
    definition = form_of(form)
    periods = visible_periods(request.scope, definition, now_ms())[:PERIODS]  # type: ignore[attr-defined]
    rows = []
    for period in periods:
        found = revisions.steps(form, period.code)
        if found:
            here = reverse("vintages", kwargs={"form": form, "period": period.code})
            rows.append(Row((sheet.text(period.label_zh, here), *_summary(found))))
    columns = (
        Column("报告期", "", False), Column("版次"), Column("首次发布", "", False),
        Column("最近修订", "", False), Column("修订", "格"), Column("最大修订幅度"),
    )  # fmt: skip
    table = Sheet("vintages", "近期各报告期的版次", columns, tuple(rows), empty="还没有发布过")
    context = {"form": definition, "table": table, "heading": "数据版次与修订"}
    return render(request, "market/figures/vintages.html", context)


def _summary(found: list[Step]) -> tuple[Cell, ...]:
    every = [cell for step in found for cell in step.revised]
    last = found[-1].vintage.at_ms if len(found) > 1 else None
    return (
        sheet.count(len(found)),
        sheet.text(words.full_moment(found[0].vintage.at_ms)),
        sheet.text(words.full_moment(last)) if last else sheet.NONE,
        sheet.count(len(every)),
        sheet.change(_largest(every)),
    )


def _largest(cells: list[Revised]) -> Fraction | None:
    known = [cell.change for cell in cells if cell.change is not None]
    return max(known, key=abs, default=None)


@require_safe
def of_period(request: HttpRequest, form: str, period: str) -> HttpResponse:
    """Every vintage of one period, newest first, and what waits to be given out."""
    definition = form_of(form)
    span = period_of(definition, period)
    scope = request.scope  # type: ignore[attr-defined]
    found = revisions.steps(form, span.code)
    if not found:
        raise Refused(
            "NOT-PUBLISHED", f"{span.label_zh}还没有发布。", "请在发布后再来查看版次。", 404
        )
    waiting = revisions.withheld(scope, form, span.code)
    context = {
        "form": definition,
        "period": span,
        "heading": f"{span.label_zh}的版次",
        "steps": [_step(definition, step) for step in reversed(found)],
        "waiting": [definition.item(code).name["zh"] for code in waiting],
        "crumbs": [
            {"title": Denomination(definition).heading, "href": reverse("figures-period", kwargs={
                "form": form, "period": span.code})},
            {"title": "数据版次"},
        ],
    }  # fmt: skip
    return render(request, "market/figures/vintages.html", context)


def _step(form: Form, step: Step) -> dict[str, object]:
    vintage = step.vintage
    return {
        "number": step.number,
        "at": words.full_moment(vintage.at_ms),
        "note": vintage.note,
        "log_index": vintage.log_index,
        "items": step.items,
        "revised": _revisions(form, step) if step.revised else None,
    }


def _size(cell: Revised) -> tuple[Fraction, str, str]:
    """The largest revision first; one that appears or goes has no size."""
    return -abs(cell.change or Fraction(0)), cell.unit, cell.item


def _revisions(form: Form, step: Step) -> Sheet:
    by = Denomination(form)
    scale = by.scale
    rows = tuple(
        Row((
            sheet.text(place_name(cell.unit, short=True)),
            sheet.text(form.item(cell.item).name["zh"]),
            sheet.price(cell.before, "", scale) if cell.before is not None else sheet.hidden(""),
            sheet.price(cell.after, "", scale) if cell.after is not None else sheet.hidden(""),
            sheet.change(cell.change),
            sheet.text(f"{cell.quotes_before} → {cell.quotes_after}"),
        ))
        for cell in sorted(step.revised, key=_size)
    )  # fmt: skip
    columns = (
        Column("地区", "", False), Column("品种", "", False), Column("原发布"), Column("修订为"),
        Column("修订幅度"), Column(by.answers, "家"),
    )  # fmt: skip
    return Sheet(f"revision-{step.number}", f"第{step.number}版修订的数", columns, rows)
