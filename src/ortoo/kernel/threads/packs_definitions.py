"""What is in the files of a pack: definitions with their codes, versions and digests."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass

from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.forms.definition import Form, FormError
from ortoo.kernel.forms.loader import parse as parse_form
from ortoo.kernel.forms.loader import read_yaml
from ortoo.kernel.forms.record_definition import RecordForm
from ortoo.kernel.forms.record_loader import parse as parse_record
from ortoo.kernel.regulations.regulation import Regulation, RegulationError, Regulations
from ortoo.kernel.regulations.regulation import parse as parse_regulations
from ortoo.kernel.threads.calendar_files import Notice, parse_notice
from ortoo.kernel.threads.definition import ProcedureDefinition, ProcedureError
from ortoo.kernel.threads.loader import parse as parse_procedure
from ortoo.kernel.threads.packs_list import PackFile, refusal
from ortoo.kernel.threads.workdays import CalendarError

# The kernel's own forms are code: no pack may bring another version of one.
RESERVED = "K-"
_TOP = re.compile(r"^(form|record|procedure)\s*:", re.MULTILINE)
Made = Form | RecordForm | ProcedureDefinition | Notice | Regulation


@dataclass(frozen=True, slots=True)
class Definition:
    """One definition; `version` is 0 for dated data (regulations and calendars)."""

    kind: str
    code: str
    version: int
    digest: bytes
    path: str
    made: Made

    @property
    def key(self) -> tuple[str, str, int]:
        return self.kind, self.code, self.version


def kind_of(path: str, content: bytes) -> str:
    """What a file is, by its ending and top keys. Refused PACK-KIND."""
    text = _text(path, content)
    if path.endswith((".yaml", ".yml")):
        found = _TOP.search(text)
        if found:
            return found[1]
    if path.endswith(".toml"):
        try:
            keys = tomllib.loads(text).keys()
        except tomllib.TOMLDecodeError:
            keys = {}.keys()
        if "regulation" in keys:
            return "regulation"
        if "calendar" in keys:
            return "calendar"
    raise refusal(
        "PACK-KIND",
        f"“{path}”不是表式、记录表式、办理规程、法定参数或工作日历。",
        "请从定义包中去掉这个文件，或改正其首部。",
    )


def definitions(files: Iterable[PackFile]) -> tuple[Definition, ...]:
    """Every definition of the files, each known once.

    Refused PACK-KIND, PACK-DEFINITION, PACK-RESERVED or PACK-TWICE.
    """
    found: dict[tuple[str, str, int], Definition] = {}
    for file in files:
        if kind_of(file.path, file.content) != file.kind:
            raise refusal(
                "PACK-KIND", f"“{file.path}”不是清单所写的 {file.kind}。", "请重新制作定义包。"
            )
        for one in _parsed(file):
            if one.version and one.code.startswith(RESERVED):
                raise refusal(
                    "PACK-RESERVED",
                    f"{one.code} 是系统自带的表式，不能由定义包提供。",
                    "请改用其他表号。",
                )
            if one.key in found and one.kind != "calendar":
                paths = f"{found[one.key].path} 与 {one.path}"
                raise refusal(
                    "PACK-TWICE",
                    f"{one.code} 第 {one.version} 版在 {paths} 中各有一个。",
                    "同一版本只写一处。",
                )
            found[one.key] = one
    return tuple(found.values())


def _text(path: str, content: bytes) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise refusal("PACK-DEFINITION", f"“{path}”不是 UTF-8 文本。", "请转换编码。") from error


def _parsed(file: PackFile) -> tuple[Definition, ...]:
    name = file.path.rsplit("/", 1)[-1]
    try:
        return _made(file, _text(file.path, file.content), name)
    except (FormError, ProcedureError, CalendarError, RegulationError) as error:
        raise refusal(
            "PACK-DEFINITION",
            f"“{file.path}”不能使用：{error}",
            "请发布单位用 ./ortoo check 校验后重新制作。",
        ) from error


def _made(file: PackFile, text: str, name: str) -> tuple[Definition, ...]:
    digest = bytes.fromhex(file.sha256)
    if file.kind == "form":
        form = parse_form(read_yaml(text), source=name)
        return (Definition("form", form.code, form.version, form.digest, file.path, form),)
    if file.kind == "record":
        record = parse_record(read_yaml(text), file=name)
        return (
            Definition("record", record.code, record.version, record.digest, file.path, record),
        )
    if file.kind == "procedure":
        made = parse_procedure(read_yaml(text), source=name)
        return (Definition("procedure", made.code, made.version, made.digest, file.path, made),)
    if file.kind == "regulation":
        rows = Regulations(parse_regulations(text, name)).values()
        return tuple(Definition("regulation", r.code, 0, digest, file.path, r) for r in rows)
    notice = parse_notice(tomllib.loads(text), name)
    return (Definition("calendar", notice.calendar, 0, digest, file.path, notice),)


def conflict(definition: Definition, known: bytes) -> Refused:
    """The refusal of a version that is known here with another digest."""
    return refusal(
        "PACK-CONFLICT",
        f"{definition.code} 第 {definition.version} 版在本机已有另一个定义"
        f"（本机 {known.hex()[:12]}，包内 {definition.digest.hex()[:12]}）。",
        "同一版本号不得有两个定义：请发布单位改用新的版本号。",
    )
