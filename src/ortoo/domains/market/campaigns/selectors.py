"""Scoped reads of campaigns: which one may see, how far each day's returns have come."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from ortoo.domains.market.campaigns.opening import opening_key
from ortoo.domains.market.campaigns.plan import Campaign
from ortoo.domains.market.campaigns.services import all_campaigns, campaign, firms_on
from ortoo.domains.market.known import asked_cells, newest_known_of
from ortoo.kernel.filings import read
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.forms import registry
from ortoo.kernel.forms.periods import day_of
from ortoo.kernel.grants.scope import Scope
from ortoo.kernel.places.active import active_pack
from ortoo.kernel.threads.periodic import ReturnState, fold_return


def may_see(scope: Scope, found: Campaign) -> bool:
    """Offices of the chain and auditors: whose places it asks about, or who ordered it."""
    mine = scope.places("read_unit_figures", found.plan.form)
    pack = active_pack()
    if not mine or found.plan.place not in pack:
        return False
    if found.plan.place in mine:
        return True
    asked = found.plan.places or (found.plan.place,)
    on = found.plan.first
    inside = frozenset().union(*(pack.under(code, on) for code in asked if code in pack))
    return bool(inside & mine)


def visible(scope: Scope) -> list[Campaign]:
    """Campaigns this scope may see, newest first."""
    if not scope.may("read_unit_figures"):
        scope.require("read_unit_figures")
    found = [one for one in all_campaigns().values() if may_see(scope, one)]
    return sorted(found, key=lambda one: (one.plan.first, one.first_seq), reverse=True)


def one(scope: Scope, code: str) -> Campaign:
    """Refused CAMPAIGN-UNKNOWN (404) outside this scope."""
    if scope.is_public:
        scope.require("read_unit_figures")
    found = campaign(code)
    if not may_see(scope, found):
        raise Refused("CAMPAIGN-UNKNOWN", f"没有专项监测 {code}。", "请从专项监测列表进入。", 404)
    return found


@dataclass(frozen=True, slots=True)
class Progress:
    """应报 · 已报 · 及时 of one place and day; `opened` False where the day was not opened."""

    owed: int = 0
    filed: int = 0
    on_time: int = 0
    opened: bool = True


@dataclass(frozen=True)
class Matrix:
    """Places × days of a campaign, and of every place the sum of the days shown."""

    days: tuple[dt.date, ...]
    rows: tuple[tuple[str, tuple[Progress, ...]], ...]
    total: tuple[Progress, ...]
    missing: tuple[tuple[str, str], ...]
    """(party, place) that still owe the last day shown."""


def matrix(scope: Scope, found: Campaign, until: dt.date, most: int = 10) -> Matrix:
    """The last `most` days up to `until`, by the places directly under this reader's office."""
    mine = scope.places("read_unit_figures", found.plan.form)
    days = tuple(day for day in found.plan.days if day <= until)[-most:]
    pack = active_pack()
    by_place: dict[str, list[Progress]] = {}
    total: list[Progress] = []
    missing: list[tuple[str, str]] = []
    for at, day in enumerate(days):
        states = _states(found, day)
        shown = {party: s for party, s in states.items() if s.place in mine}
        groups = _groups(shown, mine, day)
        for place, inside in groups.items():
            row = by_place.setdefault(place, [Progress(opened=False)] * len(days))
            row[at] = _progress(inside)
        total.append(_progress(list(shown.values())) if states else Progress(opened=False))
        if day == days[-1]:
            missing = [
                (party, s.place) for party, s in shown.items()
                if not s.versions and s.waived_seq is None
            ]  # fmt: skip
    rows = tuple((place, tuple(row)) for place, row in sorted(by_place.items()) if place in pack)
    return Matrix(days, rows, tuple(total), tuple(sorted(missing, key=lambda one: one[::-1])))


def _states(found: Campaign, day: dt.date) -> dict[str, ReturnState]:
    """States of the firms this campaign's own opening asked on a day."""
    if not read.rows("key=%s", [opening_key(found, day)]):
        return {}
    prefix = f"{found.plan.form}|{day_of(day).code}|"
    orders = set(found.versions)
    states = {
        thread.removeprefix(prefix): fold_return(lines)
        for thread, lines in read.thread_lines_like(prefix).items()
        if "|@" not in thread
    }
    return {party: state for party, state in states.items() if state.order in orders}


def _groups(
    states: dict[str, ReturnState], mine: frozenset[str], day: dt.date
) -> dict[str, list[ReturnState]]:
    """By the highest place below the reader's own office that still holds each firm."""
    pack = active_pack()
    found: dict[str, list[ReturnState]] = {}
    for state in states.values():
        chain = [code for code in pack.reporting_chain(state.place, day) if code in mine]
        at = chain[1] if len(chain) > 1 else chain[0]
        found.setdefault(at, []).append(state)
    return found


def _progress(states: list[ReturnState]) -> Progress:
    owed = [s for s in states if s.waived_seq is None or s.versions]
    filed = [s for s in owed if s.versions]
    firsts = read.by_seqs(s.versions[0] for s in filed)
    on_time = sum(
        1 for s in filed if s.due_at is None or firsts[s.versions[0]].arrived_at <= s.due_at
    )
    return Progress(len(owed), len(filed), on_time)


def once_only(scope: Scope, found: Campaign, day: dt.date, now_ms: int) -> tuple[int, int]:
    """(cells of a day that are prefilled from what is known, cells asked) over firms in scope."""
    form = registry.get(found.plan.form)
    mine = scope.places("read_unit_figures", form.code)
    cells = asked_cells(form, found.plan.asked(form))
    firms = [party for party, s in _states(found, day).items() if s.place in mine]
    opening = read.rows("key=%s", [opening_key(found, day)])
    before = opening[0].seq if opening else None
    known = newest_known_of(firms, form, cells, now_ms=now_ms, before=before)
    return sum(len(one_) for one_ in known.values()), len(cells) * len(firms)


def expected(found: Campaign, day: dt.date) -> int:
    """How many firms a day asks, or would ask."""
    return len(firms_on(found.plan, registry.get(found.plan.form), day))


def versions(found: Campaign) -> list[read.FilingRow]:
    """Every filing of a campaign, oldest first: the archive."""
    rows = read.by_seqs(found.versions)
    return [rows[seq] for seq in found.versions]
