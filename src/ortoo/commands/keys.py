"""`./ortoo keys`: the signing keys and the persons' sealing keys, from the operator's chair.

list                                   every signing key and what became of it
rotate [--algorithm sm2]               retire the key in use and start another
revoke ID --reason … --since …         others may have signed with it since then
compromised ID [--since …]             what such a key puts in doubt
resign [--checkpoint FILE]             recount the log and sign it with the key in use
rewrap SUBJECT                         seal one person's values under a new key
settle                                 after a start or a restore: file and finish what is open
"""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

OPERATOR = "account:operator"


def run(arguments: argparse.Namespace) -> int:
    """Run one action; 1 when it was refused, 2 when words are missing."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ortoo.site.settings")
    from ortoo.site.operations import inspection

    inspection._prepared()
    from ortoo.kernel.filings.refusal import Refused
    from ortoo.kernel.seal.keystore import KeystoreError
    from ortoo.kernel.seal.log import LogError
    from ortoo.kernel.seal.revocation import RevocationError
    from ortoo.kernel.seal.signer import SignerError

    try:
        return ACTIONS[arguments.action](arguments) or 0
    except TimeUnread as error:
        print(f"没有读懂时间“{error}”，请写成 2026-11-20T08:00+08:00。", file=sys.stderr)
        return 2
    except (KeystoreError, LogError, RevocationError, SignerError, Refused) as error:
        print(f"{error.message}（{error.code}）", file=sys.stderr)
        return 1


def _now() -> int:
    from ortoo.kernel.filings.clock import now_ms

    return now_ms()


def _time(at_ms: int | None) -> str:
    if at_ms is None:
        return "—"
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%SZ")


def _since(text: str | None) -> int | None:
    return None if text is None else _milliseconds(text)


def _milliseconds(text: str) -> int:
    """Of a time with its zone; a time without one is UTC, as `list` prints. TimeUnread."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise TimeUnread(text) from error
    return int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1000)


class TimeUnread(ValueError):
    """A time that is not ISO 8601."""


def listed(arguments: argparse.Namespace) -> int:
    """Every signing key with its public text, and where keys folder and log disagree."""
    from django.conf import settings

    from ortoo.kernel.seal import key_filings
    from ortoo.kernel.seal.log import signing_keys

    for key in signing_keys().history():
        said = [f"启用 {_time(key.created_at_ms)}"]
        if key.lost_at_ms is not None:
            said.append(f"丢失 {_time(key.lost_at_ms)}")
        elif key.retired_at_ms is not None:
            said.append(f"停用 {_time(key.retired_at_ms)}")
        else:
            said.append("在用")
        if key.revoked_at_ms is not None:
            said.append(
                f"吊销 {_time(key.revoked_at_ms)}，自 {_time(key.compromised_from_ms)} 失密"
            )
        print(f"{key.key_id}  {key.algorithm:8}  {'；'.join(said)}")
        print(f"    公钥 {key.named(settings.LOG_ORIGIN)}")
    faults = key_filings.compare_history()
    for fault in faults:
        print(f"{fault.code}  {fault.message}")
    return 1 if faults else 0


def rotate(arguments: argparse.Namespace) -> None:
    """Another signing key; of two operators at once one wins."""
    from ortoo.kernel.seal import key_filings
    from ortoo.kernel.seal.log import signing_keys

    used = signing_keys().in_use()
    signer = key_filings.rotate(
        actor=OPERATOR,
        reason=arguments.reason or "轮换",
        now_ms=_now(),
        algorithm=arguments.algorithm,
        replacing=used.key_id if used else None,
    )
    print(f"现用签名密钥 {signer.key_id}（{signer.algorithm}），已报件。 (rotated)")


def revoke(arguments: argparse.Namespace) -> int | None:
    """Revoke, then say what it put in doubt."""
    if not (arguments.id and arguments.reason and arguments.since):
        print("用法：./ortoo keys revoke ID --reason 原因 --since 时间", file=sys.stderr)
        return 2
    from ortoo.kernel.seal import key_filings

    key_filings.revoke(
        arguments.id,
        from_ms=_milliseconds(arguments.since),
        actor=OPERATOR,
        reason=arguments.reason,
        now_ms=_now(),
    )
    print(f"密钥 {arguments.id} 已吊销并报件。 (revoked)")
    return compromised(arguments)


def compromised(arguments: argparse.Namespace) -> int | None:
    """The doubtful checkpoints, the filings only they cover, and whether trust is restored."""
    if not arguments.id:
        print("用法：./ortoo keys compromised ID [--since 时间]", file=sys.stderr)
        return 2
    from ortoo.kernel.seal import revocation

    found = revocation.compromised(arguments.id, since_ms=_since(arguments.since))
    print(f"自 {_time(found.since_ms)} 起由该密钥签署的检查点 {len(found.checkpoints)} 个：")
    for size, signed_at in found.checkpoints:
        print(f"  {size:>12,} 件  {_time(signed_at)}")
    if found.exposed is not None:
        print(f"首先由它们覆盖的报件：第 {found.exposed.first:,}—{found.exposed.last:,} 号")
    if found.uncovered is not None:
        span = found.uncovered
        print(f"至今只由它们覆盖：第 {span.first:,}—{span.last:,} 号；请运行 ./ortoo keys resign")
    elif found.restored_by is not None:
        size, at = found.restored_by
        print(f"已由 {size:,} 件的检查点（{_time(at)}）重新覆盖。 (restored)")
    return None


def resign(arguments: argparse.Namespace) -> int | None:
    """Recount the log, then sign it with the key in use."""
    from ortoo.kernel.seal import revocation

    note = None
    if arguments.checkpoint:
        path = Path(arguments.checkpoint)
        if not path.is_file():
            print(f"没有文件 {path}。 (no such file)", file=sys.stderr)
            return 2
        note = path.read_text("utf-8")
    row = revocation.resign(now_ms=_now(), kept_note=note)
    print(f"已重新核对并签署前 {row.size:,} 件。 (signed anew)")
    return None


def rewrap(arguments: argparse.Namespace) -> int | None:
    """One person's values under a new sealing key."""
    if not arguments.id:
        print("用法：./ortoo keys rewrap 内部编号", file=sys.stderr)
        return 2
    from ortoo.kernel.seal import persons

    done = persons.rotate_subject(arguments.id, now_ms=_now())
    print(f"{done} 个值已换用新密钥；旧密钥一小时后由 settle 销毁。 (rewrapped)")
    return None


def settle(arguments: argparse.Namespace) -> None:
    """File unfiled acts of keys, finish erasures and renewals; safe to repeat."""
    from ortoo.kernel.seal import erasure, key_filings, persons

    filed = key_filings.file_history(now_ms=_now(), actor=OPERATOR)
    erased = erasure.finish_erasures(now_ms=_now())
    renewed = persons.finish_rotations(now_ms=_now())
    print(
        f"补报密钥 {len(filed)} 件；补销毁 {len(erased)} 人；结束换钥 {len(renewed)} 人。 (settled)"
    )


ACTIONS: dict[str, Callable[[argparse.Namespace], int | None]] = {
    "list": listed,
    "rotate": rotate,
    "revoke": revoke,
    "compromised": compromised,
    "resign": resign,
    "rewrap": rewrap,
    "settle": settle,
}
