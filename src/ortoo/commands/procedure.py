"""`./ortoo procedure`: a procedure 办理规程 as a diagram in the terminal or as SVG, or its check.

No database and no Django: what is shown is what the files say.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse
    from collections.abc import Container, Iterable, Iterator, Mapping

    from ortoo.commands.check import Kind
    from ortoo.kernel.forms.record_definition import RecordForm
    from ortoo.kernel.threads.definition import ProcedureDefinition
    from ortoo.kernel.threads.findings import Decides, Library


def run(arguments: argparse.Namespace) -> int:
    """List procedures, draw one, or check one; 2 where there is none of that name."""
    if not arguments.name:
        return _list()
    path = _file_of(arguments.name)
    if path is None:
        print(f"没有办理规程 no procedure: {arguments.name}", file=sys.stderr)
        return 2
    if arguments.check:
        return _check(path)
    return _draw(path, arguments.svg)


def shipped() -> dict[Path, ProcedureDefinition | None]:
    """Procedure files of the package; None for one that cannot be read."""
    from ortoo.commands import check
    from ortoo.kernel.threads.definition import ProcedureError
    from ortoo.kernel.threads.loader import load

    found: dict[Path, ProcedureDefinition | None] = {}
    for path, kind in check.shipped():
        if kind is check.PROCEDURES:
            try:
                found[path] = load(path)
            except ProcedureError:
                found[path] = None
    return found


def _list() -> int:
    from ortoo.commands.check import shown

    for path, definition in shipped().items():
        if definition is None:
            print(f"✗ {shown(path)}")
        else:
            print(f"{definition.key:24} {definition.title['zh']}  {shown(path)}")
    return 0


def _file_of(name: str) -> Path | None:
    """A path, or the newest version of a code (`CODE` or `CODE@VERSION`)."""
    if name.endswith((".yaml", ".yml")):
        return Path(name) if Path(name).exists() else None
    code, _, version = name.partition("@")
    found = [
        (definition.version, path)
        for path, definition in shipped().items()
        if definition is not None
        and definition.code == code
        and version in ("", str(definition.version))
    ]
    return max(found)[1] if found else None


def _draw(path: Path, target: str | None) -> int:
    from ortoo.kernel.threads import diagram
    from ortoo.kernel.threads.definition import ProcedureError
    from ortoo.kernel.threads.loader import load

    try:
        definition = load(path)
    except ProcedureError as error:
        print(error, file=sys.stderr)
        return 1
    if target is None:
        print(diagram.text(definition), end="")
        return 0
    Path(target).write_text(diagram.svg(definition, paper=True), encoding="utf-8")
    print(f"已写入 written: {target}")
    return 0


def _check(path: Path) -> int:
    from ortoo.commands import check
    from ortoo.kernel.threads.lint import lint_text

    library = library_of({**dict(check.shipped()), path: check.PROCEDURES})
    issues = lint_text(path.read_text(encoding="utf-8"), library, name=path.name)
    for issue in issues:
        print(f"✗ {issue}")
    print(f"发现 {len(issues)} 处 findings" if issues else "✓ 全部通过 all good")
    return 1 if issues else 0


# --- what procedures may refer to ----------------------------------------------------------------


def library_of(files: Mapping[Path, Kind]) -> Library:
    """Forms, calendars, regulations and procedures of definition files, as a lint needs them."""
    from ortoo.commands import check
    from ortoo.kernel.threads.findings import Library
    from ortoo.kernel.threads.lint import collect

    def whole(kind: Kind) -> list[Path]:
        return [p for p, k in files.items() if k is kind and not check.inspected(p, kind)]

    procedures, _ = collect(whole(check.PROCEDURES))
    forms = dict(_kernel_forms(procedures.values()))
    forms |= {code: () for code in _grid_codes(whole(check.FORMS))}
    forms |= _record_forms(whole(check.RECORDS))
    calendars = _calendars(whole(check.CALENDARS))
    return Library(
        forms=forms,
        calendars=lambda code: code in calendars,
        regulations=frozenset(_regulations(whole(check.REGULATIONS))),
        procedures=procedures,
    )


def _kernel_forms(
    procedures: Iterable[tuple[ProcedureDefinition, ...]],
) -> Iterator[tuple[str, tuple[Decides, ...]]]:
    """The kernel's own forms that procedures name; only K-DECIDE decides."""
    from ortoo.kernel.filings.behaviour import behaviour_of
    from ortoo.kernel.filings.refusal import Refused
    from ortoo.kernel.threads.control import register_control_forms
    from ortoo.kernel.threads.findings import ANYTHING
    from ortoo.kernel.threads.steps import register_step_forms

    register_control_forms()
    register_step_forms()
    definitions = [definition for versions in procedures for definition in versions]
    named = {form for d in definitions for step in d.steps for form in step.forms}
    for code in sorted(named | {form for d in definitions for form in d.opens_with}):
        try:
            behaviour_of(code)
        except Refused:
            continue
        yield code, ANYTHING if code == "K-DECIDE" else ()


def _grid_codes(paths: Iterable[Path]) -> Iterator[str]:
    from ortoo.kernel.forms.loader import load

    for path in paths:
        yield load(path).code


def _record_forms(paths: Iterable[Path]) -> dict[str, tuple[Decides, ...]]:
    """What any version of a record form can decide."""
    from ortoo.kernel.forms.record_loader import load

    found: dict[str, tuple[Decides, ...]] = {}
    for path in paths:
        form = load(path)
        found[form.code] = (*found.get(form.code, ()), *_decides(form))
    return found


def _decides(form: RecordForm) -> Iterator[Decides]:
    from ortoo.kernel.threads.findings import Decides

    for said in form.says:
        if said.kind == "decide":
            for step in _values(form, said.each, said.detail.get("step", "")):
                for outcome in _values(form, said.each, said.detail.get("outcome", "")):
                    yield Decides(step, outcome)


def _values(form: RecordForm, group: str, template: object) -> tuple[str, ...]:
    """What a template can become: itself, the choices of the one field it is, or anything ("")."""
    text = str(template)
    if "{" not in text:
        return (text,)
    field = form.scope(group).get(text.strip("{}"))
    whole = text.startswith("{") and text.endswith("}") and text.count("{") == 1
    return field.choices if whole and field is not None and field.choices else ("",)


def _calendars(paths: Iterable[Path]) -> Container[str]:
    from ortoo.kernel.threads.calendar_files import Calendars, load_notice
    from ortoo.kernel.threads.workdays import CalendarError

    notices = [load_notice(path) for path in paths]
    try:
        return Calendars(notices)
    except CalendarError:
        return {notice.calendar for notice in notices}


def _regulations(paths: Iterable[Path]) -> Iterator[str]:
    from ortoo.kernel.regulations.regulation import load

    for path in paths:
        yield from load([path])
