"""Each clause of the law of the kernel that this house claims is borne by a test.

A test says so with `@pytest.mark.law(n)`; docs/architecture.md lists the clauses.
"""

from __future__ import annotations

import ast
from collections import defaultdict

from .source import CHECKOUT, tracked

CLAIMED = {*range(1, 12), 15, 18}


def bearers() -> dict[int, list[str]]:
    """Clause → tests (path::name) that carry its mark."""
    found: dict[int, list[str]] = defaultdict(list)
    for path in tracked():
        if path.suffix != ".py" or not path.name.startswith("test_"):
            continue
        tree = ast.parse(path.read_text("utf-8"))
        for node in ast.walk(tree):
            if not isinstance(node, ast.FunctionDef | ast.ClassDef):
                continue
            for mark in node.decorator_list:
                if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.law":
                    where = f"{path.relative_to(CHECKOUT).as_posix()}::{node.name}"
                    for clause in mark.args:
                        assert isinstance(clause, ast.Constant), where
                        found[clause.value].append(where)
    return found


def test_every_clause_of_the_law_we_claim_is_borne_by_a_test():
    missing = sorted(CLAIMED - bearers().keys())
    assert not missing, f"no test carries @pytest.mark.law of {missing}"


def test_only_tests_bear_clauses_and_only_clauses_that_exist():
    for clause, tests in bearers().items():
        assert clause in range(1, 19), (clause, tests)
        assert all(name.split("::")[1].startswith(("test_", "Test")) for name in tests)
