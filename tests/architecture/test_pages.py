"""Templates carry no style and no script of their own; every colour stands in tokens.css."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from .source import texts

TOKENS = "tokens.css"
NAMED = (
    "aqua|black|blue|brown|coral|crimson|cyan|fuchsia|gold|gray|green|grey|indigo|ivory|khaki"
    "|lavender|lime|magenta|maroon|navy|olive|orange|orchid|pink|plum|purple|red|salmon|sienna"
    "|silver|teal|tomato|turquoise|violet|wheat|white|yellow"
)
COLOUR = re.compile(
    r"#(?:[0-9a-f]{8}|[0-9a-f]{6}|[0-9a-f]{3,4})\b(?!\s*\{)"
    r"|\b(?:rgba?|hsla?|hwb|lab|lch|oklab|oklch)\("
    r"|(?<![\w-])(?:dark|light|medium|deep)?(?:" + NAMED + r")(?![\w-])",
    re.IGNORECASE,
)
DECLARATION = re.compile(r"(?<=[{;])\s*[\w-]+\s*:([^;{}]*)")
PAINTED = re.compile(
    r"\b(?:fill|stroke|color|bgcolor|stop-color|flood-color)=[\"']([^\"']*)", re.IGNORECASE
)
COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
TEMPLATE_COMMENT = re.compile(r"\{#.*?#\}|\{% comment.*?endcomment %\}|<!--.*?-->", re.DOTALL)
INLINE = {
    "style attribute": re.compile(r"<[^>]*\sstyle\s*=", re.IGNORECASE),
    "style element": re.compile(r"<style\b", re.IGNORECASE),
    "event handler": re.compile(r"<[^>]*\son[a-z]+\s*=", re.IGNORECASE),
    "hx-on handler": re.compile(r"<[^>]*\shx-on[:-]", re.IGNORECASE),
    "javascript address": re.compile(r"[\"']\s*javascript:", re.IGNORECASE),
    "script of its own": re.compile(
        r"<script\b(?![^>]*\bsrc\s*=)(?![^>]*type\s*=\s*[\"']application/(?:ld\+)?json)",
        re.IGNORECASE,
    ),
}


def css_colours(text: str) -> Iterator[str]:
    bare = re.sub(r"var\([^()]*\)|url\([^()]*\)|\"[^\"]*\"|'[^']*'", "", COMMENT.sub("", text))
    for value in DECLARATION.findall(bare):
        yield from (match[0] for match in COLOUR.finditer(value))


def page_colours(text: str) -> Iterator[str]:
    for value in PAINTED.findall(TEMPLATE_COMMENT.sub("", text)):
        yield from (match[0] for match in COLOUR.finditer(re.sub(r"var\([^()]*\)", "", value)))


def inline_parts(text: str) -> list[str]:
    # A template tag may hold `>` (a comparison); it is not markup.
    bare = re.sub(r"\{%.*?%\}|\{\{.*?\}\}", "", TEMPLATE_COMMENT.sub("", text), flags=re.DOTALL)
    return [name for name, pattern in INLINE.items() if pattern.search(bare)]


def pages() -> list[tuple[str, str]]:
    return [(path, text) for path, text in texts(".html") if path.startswith("src/")]


def test_no_page_carries_style_or_script_of_its_own():
    found = [f"{path}: {part}" for path, text in pages() for part in inline_parts(text)]
    assert not found, found


def test_every_colour_stands_in_the_tokens():
    found = [
        f"{path}: {colour}"
        for path, text in texts(".css")
        if path.startswith("src/") and not path.endswith(TOKENS)
        for colour in css_colours(text)
    ]
    found += [f"{path}: {colour}" for path, text in pages() for colour in page_colours(text)]
    assert not found, found


@pytest.mark.parametrize(
    "text",
    [
        '<p style="color: red">',
        "<p\n  style='margin:0'>",
        "<style>p{}</style>",
        '<button onclick="go()">',
        '<button hx-on:click="go()">',
        '<a href="javascript:go()">',
        "<script>go()</script>",
        '<script type="module">go()</script>',
    ],
)
def test_a_planted_inline_part_is_seen(text):
    assert inline_parts(text)


def test_scripts_by_address_and_data_blocks_are_no_inline_parts():
    assert not inline_parts(
        '<script src="/static/grid.js" defer></script><p>on = 1</p>{# <style> #}'
        '<script id="d" type="application/json">{}</script>{% if a > 1 %} style={% endif %}'
    )


@pytest.mark.parametrize(
    "text",
    [
        "p { color: #1a2b3c; }",
        "p { border: 1px solid #abc }",
        "p { margin: 0; background: rgb(1 2 3) }",
        "p{color:white}",
        "p { box-shadow: 0 0 1px oklch(1 0 0) }",
        "p { color: light-dark(darkred, var(--up)) }",
    ],
)
def test_a_planted_colour_is_seen(text):
    assert list(css_colours(text))


def test_tokens_selectors_and_comments_are_no_colours():
    assert not list(
        css_colours("/* #fff */ .red, #abc { color: var(--red-6); white-space: nowrap }")
    )
    assert list(page_colours('<path fill="#fff">'))
    assert not list(page_colours('<path fill="currentColor" stroke="var(--red)">'))
