"""Homes 主办实例: each thread has one, and only what its log includes counts (Law 14).

Where a thread's home is elsewhere, its opening came by relay and its line here says `home: <origin
of that log>`. What stands here is then a copy: it moves only by filings relayed from the home,
which judged them. A party here that has something to say to such a thread files K-SEND 转送: a
statement in this log, of one filing for elsewhere. It moves nothing here; the home files it, its
log includes it, and it comes back like everything else.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ortoo.kernel.filings.behaviour import JsonObject, RecordBehaviour, behaviour_of, register
from ortoo.kernel.filings.draft import Draft, Entry
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.seal.note import NoteError, VerifierKey
from ortoo.kernel.threads.procedure import ThreadLine

# Filings passed on from the log that holds them, and filings that a party elsewhere sent here.
RELAY, SENT = "relay:", "sent:"
SEND = "K-SEND"
INSTANCES = "relay.toml"
LONGEST_ORIGIN = 60
_HEX = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Instance:
    """Another installation: its log's origin and keys, and the parties that are at home there."""

    origin: str
    keys: tuple[VerifierKey, ...]
    parties: frozenset[str]


@dataclass(frozen=True, slots=True)
class Instances:
    """The other installations this one exchanges filings with."""

    known: tuple[Instance, ...] = ()

    def at(self, origin: str) -> Instance | None:
        return next((one for one in self.known if one.origin == origin), None)

    def of(self, party: str) -> Instance | None:
        """Where a party is at home; None for here."""
        return next((one for one in self.known if party in one.parties), None)


def instances(path: Path | None = None) -> Instances:
    """From relay.toml of this installation: `[[instance]]` with origin, keys, parties.

    None where there is no file. Refused RELAY-INSTANCES.
    """
    if path is None:
        from django.conf import settings

        path = Path(getattr(settings, "RELAY_INSTANCES", None) or Path(settings.HOME) / INSTANCES)
    if not path.exists():
        return Instances()
    try:
        rows = tomllib.loads(path.read_text("utf-8")).get("instance", [])
        known = tuple(_instance(row) for row in rows)
    except (tomllib.TOMLDecodeError, NoteError, KeyError, TypeError, ValueError) as error:
        raise _misread(path.name, str(error)) from error
    for names in ([o.origin for o in known], [p for one in known for p in one.parties]):
        if len(set(names)) != len(names):
            raise _misread(path.name, "一个实例或一个单位写了两次")
    return Instances(known)


def _instance(row: Mapping[str, object]) -> Instance:
    origin, keys, parties = row["origin"], row["keys"], row["parties"]
    if not (isinstance(origin, str) and isinstance(keys, list) and isinstance(parties, list)):
        raise TypeError("origin、keys、parties 的类型不对")
    if not 0 < len(origin) <= LONGEST_ORIGIN:
        raise ValueError(f"origin 应为 1—{LONGEST_ORIGIN} 字")
    found = tuple(VerifierKey.parse(str(key)) for key in keys)
    if any(key.name != origin for key in found):
        raise ValueError(f"公钥的名称应为 {origin}")
    return Instance(origin, found, frozenset(str(party) for party in parties))


def _misread(name: str, why: str) -> Refused:
    return Refused("RELAY-INSTANCES", f"{name}：{why}。", "请核对交换对象名单。", 503)


# --- whose thread it is: pure ----------------------------------------------------------------


def home_of(lines: Sequence[ThreadLine]) -> str | None:
    """The origin of a thread's home, "" where it is here; None while it is not open."""
    for line in lines:
        if line.kind == "open":
            return str(line.detail.get("home", ""))
    return None


def origin_of(draft: Draft) -> str:
    """The log that passed this filing on as its own; "" for everything that is filed here first."""
    relayed = draft.mode == "relay" and draft.actor.startswith(RELAY)
    return draft.actor.removeprefix(RELAY) if relayed else ""


def admit_home(lines: Sequence[ThreadLine], draft: Draft) -> Refused | None:
    """Refused THREAD-ELSEWHERE where a thread whose home is elsewhere is told something here."""
    home = home_of(lines)
    if not home or origin_of(draft) == home:
        return None
    return Refused(
        "THREAD-ELSEWHERE",
        f"该案卷由“{home}”主办，本机只存副本，不能直接记入。",
        "请用“转送”（K-SEND）送交主办实例；主办实例收下并转回后即行生效。",
        409,
        rule="LAW-14",
    )


def judged_at_home(lines: Sequence[ThreadLine], draft: Draft, entry: Entry) -> bool:
    """Whether the thread's home has admitted this entry already, by its own clock and register."""
    origin, home = origin_of(draft), home_of(lines)
    return bool(origin) and (home == origin or (home is None and entry.kind == "open"))


def placed(entries: Iterable[Entry], draft: Draft) -> tuple[Entry, ...]:
    """What a filing says, the home named where an opening was passed on from elsewhere."""
    origin = origin_of(draft)
    if not origin:
        return tuple(entries)
    return tuple(
        replace(entry, detail={**entry.detail, "home": origin}) if entry.kind == "open" else entry
        for entry in entries
    )


# --- saying something to a thread elsewhere --------------------------------------------------


def sending(draft: Draft, *, to: str, supersedes: str = "") -> Draft:
    """`draft` as a statement for elsewhere: the same words of the same party, in a K-SEND.

    `to` is the party it is sent to, at home where the thread is; `supersedes` the key here of the
    copy that the statement corrects (as relayed: `origin#seq`).
    """
    behaviour = behaviour_of(draft.form, draft.version)
    body: dict[str, object] = {
        "to": to,
        "form": draft.form,
        "version": behaviour.version,
        "digest": behaviour.digest.hex(),
        "body": json.loads(behaviour.encode(draft.body)),
    }
    if supersedes:
        body["supersedes"] = supersedes
    return replace(draft, form=SEND, version=None, body=body, supersedes=None)


def _validate(body: JsonObject) -> Iterator[str]:
    needed = {"to": str, "form": str, "version": int, "digest": str, "body": dict}
    for name, kind in needed.items():
        if type(body.get(name)) is not kind:
            yield f"字段「{name}」缺失或类型不符"
    for name in sorted(set(body) - needed.keys() - {"supersedes"}):
        yield f"不认识的字段「{name}」"
    if not isinstance(body.get("supersedes", ""), str):
        yield "字段「supersedes」应为件的标识"
    if not _HEX.fullmatch(str(body.get("digest"))):
        yield "字段「digest」应为 64 位十六进制数"
    if not 0 < len(str(body.get("to"))) <= 40 or not 0 < len(str(body.get("form"))) <= 40:
        yield "收件单位与表号应为 1—40 字"


def _addressee(draft: Draft, body: JsonObject) -> Iterable[str]:
    yield str(body["to"])


def register_relay_forms() -> None:
    """Make K-SEND fileable."""
    register(RecordBehaviour(SEND, 1, _validate, address=_addressee))
