"""What the public page shows: the newest issue of a form at a place, when the next comes."""

from __future__ import annotations

import hashlib
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse

from ortoo.domains.market.opendata import given
from ortoo.domains.market.opendata.given import Chosen, Given, Issue
from ortoo.domains.market.opendata.tables import REASONS, Printer
from ortoo.domains.market.publication import published_at
from ortoo.domains.market.web import clerk_words as words
from ortoo.domains.market.web import figures_sheet as sheet
from ortoo.domains.market.web.figures_request import place_name
from ortoo.domains.market.web.figures_sheet import Cell, Column, Row, Sheet
from ortoo.domains.market.web.figures_words import Denomination
from ortoo.kernel.filings.clock import now_ms
from ortoo.kernel.forms.definition import Form
from ortoo.kernel.forms.periods import Period
from ortoo.kernel.places.active import active_pack

WHY = {"few": "家数过少", "dominated": "一两家占比过高", "secondary": "防止由合计反推"}
FILES = (("CSV", "open-csv"), ("JSON", "open-json"), ("SDMX-CSV 2.0", "open-sdmx"),
         ("SDMX 结构", "open-structure"))  # fmt: skip


def tag_of(body: bytes) -> str:
    """An entity tag of some bytes."""
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"'


def context(request: HttpRequest, licence: str) -> dict[str, object]:
    """Everything the page says; of nothing issued yet only when there will be."""
    now = now_ms()
    forms = given.forms(now)
    root = active_pack().root.code
    wanted = request.GET.get("form", "")
    form = next((one for one in forms if one.code == wanted), None) or _usual(forms)
    if form is None:
        return {"empty": True, "licence": licence}
    periods = given.periods(form.code, now)
    period = next((one for one in periods if one.code == request.GET.get("period", "")),
                  periods[-1])  # fmt: skip
    chosen = Chosen(form.code, periods=frozenset({period.code}))
    issues = given.kept(chosen, now)
    cells = list(given.cells(chosen, issues))
    units = sorted({one.unit for one in cells}, key=lambda code: (code != root, code))
    place = request.GET.get("place", "")
    place = place if place in units else units[0] if units else root
    request.paper = (form.code, period.code)  # type: ignore[attr-defined]
    return {
        "forms": [(one.code, one.title["zh"], one.code == form.code) for one in forms],
        "periods": [(one.code, one.label_zh, one.code == period.code)
                    for one in reversed(periods)][:60],
        "units": [(code, place_name(code), code == place) for code in units],
        "form": form,
        "period": period,
        "place_name": place_name(place),
        "table": _table(form, place, [one for one in cells if one.unit == place]),
        "issues": [(issue.number, words.full_moment(issue.at_ms), issue.note, issue.seq)
                   for issue in reversed(issues)],
        "next": _next(form, periods[-1], now),
        "vintages": reverse("vintages", kwargs={"form": form.code, "period": period.code}),
        "files": [(name, reverse(address, kwargs={"form": form.code})) for name, address in FILES],
        "here": _here(form, period, place),
        "feed": reverse("open-feed"),
        "licence": licence,
        "cite": _cite(form, period, issues, request),
    }  # fmt: skip


def _usual(forms: list[Form]) -> Form | None:
    """The weekly return of most goods stands first."""
    weekly = [one for one in forms if one.cadence == "week" and one.supplements is None]
    return next(iter([*weekly, *forms]), None)


def _table(form: Form, place: str, cells: list[Given]) -> Sheet:
    printer, by = Printer(form), Denomination(form)
    order = {leaf.code: at for at, leaf in enumerate(form.leaves)}
    rows = [
        Row(_row(printer, by, one))
        for one in sorted(cells, key=lambda one: (order.get(one.item, len(order)), one.item))
    ]
    columns = (
        Column("品种", "", False), Column(by.word),
        Column("简单平均"), Column("同样本环比"), Column(by.answers, "家"),
    )  # fmt: skip
    return Sheet("open", f"{place_name(place)}{by.heading}", columns, tuple(rows),
                 empty="这一期没有发布这个地区的数")  # fmt: skip


def _row(printer: Printer, by: Denomination, one: Given) -> tuple[Cell, ...]:
    item = printer.item(one.item)
    name = sheet.text(item.name["zh"] if item else one.item, "", by.unit_of(item) if item else "")
    if one.hidden:
        hidden = sheet.hidden(WHY.get(REASONS.get(one.hidden, ""), "不公布"))
        return (name, hidden, sheet.NONE, sheet.NONE, sheet.NONE)
    from fractions import Fraction

    from ortoo.domains.market.issued import CHANGE_SCALE, MEAN_SCALE

    quotes = one.of("quotes")
    if not quotes:
        return (name, sheet.NONE, sheet.NONE, sheet.NONE, sheet.NONE)
    change = Fraction(one.of("matched_change"), CHANGE_SCALE) if one.of("matched") else None
    return (
        name,
        sheet.price(Fraction(one.of("mean"), MEAN_SCALE), "", by.scale),
        sheet.price(Fraction(one.of("simple_mean"), MEAN_SCALE), "", by.scale),
        sheet.change(change), sheet.count(quotes),
    )  # fmt: skip


def _next(form: Form, last: Period, now: int) -> str:
    """When the period after the newest issued one comes out; "" where none is foreseen."""
    if form.period_types[-1].ordered:
        return ""
    following = last.next()
    at = published_at(form, following)
    when = words.full_moment(max(at, now)) if at > now else "审核结束即发布"
    return f"{following.label_zh}：{when}"


def _here(form: Form, period: Period, place: str) -> list[tuple[str, str]]:
    query = urlencode({"period": period.code, "place": place})
    return [(name, f"{reverse(address, kwargs={'form': form.code})}?{query}")
            for name, address in FILES[:3]]  # fmt: skip


def _cite(form: Form, period: Period, issues: list[Issue], request: HttpRequest) -> str:
    pack = active_pack()
    who = pack.bureau(pack.root.code) or pack.root.zh
    newest = given.tail_of(issues)
    vintage = f"，数据版次第{newest.number}版（第{newest.seq}号报件）" if newest else ""
    address = request.build_absolute_uri(
        reverse("figures-period", kwargs={"form": form.code, "period": period.code})
    )
    return f"{who}：{form.title['zh']}，{period.label_zh}{vintage}。{address}"
