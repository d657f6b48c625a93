"""Reading the checkout: its files, their syntax trees, and what is said of each table."""

from __future__ import annotations

import ast
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

CHECKOUT = Path(__file__).resolve().parents[2]
PACKAGE = CHECKOUT / "src" / "ortoo"
TEXT = {
    "", ".py", ".md", ".toml", ".ini", ".cfg", ".txt", ".yaml", ".yml", ".html", ".css", ".js",
    ".svg", ".json", ".geojson", ".csv", ".tsv", ".lock", ".sh", ".po", ".typ",
}  # fmt: skip
SKIPPED_FOLDERS = {".git", ".venv", "var", "dist", "__pycache__", "node_modules"}


@cache
def tracked() -> tuple[Path, ...]:
    """Files that are, or would be, committed. Outside git: everything but caches."""
    listing = subprocess.run(
        [
            "git",
            "-C",
            str(CHECKOUT),
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
        ],
        capture_output=True,
        check=False,
    )
    if listing.returncode == 0 and listing.stdout:
        names = listing.stdout.decode().split("\0")
        paths = [CHECKOUT / name for name in names if name]
    else:
        paths = [
            path
            for path in CHECKOUT.rglob("*")
            if not SKIPPED_FOLDERS & set(path.relative_to(CHECKOUT).parts)
        ]
    return tuple(sorted(path for path in paths if path.is_file()))


def texts(*suffixes: str) -> Iterator[tuple[str, str]]:
    """(path from the checkout, text) of every tracked text file with one of the suffixes."""
    for path in tracked():
        if path.suffix in (suffixes or TEXT):
            yield path.relative_to(CHECKOUT).as_posix(), path.read_text("utf-8", "replace")


def modules(*, tests: bool = False, migrations: bool = False) -> Iterator[tuple[str, ast.Module]]:
    """(path from `src/ortoo`, tree) of the package's modules."""
    for path in tracked():
        if path.suffix != ".py" or not path.is_relative_to(PACKAGE):
            continue
        parts = path.relative_to(PACKAGE).parts
        if ("tests" in parts and not tests) or ("migrations" in parts and not migrations):
            continue
        yield "/".join(parts), ast.parse(path.read_text("utf-8"), str(path))


@dataclass(frozen=True, slots=True)
class Table:
    """A Django model: its class, its table and what its docstring says it is."""

    model: str
    table: str
    kind: str
    path: str


def is_model(node: ast.ClassDef) -> bool:
    bases = {ast.unparse(base) for base in node.bases}
    return bool(bases & {"models.Model", "Model", "AbstractBaseUser"})


def tables() -> Iterator[Table]:
    """Every table the package defines, read from its models' source."""
    for path, tree in modules():
        for node in ast.walk(tree):
            if not isinstance(node, ast.ClassDef) or not is_model(node):
                continue
            meta = next((n for n in node.body if isinstance(n, ast.ClassDef)), None)
            name = next(
                (
                    statement.value.value
                    for statement in (meta.body if meta else ())
                    if isinstance(statement, ast.Assign)
                    and ast.unparse(statement.targets[0]) == "db_table"
                    and isinstance(statement.value, ast.Constant)
                ),
                node.name.lower(),
            )
            kind = (ast.get_docstring(node) or "").split("\n")[0]
            yield Table(node.name, str(name), kind, path)
