"""Bringing a database up to this program's schema, and refusing one that is ahead of it.

Django migrates forward only and passes over migrations it does not know: an old program on a newer
database would write half-filled rows. `check` finds that out before anything is touched.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from ortoo.kernel.filings.refusal import Refused

RESTORE_MARK, UPGRADE_MARK = "restore.json", "upgrade-begun"
POSTGRESQL_LEAST = 150_000
Say = Callable[[str], None]


def check(*, serving: bool = False) -> list[str]:
    """Names of the migrations still to be applied; nothing is written.

    Refused UPGRADE-NEWER (the database was written by a newer program), UPGRADE-DATABASE (it
    cannot be read), UPGRADE-SERVER (PostgreSQL before 15) and, where pages are to be `serving`,
    RESTORE-REHEARSAL or RESTORE-UNFINISHED.
    """
    from django.db import DatabaseError, connection
    from django.db.migrations.executor import MigrationExecutor

    if serving:
        _check_home()
    try:
        connection.ensure_connection()
        executor = MigrationExecutor(connection)
        applied = set(executor.loader.applied_migrations)
        plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError as error:
        raise Refused(
            "UPGRADE-DATABASE",
            f"数据库不能读取：{error}",
            "请核对 ORTOO_HOME 与 ORTOO_DATABASE；文件损坏时从备份恢复（./ortoo restore）。",
        ) from error
    if connection.vendor == "postgresql" and connection.pg_version < POSTGRESQL_LEAST:  # type: ignore[attr-defined]
        raise Refused(
            "UPGRADE-SERVER", "PostgreSQL 低于第 15 版。", "请先升级 PostgreSQL，再启动本程序。"
        )
    known = set(executor.loader.disk_migrations)
    for migration in executor.loader.disk_migrations.values():
        known |= set(migration.replaces)
    labels = {app for app, _ in known}
    ahead = sorted(f"{app}.{name}" for app, name in applied - known if app in labels)
    if ahead:
        raise Refused(
            "UPGRADE-NEWER",
            f"数据库由更新版本的程序写成：迁移 {'、'.join(ahead[:3])} 是本程序没有的。",
            "数据未作改动；请用该版本或更新的程序启动，或另取升级前的备份恢复。",
            409,
        )
    return [f"{migration.app_label}.{migration.name}" for migration, _ in plan]


def _check_home() -> None:
    from django.conf import settings

    path = Path(settings.HOME) / RESTORE_MARK
    if not path.exists():
        return
    state = json.loads(path.read_text("utf-8")).get("state")
    if state == "rehearsal":
        raise Refused(
            "RESTORE-REHEARSAL",
            f"{settings.HOME} 是恢复演练的副本：对外服务会与正式日志分叉。",
            "核对完请删除它；要正式恢复，请不带 --rehearse 再运行 ./ortoo restore。",
            409,
        )
    if state == "unfinished":
        raise Refused(
            "RESTORE-UNFINISHED",
            f"{settings.HOME} 的恢复没有做完。",
            "请再次运行 ./ortoo restore。",
            409,
        )


def bring_up(*, serving: bool = False, say: Say = lambda line: None) -> list[str]:
    """`check`, migrate, and recompute every read model where the schema changed on a used database.

    Returns the migrations applied. A new column of a projection holds nothing until it is computed
    from the filings: a schema change of a projection is a rebuild (Law 9).
    """
    from django.conf import settings
    from django.core.management import call_command
    from django.db import connection

    pending = check(serving=serving)
    begun = Path(settings.HOME) / UPGRADE_MARK
    used = begun.exists() or (bool(pending) and _has_filings(connection))
    if used:
        say(f"升级数据库：{'、'.join(pending) or '续做上次未完成的重算'} …")
        # A start that is cut off between the two would leave read models nobody computes again.
        begun.touch()
    call_command("migrate", verbosity=0)
    if used:
        from ortoo.kernel.threads.rebuild import rebuild_all

        changed = [table.table for table in rebuild_all(say, fix=True) if not table.equal]
        begun.unlink()
        say(f"升级完成；重算后有变化的读模型：{'、'.join(changed) or '无'}。")
    return pending


def _has_filings(connection: object) -> bool:
    tables = connection.introspection.table_names()  # type: ignore[attr-defined]
    if "kernel_filing" not in tables:
        return False
    with connection.cursor() as cursor:  # type: ignore[attr-defined]
        cursor.execute("SELECT 1 FROM kernel_filing LIMIT 1")
        return cursor.fetchone() is not None
