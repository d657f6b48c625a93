"""A temporary installation of Örtöö for one bench: real settings, real migrations, nothing kept."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks import postgres


@dataclass(frozen=True, slots=True)
class Installation:
    """Where it lies, on which database, and the postmasters whose time counts as the server's."""

    home: Path
    database: str
    servers: frozenset[int]


@contextmanager
def installation(
    database: str = "sqlite", settings: Mapping[str, str] | None = None
) -> Iterator[Installation]:
    """Django set up on a fresh database; once a process, since Django sets up once.

    `settings` are options of the private PostgreSQL server. PostgresMissing without one.
    """
    with ExitStack() as stack:
        home = Path(tempfile.mkdtemp(prefix="ortoo-bench-"))
        stack.callback(shutil.rmtree, home, ignore_errors=True)
        servers: frozenset[int] = frozenset()
        os.environ["ORTOO_HOME"] = str(home)
        os.environ["DJANGO_SETTINGS_MODULE"] = "ortoo.site.settings"
        os.environ.pop("ORTOO_DATABASE", None)
        if database == "postgresql":
            server = stack.enter_context(postgres.private_server(settings or {}))
            os.environ["ORTOO_DATABASE"] = postgres.create_database(server, "bench")
            servers = frozenset({server.pid})
        import django

        django.setup()
        from django.core.management import call_command
        from django.db import connections

        call_command("migrate", verbosity=0)
        stack.callback(connections.close_all)
        yield Installation(home, database, servers)
