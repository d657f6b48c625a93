"""The text of a reminder, as officers read it in tests/cases/review_chase.toml."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from ortoo.domains.market.tests.review_week import at
from ortoo.domains.market.web.review_words import Reminder, chase_text
from ortoo.kernel.forms.periods import parse

CASES = tomllib.loads(
    (Path(__file__).parent / "cases" / "review_chase.toml").read_text(encoding="utf-8")
)["case"]


@pytest.mark.parametrize("case", CASES, ids=[case["title"] for case in CASES])
def test_the_reminder_says_whom_which_period_and_until_when(case: dict[str, object]) -> None:
    reminder = Reminder(parse(case["period"]), at(case["due"]), at(case["now"]), "Asia/Shanghai")
    assert chase_text(reminder, case["firms"]) == case["text"]
