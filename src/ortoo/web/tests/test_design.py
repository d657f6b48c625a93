"""The style sheets and templates keep their promises: contrast, size, no inline style or script."""

from __future__ import annotations

import gettext
import re
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest

WEB = Path(__file__).parents[1]
STATIC = WEB / "static" / "ortoo"
TOKENS = (STATIC / "tokens.css").read_text(encoding="utf-8")
SITE = (STATIC / "site.css").read_text(encoding="utf-8")
TEMPLATES = sorted((WEB / "templates" / "web").glob("*.html")) + sorted(
    (WEB / "templates" / "web" / "parts").glob("*.html")
)
TEXT_ON_GROUND = [
    *((ink, ground) for ink in ("ink", "ink-2", "ink-3") for ground in ("paper", "raised", "sunk")),
    *(
        (tone, ground)
        for tone in ("accent", "up", "down", "alarm")
        for ground in ("paper", "raised")
    ),
    *((tone, "sunk") for tone in ("accent", "up", "down", "alarm", "care", "ink-2")),
    ("accent-ink", "accent"),
    ("ink", "accent-wash"),
    ("ink", "alarm-wash"),
    ("accent", "alarm-wash"),
    ("ink-3", "alarm-wash"),
    ("care", "care-wash"),
    ("ink", "care-wash"),
    ("accent", "care-wash"),
    *((f"warn-{level}-ink", f"warn-{level}") for level in ("blue", "yellow", "orange", "red")),
    *((f"series-{n}", "paper") for n in (2, 3)),
]


def token(name: str, *, dark: bool) -> str:
    pair = re.search(rf"--{name}: light-dark\((#\w+), (#\w+)\);", TOKENS)
    if pair:
        return pair[2 if dark else 1]
    plain = re.search(rf"--{name}: (#\w+);", TOKENS)
    assert plain, name
    return plain[1]


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2)."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize(("ink", "ground"), TEXT_ON_GROUND)
def test_text_stands_out_at_least_four_and_a_half_to_one(ink: str, ground: str, dark: bool) -> None:
    assert contrast(token(ink, dark=dark), token(ground, dark=dark)) >= 4.5


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_edges_of_controls_stand_out_three_to_one(dark: bool) -> None:
    for ground in ("paper", "raised"):
        assert contrast(token("edge", dark=dark), token(ground, dark=dark)) >= 3


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_map_classes_are_monotone_in_lightness(dark: bool) -> None:
    steps = [luminance(token(f"map-{n}", dark=dark)) for n in range(1, 6)]
    assert steps == sorted(steps, reverse=not dark)
    assert all(abs(a - b) > 0.015 for a, b in pairwise(steps))


def test_colours_are_born_in_the_tokens_only() -> None:
    assert not re.findall(r"#[0-9a-f]{6}\b|\brgb|\bhsl", SITE)


def test_every_variable_used_is_a_token() -> None:
    known = set(re.findall(r"(--[\w-]+):", TOKENS))
    code = "".join(p.read_text(encoding="utf-8") for p in WEB.glob("*.py"))
    used = set(re.findall(r"var\((--[\w-]+)\)", SITE + code))
    used = {name for name in used if name != "--x" and not name.endswith("-")}
    assert used <= known


def test_both_style_sheets_stay_within_25_kilobytes() -> None:
    assert len((TOKENS + SITE).encode()) <= 25 * 1024


class Policy(HTMLParser):
    """Collects what the content policy would refuse."""

    def __init__(self) -> None:
        super().__init__()
        self.refused: list[str] = []
        self.open_script = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = dict(attrs)
        if "style" in names or any(name.startswith("on") for name in names):
            self.refused.append(f"{tag} {names}")
        if tag == "style" or (tag == "script" and "src" not in names):
            self.refused.append(tag)


def refused(html: str) -> list[str]:
    policy = Policy()
    policy.feed(html)
    return policy.refused


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda p: p.name)
def test_a_template_has_no_inline_style_or_script(path: Path) -> None:
    assert refused(path.read_text(encoding="utf-8")) == []


def test_every_word_of_the_templates_has_an_english_one() -> None:
    with (WEB / "locale" / "en" / "LC_MESSAGES" / "django.mo").open("rb") as file:
        english = gettext.GNUTranslations(file)
    words: set[str] = set()
    for path in (p for p in TEMPLATES if not p.name.startswith("gallery")):
        text = path.read_text(encoding="utf-8")
        words |= set(re.findall(r"""\{% translate ["'](.*?)["']""", text))
        words |= set(re.findall(r'_\("(.*?)"\)', text))
    words |= set(re.findall(r'_\("([^"]+)"\)', (WEB / "templatetags" / "ortoo.py").read_text()))
    assert {word for word in words if english.gettext(word) == word} == set()


def test_the_compiled_catalogue_is_that_of_the_source() -> None:
    folder = WEB / "locale" / "en" / "LC_MESSAGES"
    with (folder / "django.mo").open("rb") as file:
        english = gettext.GNUTranslations(file)
    source = (folder / "django.po").read_text(encoding="utf-8")
    pairs = re.findall(r'^msgid "(.+)"\nmsgstr "(.+)"$', source, re.MULTILINE)
    assert len(pairs) > 50
    assert all(english.gettext(word) == said for word, said in pairs)
