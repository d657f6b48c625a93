"""What imports do not show: clocks, chance and files used inside pure code, models by name."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from .source import modules, tables

PURE = re.compile(r"(algorithms/|kernel/[a-z_]+/rules|domains/[a-z_]+/rules)")
CLOCKS = {"now", "utcnow", "today", "time_ns", "monotonic", "perf_counter"}
HANDS = {"open", "print", "input"}
ORACLES = {"random", "secrets", "default_rng", "shuffle", "urandom", "uuid4"}


def impurities(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Calls that read the clock, draw lots or touch the world. A generator passed in is fine."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        if isinstance(node.func, ast.Attribute):
            owner, name = ast.unparse(node.func.value), node.func.attr
            if name in CLOCKS and owner.split(".")[-1] in {"date", "datetime", "time", "timezone"}:
                yield node.lineno, f"{owner}.{name}"
            drawn = owner in {"random", "secrets", "np.random", "numpy.random"}
            # A seed that is an argument makes the same draws every time.
            seeded = name == "default_rng" and bool(node.args)
            if (drawn or name in ORACLES - {"random", "shuffle"}) and not seeded:
                yield node.lineno, f"{owner}.{name}"
            if name in {"read_text", "read_bytes", "write_text", "write_bytes"}:
                yield node.lineno, f"{owner}.{name}"
        elif isinstance(node.func, ast.Name) and node.func.id in HANDS:
            yield node.lineno, node.func.id


def imported(tree: ast.AST) -> Iterator[str]:
    """Dotted names of what a module imports."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        if isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def looked_up_models(tree: ast.AST) -> Iterator[int]:
    """Calls of `apps.get_model`, which crosses the layers unseen by the import linter."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr == "get_model":
            yield node.lineno
        if isinstance(node, ast.Name) and node.id == "get_model":
            yield node.lineno


def test_pure_code_asks_neither_clock_nor_chance_nor_file():
    found = [
        f"{path}:{line} {call}"
        for path, tree in modules()
        if PURE.match(path)
        for line, call in impurities(tree)
    ]
    assert not found, found


@pytest.mark.parametrize(
    "line",
    [
        "datetime.now(UTC)",
        "datetime.datetime.utcnow()",
        "date.today()",
        "time.time_ns()",
        "random.random()",
        "np.random.default_rng()",
        "uuid.uuid4()",
        "open('x')",
        "Path('x').read_text()",
        "print('x')",
    ],
)
def test_a_planted_look_at_the_world_is_seen(line):
    assert list(impurities(ast.parse(line)))


def test_a_generator_that_was_passed_in_is_no_look_at_the_world():
    assert not list(impurities(ast.parse("rng.random(3)\nrng.shuffle(rows)\nperiod.now")))
    assert not list(impurities(ast.parse("np.random.default_rng(seed)")))


def test_no_model_is_looked_up_by_name():
    found = [f"{path}:{line}" for path, tree in modules() for line in looked_up_models(tree)]
    assert not found, found
    assert list(looked_up_models(ast.parse("from django.apps import apps\napps.get_model('a.B')")))


def test_a_table_that_stands_among_pure_modules_is_not_read_by_them():
    """What importlinter.ini has to let pass: `kernel/forms/models.py` itself imports Django."""
    found = [
        path
        for path, tree in modules()
        if path.startswith("kernel/forms/")
        for name in imported(tree)
        if name.startswith("ortoo.kernel.forms.models")
    ]
    assert not found, found


def test_no_column_holds_a_binary_float():
    found = [
        f"{path}:{node.lineno} {node.attr}"
        for path, tree in modules(migrations=True)
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr in {"FloatField", "DecimalField"}
    ]
    assert not found, found


def test_every_table_says_whether_it_is_record_projection_or_operational():
    found = [
        f"{table.path} {table.model}: {table.kind!r}"
        for table in tables()
        if not re.match(r"(Record|Projection|Operational)\b", table.kind)
    ]
    assert not found, found
