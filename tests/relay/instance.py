"""One installation on real files, driven from outside: the port (A) or an agency (B).

    python -m tests.relay.instance '[["open", "1"], ["deliver"]]'      with ORTOO_HOME, ORTOO_ORIGIN

Takes a list of commands, prints one JSON list of answers. With CUT=n the process ends without a
word at its n-th effect on the disk or the database, before or after it as CUT's sign says.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

ORIGINS = {"A": "port.region.example/log", "B": "border.region.example/log"}
# Who is at home where; the border police are the only party at B.
PARTIES = {"A": ["OFFICE", "CUSTOMS", "PLANTS", "FIRM"], "B": ["BORDER"]}
ROLES = {"office": "OFFICE", "customs": "CUSTOMS", "border": "BORDER"}
NOW = 1_795_000_000_000
GATE = Path(__file__).parents[2] / "src/ortoo/kernel/threads/tests/procedures/T-GATE.1.yaml"


def ready() -> None:
    import django

    os.environ["DJANGO_SETTINGS_MODULE"] = "ortoo.site.settings"
    django.setup()
    from django.conf import settings
    from django.core.management import call_command

    from ortoo.kernel.filings.behaviour import RecordBehaviour, register
    from ortoo.kernel.filings.draft import Entry
    from ortoo.kernel.relay.homes import register_relay_forms
    from ortoo.kernel.threads.catalogue import CATALOGUE
    from ortoo.kernel.threads.steps import register_step_forms

    call_command("migrate", verbosity=0)
    register_step_forms()
    register_relay_forms()
    CATALOGUE.load_folders([GATE])

    def opening(draft: Any, body: Any) -> list[Entry]:
        detail = {"version": 1, "subject": draft.subject, "place": draft.place,
                  "agencies": {**ROLES, "filer": draft.filer}}  # fmt: skip
        return [Entry(f"T-GATE|{body['case']}", "open", detail)]

    register(
        RecordBehaviour("T-DECLARE", 1, lambda body: (), opening,
                        address=lambda draft, body: ("BORDER",))
    )  # fmt: skip
    known = Path(settings.HOME) / "relay.toml"
    if not known.exists():
        known.write_text(os.environ.get("PEERS", ""), "utf-8")


# --- commands --------------------------------------------------------------------------------


def public() -> str:
    """The line others trust this log by."""
    from ortoo.kernel.seal import log

    if not log.signing_keys().history():
        log.signing_keys().create(now_ms=NOW)
    return str(log.log_keys()[0])


def _file(form: str, filer: str, body: dict[str, Any], **more: Any) -> int:
    return file_draft(_draft(form, filer, body, **more))


def _draft(form: str, filer: str, body: dict[str, Any], **more: Any) -> Any:
    from ortoo.kernel.filings.draft import Draft

    at = _now()
    said = {"subject": "FIRM", "place": "P1", **more}
    return Draft(form, filer, f"account:{filer.lower()}", f"{form}-{at}", body, at, **said)


def _now() -> int:
    from ortoo.kernel.filings.read import tail

    return NOW + (tail() + 1) * 1000


def file_draft(draft: Any) -> int:
    from ortoo.kernel.filings.write import file

    return file(draft, now_ms=draft.said_at).seq


def open_case(case: str) -> int:
    return _file("T-DECLARE", "FIRM", {"case": case})


def decide(case: str, step: str, filer: str, outcome: str = "pass") -> int:
    return _file("K-DECIDE", filer, _decision(case, step, outcome))


def _decision(case: str, step: str, outcome: str) -> dict[str, Any]:
    return {"thread": f"T-GATE|{case}", "step": step, "outcome": outcome}


def send(case: str, step: str, filer: str, outcome: str = "pass", supersedes: str = "") -> int:
    """A decision for a thread elsewhere."""
    from ortoo.kernel.relay.homes import sending

    more = {"reason": "录错"} if supersedes else {}
    draft = _draft("K-DECIDE", filer, _decision(case, step, outcome), **more)
    return file_draft(sending(draft, to="OFFICE", supersedes=supersedes))


def deliver() -> dict[str, Any]:
    from ortoo.kernel.relay import delivery

    done = delivery.deliver(Path(os.environ["SHARE"]), now_ms=_now())
    return {"sent": done.sent, "held": [refused.code for _, refused in done.held]}


def collect() -> dict[str, Any]:
    from ortoo.kernel.relay import delivery

    done = delivery.collect(Path(os.environ["SHARE"]), now_ms=_now())
    return {
        "taken": done.taken,
        "refused": [refused.code for _, refused in done.refused],
        "held": [refused.code for _, refused in done.held],
        "closed": [list(row) for row in done.closed],
    }


def state(case: str) -> dict[str, Any]:
    """What stands of a thread here."""
    from ortoo.kernel.duties.models import Duty
    from ortoo.kernel.filings.read import thread_lines
    from ortoo.kernel.relay.homes import home_of
    from ortoo.kernel.threads.catalogue import CATALOGUE

    thread = f"T-GATE|{case}"
    lines = thread_lines([thread])[thread]
    found = CATALOGUE.procedure("T-GATE").fold(lines)
    rows = Duty.objects.filter(thread=thread, closed_seq__isnull=True, void_seq__isnull=True)
    return {
        "kinds": [line.kind for line in lines],
        "home": home_of(lines),
        "decided": {step: one.outcome for step, one in sorted(found.decisions.items())},
        "owed": {row.key.rsplit("|", 1)[1]: row.owner for row in rows},
        "ended": found.ended.code if found.ended else "",
    }


def log() -> list[list[Any]]:
    """(seq, form, filer, mode, key) of the whole log."""
    from ortoo.kernel.filings import read

    return [[r.seq, r.form, r.filer, r.mode, r.key] for r in read.rows("seq > %s", [0])]


def outbox() -> list[list[Any]]:
    from ortoo.kernel.relay.models import Outbox

    return [list(r) for r in Outbox.objects.order_by("seq").values_list("seq", "receipt")]


def faults() -> list[str]:
    """What `verify` and `rebuild` find."""
    from ortoo.kernel.seal import log as sealed
    from ortoo.kernel.seal.verify import verify
    from ortoo.kernel.threads.rebuild import rebuild_all

    sealed.checkpoint(now_ms=_now())
    unequal = [table.table for table in rebuild_all(fix=False) if not table.equal]
    return [*(f"{found.code} {found.message}" for found in verify()), *unequal]


COMMANDS: dict[str, Callable[..., Any]] = {
    "public": public, "open": open_case, "decide": decide, "send": send, "deliver": deliver,
    "collect": collect, "state": state, "log": log, "outbox": outbox, "faults": faults,
}  # fmt: skip


def cut_at(number: int) -> None:
    """End at the n-th effect: before it for a negative number, after it for a positive one."""
    from ortoo.kernel.filings import outbox as rows
    from ortoo.kernel.relay import bundle, delivery

    count = 0

    def counted(call: Callable[..., Any]) -> Callable[..., Any]:
        def effect(*arguments: Any, **named: Any) -> Any:
            nonlocal count
            count += 1
            if count == -number:
                os._exit(9)
            answer = call(*arguments, **named)
            if count == number:
                os._exit(9)
            return answer

        return effect

    delivery._put = counted(delivery._put)  # type: ignore[assignment]
    delivery._remove = counted(delivery._remove)  # type: ignore[assignment]
    rows.close = counted(rows.close)  # type: ignore[assignment]
    rows.follow_threads = counted(rows.follow_threads)  # type: ignore[assignment]
    bundle.accept = counted(bundle.accept)  # type: ignore[assignment]


def main() -> None:
    from ortoo.kernel.filings.refusal import Refused

    answers: list[Any] = []
    ready()
    if os.environ.get("CUT"):
        cut_at(int(os.environ["CUT"]))
    for name, *arguments in json.loads(sys.argv[1]):
        try:
            answers.append(COMMANDS[name](*arguments))
        except Refused as refused:
            answers.append({"refused": refused.code, "remedy": refused.remedy})
    print(json.dumps(answers, ensure_ascii=False))


if __name__ == "__main__":
    main()
