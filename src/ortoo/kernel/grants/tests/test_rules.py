"""Bodies of K-GRANT, K-RECOVERY and K-ACCESS, and the register as a pure fold."""

from __future__ import annotations

import pytest

from ortoo.kernel.grants.rules import (
    GRANT_COLUMNS,
    grant_rows,
    validate_access,
    validate_grant,
    validate_recovery,
)
from ortoo.kernel.threads.procedure import ThreadLine

GRANT = {
    "grant": "clerk@150000:2026-01-01",
    "login": "shop-1",
    "party": "91150000YY0000010X",
    "role": "clerk",
    "place": "",
    "forms": ["SCJC-W1"],
    "from": "2026-01-01",
    "to": "",
    "basis": "样本企业名录",
}


def test_a_whole_grant_has_no_problem() -> None:
    assert validate_grant(GRANT) == []


@pytest.mark.parametrize(
    ("field", "value", "named"),
    [
        ("role", "king", "role"),
        ("role", "public", "role"),
        ("role", "league_reviewer", "place"),
        ("login", "Shop 1", "login"),
        ("party", "", "party"),
        ("forms", [], "forms"),
        ("forms", "SCJC-W1", "forms"),
        ("forms", ["scjc w1"], "forms"),
        ("from", "2026-1-1", "from"),
        ("from", "", "from"),
        ("to", "soon", "to"),
        ("basis", " ", "basis"),
        ("surprise", 1, "surprise"),
    ],
)
def test_a_problem_names_the_field(field: str, value: object, named: str) -> None:
    problems = validate_grant({**GRANT, field: value})
    assert problems and any(f"「{named}」" in problem for problem in problems)


def test_a_missing_field_is_named() -> None:
    body = dict(GRANT)
    del body["basis"]
    assert "缺少字段「basis」" in validate_grant(body)


def row(**changes: object) -> dict[str, object]:
    return {**GRANT, **changes}


def test_the_last_filing_under_a_grants_name_is_the_one_in_force() -> None:
    lines = [
        ThreadLine(9, "grant", row(forms=["*"], to="2026-06-30")),
        ThreadLine(3, "grant", row()),
    ]
    rows = grant_rows("shop-1", lines)
    assert len(rows) == 1
    found = dict(zip(GRANT_COLUMNS, rows[0], strict=True))
    assert found["forms"] == "*"
    assert found["valid_to"] == "2026-06-30"
    assert found["seq"] == 9
    assert found["slice"] == "shop-1"


def test_a_grant_taken_back_before_its_first_day_leaves_no_row() -> None:
    lines = [ThreadLine(1, "grant", row()), ThreadLine(2, "grant", row(to="2025-12-31"))]
    assert grant_rows("shop-1", lines) == []


def test_a_recovery_filing_never_has_room_for_the_code() -> None:
    body = {"login": "shop-1", "party": "P", "place": "", "kind": "code", "expires_at": 5}
    assert validate_recovery(body) == []
    assert validate_recovery({**body, "code": "12345678"}) == ["不认识的字段「code」"]
    assert validate_recovery({**body, "expires_at": True}) != []
    assert validate_recovery({**body, "kind": "password"}) != []


def test_an_access_root_is_a_digest_of_a_day() -> None:
    body = {"day": "2026-11-20", "entries": 3, "root": "0" * 64}
    assert validate_access(body) == []
    assert len(validate_access({"day": "20 Nov", "entries": -1, "root": "x"})) == 3
