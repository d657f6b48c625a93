"""What the form of a truck says to declarations an officer would recognise; quotas by rule."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from ortoo.domains.port import rules
from ortoo.domains.port.registration import FORMS
from ortoo.domains.port.tests.gate import OFFICES, coal, ms
from ortoo.kernel.forms.record_check import check
from ortoo.kernel.forms.record_loader import load

CASES = tomllib.loads((Path(__file__).parent / "cases" / "truck.toml").read_text("utf-8"))["case"]
FORM = load(FORMS / "gk_truck_entry.yaml")


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_a_declaration_is_accepted_or_told_what_is_wrong_and_where(case: dict[str, Any]) -> None:
    body = {**coal(), **OFFICES, **case.get("change", {})}
    for name in case.get("without", ()):
        del body[name]
    found = [(issue.rule, issue.path) for issue in check(FORM, body)]
    wanted = case.get("issue")
    assert found[:1] == ([] if wanted is None else [tuple(wanted)])


def test_a_day_begins_at_midnight_in_beijing() -> None:
    late, early = ms("23:59"), ms("00:00")
    assert rules.day_fault("2026-11-24", late) is None
    assert rules.day_fault("2026-11-24", early) is None
    fault = rules.day_fault("2026-11-24", early - 1)
    assert fault is not None and fault[0] == "HUSHI-DAY"


@pytest.mark.parametrize(
    ("quota", "yuan", "code"),
    [
        (800_000, 8_000, None),
        (800_001, 8_000, "HUSHI-QUOTA"),
        (300_000, 8_000, "HUSHI-QUOTA"),
        (800_000, None, "HUSHI-REGULATION"),
    ],
)
def test_a_quota_is_the_regulations_to_the_fen(
    quota: int, yuan: int | None, code: str | None
) -> None:
    fault = rules.quota_fault(quota, yuan)
    assert (fault and fault[0]) == code
