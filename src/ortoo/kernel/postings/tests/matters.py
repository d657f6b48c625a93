"""Small matters for the tests of postings: a purse that may not go below zero, a world that may."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ortoo.kernel.filings.behaviour import Annulment, JsonObject, RecordBehaviour, register
from ortoo.kernel.filings.draft import Draft, Entry, Move
from ortoo.kernel.postings.accounts import register_account

NOW = 1_763_164_800_000
DAY = "2025-11-15"


def _moves(draft: Draft, body: Any) -> Iterable[Move]:
    day = str(body.get("day", DAY))
    yield Move(f"purse|{body['purse']}", "fen", int(body["fen"]), day)
    yield Move("world|all", "fen", -int(body["fen"]), day)


def _entry(draft: Draft, body: JsonObject) -> Iterable[Entry]:
    yield Entry(f"T-PURSE|{body['purse']}", "moved", {})


def _annul(draft: Draft, body: JsonObject) -> Iterable[Entry]:
    yield Entry(f"T-PURSE|{body['purse']}", "annul", {"target": draft.annuls})


def register_purses() -> None:
    """`T-PURSE` moves fen into (or out of) a guarded purse; `T-PURSE-ANNUL` annuls one."""
    register_account("purse", guarded=True)
    register(
        RecordBehaviour(
            "T-PURSE", 1, lambda body: (), _entry, _moves,
            annulment=Annulment(frozenset({"T-PURSE-ANNUL"}), frozenset({"system"})),
        )
    )  # fmt: skip
    register(RecordBehaviour("T-PURSE-ANNUL", 1, lambda body: (), _annul))


def purse(key: str, fen: int, *, day: str = DAY, name: str = "a", **more: Any) -> Draft:
    """A filing that moves `fen` into purse `name` (out of it when negative) on `day`."""
    body = {"purse": name, "fen": fen, "day": day}
    said = {"filer": "A", "actor": "account:a", **more}
    return Draft(form="T-PURSE", key=key, body=body, said_at=NOW, **said)


def annulment(key: str, seq: int, *, filer: str = "SYSTEM", name: str = "a") -> Draft:
    """An authority's filing that takes filing `seq` back."""
    return Draft(
        "T-PURSE-ANNUL", filer, filer, key, {"purse": name}, NOW, annuls=seq, reason="测试依据"
    )
