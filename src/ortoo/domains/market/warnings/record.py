"""MON-WARNING 预警: a run's probabilities as they were then, with the record they rest on.

Filed by the system party, so that what was said can be held against what came and replayed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from ortoo.kernel.filings import read
from ortoo.kernel.filings.behaviour import JsonObject, RecordBehaviour, register
from ortoo.kernel.filings.draft import Draft, Entry

FORM = "MON-WARNING"
PPM = 1_000_000
FIELDS = {"form": str, "period": str, "log_index": int, "model": str, "rules": dict}


def thread_of(form: str, period: str) -> str:
    return f"{FORM}|{form}|{period}"


def key_of(form: str, period: str) -> str:
    """One run a form and period: whoever is second files nothing."""
    return f"warning:{form}:{period}"


def _validate(body: JsonObject) -> Iterator[str]:
    for name, kind in FIELDS.items():
        if type(body.get(name)) is not kind:
            yield f"字段「{name}」缺失或类型不符"
    for name in body.keys() - FIELDS.keys():
        yield f"不认识的字段「{name}」"


def _entries(draft: Draft, body: JsonObject) -> Iterable[Entry]:
    form, period = cast(str, body["form"]), cast(str, body["period"])
    yield Entry(thread_of(form, period), "warning", {"log_index": body["log_index"]})


def register_warning_form() -> None:
    """Make runs fileable."""
    register(RecordBehaviour(FORM, 1, _validate, _entries))


@dataclass(frozen=True, slots=True)
class Told:
    """One threshold of a run. `record`: AUC, Brier skill and so on in millionths, None untold.

    `cells`: unit → item → (probability, the calendar's) in millionths. `tells`: whether the record
    allows them to be shown.
    """

    code: str
    share: int
    weeks: int
    tells: bool
    record: Mapping[str, Any]
    cells: Mapping[str, Mapping[str, tuple[int, int]]]


@dataclass(frozen=True, slots=True)
class Run:
    """A run as filed."""

    seq: int
    at_ms: int
    form: str
    period: str
    log_index: int
    model: str
    rules: Mapping[str, Told]


def runs(form: str, *, as_of: int | None = None, limit: int = 60) -> list[Run]:
    """Runs of a form, newest first, as known at a log index."""
    rows = read.rows(
        "form=%s AND key LIKE %s", [FORM, f"warning:{form}:%"], f"seq DESC LIMIT {limit:d}"
    )
    return [_run(row) for row in rows if as_of is None or row.seq <= as_of]


def _run(row: read.FilingRow) -> Run:
    body = json.loads(row.body)
    rules = {
        code: Told(
            code,
            said["share"],
            said["weeks"],
            said["tells"],
            said["record"],
            {
                unit: {item: (pair[0], pair[1]) for item, pair in items.items()}
                for unit, items in said["cells"].items()
            },
        )
        for code, said in body["rules"].items()
    }
    return Run(
        row.seq, row.arrived_at, body["form"], body["period"], body["log_index"], body["model"],
        rules,
    )  # fmt: skip
