"""A backup of one database restores into the other: the same rows, the same read models."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from benchmarks.postgres import Server, create_database

from ortoo.kernel.filings.tests.history import CODE, FIRMS, NOW
from ortoo.kernel.grants import access
from ortoo.kernel.grants.models import Account
from ortoo.kernel.grants.scope import PUBLIC
from ortoo.kernel.seal.verify import verify
from ortoo.kernel.threads.rebuild import rebuild_all
from ortoo.site.operations import archive, restore
from ortoo.site.operations.backup import back_up, trusted_keys
from ortoo.site.operations.restore import Request
from ortoo.site.tests.backup.homes import Busy, Homes, filings, projected, rows

pytestmark = pytest.mark.postgresql
RECORDS = ("kernel_original", "kernel_sealed", "kernel_checkpoint", "kernel_access_entry")
CHANGED_AT = datetime(2026, 11, 23, 4, 5, 6, 789, tzinfo=UTC)


def account() -> tuple[object, ...]:
    found = Account.objects.get(login="c.wu")
    return found.pk, found.display_name, found.is_active, found.demo, found.last_login


@pytest.mark.law(9)
@pytest.mark.parametrize("direction", ["SQLite → PostgreSQL", "PostgreSQL → SQLite"])
def test_a_backup_restores_into_the_other_database(
    homes: Homes, postgres_server: Server, direction: str
) -> None:
    name = f"across_{'to' if direction.startswith('SQLite') else 'from'}"
    url = create_database(postgres_server, name)
    first, second = ("", url) if direction.startswith("SQLite") else (url, "")
    with homes.at("first", first):
        busy = Busy()
        busy.more(6)
        Account.objects.create(login="c.wu", party=FIRMS[0], display_name="乌兰",
                               is_active=False, last_login=CHANGED_AT)  # fmt: skip
        base = back_up(homes.backup, since_last=False)
        busy.more(6)
        access.record(PUBLIC, "figures", CODE, 3, now_ms=NOW)
        end = back_up(homes.backup, since_last=True).end
        kept, models = filings(end), projected()
        before, who = {table: rows(table) for table in RECORDS}, account()
        leaves = rows("kernel_leaf")
    with homes.at("second", second, migrated=False):
        chain = archive.read_chain(homes.backup, trusted_keys(homes.keys))
        restore.restore(chain, Request())
        assert filings(end) == kept and projected() == models
        assert rows("kernel_leaf", f"WHERE seq <= {end}") == leaves
        assert {table: rows(table) for table in RECORDS} == before
        assert account() == who == (who[0], "乌兰", False, False, CHANGED_AT)
        assert verify() == []
        assert [t.table for t in rebuild_all(fix=False) if not t.equal] == []
        assert Account.objects.create(login="n", party="p", display_name="n").pk > who[0]
        # And on from there, in the database where it now lives.
        assert back_up(homes.folder / "on", since_last=False).end == end + 1
    assert base.end < end
