"""A flash request 急报 as its filing states it, and the presets of one tap. Pure."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from ortoo.kernel.duties.reconcile import DutyRow
from ortoo.kernel.filings.draft import Draft, Entry
from ortoo.kernel.filings.read import FilingRow
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.forms.asked import Asked
from ortoo.kernel.forms.definition import Form
from ortoo.kernel.forms.periods import Period, moment
from ortoo.kernel.threads.procedure import ThreadLine

FORM = "MON-FLASH"
ASKED, CLOSED, WITHDRAWN = "asked", "closed", "withdrawn"
STATUS_ZH = {ASKED: "进行中", CLOSED: "已提前结束", WITHDRAWN: "已撤回"}


def thread_of(form: str, code: str) -> str:
    return f"{FORM}|{form}|{code}"


@dataclass(frozen=True, slots=True)
class Request:
    """What the reviewer asks: cells of a form, of which firms, by when (ms)."""

    form: str
    place: str
    title: str
    items: tuple[str, ...]
    measures: tuple[str, ...]
    parties: tuple[str, ...]
    due_at: int
    basis: str = ""

    @property
    def asked(self) -> Asked:
        return Asked(frozenset(self.items), frozenset(self.measures))

    def body(self, code: str, asked_at: int, status: str = ASKED) -> dict[str, object]:
        """As MON-FLASH holds it."""
        found: dict[str, object] = {
            "form": self.form,
            "code": code,
            "title": self.title,
            "place": self.place,
            "asked_at": asked_at,
            "due_at": self.due_at,
            "status": status,
            "items": [{"item": one} for one in self.items],
            "measures": [{"measure": one} for one in self.measures],
            "parties": [{"party": one} for one in self.parties],
        }
        if self.basis:
            found["basis"] = self.basis
        return found


@dataclass(frozen=True, slots=True)
class Flash:
    """A request in force; `seq` is its newest filing, `first_seq` the one that asked."""

    code: str
    request: Request
    asked_at: int
    status: str
    seq: int
    first_seq: int
    filer: str
    reason: str
    changed_at: int

    @property
    def title(self) -> str:
        return self.request.title


def read_request(body: Mapping[str, Any]) -> Request:
    """The request in a body that was accepted."""
    return Request(
        form=body["form"],
        place=body["place"],
        title=body["title"],
        items=tuple(row["item"] for row in body["items"]),
        measures=tuple(row["measure"] for row in body["measures"]),
        parties=tuple(row["party"] for row in body["parties"]),
        due_at=body["due_at"],
        basis=body.get("basis", ""),
    )


def flashes_of(filings: Sequence[FilingRow]) -> dict[tuple[str, str], Flash]:
    """(form, code) → request in force, from MON-FLASH filings in log order."""
    found: dict[tuple[str, str], Flash] = {}
    for filing in filings:
        body = json.loads(filing.body)
        key = body["form"], body["code"]
        before = found.get(key)
        found[key] = Flash(
            code=body["code"],
            request=read_request(body),
            asked_at=body["asked_at"],
            status=body["status"],
            seq=filing.seq,
            first_seq=before.first_seq if before else filing.seq,
            filer=filing.filer,
            reason=filing.reason,
            changed_at=filing.received_at,
        )
    return found


def minute_of(now_ms: int, zone: str, later: int = 0) -> Period:
    """The moment of now, or so many minutes later."""
    at = dt.datetime.fromtimestamp(now_ms / 1000, ZoneInfo(zone)) + dt.timedelta(minutes=later)
    return moment(at.date(), at.hour * 60 + at.minute)


class FlashProcedure:
    """Threads `MON-FLASH|form|code`: one request a form and minute, then its end."""

    def admit(self, lines: Sequence[ThreadLine], draft: Draft, entry: Entry) -> Refused | None:
        """FLASH-TAKEN, FLASH-STALE, FLASH-OVER."""
        if not lines:
            return None
        if draft.supersedes is None:
            return Refused("FLASH-TAKEN", "这一分钟已有另一份急报。", "请重新提交。", 409)
        if lines[-1].detail["status"] != ASKED:
            said = STATUS_ZH[str(lines[-1].detail["status"])]
            return Refused("FLASH-OVER", f"这份急报{said}。", "请刷新页面。", 409)
        if draft.supersedes != lines[-1].seq:
            return Refused("FLASH-STALE", "这份急报刚有变动。", "请刷新页面。", 409)
        return None

    def duties(self, thread: str, lines: Sequence[ThreadLine]) -> Sequence[DutyRow]:
        """The firms' duties are those of the period that is opened."""
        return ()


# --- presets ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Preset:
    """A ready selection: 肉蛋菜库存 and the like."""

    code: str
    title: str
    items: tuple[str, ...]
    measures: tuple[str, ...]


_GROUPS = (
    ("fresh", "肉蛋菜", ("ME", "SU", "PO", "EG", "VE")),
    ("staple", "粮油", ("GR", "OL")),
    ("meat", "肉禽蛋", ("ME", "SU", "PO", "EG")),
    ("vegetable", "蔬菜", ("VE",)),
    ("basic", "米面油盐糖", ("GR", "OL", "SE")),
)
"""By the goods catalogue's own classes, so that any form whose rows name goods has them."""


def presets(form: Form) -> tuple[Preset, ...]:
    """Stock of each group, then its price, then stock of everything; what the form does not ask is
    left out."""
    found: list[Preset] = []
    for role, words in ((form.roles.stock, "库存"), (form.roles.price, "价格")):
        if role is None:
            continue
        for code, title, classes in _GROUPS:
            items = tuple(
                item.code for item in form.leaves if (item.good or "").startswith(classes)
            )
            if items:
                found.append(Preset(f"{code}-{role}", f"{title}{words}", items, (role,)))
        every = tuple(item.code for item in form.leaves)
        found.append(Preset(f"all-{role}", f"全部品种{words}", every, (role,)))
    return tuple(found)
