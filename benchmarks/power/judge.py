"""What a database still holds of what was promised, found by opening it with the real code."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from benchmarks.power.journal import Journal

DATABASE = "ortoo.sqlite3"


@dataclass(frozen=True, slots=True)
class Verdict:
    """`lost` keys of acknowledged filings missing or other than acknowledged; the same of signed
    checkpoints the log no longer agrees with; what `verify` found; tables that rebuild unlike."""

    filings: int
    lost: tuple[str, ...]
    checkpoints_lost: tuple[str, ...]
    findings: tuple[str, ...]
    unequal: tuple[str, ...]
    told: int

    @property
    def sound(self) -> bool:
        """Nothing promised is missing and nothing stored is wrong."""
        return not (self.lost or self.checkpoints_lost or self.findings or self.unequal)


@contextmanager
def using(path: Path, options: str = "") -> Iterator[None]:
    """Django's default SQLite database is `path`; `options` are further pragmas."""
    from django.db import connections

    settings: dict[str, Any] = connections.settings["default"]
    connections.close_all()
    before = settings["NAME"], settings["OPTIONS"]
    own = {**before[1], "init_command": f"{before[1]['init_command']};{options}".rstrip(";")}
    settings["NAME"], settings["OPTIONS"] = str(path), own
    # Each thread's connection reads the settings anew, except this thread's, which is kept.
    connections["default"].settings_dict = settings
    try:
        yield
    finally:
        connections.close_all()
        settings["NAME"], settings["OPTIONS"] = before


def judge(promises: Iterable[tuple[str, str, bytes]]) -> Verdict:
    """Of the database Django now uses. `promises` are (kind, key, digest) as `Load` told them."""
    from django.db import connection

    from ortoo.kernel.seal.verify import verify
    from ortoo.kernel.threads.rebuild import rebuild_all

    with connection.cursor() as cursor:
        cursor.execute("SELECT key, digest FROM kernel_filing")
        kept = {key: bytes(digest) for key, digest in cursor.fetchall()}
    told, notes = 0, {}
    lost = []
    for kind, key, digest in promises:
        if kind == "checkpoint":
            notes[int(key.split("\n")[1])] = key
            continue
        told += 1
        if kept.get(key) != digest:
            lost.append(key)
    newest = notes[max(notes)] if notes else None
    found = verify(checkpoint_note=newest)
    unequal = [outcome.table for outcome in rebuild_all(fix=False) if not outcome.equal]
    connection.close()
    return Verdict(
        filings=len(kept),
        lost=tuple(lost),
        checkpoints_lost=tuple(f.message for f in found if f.code == "VERIFY-KEPT"),
        findings=tuple(f"{f.code} {f.message}" for f in found if f.code != "VERIFY-KEPT"),
        unequal=tuple(unequal),
        told=told,
    )


def after_cut(journal: Journal, cut: int, folder: Path, seed: int) -> Verdict:
    """The database as a power cut at that moment leaves it, opened again and judged."""
    random = Random(f"{seed}/{cut}")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    lay(journal.image(cut, random), folder)
    # The index of the log lives in memory pages; after a cut it holds anything at all.
    (folder / f"{DATABASE}-shm").write_bytes(random.randbytes(32768))
    promises = [(a.kind, a.key, a.digest) for a in journal.acknowledged(cut)]
    with using(folder / DATABASE):
        return judge(promises)


def lay(image: Mapping[str, bytes], folder: Path) -> None:
    """Write an image's files."""
    for name, content in image.items():
        (folder / name).write_bytes(content)
