"""The quick look at imports for `ortoo check`: text only, no module is loaded.

The layers are those of importlinter.ini, so there is one list. The full check, with indirect
imports and the purity and independence contracts, is import-linter in `ortoo test`.
"""

from __future__ import annotations

import configparser
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

IMPORT = re.compile(
    r"^[ \t]*(?:from[ ]+ortoo((?:\.\w+)*)[ ]+import[ ]+\(?([\w, ]*)|import[ ]+ortoo((?:\.\w+)*))",
    re.MULTILINE,
)


def layers_of(ini: Path) -> tuple[tuple[str, ...], ...]:
    """The layers, highest first; each a tuple of sub-packages that stand side by side."""
    parser = configparser.ConfigParser()
    parser.read(ini, encoding="utf-8")
    lines = parser["importlinter:contract:layers"]["layers"].split("\n")
    return tuple(
        tuple(name.strip() for name in re.split(r"[:|]", line)) for line in lines if line.strip()
    )


def climbing_imports(
    package: Path, layers: tuple[tuple[str, ...], ...]
) -> Iterator[tuple[Path, int, str]]:
    """(file, line, imported module) for every import of a higher layer."""
    height = {name: -i for i, names in enumerate(layers) for name in names}
    for path in sorted(package.rglob("*.py")):
        if "tests" in path.relative_to(package).parts:
            # Tests of a domain's pages walk the finished site, as importlinter.ini allows.
            continue
        here = path.relative_to(package).parts[0].removesuffix(".py")
        if here not in height:
            continue
        text = path.read_text("utf-8")
        for match in IMPORT.finditer(text):
            dotted = match[1] or match[3] or ""
            names = [dotted[1:]] if dotted else [n.strip() for n in (match[2] or "").split(",")]
            for name in filter(None, names):
                if height.get(name.split(".")[0], height[here]) > height[here]:
                    yield path, text.count("\n", 0, match.start()) + 1, f"ortoo.{name}"
