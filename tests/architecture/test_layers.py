"""Imports run one way; the linter that says so is shown each violation and must object."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ortoo.commands.layering import climbing_imports, layers_of

from .source import CHECKOUT, PACKAGE

INI = CHECKOUT / "importlinter.ini"
LAYERS, DOMAINS, PURE = "layers", "domains meet only through api", "pure code does no I/O"
RUN = "from importlinter.cli import lint_imports_command as lint; lint()"


def linted(root: Path) -> tuple[int, str]:
    answer = subprocess.run(
        [sys.executable, "-c", RUN, "--config", "importlinter.ini", "--no-cache", "--no-logo"],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root / "src"), "COLUMNS": "200", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    return answer.returncode, answer.stdout + answer.stderr


@pytest.fixture(scope="module")
def skeleton(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package's folders with empty modules: what the contracts name, and nothing else."""
    root = tmp_path_factory.mktemp("house")
    shutil.copy(INI, root)
    for path in PACKAGE.rglob("*.py"):
        if {"tests", "migrations"} & set(path.relative_to(PACKAGE).parts):
            continue
        copy = root / "src" / "ortoo" / path.relative_to(PACKAGE)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text("")
    for domain in ("market", "reserve"):
        folder = root / "src" / "ortoo" / "domains" / domain
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("__init__", "api", "rules", "selectors", "services"):
            (folder / f"{name}.py").write_text("")
    for layer in ("site/pages", "web/parts", "world/people", "connectors/ledger/door"):
        path = root / "src" / "ortoo" / f"{layer}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        (path.parent / "__init__.py").touch()
        path.write_text("")
    (root / "src" / "ortoo" / "kernel" / "goods" / "rules.py").write_text("")
    return root


def test_the_house_keeps_its_own_directions():
    code, said = linted(CHECKOUT)
    assert code == 0, said


def test_the_empty_skeleton_breaks_nothing(skeleton):
    code, said = linted(skeleton)
    assert code == 0, said


@pytest.mark.parametrize(
    ("module", "line", "contract"),
    [
        ("algorithms/merkle.py", "import ortoo.kernel.goods", LAYERS),
        ("kernel/goods/__init__.py", "from ortoo.domains.market import api", LAYERS),
        ("kernel/goods/__init__.py", "from ortoo.site import pages", LAYERS),
        ("kernel/goods/__init__.py", "import ortoo.web.parts", LAYERS),
        ("web/parts.py", "import ortoo.domains.market.api", LAYERS),
        ("world/people.py", "import ortoo.domains.market.api", LAYERS),
        ("world/people.py", "import ortoo.connectors.ledger.door", LAYERS),
        ("domains/market/api.py", "import ortoo.site.pages", LAYERS),
        ("connectors/ledger/door.py", "import ortoo.site.pages", LAYERS),
        ("site/pages.py", "import ortoo.commands.suite", LAYERS),
        ("domains/reserve/services.py", "import ortoo.domains.market.services", DOMAINS),
        ("domains/reserve/services.py", "from ortoo.domains.market import selectors", DOMAINS),
        ("domains/market/rules.py", "from ortoo.domains.reserve.rules import x", DOMAINS),
        ("algorithms/merkle.py", "from django.db import models", PURE),
        ("algorithms/merkle.py", "import random", PURE),
        ("kernel/goods/rules.py", "import sqlite3", PURE),
        ("domains/market/rules.py", "from django.utils import timezone", PURE),
        ("domains/market/rules.py", "import urllib.request", PURE),
        ("kernel/forms/periods.py", "import django", PURE),
    ],
)
def test_a_planted_import_the_wrong_way_is_caught(skeleton, module, line, contract):
    path = skeleton / "src" / "ortoo" / module
    was = path.read_text()
    path.write_text(line + "\n")
    try:
        code, said = linted(skeleton)
    finally:
        path.write_text(was)
    assert code != 0
    assert f"{contract} BROKEN" in said, said


def test_a_rule_that_reaches_django_through_another_module_is_caught(skeleton):
    rules = skeleton / "src" / "ortoo" / "domains" / "market" / "rules.py"
    selectors = skeleton / "src" / "ortoo" / "domains" / "market" / "selectors.py"
    rules.write_text("import ortoo.domains.market.selectors\n")
    selectors.write_text("import django\n")
    try:
        code, said = linted(skeleton)
    finally:
        rules.write_text("")
        selectors.write_text("")
    assert code != 0 and f"{PURE} BROKEN" in said, said


def test_one_domain_may_use_the_api_of_another(skeleton):
    path = skeleton / "src" / "ortoo" / "domains" / "reserve" / "services.py"
    path.write_text("from ortoo.domains.market import api\nimport ortoo.domains.market.api\n")
    try:
        code, said = linted(skeleton)
    finally:
        path.write_text("")
    assert code == 0, said


def test_a_new_top_level_package_must_be_given_its_layer(skeleton):
    path = skeleton / "src" / "ortoo" / "cellar.py"
    path.write_text("")
    try:
        code, said = linted(skeleton)
    finally:
        path.unlink()
    assert code != 0 and "cellar" in said


def test_the_quick_look_of_check_finds_the_same_climbing_import(skeleton):
    path = skeleton / "src" / "ortoo" / "kernel" / "goods" / "__init__.py"
    package, layers = skeleton / "src" / "ortoo", layers_of(INI)
    assert not list(climbing_imports(package, layers))
    for line in (
        "from ortoo.site import pages",
        "import ortoo.site.pages",
        "from ortoo import site",
    ):
        path.write_text(f"'''What goods are.'''\n\n{line}\n")
        found = [(at, name.split(".")[1]) for _, at, name in climbing_imports(package, layers)]
        assert found == [(3, "site")]
    path.write_text("")
