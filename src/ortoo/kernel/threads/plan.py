"""A definition compiled once, and what follows from signs alone: which joins are met or refused.

A sign is 1 (met), -1 (refused) or 0 (neither yet).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from graphlib import TopologicalSorter

from ortoo.kernel.threads.definition import End, Join, ProcedureDefinition, Step
from ortoo.kernel.threads.episode import Decision

MET, REFUSED, NEITHER = 1, -1, 0


@dataclass(frozen=True, slots=True)
class Node:
    """A step or join ready to be evaluated; `joins` are those that alone wait for a step."""

    code: str
    needs: tuple[str, ...]
    join: Join | None
    joins: tuple[str, ...] = ()


class Plan:
    """A definition compiled once: steps by code, nodes in an order in which needs come first."""

    def __init__(self, definition: ProcedureDefinition) -> None:
        self.definition = definition
        self.version = definition.version
        self.steps: dict[str, Step] = {step.code: step for step in definition.steps}
        self.signs: dict[str, dict[str, int]] = {
            step.code: {o.code: REFUSED if o.kind == "negative" else MET for o in step.outcomes}
            for step in definition.steps
        }
        self.ends: dict[str, End] = {end.code: end for end in definition.ends}
        self.nodes = tuple(self._node(code) for code in self._order())
        self.step_nodes = tuple(node for node in self.nodes if node.join is None)
        self.causes = tuple(
            (end, cause.of, MET if end.kind == "released" else REFUSED, cause.outcome)
            for end in definition.ends
            for cause in end.on
        )

    def _order(self) -> Iterable[str]:
        graph: dict[str, tuple[str, ...]] = {s.code: s.needs for s in self.definition.steps}
        graph.update((join.code, join.of) for join in self.definition.joins)
        return TopologicalSorter(graph).static_order()

    def _node(self, code: str) -> Node:
        if code not in self.steps:
            return Node(code, (), self.definition.join(code))
        needed = {need for step in self.definition.steps for need in step.needs}
        needed |= {cause.of for end in self.definition.ends for cause in end.on}
        joins = tuple(join.code for join in self.definition.joins if code in join.of)
        return Node(code, self.steps[code].needs, None, () if code in needed else joins)

    @cached_property
    def withdrawal(self) -> End | None:
        """The end a withdrawal leads to, if the procedure has one."""
        return next((end for end in self.definition.ends if end.kind == "withdrawn"), None)


def may_open(node: Node, signs: Mapping[str, int]) -> bool:
    """Everything it needs is met, and somebody still waits for it."""
    for need in node.needs:
        if signs[need] != MET:
            return False
    if not node.joins:
        return True
    return any(signs[join] == NEITHER for join in node.joins)


def join_sign(join: Join, signs: Mapping[str, int], left_out: set[str]) -> int:
    """Steps that fell away or were skipped neither agree nor refuse."""
    met = refused = waiting = 0
    for code in join.of:
        if code not in left_out:
            sign = signs[code]
            if sign == MET:
                met += 1
            elif sign == REFUSED:
                refused += 1
            else:
                waiting += 1
    if join.policy == "quorum":
        wanted = min(join.quorum, met + refused + waiting)
        return MET if met >= wanted else REFUSED if met + waiting < wanted else NEITHER
    if refused and (join.policy == "any" or not waiting):
        return REFUSED
    return NEITHER if waiting else MET


def evaluate(plan: Plan, decisions: Mapping[str, Decision], left_out: set[str]) -> dict[str, int]:
    """The sign of every step and join. A step's own counts only while its needs are met."""
    signs: dict[str, int] = {}
    for node in plan.nodes:
        code = node.code
        if node.join is not None:
            signs[code] = join_sign(node.join, signs, left_out)
            continue
        decision = decisions.get(code)
        sign = MET if code in left_out else decision.sign if decision else NEITHER
        if sign:
            for need in node.needs:
                if signs[need] != MET:
                    sign = NEITHER
                    break
        signs[code] = sign
    return signs


def end_of(plan: Plan, signs: Mapping[str, int], decisions: Mapping[str, Decision]) -> End | None:
    """The first end, in order of definition, that has come about."""
    for end, of, sign, outcome in plan.causes:
        if signs[of] == sign:
            decision = decisions.get(of)
            if not outcome or (decision is not None and decision.outcome == outcome):
                return end
    return None
