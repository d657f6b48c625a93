"""An agency's open duties in threads of file-defined procedures, by due time, a page at a time.

Hand-written SQL over the index `duty_open_owner` (owner, due_at of the open ones): a page costs the
same however many are open. Duties without a due time (their clock stands, or they have none) come
after all others. Numbers above `COUNTED` are not counted to their end.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from django.db import connection

from ortoo.kernel.filings import read
from ortoo.kernel.parties.models import Party
from ortoo.kernel.threads.catalogue import CATALOGUE
from ortoo.kernel.threads.definition import ProcedureError, Step
from ortoo.kernel.threads.due import warnings_begun
from ortoo.kernel.threads.engine import FORMS, FileProcedure
from ortoo.kernel.threads.procedure import procedure_of
from ortoo.kernel.threads.state import ThreadFold
from ortoo.site.matters.standing import left_words

PAGE, COUNTED, EXPORTED = 50, 1_000, 5_000
SOON_MS = 4 * 3_600_000
MOST_NAMES = 50
_BEHIND = "\U0010ffff"
_OPEN = "owner = %s AND closed_seq IS NULL AND void_seq IS NULL"
_COLUMNS = "key, thread, kind, place, subject, due_at"
_AFTER = re.compile(r"([0-9]{0,15}):(.{1,200})\Z", re.DOTALL)
KINDS = {"answer": "答复询问", "resume": "解除暂停", "supervise": "督办"}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a list is narrowed to: a procedure's code, `CODE:step`, a state, words to look for."""

    procedure: str = ""
    step: str = ""
    state: str = ""
    words: str = ""


@dataclass(frozen=True, slots=True)
class Owed:
    """One open duty as stored."""

    key: str
    thread: str
    kind: str
    place: str
    subject: str
    due_at: int | None

    @property
    def procedure(self) -> str:
        return self.thread.partition("|")[0]

    @property
    def step(self) -> str:
        """Keys are `{kind}|{thread}|{step}`, from the second time on with `#n`."""
        return self.key[len(self.kind) + len(self.thread) + 2 :].partition("#")[0]

    @property
    def place_in_list(self) -> str:
        """Where the next page begins."""
        return f"{'' if self.due_at is None else self.due_at}:{self.key}"


@dataclass(frozen=True, slots=True)
class Standing:
    """One duty with what its thread says of it: badge, words, and the time left."""

    owed: Owed
    title: str
    what: str
    state: str
    word: str
    left: str


def codes() -> list[str]:
    """Procedures that follow a file, by code."""
    return sorted({definition.code for definition in CATALOGUE.definitions()})


def follows_file(thread: str) -> bool:
    """Whether a thread follows a procedure from a file, so that it has a page here."""
    return isinstance(procedure_of(thread), FileProcedure)


def page(
    owner: str, wanted: Wanted, *, now_ms: int, after: str = "", size: int = PAGE
) -> tuple[list[Owed], str]:
    """(up to `size` duties by due time behind `after`, where the next page begins or "")."""
    where = _where(owner, wanted, now_ms)
    if where is None:
        return [], ""
    found: list[Owed] = []
    for sql, parameters in _ranges(where, after):
        found += _rows(sql, [*parameters, size + 1 - len(found)])
        if len(found) > size:
            return found[:size], found[size - 1].place_in_list
    return found, ""


def counts(owner: str, *, now_ms: int) -> dict[str, int]:
    """How many are open, overdue, due soon and without a due time; none above `COUNTED` + 1."""
    where = _where(owner, Wanted(), now_ms)
    if where is None:
        return dict.fromkeys(("open", "overdue", "soon", "undated"), 0)
    sql, parameters = where
    narrowed = {
        "open": ("", []),
        "overdue": (" AND due_at < %s", [now_ms]),
        "soon": (" AND due_at >= %s AND due_at < %s", [now_ms, now_ms + SOON_MS]),
        "undated": (" AND due_at IS NULL", []),
    }
    return {name: _count(sql + more, [*parameters, *own]) for name, (more, own) in narrowed.items()}


def query(owner: str, wanted: Wanted, *, now_ms: int, after: str = "") -> tuple[str, list[object]]:
    """The first query of a page, for whoever wants to see how it is answered."""
    where = _where(owner, wanted, now_ms)
    assert where is not None
    sql, parameters = next(_ranges(where, after))
    return sql, [*parameters, PAGE + 1]


def _where(owner: str, wanted: Wanted, now_ms: int) -> tuple[str, list[object]] | None:
    chosen = [code for code in codes() if wanted.procedure in ("", code)]
    if not owner or not chosen:
        return None
    own = 'thread COLLATE "C"' if connection.vendor == "postgresql" else "thread"
    ranges = " OR ".join([f"({own} >= %s AND {own} < %s)"] * len(chosen))
    sql = f"{_OPEN} AND ({ranges})"
    parameters: list[object] = [owner]
    parameters += [bound for code in chosen for bound in (f"{code}|", f"{code}|{_BEHIND}")]
    if wanted.state == "overdue":
        sql, parameters = f"{sql} AND due_at < %s", [*parameters, now_ms]
    elif wanted.state == "soon":
        sql += " AND due_at >= %s AND due_at < %s"
        parameters += [now_ms, now_ms + SOON_MS]
    elif wanted.state == "undated":
        sql += " AND due_at IS NULL"
    code, _, step = wanted.step.partition(":")
    if step:
        sql += f" AND {own} >= %s AND {own} < %s"
        sql += " AND (key LIKE %s ESCAPE '!' OR key LIKE %s ESCAPE '!')"
        like = _like(step)
        parameters += [f"{code}|", f"{code}|{_BEHIND}", f"%|{like}", f"%|{like}#%"]
    if wanted.words:
        more, own_words = _words(wanted.words)
        sql, parameters = f"{sql} AND {more}", [*parameters, *own_words]
    return sql, parameters


def _words(words: str) -> tuple[str, list[object]]:
    """The case's number, the subject's code or its registered name holds the words."""
    named = list(
        Party.objects.filter(name__icontains=words).values_list("code", flat=True)[:MOST_NAMES]
    )
    parts, parameters = ["UPPER(thread) LIKE %s ESCAPE '!'"], [f"%{_like(words.upper())}%"]
    parts.append(f"subject IN ({','.join(['%s'] * (len(named) + 1))})")
    return f"({' OR '.join(parts)})", [*parameters, words, *named]


def _like(text: str) -> str:
    return re.sub(r"([!%_])", r"!\1", text)


def _ranges(where: tuple[str, list[object]], after: str) -> Iterator[tuple[str, list[object]]]:
    """The dated ones behind `after`, then the undated."""
    sql, parameters = where
    said = _AFTER.match(after.replace("\x00", ""))
    due, key = (said[1], said[2]) if said else ("-1", "")
    select = f"SELECT {_COLUMNS} FROM {_duties()} WHERE {sql}"
    if due:
        yield (
            f"{select} AND due_at >= %s AND (due_at > %s OR key > %s)"
            " ORDER BY due_at, key LIMIT %s",
            [*parameters, int(due), int(due), key],
        )
        key = ""
    yield f"{select} AND due_at IS NULL AND key > %s ORDER BY key LIMIT %s", [*parameters, key]


def _duties() -> str:
    """The table with the index to use. Without statistics SQLite takes one that also holds what was
    closed in all the years before."""
    return "kernel_duty" + (" INDEXED BY duty_open_owner" if connection.vendor == "sqlite" else "")


def _rows(sql: str, parameters: Sequence[object]) -> list[Owed]:
    with connection.cursor() as cursor:
        cursor.execute(sql, list(parameters))
        return [Owed(*row) for row in cursor.fetchall()]


def _count(where: str, parameters: Sequence[object]) -> int:
    inner = f"SELECT 1 FROM {_duties()} WHERE {where} LIMIT {COUNTED + 1}"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT COUNT(*) FROM ({inner}) AS counted", list(parameters))
        return int(cursor.fetchone()[0])


# --- what their threads say ----------------------------------------------------------------------


def standings(found: Sequence[Owed], now_ms: int) -> list[Standing]:
    """Each duty with its thread folded; one read for all of them."""
    lines = read.thread_lines(owed.thread for owed in found)
    made = []
    for owed in found:
        try:
            procedure = CATALOGUE.procedure(owed.procedure)
            state = procedure.fold(lines[owed.thread])
            made.append(_standing(owed, procedure, state, now_ms))
        except (ProcedureError, KeyError):
            # A version that is gone must not take the whole list with it.
            made.append(Standing(owed, owed.procedure, owed.step, "open", "规程缺失", ""))
    return made


def _standing(owed: Owed, procedure: FileProcedure, found: ThreadFold, now_ms: int) -> Standing:
    step = found.plan.steps[owed.step]
    state, word, left = "pending", "待办", ""
    if owed.due_at is not None:
        clock = procedure.clock(found, found.place)
        left = left_words(clock, step, owed.due_at, now_ms)
        if owed.due_at < now_ms:
            state, word = "overdue", "已逾期"
        elif warnings_begun(step, owed.due_at, clock, now_ms):
            state, word = "doubt", "临近期限"
    elif owed.kind not in FORMS and found.paused_by(owed.step):
        state, word = "queried", "计时暂停"
    if any(code == owed.step for _, _, code, _ in found.escalations):
        word = f"{word}，已督办"
    title = found.plan.definition.title["zh"]
    return Standing(owed, title, what(owed.kind, step), state, word, left)


def what(kind: str, step: Step) -> str:
    """«海关审核» or, for a duty that hangs on a step, «海关审核：答复询问»."""
    title = step.title["zh"]
    return f"{title}：{KINDS[kind]}" if kind in KINDS else title


def steps_known() -> Mapping[str, str]:
    """`CODE:step` → title, of every version of every procedure."""
    return {
        f"{definition.code}:{step.code}": step.title["zh"]
        for definition in CATALOGUE.definitions()
        for step in definition.steps
    }
