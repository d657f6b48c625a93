"""A diagram of a procedure: everything once, nothing over anything else, the same every time."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from itertools import combinations, pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from ortoo.kernel.threads import diagram
from ortoo.kernel.threads.definition import (
    Agency,
    Cause,
    End,
    Join,
    Outcome,
    ProcedureDefinition,
    Step,
)
from ortoo.kernel.threads.diagram_layout import START, edges_of
from ortoo.kernel.threads.loader import parse, read_yaml
from ortoo.kernel.threads.tests.small_procedure import TEXT

DEFINITION = parse(read_yaml(TEXT))
SVG = "{http://www.w3.org/2000/svg}"
YES = Outcome("yes", "positive", {"zh": "同意"})


@st.composite
def definitions(draw: st.DrawFn) -> ProcedureDefinition:
    """Up to ten steps, each needing earlier ones, joins of some, ends of some."""
    count = draw(st.integers(1, 10))
    steps, joins = [], []
    for n in range(count):
        known = [step.code for step in steps] + [join.code for join in joins]
        needs = draw(st.lists(st.sampled_from(known), unique=True, max_size=4)) if known else []
        title = {"zh": "很长的环节名称" * draw(st.integers(1, 4))}
        steps.append(Step(f"s{n}", title, "r", (YES,), needs=tuple(needs)))
        if len(steps) > 1 and draw(st.booleans()):
            of = draw(st.lists(st.sampled_from([s.code for s in steps]), min_size=1, unique=True))
            joins.append(Join(f"j{n}", {"zh": "会签"}, tuple(of), "any"))
    causes = st.lists(
        st.sampled_from([s.code for s in steps] + [j.code for j in joins]), max_size=3
    )
    ends = tuple(
        End(f"s{n}", "released", {"zh": "办结"}, tuple(Cause(of) for of in draw(causes)))
        for n in range(draw(st.integers(1, 3)))
    )
    agencies = (Agency("r", {"zh": "某局"}),)
    return ProcedureDefinition(
        "P", 1, {"zh": "规程"}, {"zh": "事"}, ("F",), "CN", "r", agencies, tuple(steps),
        tuple(joins), ends,
    )  # fmt: skip


def nodes_and_edges(svg: str) -> tuple[list[tuple[str, str]], list[str]]:
    root = ElementTree.fromstring(svg)
    groups = list(root.iter(f"{SVG}g"))
    nodes = [
        (g.get("data-node", ""), g.get("data-shape", ""))
        for g in groups
        if g.get("data-node") is not None
    ]
    return nodes, [g.get("data-edge", "") for g in groups if g.get("data-edge")]


@given(definitions())
@settings(max_examples=60, deadline=None)
def test_no_box_lies_on_another_and_all_lie_within_the_page(found: ProcedureDefinition) -> None:
    layout = diagram.geometry(found)
    for one, other in combinations(layout.boxes, 2):
        assert not one.meets(other), (one, other)
    for box in layout.boxes:
        assert box.x >= 0 and box.y >= 0
        assert box.x + box.width <= layout.width and box.y + box.height <= layout.height


@given(definitions())
@settings(max_examples=60, deadline=None)
def test_no_edge_runs_through_a_box(found: ProcedureDefinition) -> None:
    """Edges bend only in the gaps between layers; where they pass a layer they go straight down."""
    layout = diagram.geometry(found)
    for edge in layout.edges:
        for (x, y), (nx, ny) in pairwise(edge.points):
            for box in layout.boxes:
                beside = max(x, nx) < box.x or box.x + box.width < min(x, nx)
                apart = max(y, ny) <= box.y or box.y + box.height <= min(y, ny)
                assert beside or apart, (edge, box)


@given(definitions())
@settings(max_examples=60, deadline=None)
def test_every_step_join_and_end_is_drawn_once_and_every_need_is_one_edge(
    found: ProcedureDefinition,
) -> None:
    nodes, edges = nodes_and_edges(diagram.svg(found))
    wanted = [("", "start"), *((step.code, "step") for step in found.steps)]
    wanted += [(join.code, "join") for join in found.joins]
    wanted += [(end.code, "end") for end in found.ends]
    assert sorted(nodes) == sorted(wanted)
    needs = {f"{need} {step.code}" for step in found.steps for need in step.needs}
    needs |= {f"{member} {join.code}" for join in found.joins for member in join.of}
    needs |= {f"{c.of} end {end.code}" for end in found.ends for c in end.on}
    needs |= {f"start {step.code}" for step in found.steps if not step.needs}
    assert sorted(edges) == sorted(needs)


@given(definitions())
@settings(max_examples=20, deadline=None)
def test_the_same_definition_gives_the_same_bytes(found: ProcedureDefinition) -> None:
    assert diagram.svg(found) == diagram.svg(found)
    assert diagram.text(found) == diagram.text(found)


def test_the_boxes_say_who_how_long_what_then_and_what_a_refusal_does() -> None:
    words = " ".join(ElementTree.fromstring(diagram.svg(DEFINITION)).itertext())
    for said in ("海关查验", "办理：海关", "时限：8 工作小时", "补正 2 次", "任一不通过，即不通过",
                 "不予放行", "升级给口岸办", "T-OTHER 的 look"):  # fmt: skip
        assert said in words
    assert "任一不通过" in diagram.text(DEFINITION)


def test_lines_are_broken_so_that_they_fit_the_box() -> None:
    for line in (
        "按法定参数 T-DAYS（工作小时），逾期一日视为通过，另有说明",
        "a very long english line " * 3,
    ):
        for piece in diagram.wrap(line, 16.3):
            assert sum(1.0 if ord(sign) >= 0x2E80 else 0.58 for sign in piece) <= 16.3
        assert re.sub(r"\s", "", "".join(diagram.wrap(line, 16.3))) == re.sub(r"\s", "", line)


def test_on_paper_nothing_is_told_by_colour() -> None:
    printed = diagram.svg(DEFINITION, paper=True)
    assert set(re.findall(r'(?:fill|stroke)="([^"]+)"', printed)) <= {"#000000", "#ffffff", "none"}
    assert "var(--" not in printed
    assert "var(--ink)" in diagram.svg(DEFINITION)
    assert " style=" not in diagram.svg(DEFINITION)


def test_titles_are_escaped() -> None:
    broken = parse(read_yaml(TEXT.replace("海关查验", "'<b>&\"'")))
    ElementTree.fromstring(diagram.svg(broken))


def test_the_start_leads_to_every_step_that_waits_for_nothing() -> None:
    assert [edge.head for edge in edges_of(DEFINITION) if edge.tail == START] == [
        "inspect",
        "persons",
    ]
