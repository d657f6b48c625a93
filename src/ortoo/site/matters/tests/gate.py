"""A made-up gate in the small region: four agencies, one firm, one declaration to step through.

The procedure is the kernel's trial release under a code of its own, so that nothing here meets what
other tests have registered. Who plays what: customs is the office at `own`, border the one at
`sibling`, the port office the one at `parent`, the firm that of `own`; `neighbour` has no part.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from ortoo.kernel.filings.behaviour import RecordBehaviour, register
from ortoo.kernel.filings.draft import Draft, Entry, Receipt
from ortoo.kernel.filings.write import file
from ortoo.kernel.grants.tests.small_region import NOW, SmallRegion
from ortoo.kernel.threads import procedure as procedures
from ortoo.kernel.threads.catalogue import CATALOGUE
from ortoo.kernel.threads.loader import parse, read_yaml
from ortoo.kernel.threads.steps import register_step_forms
from ortoo.kernel.threads.tests import matter

FOLDER = Path(matter.__file__).parent / "procedures"
CODE, DECLARE = "M-GATE", "M-DECLARE"
HOUR = 3_600_000
CUSTOMS, BORDER, OFFICE, FIRM = (
    "banner-reviewer-own", "banner-reviewer-sibling", "league-reviewer-parent", "clerk-own",
)  # fmt: skip
STRANGERS = ("clerk-neighbour", "banner-reviewer-neighbour", "league-reviewer-neighbour-parent",
             "clerk-sibling", "operator-root", "region-reader-root", "source-foreign")  # fmt: skip


def text_of(name: str, code: str = CODE) -> str:
    """A trial procedure's text under another code."""
    text = (FOLDER / name).read_text(encoding="utf-8")
    return text.replace("T-GATE", code).replace("T-DECLARE", DECLARE)


def register_gate(code: str = CODE) -> None:
    """Make the procedure and its opening form known."""
    register_step_forms()
    register(RecordBehaviour(DECLARE, 1, lambda body: (), _opening))
    CATALOGUE.register(parse(read_yaml(text_of("T-GATE.1.yaml", code))))


@contextmanager
def registered(code: str = CODE) -> Iterator[None]:
    """The procedure for the time of a test."""
    register_gate(code)
    try:
        yield
    finally:
        CATALOGUE._versions.pop(code, None)
        procedures._PROCEDURES.pop(code, None)


def _opening(draft: Draft, body: Mapping[str, object]) -> list[Entry]:
    detail = {
        "version": 1,
        "subject": draft.subject,
        "place": draft.place,
        "agencies": body["agencies"],
    }
    return [Entry(str(body["thread"]), "open", detail)]


class Gate:
    """Says things at the gate; each says when, in hours after the region was filed."""

    def __init__(self, region: SmallRegion, code: str = CODE, case: str = "CASE-1") -> None:
        self.region, self.thread = region, f"{code}|{case}"
        sites = region.sites
        self.firm = sites["own"].firm
        self.agencies = {
            "customs": sites["own"].office,
            "border": sites["sibling"].office,
            "office": sites["parent"].office,
            "filer": self.firm,
        }
        self.said = 0

    def at(self, hours: float) -> int:
        return NOW + int(hours * HOUR)

    def open(self, hours: float = 1, thread: str = "", place: str = "own") -> Receipt:
        body = {"thread": thread or self.thread, "agencies": self.agencies}
        return self.say(DECLARE, self.firm, body, hours, place=self.region.sites[place].place)

    def step(self, form: str, role: str, hours: float, **body: object) -> Receipt:
        body = {"thread": self.thread, **body}
        return self.say(form, self.agencies.get(role, role), body, hours)

    def say(
        self, form: str, filer: str, body: Mapping[str, object], hours: float, **more: object
    ) -> Receipt:
        self.said += 1
        draft = Draft(
            form=form, filer=filer, actor="account:gate", key=f"{self.thread}-said-{self.said}",
            body=body, said_at=self.at(hours), subject=self.firm, **more,
        )  # fmt: skip
        return file(draft, now_ms=self.at(hours))
