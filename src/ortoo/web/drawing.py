"""Vega-Lite specification → lean SVG text: no style attribute, no class, numbers to one decimal.

Colours stay CSS variables (``var(--ink)``), so one SVG follows the reader's theme. SVGs are kept
by SHA-256 of the specification: a chart is drawn once, in about 30 ms, and read ever after.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import xml.etree.ElementTree as ElementTree
from collections import OrderedDict
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

SVG = "http://www.w3.org/2000/svg"
EDITION = "1"  # raise when the drawing changes, so that no stale SVG is read
TOKENS = Path(__file__).parent / "static" / "ortoo" / "tokens.css"

_NUMBER = re.compile(r"-?\d*\.\d+(?:e-?\d+)?")
_TRANSLATE = re.compile(r"translate\(([-\d.e]+),([-\d.e]+)\)$")
_DROPPED = frozenset(
    (
        *("class", "role", "aria-label", "aria-hidden", "aria-roledescription"),
        *("pointer-events", "font-family", "version", "stroke-miterlimit", "display"),
    )
)
_DEFAULTS = {
    "opacity": "1",
    "stroke-width": "1",
    "x2": "0",
    "y2": "0",
    "text-anchor": "start",
    "transform": "translate(0,0)",
    "font-size": "12px",
    "font-weight": "normal",
}
_DRAWN = frozenset({"path", "line", "text", "rect", "circle"})


class Cache(Protocol):
    """Where SVGs are kept between requests."""

    def get(self, key: str) -> str | None: ...

    def put(self, key: str, svg: str) -> None: ...


class MemoryCache:
    """The last ``size`` SVGs in this process."""

    def __init__(self, size: int = 256) -> None:
        self._kept: OrderedDict[str, str] = OrderedDict()
        self._size = size

    def get(self, key: str) -> str | None:
        if key in self._kept:
            self._kept.move_to_end(key)
        return self._kept.get(key)

    def put(self, key: str, svg: str) -> None:
        self._kept[key] = svg
        while len(self._kept) > self._size:
            self._kept.popitem(last=False)


class DirectoryCache:
    """One file a drawing under ``path``; safe for several processes (written aside, then moved)."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.mkdir(parents=True, exist_ok=True)

    def get(self, key: str) -> str | None:
        try:
            return (self._path / f"{key}.svg").read_text(encoding="utf-8")
        except FileNotFoundError:
            return None

    def put(self, key: str, svg: str) -> None:
        aside = self._path / f"{key}.{os.getpid()}.part"
        aside.write_text(svg, encoding="utf-8")
        aside.replace(self._path / f"{key}.svg")


_cache: Cache = MemoryCache()


def use_cache(cache: Cache) -> None:
    """Keep drawings there from now on (the site calls this once at start)."""
    global _cache  # noqa: PLW0603 (one per process, set at start-up)
    _cache = cache


def key_of(spec: Any) -> str:
    """SHA-256 of the canonical JSON of a specification, with the edition of the drawing."""
    text = json.dumps(spec, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(f"{EDITION}|{text}".encode()).hexdigest()


def recall(key: str) -> str | None:
    """The kept drawing, if any."""
    return _cache.get(key)


def keep(key: str, svg: str) -> str:
    """Keep a drawing and hand it back."""
    _cache.put(key, svg)
    return svg


def render(
    spec: dict[str, Any], *, title: str = "", description: str = "", css_class: str = ""
) -> str:
    """A Vega-Lite specification as lean SVG text, kept by its hash.

    Raises ValueError when the specification does not compile.
    """
    key = key_of([spec, title, description, css_class])
    known = recall(key)
    if known is not None:
        return known
    import vl_convert

    drawn = vl_convert.vegalite_to_svg(spec)
    return keep(key, slim(drawn, title=title, description=description, css_class=css_class))


def slim(svg: str, *, title: str = "", description: str = "", css_class: str = "") -> str:
    """Rewrite Vega's SVG: 4–6 times smaller, same picture, one accessible name."""
    root = ElementTree.fromstring(svg)
    lean = ElementTree.Element("svg")
    for name in ("width", "height", "viewBox"):
        lean.set(name, root.get(name, ""))
    if css_class:
        lean.set("class", css_class)
    lean.set("role", "img")
    lean.set("aria-label", title)
    lean.set("font-size", "12")
    lean.set("fill", "none")
    if title:
        ElementTree.SubElement(lean, "title").text = title
    if description:
        ElementTree.SubElement(lean, "desc").text = description
    for child in root:
        _copy(child, lean, (0.0, 0.0))
    text = ElementTree.tostring(lean, encoding="unicode", short_empty_elements=True)
    return text.replace("<svg ", f'<svg xmlns="{SVG}" ', 1).replace(" />", "/>")


def _copy(
    source: ElementTree.Element, into: ElementTree.Element, origin: tuple[float, float]
) -> None:
    """Copy what is seen; groups melt away and their moves go into the coordinates."""
    tag = source.tag.removeprefix(f"{{{SVG}}}")
    moved = _TRANSLATE.match(source.get("transform", ""))
    if moved:
        origin = (origin[0] + float(moved[1]), origin[1] + float(moved[2]))
    if tag == "g":
        for child in source:
            _copy(child, into, origin)
        return
    source.attrib.update(_declarations(source.attrib.pop("style", "")))
    if tag in _DRAWN and not _unseen(source, tag):
        _draw(source, tag, into, origin)


def _unseen(source: ElementTree.Element, tag: str) -> bool:
    if tag == "text":
        return not (source.text or "").strip() and len(source) == 0
    return source.get("stroke", "none") == "none" and source.get("fill", "none") == "none"


def _draw(
    source: ElementTree.Element, tag: str, into: ElementTree.Element, origin: tuple[float, float]
) -> None:
    attributes = _attributes(source)
    if tag == "line":
        path = _line_path(attributes, origin)
        last = into[-1] if len(into) else None
        if last is not None and last.tag == "path" and _but_d(last) == attributes:
            last.set("d", last.get("d", "") + path)
            return
        ElementTree.SubElement(into, "path", {"d": path, **attributes})
        return
    x, y = origin
    if tag == "text":
        attributes = {"x": _short(x), "y": _short(y), **attributes}
    elif tag == "path":
        attributes = {"d": _path_data(attributes.pop("d", "")), **attributes}
        if x or y:
            attributes["transform"] = f"translate({_short(x)} {_short(y)})"
    turned = _round(source.get("transform", ""))
    if turned and not _TRANSLATE.match(source.get("transform", "")):
        attributes["transform"] = f"{attributes.get('transform', '')} {turned}".strip()
    copy = ElementTree.SubElement(into, tag, attributes)
    copy.text = source.text


def _attributes(source: ElementTree.Element) -> dict[str, str]:
    kept = {}
    for name, value in source.attrib.items():
        plain = name.split("}")[-1]
        if plain in _DROPPED or plain == "transform" or _DEFAULTS.get(plain) == value:
            continue
        kept[plain] = value if plain == "d" else _round(value).removesuffix("px")
    return kept


def _declarations(style: str) -> dict[str, str]:
    """``style="fill: red; opacity: .5"`` → presentation attributes (the policy bars styles)."""
    pairs = (part.split(":", 1) for part in style.split(";") if ":" in part)
    return {name.strip(): value.strip() for name, value in pairs}


def _line_path(attributes: dict[str, str], origin: tuple[float, float]) -> str:
    dx, dy = float(attributes.pop("x2", "0")), float(attributes.pop("y2", "0"))
    start = f"M{_short(origin[0])} {_short(origin[1])}"
    if dy == 0:
        return f"{start}h{_short(dx)}"
    return f"{start}v{_short(dy)}" if dx == 0 else f"{start}l{_short(dx)} {_short(dy)}"


def _but_d(element: ElementTree.Element) -> dict[str, str]:
    return {name: value for name, value in element.attrib.items() if name != "d"}


def _path_data(data: str) -> str:
    """Round, and leave out each L that follows M or L."""
    text = _round(data).replace(",", " ")
    text = re.sub(r"(?<=[\d.])L", " ", text) if set(data) <= set("ML0123456789.,-e") else text
    return text.replace(" -", "-")


def _round(text: str) -> str:
    return _NUMBER.sub(lambda found: _short(float(found[0])), text)


def _short(number: float) -> str:
    text = f"{number:.1f}".removesuffix(".0")
    return "0" if text == "-0" else text


@lru_cache(maxsize=1)
def _light_colours() -> dict[str, str]:
    css = TOKENS.read_text(encoding="utf-8")
    found = re.findall(
        r"(--[\w-]+):\s*(?:light-dark\((#\w+),[^)]*\)|(#\w+)|var\((--[\w-]+)\));", css
    )
    colours = {name: first or plain for name, first, plain, _ in found if first or plain}
    colours |= {name: colours[other] for name, _, _, other in found if other in colours}
    return colours


def printable(svg: str) -> str:
    """The same drawing with the light theme's literal colours, for paper and other programs."""
    colours = _light_colours()
    return re.sub(r"var\((--[\w-]+)\)", lambda m: colours.get(m[1], "#000000"), svg)
