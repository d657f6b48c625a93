"""The words in each box of a procedure's diagram 办理流程图, in Chinese or English."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from ortoo.kernel.threads.definition import (
    FILER,
    End,
    Join,
    ProcedureDefinition,
    Span,
    Step,
    Timeout,
)

Shape = Literal["start", "step", "join", "end"]
_UNITS = {
    "working_hours": ("工作小时", "working hours"),
    "working_days": ("个工作日", "working days"),
    "hours": ("小时", "hours"),
    "days": ("日", "days"),
}
_ENDS = {
    "released": ("●", "办结", "ends"),
    "refused": ("✕", "不予通过", "refused"),
    "withdrawn": ("↩", "撤回", "withdrawn"),
}
_MARKS = {"positive": "＋", "conditional": "±", "negative": "－"}


@dataclass(frozen=True, slots=True)
class Words:
    """One box: its code, a heading, and the lines under it."""

    code: str
    shape: Shape
    head: str
    lines: tuple[str, ...]
    dashed: bool = False
    kind: str = ""


class Vocabulary:
    """A definition's words in one language."""

    def __init__(self, definition: ProcedureDefinition, language: str = "zh") -> None:
        self._definition = definition
        self._language = language
        self._zh = language == "zh"
        self._roles = {agency.role: agency.title for agency in definition.agencies}
        self._nodes: dict[str, Mapping[str, str]] = {
            **{step.code: step.title for step in definition.steps},
            **{join.code: join.title for join in definition.joins},
        }

    def label(self, title: Mapping[str, str]) -> str:
        """A title in this language, else in Chinese, else in whatever there is."""
        return title.get(self._language) or title.get("zh") or next(iter(title.values()), "")

    def node(self, code: str) -> str:
        """The title of a step or join; its code where there is none."""
        return self.label(self._nodes.get(code, {})) or code

    def say(self, zh: str, en: str) -> str:
        """One of the two."""
        return zh if self._zh else en

    def role(self, role: str) -> str:
        """Who plays a role."""
        if role == FILER:
            return self.say("申请人", "the filer")
        return self.label(self._roles.get(role, {})) or role

    def span(self, span: Span) -> str:
        """A length of time and what it rests on."""
        unit = self.say(*_UNITS[span.unit])
        if span.regulation:
            return self.say(
                f"按法定参数 {span.regulation}（{unit}）", f"by {span.regulation}, {unit}"
            )
        source = self.say(f"〔{span.source}〕", f" [{span.source}]") if span.source else ""
        return f"{span.amount} {unit}{source}"

    # --- boxes -----------------------------------------------------------------------------

    def start(self) -> Words:
        """What opens a thread."""
        forms = "、".join(self._definition.opens_with)
        return Words("", "start", self.say("收件", "Opened"), (forms,))

    def step(self, step: Step) -> Words:
        """A step: who, how long, what then, which answers."""
        return Words(
            step.code, "step", self.label(step.title), tuple(self._step_lines(step)), step.optional
        )

    def _step_lines(self, step: Step) -> Iterator[str]:
        optional = self.say("（如有）", " (if named)") if step.optional else ""
        yield self.say("办理：", "By: ") + self.role(step.owner) + optional
        if step.due:
            yield self.say("时限：", "Due: ") + self.span(step.due)
        for rule in step.on_timeout:
            yield self.say("逾期：", "Then: ") + self._timeout(step, rule)
        if step.pauses.asks or step.pauses.holds:
            yield self.say("可暂停：", "May pause: ") + self._pauses(step)
        for known in step.met_by:
            yield self.say(
                f"互认：{known.procedure} 的 {known.step}，{known.within_days} 日内",
                f"Recognises: {known.step} of {known.procedure}, {known.within_days} days",
            )
        if step.forms != ("K-DECIDE",):
            yield self.say("报件：", "Form: ") + "、".join(step.forms)
        yield "　".join(f"{_MARKS[o.kind]}{self.label(o.title)}" for o in step.outcomes)

    def _timeout(self, step: Step, rule: Timeout) -> str:
        later = self.span(rule.after) + self.say("后", " later: ") if rule.after else ""
        if rule.action == "escalate":
            what = self.say("升级给", "escalated to ") + self.role(rule.to)
        elif rule.action == "deem":
            titles = [self.label(o.title) for o in step.outcomes if o.code == rule.outcome]
            what = self.say("视为", "deemed ") + (titles[0] if titles else rule.outcome)
        else:
            what = self.say("提醒", "reminded")
        return later + what + (f"〔{rule.regulation}〕" if rule.regulation else "")

    def _pauses(self, step: Step) -> str:
        said = []
        if step.pauses.asks:
            said.append(self.say(f"补正 {step.pauses.asks} 次", f"{step.pauses.asks} questions"))
        if step.pauses.holds:
            kinds = "、".join(step.pauses.kinds)
            said.append(
                self.say(f"{kinds} {step.pauses.holds} 次", f"{step.pauses.holds} holds: {kinds}")
            )
        return "，".join(said)

    def join(self, join: Join) -> Words:
        """A join and what one refusal does to it."""
        if join.policy == "any":
            policy = self.say("任一不通过，即不通过", "one refusal refuses at once")
        elif join.policy == "all_decided":
            policy = self.say(
                "全部表态后，有一不通过即不通过", "all are heard; one refusal refuses"
            )
        else:
            policy = self.say(
                f"{len(join.of)} 家中 {join.quorum} 家通过即通过",
                f"{join.quorum} of {len(join.of)} are enough",
            )
        return Words(join.code, "join", self.label(join.title), (policy,))

    def end(self, end: End) -> Words:
        """How a thread closes, and by what."""
        mark, zh, en = _ENDS[end.kind]
        return Words(
            end.code,
            "end",
            f"{mark} {self.label(end.title)}",
            (self.say(zh, en), *self._causes(end)),
            kind=end.kind,
        )

    def _causes(self, end: End) -> Iterator[str]:
        steps = {step.code: step for step in self._definition.steps}
        for cause in end.on:
            outcomes = steps[cause.of].outcomes if cause.of in steps else ()
            titles = [self.label(o.title) for o in outcomes if o.code == cause.outcome]
            passed = end.kind == "released"
            word = self.say(*(("通过", "met") if passed else ("不通过", "refused")))
            yield f"{self.node(cause.of)}：{titles[0] if titles else word}"
        if end.kind == "withdrawn":
            until = "、".join(self.node(code) for code in end.until)
            who = self.role(FILER)
            yield self.say(
                f"{who}在{until or '办结'}之前", f"by {who}, before {until or 'the end'}"
            )
