"""`./ortoo backup`: the log and what cannot be recomputed, into a folder elsewhere.

Works while people file. Filings up to a log index never change, so a backup needs no long
transaction: it signs a checkpoint, takes its size as the end, and reads up to there in short
statements. The next segment goes on from that index.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ortoo.kernel.filings.refusal import Refused
from ortoo.site.operations import archive
from ortoo.site.operations.archive import Chain, Manifest, Part, PartWriter

if TYPE_CHECKING:
    import argparse

    from ortoo.kernel.filings.checkpointing import CheckpointRow
    from ortoo.kernel.seal.note import VerifierKey

HOME_FILES = ("demo.json", "demo-clock.json")
"""Small files of the home folder that a demonstration cannot go on without."""
SAY_EVERY_S = 5.0
Say = Callable[[str], None]


def run(arguments: argparse.Namespace) -> int:
    """The command; 0 done, 1 refused."""
    folder = Path(arguments.folder).expanduser().resolve()
    started = time.monotonic()
    try:
        _ready()
        if arguments.check:
            chain = check(folder, say=print)
            print(f"{len(chain.segments)} 段备份完好，可恢复到第 {chain.last.end:,} 号。 (intact)")
            return 0
        made = back_up(folder, since_last=arguments.since_last, say=print)
    except Refused as refused:
        print(f"{refused.message}{refused.remedy}（{refused.code}）", file=sys.stderr)
        return 1
    size = sum(part.size for part in made.parts)
    print(
        f"已写入 {folder / made.folder}：{_span(made.start, made.end)}，"
        f"{size / 1e6:,.1f} MB，{time.monotonic() - started:.1f} 秒。 (done)"
    )
    return 0


def _span(start: int, end: int) -> str:
    return f"第 {start + 1:,}—{end:,} 号" if end > start else f"第 {end:,} 号以后没有新报件"


def _ready() -> None:
    """Settings and clock. A backup never migrates: it is what one makes before an upgrade."""
    import django

    from ortoo.site.operations import upgrade
    from ortoo.site.operations.demonstration import CHECKOUT, MARKER

    home = Path(os.environ.get("ORTOO_HOME") or CHECKOUT / "var")
    if (home / MARKER).exists():
        os.environ.setdefault("ORTOO_MODE", "demo")
    django.setup()
    pending = upgrade.check()
    if pending:
        raise Refused(
            "BACKUP-SCHEMA",
            f"数据库还是上一版本的结构（待迁移 {'、'.join(pending[:3])}）。",
            "升级前的备份请用当时运行的版本做；或先启动新版本完成升级，再做备份。",
            409,
        )
    from ortoo.site import demo_clock

    demo_clock.plug_in()


def trusted_keys(keys: Path) -> tuple[VerifierKey, ...]:
    """Public keys of this instance, past and present."""
    from ortoo.kernel.seal.keystore import SigningKeys

    return tuple(key.named("local") for key in SigningKeys(keys).history())


def check(folder: Path, *, say: Say = lambda line: None) -> Chain:
    """Re-read a whole backup: signatures, links, and the digest of every file."""
    from django.conf import settings

    chain = archive.read_chain(folder, trusted_keys(Path(settings.KEYS)))
    for segment in chain.segments:
        archive.check_parts(folder, segment)
        say(f"  {segment.folder} 完好")
    return chain


def back_up(folder: Path, *, since_last: bool, say: Say = lambda line: None) -> Manifest:
    """Write the base, or with `since_last` the next segment; returns its manifest.

    Refused: KEY-INSIDE, BACKUP-EXISTS, -NONE, -BEHIND, -FORKED, -BUSY, -DISK-FULL, -DISK, and
    what `archive.read_chain` refuses. Whatever happens, segments already there stay whole.
    """
    from django.conf import settings

    from ortoo.kernel.seal.keystore import KeystoreError, check_apart

    try:
        check_apart(Path(settings.KEYS), [folder])
        folder.mkdir(parents=True, exist_ok=True, mode=archive.PRIVATE_FOLDER)
        with _alone(folder):
            before = _before(folder, since_last)
            return _segment(folder, before, say)
    except KeystoreError as error:
        remedy = "请另选备份文件夹；密钥另行保管，见 docs/operations.md。"
        raise Refused(error.code, error.message, remedy) from error
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        raise Refused(
            "BACKUP-DISK-FULL" if full else "BACKUP-DISK",
            f"不能写入 {folder}：{error.strerror or error}。未完成的一段已删除，此前各段完好。",
            "请腾出空间或换一个磁盘后再次运行。",
        ) from error


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    with (folder / ".lock").open("a") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Refused(
                "BACKUP-BUSY", f"另一个备份正在写入 {folder}。", "请等它结束后再运行。", 409
            ) from None
        yield


def _before(folder: Path, since_last: bool) -> Manifest | None:
    """The segment to go on from; None for a base. The database must be its continuation."""
    from django.conf import settings

    if not archive.exists(folder):
        if since_last:
            raise Refused(
                "BACKUP-NONE", f"{folder} 中还没有备份。", "请先不带 --since-last 运行一次。"
            )
        return None
    if not since_last:
        raise Refused(
            "BACKUP-EXISTS",
            f"{folder} 中已有备份，不会覆盖。",
            "续写请加 --since-last；重新做全量备份请换一个文件夹。",
            409,
        )
    last = archive.read_chain(folder, trusted_keys(Path(settings.KEYS))).last
    _check_continues(last)
    return last


def _check_continues(last: Manifest) -> None:
    from ortoo.kernel.filings.checkpointing import checkpoint_over
    from ortoo.kernel.filings.read import tail

    if tail() < last.end:
        raise Refused(
            "BACKUP-BEHIND",
            f"本库只有 {tail():,} 件，备份已有 {last.end:,} 件：本库是从较早时点恢复的。",
            "请换一个文件夹重新做全量备份，旧备份照旧保存。",
            409,
        )
    row = checkpoint_over(last.end) if last.end else None
    if last.end and (row is None or (row.size, row.sha256.hex()) != (last.end, last.roots[0])):
        raise Refused(
            "BACKUP-FORKED",
            f"本库前 {last.end:,} 件与备份所记的根不符：不是同一条日志的延续。",
            "请换一个文件夹重新做全量备份，并运行 ./ortoo verify。",
            409,
        )


def _segment(folder: Path, before: Manifest | None, say: Say) -> Manifest:
    from django.conf import settings

    from ortoo.kernel.filings import clock
    from ortoo.kernel.seal.keystore import SigningKeys
    from ortoo.kernel.seal.log import LogError, checkpoint
    from ortoo.site.operations import catalogue

    keys, now_ms = SigningKeys(Path(settings.KEYS)), clock.now_ms()
    number, start = (before.number + 1, before.end) if before else (1, 0)
    row: CheckpointRow | None = None
    try:
        row = checkpoint(now_ms=now_ms)
    except LogError:  # nothing was ever filed
        if not keys.history():
            keys.create(now_ms=now_ms)
    end = row.size if row else 0
    say(f"备份第 {number} 段：{_span(start, end)} …")
    with archive.unfinished(folder, number) as place:
        writing = _Writing(place, start, end, _Progress(say, end - start))
        grown = writing.everything(dict(before.grown) if before else {})
        manifest = Manifest(
            number=number,
            previous=before.digest if before else "",
            origin=settings.LOG_ORIGIN,
            start=start,
            end=end,
            made_at=now_ms,
            roots=(row.sha256.hex(), row.sm3.hex()) if row else ("", ""),
            keys=tuple(asdict(k) | {"public": k.public.hex()} for k in keys.history()),
            schema=catalogue.schema(),
            grown=grown,
            parts=tuple(writing.parts),
        )
        return archive.seal(place, manifest, keys.current())


@dataclass
class _Progress:
    """Says now and then how far a long reading has come."""

    say: Say
    total: int
    said_at: float = 0.0

    def at(self, done: int) -> None:
        now = time.monotonic()
        self.said_at = self.said_at or now
        if now - self.said_at >= SAY_EVERY_S:
            self.said_at = now
            self.say(f"  {done:,} / {self.total:,} 件")


class _Writing:
    """The files of one segment; everything is read in chunks of a few hundred rows."""

    def __init__(self, place: Path, start: int, end: int, progress: _Progress) -> None:
        self.place, self.start, self.end, self.progress = place, start, end, progress
        self.parts: list[Part] = []

    @contextlib.contextmanager
    def _file(self, table: str, columns: Sequence[str]) -> Iterator[PartWriter]:
        writer = PartWriter(self.place, table, columns)
        try:
            yield writer
            self.parts.append(writer.close())
        finally:
            writer.abandon()

    def everything(self, grown: dict[str, int]) -> dict[str, int]:
        """All parts; returns how far the growing tables were read."""
        from ortoo.site.operations import catalogue

        for one in catalogue.records():
            if one.table == "kernel_filing":
                self._filings()
            elif one.seq:
                self._between(one, one.seq)
            else:
                self._whole(one)
        self._between(catalogue.record("kernel_checkpoint"), "size")
        sealed = catalogue.record("kernel_sealed")
        with self._file(sealed.table, sealed.columns) as writer:
            for rows in catalogue.sealed_up_to(self.end):
                writer.write(rows)
        for one in catalogue.operational():
            self._whole(one)
        read = {one.table: self._growth(one, grown.get(one.table, 0))
                for one in catalogue.growing()}  # fmt: skip
        self._home_files()
        return read

    def _filings(self) -> None:
        """Filings with the foreign documents they carry; a document once, with the first."""
        from ortoo.site.operations import catalogue

        filing, original = catalogue.record("kernel_filing"), catalogue.record("kernel_original")
        at, done, written = filing.columns.index("original"), 0, set[bytes]()
        with (
            self._file(filing.table, filing.columns) as filings,
            self._file(original.table, original.columns) as documents,
        ):
            for rows in catalogue.rows_between(filing, "seq", self.start, self.end):
                filings.write(rows)
                wanted = {bytes(row[at]) for row in rows if row[at] is not None} - written
                for address in sorted(wanted):
                    documents.write(catalogue.originals([address]))
                written |= wanted
                done += len(rows)
                self.progress.at(done)
        if done != self.end - self.start:
            raise Refused(
                "BACKUP-LOG-GAP",
                f"第 {self.start + 1}—{self.end} 号之间只有 {done} 件报件。",
                "记录有缺，请先运行 ./ortoo verify；此前的备份请妥为保存。",
            )

    def _between(self, one: Any, column: str) -> None:
        from ortoo.site.operations import catalogue

        with self._file(one.table, one.columns) as writer:
            for rows in catalogue.rows_between(one, column, self.start, self.end):
                writer.write(rows)

    def _whole(self, one: Any) -> None:
        from ortoo.site.operations import catalogue

        with self._file(one.table, one.columns) as writer:
            for rows in catalogue.rows_of(one):
                writer.write(rows)

    def _growth(self, one: Any, after: int) -> int:
        from django.db.models import Max

        from ortoo.site.operations import catalogue

        last = one.model._base_manager.aggregate(last=Max("id"))["last"] or after
        with self._file(one.table, one.columns) as writer:
            for rows in catalogue.rows_between(one, "id", after, last):
                writer.write(rows)
        return int(last)

    def _home_files(self) -> None:
        from django.conf import settings

        with self._file("home", ("name", "text")) as writer:
            for name in HOME_FILES:
                path = Path(settings.HOME) / name
                if path.is_file():
                    writer.write([(name, path.read_text("utf-8"))])
