"""Databases of earlier schemas come forward without loss; those of later ones are not touched."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

from ortoo.kernel.filings import read
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.filings.tests.history import NOW
from ortoo.kernel.seal import log
from ortoo.kernel.seal.verify import verify
from ortoo.kernel.threads.rebuild import rebuild_all
from ortoo.site.operations import upgrade
from ortoo.site.tests.backup.homes import Busy, Homes, projected

OLD = "0002"
OTHERS = ("contenttypes", "auth", "sessions", "market", "site")


def columns(table: str) -> list[str]:
    with connection.cursor() as cursor:
        return [c.name for c in connection.introspection.get_table_description(cursor, table)]


def rows(table: str, names: list[str]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {','.join(names)} FROM {table}")
        return sorted(cursor.fetchall(), key=repr)


def old_database(homes: Homes) -> dict[str, list[str]]:
    """An installation `old` with the tables of migration 0002; its tables and their columns."""
    with homes.at("old", migrated=False):
        for app in OTHERS:
            call_command("migrate", app, verbosity=0)
        call_command("migrate", "kernel", OLD, verbosity=0)
        tables = connection.introspection.table_names()
        return {t: columns(t) for t in tables if t.startswith(("kernel_", "market_"))}


def test_a_database_of_the_second_migration_comes_forward_with_nothing_lost(homes: Homes) -> None:
    shape = old_database(homes)
    assert "under" not in shape["kernel_filing"] and "at" not in shape["kernel_thread_entry"]
    with homes.at("today"):
        Busy().more(12)
        log.checkpoint(now_ms=NOW + 900)
        expected = projected()
        was = {table: rows(table, names) for table, names in shape.items()}
    with homes.at("old", migrated=False):
        with connection.cursor() as cursor:
            for table, names in shape.items():
                marks = ",".join(["%s"] * len(names))
                cursor.executemany(
                    f"INSERT INTO {table} ({','.join(names)}) VALUES ({marks})", was[table]
                )
        said: list[str] = []
        pending = upgrade.bring_up(say=said.append)
        assert pending and all(name.split(".")[1] > OLD for name in pending)
        assert any("升级" in line for line in said)
        records = ("kernel_filing", "kernel_leaf", "kernel_original", "kernel_sealed",
                   "kernel_checkpoint", "kernel_log_tail")  # fmt: skip
        for table in records:
            assert was[table] and rows(table, shape[table]) == was[table], table
        assert projected() == expected
        assert verify() == []
        assert [t.table for t in rebuild_all(fix=False) if not t.equal] == []
        assert upgrade.bring_up() == []


def test_a_read_model_left_stale_by_a_migration_is_recomputed(
    homes: Homes, monkeypatch: pytest.MonkeyPatch
) -> None:
    with homes.at("today"):
        Busy().more(4)
        expected = projected()
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM kernel_party")
            cursor.execute("DELETE FROM kernel_thread_entry WHERE seq > 5")
        monkeypatch.setattr(upgrade, "check", lambda *, serving: ["kernel.0099_next"])
        upgrade.bring_up()
        assert projected() == expected


def test_an_upgrade_cut_off_before_its_recomputation_is_finished_at_the_next_start(
    homes: Homes, monkeypatch: pytest.MonkeyPatch
) -> None:
    with homes.at("today"):
        Busy().more(4)
        expected = projected()
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM kernel_party")

        def cut_off(*_: object, **__: object) -> None:
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(upgrade, "check", lambda *, serving: ["kernel.0099_next"])
            patch.setattr("ortoo.kernel.threads.rebuild.rebuild_all", cut_off)
            with pytest.raises(KeyboardInterrupt):
                upgrade.bring_up()
        said: list[str] = []
        assert upgrade.bring_up(say=said.append) == [] and projected() == expected
        assert said
        said.clear()
        assert upgrade.bring_up(say=said.append) == [] and not said


def test_a_database_written_by_a_newer_program_is_refused_in_a_sentence(homes: Homes) -> None:
    with homes.at("today"):
        Busy().more(2)
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO django_migrations (app, name, applied)"
                " VALUES ('kernel', '0999_of_the_future', '2030-01-01 00:00:00')"
            )
        end = read.tail()
        for attempt in (upgrade.check, upgrade.bring_up):
            with pytest.raises(Refused) as raised:
                attempt()
            assert raised.value.code == "UPGRADE-NEWER"
            assert "kernel.0999_of_the_future" in raised.value.message and raised.value.remedy
        assert read.tail() == end


def test_migrations_of_packages_no_longer_installed_are_nobodys_future(homes: Homes) -> None:
    with homes.at("today"):
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO django_migrations (app, name, applied)"
                " VALUES ('gone', '0003_x', '2020-01-01 00:00:00')"
            )
        assert upgrade.check() == []


def test_a_file_that_is_no_database_is_refused_and_left_as_it_is(homes: Homes) -> None:
    path = homes.folder / "broken" / "data" / "ortoo.sqlite3"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"not a database" * 100)
    with homes.at("broken", migrated=False), pytest.raises(Refused, match="UPGRADE-DATABASE"):
        upgrade.bring_up()
    assert path.read_bytes() == b"not a database" * 100
