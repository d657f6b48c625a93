"""From a number to the filings behind it, within what the reader may open."""

from __future__ import annotations

import json
from dataclasses import dataclass

from ortoo.domains.market import observations
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
    names = names_of(returns.parties)
    filings = read.by_seqs(s.effective for s in returns.states if s.effective)
    found = []
    for row, (party, place, state) in enumerate(
        zip(returns.parties, returns.places, returns.states, strict=True)
    ):
        inside = unit == root or codes[rows[row]] == unit or place == unit
        if not (inside and keep[row] and state.effective):
            continue
        if form != "FOREIGN-M1" and not scope.may_read(party=party, place=place, form=form):
            continue
        values = {
            code: int(column[row, index]) if column[row, index] != observations.MISSING else None
            for code, column in returns.cells.items()
        }
        if values["price"] is None:
            continue
        found.append(
            Contribution(
                seq=state.effective,
                number=filings[state.effective].number,
                party=party,
                name=names.get(party, party),
                place=place,
                price=values["price"],
                quantity=values.get("sales_qty"),
                sales=values.get("sales"),
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
    if found.form == "FOREIGN-M1":
        scope.require("read_published")
        return found
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
