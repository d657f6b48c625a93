"""What the evidence page shows: figures, places, returns, surroundings, drawings, timeline."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

import numpy as np
from django.urls import reverse

from ortoo.algorithms.warning.detection import alps, ipa
from ortoo.domains.market import panels
from ortoo.domains.market.alerts import matters, tables, wording
from ortoo.domains.market.alerts.evidence import Evidence, PlaceRow
from ortoo.domains.market.alerts.matters import STEPS
from ortoo.domains.market.alerts.services import SCALE
from ortoo.domains.market.alerts.web.listing import moment, place_name
from ortoo.kernel.filings import read
from ortoo.kernel.forms import registry
from ortoo.kernel.forms.periods import parse
from ortoo.kernel.forms.record_registry import record_form
from ortoo.kernel.grants.scope import Scope
from ortoo.web.charts import Series, line_figure

MOST_ROWS, MOST_FIGURES = 40, 15
STAGES = {
    "filed": "待审", "queried": "核实中", "checked": "已初审", "accepted": "已审定",
    "sent_back": "已退回",
}  # fmt: skip
HIDDEN = {"missing": "保密"}


def shown_lines(scope: Scope, found: Evidence) -> dict[str, Any]:
    """Each figure: as recorded when raised, as it is now, and its filings in one click more."""
    alert, raised = found.alert, found.alert.newest
    open_firms = matters.sees_firms(scope, alert.place)
    now = {
        (one.rule.code, cell.place, cell.item): cell.value
        for one in found.findings
        for cell in one.cells
    }
    form = registry.get(raised.form)
    rows = []
    told = _furthest(raised.lines)
    for line in told:
        statistic = line["statistic"]
        hidden = not open_firms and line["firms"] < 2
        current = now.get((line["rule"], line["place"], line["item"]))
        behind = reverse(
            "contributions",
            kwargs={
                "form": raised.form, "period": raised.period, "unit": alert.place,
                "item": line["item"],
            },
        )  # fmt: skip
        rows.append(
            [
                {
                    "text": form.item(line["item"]).name["zh"],
                    "href": f"{behind}?basis=all",
                    "note": place_name(line["place"]),
                },
                {
                    "text": tables.STATISTICS[statistic],
                    "note": f"界限 {tables.figure(statistic, line['limit'] / SCALE)}",
                },
                HIDDEN if hidden else tables.figure(statistic, line["value"] / SCALE),
                HIDDEN
                if hidden
                else {"missing": "未达界限"}
                if current is None
                else tables.figure(statistic, current),
                str(line["firms"]),
            ]
        )
    columns = [
        {"title": "品种、地区"}, {"title": "统计量和界限"},
        {"title": "提示时", "numeric": True},
        {"title": f"截至第{found.as_of}号" if found.as_of else "现在", "numeric": True},
        {"title": "企业数", "numeric": True},
    ]  # fmt: skip
    more = len({_what(line) for line in raised.lines}) - len(told)
    note = "点品种名看本地区这个数所依据的报件。" + (
        f"另有 {more} 项，见“办理过程”里提示的报件。" if more > 0 else ""
    )
    caption = f"提示时的数（截至第 {raised.log_index} 号报件）"
    return {"caption": caption, "columns": columns, "rows": rows, "note": note}


def _what(line: Mapping[str, Any]) -> tuple[Any, ...]:
    """One figure, however many rules it met at the same limit."""
    return line["statistic"], line["place"], line["item"], line["limit"]


def _furthest(lines: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Each figure once, those furthest over their limits first, and of every statistic its share:
    what is out of stock must not hide what rose."""
    once = {_what(line): line for line in lines}
    ranked = sorted(
        once.values(),
        key=lambda line: -abs(line["value"] - line["limit"]) / abs(line["limit"] or 1),
    )
    kinds = list(dict.fromkeys(line["statistic"] for line in ranked))
    share = MOST_FIGURES // max(1, len(kinds))
    return [
        line
        for kind in kinds
        for line in [one for one in ranked if one["statistic"] == kind][:share]
    ]


def place_table(scope: Scope, found: Evidence, rows: tuple[PlaceRow, ...], title: str) -> Any:
    """Places side by side; a place of one firm is hidden from who may see no firm."""
    statistic = found.findings[0].rule.condition.statistic if found.findings else "week_on_week"
    statistic = "week_on_week" if statistic == "out_of_stock" else statistic
    lines = []
    for row in rows:
        hidden = row.firms < 2 and not scope.may("read_unit_figures", place=row.place)
        if row.place != found.window.root and not matters.may_see(scope, row.place):
            continue
        change: Any = {"missing": "无数据"}
        if row.change is not None:
            change = HIDDEN if hidden else tables.figure(statistic, row.change)
        out = HIDDEN if hidden else str(row.out)
        lines.append(
            [
                place_name(row.place),
                str(row.firms),
                change,
                HIDDEN if hidden else str(row.over),
                out,
            ]
        )
    return {
        "caption": title,
        "columns": [
            {"title": "地区"}, {"title": "报价企业", "numeric": True},
            {"title": f"{found.goods.title}{tables.STATISTICS[statistic]}中位数", "numeric": True},
            {"title": "达到界限品种", "numeric": True}, {"title": "断货项次", "numeric": True},
        ],
        "rows": lines,
    }  # fmt: skip


def returns_table(scope: Scope, found: Evidence) -> dict[str, Any] | None:
    """Returns behind the alert, with a link to their review: perhaps it is a slip."""
    if not matters.sees_firms(scope, found.alert.place):
        return None
    raised = found.alert.newest
    lines = []
    for row in found.returns[:MOST_ROWS]:
        review: Any = STAGES.get(row.stage, row.stage)
        if row.office and scope.may("review", form=raised.form, place=row.office):
            href = reverse(
                "review-return",
                kwargs={
                    "form": raised.form, "period": raised.period, "office": row.office,
                    "party": row.party,
                },
            )  # fmt: skip
            review = {"text": review, "href": href}
        lines.append(
            [
                {"text": row.name, "href": reverse("filing", kwargs={"seq": row.seq})},
                place_name(row.place), "、".join(row.out) or "—", review,
            ]
        )  # fmt: skip
    return {
        "caption": "本期报表的断货和审核",
        "columns": [{"title": t} for t in ("企业", "地区", "断货品种", "审核")],
        "rows": lines,
        "note": "未审核的报件也计算在内；怀疑填报差错的，点“审核”一栏去核实。",
    }


def drawing(scope: Scope, found: Evidence) -> Any:
    """The price of the item that went furthest, at the alert's place: 52 weeks and the year
    before, or, for an earlier day, the window as it was known then."""
    item = _chief_item(found)
    window, form = found.window, registry.get(found.alert.newest.form)
    if found.as_of is not None or form.roles.price is None:
        return _window_line(found, item)
    panel = panels.panel(scope, form.code, basis="all", periods=105, until=window.period)
    if found.alert.place not in panel.units or not panel.periods:
        return None
    price = panel.price[panel.unit(found.alert.place), panel.item(item)]
    days = [period.start for period in panel.periods]
    ahead, before = list(zip(days, price.tolist(), strict=True))[-52:], []
    if len(days) > 52:
        before = list(zip(days[-52:], price[-104:-52].tolist(), strict=False))
    series = [Series("本年", [(day, _real(value)) for day, value in ahead])]
    if before:
        series.append(Series("52周前", [(day, _real(value)) for day, value in before]))
    return _line(found, item, series)


def _window_line(found: Evidence, item: str) -> Any:
    window = found.window
    column = window.items.index(item)
    where = np.array([found.alert.place in (window.root, unit) for unit in window.unit])
    price = window.price[where, column]
    points = []
    for at, period in enumerate(window.periods):
        known = price[:, at][np.isfinite(price[:, at])]
        points.append((period.start, float(known.mean()) if known.size >= 2 else None))
    return _line(found, item, [Series("简单平均", points)])


def _line(found: Evidence, item: str, series: list[Series]) -> Any:
    if not any(value is not None for one in series for _, value in one.points):
        return None
    form = registry.get(found.alert.newest.form)
    row = form.item(item)
    measure = form.measure_by_code[form.roles.price or form.principal.code]
    title = f"{place_name(found.alert.place)} {row.name['zh']}"
    return line_figure(series, title=title, unit=measure.unit_of(row), places=2)


def _real(value: float) -> float | None:
    return value if np.isfinite(value) else None


def _chief_item(found: Evidence) -> str:
    chief = min(found.findings, key=lambda one: one.rule.level) if found.findings else None
    return chief.extreme.item if chief else str(found.alert.newest.lines[0]["item"])


def detectors(scope: Scope, found: Evidence) -> list[tuple[str, str, str]]:
    """IPA and ALPS of the chief item's monthly means: whether the level is abnormal now. They do
    not look ahead, and the page says so."""
    form = found.alert.newest.form
    if found.as_of is not None or registry.get(form).roles.price is None:
        return []
    panel = panels.panel(scope, form, basis="all", until=found.window.period)
    if found.alert.place not in panel.units:
        return []
    price = panel.price[panel.unit(found.alert.place), panel.item(_chief_item(found))]
    months: dict[tuple[int, int], list[float]] = {}
    for period, value in zip(panel.periods, price.tolist(), strict=True):
        months.setdefault((period.end.year, period.end.month), []).append(value)
    means = np.array(
        [[np.nanmean(found) if np.isfinite(found).any() else np.nan for found in months.values()]]
    )
    read_as = (
        ("IPA（粮农组织价格异常指标）", ipa(means, 12), (-1.0, 1.0)),
        ("ALPS（粮食署价格飙升指标）", alps(means, 12), (-2.0, 2.0)),
    )
    rows = []
    for title, values, (low, high) in read_as:
        value = float(values[0, -1])
        if not np.isfinite(value):
            rows.append((title, "—", "历史不足，不计算"))
            continue
        word = "异常偏高" if value >= high else "异常偏低" if value <= low else "未见异常"
        rows.append((title, f"{value:+.2f}".replace("-", "−"), word))
    return rows


def timeline(scope: Scope, found: Evidence) -> list[dict[str, Any]]:
    """What was filed, oldest first; the words of a step may name a firm, so who may see no firm
    reads that it was taken and when."""
    open_firms = matters.sees_firms(scope, found.alert.place)
    return [
        {
            "title": _title(row),
            "when": moment(row.received_at),
            "by": _by(row) if open_firms else "",
            "number": row.number,
            "detail": _detail(row) if open_firms or row.form == matters.RAISE else "",
            "href": reverse("filing", kwargs={"seq": row.seq}) if open_firms else "",
        }
        for row in found.alert.filings
    ]


def _by(row: read.FilingRow) -> str:
    return "系统" if row.filer == "SYSTEM" else row.actor.removeprefix("account:")


def _title(row: read.FilingRow) -> str:
    body = json.loads(row.body)
    if row.form == matters.RAISE:
        word = "升级" if row.supersedes else "提示"
        return f"{word}（{wording.LEVELS[body['level']]}）"
    if row.form == matters.VERIFY:
        return "核实：属实" if body["outcome"] == "confirmed" else "核实：误报"
    if row.form == matters.REPORT:
        return STEPS[body["step"]]
    return record_form(row.form).title["zh"] if row.form in matters.FORMS else row.form


def _detail(row: read.FilingRow) -> str:
    body = json.loads(row.body)
    if row.form == matters.RAISE:
        table = f"{body['table']} 第 {body['table_version']} 版"
        return f"依 {body['rule']}（{table}），截至第 {body['log_index']} 号报件"
    if row.form == matters.PHONE:
        return (
            f"{body['from_post']} → {body['to_post']}，{moment(body['called_at'])}：{body['text']}"
        )
    if row.form == matters.MEASURES:
        choices = measure_words()
        told = "、".join(choices.get(line["measure"], line["measure"]) for line in body["lines"])
        return f"{told}。{body['text']}"
    return str(body.get("text", ""))


def measure_words() -> dict[str, str]:
    """Measures 措施 by code, as their form names them."""
    field = record_form(matters.MEASURES).group_by_code["lines"].fields[0]
    return {code: field.labels[code]["zh"] for code in field.choices}


def as_of_link(found: Evidence) -> str:
    """The same page as it could be known when the alert was raised."""
    return "?" + urlencode({"as_of": found.alert.newest.log_index})


def period_words(found: Evidence) -> str:
    return parse(found.alert.newest.period).label_zh
