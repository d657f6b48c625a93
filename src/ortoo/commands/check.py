"""`./ortoo check`: definitions and layering, each file by itself, without a database.

Each kind of definition is read by the kernel's own loader, imported only when a file of that kind
is there. A file that cannot be read is a finding like any other; the rest is still checked.
"""

from __future__ import annotations

import json
import sys
import tomllib
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

PACKAGE = Path(__file__).resolve().parents[1]
CHECKOUT = PACKAGE.parents[1]
LAYERS = CHECKOUT / "importlinter.ini"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing wrong: the file, a code, and in Chinese what it is and what to do."""

    file: str
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of definition: its words, and how one file of it is inspected."""

    zh: str
    en: str
    inspect: Callable[[Path], Iterator[tuple[str, str]]]
    notes: Callable[[Path], Iterable[str]] = lambda path: ()
    """What is no fault and still should be known: data nobody has verified."""


def _form(path: Path) -> Iterator[tuple[str, str]]:
    from ortoo.kernel.forms.lint import lint_files

    for issue in lint_files([path])[0]:
        yield issue.code, f"{issue.code} {issue.where}：{issue.message}"


def _record(path: Path) -> Iterator[tuple[str, str]]:
    from ortoo.kernel.forms.definition import FormError
    from ortoo.kernel.forms.loader import read_yaml
    from ortoo.kernel.forms.record_lint import lint

    try:
        issues = lint(read_yaml(path.read_text("utf-8")))
    except FormError as error:
        yield error.code, str(error)
        return
    for issue in issues:
        yield issue.code, f"{issue.code} {issue.where}：{issue.message}"


def _procedure(path: Path) -> Iterator[tuple[str, str]]:
    from ortoo.kernel.threads.lint import lint_text

    for issue in lint_text(path.read_text("utf-8"), name=path.name):
        yield issue.code, str(issue)


def _calendar(path: Path) -> Iterator[tuple[str, str]]:
    from ortoo.kernel.threads.calendar_files import load_notice
    from ortoo.kernel.threads.workdays import CalendarError

    try:
        load_notice(path)
    except CalendarError as error:
        yield error.code, str(error)


def _unverified(path: Path) -> tuple[str, ...]:
    from ortoo.kernel.threads.calendar_files import load_notice

    return () if inspected(path, CALENDARS) else load_notice(path).unverified()


def _pack(path: Path) -> Iterator[tuple[str, str]]:
    from ortoo.kernel.places.load import load
    from ortoo.kernel.places.place import PlaceError

    try:
        load(path.parent)
    except PlaceError as error:
        for issue in error.issues:
            yield issue.code, str(issue)


def _regulation(path: Path) -> Iterator[tuple[str, str]]:
    from ortoo.kernel.regulations.regulation import RegulationError, load

    try:
        load([path])
    except RegulationError as error:
        for issue in error.issues:
            yield issue.code, str(issue)


def _limits(path: Path) -> Iterator[tuple[str, str]]:
    from ortoo.kernel.forms.definition import FormError
    from ortoo.kernel.forms.limits import load

    try:
        load(path)
    except FormError as error:
        yield error.code, str(error)


def _profile(path: Path) -> Iterator[tuple[str, str]]:
    from ortoo.connectors.price_files.profile import ProfileError, parse_profile

    try:
        parse_profile(path.read_bytes())
    except ProfileError as error:
        yield from error.faults


def _layering(path: Path) -> Iterator[tuple[str, str]]:
    from ortoo.commands.layering import climbing_imports, layers_of

    for module, line, name in climbing_imports(PACKAGE, layers_of(path)):
        yield "LAYER", f"{shown(module)} 第 {line} 行导入了上层的 {name}"


def _unknown(path: Path) -> Iterator[tuple[str, str]]:
    yield (
        "UNKNOWN-DEFINITION",
        f"{path.name} 不是表式、办理规程、工作日历、地区包、法定参数或对照文件",
    )


FORMS = Kind("表式", "forms", _form)
RECORDS = Kind("记录表式", "record forms", _record)
PROCEDURES = Kind("办理规程", "procedures", _procedure)
CALENDARS = Kind("工作日历", "working calendars", _calendar, _unverified)
PACKS = Kind("地区包", "place packs", _pack)
REGULATIONS = Kind("法定参数", "regulations", _regulation)
LIMITS = Kind("审核界限", "soft limits", _limits)
PROFILES = Kind("对照文件", "profiles", _profile)
LAYERING = Kind("代码分层", "layering", _layering)
UNKNOWN = Kind("不识别", "not recognised", _unknown)


def shown(path: Path) -> str:
    """The path as short as it can be said: from the checkout, if it lies there."""
    return str(path.relative_to(CHECKOUT)) if path.is_relative_to(CHECKOUT) else str(path)


def kind_of(path: Path) -> Kind:
    """What a definition file is, by its name and its top level."""
    if path.suffix in (".yaml", ".yml"):
        return _yaml_kind(path)
    if path.name == "pack.toml":
        return PACKS
    try:
        top = tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        return REGULATIONS if path.parent.name == "regulations" else PROFILES
    if isinstance(top.get("regulation"), list):
        return REGULATIONS
    if "regulation" in top:
        return LIMITS
    if "calendar" in top:
        return CALENDARS
    return PROFILES if "columns" in top or "profile" in top else UNKNOWN


def _yaml_kind(path: Path) -> Kind:
    from ortoo.kernel.forms.record_loader import top_key

    try:
        top = top_key(path)
    except UnicodeDecodeError:
        return FORMS
    return {"record": RECORDS, "procedure": PROCEDURES}.get(top, FORMS)


def shipped() -> Iterator[tuple[Path, Kind]]:
    """Every definition in the package, and the layers when there is a checkout around it."""
    for pattern in (
        "**/forms/*.yaml",
        "**/procedures/*.yaml",
        "**/calendars/*.toml",
        "**/packs/*/pack.toml",
        "**/regulations/*.toml",
        "connectors/*/profiles/*.toml",
    ):
        for path in sorted(PACKAGE.glob(pattern)):
            if "tests" not in path.relative_to(PACKAGE).parts:
                yield path, kind_of(path)
    if LAYERS.exists():
        yield LAYERS, LAYERING


def named(paths: Iterable[Path]) -> Iterator[tuple[Path, Kind]]:
    """The definitions under the paths somebody named."""
    for path in paths:
        if not path.is_dir():
            yield path, kind_of(path)
            continue
        for pattern in ("*.yaml", "*.yml", "*.toml"):
            yield from ((found, kind_of(found)) for found in sorted(path.rglob(pattern)))


@cache
def inspected(path: Path, kind: Kind) -> tuple[Finding, ...]:
    """What is wrong with one file. A loader that breaks is a finding, not an end."""
    try:
        return tuple(Finding(shown(path), code, said) for code, said in kind.inspect(path))
    except ImportError:
        raise
    except Exception as error:
        return (Finding(shown(path), "UNREADABLE", f"不能读取：{type(error).__name__} {error}"),)


def together(files: Iterable[tuple[Path, Kind]]) -> Iterator[Finding]:
    """What no file shows alone: facts asked twice (Law 18), profiles whose items no form has.

    Forms somebody named are held against those that are shipped as well.
    """
    from ortoo.kernel.forms.lint import lint_together
    from ortoo.kernel.forms.loader import load
    from ortoo.kernel.forms.registry import collect

    named_files = list(files)
    everything = {path: kind for path, kind in (*shipped(), *named_files)}
    sources = {}
    for path, kind in everything.items():
        if kind is FORMS and not inspected(path, kind):
            form = load(path)
            sources[form.key] = (path, form)
    registry = collect(form for _, form in sources.values())
    paths = {form.code: path for path, form in sources.values()}
    for issue in lint_together(registry.newest()):
        yield Finding(
            shown(paths[issue.form]), issue.code, f"{issue.code} {issue.where}：{issue.message}"
        )
    units = {
        form.code: {item.code: item.unit for item in form.leaves} for form in registry.newest()
    }
    for path, kind in named_files:
        if kind is PROFILES and not inspected(path, kind):
            for code, message in _items_of(path, units):
                yield Finding(shown(path), code, f"{code} {message}")
    yield from _records_together(everything)
    yield from _calendars_together(everything)
    yield from _procedures_together(everything)


def _of_kind(files: Mapping[Path, Kind], kind: Kind) -> list[Path]:
    """The files of a kind that are whole by themselves."""
    return [path for path, found in files.items() if found is kind and not inspected(path, kind)]


def _records_together(files: Mapping[Path, Kind]) -> Iterator[Finding]:
    from ortoo.kernel.forms.definition import FormError
    from ortoo.kernel.forms.record_lint import lint_together
    from ortoo.kernel.forms.record_loader import load
    from ortoo.kernel.forms.record_registry import collect

    paths = {load(path).code: path for path in _of_kind(files, RECORDS)}
    try:
        newest = {form.code: form for form in collect(map(load, _of_kind(files, RECORDS)))}
    except FormError as error:
        yield Finding(error.where, error.code, str(error))
        return
    for issue in lint_together(newest.values()):
        said = f"{issue.code} {issue.where}：{issue.message}"
        yield Finding(shown(paths[issue.form]), issue.code, said)


def _calendars_together(files: Mapping[Path, Kind]) -> Iterator[Finding]:
    """A year said twice, a notice for a calendar that is not there."""
    from ortoo.kernel.threads.calendar_files import Calendars, load_notice
    from ortoo.kernel.threads.workdays import CalendarError

    try:
        Calendars(load_notice(path) for path in _of_kind(files, CALENDARS))
    except CalendarError as error:
        yield Finding(str(error.message).partition("：")[0], error.code, str(error))


def _procedures_together(files: Mapping[Path, Kind]) -> Iterator[Finding]:
    """What a procedure refers to and is not there, and two files of one version."""
    procedures = _of_kind(files, PROCEDURES)
    if not procedures:
        return
    from ortoo.commands.procedure import library_of
    from ortoo.kernel.threads.lint import lint_all

    for issue in lint_all(procedures, library_of(files)):
        yield Finding(shown(Path(issue.file)), issue.code, str(issue))


def _items_of(path: Path, units: Mapping[str, Mapping[str, str]]) -> Iterator[tuple[str, str]]:
    from ortoo.connectors.price_files.profile import parse_profile

    profile = parse_profile(path.read_bytes())
    if profile.form not in units:
        yield "PROFILE-FORM", f"没有表式 {profile.form}；改正 profile.form"
        return
    for name, (item, unit) in profile.commodities.items():
        if units[profile.form].get(item) != unit:
            yield (
                "PROFILE-COMMODITY",
                f"“{name}”对应的 {item}（{unit}）在 {profile.form} 中没有；改正品种代码或单位",
            )


def say_once(files: Iterable[tuple[Path, Kind]]) -> None:
    """Per form: cells asked, identification left out, known by shares and prefill, the ratio."""
    from ortoo.kernel.forms.loader import load
    from ortoo.kernel.forms.once import once_all
    from ortoo.kernel.forms.registry import collect

    everything = {path: kind for path, kind in (*shipped(), *files)}
    named_forms = {load(path).code for path in _of_kind(dict(files), FORMS)}
    forms = collect(map(load, _of_kind(everything, FORMS))).newest()
    print("一次填报 asked once（识别栏不计 identification left out）")
    for found in once_all(forms):
        if found.form in named_forms:
            print(
                f"  {found.form:14}应填 cells {found.cells}，识别 identification"
                f" {found.identification}，互认 shares {found.shared}，带入 prefill"
                f" {found.prefilled}，已知 known {found.percent}%；接口待接入 waiting"
                f" {found.waiting}，接入后 once connected {found.percent_connected}%"
            )


def run(arguments: argparse.Namespace) -> int:
    """Check everything, or what is named; 1 if anything is wrong, 2 if a path is not there."""
    paths = [Path(text) for text in arguments.path]
    missing = [str(path) for path in paths if not path.exists()]
    if missing:
        print(f"找不到 not found: {'、'.join(missing)}", file=sys.stderr)
        return 2
    files = list(named(path.resolve() for path in paths) if paths else shipped())
    findings: list[Finding] = []
    notes: list[str] = []
    for path, kind in files:
        found = inspected(path, kind)
        findings += found
        noted = tuple(kind.notes(path))
        notes += [f"{shown(path)}：{note}" for note in noted]
        if not arguments.json:
            say(kind, path, found, noted)
    across = list(together(files))
    findings += across
    if arguments.json:
        report = {
            "files": len(files),
            "findings": [asdict(finding) for finding in findings],
            "notes": notes,
        }
        print(json.dumps(report, ensure_ascii=False))
    else:
        for finding in across:
            print(f"✗ {finding.file}\n    {finding.message}")
        verdict = f"发现 {len(findings)} 处 findings" if findings else "全部通过 all good"
        print(f"{len(files)} 个定义 definitions：{verdict}")
        if arguments.once:
            say_once(files)
    return 1 if findings else 0


def say(kind: Kind, path: Path, found: Sequence[Finding], notes: Sequence[str] = ()) -> None:
    """One line a file, and one under it for each finding and note."""
    print(f"{f'✗ {len(found)}' if found else '✓'} {kind.zh} {kind.en}  {shown(path)}")
    for finding in found:
        print(f"    {finding.message}")
    for note in notes:
        print(f"    · {note}")
