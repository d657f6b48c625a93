"""Fictional record forms and bodies that tests of record forms share."""

from __future__ import annotations

from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

from ortoo.kernel.filings.draft import Draft, Original
from ortoo.kernel.forms.record_behaviour import RecordFormBehaviour
from ortoo.kernel.forms.record_definition import RecordForm
from ortoo.kernel.forms.record_loader import load
from ortoo.kernel.parties.codes import fictional_uscc

FOLDER = Path(__file__).with_name("records")
FIRM = fictional_uscc("150000", 701)
CARRIER = fictional_uscc("150000", 702)
HEX = "ab" * 32
NOW = 1_795_000_000_000
PDF = Original(b"%PDF-1.7\n...", "application/pdf", "发票.pdf")
PNG = Original(b"\x89PNG\r\n\x1a\n....", "image/png", "scan.png")

_BODY: dict[str, Any] = {
    "case": "GK-0001",
    "direction": "import",
    "declarant": FIRM,
    "carrier": CARRIER,
    "port": "152500",
    "origin": "MNG-OMN",
    "arrives": "2026-11-14",
    "leaves": "2026-11-15",
    "weighed_at": NOW,
    "gross": 250_000,
    "pieces": 40,
    "value": 300_00,
    "sealed": True,
    "seal_number": "S-99",
    "licence": "L-1",
    "warehouse": "W1",
    "driver_name": HEX,
    "driver_document": "cd" * 32,
    "remark": "第一车\n无异常",
    "secret": "ef" * 32,
    "lines": [
        {"number": 1, "good": "GR01", "name": "大米", "net": 100_000, "price": 100_00},
        {"number": 2, "good": "GR02", "name": "面粉", "net": 120_000, "price": 200_00},
    ],
}


@cache
def form(name: str = "T-CONSIGN-1") -> RecordForm:
    return load(FOLDER / f"{name}.yaml")


def behaviour(name: str = "T-CONSIGN-1") -> RecordFormBehaviour:
    return RecordFormBehaviour(form(name))


def body(**changes: Any) -> dict[str, Any]:
    """An accepted body of T-CONSIGN with some fields changed; None takes a field out."""
    merged = {**deepcopy(_BODY), **changes}
    return {name: value for name, value in merged.items() if value is not None}


def plain_body(**changes: Any) -> dict[str, Any]:
    """The same as a person keys it, the driver in the clear."""
    clear = {"driver_name": "巴特尔", "driver_document": "E 1234567", "secret": None}
    return body(**{**clear, **changes})


def draft(said: object, **more: Any) -> Draft:
    given = {"form": "T-CONSIGN", "key": "step-1", "said_at": NOW, "filer": FIRM, **more}
    return Draft(actor="account:test", body=said, **given)
