"""Where a thread stands, in words: one sentence, its steps, its joins and who waits for whom.

Reads a `Matter` and writes nothing; every length is working time of the thread's own calendar
unless its step counts hours or days on end.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.threads.clocks import Clock, Wait
from ortoo.kernel.threads.definition import Join, Outcome, Step
from ortoo.kernel.threads.diagram_words import Vocabulary
from ortoo.kernel.threads.due import warnings_begun
from ortoo.kernel.threads.episode import Decision, Pause
from ortoo.kernel.threads.plan import MET, REFUSED
from ortoo.site.matters.moments import length, moment
from ortoo.site.matters.selectors import Matter

Names = Mapping[str, str]
Cell = Mapping[str, object] | str
BADGES = {"positive": "accepted", "conditional": "accepted", "negative": "returned"}
BY = {"deem": "逾期视为", "recognise": "采认他案决定", "override": "恢复处理"}
ENDINGS = {"merged": "已并入他案", "aborted": "已中止"}


@dataclass(frozen=True, slots=True)
class StepLine:
    """One step as the page shows it. `state` is a badge; texts are ready to print."""

    code: str
    title: str
    owner: str
    state: str
    word: str
    clock: str
    notes: tuple[str, ...] = ()
    mine: bool = False

    @property
    def is_open(self) -> bool:
        return self.state in ("pending", "queried", "overdue", "doubt")


def step_lines(matter: Matter, names: Names) -> list[StepLine]:
    """Every step in the order of the procedure, each with its last time."""
    last: dict[str, Wait] = {wait.step: wait for wait in matter.waits()}
    return [
        _line(matter, step, last[step.code], names)
        for step in matter.definition.steps
        if step.code in last
    ]


def _line(matter: Matter, step: Step, wait: Wait, names: Names) -> StepLine:
    state, word = _state(matter, step, wait)
    return StepLine(
        code=step.code,
        title=step.title["zh"],
        owner=names.get(wait.owner, wait.owner) or "未指定",
        state=state,
        word=word,
        clock=clock_words(matter.clock, step, wait, matter.now),
        notes=tuple(_notes(matter, step, wait, names)),
        mine=bool(matter.at.party) and wait.owner == matter.at.party,
    )


def _state(matter: Matter, step: Step, wait: Wait) -> tuple[str, str]:
    if wait.result == "left_out":
        return "void", "不需要"
    if wait.result == "void":
        return "void", "未办，不再需要"
    if wait.result == "waiting":
        return ("void", "未办，已不需要") if matter.found.ended else ("open", "未开始")
    if wait.result == "open":
        return _open_state(matter, step, wait)
    outcome = outcome_of(step, wait.result)
    if outcome is None:
        return "accepted", "已办结"
    return BADGES[outcome.kind], outcome.title.get("zh", outcome.code)


def _open_state(matter: Matter, step: Step, wait: Wait) -> tuple[str, str]:
    if matter.found.paused_by(step.code):
        return "queried", "计时暂停"
    if wait.late:
        return "overdue", "已逾期"
    if warnings_begun(step, wait.due_at, matter.clock, matter.now):
        return "doubt", "临近期限"
    return "pending", "办理中"


def outcome_of(step: Step, code: str) -> Outcome | None:
    """An outcome of a step by its code."""
    return next((outcome for outcome in step.outcomes if outcome.code == code), None)


def clock_words(clock: Clock, step: Step, wait: Wait, now_ms: int) -> str:
    """«已用 1 小时，剩 7 小时（11月24日 16:00 截止）», as far as it is known."""
    if wait.opened_at is None:
        return ""
    used = f"用时 {length(wait.working_ms)}" if wait.done_at else f"已用 {length(wait.working_ms)}"
    if wait.done_at is not None:
        late = "，超过期限" if wait.late else ""
        return f"{used}（{moment(wait.done_at)} 办结{late}）"
    if step.due is None:
        return f"{used}，没有规定期限"
    if wait.due_at is None:
        return used
    left = left_words(clock, step, wait.due_at, now_ms)
    return f"{used}，{left}（{moment(wait.due_at)} 截止）"


def left_words(clock: Clock, step: Step, due_at: int, now_ms: int) -> str:
    """«剩 7 小时工作时间» or «已超 20 分工作时间»; plain time where the step counts it."""
    working = step.due is not None and step.due.unit.startswith("working")
    first, last = sorted((now_ms, due_at))
    try:
        span = clock.calendar.working_ms(first, last) if working else last - first
    except Refused:
        return "剩余时间暂无法计算"
    kind = "工作时间" if working else ""
    return f"已超 {length(span)}{kind}" if due_at < now_ms else f"剩 {length(span)}{kind}"


def _notes(matter: Matter, step: Step, wait: Wait, names: Names) -> Iterator[str]:
    """Why a clock stands and against whom, by what it was decided, whom it was brought to."""
    for pause in matter.found.paused_by(step.code) if wait.result == "open" else ():
        yield pause_words(matter, pause, names)
    for party, span in wait.paused.items():
        if span:
            yield f"曾因{names.get(party, party)}暂停 {length(span)}"
    if wait.result == "open":
        for _, at, code, to in matter.found.escalations:
            if code == step.code and at >= (wait.opened_at or 0):
                yield f"{moment(at)} 已升级，由{names.get(to, to)}督办"
    decision = matter.found.decisions.get(step.code)
    if decision is not None and wait.done_at is not None and decision.by in BY:
        yield f"{BY[decision.by]}（第 {decision.seq} 号）"


def pause_words(matter: Matter, pause: Pause, names: Names) -> str:
    """Since when a clock stands, why, and whom it waits for."""
    who = names.get(pause.party, pause.party)
    why = "等待答复询问" if pause.kind == "ask" else f"{pause.word}未结束"
    return f"{moment(pause.at)} 起暂停：{why}，对象{who}（第 {pause.seq} 号）"


def sentence(matter: Matter, lines: list[StepLine]) -> tuple[str, str]:
    """(badge, sentence): who is at it and how much of her working time is left."""
    found = matter.found
    if found.ended is not None:
        end = found.plan.ends.get(found.ended.code)
        title = end.title["zh"] if end else ENDINGS.get(found.ended.code, "已办结")
        badge = {"released": "accepted", "refused": "returned"}.get(found.ended.kind, "void")
        took = _took(matter, found.ended.at)
        return badge, f"{title}，{moment(found.ended.at)} 办结{took}。"
    if found.opened is None:
        return "void", "开立报件已被撤销，这个案卷不再办理。"
    waiting = [line for line in lines if line.is_open]
    if not waiting:
        return "open", "目前没有环节在办，等待主管单位处理。"
    badge = next((b for b in ("overdue", "queried", "doubt") if _any(waiting, b)), "pending")
    return badge, "正在办理：" + "；".join(_at(line) for line in waiting) + "。"


def _any(lines: list[StepLine], state: str) -> bool:
    return any(line.state == state for line in lines)


def _at(line: StepLine) -> str:
    if line.state == "queried" and line.notes:
        return f"{line.owner}的{line.title}（{line.notes[0].split('（')[0]}）"
    left = line.clock.partition("，")[2].partition("（")[0]
    return f"{line.owner}的{line.title}（{left or line.clock or line.word}）"


def _took(matter: Matter, ended_at: int) -> str:
    try:
        span = matter.clock.calendar.working_ms(matter.found.opened_at, ended_at)
    except Refused:
        return ""
    return f"，自开立起历时 {length(span)}工作时间"


# --- joins ---------------------------------------------------------------------------------------


def joins(matter: Matter) -> list[dict[str, object]]:
    """Each join: title, its policy in words, and what its steps have said so far."""
    say = Vocabulary(matter.definition)
    return [
        {
            "title": join.title["zh"],
            "policy": say.join(join).lines[0],
            "state": _join_state(matter, join),
            "members": "，".join(_members(matter, join)),
        }
        for join in matter.definition.joins
    ]


def _join_state(matter: Matter, join: Join) -> Mapping[str, str]:
    sign = matter.found.signs.get(join.code, 0)
    if sign == MET:
        return {"status": "accepted", "text": "已通过"}
    if sign == REFUSED:
        return {"status": "returned", "text": "不通过"}
    if matter.found.ended is not None:
        return {"status": "void", "text": "未形成"}
    return {"status": "pending", "text": "等待中"}


def _members(matter: Matter, join: Join) -> Iterator[str]:
    said: dict[str, list[str]] = {"通过": [], "不通过": [], "未表态": [], "不需要": []}
    for code in join.of:
        sign = matter.found.signs.get(code, 0)
        word = {MET: "通过", REFUSED: "不通过"}.get(sign, "未表态")
        word = "不需要" if code in matter.found.left_out else word
        said[word].append(matter.found.plan.steps[code].title["zh"])
    for word, titles in said.items():
        if titles:
            yield f"{word}：{'、'.join(titles)}"


# --- who waits for whom --------------------------------------------------------------------------


def waiting_table(matter: Matter, names: Names) -> dict[str, object]:
    """谁在等谁: for each time each step was open, its own time and the time others kept it."""
    rows = [_wait_row(matter, wait, names) for wait in matter.waits()]
    titles = ("环节", "承办单位", "本环节用时", "开始前等", "开始后等", "期限", "结果")
    return {
        "caption": "时间为工作时间；同时等几家的，先记最先提出的一家",
        "title": "谁在等谁",
        "columns": [{"title": title} for title in titles],
        "rows": rows,
    }


def _wait_row(matter: Matter, wait: Wait, names: Names) -> list[Cell]:
    step = matter.found.plan.steps[wait.step]
    before = {
        code: span for code, span in wait.waited_for.items() if code in matter.found.plan.steps
    }
    after = {party: span for party, span in wait.waited_for.items() if party not in before}
    state, word = _state(matter, step, wait)
    steps = matter.found.plan.steps
    return [
        step.title["zh"],
        names.get(wait.owner, wait.owner) or {"missing": "—"},
        length(wait.working_ms) if wait.opened_at is not None else {"missing": "未开始"},
        _list({steps[code].title["zh"]: span for code, span in before.items()}),
        _list({names.get(party, party): span for party, span in after.items()}),
        _due(wait),
        {"status": state, "text": word},
    ]


def _list(spans: Mapping[str, int]) -> Cell:
    said = "；".join(f"{name} {length(span)}" for name, span in spans.items() if span)
    return said or {"missing": "—"}


def _due(wait: Wait) -> Cell:
    if wait.due_at is None:
        return {"missing": "—"}
    return {"text": moment(wait.due_at), "note": "已超" if wait.late else ""}


def decision_of(matter: Matter, step: str) -> Decision | None:
    """What stands for a step."""
    return matter.found.decisions.get(step)
