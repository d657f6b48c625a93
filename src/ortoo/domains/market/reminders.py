"""催报 by channel: what the calendar sends and what a reviewer sends, each filed before it goes.

A K-CHASE says who is reminded, in which period, by which channel, with what text. It holds no
number, and the text names no other firm; each firm's message is made of it when it is handed over.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.db import connection

from ortoo.domains.market import reach, reminder_delivery
from ortoo.domains.market.parameters import civil_day, parameters
from ortoo.domains.market.reach import NONE, Choice
from ortoo.domains.market.services import SYSTEM
from ortoo.domains.market.thread_keys import digest_key
from ortoo.kernel.filings import read
from ortoo.kernel.filings.draft import Draft, Receipt
from ortoo.kernel.filings.projection import catch_up
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.filings.write import file, file_many
from ortoo.kernel.forms import registry
from ortoo.kernel.forms.periods import parse
from ortoo.kernel.grants.scope import Scope
from ortoo.kernel.places.active import active_pack
from ortoo.kernel.threads.periodic import ReturnState, fold_return, office_thread

HOUR_MS = 3_600_000
WINDOW_HOURS = 12
"""An occasion nobody was there to file on time is let go after this long."""
BEFORE_MS, AFTER_MS = 40 * 86_400_000, 2 * 86_400_000
LATE_HOURS = 24
OPENING = "open"


@dataclass(frozen=True, slots=True)
class Owing:
    """One period of one form of which returns are owed by one hour. Times in ms."""

    form: str
    period: str
    due_at: int
    opened_at: int


@dataclass(frozen=True, slots=True)
class Missing:
    """A firm that owes a return, and where it stands."""

    party: str
    state: ReturnState


@dataclass(frozen=True, slots=True)
class Sent:
    """What one round did: filings made, messages handed over, receipts read."""

    filed: int = 0
    handed: int = 0
    answered: int = 0


def send_due(now_ms: int) -> Sent:
    """File the reminders whose hour has come, hand waiting messages over, read receipts."""
    filed = sum(len(_file_occasion(owing, now_ms)) for owing in owing_periods(now_ms))
    handed, answered = reminder_delivery.work(now_ms)
    return Sent(filed, handed, answered)


def owing_periods(now_ms: int) -> list[Owing]:
    """Periods with returns still owed whose hour is near or just past."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT d.form, d.period, d.due_at, MIN(f.received_at) FROM kernel_duty d"
            " JOIN kernel_filing f ON f.seq = d.opened_seq"
            " WHERE d.kind='file' AND d.closed_seq IS NULL AND d.void_seq IS NULL"
            " AND d.due_at BETWEEN %s AND %s GROUP BY d.form, d.period, d.due_at"
            " ORDER BY d.due_at, d.form, d.period",
            [now_ms - AFTER_MS, now_ms + BEFORE_MS],
        )
        return [Owing(str(f), str(p), int(d), int(o)) for f, p, d, o in cursor.fetchall()]


def missing_of(owing: Owing) -> list[Missing]:
    """Firms that still owe the return, in code order."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT owner, thread FROM kernel_duty WHERE kind='file' AND form=%s AND period=%s"
            " AND due_at=%s AND closed_seq IS NULL AND void_seq IS NULL ORDER BY owner",
            [owing.form, owing.period, owing.due_at],
        )
        rows = [(str(owner), str(thread)) for owner, thread in cursor.fetchall()]
    lines = read.thread_lines(thread for _, thread in rows)
    return [Missing(party, fold_return(lines[thread])) for party, thread in rows]


def occasion(owing: Owing, now_ms: int) -> str:
    """The reminder whose hour is now: "open", or hours from the deadline ("-24"); "" for none."""
    given = parameters().items_of("MARKET-REMINDER-HOURS", civil_day(owing.due_at))
    hours = sorted(int(hour) for hour in given)
    after_opening = [
        (owing.due_at + hour * HOUR_MS, str(hour))
        for hour in hours
        if owing.due_at + hour * HOUR_MS > owing.opened_at
    ]
    reached = [one for one in [(owing.opened_at, OPENING), *after_opening] if one[0] <= now_ms]
    if not reached or now_ms - reached[-1][0] > WINDOW_HOURS * HOUR_MS:
        return ""
    return reached[-1][1]


def _file_occasion(owing: Owing, now_ms: int) -> list[Receipt]:
    now = occasion(owing, now_ms)
    stem = f"remind:{owing.form}:{owing.period}:{owing.due_at}:{now}:"
    known = "form='K-CHASE' AND period=%s AND key LIKE %s"
    if not now or read.rows(known, [owing.period, f"{stem}%"]):
        return []
    firms = [firm for firm in missing_of(owing) if firm.state.offices]
    chosen = reach.choices(firm.party for firm in firms)
    groups: dict[tuple[str, str], list[str]] = {}
    for firm in firms:
        channel = chosen.get(firm.party, Choice()).channel
        if channel != NONE:
            groups.setdefault((firm.state.offices[0][0], channel), []).append(firm.party)
    text = reminder_text(owing.form, owing.period, owing.due_at, now_ms, opening=now == OPENING)
    drafts = [
        Draft(
            form="K-CHASE",
            filer=SYSTEM,
            actor=SYSTEM,
            key=f"{stem}{office}:{channel}",
            mode="system",
            said_at=now_ms,
            period=owing.period,
            subject=office_thread(owing.form, owing.period, office),
            place=office,
            body={
                "form": owing.form, "period": owing.period, "office": office,
                "parties": parties, "channel": channel, "text": text,
            },
        )
        for (office, channel), parties in sorted(groups.items())
    ]  # fmt: skip
    if not drafts:
        return []
    try:
        receipts = file_many(drafts, now_ms=now_ms)
    except Refused as refused:
        # Another process was faster, with one firm more or less: its reminder stands.
        if refused.code != "FILING-KEY-REUSED":
            raise
        return []
    for draft, receipt in zip(drafts, receipts, strict=True):
        if not receipt.duplicate:
            _queue(owing, draft, receipt.seq, now_ms)
    catch_up()
    return receipts


def _queue(owing: Owing, draft: Draft, seq: int, now_ms: int) -> None:
    body = draft.body
    assert isinstance(body, dict)
    last = owing.due_at if owing.due_at > now_ms else now_ms + LATE_HOURS * HOUR_MS
    reminder_delivery.queue(
        reminder_delivery.Batch(
            seq, owing.form, owing.period, str(body["office"]), str(body["channel"]), last
        ),
        body["parties"],
        now_ms,
    )


def reminder_text(
    form: str, period: str, due_at: int, now_ms: int, *, opening: bool = False
) -> str:
    """What a reminder says, without any firm's name: which return, until when."""
    zone = ZoneInfo(active_pack().head.time_zone)
    due = dt.datetime.fromtimestamp(due_at / 1000, zone)
    what = f"{parse(period).label_zh}《{registry.get(form).title['zh']}》"
    at = f"{due.month}月{due.day}日{due:%H:%M}"
    if now_ms > due_at:
        return f"{what}已于{at}截止，尚未收到贵单位报表，请尽快补报。"
    begun = "已开始填报，" if opening else ""
    return f"{what}{begun}请于{at}前报送。"


# --- a reviewer's own --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Reminding:
    """A reviewer reminds firms by one channel; firms that want none are left out."""

    form: str
    period: str
    office: str
    parties: tuple[str, ...]
    channel: str


def remind(*, scope: Scope, new: Reminding, now_ms: int) -> tuple[Receipt, int]:
    """催报 by channel: filed, then queued. → (receipt, how many firms it goes to).

    Raises Refused CHASE-CHANNEL, CHASE-NOBODY, NOT-YOUR-RESPONDENT, SCOPE-….
    """
    scope.require("chase", form=new.form, place=new.office)
    if new.channel not in reach.CHANNELS:
        raise Refused("CHASE-CHANNEL", "没有这种催报方式。", "请从列出的方式中选择。")
    states = states_of(new.form, new.period, new.parties)
    for state in states.values():
        if new.office not in {place for place, _ in state.offices}:
            raise Refused("NOT-YOUR-RESPONDENT", "该企业不由本级审核。", "请核对报送关系。", 403)
        scope.require("chase", form=new.form, place=state.place)
    chosen = reach.choices(states)
    owed = [party for party, state in states.items() if state.stage == "missing"]
    parties = [party for party in owed if chosen.get(party, Choice()).channel != NONE]
    if not parties:
        why = "所选企业都不接收自动提醒" if owed else "没有可催报的未报企业"
        raise Refused("CHASE-NOBODY", f"{why}。", "请打电话，或刷新页面核对名单。", 409)
    due = states[parties[0]].due_at or now_ms
    body = {
        "form": new.form, "period": new.period, "office": new.office, "parties": parties,
        "channel": new.channel, "text": reminder_text(new.form, new.period, due, now_ms),
    }  # fmt: skip
    draft = Draft(
        form="K-CHASE",
        filer=scope.party,
        actor=scope.actor,
        key=digest_key("remind", scope.actor, str(now_ms), new.office, repr(body)),
        said_at=now_ms,
        period=new.period,
        subject=office_thread(new.form, new.period, new.office),
        place=new.office,
        body=body,
    )
    receipt = file(draft, now_ms=now_ms)
    if not receipt.duplicate:
        _queue(Owing(new.form, new.period, due, now_ms), draft, receipt.seq, now_ms)
    catch_up()
    return receipt, len(parties)


def states_of(form: str, period: str, parties: Iterable[str]) -> dict[str, ReturnState]:
    """Where the returns of these firms stand, by party; those without an opening are left out."""
    threads = {f"{form}|{period}|{party}": party for party in parties}
    folded = {
        threads[thread]: fold_return(lines) for thread, lines in read.thread_lines(threads).items()
    }
    return {party: state for party, state in folded.items() if state.opened_seq is not None}


def deliveries(scope: Scope, view: tuple[str, str, str]) -> Sequence[reminder_delivery.Message]:
    """Messages of one office and period (form, period, office), newest first; no number."""
    form, period, office = view
    scope.require("review", form=form, place=office)
    return reminder_delivery.of_office(form, period, office)
