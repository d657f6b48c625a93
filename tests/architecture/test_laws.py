"""Each clause of the law of the kernel that this house claims is borne by a test.

A test says so with `@pytest.mark.law(n)`; docs/architecture.md lists the clauses.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator

from .source import CHECKOUT, tracked

CLAIMED = set(range(1, 19))


def bearers() -> dict[int, list[str]]:
    """Clause → tests (path::name) that carry its mark."""
    found: dict[int, list[str]] = defaultdict(list)
    for path in tracked():
        if path.suffix != ".py" or not path.name.startswith("test_"):
            continue
        tree = ast.parse(path.read_text("utf-8"))
        for name, mark in marks(tree):
            if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.law":
                where = f"{path.relative_to(CHECKOUT).as_posix()}::{name}"
                for clause in mark.args:
                    assert isinstance(clause, ast.Constant), where
                    found[clause.value].append(where)
    return found


def marks(tree: ast.Module) -> Iterator[tuple[str, ast.expr]]:
    """(test or module, mark) of every decorator, and of `pytestmark`, which marks a whole file."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield from ((node.name, mark) for mark in node.decorator_list)
        elif isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "pytestmark":
            listed = node.value.elts if isinstance(node.value, ast.List) else [node.value]
            yield from (("*", mark) for mark in listed)


def test_every_clause_of_the_law_we_claim_is_borne_by_a_test():
    missing = sorted(CLAIMED - bearers().keys())
    assert not missing, f"no test carries @pytest.mark.law of {missing}"


def test_only_tests_bear_clauses_and_only_clauses_that_exist():
    for clause, tests in bearers().items():
        assert clause in range(1, 19), (clause, tests)
        assert all(name.split("::")[1].startswith(("test_", "Test", "*")) for name in tests)
