"""`./ortoo restore`: an installation as it stood at one log index, out of a backup.

Everything happens in one transaction: either the database holds the proved record with everything
recomputed and verified, or it is as empty as before. The keys folder is never part of a backup and
never touched, so that whoever was erased stays erased.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ortoo.kernel.filings.refusal import Refused
from ortoo.site.operations import archive
from ortoo.site.operations.archive import Chain
from ortoo.site.operations.backup import trusted_keys
from ortoo.site.operations.upgrade import RESTORE_MARK

if TYPE_CHECKING:
    import argparse

    from ortoo.kernel.seal.note import VerifierKey
    from ortoo.site.operations.loading import Lost

Say = Callable[[str], None]
DEFAULT_REASON = "从备份恢复"


@dataclass(frozen=True, slots=True)
class Request:
    """What to restore: to a log index or moment (ISO 8601), or to the end of the backup."""

    to_seq: int | None = None
    to_time: str = ""
    reason: str = DEFAULT_REASON
    rehearse: bool = False
    despite_findings: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """`to`: log index restored to; `covered_by`: size of the signed checkpoint that proves it;
    `dropped`: filings of the backup behind it; `findings` of verification, normally none."""

    to: int
    covered_by: int
    dropped: int
    findings: tuple[str, ...] = ()


def run(arguments: argparse.Namespace) -> int:
    """The command; 0 restored, 1 refused."""
    folder, home = (Path(p).expanduser().resolve() for p in (arguments.folder, arguments.into))
    request = Request(
        arguments.to_seq, arguments.to_time or "", arguments.reason or DEFAULT_REASON,
        arguments.rehearse, arguments.despite_findings,
    )  # fmt: skip
    started = time.monotonic()
    try:
        chain = _chain(folder, home, arguments.key or "")
        _make_room(chain, home, replace=arguments.replace)
        _enter(chain, home)
        outcome = restore(chain, request, say=print)
    except Refused as refused:
        print(f"{refused.message}{refused.remedy}（{refused.code}）", file=sys.stderr)
        return 1
    for line in outcome.findings:
        print(line)
    print(
        f"已恢复到第 {outcome.to:,} 号（由检查点 {outcome.covered_by:,} 证明），"
        f"{time.monotonic() - started:.1f} 秒；数据在 {home}。 (restored)"
    )
    if outcome.dropped and not request.rehearse:
        print(f"此后的 {outcome.dropped:,} 件已退出日志，清单：{home / lost_name(outcome.to)}")
    return 0


# --- before Django -----------------------------------------------------------------------------


def _chain(folder: Path, home: Path, key: str) -> Chain:
    from ortoo.kernel.seal.note import NoteError, VerifierKey

    if home / "data" in (folder, *folder.parents):
        raise Refused(
            "RESTORE-INSIDE", f"备份 {folder} 在要恢复的 {home} 之内。", "请先把备份移到别处。"
        )
    trusted = trusted_keys(home / "keys")
    if key:
        path = Path(key)
        text = path.read_text("utf-8") if path.is_file() else key
        try:
            trusted = (*trusted, VerifierKey.parse(text))
        except NoteError as error:
            raise Refused("RESTORE-KEY", error.message, "请核对另存的日志公钥。") from error
    return archive.read_chain(folder, trusted)


def _make_room(chain: Chain, home: Path, *, replace: bool) -> None:
    """An existing SQLite database stands aside, whole, before anything is written."""
    data = home / "data"
    used = (data / "ortoo.sqlite3").exists()
    # A restoration that was refused or cut off has left an empty database.
    if used and not replace and _state(home) != "unfinished":
        raise Refused(
            "RESTORE-NOT-EMPTY",
            f"{home} 中已有数据库，不会覆盖。",
            "请另指一个空文件夹；或先停止服务，再加 --replace（原数据改名保留）。",
            409,
        )
    for segment in chain.segments:
        archive.check_parts(chain.folder, segment)
    if used and replace:
        stamp = dt.datetime.now(dt.UTC).strftime("%Y%m%dT%H%M%SZ")
        aside = home / f"data-before-restore-{stamp}"
        data.rename(aside)
        print(f"原数据已改名为 {aside}。")


def _state(home: Path) -> str:
    path = home / RESTORE_MARK
    return str(json.loads(path.read_text("utf-8")).get("state")) if path.exists() else ""


def _enter(chain: Chain, home: Path) -> None:
    """From here on this process works in `home`."""
    os.environ["ORTOO_HOME"] = str(home)
    if any(row[0] == "demo.json" for row in chain.rows(chain.last, "home")):
        os.environ["ORTOO_MODE"] = "demo"
    import django

    django.setup()


# --- the restoration ---------------------------------------------------------------------------


def restore(chain: Chain, request: Request, *, say: Say = lambda line: None) -> Outcome:
    """Restore into the empty database of this process.

    Refused: RESTORE-ORIGIN, RESTORE-NOT-EMPTY, RESTORE-BEYOND, RESTORE-TIME, RESTORE-VERIFY, and
    what `archive` and `loading` refuse. Nothing is kept of a restoration that was refused.
    """
    from django.conf import settings
    from django.db import connection, transaction

    from ortoo.kernel.seal.restoration import register_restore_form
    from ortoo.site.operations import loading, upgrade

    register_restore_form()
    _check_target(chain)
    upgrade.bring_up()
    cut = _cut(chain, request)
    home = Path(settings.HOME)
    keys = _install_keys(chain, Path(settings.KEYS), rotate=not request.rehearse)
    covered = loading.prove(chain, cut, keys)
    say(f"恢复到第 {cut:,} 号（备份到第 {chain.last.end:,} 号）…")
    given_up = loading.lost(chain, cut)
    _mark(home, "unfinished", chain, cut)
    with transaction.atomic():
        loaded = loading.load(chain, cut, given_up.keys, say)
        _recompute(say)
        if not request.rehearse:
            _finish_erasures(say)
        findings = _verified(request, say)
        if not request.rehearse:
            _file(chain, cut, given_up, request, newest_ms=loaded.newest_ms)
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    _leave_files(chain, home, cut, given_up, request)
    if not request.rehearse:
        _finish_erasures(say)
    return Outcome(cut, covered, len(given_up.lines), findings)


def _check_target(chain: Chain) -> None:
    from django.conf import settings
    from django.db import connection

    if chain.last.origin != settings.LOG_ORIGIN:
        raise Refused(
            "RESTORE-ORIGIN",
            f"备份的日志来源是 {chain.last.origin}，本机设为 {settings.LOG_ORIGIN}。",
            f"请设 ORTOO_ORIGIN={chain.last.origin} 后再运行。",
        )
    connection.ensure_connection()
    tables = set(connection.introspection.table_names())
    for table in ("kernel_filing", "kernel_account", "kernel_log_tail"):
        if table not in tables:
            continue
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT 1 FROM {table} LIMIT 1")
            if cursor.fetchone() is not None:
                raise Refused(
                    "RESTORE-NOT-EMPTY",
                    f"目标数据库的 {table} 中已有数据，不会覆盖。",
                    "请新建一个空数据库，并把 ORTOO_DATABASE 指向它。",
                    409,
                )


def _cut(chain: Chain, request: Request) -> int:
    from ortoo.kernel.places.active import active_pack
    from ortoo.site.operations import loading

    if request.to_time:
        time_ms = moment_ms(request.to_time, active_pack().head.time_zone)
        return loading.index_at(chain, time_ms)
    cut = chain.last.end if request.to_seq is None else request.to_seq
    if not 0 <= cut <= chain.last.end:
        raise Refused(
            "RESTORE-BEYOND",
            f"备份只到第 {chain.last.end:,} 号，不能恢复到第 {cut:,} 号。",
            "请给出不大于它的报件号。",
        )
    return cut


def moment_ms(text: str, zone: str) -> int:
    """Milliseconds of an ISO 8601 moment; without an offset it is the region's civil time."""
    from zoneinfo import ZoneInfo

    try:
        at = dt.datetime.fromisoformat(text)
    except ValueError:
        raise Refused(
            "RESTORE-TIME", f"没有读懂时刻“{text}”。", "请写成 2026-11-23T12:30 的形式。"
        ) from None
    at = at if at.tzinfo else at.replace(tzinfo=ZoneInfo(zone))
    return int(at.timestamp() * 1000)


def _install_keys(chain: Chain, folder: Path, *, rotate: bool) -> Sequence[VerifierKey]:
    """The log's public keys. What the folder does not know of the manifest's history (it was lost,
    or an older copy was put back) is added as retired: it goes on verifying what it signed, and
    where no key is left to sign with, a new one is made."""
    from dataclasses import asdict, fields

    from ortoo.kernel.filings import clock
    from ortoo.kernel.seal.keystore import SigningKey, SigningKeys, prepare, write_private

    keys, now_ms = SigningKeys(folder), clock.now_ms()
    rows = [asdict(key) | {"public": key.public.hex()} for key in keys.history()]
    here, names = {row["key_id"] for row in rows}, {each.name for each in fields(SigningKey)}
    missing = [
        {k: v for k, v in key.items() if k in names}
        | {"retired_at_ms": key["retired_at_ms"] or now_ms}
        for key in chain.last.keys
        if key["key_id"] not in here
    ]
    if missing:
        prepare(folder)
        rows = sorted([*rows, *missing], key=lambda row: int(row["created_at_ms"]))
        write_private(folder / "signing.json", json.dumps(rows, indent=1).encode("ascii"))
    if rotate and keys.in_use() is None:
        keys.rotate(now_ms=now_ms)
    return [key.named(chain.last.origin) for key in keys.history()]


def _recompute(say: Say) -> None:
    from ortoo.kernel.filings.projection import catch_up
    from ortoo.kernel.threads.rebuild import rebuild_threads

    rebuild_threads(say, fix=True)
    catch_up()


def _verified(request: Request, say: Say) -> tuple[str, ...]:
    from ortoo.kernel.seal.verify import findings

    found = tuple(f"{f.code} {f.seq or ''} {f.message}" for f in findings(say=say))
    if found and not request.despite_findings:
        raise Refused(
            "RESTORE-VERIFY",
            f"恢复出的记录有 {len(found)} 处不符，已全部撤回。例如：{found[0]}",
            "请换用另一份备份；确知原因（如密钥目录已失）仍要恢复，请加 --despite-findings。",
            details=list(found),
        )
    return found


def _file(chain: Chain, cut: int, given_up: Lost, request: Request, *, newest_ms: int) -> None:
    """The system party states what was given up; erasures among it are filed again."""
    from django.conf import settings

    from ortoo.kernel.filings import clock
    from ortoo.kernel.filings.draft import Draft
    from ortoo.kernel.filings.write import file_many
    from ortoo.kernel.seal.restoration import Restoration

    # A demonstration has its own hour; it goes on from the newest filing.
    now_ms = newest_ms + 1 if settings.DEMO else max(clock.now_ms(), newest_ms + 1)
    said = Restoration(cut, len(given_up.lines), chain.last.digest, given_up.checkpoints)
    again = [
        Draft(
            form=row["form"], version=row["form_version"], filer=row["filer"], actor=row["actor"],
            key=row["key"], body=row["body"], said_at=row["said_at"], subject=row["subject"],
            place=row["place"], period=row["period"], mode=row["mode"],
            reason=row["reason"] or "恢复后重报",
        )
        for row in given_up.erasures
    ]  # fmt: skip
    file_many([said.draft(reason=request.reason, now_ms=now_ms), *again], now_ms=now_ms)


def lost_name(cut: int) -> str:
    """The list of filings given up, for their filers."""
    return f"lost-after-{cut}.csv"


def _leave_files(chain: Chain, home: Path, cut: int, given_up: Lost, request: Request) -> None:
    from ortoo.kernel.seal.keystore import write_private

    for name, text in chain.rows(chain.up_to(cut)[-1], "home"):
        if not (home / name).exists():
            (home / name).write_text(text, "utf-8")
    if given_up.lines and not request.rehearse:
        # A byte order mark, or Excel reads Chinese as something else.
        write_private(home / lost_name(cut), ("\ufeff" + given_up.text()).encode())
    _mark(home, "rehearsal" if request.rehearse else "complete", chain, cut)


def _mark(home: Path, state: str, chain: Chain, cut: int) -> None:
    from ortoo.kernel.seal.keystore import write_private

    said: dict[str, Any] = {
        "state": state, "to": cut, "end": chain.last.end, "backup": chain.last.digest,
        "at": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
    }  # fmt: skip
    home.mkdir(parents=True, exist_ok=True)
    write_private(home / RESTORE_MARK, json.dumps(said, indent=1).encode())


def _finish_erasures(say: Say) -> None:
    """What the log says was erased is destroyed here too, whatever state the keys came back in."""
    from ortoo.kernel.filings import clock
    from ortoo.kernel.seal.erasure import finish_erasures

    for subject in finish_erasures(now_ms=clock.now_ms()):
        say(f"  「{subject}」的密钥按日志中的删除报件再次销毁。")
