"""Installations beside each other: each a folder with a database of its own, entered in turn."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, connections
from django.db.utils import load_backend

from ortoo.kernel.filings import read
from ortoo.kernel.filings.draft import Original, Receipt, SealedValue
from ortoo.kernel.filings.projection import catch_up
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.filings.tests.history import History, register_small_market
from ortoo.kernel.filings.write import file
from ortoo.kernel.seal.restoration import register_restore_form
from ortoo.kernel.threads.rebuild import draft_of
from ortoo.site import settings as site_settings
from ortoo.site.operations import archive, catalogue, restore, upgrade
from ortoo.site.operations.backup import trusted_keys
from ortoo.site.operations.restore import Request

SOURCE = Path(__file__).resolve().parents[4]
PROJECTIONS = (
    "kernel_thread_entry", "kernel_duty", "kernel_posting", "kernel_party", "kernel_contact",
    "kernel_list_member", "kernel_grant", "market_rollup",
)  # fmt: skip


class Homes:
    """Enter an installation with `with homes.at("name")`; all share the keys folder `keys`."""

    def __init__(self, folder: Path, settings: Any, patch: pytest.MonkeyPatch) -> None:
        self.folder, self.settings, self.patch = folder, settings, patch
        self.keys = folder / "keys"

    @contextmanager
    def at(self, name: str, url: str = "", *, migrated: bool = True) -> Iterator[Path]:
        home = self.folder / name
        home.mkdir(exist_ok=True)
        self.settings.HOME, self.settings.KEYS = home, self.keys
        with self.patch.context() as patch:
            patch.setattr(site_settings, "DATA", home / "data")
            patch.setenv("ORTOO_DATABASE", url)
            made = connections.configure_settings({"default": site_settings._database()})
        with switched(made["default"]):
            if migrated:
                upgrade.bring_up()
            yield home

    @property
    def backup(self) -> Path:
        return self.folder / "backup"


@contextmanager
def switched(database: dict[str, Any]) -> Iterator[None]:
    """The default connection, of this thread and of those it starts, on another database."""
    before, configured = connections["default"], connections.settings["default"]
    wrapper = load_backend(database["ENGINE"]).DatabaseWrapper(database, "default")
    connections["default"], connections.settings["default"] = wrapper, database
    try:
        yield
    finally:
        wrapper.close()
        connections["default"], connections.settings["default"] = before, configured


@pytest.fixture
def homes(
    tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch, django_db_blocker: Any
) -> Iterator[Homes]:
    """Installations of the small market in a temporary folder."""
    register_small_market()
    register_restore_form()
    with django_db_blocker.unblock():
        yield Homes(tmp_path, settings, monkeypatch)


def rows(table: str, where: str = "", order: str = "") -> list[tuple[Any, ...]]:
    """Rows of a table as plain values; sorted unless an order is given."""
    columns = {one.table: one.columns for one in map(catalogue.kept, _models())}[table]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {','.join(columns)} FROM {table} {where} {order}")
        found = [tuple(map(_plain, row)) for row in cursor.fetchall()]
    return found if order else sorted(found, key=repr)


def _models() -> list[Any]:
    from django.apps import apps

    return [m for m in apps.get_models() if m.__module__.startswith("ortoo.")]


def _plain(value: Any) -> Any:
    return bytes(value) if isinstance(value, memoryview) else value


def filings(end: int) -> list[tuple[Any, ...]]:
    """The first `end` filings, every column."""
    return rows("kernel_filing", f"WHERE seq <= {end}", "ORDER BY seq")


def projected() -> dict[str, list[tuple[Any, ...]]]:
    """Every projection as it stands once it has caught up."""
    catch_up()
    return {table: rows(table) for table in PROJECTIONS}


def filed_again(source: Homes, name: str, end: int, target: str) -> dict[str, Any]:
    """What a database shows that never crashed: the first `end` filings of installation `name`,
    filed one by one by the one write into the new installation `target`."""
    with source.at(name):
        said = read.after(0, end)
        documents = {bytes(r[0]): Original(bytes(r[3]), r[1], r[2])
                     for r in rows("kernel_original")}  # fmt: skip
        sealed: dict[str, list[SealedValue]] = {}
        for commitment, key, path, subject, text in rows("kernel_sealed"):
            sealed.setdefault(key, []).append(SealedValue(commitment, path, subject, text))
    with source.at(target):
        for row in said:
            more: dict[str, Any] = {"sealed": tuple(sealed.get(row.key, ()))}
            if row.original is not None:
                more["original"] = documents[row.original]
            receipt = file(replace(draft_of(row), **more), now_ms=row.received_at)
            assert (receipt.seq, receipt.digest) == (row.seq, row.digest)
        return projected()


class Busy(History):
    """The small market's history, and then more of it for as long as anybody wants."""

    last: Receipt | None = None

    def more(self, count: int) -> list[Receipt]:
        found = []
        for turn in range(count):
            if self.last is None:
                self.life()
                self.last = read.get(read.tail())  # type: ignore[assignment]
            if turn % 5 == 4:
                assert self.last is not None
                self.last = self.say_return(
                    price=612 + self.step, supersedes=self.last.seq, reason="再改"
                )
                found.append(self.last)
            else:
                found.append(self.move(self.step))
        return found


FILER = """
import os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "ortoo.site.settings"
import django
django.setup()
from ortoo.site.tests.backup.homes import Busy
from ortoo.kernel.filings.tests.history import register_small_market
register_small_market()
busy = Busy()
while True:
    for receipt in busy.more(10):
        print(receipt.seq, receipt.key, receipt.digest.hex(), flush=True)
"""


def child(code: str, home: Path, *, keys: Path, url: str = "", **more: Any) -> subprocess.Popen:
    """Another process of the installation in `home`."""
    if not (home / "keys").exists():
        keys.mkdir(mode=0o700, exist_ok=True)
        (home / "keys").symlink_to(keys)
    environment = {
        **os.environ, "PYTHONPATH": str(SOURCE), "ORTOO_HOME": str(home), "ORTOO_DATABASE": url,
    }  # fmt: skip
    return subprocess.Popen(
        [sys.executable, "-P", "-c", code], env=environment, stdout=subprocess.PIPE, text=True,
        **more,
    )  # fmt: skip


def restored(homes: Homes, name: str, request: Request | None = None) -> restore.Outcome:
    """Restore the backup into the fresh installation `name`."""
    with homes.at(name, migrated=False):
        chain = archive.read_chain(homes.backup, trusted_keys(homes.keys))
        return restore.restore(chain, request or Request())


def refused(homes: Homes, name: str, request: Request) -> Refused:
    """The refusal of such a restoration."""
    with pytest.raises(Refused) as raised:
        restored(homes, name, request)
    return raised.value
