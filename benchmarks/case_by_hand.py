"""The floor of the `case` bench: the same six filings with a procedure and forms written by hand.

No definition is read, no field is checked beyond its type, nobody is sealed and nothing is salted:
what a case costs here is what the one write costs.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence
from typing import Any

PREFIX = "BENCH-CASE"
AGENCIES = ("AGENCY-CUSTOMS", "AGENCY-BORDER", "AGENCY-HEALTH", "AGENCY-ROAD")
PORT = "PORT"
START_MS = 1_763_164_800_000
HOUR_MS = 3_600_000


class CaseProcedure:
    """Declared → four decisions owed at once → release owed when all four stand."""

    def admit(self, lines: Sequence[Any], draft: Any, entry: Any) -> Any:
        """A case is declared once, an agency decides once, release comes after all decisions."""
        from ortoo.kernel.filings.refusal import Refused

        said = {(line.kind, line.detail.get("agency")) for line in lines}
        kinds = {kind for kind, _ in said}
        if (entry.kind, entry.detail.get("agency")) in said:
            return Refused("CASE-SAID", "这一步已经办过。", "请刷新页面。", 409)
        if entry.kind != "declare" and "declare" not in kinds:
            return Refused("CASE-UNKNOWN", "没有这一案卷。", "请先申报。", 409)
        if entry.kind == "release" and {a for kind, a in said if kind == "decide"} != set(AGENCIES):
            return Refused("CASE-UNDECIDED", "各部门尚未全部作出决定。", "请等待决定。", 409)
        return None

    def duties(self, thread: str, lines: Sequence[Any]) -> Sequence[Any]:
        """Four `decide` duties open with the declaration, `release` with the last decision."""
        from ortoo.kernel.duties.reconcile import DutyRow

        declared = next(line for line in lines if line.kind == "declare")
        decided = {line.detail["agency"]: line.seq for line in lines if line.kind == "decide"}
        released = next((line.seq for line in lines if line.kind == "release"), None)

        def duty(kind: str, owner: str, opened: int, closed: int | None) -> DutyRow:
            due = declared.detail["due_at"] + (HOUR_MS if kind == "release" else 0)
            return DutyRow(
                key=f"{kind}|{thread}|{owner}", thread=thread, kind=kind, owner=owner,
                form=f"{PREFIX}-{kind.upper()}", period="", place="", due_at=due,
                subject=str(declared.detail["consignment"]), opened_seq=opened, closed_seq=closed,
            )  # fmt: skip

        rows = [duty("decide", a, declared.seq, decided.get(a)) for a in AGENCIES]
        if len(decided) == len(AGENCIES):
            rows.append(duty("release", PORT, max(decided.values()), released))
        return rows


def register() -> None:
    """Make the three forms fileable and let their threads follow the procedure."""
    from ortoo.kernel.filings.behaviour import RecordBehaviour, register
    from ortoo.kernel.filings.draft import Entry, Move
    from ortoo.kernel.threads.control import require
    from ortoo.kernel.threads.procedure import register_procedure

    def said(kind: str, *names: str) -> Callable[..., Iterable[Entry]]:
        def relate(draft: Any, body: Any) -> Iterable[Entry]:
            yield Entry(f"{PREFIX}|{body['case']}", kind, {name: body[name] for name in names})

        return relate

    def moves(draft: Any, body: Any) -> Iterable[Move]:
        yield Move(f"{draft.filer}|bonded", "coal", -body["kilograms"], "2025-11-15")
        yield Move(f"{draft.filer}|free", "coal", body["kilograms"], "2025-11-15")

    register(
        RecordBehaviour(
            f"{PREFIX}-DECLARE", 1,
            require(case=str, consignment=str, due_at=int, kilograms=int, value_fen=int),
            said("declare", "consignment", "due_at"),
            address=lambda draft, body: AGENCIES,
        )
    )  # fmt: skip
    register(
        RecordBehaviour(
            f"{PREFIX}-DECIDE", 1, require(case=str, agency=str, verdict=str, basis=str),
            said("decide", "agency"), address=lambda draft, body: (PORT,),
        )
    )  # fmt: skip
    register(
        RecordBehaviour(
            f"{PREFIX}-RELEASE", 1, require(case=str, kilograms=int), said("release"), moves,
            lambda draft, body: (draft.subject,),
        )
    )  # fmt: skip
    register_procedure(PREFIX, CaseProcedure())


def _draft(step: str, filer: str, case: str, **body: object) -> Any:
    from ortoo.kernel.filings.draft import Draft

    return Draft(
        f"{PREFIX}-{step}", filer, f"account:{filer}", f"{step}|{case}|{filer}",
        {"case": case, **body}, START_MS, subject="FIRM-00001",
    )  # fmt: skip


def opening(case: str, number: int, now_ms: int) -> Any:
    """The declaration of a case."""
    return _draft(
        "DECLARE", "FIRM-00001", case, consignment=f"CONSIGNMENT-{number:07d}",
        due_at=START_MS + random.Random(number).randrange(720) * HOUR_MS,
        kilograms=20_000 + number % 5_000, value_fen=1_200_000 + number,
    )  # fmt: skip


def steps(case: str, number: int, now_ms: int) -> list[Callable[[], Any]]:
    """The six filings of a case, each to be made when it is called."""
    decisions = [
        _draft("DECIDE", agency, case, agency=agency, verdict="pass", basis="GB/T 0000 第1条")
        for agency in AGENCIES
    ]
    release = _draft("RELEASE", PORT, case, kilograms=20_000 + number % 5_000)
    drafts = [opening(case, number, now_ms), *decisions, release]
    return [lambda d=draft: d for draft in drafts]


def decided(lines: Sequence[Any], as_of: int | None) -> int:
    """How many decisions stand in a thread at a log index."""
    return sum(line.kind == "decide" and (as_of is None or line.seq <= as_of) for line in lines)
