"""What this login may do in a thread now, as forms of its page; and reading what they post.

The forms are offered by the same fold the procedure refuses by, so that nobody is asked for what
would be turned down; what changed meanwhile the write itself refuses.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

from ortoo.kernel.filings.draft import Receipt
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.threads.definition import FILER, Step
from ortoo.site.matters import services
from ortoo.site.matters.moments import moment
from ortoo.site.matters.reach import parties_of
from ortoo.site.matters.selectors import Matter
from ortoo.site.matters.services import LONGEST, Speaker
from ortoo.site.matters.story import form_title

_KEY = re.compile(r"[0-9a-f]{32}\Z")
_NUMBER = re.compile(r"[0-9]{1,15}\Z")
KINDS = {"positive": "", "conditional": "须写明条件", "negative": "须说明理由"}
DONE = {
    "decide": "已作出决定", "ask": "询问已发出，计时暂停", "answer": "答复已送达，对方恢复计时",
    "hold": "计时已暂停", "resume": "已恢复计时", "withdraw": "已撤回",
}  # fmt: skip


def new_key() -> str:
    """The key of a form about to be shown: a second press of its button files nothing more."""
    return uuid.uuid4().hex


def offers(matter: Matter, names: Mapping[str, str]) -> list[dict[str, Any]]:
    """Forms for this login, what is owed first: one mapping each with `act` and its fields."""
    found = matter.found
    if not matter.at.acts or matter.as_of or found.opened is None or found.ended is not None:
        return []
    made = [*_answers(matter, names), *_steps(matter, names), *_withdrawal(matter)]
    return [
        {
            **offer,
            "id": f"{offer['act']}-{number}",
            "key": new_key(),
            "href": reverse("matter-act", kwargs={"thread": matter.thread, "act": offer["act"]}),
        }
        for number, offer in enumerate(made, 1)
    ]


def _answers(matter: Matter, names: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    questions = {
        line.seq: str(line.detail.get("question", ""))
        for line in matter.lines
        if line.kind == "ask"
    }
    for pause in matter.found.pauses.values():
        if pause.kind == "ask" and pause.closed_seq is None and pause.party == matter.at.party:
            owner = matter.found.owner(pause.step)
            yield {
                "act": "answer",
                "title": f"答复{names.get(owner, owner)}的询问",
                "lead": f"{moment(pause.at)} 提出：{questions.get(pause.seq, '')}",
                "number": pause.seq,
                "primary": True,
            }


def _steps(matter: Matter, names: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    for code, step in matter.found.plan.steps.items():
        if matter.found.owner(code) != matter.at.party or matter.found.episode(code) is None:
            continue
        held = [pause for pause in matter.found.paused_by(code) if pause.kind == "hold"]
        for pause in held:
            yield {
                "act": "resume",
                "title": f"{step.title['zh']}：解除{pause.word}，恢复计时",
                "lead": f"{moment(pause.at)} 起暂停；解除后才能作出结论。",
                "number": pause.seq,
                "primary": True,
            }
        if not held:
            yield _decision(matter, code, step)
        yield from _pausing(matter, code, step, names)


def _decision(matter: Matter, code: str, step: Step) -> dict[str, Any]:
    offer: dict[str, Any] = {"act": "decide", "title": step.title["zh"], "step": code}
    if "K-DECIDE" not in step.forms:
        form = step.forms[0]
        return {
            **offer,
            "act": "elsewhere",
            "form": form_title(form),
            "page": _page_of(form, matter.thread),
        }
    outcomes = [
        {"code": o.code, "title": o.title.get("zh", o.code), "note": KINDS[o.kind]}
        for o in step.outcomes
    ]
    conditional = any(outcome.kind == "conditional" for outcome in step.outcomes)
    return {**offer, "outcomes": outcomes, "conditional": conditional, "primary": True}


def _page_of(form: str, thread: str) -> str:
    """A domain's own page for its form: the address `step-<form>`, where it has one."""
    try:
        return reverse(f"step-{form.lower()}", kwargs={"thread": thread})
    except NoReverseMatch:
        return ""


def _pausing(
    matter: Matter, code: str, step: Step, names: Mapping[str, str]
) -> Iterator[dict[str, Any]]:
    made = [pause for pause in matter.found.pauses.values() if pause.step == code]
    asks = step.pauses.asks - sum(pause.kind == "ask" for pause in made)
    holds = step.pauses.holds - sum(pause.kind == "hold" for pause in made)
    others = [
        {"code": party, "title": f"{names.get(party, party)}{_role(matter, party)}"}
        for party in sorted(parties_of(matter.found) - {matter.at.party}, key=_filer_first(matter))
    ]
    if asks > 0 and others:
        yield {
            "act": "ask", "title": f"{step.title['zh']}：询问", "step": code, "parties": others,
            "lead": f"计时暂停到对方答复为止，还可询问 {asks} 次。",
        }  # fmt: skip
    if holds > 0 and step.pauses.kinds and others:
        yield {
            "act": "hold", "title": f"{step.title['zh']}：暂停计时", "step": code,
            "parties": others, "kinds": step.pauses.kinds,
            "lead": f"只限规程列明的事由，还可暂停 {holds} 次。",
        }  # fmt: skip


def _filer_first(matter: Matter) -> Callable[[str], tuple[bool, str]]:
    filer = matter.found.party(FILER)
    return lambda party: (party != filer, party)


def _role(matter: Matter, party: str) -> str:
    if party == matter.found.party(FILER):
        return "（申请人）"
    titles = {agency.role: agency.title["zh"] for agency in matter.definition.agencies}
    played = [titles.get(r, r) for r, code in matter.found.agencies.items() if code == party]
    return f"（{'、'.join(played)}）" if played else ""


def _withdrawal(matter: Matter) -> Iterator[dict[str, Any]]:
    end = matter.found.plan.withdrawal
    if end is None or matter.at.party != matter.found.party(FILER):
        return
    if not any(code in matter.found.decisions for code in end.until):
        yield {
            "act": "withdraw",
            "title": end.title["zh"],
            "lead": "撤回后案卷办结，不能恢复；需要时另行申报。",
        }


# --- reading a post ------------------------------------------------------------------------------


def perform(act: str, request: HttpRequest, by: Speaker, now_ms: int) -> Receipt:
    """Hand what a form posted to its service. Raises Refused ACT-UNKNOWN and the service's own."""
    doer = _DOERS.get(act)
    if doer is None:
        raise Refused("ACT-UNKNOWN", "没有这种办理。", "请刷新页面后再办。", 404)
    return doer(request, by, now_ms)


def key_of(request: HttpRequest) -> str:
    """The form's own key; a fresh one where a hand-made post brings none."""
    key = request.POST.get("key", "")
    return key if _KEY.match(key) else new_key()


def seen_of(request: HttpRequest) -> int:
    """The log index the page had seen when its form was made."""
    return _number(request, "seen")


def _text(request: HttpRequest, name: str) -> str:
    text = request.POST.get(name, "").replace("\r\n", "\n").replace("\x00", "").strip()
    if len(text) > LONGEST:
        raise Refused("TEXT-LONG", f"内容超过 {LONGEST} 字。", "请精简，或以附件另行报送。")
    return text


def _number(request: HttpRequest, name: str) -> int:
    text = request.POST.get(name, "")
    return int(text) if _NUMBER.match(text) else 0


def _decide(request: HttpRequest, by: Speaker, now_ms: int) -> Receipt:
    return services.decide(
        by=by,
        step=_text(request, "step"),
        outcome=_text(request, "outcome"),
        reason=_text(request, "reason"),
        conditions=_text(request, "conditions"),
        now_ms=now_ms,
    )


def _ask(request: HttpRequest, by: Speaker, now_ms: int) -> Receipt:
    step, to, said = (_text(request, name) for name in ("step", "to", "question"))
    return services.ask(by=by, step=step, to=to, question=said, now_ms=now_ms)


def _answer(request: HttpRequest, by: Speaker, now_ms: int) -> Receipt:
    number, said = _number(request, "number"), _text(request, "text")
    return services.answer(by=by, ask=number, text=said, now_ms=now_ms)


def _hold(request: HttpRequest, by: Speaker, now_ms: int) -> Receipt:
    return services.hold(
        by=by,
        step=_text(request, "step"),
        kind=_text(request, "kind"),
        against=_text(request, "against"),
        basis=_text(request, "basis"),
        now_ms=now_ms,
    )


def _resume(request: HttpRequest, by: Speaker, now_ms: int) -> Receipt:
    number, said = _number(request, "number"), _text(request, "result")
    return services.resume(by=by, hold=number, result=said, now_ms=now_ms)


def _withdraw(request: HttpRequest, by: Speaker, now_ms: int) -> Receipt:
    return services.withdraw(by=by, now_ms=now_ms)


_DOERS: Mapping[str, Callable[[HttpRequest, Speaker, int], Receipt]] = {
    "decide": _decide,
    "ask": _ask,
    "answer": _answer,
    "hold": _hold,
    "resume": _resume,
    "withdraw": _withdraw,
}
