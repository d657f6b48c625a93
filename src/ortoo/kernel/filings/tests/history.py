"""A small market whose history tests write step by step: two firms, two offices, one form.

Nothing here looks at the clock or draws at random; `History` numbers its own keys and moments.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from ortoo.kernel.filings import read
from ortoo.kernel.filings.behaviour import RecordBehaviour, register
from ortoo.kernel.filings.draft import Draft, Move, Original, Receipt
from ortoo.kernel.filings.write import file, file_many
from ortoo.kernel.forms.behaviour import GridBehaviour
from ortoo.kernel.forms.tests.small import grid, small_form
from ortoo.kernel.parties.codes import fictional_uscc
from ortoo.kernel.seal import contacts
from ortoo.kernel.threads.periodic import (
    PeriodicProcedure,
    ReturnState,
    fold_return,
    return_thread,
)
from ortoo.kernel.threads.procedure import register_procedure

FORM = small_form()
CODE = FORM.code
NOW = 1_795_000_000_000
PERIOD = "W2026-11-14"
FIRMS = (fictional_uscc("150000", 301), fictional_uscc("150000", 302))
OFFICES = {"152500": fictional_uscc("150000", 303, kind="11"),
           "150000": fictional_uscc("150000", 304, kind="11")}  # fmt: skip
LOW, TOP = OFFICES
PLACE = "152501"
RECORDS = (
    "kernel_filing", "kernel_leaf", "kernel_log_tail", "kernel_checkpoint", "kernel_original",
    "kernel_sealed",
)  # fmt: skip
WRITTEN = (*RECORDS, "kernel_thread_entry", "kernel_duty", "kernel_posting", "kernel_outbox")


def _moves(draft: Draft, body: Any) -> Iterator[Move]:
    yield Move(f"stock|{draft.filer}", "rice", int(body["fen"]), "2026-11-14")
    yield Move("world", "rice", -int(body["fen"]), "2026-11-14")


def register_small_market() -> None:
    """Make the small form and a record that posts and is relayed fileable."""
    register(GridBehaviour(FORM))
    register_procedure(CODE, PeriodicProcedure())
    register(
        RecordBehaviour(
            "T-MOVE", 1, lambda body: (), post=_moves, address=lambda draft, body: ("ORG-WFP",)
        )
    )


class History:
    """Files step by step; every method returns the receipt or lets `Refused` through."""

    def __init__(self) -> None:
        self.step = 0

    def draft(self, form: str, filer: str, body: object, **more: Any) -> Draft:
        self.step += 1
        said = {"actor": "account:test", "key": f"step-{self.step}", "said_at": NOW + self.step}
        return Draft(form=form, filer=filer, body=body, **{**said, **more})

    def file(self, form: str, filer: str, body: object, **more: Any) -> Receipt:
        draft = self.draft(form, filer, body, **more)
        return file(draft, now_ms=NOW + self.step)

    def register(self, *, sealed: bool = True) -> Receipt:
        parties = [
            {"code": code, "kind": "enterprise", "name": f"企业{number}", "place": PLACE}
            for number, code in enumerate(FIRMS)
        ]
        parties += [
            {"code": code, "kind": "agency", "name": f"商务局{place}", "place": place}
            for place, code in OFFICES.items()
        ]
        draft = self.draft("K-PARTY", "SYSTEM", {"parties": parties})
        if sealed:
            people = {FIRMS[0]: contacts.Person("乌兰其其格", "13900001111")}
            found = contacts.seal_contacts(filing_key=draft.key, people=people, now_ms=NOW)
            parties[0].update(found.fields[FIRMS[0]])
            draft = replace(draft, body={"parties": parties}, sealed=found.values)
        return file(draft, now_ms=NOW + self.step)

    def opening(self, period: str = PERIOD) -> Draft:
        body = {
            "form": CODE,
            "period": period,
            "due_at": NOW + 1000,
            "review_due_at": NOW + 2000,
            "offices": OFFICES,
            "respondents": [[firm, PLACE, [LOW, TOP]] for firm in FIRMS],
        }
        return self.draft("K-OPEN", "SYSTEM", body, period=period)

    def open(self, period: str = PERIOD) -> Receipt:
        return file(self.opening(period), now_ms=NOW + self.step)

    def a_return(self, firm: str = FIRMS[0], price: int = 598, **more: Any) -> Draft:
        more = {"period": PERIOD, "subject": firm, "place": PLACE, **more}
        return self.draft(CODE, more.pop("filer", firm), grid((price, None, price + 1)), **more)

    def say_return(self, firm: str = FIRMS[0], price: int = 598, **more: Any) -> Receipt:
        return file(self.a_return(firm, price, **more), now_ms=NOW + self.step)

    def _matter(self, firm: str) -> dict[str, object]:
        return {"form": CODE, "period": PERIOD, "party": firm}

    def query(self, target: int, firm: str = FIRMS[0], office: str = LOW) -> Receipt:
        body = {
            **self._matter(firm), "target": target, "office": office, "due_at": NOW + 3000,
            "cells": [{"item": "0101", "measure": "price"}], "question": "请核实。",
        }  # fmt: skip
        return self.file("K-QUERY", OFFICES[office], body, period=PERIOD)

    def reply(self, query: int, firm: str = FIRMS[0]) -> Receipt:
        body = {**self._matter(firm), "query": query, "text": "属实。"}
        return self.file("K-REPLY", firm, body, period=PERIOD)

    def send_back(self, target: int, firm: str = FIRMS[0], office: str = LOW) -> Receipt:
        body = {**self._matter(firm), "target": target, "office": office, "text": "请重报。"}
        return self.file("K-SENDBACK", OFFICES[office], body, period=PERIOD)

    def accept(self, targets: dict[str, int], office: str = LOW, conclude: bool = False) -> Receipt:
        body = {
            "form": CODE, "period": PERIOD, "office": office, "targets": list(targets.items()),
            "conclude": conclude, "note": "",
        }  # fmt: skip
        return self.file("K-ACCEPT", OFFICES[office], body, period=PERIOD)

    def archive(self) -> Receipt:
        body = {"form": CODE, "period": PERIOD, "parties": FIRMS, "offices": list(OFFICES)}
        return self.file("K-ARCHIVE", "SYSTEM", body, period=PERIOD)

    def move(self, fen: int = 7, original: Original | None = None) -> Receipt:
        return self.file("T-MOVE", FIRMS[0], {"fen": fen}, original=original)

    def batch(self, *drafts: Draft) -> list[Receipt]:
        return file_many(drafts, now_ms=NOW + self.step)

    def state(self, firm: str = FIRMS[0], as_of: int | None = None) -> ReturnState:
        thread = return_thread(CODE, PERIOD, firm)
        return fold_return(read.thread_lines([thread])[thread], as_of)

    def life(self) -> None:
        """A bit of everything, so that every record table has rows."""
        self.register()
        self.open()
        first = self.say_return()
        asked = self.query(first.seq)
        self.reply(asked.seq)
        self.send_back(first.seq)
        second = self.say_return(price=610, supersedes=first.seq, reason="录错")
        other = self.say_return(FIRMS[1])
        self.accept({FIRMS[0]: second.seq, FIRMS[1]: other.seq})
        self.accept({FIRMS[0]: second.seq, FIRMS[1]: other.seq}, TOP)
        self.move(original=Original(b"<epcis/>", "application/xml", "a.xml"))
        self.say_return(price=611, supersedes=second.seq, reason="再改")


def counts() -> dict[str, int]:
    """Rows of every table a filing may write."""
    found = {}
    with connection.cursor() as cursor:
        for table in WRITTEN:
            cursor.execute(f"SELECT COUNT(*) FROM {table}")
            found[table] = cursor.fetchone()[0]
        cursor.execute("SELECT COALESCE(MAX(size), 0) FROM kernel_log_tail")
        found["tail"] = cursor.fetchone()[0]
    return found


def duties() -> dict[str, tuple[int, int | None, int | None]]:
    """Duty key without form and period → (opened, closed, void)."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT key, opened_seq, closed_seq, void_seq FROM kernel_duty")
        return {
            key.replace(f"{CODE}|{PERIOD}|", ""): (opened, closed, void)
            for key, opened, closed, void in cursor.fetchall()
        }


@pytest.fixture
def history(db: None, tmp_path: Path, settings: Any) -> History:
    """An empty log with the small market registered and keys in a folder of its own."""
    settings.KEYS = tmp_path / "keys"
    register_small_market()
    return History()
