"""The frame 样本名录: who is in a list on a day, who could be, and every seat's history."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from django.db import connection

from ortoo.domains.market import monitored
from ortoo.domains.market.registers import names_of
from ortoo.domains.market.sample import design
from ortoo.domains.market.sample.rules import Rotation, Seat, Tenure, rotation
from ortoo.domains.market.sample.seats import Said, claimed_by, history, seat_thread
from ortoo.kernel.filings import read
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.forms.definition import Form
from ortoo.kernel.forms.periods import period_on
from ortoo.kernel.grants.scope import Scope
from ortoo.kernel.parties.models import ListMember, Party
from ortoo.kernel.places.active import active_pack

LISTS: Mapping[str, str] = {
    "retail_necessities": "生活必需品零售样本",
    "wholesale_markets": "批发市场样本",
    "material_dealers": "生产资料经销企业样本",
    "backbone_firms": "重点流通企业",
    "supply_guarantors": "应急保供企业",
    "trading_markets": "商品交易市场",
}
RECORD_PERIODS = 13


@dataclass(frozen=True, slots=True)
class Record:
    """How a firm answered in the last periods: owed, answered, of these late."""

    owed: int = 0
    filed: int = 0
    late: int = 0


@dataclass(frozen=True, slots=True)
class Member:
    """One firm in a list: where it stands, since when, until when, how it answered.

    `successor`: the party that carries it on; `matter`: the open nomination about its seat.
    """

    party: str
    name: str
    place: str
    since: str
    until: str
    stratum: str
    record: Record
    successor: str
    matter: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """A registered enterprise that is not in the list."""

    party: str
    name: str
    place: str
    matter: str


def lists() -> dict[str, str]:
    """Titles by code: of every list a form draws on, and every list that has members."""
    known = {form.respondents.sample for form in monitored.forms()}
    known |= set(ListMember.objects.values_list("list_code", flat=True).distinct())
    ordered = [*(code for code in LISTS if code in known), *sorted(known - LISTS.keys())]
    return {code: LISTS.get(code, code) for code in ordered}


def title_of(list_code: str) -> str:
    """The list's title. Refused SAMPLE-LIST."""
    titles = lists()
    if list_code not in titles:
        raise Refused("SAMPLE-LIST", "没有这个名录。", "请从样本名录页选择。", 404)
    return titles[list_code]


def forms_of(list_code: str) -> list[Form]:
    """Monitored forms whose respondents are this list: first what its own calendar opens."""
    found = [form for form in monitored.forms() if form.respondents.sample == list_code]
    return sorted(
        found,
        key=lambda form: (form.supplements is not None, not monitored.opened_by_calendar(form)),
    )


def readable(scope: Scope) -> frozenset[str]:
    """Places whose firms this reader may see by name. Refused SCOPE-… where there are none."""
    places = scope.places("read_unit_figures")
    if not places:
        scope.require("read_unit_figures", place=active_pack().root.code)
    return places


def tenures(list_code: str) -> list[Tenure]:
    """Every stay in a list, whoever's, in order of its first day."""
    rows = ListMember.objects.filter(list_code=list_code).order_by("valid_from", "party")
    return [Tenure(row.party, row.valid_from, row.valid_to, row.seq) for row in rows]


def members(scope: Scope, list_code: str, on: dt.date) -> list[Member]:
    """The list on a day, inside the reader's places, by place and name."""
    inside = readable(scope)
    stays = [stay for stay in tenures(list_code) if stay.on(on)]
    parties = _parties((stay.party for stay in stays), inside)
    records = response(list_code, parties, on)
    found = design.design_on(list_code, on)
    claims = claims_of(list_code, parties)
    return sorted(
        (
            Member(
                party=stay.party,
                name=parties[stay.party].name,
                place=parties[stay.party].place,
                since=stay.first,
                until=stay.last,
                stratum=found.members.get(stay.party, "") if found else "",
                record=records.get(stay.party, Record()),
                successor=parties[stay.party].successor,
                matter=claims.get(stay.party, ""),
            )
            for stay in stays
            if stay.party in parties
        ),
        key=lambda one: (one.place, one.name),
    )


def candidates(scope: Scope, list_code: str, on: dt.date) -> list[Candidate]:
    """Registered enterprises inside the reader's places that are not in the list on a day."""
    inside = readable(scope)
    present = {stay.party for stay in tenures(list_code) if stay.on(on)}
    rows = Party.objects.filter(kind="enterprise", successor="").order_by("place", "name")
    found = [row for row in rows if row.place in inside and row.code not in present]
    claims = claims_of(list_code, [row.code for row in found])
    return [Candidate(row.code, row.name, row.place, claims.get(row.code, "")) for row in found]


def _parties(codes: Iterable[str], inside: Collection[str]) -> dict[str, Party]:
    wanted, found = sorted(set(codes)), {}
    for start in range(0, len(wanted), 900):
        for row in Party.objects.filter(code__in=wanted[start : start + 900]):
            if row.place in inside:
                found[row.code] = row
    return found


def claims_of(list_code: str, parties: Iterable[str]) -> dict[str, str]:
    """Thread of the open nomination about each firm's seat, where there is one."""
    by_thread = {seat_thread(list_code, party): party for party in parties}
    lines = read.thread_lines(by_thread)
    held = {by_thread[thread]: claimed_by(found) for thread, found in lines.items()}
    return {party: matter for party, matter in held.items() if matter}


def response(list_code: str, parties: Iterable[str], on: dt.date) -> dict[str, Record]:
    """Answers over the last periods of the list's first form."""
    forms = forms_of(list_code)
    if not forms:
        return {}
    form = forms[0]
    period = period_on(form, on)
    for _ in range(RECORD_PERIODS):
        period = period.previous()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT d.owner, COUNT(*), COUNT(d.closed_seq),"
            " SUM(CASE WHEN f.mode <> 'import' AND f.received_at > d.due_at THEN 1 ELSE 0 END)"
            " FROM kernel_duty d LEFT JOIN kernel_filing f ON f.seq = d.closed_seq"
            " WHERE d.kind = 'file' AND d.form = %s AND d.period >= %s AND d.void_seq IS NULL"
            " GROUP BY d.owner",
            [form.code, period.code],
        )
        rows = cursor.fetchall()
    wanted = set(parties)
    return {
        owner: Record(int(owed), int(filed), int(late or 0))
        for owner, owed, filed, late in rows
        if owner in wanted
    }


@dataclass(frozen=True, slots=True)
class SeatHistory:
    """A firm's stays in a list and everything said about its seat."""

    party: str
    name: str
    place: str
    successor: str
    successor_name: str
    stays: tuple[Tenure, ...]
    said: tuple[Said, ...]
    record: Record


def seat(scope: Scope, list_code: str, party: str, on: dt.date) -> SeatHistory:
    """One firm's seat. Refused SAMPLE-SEAT for firms outside the reader's places."""
    inside = readable(scope)
    found = _parties([party], inside).get(party)
    if found is None:
        raise Refused("SAMPLE-SEAT", "没有这家企业。", "请从样本名录打开。", 404)
    thread = seat_thread(list_code, party)
    named = names_of([found.successor]) if found.successor else {}
    return SeatHistory(
        party,
        found.name,
        found.place,
        found.successor,
        named.get(found.successor, ""),
        tuple(stay for stay in tenures(list_code) if stay.party == party),
        tuple(history(read.thread_lines([thread])[thread])),
        response(list_code, [party], on).get(party, Record()),
    )


def proposed_rotation(scope: Scope, list_code: str, on: dt.date, overlap_percent: int) -> Rotation:
    """A draft rotation 轮换建议 inside the reader's places, from the frame of a day."""
    present = members(scope, list_code, on)
    free = candidates(scope, list_code, on)
    found = design.design_on(list_code, on)
    whole = {code for code, one in found.strata.items() if one.take_all} if found else set()
    seats = [
        Seat(m.party, m.place, m.since, m.stratum in whole, bool(m.matter or m.until), m.stratum)
        for m in present
    ]
    others = [Seat(c.party, c.place, "", claimed=bool(c.matter)) for c in free]
    return rotation(seats, others, overlap_percent)
