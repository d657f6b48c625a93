"""What a filing says, in words and tables: a grid's values with their marks, a record's fields."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from ortoo.domains.market import selectors
from ortoo.domains.market.web.figures_request import place_name
from ortoo.kernel.filings.read import FilingRow
from ortoo.kernel.forms import registry
from ortoo.kernel.forms.body import GridBody, note_key
from ortoo.kernel.forms.definition import Form, Item, Measure, Nil
from ortoo.kernel.forms.periods import parse
from ortoo.kernel.places.active import active_pack

TITLES: Mapping[str, str] = {
    "K-OPEN": "报告期开期", "K-QUERY": "核实", "K-REPLY": "核实答复", "K-SENDBACK": "退回",
    "K-ACCEPT": "审核通过", "K-ARCHIVE": "归档", "K-CHASE": "催报记录", "K-PARTY": "主体登记",
    "K-LIST": "名录", "K-GRANT": "授权", "K-SUCCESSOR": "承继登记", "K-ACCESS": "查阅日志根值",
}  # fmt: skip
_STRUCTURE = {"GRID-ASKED": "应填而未填", "NIL-STOCK": "空值与库存不符"}


def grid_sheet(form: Form, grid: GridBody) -> dict[str, Any]:
    """The values as filed, by category, with each cell's note beside it."""
    rows: list[Any] = []
    for group in form.groups:
        rows.append({"group": group.name["zh"]})
        for row in form.descendants[group.code]:
            item = form.leaves[row]
            cells = [_value(item, measure, grid.columns[measure.code][row], grid)
                     for measure in form.measures]  # fmt: skip
            rows.append([{"text": item.name["zh"], "note": item.unit}, *cells])
    columns = [{"title": "品种"}] + [
        {
            "title": measure.title["zh"],
            "unit": measure.unit.replace("/{unit}", "/单位").replace("{unit}", "本行单位"),
            "numeric": True,
        }
        for measure in form.measures
    ]
    return {"title": "填报内容", "columns": columns, "rows": rows}


def _value(item: Item, measure: Measure, cell: object, grid: GridBody) -> Any:
    note = grid.notes.get(note_key(item.code, measure.code), "")
    if isinstance(cell, Nil):
        return {"missing": cell.zh, "note": note}
    if cell is None:
        return {
            "missing": "—" if measure.asked == "every" or item.stock_asked else "不需填",
            "note": note,
        }
    return {"text": measure.text(int(cell)), "note": note}  # type: ignore[call-overload]


def mark_words(form: Form, grid: GridBody) -> list[tuple[str, str, str]]:
    """(item, rule in words, reason the firm gave) for each 核实性 finding it answered."""
    rules = {rule.id: rule for rule in form.rules}
    found = []
    for key, reason in sorted(grid.marks.items()):
        code, _, item = key.partition(":")
        rule = rules.get(code)
        words = rule.remedy["zh"] if rule else _STRUCTURE.get(code, code)
        found.append((form.item(item).name["zh"], f"{code} {words}", reason))
    return found


def body_words(found: FilingRow) -> list[tuple[str, str]]:
    """A record's fields as term and value; registers and grants show their envelope only."""
    said = _SAY.get(found.form)
    return said(json.loads(found.body)) if said else []


def _matter(body: Mapping[str, Any]) -> list[tuple[str, str]]:
    party = str(body["party"])
    return [
        ("关于", f"{selectors.names_of([party]).get(party, party)}　{_period(body)}"),
    ]


def _period(body: Mapping[str, Any]) -> str:
    return parse(str(body["period"])).label_zh


def _moment(at_ms: int) -> str:
    at = dt.datetime.fromtimestamp(at_ms / 1000, ZoneInfo(active_pack().head.time_zone))
    return f"{at.month}月{at.day}日 {at:%H:%M}"


def _cells(body: Mapping[str, Any]) -> str:
    form = registry.get(str(body["form"]))
    return "、".join(
        f"{form.item(cell['item']).name['zh']}·{form.measure(cell['measure']).title['zh']}"
        for cell in body["cells"]
    )


def _open(body: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [
        ("报告期", _period(body)),
        ("报送截止", _moment(body["due_at"])),
        ("审核截止", _moment(body["review_due_at"])),
        ("应报单位", f"{len(body['respondents'])} 家"),
        ("审核机关", f"{len(body['offices'])} 个"),
    ]


def _query(body: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [
        *_matter(body),
        ("核实单元格", _cells(body)),
        ("问题", str(body["question"])),
        ("发出机关", place_name(str(body["office"]))),
        ("答复截止", _moment(body["due_at"])),
    ]


def _reply(body: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [*_matter(body), ("答复第", f"{body['query']} 号核实"), ("答复", str(body["text"]))]


def _send_back(body: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [
        *_matter(body),
        ("退回第", f"{body['target']} 号"),
        ("退回机关", place_name(str(body["office"]))),
        ("原因", str(body["text"])),
    ]


def _accept(body: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [
        ("报告期", _period(body)),
        ("审核机关", place_name(str(body["office"]))),
        ("通过报表", f"{len(body['targets'])} 份"),
        ("本期审核", "已结束" if body["conclude"] else "进行中"),
        ("说明", str(body["note"]) or "—"),
    ]


def _chase(body: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [
        ("报告期", _period(body)),
        ("催报机关", place_name(str(body["office"]))),
        ("催报", f"{len(body['parties'])} 家"),
    ]


def _archive(body: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [("报告期", _period(body)), ("归档报表", f"{len(body['parties'])} 家")]


_SAY: Mapping[str, Any] = {
    "K-OPEN": _open, "K-QUERY": _query, "K-REPLY": _reply, "K-SENDBACK": _send_back,
    "K-ACCEPT": _accept, "K-CHASE": _chase, "K-ARCHIVE": _archive,
}  # fmt: skip
