"""Which version of a definition is in force: activated by a filing, pinned by what began under it.

Definitions come with the code or in a pack, all versions kept; none of them acts by being there
(Law 13). K-ACTIVATE says from which day a version is in force, by its digest, so that another file
under the same number activates nothing. A period pins the version at its opening, a thread at its
first filing; corrections use the pinned one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from ortoo.kernel.filings import read
from ortoo.kernel.filings.behaviour import JsonObject, RecordBehaviour, behaviour_of, register
from ortoo.kernel.filings.draft import Draft, Entry, Receipt
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.filings.write import file

SYSTEM = "SYSTEM"
FORM, PROCEDURE = "form", "procedure"
KINDS = (FORM, PROCEDURE)
DIGEST = re.compile(r"[0-9a-f]{64}")

_DIGESTS: dict[str, Callable[[str, int], bytes]] = {
    FORM: lambda code, version: behaviour_of(code, version).digest
}


def register_digests(kind: str, digest_of: Callable[[str, int], bytes]) -> None:
    """How the digest of a loaded definition of `kind` is had; it raises Refused when unknown."""
    _DIGESTS[kind] = digest_of


def thread_of(kind: str, code: str) -> str:
    """Key of the thread on which a definition's activations stand."""
    return f"K-ACTIVATE|{kind}|{code}"


def _validate(body: JsonObject) -> Iterator[str]:
    for name in sorted(set(body) ^ {"kind", "code", "version", "digest", "from", "pack"}):
        yield f"字段「{name}」{'不认识' if name in body else '缺失'}"
    if body.get("kind") not in KINDS:
        yield f"种类应为 {'、'.join(KINDS)}"
    code, version, digest = body.get("code"), body.get("version"), body.get("digest")
    if not isinstance(code, str) or not 0 < len(code) <= 40 or "|" in code:
        yield "定义代码应为 1—40 字"
    if type(version) is not int or not 0 < version < 100_000:
        yield "版本应为正整数"
    if not isinstance(digest, str) or not DIGEST.fullmatch(digest):
        yield "定义摘要应为 64 位十六进制数"
    if not isinstance(body.get("pack"), str) or len(str(body.get("pack"))) > 200:
        yield "定义包名称不超过 200 字"
    try:
        date.fromisoformat(str(body.get("from")))
    except ValueError:
        yield "启用日期应为 YYYY-MM-DD"


def _entries(draft: Draft, body: JsonObject) -> Iterable[Entry]:
    detail = {name: body[name] for name in ("version", "digest", "from")}
    yield Entry(thread_of(str(body["kind"]), str(body["code"])), "activate", detail)


@dataclass(frozen=True)
class ActivationBehaviour(RecordBehaviour):
    """K-ACTIVATE: refused when what is loaded here is not what is being activated."""

    def check_draft(self, draft: Draft, data: bytes) -> None:
        """Refused ACTIVATE-UNKNOWN or ACTIVATE-DIGEST."""
        body = json.loads(data)
        kind, code, version = str(body["kind"]), str(body["code"]), int(body["version"])
        try:
            digest = _DIGESTS[kind](code, version).hex()
        except (KeyError, Refused) as error:
            raise Refused(
                "ACTIVATE-UNKNOWN",
                f"本机没有 {code} 第 {version} 版的定义。",
                "请先装入定义包（./ortoo pack load）再启用。",
                404,
            ) from error
        if digest != body["digest"]:
            raise Refused(
                "ACTIVATE-DIGEST",
                f"{code} 第 {version} 版的定义与所写摘要不符。",
                "请核对定义包；同一版本号不得有两个定义。",
                409,
            )


def active_version(
    code: str, on: date, *, kind: str = FORM, as_of: int | None = None
) -> int | None:
    """The version in force on a day: of those activated from that day or before, the last filed.

    None where nothing was ever activated.
    """
    thread = thread_of(kind, code)
    in_force = [
        int(str(line.detail["version"]))
        for line in read.thread_lines([thread])[thread]
        if str(line.detail["from"]) <= on.isoformat() and (as_of is None or line.seq <= as_of)
    ]
    return in_force[-1] if in_force else None


def activate(
    *, code: str, version: int, from_day: date, filer: str, actor: str, now_ms: int,
    kind: str = FORM, pack: str = "",
) -> Receipt:  # fmt: skip
    """File that a version is in force from a day on."""
    try:
        digest = _DIGESTS[kind](code, version).hex()
    except KeyError as error:
        raise Refused("ACTIVATE-UNKNOWN", f"不认识的定义种类「{kind}」。", "请核对。") from error
    body = {
        "kind": kind, "code": code, "version": version, "digest": digest,
        "from": from_day.isoformat(), "pack": pack,
    }  # fmt: skip
    return file(
        Draft(
            "K-ACTIVATE", filer, actor, f"activate:{kind}:{code}:{version}:{from_day.isoformat()}",
            body, now_ms, mode="system" if filer == SYSTEM else "own",
        ),
        now_ms=now_ms,
    )  # fmt: skip


def version_at(code: str, on: date, newest: int, *, now_ms: int, kind: str = FORM) -> int:
    """The version in force on a day; at the very first use the shipped `newest` is activated.

    From then on a newer file does nothing until somebody activates it.
    """
    found = active_version(code, on, kind=kind)
    if found is None:
        if not read.thread_lines([thread_of(kind, code)])[thread_of(kind, code)]:
            activate(
                code=code, version=newest, from_day=date.min, filer=SYSTEM, actor=SYSTEM,
                now_ms=now_ms, kind=kind, pack="shipped",
            )  # fmt: skip
        found = newest
    return found


def register_activation() -> None:
    """Make K-ACTIVATE fileable."""
    register(ActivationBehaviour("K-ACTIVATE", 1, _validate, _entries))
