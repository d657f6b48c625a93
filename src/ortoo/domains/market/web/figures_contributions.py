"""The filings behind one figure: those this reader may open, and how many more are counted."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from ortoo.domains.market import selectors
from ortoo.domains.market.rules.figures import Figure
from ortoo.domains.market.selectors import Contribution
from ortoo.domains.market.web import figures_readings as readings
from ortoo.domains.market.web import figures_sheet as sheet
from ortoo.domains.market.web.figures_frame import denomination_of, source_of
from ortoo.domains.market.web.figures_request import Asked, asked_of, place_name
from ortoo.domains.market.web.figures_words import Denomination
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.forms.definition import Item
from ortoo.kernel.grants import access

STAGES = {
    "filed": "待审", "queried": "核实中", "checked": "已初审", "accepted": "已审定",
    "sent_back": "已退回", "missing": "未报",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Behind:
    """A figure and its filings: `shown` of `counted`, and the sums they make."""

    figure: Figure
    shown: list[Contribution]

    @property
    def counted(self) -> int:
        return self.figure.sums.quotes

    @property
    def elsewhere(self) -> int:
        """Filings counted in the figure and outside the reader's scope."""
        return self.counted - len(self.shown)

    @property
    def weight(self) -> int:
        """Σ sales quantity of those shown, in minor units; a price without one weighs one."""
        return sum(weight_of(row) for row in self.shown)

    @property
    def weighted(self) -> int:
        """Σ price × quantity of those shown."""
        return sum((row.price or 0) * weight_of(row) for row in self.shown)


def weight_of(row: Contribution) -> int:
    """What a filing weighs in the mean, in the quantity's minor unit."""
    return max(row.quantity or 0, 1)


def behind(asked: Asked, unit: str, item: str) -> Behind:
    """Raises Refused FIGURE-HIDDEN where the figure itself is not shown to this reader."""
    figure = readings.figure_of(asked, unit, item)
    if figure.suppressed:
        raise Refused(
            "FIGURE-HIDDEN",
            f"{place_name(unit)}的这个数字保密，不列出它来自的报件。",
            "样本过少或一家占比过高的数字只在审核链内查看。",
            403,
            "统计法：不得泄露单个调查对象的资料",
        )
    shown = selectors.contributions(
        asked.scope, asked.form.code, asked.period.code, unit, item,
        basis=asked.basis, as_of=asked.as_of,
    )  # fmt: skip
    return Behind(figure, shown)


@require_safe
def contributions(
    request: HttpRequest, form: str, period: str, unit: str, item: str
) -> HttpResponse:
    """Every filing behind one figure, largest weight first."""
    asked = asked_of(request, form, period)
    if item not in asked.form.leaf_index:
        raise Refused("ITEM-UNKNOWN", f"表式 {form} 没有品种 {item}。", "请从列表中选择。", 404)
    found, row = behind(asked, unit, item), asked.form.item(item)
    by = denomination_of(asked)
    if found.shown and not asked.foreign:
        access.record(
            asked.scope, "contributions", f"{form}|{period}|{unit}|{item}",
            len(found.shown), now_ms=asked.now,
        )  # fmt: skip
    root = place_name(unit)
    context = {
        "asked": asked,
        "item": row,
        "place": root,
        "unit_words": by.unit_of(row),
        "by": by,
        "behind": found,
        "mean": by.text(found.figure.mean),
        "table": contribution_table(asked, found, row, by) if found.shown else None,
        "whole": found.elsewhere == 0 and bool(found.shown),
        "weighted": _weighted(found, by),
        "as_of": asked.as_of_words,
        "source": source_of(asked) if asked.foreign else None,
        "crumbs": [
            {"title": by.heading, "href": asked.page("figures-period")},
            {"title": root, "href": asked.page("figures-unit", place=unit)}
            if unit != selectors_root(asked)
            else {"title": row.name["zh"], "href": _item_href(asked, item)},
            {"title": f"{row.name['zh']}的报件", "href": ""},
        ],
    }
    return render(request, "market/figures/contributions.html", context)


def selectors_root(asked: Asked) -> str:
    return readings.table_of(asked).root


def _item_href(asked: Asked, item: str) -> str:
    return reverse("item", kwargs={"form": asked.form.code, "item": item})


def _weighted(found: Behind, by: Denomination) -> str:
    """The mean (or the sum) of what is shown, which is the figure itself where all is shown."""
    if not found.shown:
        return "—"
    if by.totals:
        return by.text(Fraction(sum(row.price or 0 for row in found.shown)))
    return by.text(Fraction(found.weighted, found.weight))


def contribution_table(
    asked: Asked, found: Behind, item: Item, by: Denomination
) -> dict[str, Any]:
    if by.totals:
        return _total_table(found, item, by)
    rows = sorted(found.shown, key=lambda row: (-weight_of(row), row.party))
    total, whole = found.figure.sums.quantity, found.elsewhere == 0
    lines: list[list[Any]] = []
    quantity = asked.form.measure_by_code.get(asked.form.roles.quantity or "")
    for row in rows:
        # Against a total that others are in, a share would tell what they sold.
        share = sheet.percent(Fraction(weight_of(row), total)) if total and whole else None
        known = quantity is not None and row.quantity is not None
        sold = quantity.text(row.quantity) if known else {"missing": "—"}  # type: ignore[union-attr,arg-type]
        line: list[Any] = [
            {"text": row.name, "href": reverse("filing", kwargs={"seq": row.seq})},
            place_name(row.place, short=True),
            by.text(Fraction(row.price or 0)),
        ]
        if not asked.foreign:
            state = {"status": "doubt"} if row.doubtful else STAGES.get(row.stage, row.stage)
            line += [sold, {"missing": "—"} if share is None else f"{share}%", state]
        lines.append([*line, row.number])
    columns: list[dict[str, Any]] = [
        {"title": "市场" if asked.foreign else "企业"},
        {"title": "地区"},
        {"title": "价格", "unit": by.unit_of(item), "numeric": True},
    ]
    if not asked.foreign:
        columns += [
            {
                "title": quantity.title["zh"] if quantity else "销售量",
                "unit": quantity.unit_of(item) if quantity else item.unit,
                "numeric": True,
            },
            {"title": "权重", "numeric": True},
            {"title": "审核"},
        ]
    return {
        "title": "来自这些报件",
        "columns": [*columns, {"title": "回执号"}],
        "rows": lines,
        "note": ""
        if asked.foreign
        else "没有填销售量的报价按最小一个计量单位计入，几乎不影响均价。",
    }


def _total_table(found: Behind, item: Item, by: Denomination) -> dict[str, Any]:
    """What each filing puts into a total, largest first."""
    whole = found.figure.mean if found.elsewhere == 0 else None
    lines: list[list[Any]] = []
    for row in sorted(found.shown, key=lambda one: (-(one.price or 0), one.party)):
        share = sheet.percent(Fraction(row.price or 0) / whole) if whole else None
        state = {"status": "doubt"} if row.doubtful else STAGES.get(row.stage, row.stage)
        lines.append([
            {"text": row.name, "href": reverse("filing", kwargs={"seq": row.seq})},
            place_name(row.place, short=True), by.text(Fraction(row.price or 0)),
            {"missing": "—"} if share is None else f"{share}%", state, row.number,
        ])  # fmt: skip
    columns: list[dict[str, Any]] = [
        {"title": "企业"}, {"title": "地区"},
        {"title": by.noun, "unit": by.unit_of(item), "numeric": True},
        {"title": "占合计", "numeric": True}, {"title": "审核"}, {"title": "回执号"},
    ]  # fmt: skip
    return {"title": "来自这些报件", "columns": columns, "rows": lines}
