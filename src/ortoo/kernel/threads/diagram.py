"""A procedure as a diagram 办理流程图: SVG for pages and paper, Unicode text for a terminal.

Plain string building, no drawing library: the same definition gives the same bytes. Colours are
CSS variables, as in charts; `paper=True` gives literal black on white. What a box is shows in its
outline and its words, never in colour alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from xml.sax.saxutils import escape, quoteattr

from ortoo.kernel.threads.definition import ProcedureDefinition
from ortoo.kernel.threads.diagram_layout import (
    BOX_WIDTH,
    GAP_Y,
    MARGIN,
    START,
    Box,
    Edge,
    Layout,
    edges_of,
    end_node,
    lay_out,
    layers_of,
)
from ortoo.kernel.threads.diagram_words import Vocabulary, Words

HEAD_SIZE = 14
LINE_SIZE = 12
LINE_STEP = 17
PAD = 10
TITLE_HEIGHT = 46
_FULL_WIDTH = 0x2E80
_CLOSING = "，。；：、）〕”！？"
_COLOURS = {
    "ink": ("var(--ink)", "#000000"),
    "soft": ("var(--ink-2)", "#000000"),
    "edge": ("var(--edge)", "#000000"),
    "box": ("var(--raised)", "#ffffff"),
    "join": ("var(--accent-wash)", "#ffffff"),
    "accent": ("var(--accent)", "#000000"),
}


def words_of(definition: ProcedureDefinition, language: str = "zh") -> dict[str, Words]:
    """Node → the words in its box."""
    say = Vocabulary(definition, language)
    return {
        START: say.start(),
        **{step.code: say.step(step) for step in definition.steps},
        **{join.code: say.join(join) for join in definition.joins},
        **{end_node(end.code): say.end(end) for end in definition.ends},
    }


def svg(definition: ProcedureDefinition, *, language: str = "zh", paper: bool = False) -> str:
    """The diagram as one SVG element, with a title and a description for those who cannot see."""
    words = {node: _wrapped(found) for node, found in words_of(definition, language).items()}
    layout = lay_out(definition, {node: _height(found) for node, found in words.items()})
    colours = {name: pair[paper] for name, pair in _COLOURS.items()}
    title = Vocabulary(definition, language).label(definition.title)
    width, height = layout.width, layout.height + TITLE_HEIGHT
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}"'
        f' viewBox="0 0 {width} {height}" role="img" aria-label={quoteattr(title)}'
        f' font-family="sans-serif" font-size="{LINE_SIZE}">',
        f"<title>{escape(title)}</title>",
        f"<desc>{escape(text(definition, language=language))}</desc>",
        _head(definition, language, colours),
        f'<g transform="translate(0 {TITLE_HEIGHT})">',
        *(_edge(edge, colours) for edge in layout.edges),
        *(_box(box, words[box.node], colours) for box in layout.boxes),
        "</g></svg>",
    ]
    return "".join(parts)


def geometry(definition: ProcedureDefinition, *, language: str = "zh") -> Layout:
    """Where `svg` puts everything (its title apart)."""
    words = {node: _wrapped(found) for node, found in words_of(definition, language).items()}
    return lay_out(definition, {node: _height(found) for node, found in words.items()})


# --- boxes -------------------------------------------------------------------------------------


def _head(definition: ProcedureDefinition, language: str, colours: dict[str, str]) -> str:
    say = Vocabulary(definition, language)
    title, subject = say.label(definition.title), say.label(definition.subject)
    under = say.say(
        f"{definition.key}　标的：{subject}　日历：{definition.calendar}",
        f"{definition.key}, on: {subject}, calendar: {definition.calendar}",
    )
    return (
        f'<text x="{MARGIN}" y="24" font-size="16" font-weight="bold" fill="{colours["ink"]}">'
        f"{escape(title)}</text>"
        f'<text x="{MARGIN}" y="42" fill="{colours["soft"]}">{escape(under)}</text>'
    )


def _height(words: Words) -> int:
    return 2 * PAD + HEAD_SIZE + LINE_STEP * len(words.lines)


def _wrapped(words: Words) -> Words:
    """The same words, in lines that fit the box."""
    room = BOX_WIDTH - 2 * PAD
    lines = tuple(part for line in words.lines for part in wrap(line, room / LINE_SIZE))
    head = wrap(words.head, room / HEAD_SIZE)
    more = (*head[1:], *lines)
    return Words(words.code, words.shape, head[0] if head else "", more, words.dashed, words.kind)


def wrap(line: str, ems: float) -> list[str]:
    """Pieces of a line no wider than so many ems: Chinese breaks anywhere, Latin between words."""
    pieces, piece, width = [], "", 0.0
    for token in _tokens(line):
        wide = sum(_ems(sign) for sign in token)
        if piece and width + wide > ems:
            pieces.append(piece.rstrip())
            piece, width = "", 0.0
        if piece or not token.isspace():
            piece, width = piece + token, width + wide
    return [*pieces, piece] if piece else pieces


def _tokens(line: str) -> Iterator[str]:
    """What a line may not be broken within: a Latin word, a sign with the mark that closes it."""
    held = ""
    for sign in line:
        latin = ord(sign) < _FULL_WIDTH and not sign.isspace()
        within = latin and held and ord(held[-1]) < _FULL_WIDTH and len(held) < 24
        if held and not within and sign not in _CLOSING:
            yield held
            held = ""
        held += sign
    if held:
        yield held


def _ems(sign: str) -> float:
    return 1.0 if ord(sign) >= _FULL_WIDTH else 0.58


def _box(box: Box, words: Words, colours: dict[str, str]) -> str:
    fill = colours["join" if words.shape == "join" else "box"]
    stroke = colours["accent" if words.shape in ("join", "start") else "edge"]
    # Outlines tell the kinds apart without colour: joins are round, ends are heavy or doubled.
    radius = {"step": 3, "join": 18, "start": 18, "end": 3}[words.shape]
    heavy = 2.5 if words.shape == "end" else 1
    dash = ' stroke-dasharray="5 3"' if words.dashed or words.kind == "withdrawn" else ""
    place = f'x="{box.x}" y="{box.y}" width="{box.width}" height="{box.height}"'
    parts = [
        f'<g data-node={quoteattr(words.code)} data-shape="{words.shape}">',
        f'<rect {place} rx="{radius}" fill="{fill}" stroke="{stroke}"'
        f' stroke-width="{heavy}"{dash}/>',
    ]
    if words.kind == "refused":
        parts.append(
            f'<rect x="{box.x + 4}" y="{box.y + 4}" width="{box.width - 8}"'
            f' height="{box.height - 8}" rx="2" fill="none" stroke="{stroke}"/>'
        )
    x, y = box.x + PAD, box.y + PAD + HEAD_SIZE - 2
    parts.append(
        f'<text x="{x}" y="{y}" font-size="{HEAD_SIZE}" font-weight="bold"'
        f' fill="{colours["ink"]}">{escape(words.head)}</text>'
    )
    for number, line in enumerate(words.lines, 1):
        parts.append(
            f'<text x="{x}" y="{y + LINE_STEP * number}" fill="{colours["soft"]}">'
            f"{escape(line)}</text>"
        )
    return "".join((*parts, "</g>"))


def _edge(edge: Edge, colours: dict[str, str]) -> str:
    """Straight down beside boxes, a bend in each gap between layers, an arrow at the end."""
    (x, y), *more = edge.points
    path = [f"M{x} {y}"]
    for nx, ny in more:
        if nx == x:
            path.append(f"V{ny}")
        else:
            path.append(f"C{x} {y + GAP_Y // 2} {nx} {ny - GAP_Y // 2} {nx} {ny}")
        x, y = nx, ny
    name = quoteattr(f"{edge.tail.strip(chr(0))} {edge.head.strip(chr(0))}")
    return (
        f'<g data-edge={name} stroke="{colours["edge"]}" fill="none">'
        f'<path d="{"".join(path)}"/>'
        f'<path d="M{x - 4} {y - 7}L{x} {y}L{x + 4} {y - 7}" fill="{colours["edge"]}"/></g>'
    )


# --- text --------------------------------------------------------------------------------------


def text(definition: ProcedureDefinition, *, language: str = "zh") -> str:
    """The same for a terminal: layer by layer, each box with what it leads to."""
    say = Vocabulary(definition, language)
    words = words_of(definition, language)
    depth = layers_of(definition)
    leads: dict[str, list[str]] = {}
    for edge in edges_of(definition):
        leads.setdefault(edge.tail, []).append(edge.head)
    lines = [f"{say.label(definition.title)}  {definition.code} v{definition.version}"]
    for layer in range(max(depth.values(), default=0) + 1):
        row = [node for node in words if depth.get(node) == layer]
        if row:
            side = say.say("（同时进行）", " (side by side)") if len(row) > 1 else ""
            lines.append(f"── {layer}{side} " + "─" * 40)
        for node in row:
            lines += _text_box(words[node], [words[n] for n in leads.get(node, ()) if n in words])
    return "\n".join(lines) + "\n"


def _text_box(words: Words, leads: list[Words]) -> Iterator[str]:
    mark = {"start": "◇", "step": "┌", "join": "◆", "end": "■"}[words.shape]
    yield f"{mark} {words.head}  {words.code}".rstrip()
    body = [*words.lines, *([f"→ {'、'.join(w.head for w in leads)}"] if leads else [])]
    for place, line in enumerate(body, 1):
        corner = "└" if place == len(body) else "│"
        yield f"{corner if words.shape == 'step' else ' '}   {line}"
