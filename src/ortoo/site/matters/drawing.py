"""The procedure's diagram with the present state written on its boxes 办理流程图."""

from __future__ import annotations

from collections.abc import Mapping
from xml.sax.saxutils import escape

from django.utils.safestring import SafeString, mark_safe

from ortoo.kernel.threads.definition import ProcedureDefinition
from ortoo.kernel.threads.diagram import TITLE_HEIGHT, geometry, svg
from ortoo.kernel.threads.diagram_layout import Box, end_node
from ortoo.site.matters.selectors import Matter
from ortoo.site.matters.standing import StepLine

TAG_HEIGHT, TAG_SIZE = 20, 12
_COLOURS = {
    "accepted": "var(--good)", "returned": "var(--alarm)", "overdue": "var(--alarm)",
    "queried": "var(--care)", "doubt": "var(--care)",
}  # fmt: skip
_GLYPHS = {
    "accepted": "✓", "returned": "✕", "overdue": "!", "queried": "Ⅱ", "doubt": "!", "pending": "▶",
}  # fmt: skip
_CLOSING = "</svg>"


def plain(definition: ProcedureDefinition) -> SafeString:
    """The diagram of a procedure."""
    return mark_safe(svg(definition))


def marked(matter: Matter, lines: list[StepLine]) -> SafeString:
    """The diagram with a tag on every step that was or is at work, and on the end reached."""
    tags = {line.code: (line.state, line.word) for line in lines if line.state in _GLYPHS}
    ended = matter.found.ended
    if ended is not None and ended.code in matter.found.plan.ends:
        tags[end_node(ended.code)] = (
            "accepted" if ended.kind == "released" else "returned",
            "至此",
        )
    drawing = svg(matter.definition)
    boxes = {box.node: box for box in geometry(matter.definition).boxes}
    return mark_safe(drawing.removesuffix(_CLOSING) + _tags(boxes, tags) + _CLOSING)


def _tags(boxes: Mapping[str, Box], tags: Mapping[str, tuple[str, str]]) -> str:
    drawn = "".join(_tag(boxes[node], *tag) for node, tag in tags.items() if node in boxes)
    return f'<g transform="translate(0 {TITLE_HEIGHT})">{drawn}</g>'


def _tag(box: Box, state: str, word: str) -> str:
    """A heavier outline and a label on the box's upper edge: shape and words before colour."""
    colour = _COLOURS.get(state, "var(--accent)")
    said = f"{_GLYPHS[state]} {word}"
    width = sum(TAG_SIZE if ord(sign) > 0x2E7F else TAG_SIZE * 0.6 for sign in said) + 14
    x, y = box.x + box.width - width - 8, box.y - TAG_HEIGHT // 2
    open_now = state in ("pending", "queried", "doubt", "overdue")
    outline = (
        f'<rect x="{box.x}" y="{box.y}" width="{box.width}" height="{box.height}" rx="3"'
        f' fill="none" stroke="{colour}" stroke-width="{3 if open_now else 1.5}"/>'
    )
    return (
        f"{outline}"
        f'<rect x="{x:.0f}" y="{y}" width="{width:.0f}" height="{TAG_HEIGHT}" rx="10"'
        f' fill="var(--paper)" stroke="{colour}"/>'
        f'<text x="{x + width / 2:.0f}" y="{y + 14}" text-anchor="middle" fill="{colour}"'
        f' font-weight="bold">{escape(said)}</text>'
    )
