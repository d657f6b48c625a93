"""The tables of rates, assessment and fees: from counts to cells, formula and base beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from django.urls import reverse

from ortoo.domains.market import assessment, rates
from ortoo.domains.market.assessment import Assessment, Reviews
from ortoo.domains.market.incentives import Incentives
from ortoo.domains.market.rates import Owed, Range, Tally
from ortoo.domains.market.registers import names_of
from ortoo.domains.market.web.assessment_files import (
    DASH,
    Cell,
    Listing,
    count,
    percent,
    points,
    words,
)
from ortoo.kernel.forms import registry
from ortoo.kernel.forms.periods import parse
from ortoo.kernel.places.active import active_pack
from ortoo.web.charts import sparkline

RATES_NOTE = (
    "报送率＝已报÷应报；及时率＝截止前首次报送÷应报；完整率＝已答单元格（含未经营、断货、季节无货）"
    "÷应填单元格；直报率＝企业自己报送÷已报（代录不计）。应报不含免报和未到期的；更正不影响及时率。"
)
_RATES = (
    ("应报", "期·家", True), ("已报", "", True), ("免报", "", True), ("报送率", "%", True),
    ("及时率", "%", True), ("完整率", "%", True), ("直报率", "%", True),
)  # fmt: skip


def _rates(tally: Tally) -> tuple[Cell, ...]:
    return (
        count(tally.owed),
        count(tally.filed),
        count(tally.waived),
        percent(tally.reporting),
        percent(tally.timely, f"{tally.on_time}/{tally.owed}"),
        percent(tally.filled, f"{tally.answered}/{tally.asked}"),
        percent(tally.by_own_hand, f"{tally.own}/{tally.filed}"),
    )


def _span(span: Range) -> str:
    return f"{span.first.isoformat()} 至 {span.last.isoformat()}（报告期止日）"


def query_of(span: Range) -> str:
    """The range as an address carries it."""
    form = f"&form={span.form}" if span.form else ""
    return f"?from={span.first.isoformat()}&to={span.last.isoformat()}{form}"


def rates_listing(place: str, rows: Sequence[Owed], span: Range, by: str) -> Listing:
    """Rates by what lies under a place (`by` "place"), by firm, or by period."""
    pack, groups = active_pack(), _grouped(place, rows, span, by)
    names = names_of(groups) if by == "firm" else {}
    lines = []
    for key, found in groups.items():
        tally = rates.total(found)
        if by == "place":
            href = reverse("rates", args=[span.form, key]) + query_of(span)
            lines.append((words(pack[key].zh, "" if key == place else href), *_rates(tally)))
        elif by == "firm":
            href = f"{reverse('rates', args=[span.form, place])}{query_of(span)}&party={key}"
            lines.append((words(names.get(key, key), href), *_rates(tally)))
        else:
            lines.append((words(parse(key).label_zh, _filing(found)), *_rates(tally)))
    whole = (words("合计"), *_rates(rates.total(rows)))
    first = {"place": "地区", "firm": "企业", "period": "报告期"}[by]
    title = registry.get(span.form).title["zh"]
    return Listing(
        f"{pack[place].zh}报送情况",
        (("表式", title), ("范围", _span(span)), ("口径", RATES_NOTE)),
        ((first, "", False), *_RATES),
        (*lines, whole),
        RATES_NOTE,
    )


def _filing(found: Sequence[Owed]) -> str:
    """The return in force, where a line is one return."""
    one = found[0] if len(found) == 1 else None
    return reverse("filing", args=[one.seq]) if one is not None and one.seq else ""


def _grouped(place: str, rows: Sequence[Owed], span: Range, by: str) -> Mapping[str, list[Owed]]:
    below = {
        code: child.code
        for child in active_pack().reporting_children(place, span.last)
        for code in active_pack().under(child.code, span.last)
    }
    groups: dict[str, list[Owed]] = {}
    for row in rows:
        key = {"firm": row.party, "period": row.period}.get(by) or below.get(row.place, place)
        groups.setdefault(key, []).append(row)
    return {key: groups[key] for key in sorted(groups)}


def assessment_listing(found: Assessment) -> Listing:
    """Offices by rank, each linked to its own rates or its own assessment below."""
    lines = []
    for row in found.rows:
        drill = reverse("assessment", args=[row.place]) + query_of(found.span)
        months = [
            None if rate is None else Decimal(round(rate * 1000)) / 10 for _, rate in row.months
        ]
        spark = sparkline(months, label=f"{row.name}各月及时率", places=1) if months else None
        lines.append(
            (
                words(row.name, drill),
                count(row.rank) if row.rank else Cell(DASH),
                points(row.score),
                _trend(row),
                percent(row.tally.timely, f"{row.tally.on_time}/{row.tally.owed}"),
                percent(row.tally.filled, f"{row.tally.answered}/{row.tally.asked}"),
                _reviews(row.reviews),
                percent(row.tally.reporting, f"{row.tally.filed}/{row.tally.owed}"),
                percent(row.tally.by_own_hand),
                count(row.tally.waived),
                Cell(_months(row.months), spark=spark),
            )
        )
    rules = tuple((str(r["title"]), _cited(r)) for r in found.rules)
    return Listing(
        f"{found.title}考核",
        (("范围", _span(found.span)), ("公式", assessment.FORMULA), *rules),
        (
            ("机关", "", False), ("名次", "", True), ("得分", "", True), ("比上一段", "分", True),
            ("及时率", "%", True), ("完整率", "%", True), ("按时审结率", "%", True),
            ("报送率", "%", True), ("直报率", "%", True), ("免报", "家次", True),
            ("各月及时率", "", False),
        ),
        tuple(lines),
        f"{assessment.FORMULA}。更正一律不计入考核；得分相同名次并列。",
    )  # fmt: skip


def _trend(row: assessment.Assessed) -> Cell:
    made = points(row.trend)
    return made if made.number is None else Cell(f"{made.number:+}", made.number)


def _months(months: Sequence[tuple[str, object]]) -> str:
    shown = []
    for month, rate in months:
        cell = percent(rate)  # type: ignore[arg-type]
        shown.append(f"{month} {cell.text}")
    return "；".join(shown) or DASH


def _reviews(reviews: Reviews) -> Cell:
    return percent(reviews.timely, f"{reviews.on_time}/{reviews.due}")


def _cited(rule: Mapping[str, object]) -> str:
    mark = "" if rule["verified"] else "【未核实】"
    return f"{mark}{rule['value']}；{rule['source']}"


def incentives_listing(found: Incentives, place: str) -> Listing:
    """Firms with counts, rate and amount; a draft that somebody issues."""
    lines = tuple(
        (
            words(row.name, _years(found, row.place, row.party)),
            words(row.place_name),
            words("当年新增" if row.new else "原有"),
            count(row.tally.owed),
            count(row.tally.on_time),
            percent(row.tally.timely, f"{row.tally.on_time}/{row.tally.owed}"),
            words("列入" if row.meets else "不列入"),
            count(row.yuan),
        )
        for row in found.rows
    )
    total = (words("合计"), *[Cell("")] * 5, count(sum(r.meets for r in found.rows)),
             count(found.total_yuan))  # fmt: skip
    rules = tuple((str(rule["title"]), _cited(rule)) for rule in found.rules)
    draft = "草稿：由系统按及时率计算，未经任何人签发；核对后由经办单位印发"
    return Listing(
        f"{active_pack()[place].zh}{found.year}年信息采集劳务费清单（草稿）",
        (("状态", draft), ("表式", registry.get(found.form).title["zh"]), *rules),
        (
            ("企业", "", False), ("地区", "", False), ("样本", "", False),
            ("应报", "期", True), ("及时", "期", True), ("及时率", "%", True),
            ("结果", "", False), ("金额", "元", True),
        ),
        (*lines, total) if lines else (),
        draft + ("。本年尚未结束，结果仍会变化。" if found.unfinished else "。"),
    )  # fmt: skip


def _years(found: Incentives, place: str, party: str) -> str:
    span = f"?from={found.year}-01-01&to={found.year}-12-31&party={party}"
    return reverse("rates", args=[found.form, place]) + span
