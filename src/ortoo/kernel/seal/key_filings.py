"""K-KEY 密钥报件: what became of each signing key, on the log itself.

`signing.json` in the keys folder is what this machine works with; the log says to everybody when a
key was created, retired, lost or revoked. A change is made in the keys folder first, so that a
stolen key stops at once, and filed then; what a crash left unfiled `file_history` files later with
the same times and reason. `compare_history` finds where the two disagree.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ortoo.kernel.filings import read
from ortoo.kernel.filings.behaviour import JsonObject, RecordBehaviour, register
from ortoo.kernel.filings.draft import Draft, Entry, Receipt
from ortoo.kernel.filings.write import file_many
from ortoo.kernel.seal.keystore import SigningKey
from ortoo.kernel.seal.log import signing_keys
from ortoo.kernel.seal.recount import Finding
from ortoo.kernel.seal.signer import ED25519, SM2, Signer, key_id

FORM = "K-KEY"
CREATED, RETIRED, LOST, REVOKED = "created", "retired", "lost", "revoked"
ACTS = (CREATED, RETIRED, LOST, REVOKED)
SYSTEM = "SYSTEM"
_FIELDS = {"key_id", "algorithm", "public", "act", "at", "reason"}
FIRST, UNSAID = "启用签名密钥", "按本机密钥记录补报"


@dataclass(frozen=True, slots=True)
class Act:
    """One thing that happened to a signing key; times in ms since 1970 UTC."""

    key_id: str
    algorithm: str
    public: str
    act: str
    at: int
    from_at: int | None = None

    @property
    def filing_key(self) -> str:
        """One filing an act; a revocation is said again when it reaches further back."""
        since = f":{self.from_at}" if self.from_at is not None else ""
        return f"{FORM}:{self.key_id}:{self.act}:{self.at}{since}"

    def body(self, reason: str) -> dict[str, object]:
        """As the filing says it."""
        said: dict[str, object] = {
            "key_id": self.key_id, "algorithm": self.algorithm, "public": self.public,
            "act": self.act, "at": self.at, "reason": reason,
        }  # fmt: skip
        return said if self.from_at is None else said | {"from_at": self.from_at}

    @classmethod
    def of(cls, body: dict[str, Any]) -> Act:
        return cls(
            body["key_id"], body["algorithm"], body["public"], body["act"], body["at"],
            body.get("from_at"),
        )  # fmt: skip


def validate(body: JsonObject) -> Iterator[str]:
    """`key_id`, `algorithm`, `public` (hex), `act`, `at`, `reason`; `from_at` of a revocation."""
    act, public = body.get("act"), body.get("public")
    if set(body) != _FIELDS | ({"from_at"} if act == REVOKED else set()):
        yield "密钥报件应含 key_id、algorithm、public、act、at、reason，吊销时另含 from_at"
        return
    if act not in ACTS or body["algorithm"] not in (ED25519, SM2):
        yield f"act 应为 {'、'.join(ACTS)} 之一，algorithm 应为 {ED25519} 或 {SM2}"
    if not isinstance(body["reason"], str) or not body["reason"].strip():
        yield "须写明原因"
    times = (body["at"], body.get("from_at", 0))
    if not all(type(at) is int and at >= 0 for at in times):
        yield "at 与 from_at 应为毫秒时间"
    try:
        named = key_id(str(body["algorithm"]), bytes.fromhex(str(public)))
    except ValueError:
        named = ""
    if body["key_id"] != named:
        yield "key_id 与公钥不符"


def _entries(draft: Draft, body: JsonObject) -> Iterator[Entry]:
    yield Entry(f"{FORM}|{body['key_id']}", str(body["act"]), {"at": body["at"]})


def register_key_form() -> None:
    """Make K-KEY fileable."""
    register(RecordBehaviour(FORM, 1, validate, _entries))


def acts_of(key: SigningKey) -> tuple[Act, ...]:
    """What the local record says happened to one key, in order."""
    said: list[tuple[str, int, int | None]] = [(CREATED, key.created_at_ms, None)]
    if key.lost_at_ms is not None:
        said.append((LOST, key.lost_at_ms, None))
    elif key.retired_at_ms is not None:
        said.append((RETIRED, key.retired_at_ms, None))
    if key.revoked_at_ms is not None:
        said.append((REVOKED, key.revoked_at_ms, key.compromised_from_ms))
    public = key.public.hex()
    return tuple(
        Act(key.key_id, key.algorithm, public, act, at, from_at) for act, at, from_at in said
    )


def filed_acts() -> dict[Act, int]:
    """Acts on the log, each with its log index."""
    found = read.rows("form = %s", [FORM])
    return {Act.of(json.loads(row.body)): row.seq for row in found}


def file_history(*, now_ms: int, actor: str = SYSTEM) -> list[Receipt]:
    """File every act of the local record that is not on the log yet, in one batch."""
    filed = filed_acts()
    drafts = []
    for key in signing_keys().history():
        for act in acts_of(key):
            if act in filed:
                continue
            reason = FIRST if act.act == CREATED else key.reason or UNSAID
            drafts.append(
                Draft(
                    form=FORM,
                    filer=SYSTEM,
                    actor=actor,
                    key=act.filing_key,
                    body=act.body(reason),
                    said_at=act.at,
                    subject=key.key_id,
                )
            )
    return file_many(drafts, now_ms=now_ms)


def begin(*, now_ms: int) -> list[Receipt]:
    """At the start of an installation: make the first key if need be, file what is unfiled."""
    keys = signing_keys()
    if not keys.history():
        keys.create(now_ms=now_ms)
    return file_history(now_ms=now_ms)


def rotate(
    *,
    actor: str,
    reason: str,
    now_ms: int,
    algorithm: str | None = None,
    replacing: str | None = None,
) -> Signer:
    """Retire the signing key in use (lost, if its private file is gone), start another, file both.

    KeystoreError KEY-STALE when `replacing` is no longer the key in use.
    """
    signer = signing_keys().rotate(
        now_ms=now_ms, algorithm=algorithm, replacing=replacing, reason=reason
    )
    file_history(now_ms=now_ms, actor=actor)
    return signer


def revoke(revoked: str, *, from_ms: int, actor: str, reason: str, now_ms: int) -> SigningKey:
    """Say on the log that others may have signed with a key since `from_ms`; replace it if in use.

    KeystoreError KEY-UNKNOWN, KEY-TIME. What it put in doubt: `revocation.compromised`.
    """
    record = signing_keys().revoke(revoked, from_ms=from_ms, now_ms=now_ms, reason=reason)
    file_history(now_ms=now_ms, actor=actor)
    return record


def compare_history() -> list[Finding]:
    """Where the keys folder and the log tell different stories of the signing keys.

    A log without any K-KEY is from before they were filed, and nothing is compared.
    """
    filed = filed_acts()
    if not filed:
        return []
    local = {act for key in signing_keys().history() for act in acts_of(key)}
    found = [
        Finding(
            "VERIFY-KEYS",
            filed[act],
            f"第 {filed[act]} 号报件所称密钥 {act.key_id}“{act.act}”，本机密钥记录中没有或不同。",
        )
        for act in filed
        if act not in local and not _overtaken(act, local)
    ]
    return found + [
        Finding(
            "VERIFY-KEYS",
            0,
            f"本机密钥记录中 {act.key_id}“{act.act}”没有报件；"
            "若是刚才中断的更换，运行 ./ortoo keys settle 补报，否则记录已被改动。",
        )
        for act in sorted(local - filed.keys(), key=lambda act: (act.at, act.act))
    ]


def _overtaken(act: Act, local: set[Act]) -> bool:
    """A revocation that was later said again, reaching further back."""
    return act.act == REVOKED and any(
        (other.key_id, other.act, other.at) == (act.key_id, act.act, act.at)
        and (other.from_at or 0) < (act.from_at or 0)
        for other in local
    )
