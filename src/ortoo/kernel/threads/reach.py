"""What of a procedure can ever happen: which steps can be decided, joins close, ends be reached.

A least fixed point over the definition: nothing is possible until something makes it so, so a
circle of steps that wait for each other is simply never reached.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ortoo.kernel.threads.definition import (
    FILER,
    Cause,
    End,
    Join,
    ProcedureDefinition,
    Step,
)


@dataclass(frozen=True, slots=True)
class Reach:
    """`met`: codes of steps and joins that can be met; `refused`: that can be refused."""

    met: frozenset[str]
    refused: frozenset[str]

    def closes(self, code: str) -> bool:
        """Whether this step or join can come to any conclusion."""
        return code in self.met or code in self.refused


def decidable(definition: ProcedureDefinition, step: Step) -> bool:
    """Whether somebody can decide the step once it is open: its owner is named, a form meets it."""
    roles = {agency.role for agency in definition.agencies} | {FILER}
    return step.owner in roles and bool(step.forms) and bool(step.outcomes)


def reach(definition: ProcedureDefinition) -> Reach:
    """What can ever be met and refused."""
    steps = {step.code: step for step in definition.steps}
    met: set[str] = set()
    refused: set[str] = set()
    while True:
        before = (len(met), len(refused))
        for step in definition.steps:
            if not decidable(definition, step) or any(need not in met for need in step.needs):
                continue
            kinds = {outcome.kind for outcome in step.outcomes}
            if kinds & {"positive", "conditional"}:
                met.add(step.code)
            if "negative" in kinds:
                refused.add(step.code)
        for join in definition.joins:
            _join(join, steps, met, refused)
        if (len(met), len(refused)) == before:
            return Reach(frozenset(met), frozenset(refused))


def _join(join: Join, steps: Mapping[str, Step], met: set[str], refused: set[str]) -> None:
    can_meet = [member in met for member in join.of]
    can_refuse = [member in refused for member in join.of]
    closes = [a or b for a, b in zip(can_meet, can_refuse, strict=True)]
    if not join.of:
        return
    if join.policy == "quorum":
        if sum(can_meet) >= join.quorum >= 1:
            met.add(join.code)
        if join.quorum <= len(join.of) and sum(can_refuse) > len(join.of) - join.quorum:
            refused.add(join.code)
        return
    # An optional member falls away where the opening names no party for it.
    if all(
        able or (member in steps and steps[member].optional)
        for able, member in zip(can_meet, join.of, strict=True)
    ):
        met.add(join.code)
    if any(can_refuse) and (join.policy == "any" or all(closes)):
        refused.add(join.code)


def waits_for(definition: ProcedureDefinition, code: str) -> frozenset[str]:
    """Every step and join that must come before this one, through needs and joins."""
    before: Mapping[str, tuple[str, ...]] = {
        **{step.code: step.needs for step in definition.steps},
        **{join.code: join.of for join in definition.joins},
    }
    seen: set[str] = set()
    ready = list(before.get(code, ()))
    while ready:
        found = ready.pop()
        if found not in seen:
            seen.add(found)
            ready += before.get(found, ())
    return frozenset(seen)


def can_cause(definition: ProcedureDefinition, found: Reach, end: End, cause: Cause) -> bool:
    """Whether this cause can bring about this end."""
    if not cause.outcome:
        return cause.of in (found.met if end.kind == "released" else found.refused)
    for step in definition.steps:
        if step.code == cause.of:
            kinds = [o.kind for o in step.outcomes if o.code == cause.outcome]
            negative = "negative" in kinds
            fits = bool(kinds) and negative == (end.kind == "refused")
            return (
                fits
                and found.closes(step.code)
                and cause.of in (found.refused if negative else found.met)
            )
    return False


def can_end(definition: ProcedureDefinition, found: Reach, end: End) -> bool:
    """Whether a thread can close this way; the filer may withdraw wherever that is written."""
    if end.kind == "withdrawn":
        return True
    return any(can_cause(definition, found, end, cause) for cause in end.on)
