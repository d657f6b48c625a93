"""What a lint of procedures says, and what it is told of the world around a procedure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ortoo.kernel.threads.definition import FILER, ProcedureDefinition, Step
from ortoo.kernel.threads.reach import Reach
from ortoo.kernel.threads.yaml_lines import Lines

CODES: Mapping[str, str] = {
    "PROC-NEEDS-UNKNOWN": "环节等待的环节或汇合不存在",
    "PROC-CYCLE": "环节互相等待",
    "PROC-NEVER-OPENS": "环节永远不会开始",
    "PROC-STEP-NO-FORM": "没有报件能办结这个环节",
    "PROC-ROLE-UNKNOWN": "没有单位担任这个角色",
    "PROC-FORM-UNKNOWN": "没有这个表式",
    "PROC-CALENDAR-UNKNOWN": "没有这个工作日历",
    "PROC-JOIN-UNKNOWN": "汇合的环节不存在",
    "PROC-JOIN-QUORUM": "票数多于汇合的环节",
    "PROC-JOIN-UNDECIDED": "汇合的环节无人能决定",
    "PROC-JOIN-LATE": "汇合的环节要等汇合之后才开始",
    "PROC-CLOCK-SOURCE": "时限没有依据",
    "PROC-REGULATION-MISSING": "默认决定或升级没有写法定依据",
    "PROC-REGULATION-UNKNOWN": "引用的法定参数不存在",
    "PROC-TIMEOUT-NO-CLOCK": "没有时限，逾期处理不会发生",
    "PROC-OUTCOME-UNKNOWN": "结论不存在",
    "PROC-OUTCOME-UNREACHABLE": "没有人能作出这个结论",
    "PROC-REFUSAL-STUCK": "不予通过之后案卷无法办结",
    "PROC-END-UNKNOWN": "办结方式所指的环节或汇合不存在",
    "PROC-END-UNREACHABLE": "办结方式永远不会发生",
    "PROC-MET-BY-UNKNOWN": "互认的规程或环节不存在",
    "PROC-LINK-UNKNOWN": "关联的规程不存在",
    "PROC-VERSION-TWICE": "同一版本有两个不同的定义",
}


@dataclass(frozen=True, slots=True)
class ProcedureIssue:
    """`code` is stable; `where` names the step or join, `line` the file's line (0: unknown)."""

    code: str
    procedure: str
    where: str
    message: str
    remedy: str
    line: int = 0
    file: str = ""

    def __str__(self) -> str:
        place = f"{self.where}（第 {self.line} 行）" if self.line else self.where
        return f"{self.code} {place}：{self.message}；{self.remedy}"


@dataclass(frozen=True, slots=True)
class Decides:
    """What a form says of a step: "" stands for whatever the filing names."""

    step: str = ""
    outcome: str = ""


ANYTHING = (Decides(),)


@dataclass(frozen=True, slots=True)
class Library:
    """What procedures may refer to. `forms`: code → what it can decide. None: not checked."""

    forms: Mapping[str, tuple[Decides, ...]] | None = None
    calendars: Callable[[str], bool] | None = None
    regulations: frozenset[str] | None = None
    procedures: Mapping[str, tuple[ProcedureDefinition, ...]] | None = None


@dataclass(slots=True)
class Bench:
    """One definition under inspection."""

    definition: ProcedureDefinition
    library: Library
    lines: Lines
    raw: Mapping[str, Any]
    found: Reach
    steps: Mapping[str, tuple[int, Step]] = field(default_factory=dict)
    joins: Mapping[str, int] = field(default_factory=dict)

    def issue(
        self, code: str, where: str, message: str, remedy: str, *path: str | int
    ) -> ProcedureIssue:
        """A finding at a path of the file."""
        key = self.definition.key
        return ProcedureIssue(code, key, where, message, remedy, self.lines.at(*path))

    @property
    def roles(self) -> frozenset[str]:
        """Every role somebody may be named for."""
        return frozenset(agency.role for agency in self.definition.agencies) | {FILER}

    def knows(self, node: str) -> bool:
        """Whether this is a step or join."""
        return node in self.steps or node in self.joins
