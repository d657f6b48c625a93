"""升级: returns still missing hours after they were due, brought to an office by the form's table.

The system party files it once an office, level and period, with the firms named (Law 6). The duty
it opens closes when each of them has filed, was waived, or was reminded by that office itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ortoo.domains.market import selectors
from ortoo.domains.market.registers import names_of
from ortoo.domains.market.reminders import HOUR_MS, Missing, Owing, missing_of, owing_periods
from ortoo.domains.market.services import SYSTEM
from ortoo.domains.market.thread_keys import digest_key
from ortoo.kernel.duties.models import Duty
from ortoo.kernel.filings import read
from ortoo.kernel.filings.draft import Draft, Receipt
from ortoo.kernel.filings.projection import catch_up
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.filings.write import file_many
from ortoo.kernel.forms import registry
from ortoo.kernel.forms.definition import Escalation, Form
from ortoo.kernel.forms.periods import parse, type_on
from ortoo.kernel.grants.scope import Scope
from ortoo.kernel.places.active import active_pack
from ortoo.kernel.places.pack import Pack
from ortoo.kernel.threads.periodic import fold_return, office_thread
from ortoo.kernel.threads.procedure import ThreadLine

# House rule, not law: how long an office has to say what it did.
ANSWER_HOURS = 4
WINDOW_HOURS = 36
"""A level nobody was there to file on time is let go after this long."""


def file_due(now_ms: int) -> list[Receipt]:
    """File the escalations whose hour has come, and note those whose firms have all filed."""
    receipts = []
    for owing in owing_periods(now_ms):
        form = registry.get(owing.form)
        for step in type_on(form, parse(owing.period).start).escalations:
            late = now_ms - owing.due_at - step.hours_late * HOUR_MS
            if 0 <= late <= WINDOW_HOURS * HOUR_MS:
                receipts += _file_step(owing, form, step, now_ms)
    receipts += _lift(now_ms)
    if receipts:
        catch_up()
    return receipts


def _file_step(owing: Owing, form: Form, step: Escalation, now_ms: int) -> list[Receipt]:
    stem = f"escalate:{owing.form}:{owing.period}:{owing.due_at}:{step.hours_late}:"
    known = "form='K-OVERDUE' AND period=%s AND key LIKE %s"
    if read.rows(known, [owing.period, f"{stem}%"]):
        return []
    groups: dict[str, list[str]] = {}
    for firm in missing_of(owing):
        office = office_of(active_pack(), form, step.level, firm)
        if office:
            groups.setdefault(office, []).append(firm.party)
    drafts = [
        _draft(
            Owing(owing.form, owing.period, now_ms + ANSWER_HOURS * HOUR_MS, now_ms),
            f"{stem}{office}",
            {
                "office": office, "level": step.level, "hours_late": step.hours_late,
                "parties": parties, "lifted": False,
                "text": f"截止后 {step.hours_late} 小时仍未报 {len(parties)} 家",
            },
        )
        for office, parties in sorted(groups.items())
    ]  # fmt: skip
    return _filed(drafts, now_ms)


def _draft(owing: Owing, key: str, said: dict[str, object]) -> Draft:
    office = str(said["office"])
    return Draft(
        form="K-OVERDUE",
        filer=SYSTEM,
        actor=SYSTEM,
        key=key,
        mode="system",
        said_at=owing.opened_at,
        period=owing.period,
        subject=office_thread(owing.form, owing.period, office),
        place=office,
        body={"form": owing.form, "period": owing.period, "due_at": owing.due_at, **said},
    )


def _filed(drafts: Sequence[Draft], now_ms: int) -> list[Receipt]:
    try:
        return file_many(drafts, now_ms=now_ms) if drafts else []
    except Refused as refused:
        # Another process was faster, with one firm more or less: what it filed stands.
        if refused.code != "FILING-KEY-REUSED":
            raise
        return []


def office_of(pack: Pack, form: Form, level: str, firm: Missing) -> str:
    """Which of a firm's offices hears of it: the nearest one at that level or above (the root's
    for a unit that reports to it directly), or else its last; "" without any."""
    chain = [place for place, _ in firm.state.offices]
    wanted = pack.root.level + len(form.levels) - 1 - form.levels.index(level)
    above = [place for place in chain if pack[place].level <= wanted]
    return (above or chain[-1:] or [""])[0]


def _lift(now_ms: int) -> list[Receipt]:
    """升级解除 where every firm still waited for has filed or was waived since."""
    drafts = []
    for duty in Duty.objects.filter(
        kind="escalated", closed_seq__isnull=True, void_seq__isnull=True
    ):
        lines = read.thread_lines([duty.thread])[duty.thread]
        raised = next(line for line in lines if line.seq == duty.opened_seq)
        parties = parties_of(raised)
        if not _silent(duty, parties):
            drafts.append(_lifting(duty, raised, sorted(parties), now_ms))
    return _filed(drafts, now_ms)


def _lifting(duty: Duty, raised: ThreadLine, parties: list[str], now_ms: int) -> Draft:
    owing = Owing(duty.form, duty.period, duty.due_at or now_ms, now_ms)
    return _draft(
        owing,
        digest_key("escalate-lifted", duty.key, str(duty.opened_seq)),
        {
            "office": duty.place, "level": str(raised.detail["level"]), "hours_late": 0,
            "parties": parties, "lifted": True, "text": "名单内企业均已报送或免报",
        },
    )  # fmt: skip


def parties_of(line: ThreadLine) -> set[str]:
    """The firms an escalation names."""
    given = line.detail["parties"]
    return {str(party) for party in given} if isinstance(given, list | tuple) else set()


def _silent(duty: Duty, parties: set[str]) -> set[str]:
    """Those of the firms that have neither filed nor been waived."""
    threads = {f"{duty.form}|{duty.period}|{party}": party for party in parties}
    return {
        threads[thread]
        for thread, lines in read.thread_lines(threads).items()
        if fold_return(lines).stage == "missing"
    }


@dataclass(frozen=True, slots=True)
class Escalated:
    """An open escalation as its office sees it. Times in ms."""

    form: str
    period: str
    office: str
    level: str
    due_at: int | None
    seq: int
    named: int
    missing: tuple[tuple[str, str], ...]
    """(party, name) of those still missing."""


def open_escalations(scope: Scope) -> list[Escalated]:
    """升级督办 that offices of this scope still owe an answer to, most urgent first."""
    offices = selectors.my_offices(scope)
    found = Duty.objects.filter(
        kind="escalated", place__in=offices, closed_seq__isnull=True, void_seq__isnull=True
    ).order_by("due_at")
    return [_escalated(duty) for duty in found if scope.may("chase", duty.form, duty.place)]


def _escalated(duty: Duty) -> Escalated:
    lines = read.thread_lines([duty.thread])[duty.thread]
    raised = next(line for line in lines if line.seq == duty.opened_seq)
    parties = parties_of(raised)
    silent = sorted(_silent(duty, parties))
    names = names_of(silent)
    return Escalated(
        duty.form, duty.period, duty.place, str(raised.detail["level"]), duty.due_at,
        duty.opened_seq, len(parties), tuple((party, names.get(party, party)) for party in silent),
    )  # fmt: skip
