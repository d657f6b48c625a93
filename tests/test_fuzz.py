"""Statements nobody should make, by the thousand: each ends in a receipt or a coded refusal.

No other exception may come out of the write, and a refusal leaves the record exactly as it was:
no filing, leaf, entry, duty, posting or outbox row, and the tail where it stood.
"""

from __future__ import annotations

import json
import random
import string
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.db import connection

from ortoo.kernel.filings.draft import Draft, Original, Receipt
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.filings.write import file, file_many
from ortoo.kernel.forms import registry
from ortoo.kernel.forms.body import GridBody, encode
from ortoo.kernel.forms.definition import Nil

FORM = "SCJC-W1"
NOW = 1_795_000_000_000  # 2026-11-18
OPENED = ("W2026-11-14", "W2026-10-31", "W2026-10-24", "W2026-10-17")
OPEN, ARCHIVED, FUTURE = OPENED[0], "W2026-11-07", "W2027-01-02"
PARTIES = tuple(f"FIRM-{number}" for number in range(60))
TABLES = ("filing", "leaf", "thread_entry", "duty", "posting", "outbox", "original", "sealed")
HOSTILE = (
    "=HYPERLINK(\"http://x\",\"y\")", "+1+cmd|' /C calc'!A0", "@SUM(A1)", "-2+3", "' OR 1=1 --",
    "\x00", "\ud800", "\u202e逆", "<script>alert(1)</script>", "𠮷" * 200, "٣٤", "１２３", "NaN",
    "a" * 5_000, "|", "%_", "../../etc", "\u2028", "\U0010ffff", " ", "\r\n", "{}", "null",
)  # fmt: skip
CODE = set(string.ascii_uppercase + string.digits + "-")

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.law(1, 5, 11)]


def grid(rng: random.Random, **changes: object) -> GridBody:
    """A return as it should be, but for the changes."""
    form = registry.get(FORM)
    columns: dict[str, tuple[Any, ...]] = {}
    for measure in form.measures:
        cells: list[Any] = [rng.randrange(1, 9_999) for _ in form.leaves]
        cells[rng.randrange(len(cells))] = rng.choice([*Nil, None])
        columns[measure.code] = tuple(cells)
    return replace(GridBody(columns), **changes)


def text(rng: random.Random) -> str:
    if rng.random() < 0.6:
        return rng.choice(HOSTILE)
    return "".join(chr(rng.randrange(0x11_0000)) for _ in range(rng.randrange(1, 60)))


def value(rng: random.Random, depth: int = 0) -> Any:
    """Any JSON value, and some that are none (NaN, a lone surrogate)."""
    simple: list[Callable[[], Any]] = [
        lambda: None, lambda: rng.random() < 0.5, lambda: rng.randrange(-(2**70), 2**70),
        lambda: rng.uniform(-1e9, 1e9), lambda: float("nan"), lambda: text(rng),
        lambda: rng.choice([0, 1, -1, 2**53, 2**63]), lambda: rng.choice(PARTIES),
        lambda: rng.choice([OPEN, ARCHIVED, FUTURE, FORM]),
    ]  # fmt: skip
    if depth < 3 and rng.random() < 0.4:
        if rng.random() < 0.5:
            return [value(rng, depth + 1) for _ in range(rng.randrange(5))]
        return {text(rng): value(rng, depth + 1) for _ in range(rng.randrange(5))}
    return rng.choice(simple)()


def bent_bytes(rng: random.Random) -> bytes:
    """A correct body's bytes with one thing wrong in them, or bytes of no meaning."""
    data = encode(registry.get(FORM), grid(rng))
    at = rng.randrange(len(data))
    kinds = [
        lambda: rng.randbytes(rng.randrange(400)),
        lambda: data[:at],
        lambda: data[:at] + rng.randbytes(1) + data[at + 1 :],
        lambda: data.replace(b'"price":[', b'"price":[NaN,', 1),
        lambda: data.replace(b'"price":[', b'"price":[Infinity,', 1),
        lambda: data.replace(b'"columns":', b'"columns":{},"columns":', 1),
        lambda: data[:-1] + b',"notes":{"0101.price":' + json.dumps(text(rng)).encode() + b"}}",
        lambda: data.replace(b",", b",1e5,", 1),
        lambda: data.replace(b",", b",999999999999999999999999,", 1),
        lambda: b"[" * 100_000,
        lambda: data + b" " * 1_100_000,
        lambda: b"\xef\xbb\xbf" + data,
        lambda: json.dumps(value(rng)).encode(),
    ]
    return rng.choice(kinds)()


def bent_grid(rng: random.Random) -> GridBody:
    form = registry.get(FORM)
    good = grid(rng)
    measure = rng.choice(form.measures).code
    column = list(good.columns[measure])
    bad = rng.choice([1.5, float("nan"), True, "12", 2**70, "=1+1", [], Nil.OUT_OF_STOCK.value])
    column[rng.randrange(len(column))] = bad
    where = f"{rng.choice(form.leaves).code}.price"
    kinds: list[dict[str, Any]] = [
        {"columns": {**good.columns, measure: tuple(column)}},
        {"columns": {**good.columns, measure: good.columns[measure][:-1]}},
        {"columns": {**good.columns, text(rng): good.columns[measure]}},
        {"columns": {k: v for k, v in good.columns.items() if k != measure}},
        {"notes": {where: text(rng)}},
        {"notes": {text(rng): "x"}},
        {"marks": {text(rng): "x"}},
        {"attributes": {text(rng): text(rng)}},
    ]
    return replace(good, **rng.choice(kinds))


def control(rng: random.Random, party: str) -> dict[str, Any]:
    """Form and body of a control form: the right fields, some with the wrong things in them."""
    base: dict[str, Any] = {"form": FORM, "period": rng.choice([OPEN, ARCHIVED]), "party": party}
    target, office = rng.randrange(40), rng.choice(["150102", text(rng)])
    bodies: dict[str, dict[str, Any]] = {
        "K-QUERY": {
            **base, "target": target, "office": office, "due_at": NOW, "question": "？",
            "cells": [{"item": "0101", "measure": "price"}],
        },
        "K-REPLY": {**base, "query": target, "text": "x"},
        "K-SENDBACK": {**base, "target": target, "office": office, "text": "x"},
        "K-ACCEPT": {
            "form": FORM, "period": OPEN, "office": office, "targets": [[party, target]],
            "conclude": False, "note": "",
        },
        "K-CHASE": {
            "form": FORM, "period": OPEN, "office": office, "parties": [party],
            "channel": "phone", "text": "",
        },
        "K-ARCHIVE": {"form": FORM, "period": text(rng), "parties": [party], "offices": []},
        "K-OPEN": {
            "form": FORM, "period": FUTURE, "due_at": NOW, "review_due_at": NOW,
            "offices": {office: "B"}, "respondents": [[party, "150102", [office]]],
        },
    }  # fmt: skip
    code = rng.choice(list(bodies))
    body = bodies[code]
    if rng.random() < 0.7:
        body[rng.choice(list(body))] = value(rng)
    if rng.random() < 0.2:
        body[text(rng)] = value(rng)
    return {"form": code, "body": body if rng.random() < 0.9 else value(rng)}


def statement(rng: random.Random, number: int) -> Draft:
    """One draft with between none and three things wrong with it."""
    party = rng.choice(PARTIES)
    draft = Draft(
        form=FORM, filer=party, actor=f"account:{party}", key=f"fuzz-{number}", body=grid(rng),
        said_at=NOW, period=rng.choice(OPENED), subject=party, place="150102",
    )  # fmt: skip
    bends: list[Callable[[], dict[str, Any]]] = [
        lambda: {"body": bent_bytes(rng)},
        lambda: {"body": bent_grid(rng)},
        lambda: {"body": value(rng)},
        lambda: {"version": rng.choice([0, -1, 3, 99, 2**70])},
        lambda: {"form": rng.choice(["FOREIGN-M1", "K-NOTHING", text(rng), "k-open", ""])},
        lambda: {"key": rng.choice([*(f"fuzz-{rng.randrange(60)}" for _ in range(2)), text(rng)])},
        lambda: {"filer": rng.choice([*PARTIES, "FIRM-99", text(rng)])},
        lambda: {"subject": rng.choice([*PARTIES, "FIRM-99", text(rng)])},
        lambda: {"period": rng.choice([ARCHIVED, FUTURE, "W2026-11-15", "M2026-11", text(rng)])},
        lambda: {"supersedes": rng.choice([0, -5, rng.randrange(60), 2**70]), "reason": text(rng)},
        lambda: {"supersedes": rng.randrange(1, 60), "reason": rng.choice(["", "录入错误"])},
        lambda: {"annuls": rng.choice([0, 1, 2**64])},
        lambda: {"place": text(rng)},
        lambda: {"reason": text(rng)},
        lambda: {"actor": text(rng)},
        lambda: {"mode": text(rng)},
        lambda: {"said_at": rng.choice([-1, 2**63, 2**70])},
        lambda: {"original": Original(rng.randbytes(30), text(rng), text(rng))},
        lambda: control(rng, party),
    ]
    for _ in range(rng.choice([0, 1, 1, 1, 1, 2, 3])):
        draft = replace(draft, **rng.choice(bends)())
    return draft


def record() -> tuple[int, ...]:
    """Rows of every record table, and the tail."""
    counts = ",".join(f"(SELECT COUNT(*) FROM kernel_{name})" for name in TABLES)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {counts}, (SELECT MAX(size) FROM kernel_log_tail)")
        return tuple(cursor.fetchone())


def opened() -> None:
    """Sixty firms; four weeks open, one archived."""
    for period in (ARCHIVED, *OPENED):
        body = {
            "form": FORM, "period": period, "due_at": NOW, "review_due_at": NOW,
            "offices": {"150102": "BUREAU"},
            "respondents": [[party, "150102", ["150102"]] for party in PARTIES],
        }  # fmt: skip
        file(Draft("K-OPEN", "SYSTEM", "SYSTEM", f"open-{period}", body, NOW), now_ms=NOW)
    body = {"form": FORM, "period": ARCHIVED, "parties": list(PARTIES), "offices": ["150102"]}
    file(Draft("K-ARCHIVE", "SYSTEM", "SYSTEM", "archive", body, NOW), now_ms=NOW)


def outcome(rng: random.Random, number: int) -> str:
    """File one statement, or several together, and say how it ended."""
    drafts = [statement(rng, number)]
    if rng.random() < 0.1:
        drafts += [statement(rng, number + extra) for extra in range(1, 4)]
    before = record()
    try:
        receipts = file_many(drafts, now_ms=NOW)
    except Exception as error:
        if not isinstance(error, Refused):
            said = " + ".join(f"{d.form} {d.body!r:.900} {d!r:.300}" for d in drafts)
            raise AssertionError(f"statement {number}: {said}") from error
        refused = error
        assert record() == before, "a refusal left something behind"
        assert set(refused.code) <= CODE
        assert refused.code
        assert refused.message.strip()
        assert 400 <= refused.status < 500
        return refused.code
    assert all(isinstance(receipt, Receipt) for receipt in receipts)
    fresh = {receipt.seq for receipt in receipts if not receipt.duplicate}
    assert record()[0] == before[0] + len(fresh)
    assert record()[1] == record()[0] == record()[-1]
    return "receipt"


def fuzz(seed: int, count: int) -> Counter[str]:
    opened()
    rng = random.Random(seed)
    ends: Counter[str] = Counter()
    for number in range(count):
        ends[outcome(rng, number)] += 1
    return ends


def test_two_thousand_hostile_statements_end_in_a_receipt_or_a_coded_refusal() -> None:
    ends = fuzz(20251115, 2_000)
    assert ends["receipt"] >= 20
    # Every way to be wrong that the law names was met.
    assert {
        "PERIOD-ARCHIVED", "PERIOD-NOT-OPEN", "FORM-VERSION", "FORM-UNKNOWN", "GRID-NAN",
        "GRID-JSON", "GRID-SIZE", "GRID-DUPLICATE-KEY", "GRID-RANGE", "GRID-LENGTH", "GRID-FIELD",
        "FILING-KEY-REUSED", "NOT-YOUR-RETURN", "RETURN-EXISTS", "BODY-SHAPE", "BODY-INVALID",
    } <= set(ends), ends  # fmt: skip


@pytest.mark.slow
def test_a_hundred_thousand_hostile_statements_end_the_same_way() -> None:
    assert fuzz(7, 100_000)["receipt"] >= 300
