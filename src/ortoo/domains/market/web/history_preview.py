"""What an uploaded old table would become: read with the person's choices, put into words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, cast

from django.http import HttpRequest, QueryDict

from ortoo.connectors.sheets import Limits, SheetError, read_sheets
from ortoo.domains.market import history
from ortoo.domains.market.history_names import Names, flat
from ortoo.domains.market.history_reading import Options, Reading, read_history
from ortoo.domains.market.history_weeks import STARTS, WeekStart
from ortoo.domains.market.web.workbook_uploads import Posted
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.forms.periods import Period, parse
from ortoo.kernel.grants.scope import Scope
from ortoo.kernel.places.active import active_pack

LIMITS = Limits(rows=60_000, columns=600)
MOST_NAMES, MOST_SHOWN, MOST_YEARS = 40, 30, 12
LEAVE_OUT = "-"
BASES = ("简单平均", "按销售量加权", "不详")


@dataclass(frozen=True, slots=True)
class Choices:
    """What the person chose on the preview, as it goes from page to page."""

    options: Options
    basis: str
    chosen: Mapping[str, str] = field(default_factory=dict)
    reason: str = ""
    said_basis: bool = False


@dataclass(frozen=True, slots=True)
class Preview:
    """A file read by choices, and what filing it would do."""

    posted: Posted
    choices: Choices
    reading: Reading
    weeks: Sequence[history.HistoryWeek]
    plan: history.Plan


def choices_of(request: HttpRequest, scope: Scope) -> Choices:
    """The choices in a request's fields; unknown ones fall back. Refused SCOPE-… for the place."""
    said: QueryDict = request.POST if request.method == "POST" else request.GET
    mine = history.places_to_write(scope)
    place = said.get("place") or (mine[0] if mine else scope.place or "-")
    scope.require(history.WRITE, form=history.FORM, place=place)
    start = said.get("start", "form")
    chosen = history.remembered(scope)
    items = history.form().leaf_index
    for name, code in zip(said.getlist("name"), said.getlist("item"), strict=False):
        if code in items:
            chosen[flat(name)] = code
        elif code == LEAVE_OUT:
            chosen[flat(name)] = ""
    return Choices(
        Options(
            place,
            cast(WeekStart, start if start in STARTS else "form"),
            said.get("unit") == "half",
            said.get("sales") == "yuan",
        ),
        said.get("basis") if said.get("basis") in BASES else BASES[-1],  # type: ignore[arg-type]
        chosen,
        said.get("reason", "").strip()[:200],
        "unit" in said,
    )


def preview_of(scope: Scope, posted: Posted, choices: Choices) -> Preview:
    """Read the file. Raises Refused SHEET-… or HISTORY-NOTHING."""
    try:
        sheets = read_sheets(posted.data, posted.name, limits=LIMITS)
    except SheetError as error:
        raise Refused(error.code, f"{error.message}。", f"{error.remedy}。") from error
    names = Names(history.form(), choices.chosen)
    reading = read_history(sheets, names, choices.options, _places(scope))
    if not (reading.weeks or reading.unknown or reading.refused or reading.conflicts):
        raise Refused(
            "HISTORY-NOTHING",
            "文件里没有同时认出品种和周，没有可以导入的数。",
            "品种名要在第一列或表头，周要写明周次或起止日期；也可先整理成“周期、商品名称、价格”三列。",
        )
    weeks = history.weeks_of(reading, basis=choices.basis, file=posted.name, chosen=choices.chosen)
    return Preview(posted, choices, reading, weeks, history.plan(scope, weeks))


def _places(scope: Scope) -> dict[str, str]:
    """Names under which an old table may speak of the bureau's own units."""
    pack = active_pack()
    found = {}
    for code in history.places_to_write(scope):
        name = pack[code].zh
        found[name] = code
        for tail in ("盟", "市", "自治区"):
            if name.endswith(tail) and len(name) > len(tail) + 1:
                found.setdefault(name.removesuffix(tail), code)
    return found


def preview_words(scope: Scope, preview: Preview) -> dict[str, Any]:
    """The preview's page: choices, coverage, what was not understood, what would be filed."""
    reading, choices, plan = preview.reading, preview.choices, preview.plan
    pack = active_pack()
    form = history.form()
    return {
        "file": preview.posted.name,
        "sha256": preview.posted.sha256,
        "choices": choices,
        "places": [(code, pack[code].zh) for code in history.places_to_write(scope)],
        "starts": list(STARTS.items()),
        "bases": BASES,
        "sheets": reading.sheets,
        "figures": reading.figures,
        "rounded": reading.rounded,
        "hints": _hints(reading, choices),
        "unknown": [
            {"name": name, "count": count}
            for name, count in reading.unknown.most_common(MOST_NAMES)
        ],
        "more_unknown": max(0, len(reading.unknown) - MOST_NAMES),
        "mapped": [
            {"name": name, "item": code or LEAVE_OUT}
            for name, code in choices.chosen.items()
            if name and name not in {flat(other) for other in reading.unknown}
        ],
        "items": [(item.code, item.name["zh"]) for item in form.leaves],
        "conflicts": reading.conflicts[:MOST_SHOWN],
        "more_conflicts": max(0, len(reading.conflicts) - MOST_SHOWN),
        "refused": [
            {
                "where": f"{one.where}{f' 等 {one.count} 处' if one.count > 1 else ''}",
                "message": f"{one.message}，没有采用。",
                "remedy": "请改正原表后重新上传；其他数字不受影响。",
                "code": one.code,
            }
            for one in reading.refused[:MOST_SHOWN]
        ],
        "more_refused": max(0, len(reading.refused) - MOST_SHOWN),
        "plan": plan,
        "weeks": len(preview.weeks),
        "todo": len(plan.new) + len(plan.changed),
        "tables": _coverage(reading),
        "gaps": _gaps(preview.weeks),
    }


def _hints(reading: Reading, choices: Choices) -> list[str]:
    """What the file itself seems to say of its basis, where that is not what was chosen."""
    found = []
    if reading.hint_half_kilo and not choices.options.half_kilo:
        found.append("表头写着“元/500克”或“元/斤”，而现在按“元/公斤”读。")
    if reading.hint_yuan and not choices.options.sales_in_yuan:
        found.append("表头写着销售额单位是“元”，而现在按“万元”读。")
    return found


def _coverage(reading: Reading) -> list[dict[str, Any]]:
    """Goods × years: in how many weeks the file gives a price."""
    pack = active_pack()
    tables = []
    for place in sorted({place for place, _ in reading.weeks}):
        counts: dict[tuple[str, int], int] = {}
        for (at, period), cells in reading.weeks.items():
            if at != place:
                continue
            for item, measure in cells:
                if measure == "price":
                    key = item, period.number[0]
                    counts[key] = counts.get(key, 0) + 1
        years = sorted({year for _, year in counts})[-MOST_YEARS:]
        tables.append(
            {
                "title": f"{pack[place].zh}：各品种有价格的周数",
                "columns": [
                    {"title": "品种"},
                    *({"title": f"{year}年", "unit": "周", "numeric": True} for year in years),
                ],
                "rows": [
                    [item.name["zh"], *(_weeks(counts.get((item.code, y), 0)) for y in years)]
                    for item in reading.form.leaves
                ],
            }
        )
    return tables


def _weeks(count: int) -> Any:
    return str(count) if count else {"missing": "无"}


def _gaps(weeks: Sequence[history.HistoryWeek]) -> list[str]:
    """Spans without any week between the first and the last of a place, in words."""
    by_place: dict[str, list[Period]] = {}
    for week in weeks:
        by_place.setdefault(week.place, []).append(parse(week.period))
    found = []
    for place, periods in by_place.items():
        ordered = sorted(periods)
        for before, after in pairwise(ordered):
            missing = (after.start - before.end).days // 7
            if missing >= 1:
                name = active_pack()[place].zh
                found.append(f"{name} {before.label_zh}与{after.label_zh}之间缺 {missing} 周")
    return found[:20]
