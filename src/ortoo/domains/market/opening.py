"""Opening and archiving periods: filings of the system party, citing the form's own calendar."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from ortoo.domains.market import monitored
from ortoo.kernel.filings import read
from ortoo.kernel.filings.draft import Draft, Receipt
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.filings.write import file
from ortoo.kernel.forms import registry
from ortoo.kernel.forms.asked import Asked
from ortoo.kernel.forms.definition import Form
from ortoo.kernel.forms.periods import Period, due_at_ms, opens_at_ms, parse, period_on
from ortoo.kernel.parties.models import ListMember, Party
from ortoo.kernel.places.active import active_pack
from ortoo.kernel.places.pack import Pack
from ortoo.kernel.threads.activation import version_at

SYSTEM = "SYSTEM"
SAMPLE = "retail_necessities"
REVIEW_HOURS = 30
_HOUR_MS = 3_600_000


@dataclass(frozen=True, slots=True)
class Order:
    """What a filing ordered to be opened: 专项监测, 急报, a firm that joins a running period.

    `seq`: log index of that filing. None leaves the form's own respondents, cells and hours.
    `label` tells openings of the same period apart.
    """

    seq: int
    parties: tuple[str, ...] | None = None
    asked: Asked | None = None
    due_at: int | None = None
    review_due_at: int | None = None
    label: str = ""


def reviewing_chain(pack: Pack, place: str, on: dt.date) -> list[str]:
    """Places of the offices that review a respondent of `place`, nearest first.

    The last one accepts 审定: the league, or the region where the unit that reports to it has no
    league above (计划单列市). A missing level is skipped 缺级.
    """
    offices = [office.code for office in pack.offices(place, on)]
    unit = pack.unit_of(on).get(place, place)
    if unit in offices and pack[unit].level == pack.root.level + 1:
        return offices[: offices.index(unit) + 1]
    return offices


def open_period(*, form: str, period: str, now_ms: int, order: Order | None = None) -> Receipt:
    """File the opening of a period with the respondents of this moment (Law 6).

    Without an order the form's own list owes the whole form by the form's own calendar. Raises
    Refused OPENING-EMPTY where an order names nobody that any office reviews.
    """
    pack, span = active_pack(), parse(period)
    newest = registry.get(form).version
    version = version_at(form, span.start, newest, now_ms=now_ms)
    definition = registry.get(form, version)
    parties = respondents_of(definition, span) if order is None or order.parties is None else (
        list(dict.fromkeys(order.parties))
    )
    respondents, offices = _with_chains(pack, parties, span.end)
    if order is not None and not respondents:
        raise Refused("OPENING-EMPTY", "没有可以填报的单位。", "请核对名录和报送关系。", 422)
    due = order.due_at if order is not None else None
    if due is None:
        due = due_at_ms(definition, span, pack.head.time_zone)
    review = order.review_due_at if order is not None else None
    key = f"open:{form}:{period}" + (f":{order.label or order.seq}" if order else "")
    body: dict[str, object] = {
        "form": form,
        "period": period,
        "due_at": due,
        "review_due_at": review or due + definition.review_hours * _HOUR_MS,
        "offices": offices,
        "respondents": respondents,
        "version": version,
    }
    if order is not None:
        body["order"] = order.seq
        if order.asked is not None:
            body["asked"] = order.asked.write()
    return file(
        Draft("K-OPEN", SYSTEM, SYSTEM, key[:80], body, now_ms, period=period, mode="system"),
        now_ms=now_ms,
    )


def respondents_of(form: Form, span: Period) -> list[str]:
    """Party codes on the form's list at some day of the period, within its place where it has one.

    A supplement 盟市补充指标 is asked of the list's members inside its own unit only.
    """
    members = ListMember.objects.filter(
        list_code=form.respondents.sample, valid_from__lte=span.end.isoformat()
    )
    parties = sorted(
        {row.party for row in members if not row.valid_to or row.valid_to >= span.start.isoformat()}
    )
    if form.respondents.within is None:
        return parties
    inside = active_pack().under(form.respondents.within, span.end)
    places = _places_of(parties)
    return [party for party in parties if places.get(party) in inside]


def _places_of(parties: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for start in range(0, len(parties), 900):
        chunk = parties[start : start + 900]
        found.update(Party.objects.filter(code__in=chunk).values_list("code", "place"))
    return found


def _with_chains(
    pack: Pack, parties: Sequence[str], on: dt.date
) -> tuple[list[list[object]], dict[str, str]]:
    """([party, place, offices that review it lowest first], {office place: its party})."""
    places = _places_of(parties)
    agencies = {
        place: code
        for code, place in Party.objects.filter(kind="agency").values_list("code", "place")
    }
    respondents: list[list[object]] = []
    used: set[str] = set()
    for party in parties:
        if places.get(party) not in pack:
            continue
        chain = [p for p in reviewing_chain(pack, places[party], on) if p in agencies]
        respondents.append([party, places[party], chain])
        used.update(chain)
    return respondents, {place: agencies[place] for place in sorted(used)}


def open_due_periods(*, form: str, now_ms: int) -> list[Receipt]:
    """Open the form's newest period when its hour has come and it is not open yet."""
    pack, definition = active_pack(), registry.get(form)
    if not monitored.opened_by_calendar(definition):
        return []
    zone = pack.head.time_zone
    today = dt.datetime.fromtimestamp(now_ms / 1000, ZoneInfo(zone)).date()
    period = period_on(definition, today)
    receipts = []
    for span in (period.previous(), period):
        started = opens_at_ms(definition, span, zone) <= now_ms
        known = read.rows("form='K-OPEN' AND key=%s", [f"open:{form}:{span.code}"])
        # A form whose list is empty asks nobody: opening it would be noise in the record.
        if started and not known and respondents_of(definition, span):
            receipts.append(open_period(form=form, period=span.code, now_ms=now_ms))
    return receipts


def archive(*, form: str, period: str, now_ms: int) -> Receipt:
    """Archive a period by the system: from then on nothing more joins its threads (Law 11)."""
    openings = read.rows("form='K-OPEN' AND period=%s AND key LIKE %s", [period, f"open:{form}:%"])
    if not openings:
        raise Refused("PERIOD-NOT-OPEN", f"{period} 未开期。", "只能归档已开期的报告期。", 404)
    said = [json.loads(opening.body) for opening in openings]
    body = {
        "form": form,
        "period": period,
        "parties": list(dict.fromkeys(row[0] for one in said for row in one["respondents"])),
        "offices": sorted({place for one in said for place in one["offices"]}),
    }
    return file(
        Draft("K-ARCHIVE", SYSTEM, SYSTEM, f"archive:{form}:{period}", body, now_ms, period=period),
        now_ms=now_ms,
    )
