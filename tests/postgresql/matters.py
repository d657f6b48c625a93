"""A small matter for the tests here: notes without a thread, and cases that four must decide."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ortoo.kernel.duties.reconcile import DutyRow
from ortoo.kernel.filings.behaviour import JsonObject, RecordBehaviour, register
from ortoo.kernel.filings.draft import Draft, Entry
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.threads.procedure import ThreadLine, register_procedure

AGENCIES = ("A", "B", "C", "D")
NOW = 1_763_164_800_000


class FourDecisions:
    """`decide` by each agency; with the last one `release` opens, once."""

    def admit(self, lines: Sequence[ThreadLine], draft: Draft, entry: Entry) -> Refused | None:
        said = [(line.kind, line.detail) for line in lines]
        if entry.kind == "decide" and ("decide", entry.detail) in said:
            return Refused("DECIDED", "已经决定。", "请刷新。", 409)
        return None

    def duties(self, thread: str, lines: Sequence[ThreadLine]) -> Sequence[DutyRow]:
        decided = {str(line.detail["by"]): line.seq for line in lines if line.kind == "decide"}
        if set(decided) != set(AGENCIES):
            return []
        opened = max(decided.values())
        return [
            DutyRow(f"release|{thread}", thread, "release", "PORT", "", "", "", "", None, opened)
        ]


def _relate(draft: Draft, body: JsonObject) -> Iterable[Entry]:
    for thread in body.get("threads", []):  # type: ignore[attr-defined]
        yield Entry(str(thread), str(body["kind"]), {"by": body["by"]})


def register_matters() -> None:
    register(RecordBehaviour("T-SAID", 1, lambda body: (), _relate))
    register_procedure("T-CASE", FourDecisions())


def said(key: str, *threads: str, by: str = "A", kind: str = "say", text: str = "") -> Draft:
    """A filing of `by` under `key` that says `kind` to each thread."""
    body = {"threads": list(threads), "by": by, "kind": kind, "text": text}
    return Draft("T-SAID", by, f"account:{by}", key, body, NOW)
