"""All versions of all record forms of this instance; none is ever dropped (law 13)."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ortoo.kernel.filings.behaviour import behaviour_of, register
from ortoo.kernel.forms.definition import FormError
from ortoo.kernel.forms.record_behaviour import RecordFormBehaviour
from ortoo.kernel.forms.record_definition import RecordForm
from ortoo.kernel.forms.record_loader import load, top_key


def record_files(paths: Iterable[Path]) -> list[Path]:
    """The YAML files named, and those directly in the folders named, that define records."""
    files: list[Path] = []
    for path in paths:
        found = sorted(path.glob("*.yaml")) if path.is_dir() else [path]
        files += [file for file in found if top_key(file) == "record"]
    return files


def collect(forms: Iterable[RecordForm]) -> list[RecordForm]:
    """By code and version. FORM-DUPLICATE-VERSION if a version has two definitions."""
    found: dict[tuple[str, int], RecordForm] = {}
    for form in forms:
        known = found.setdefault((form.code, form.version), form)
        if known.digest != form.digest:
            where = f"{known.file} {form.file}"
            raise FormError("FORM-DUPLICATE-VERSION", f"{form.key} 有两个不同的定义", where)
    return [found[key] for key in sorted(found)]


_registered: dict[tuple[str, int], RecordForm] = {}


def registered() -> tuple[RecordForm, ...]:
    """Every version of every record form registered in this process."""
    return tuple(_registered[key] for key in sorted(_registered))


def register_record_forms(folders: Iterable[Path]) -> list[RecordForm]:
    """Make every version of every record form in the folders fileable."""
    forms = collect(load(path) for path in record_files(folders))
    for form in forms:
        register(RecordFormBehaviour(form))
        _registered[form.code, form.version] = form
    return forms


def record_form(code: str, version: int | None = None) -> RecordForm:
    """A registered record form, the newest if no version is named. Refused FORM-UNKNOWN."""
    behaviour = behaviour_of(code, version)
    if not isinstance(behaviour, RecordFormBehaviour):
        raise FormError("FORM-UNKNOWN", f"{code} 不是记录表式")
    return behaviour.form
