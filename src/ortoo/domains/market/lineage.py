"""From a number to the filings behind it, within what the reader may open."""

from __future__ import annotations

import json
from dataclasses import dataclass

from ortoo.domains.market import monitored, observations
from ortoo.domains.market.registers import names_of
from ortoo.kernel.filings import read
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.grants.scope import Scope
from ortoo.kernel.parties.models import Party
from ortoo.kernel.places.active import active_pack


@dataclass(frozen=True, slots=True)
class Contribution:
    """One filing behind a figure."""

    seq: int
    number: str
    party: str
    name: str
    place: str
    price: int | None
    quantity: int | None
    sales: int | None
    stage: str
    doubtful: bool


def contributions(
    scope: Scope,
    form: str,
    period: str,
    unit: str,
    item: str,
    *,
    basis: str = "reviewed",
    as_of: int | None = None,
) -> list[Contribution]:
    """The filings a figure is computed from, those this scope may open (number → filings)."""
    returns = observations.load(form, period, as_of)
    codes, rows, root = observations.units_of(returns) if returns.parties else ((), (), "")
    keep = returns.counted & returns.reviewed if basis == "reviewed" else returns.counted
    index = returns.form.leaf_index[item]
    doubts = observations.doubtful(returns)
    roles = returns.form.roles
    said = returns.cells[returns.form.principal.code][:, index] != observations.MISSING
    inside = [
        row
        for row in (keep & said).nonzero()[0].tolist()
        if (unit == root or codes[rows[row]] == unit or returns.places[row] == unit)
        and returns.states[row].effective
        and (
            form == monitored.FOREIGN
            or scope.may_read(party=returns.parties[row], place=returns.places[row], form=form)
        )
    ]
    # Of a region's thousands only those shown are named and read.
    names = names_of([returns.parties[row] for row in inside])
    filings = read.by_seqs(returns.states[row].effective or 0 for row in inside)
    found = []
    for row in inside:
        party, place, state = returns.parties[row], returns.places[row], returns.states[row]
        values = {
            code: int(column[row, index]) if column[row, index] != observations.MISSING else None
            for code, column in returns.cells.items()
        }
        seq = state.effective or 0
        found.append(
            Contribution(
                seq=seq,
                number=filings[seq].number,
                party=party,
                name=names.get(party, party),
                place=place,
                price=values[roles.price or returns.form.principal.code],
                quantity=values.get(roles.quantity or ""),
                sales=values.get(roles.value or ""),
                stage=state.stage,
                doubtful=bool(doubts[row, index]),
            )
        )
    return found


def filing(scope: Scope, seq: int) -> read.FilingRow:
    """One filing this scope may open. Raises Refused FILING-UNKNOWN (404) or SCOPE-… (403)."""
    found = read.get(seq)
    if found is None:
        raise Refused("FILING-UNKNOWN", f"没有第 {seq} 号报件。", "请核对回执号。", 404)
    if found.form == monitored.FOREIGN:
        scope.require("read_published")
        return found
    if found.form == "TILL-MAP" and scope.party != found.filer:
        # A shop's own shelf: which of its articles is what nobody else needs to know.
        raise Refused("FILING-UNKNOWN", f"没有第 {seq} 号报件。", "请核对回执号。", 404)
    party, place = _about(found)
    scope.require_read(party=party, place=place, form=found.form if found.place else None)
    return found


def _about(found: read.FilingRow) -> tuple[str, str]:
    """(party, place) a filing concerns, for the question who may open it."""
    if found.place:
        return found.subject, found.place
    body = json.loads(found.body) if found.form.startswith("K-") else {}
    party = str(body.get("party", found.filer))
    place = Party.objects.filter(code=party).values_list("place", flat=True).first()
    return party, str(place or active_pack().root.code)
