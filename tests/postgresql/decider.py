"""One agency in a process of its own: decides a case at every line it is sent, and says when.

Run by test_last_decisions: `python -m tests.postgresql.decider AGENCY PROCEDURE ROUNDS
[unlocked]`. Unlocked
is the control: on PostgreSQL the threads' lock is left out; on SQLite writers take no turns and
their transactions are deferred.
"""

from __future__ import annotations

import json
import os
import sys
import time
from contextlib import nullcontext


def main(who: str, procedure: str, rounds: int, unlocked: bool) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ortoo.site.settings")
    import django

    django.setup()
    from django.db import connection
    from tests.postgresql.matters import NOW, decision, register_matters

    from ortoo.kernel.filings.write import file

    register_matters()
    if unlocked:
        _unlock()
    connection.ensure_connection()
    print("ready", flush=True)
    for number in range(rounds):
        draft = decision(f"{procedure}|{number}", who)
        sys.stdin.readline()
        begun, seq, error = time.monotonic(), 0, ""
        try:
            seq = file(draft, now_ms=NOW).seq
        except Exception as raised:
            error = f"{type(raised).__name__} {raised}"
        print(json.dumps([begun, time.monotonic(), seq, error]), flush=True)


def _unlock() -> None:
    from django.db import connection, connections

    if connection.vendor == "postgresql":
        from ortoo.kernel.filings import postgresql

        postgresql._LOCK = "SELECT b FROM unnest(%s::int[]) b WHERE b < 0"
    else:
        from ortoo.kernel.filings import write

        write._turn = nullcontext
        connections.settings["default"]["OPTIONS"]["transaction_mode"] = "DEFERRED"


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4:] == ["unlocked"])
