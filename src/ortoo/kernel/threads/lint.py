"""Finds in a procedure 办理规程 what would leave a matter hanging, before anyone files under it.

`lint` looks at one definition; `lint_all` reads files, so that each finding names its line. What a
procedure refers to (forms, calendars, regulations, other procedures) is looked up in a `Library`;
a part of it that is None is not checked. `findings.CODES` lists what can be found.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ortoo.kernel.forms.definition import FormError
from ortoo.kernel.forms.fields import Fields
from ortoo.kernel.forms.loader import read_yaml
from ortoo.kernel.threads import lint_steps, loader
from ortoo.kernel.threads.definition import Cause, ProcedureDefinition, ProcedureError
from ortoo.kernel.threads.findings import Bench, Library, ProcedureIssue
from ortoo.kernel.threads.reach import can_end, decidable, reach, waits_for
from ortoo.kernel.threads.yaml_lines import NOWHERE, Lines, lines_of


def lint(
    definition: ProcedureDefinition,
    library: Library | None = None,
    *,
    lines: Lines = NOWHERE,
    raw: Mapping[str, Any] | None = None,
) -> list[ProcedureIssue]:
    """All findings of one definition, by line. `raw` is its mapping as written, where there is one.

    The definition need not have passed the loader's own checks of references.
    """
    bench = Bench(
        definition,
        library or Library(),
        lines,
        raw or {},
        reach(definition),
        {step.code: (place, step) for place, step in enumerate(definition.steps)},
        {join.code: place for place, join in enumerate(definition.joins)},
    )
    issues = [issue for rule in _RULES for issue in rule(bench)]
    return sorted(issues, key=lambda issue: issue.line)


def lint_text(text: str, library: Library | None = None, *, name: str = "") -> list[ProcedureIssue]:
    """All findings of one file's text; what the loader itself refuses is one of them."""
    lines = lines_of(text)
    try:
        raw = read_yaml(text)
        definition = loader._procedure(Fields(raw, str(raw.get("procedure", name))), name)
    except (FormError, ProcedureError) as error:
        return [_refused(error, name, lines)]
    issues = lint(definition, library, lines=lines, raw=raw)
    if not issues:
        try:
            loader.parse(raw, source=name)
        except ProcedureError as error:
            issues = [_refused(error, definition.key, lines)]
    return [replace(issue, file=name) for issue in issues]


def lint_all(paths: Iterable[Path], library: Library | None = None) -> list[ProcedureIssue]:
    """Findings of every file, and of the files together. The named ones are in the library too."""
    files = list(paths)
    known, twice = collect(files)
    base = library or Library()
    others = dict(base.procedures or {})
    for code, versions in known.items():
        digests = {version.digest for version in versions}
        others[code] = (*(v for v in others.get(code, ()) if v.digest not in digests), *versions)
    base = replace(base, procedures=others)
    issues = [
        issue
        for path in files
        for issue in lint_text(path.read_text(encoding="utf-8"), base, name=str(path))
    ]
    return issues + twice


def collect(
    paths: Iterable[Path],
) -> tuple[dict[str, tuple[ProcedureDefinition, ...]], list[ProcedureIssue]]:
    """Procedures that can be read, by code, and versions of one number that differ."""
    found: dict[str, dict[int, ProcedureDefinition]] = {}
    twice: list[ProcedureIssue] = []
    for path in paths:
        try:
            read = loader.load(path)
        except (ProcedureError, OSError, UnicodeDecodeError):
            continue
        first = found.setdefault(read.code, {}).setdefault(read.version, read)
        if first.digest != read.digest:
            message = f"与 {first.source} 的同一版本内容不同"
            remedy = "已启用的版本不能改动，请用新的版本号"
            issue = ProcedureIssue("PROC-VERSION-TWICE", read.key, "version", message, remedy)
            line = lines_of(path.read_text(encoding="utf-8")).at("version")
            twice.append(replace(issue, line=line, file=str(path)))
    return {code: tuple(v[n] for n in sorted(v)) for code, v in found.items()}, twice


def _refused(error: FormError | ProcedureError, name: str, lines: Lines) -> ProcedureIssue:
    code = error.code.replace("FORM-", "PROC-", 1)
    return ProcedureIssue(
        code, name, error.where or name, error.message, "按规程格式改正", lines.at()
    )


# --- joins -------------------------------------------------------------------------------------


def _joins(bench: Bench) -> Iterator[ProcedureIssue]:
    for place, join in enumerate(bench.definition.joins):
        path = ("joins", place)
        if join.policy == "quorum" and not 1 <= join.quorum <= len(join.of):
            message = f"要 {join.quorum} 票，只有 {len(join.of)} 个环节"
            yield bench.issue(
                "PROC-JOIN-QUORUM", join.code, message, "改正 quorum", *path, "quorum"
            )
        for member in join.of:
            yield from _member(bench, join.code, member, *path, "of")


def _member(bench: Bench, join: str, member: str, *path: str | int) -> Iterator[ProcedureIssue]:
    if member not in bench.steps:
        message = f"汇合的环节“{member}”不存在"
        yield bench.issue("PROC-JOIN-UNKNOWN", join, message, "改正 of 的代码", *path)
        return
    step = bench.steps[member][1]
    if join in waits_for(bench.definition, member):
        message = f"环节“{member}”要等这个汇合之后才开始，汇合等不到它"
        yield bench.issue("PROC-JOIN-LATE", join, message, "把它从 of 或 needs 中去掉", *path)
    elif not decidable(bench.definition, step) or not bench.found.closes(member):
        message = f"环节“{member}”没有人能作出决定，汇合等不到它"
        remedy = "补办理角色和表式，或让它能够开始"
        yield bench.issue("PROC-JOIN-UNDECIDED", join, message, remedy, *path)


# --- ends --------------------------------------------------------------------------------------


def _ends(bench: Bench) -> Iterator[ProcedureIssue]:
    definition = bench.definition
    for place, end in enumerate(definition.ends):
        path = ("ends", place)
        broken = False
        for cause in end.on:
            for code, message in _cause(bench, cause.of, cause.outcome):
                broken = True
                yield bench.issue(code, end.code, message, "改正 when", *path, "when")
        for code in end.until:
            if code not in bench.steps:
                message = f"until 的环节“{code}”不存在"
                yield bench.issue("PROC-END-UNKNOWN", end.code, message, "改正 until", *path)
        if not broken and not can_end(definition, bench.found, end):
            message = f"办结方式“{end.code}”永远不会发生"
            remedy = "通过用 released，不予通过用 refused，并核对 when"
            yield bench.issue("PROC-END-UNREACHABLE", end.code, message, remedy, *path)
    yield from _stuck(bench)


def _cause(bench: Bench, of: str, outcome: str) -> Iterator[tuple[str, str]]:
    if not bench.knows(of):
        yield "PROC-END-UNKNOWN", f"when 的“{of}”不是环节或汇合"
    elif outcome:
        step = bench.steps[of][1] if of in bench.steps else None
        if step is None or outcome not in {found.code for found in step.outcomes}:
            yield "PROC-OUTCOME-UNKNOWN", f"“{of}”没有结论“{outcome}”"


def _stuck(bench: Bench) -> Iterator[ProcedureIssue]:
    """A refusal that neither ends the matter nor is gathered by a join leaves it open for ever."""
    definition = bench.definition
    joined = {member for join in definition.joins for member in join.of}
    ending = {cause for end in definition.ends if end.kind == "refused" for cause in end.on}
    for code in sorted(bench.found.refused - joined):
        section = "joins" if code in bench.joins else "steps"
        place = bench.joins[code] if code in bench.joins else bench.steps[code][0]
        outcomes = [] if code in bench.joins else bench.steps[code][1].outcomes
        refusals = [outcome.code for outcome in outcomes if outcome.kind == "negative"]
        for outcome in refusals or [""]:
            if not ending & {Cause(code), Cause(code, outcome)}:
                message = "不予通过之后没有汇合，也没有办结方式，案卷会一直挂着"
                remedy = "在 ends 写一个 refused 的办结方式"
                where = f"{code}:{outcome}" if outcome else code
                yield bench.issue("PROC-REFUSAL-STUCK", where, message, remedy, section, place)


# --- the whole ---------------------------------------------------------------------------------


def _whole(bench: Bench) -> Iterator[ProcedureIssue]:
    definition, library = bench.definition, bench.library
    if definition.home not in bench.roles:
        message = f"home 的角色“{definition.home}”没有列入 agencies"
        yield bench.issue("PROC-ROLE-UNKNOWN", "home", message, "改正 home", "home")
    if library.calendars is not None and not library.calendars(definition.calendar):
        message = f"没有工作日历“{definition.calendar}”"
        remedy = "改正 calendar，或补日历文件"
        yield bench.issue("PROC-CALENDAR-UNKNOWN", "calendar", message, remedy, "calendar")
    for form in definition.opens_with:
        if library.forms is not None and form not in library.forms:
            message = f"没有表式“{form}”"
            yield bench.issue(
                "PROC-FORM-UNKNOWN", "opens_with", message, "改正代码，或补表式", "opens_with"
            )
    for place, link in enumerate(definition.links):
        if library.procedures is not None and link.procedure not in library.procedures:
            message = f"没有规程“{link.procedure}”"
            yield bench.issue("PROC-LINK-UNKNOWN", "links", message, "改正 links", "links", place)


_RULES = (lint_steps.steps, lint_steps.clocks, _joins, _ends, _whole)
