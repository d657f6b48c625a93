"""办理经过: what was said to a thread, newest first, each line with the receipt of its filing.

What agencies say among themselves (the basis of a hold, questions put to others) is told to those
inside; the filer reads what concerns her.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from typing import Any

from django.urls import reverse

from ortoo.kernel.filings import read
from ortoo.kernel.forms.definition import FormError
from ortoo.kernel.forms.record_registry import record_form
from ortoo.kernel.threads.procedure import ThreadLine
from ortoo.site.matters.moments import full, iso
from ortoo.site.matters.selectors import Matter, case_of, names_of
from ortoo.site.matters.standing import outcome_of

Told = tuple[str, str]
MODES = {
    "own": "", "assisted": "代录", "mandate": "受委托办理", "import": "历史补录", "system": "系统",
    "downtime": "停机补录",
}  # fmt: skip
FORMS = {
    "K-DECIDE": "作出决定", "K-ASK": "询问", "K-ANSWER": "答复询问", "K-HOLD": "暂停计时",
    "K-RESUME": "恢复计时", "K-RECOGNISE": "采认他案决定", "K-LINK": "关联案卷",
    "K-MIGRATE": "改用另一版规程", "K-WITHDRAW": "撤回", "K-ANNUL": "撤销决定",
    "K-DEEM": "逾期视为决定", "K-ESCALATE": "升级督办", "K-OVERRIDE": "恢复处理",
}  # fmt: skip
RELATIONS = {"parent": "上级案卷", "part": "所含案卷", "merged": "并案"}
ACTIONS = {"retry": "重办", "override": "代定结论", "skip": "略过", "abort": "中止案卷"}


def form_title(code: str) -> str:
    """What a form is called, for the kernel's own and the domains' records."""
    if code in FORMS:
        return FORMS[code]
    try:
        return record_form(code).title.get("zh", code)
    except (FormError, LookupError):
        return code


def entries(matter: Matter, *, since: int = 0) -> list[dict[str, Any]]:
    """Lines of the timeline, newest first; with `since` only what came after that log index."""
    lines = [line for line in matter.lines if line.seq > since]
    filings = read.by_seqs(line.seq for line in lines)
    names = names_of([*matter.parties(), *(row.filer for row in filings.values())])
    gone = matter.found.annulled()
    by_filing = [(seq, list(group)) for seq, group in groupby(lines, key=lambda line: line.seq)]
    return [
        _entry(matter, filings[seq], group, names, annulled=seq in gone)
        for seq, group in reversed(by_filing)
        if seq in filings
    ]


def _entry(
    matter: Matter,
    filing: read.FilingRow,
    lines: Sequence[ThreadLine],
    names: Mapping[str, str],
    *,
    annulled: bool,
) -> dict[str, Any]:
    told = [tell(matter, line, filing, names) for line in lines]
    detail = [text for _, text in told if text]
    if filing.reason and filing.reason not in detail:
        detail.append(f"原因：{filing.reason}")
    if annulled:
        detail.append("已被撤销，不再有效")
    entry: dict[str, Any] = {
        "title": "；".join(title for title, _ in told),
        "href": reverse("matter-receipt", kwargs={"thread": matter.thread, "seq": filing.seq}),
        "when": full(filing.arrived_at),
        "iso": iso(filing.arrived_at),
        "by": names.get(filing.filer, filing.filer),
        "mode": MODES.get(filing.mode, filing.mode),
        "number": filing.number,
        "detail": "；".join(detail),
        "bad": any(_is_bad(matter, line) for line in lines),
    }
    if annulled:
        entry["state"] = "void"
    return entry


def _is_bad(matter: Matter, line: ThreadLine) -> bool:
    if line.kind in ("escalate", "annul"):
        return True
    step = matter.found.plan.steps.get(str(line.detail.get("step", "")))
    outcome = outcome_of(step, str(line.detail.get("outcome", ""))) if step else None
    return outcome is not None and outcome.kind == "negative"


def tell(
    matter: Matter, line: ThreadLine, filing: read.FilingRow, names: Mapping[str, str]
) -> Told:
    """(title, detail) of one line as this reader may hear it."""
    teller = _TELLERS.get(line.kind)
    if teller is None:
        return form_title(filing.form), ""
    if line.kind == "open":
        verb = "更正" if filing.supersedes else "开立案卷"
        return f"{verb}：{form_title(filing.form)}", ""
    return teller(matter, line.detail, names)


def _step(matter: Matter, detail: Mapping[str, Any]) -> str:
    step = matter.found.plan.steps.get(str(detail.get("step", "")))
    return step.title["zh"] if step else str(detail.get("step", "案卷"))


def _decided(matter: Matter, detail: Mapping[str, Any], names: Mapping[str, str]) -> Told:
    step = matter.found.plan.steps.get(str(detail.get("step", "")))
    code = str(detail.get("outcome", ""))
    outcome = outcome_of(step, code) if step else None
    title = outcome.title.get("zh", code) if outcome else code
    labels = {"reason": "理由", "conditions": "条件", "regulation": "依据", "other": "采认"}
    said = [f"{word}：{detail[name]}" for name, word in labels.items() if detail.get(name)]
    if detail.get("supersedes"):
        said.insert(0, f"更正第 {detail['supersedes']} 号")
    return f"{_step(matter, detail)}：{title}", "；".join(said)


def _deemed(matter: Matter, detail: Mapping[str, Any], names: Mapping[str, str]) -> Told:
    title, said = _decided(matter, detail, names)
    return f"{title}（逾期，视为作出）", said


def _asked(matter: Matter, detail: Mapping[str, Any], names: Mapping[str, str]) -> Told:
    to = str(detail.get("to", ""))
    hears = matter.at.inside or to == matter.at.party
    return (
        f"{_step(matter, detail)}：询问{names.get(to, to)}，计时暂停",
        str(detail.get("question", "")) if hears else "内容只向被询问单位和承办单位显示",
    )


def _answered(matter: Matter, detail: Mapping[str, Any], names: Mapping[str, str]) -> Told:
    pause = matter.found.pauses.get(int(detail.get("ask", 0)))
    hears = matter.at.inside or (pause is not None and pause.party == matter.at.party)
    return (
        f"答复第 {detail.get('ask')} 号询问，恢复计时",
        str(detail.get("text", "")) if hears else "",
    )


def _held(matter: Matter, detail: Mapping[str, Any], names: Mapping[str, str]) -> Told:
    against = str(detail.get("against", ""))
    title = f"{_step(matter, detail)}：{detail.get('kind')}，计时暂停"
    said = f"对象{names.get(against, against)}"
    # The trader learns that her goods are held, never the lead that led to it.
    return title, f"{said}；依据：{detail.get('basis', '')}" if matter.at.inside else said


def _resumed(matter: Matter, detail: Mapping[str, Any], names: Mapping[str, str]) -> Told:
    result = str(detail.get("result", "")) if matter.at.inside else ""
    return f"解除第 {detail.get('hold')} 号，恢复计时", f"结果：{result}" if result else ""


def _escalated(matter: Matter, detail: Mapping[str, Any], names: Mapping[str, str]) -> Told:
    to = str(detail.get("to", ""))
    regulation = detail.get("regulation", "")
    return f"{_step(matter, detail)}逾期，升级由{names.get(to, to)}督办", f"依据：{regulation}"


def _linked(matter: Matter, detail: Mapping[str, Any], names: Mapping[str, str]) -> Told:
    relation = RELATIONS.get(str(detail.get("relation")), "关联")
    return f"{relation}：{case_of(str(detail.get('other', '')))}", ""


def _relied(matter: Matter, detail: Mapping[str, Any], names: Mapping[str, str]) -> Told:
    return f"{_step(matter, detail)}的决定被他案采认", case_of(str(detail.get("by", "")))


def _overridden(matter: Matter, detail: Mapping[str, Any], names: Mapping[str, str]) -> Told:
    action = ACTIONS.get(str(detail.get("action")), "处理")
    return f"恢复处理：{_step(matter, detail)}，{action}", ""


def _fixed(title: str, field: str = "") -> Callable[..., Told]:
    def told(matter: Matter, detail: Mapping[str, Any], names: Mapping[str, str]) -> Told:
        return title.format(detail.get(field, "")), ""

    return told


_TELLERS: Mapping[str, Callable[..., Told]] = {
    "open": _fixed(""),
    "decide": _decided,
    "deem": _deemed,
    "recognise": _decided,
    "ask": _asked,
    "answer": _answered,
    "hold": _held,
    "resume": _resumed,
    "escalate": _escalated,
    "link": _linked,
    "recognised": _relied,
    "override": _overridden,
    "migrate": _fixed("改用第 {} 版规程", "to"),
    "withdraw": _fixed("申请人撤回"),
    "annul": _fixed("撤销第 {} 号报件", "target"),
}
