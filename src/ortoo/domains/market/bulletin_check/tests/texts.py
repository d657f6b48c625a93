"""Texts read and judged by themselves, without figures."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from ortoo.domains.market.bulletin_check import claims
from ortoo.domains.market.bulletin_check.check import vocabulary
from ortoo.domains.market.bulletin_check.consistency import judge
from ortoo.domains.market.bulletin_check.judgement import Judgement

CASES: list[dict[str, Any]] = tomllib.loads(
    (Path(__file__).parent / "cases" / "texts.toml").read_text("utf-8")
)["case"]


def judged(text: str) -> list[tuple[str, Judgement | None]]:
    """(number as pasted, what the text itself says of it), words of flatness left out."""
    read = claims.read(text, vocabulary())
    found = judge(read.claims)
    return [
        (text[one.number.start : one.number.end], found.get(id(one)))
        for one in read.claims
        if text[one.number.start : one.number.end] != "持平"
    ]


def of_verdict(text: str, verdict: str) -> list[tuple[str, str]]:
    """(number, what it should be) of one verdict, in order."""
    return [
        (number, said.expected)
        for number, said in judged(text)
        if said is not None and said.verdict.value == verdict
    ]
