"""报送率, 及时率, 完整率, 直报率: four exact fractions per firm, form and period, and their sums.

What each counts stands in docs/rates.md. All come from duties, threads and filings:

- 报送率 filed ÷ owed; 及时率 first filing within the hour ÷ owed; 完整率 cells answered ÷ cells
  asked of the returns in force, a nil reason being an answer; 直报率 filed by the firm's own hand ÷
  filed.
- owed: opened, not waived 免报, and either filed or past its hour.
- a correction moves none but 完整率; what was waived and filed all the same counts as filed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from fractions import Fraction
from functools import lru_cache
from typing import Any

import msgspec
from django.db import connection

from ortoo.kernel.filings import read
from ortoo.kernel.forms import registry
from ortoo.kernel.forms.asked import Asked
from ortoo.kernel.forms.definition import Form
from ortoo.kernel.forms.periods import parse
from ortoo.kernel.grants.scope import Scope

CHUNK = 500


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts behind the rates; they add up over firms, forms and periods."""

    owed: int = 0
    filed: int = 0
    on_time: int = 0
    own: int = 0
    asked: int = 0
    answered: int = 0
    waived: int = 0
    corrected: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(Tally)))

    @property
    def reporting(self) -> Fraction | None:
        """报送率."""
        return _share(self.filed, self.owed)

    @property
    def timely(self) -> Fraction | None:
        """及时率."""
        return _share(self.on_time, self.owed)

    @property
    def filled(self) -> Fraction | None:
        """完整率."""
        return _share(self.answered, self.asked)

    @property
    def by_own_hand(self) -> Fraction | None:
        """直报率."""
        return _share(self.own, self.filed)


def _share(part: int, whole: int) -> Fraction | None:
    return Fraction(part, whole) if whole else None


@dataclass(frozen=True, slots=True)
class Owed:
    """One return that was owed, and how it went: `seq` of the return in force, 0 for none."""

    party: str
    place: str
    form: str
    period: str
    tally: Tally
    seq: int = 0
    late: bool = False


@dataclass(frozen=True, slots=True)
class Range:
    """Periods that end from `first` to `last`, both included; every form where `form` is ""."""

    first: dt.date
    last: dt.date
    form: str = ""

    def holds(self, period: str) -> bool:
        return self.first <= parse(period).end <= self.last


def of_places(scope: Scope, places: Iterable[str], span: Range, now_ms: int) -> list[Owed]:
    """Every return owed by firms of these places in the range, by period, form and firm.

    Places outside the reach of the scope's right to review are left out without a word.
    """
    wanted = sorted(set(places) & scope.places("review", span.form or None))
    return _owed("d.place", wanted, span, now_ms)


def seen_in_places(
    scope: Scope, places: Iterable[str], span: Range, now_ms: int
) -> list[Owed]:
    """The same for whoever may read the firms' figures there, the auditor too."""
    wanted = sorted(set(places) & scope.places("read_unit_figures", span.form or None))
    return _owed("d.place", wanted, span, now_ms)


def of_party(scope: Scope, party: str, span: Range, now_ms: int) -> list[Owed]:
    """The same of one firm: its own, or one of an office above it."""
    found = _owed("d.owner", [party], span, now_ms)
    for place in {owed.place for owed in found} or {""}:
        if not scope.may("read_own", span.form or None, party=party):
            scope.require("review", span.form or None, place=place)
    return found


def total(rows: Iterable[Owed]) -> Tally:
    """The sum of the rows' counts."""
    return sum((row.tally for row in rows), Tally())


_DUTIES = (
    "SELECT d.owner, d.place, d.form, d.period, d.thread, d.due_at, d.void_seq,"
    " f.seq, f.mode, CASE WHEN f.mode='import' THEN f.said_at ELSE f.received_at END"
    " FROM kernel_duty d LEFT JOIN kernel_filing f ON f.seq = d.closed_seq"
    " WHERE d.kind='file' AND {by} IN ({marks})"
)


@dataclass(frozen=True, slots=True)
class _Duty:
    party: str
    place: str
    form: str
    period: str
    thread: str
    due_at: int | None
    void_seq: int | None
    seq: int | None
    mode: str | None
    at: int | None

    def settled(self, now_ms: int) -> bool:
        """Filed, or its hour is over."""
        return self.seq is not None or self.due_at is None or self.due_at < now_ms


def _owed(by: str, wanted: Sequence[str], span: Range, now_ms: int) -> list[Owed]:
    duties = [duty for duty in _duties(by, wanted, span) if duty.settled(now_ms)]
    threads = {duty.thread for duty in duties}
    waived = _waived({duty.thread for duty in duties if duty.seq is None})
    standing = _standing(threads)
    answers = _answers([seq for seq, _ in standing.values()], _asked(threads))
    rows = []
    for duty in duties:
        seq, versions = standing.get(duty.thread, (0, 0))
        asked, answered = answers.get(seq, (0, 0))
        rows.append(
            Owed(
                duty.party, duty.place, duty.form, duty.period,
                _tally(duty, duty.thread in waived, versions, (asked, answered)),
                seq, bool(duty.at and duty.due_at is not None and duty.at > duty.due_at),
            )
        )  # fmt: skip
    return sorted(rows, key=lambda row: (parse(row.period).end, row.form, row.party))


def _tally(duty: _Duty, waived: bool, versions: int, cells: tuple[int, int]) -> Tally:
    if duty.seq is None:
        return Tally(waived=1) if waived else Tally(owed=1)
    on_time = duty.due_at is None or (duty.at or 0) <= duty.due_at
    return Tally(
        owed=1,
        filed=1,
        on_time=int(on_time),
        own=int(duty.mode != "assisted"),
        asked=cells[0],
        answered=cells[1],
        corrected=int(versions > 1),
    )


def _duties(by: str, wanted: Sequence[str], span: Range) -> list[_Duty]:
    found: list[_Duty] = []
    for chunk in _chunks(wanted):
        sql = _DUTIES.format(by=by, marks=",".join(["%s"] * len(chunk)))
        given: list[object] = list(chunk)
        if span.form:
            sql, given = f"{sql} AND d.form=%s", [*given, span.form]
        with connection.cursor() as cursor:
            cursor.execute(sql, given)
            found += [_Duty(*row) for row in cursor.fetchall()]
    return [duty for duty in found if span.holds(duty.period)]


def _waived(threads: set[str]) -> set[str]:
    """Threads whose last 免报 stands; an archived period voids open duties too."""
    found: dict[str, tuple[int, bool]] = {}
    for seq, thread, detail in _entries(threads, "waive"):
        found[thread] = max(found.get(thread, (0, False)), (seq, not detail["lifted"]))
    return {thread for thread, (_, stands) in found.items() if stands}


def _asked(threads: set[str]) -> Mapping[str, Asked]:
    """Which cells an order named, of the threads where one did, by thread."""
    found = {}
    for _, thread, detail in _entries(threads, "open"):
        asked = Asked.read(detail.get("asked"))
        if asked is not None:
            found[thread] = asked
    return found


def _standing(threads: set[str]) -> dict[str, tuple[int, int]]:
    """(log index of the return in force, how many versions) by thread."""
    found: dict[str, tuple[int, int]] = {}
    for seq, thread, _ in _entries(threads, "return"):
        newest, versions = found.get(thread, (0, 0))
        found[thread] = max(newest, seq), versions + 1
    return found


def _entries(threads: Iterable[str], kind: str) -> list[tuple[int, str, Mapping[str, object]]]:
    rows: list[tuple[int, str, Mapping[str, object]]] = []
    for chunk in _chunks(sorted(threads)):
        marks = ",".join(["%s"] * len(chunk))
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT seq, thread, detail FROM kernel_thread_entry"
                f" WHERE kind=%s AND thread IN ({marks})",
                [kind, *chunk],
            )
            rows += [(int(seq), str(thread), _object(d)) for seq, thread, d in cursor.fetchall()]
    return rows


def _chunks(values: Sequence[Any]) -> Iterator[Sequence[Any]]:
    return (values[start : start + CHUNK] for start in range(0, len(values), CHUNK))


def _object(detail: object) -> Mapping[str, object]:
    if isinstance(detail, Mapping):
        return detail
    found: Mapping[str, object] = msgspec.json.decode(str(detail))
    return found


# --- 完整率 --------------------------------------------------------------------------------------


class _Columns(msgspec.Struct):
    columns: dict[str, list[int | str | None]]


_BODY = msgspec.json.Decoder(_Columns)
_counted: dict[tuple[int, bytes], tuple[int, int]] = {}
_KEPT = 100_000


def _answers(seqs: Iterable[int], asked: Mapping[str, Asked]) -> dict[int, tuple[int, int]]:
    """(cells asked, cells answered) of returns by log index; a return never changes, so kept."""
    wanted = sorted({seq for seq in seqs if seq})
    found: dict[int, tuple[int, int]] = {}
    for chunk in _chunks(wanted):
        marks = ",".join(["%s"] * len(chunk))
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT seq, digest FROM kernel_filing WHERE seq IN ({marks})", list(chunk)
            )
            digests = {int(seq): bytes(digest) for seq, digest in cursor.fetchall()}
        fresh = [seq for seq in chunk if (seq, digests.get(seq, b"")) not in _counted]
        if len(_counted) > _KEPT:
            _counted.clear()
            fresh = list(chunk)
        for row in read.by_seqs(fresh).values():
            form = registry.get(row.form, row.form_version)
            part = asked.get(f"{row.form}|{row.period}|{row.subject or row.filer}")
            _counted[row.seq, digests[row.seq]] = cells_answered(form, row.body, part)
        found.update((seq, _counted[seq, digests[seq]]) for seq in chunk if seq in digests)
    return found


def cells_answered(form: Form, body: bytes, part: Asked | None = None) -> tuple[int, int]:
    """(cells asked, cells answered) of one return's body.

    A row whose principal cell gives a nil reason 未经营, 断货, 季节无货 has answered all its cells.
    """
    columns = _BODY.decode(body).columns
    principal = columns.get(form.principal.code, [])
    asked = answered = 0
    for index, measure in _cells(form):
        if part is not None and (form.leaves[index].code, measure) not in part:
            continue
        asked += 1
        nil = index < len(principal) and isinstance(principal[index], str)
        column = columns.get(measure, [])
        answered += nil or (index < len(column) and column[index] is not None)
    return asked, answered


@lru_cache(maxsize=64)
def _cells(form: Form) -> tuple[tuple[int, str], ...]:
    """(row, measure) of every cell a form asks."""
    return tuple(
        (index, measure.code)
        for index, item in enumerate(form.leaves)
        for measure in form.measures
        if measure.asked == "every" or item.stock_asked
    )
