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


def _form(path: Path) -> Iterator[tuple[str, str]]:
    from ortoo.kernel.forms.lint import lint_all

    for issue in lint_all([path]):
        yield issue.code, f"{issue.code} {issue.where}：{issue.message}"


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
    yield "UNKNOWN-DEFINITION", f"{path.name} 不是表式、地区包、法定参数或对照文件"


FORMS = Kind("表式", "forms", _form)
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
        return FORMS
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
    return PROFILES if "columns" in top or "profile" in top else UNKNOWN


def shipped() -> Iterator[tuple[Path, Kind]]:
    """Every definition in the package, and the layers when there is a checkout around it."""
    for pattern in (
        "**/forms/*.yaml",
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


def run(arguments: argparse.Namespace) -> int:
    """Check everything, or what is named; 1 if anything is wrong, 2 if a path is not there."""
    paths = [Path(text) for text in arguments.path]
    missing = [str(path) for path in paths if not path.exists()]
    if missing:
        print(f"找不到 not found: {'、'.join(missing)}", file=sys.stderr)
        return 2
    files = list(named(path.resolve() for path in paths) if paths else shipped())
    findings: list[Finding] = []
    for path, kind in files:
        found = inspected(path, kind)
        findings += found
        if not arguments.json:
            say(kind, path, found)
    across = list(together(files))
    findings += across
    if arguments.json:
        report = {"files": len(files), "findings": [asdict(finding) for finding in findings]}
        print(json.dumps(report, ensure_ascii=False))
    else:
        for finding in across:
            print(f"✗ {finding.file}\n    {finding.message}")
        verdict = f"发现 {len(findings)} 处 findings" if findings else "全部通过 all good"
        print(f"{len(files)} 个定义 definitions：{verdict}")
    return 1 if findings else 0


def say(kind: Kind, path: Path, found: Sequence[Finding]) -> None:
    """One line a file, and one under it for each finding."""
    print(f"{f'✗ {len(found)}' if found else '✓'} {kind.zh} {kind.en}  {shown(path)}")
    for finding in found:
        print(f"    {finding.message}")
