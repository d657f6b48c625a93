"""All versions of all forms that this instance has loaded; none is ever dropped (law 13)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ortoo.kernel.forms import loader
from ortoo.kernel.forms.definition import Form, FormError
from ortoo.kernel.forms.record_loader import top_key


@dataclass(frozen=True, slots=True)
class Registry:
    """Forms by code and version, and by digest."""

    versions: Mapping[str, tuple[Form, ...]]
    by_digest: Mapping[bytes, Form]

    def get(self, code: str, version: int | None = None) -> Form:
        """The form, its newest version if none is named. Raises FORM-UNKNOWN."""
        for form in reversed(self.versions.get(code, ())):
            if version is None or form.version == version:
                return form
        named = code if version is None else f"{code} 第 {version} 版"
        raise FormError("FORM-UNKNOWN", f"没有表式 {named}")

    def newest(self) -> tuple[Form, ...]:
        return tuple(versions[-1] for versions in self.versions.values())


def collect(forms: Iterable[Form]) -> Registry:
    """A registry of forms. Raises FORM-DUPLICATE-VERSION if a version has two definitions."""
    found: dict[tuple[str, int], Form] = {}
    for form in forms:
        known = found.setdefault((form.code, form.version), form)
        if known.digest != form.digest:
            where = f"{known.source} {form.source}"
            raise FormError("FORM-DUPLICATE-VERSION", f"{form.key} 有两个不同的定义", where)
    versions: dict[str, tuple[Form, ...]] = {}
    for code, version in sorted(found):
        versions[code] = (*versions.get(code, ()), found[code, version])
    return Registry(versions, {form.digest: form for form in found.values()})


# Definitions of other kinds that may lie beside grids; what is no YAML the loader tells.
OTHERS = ("record", "procedure")
_EMPTY = Registry({}, {})
_loaded = _EMPTY


def definition_files(paths: Iterable[Path]) -> list[Path]:
    """The YAML files named, and the grid forms directly in the folders named, in a stable order."""
    files: list[Path] = []
    for path in paths:
        inside = sorted(path.glob("*.yaml")) if path.is_dir() else []
        files += [file for file in inside if top_key(file) not in OTHERS]
        files += [] if path.is_dir() else [path]
    return files


def load_all(paths: Iterable[Path]) -> Registry:
    """Reads every form under the paths and makes them the process's registry."""
    global _loaded  # noqa: PLW0603  the one place where the loaded pack is kept
    _loaded = collect(loader.load(path) for path in definition_files(paths))
    return _loaded


def loaded() -> Registry:
    return _loaded


def get(code: str, version: int | None = None) -> Form:
    """A form of the loaded registry. Raises FORM-UNKNOWN."""
    return _loaded.get(code, version)
