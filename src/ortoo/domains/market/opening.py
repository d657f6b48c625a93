"""Opening and archiving periods: filings of the system party, citing the form's own calendar."""

from __future__ import annotations

import datetime as dt
import json
from zoneinfo import ZoneInfo

from ortoo.kernel.filings import read
from ortoo.kernel.filings.draft import Draft, Receipt
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.filings.write import file
from ortoo.kernel.forms import registry
from ortoo.kernel.forms.periods import due_at_ms, opens_at_ms, parse, period_on
from ortoo.kernel.parties.models import ListMember, Party
from ortoo.kernel.places.active import active_pack
from ortoo.kernel.places.pack import Pack
from ortoo.kernel.threads.activation import version_at

SYSTEM = "SYSTEM"
SAMPLE = "retail_necessities"
REVIEW_HOURS = 30
_HOUR_MS = 3_600_000


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


def open_period(*, form: str, period: str, now_ms: int) -> Receipt:
    """File the opening of a period with the respondents of this moment (Law 6)."""
    pack, span = active_pack(), parse(period)
    newest = registry.get(form).version
    version = version_at(form, span.start, newest, now_ms=now_ms)
    definition = registry.get(form, version)
    members = ListMember.objects.filter(list_code=SAMPLE, valid_from__lte=span.end.isoformat())
    parties = sorted(
        row.party for row in members if not row.valid_to or row.valid_to >= span.start.isoformat()
    )
    places = dict(Party.objects.filter(code__in=parties).values_list("code", "place"))
    agencies = {
        place: code
        for code, place in Party.objects.filter(kind="agency").values_list("code", "place")
    }
    respondents = []
    for party in parties:
        chain = [p for p in reviewing_chain(pack, places[party], span.end) if p in agencies]
        respondents.append([party, places[party], chain])
    offices = {place for _, _, chain in respondents for place in chain}
    due = due_at_ms(definition, span, pack.head.time_zone)
    return file(
        Draft(
            form="K-OPEN",
            filer=SYSTEM,
            actor=SYSTEM,
            key=f"open:{form}:{period}",
            mode="system",
            period=period,
            said_at=now_ms,
            body={
                "form": form,
                "period": period,
                "due_at": due,
                "review_due_at": due + REVIEW_HOURS * _HOUR_MS,
                "offices": {place: agencies[place] for place in sorted(offices)},
                "respondents": respondents,
                "version": version,
            },
        ),
        now_ms=now_ms,
    )


def open_due_periods(*, form: str, now_ms: int) -> list[Receipt]:
    """Open the form's newest period when its hour has come and it is not open yet."""
    pack, definition = active_pack(), registry.get(form)
    zone = pack.head.time_zone
    today = dt.datetime.fromtimestamp(now_ms / 1000, ZoneInfo(zone)).date()
    period = period_on(definition, today)
    receipts = []
    for span in (period.previous(), period):
        started = opens_at_ms(definition, span, zone) <= now_ms
        known = read.rows("form='K-OPEN' AND key=%s", [f"open:{form}:{span.code}"])
        if started and not known:
            receipts.append(open_period(form=form, period=span.code, now_ms=now_ms))
    return receipts


def archive(*, form: str, period: str, now_ms: int) -> Receipt:
    """Archive a period by the system: from then on nothing more joins its threads (Law 11)."""
    opening = read.rows("key=%s", [f"open:{form}:{period}"])
    if not opening:
        raise Refused("PERIOD-NOT-OPEN", f"{period} 未开期。", "只能归档已开期的报告期。", 404)
    said = json.loads(opening[0].body)
    body = {
        "form": form,
        "period": period,
        "parties": [row[0] for row in said["respondents"]],
        "offices": sorted(said["offices"]),
    }
    return file(
        Draft("K-ARCHIVE", SYSTEM, SYSTEM, f"archive:{form}:{period}", body, now_ms, period=period),
        now_ms=now_ms,
    )
