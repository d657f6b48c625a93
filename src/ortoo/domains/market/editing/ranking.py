"""Every cell of a period that is to be looked at, with its place in the review queue."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass

from ortoo.domains.market.editing import order
from ortoo.domains.market.editing.effects import Circle, effect_of
from ortoo.domains.market.editing.findings import Findings, Key, Said, findings
from ortoo.domains.market.editing.order import Tier
from ortoo.domains.market.review_past import Past
from ortoo.domains.market.rules.effect import Effect


@dataclass(frozen=True, slots=True)
class Ranked:
    """A cell on its way into the queue."""

    key: Key
    tier: Tier
    effect: Effect
    strength: float
    score: float
    found: Said | None
    reason: str
    rules: tuple[str, ...]

    @property
    def place(self) -> tuple[int, float, bool, Key]:
        return int(self.tier), -self.score, not self.effect.of_mean, self.key


def ranked_cells(
    past: Past, office: str, wanted: Set[str], flags: Iterable[tuple[str, str, str]]
) -> list[Ranked]:
    """The wanted returns' cells in order. `flags`: (party, item, soft rule) of the form's rules."""
    found = findings(past, wanted)
    circle = Circle(past.now, office)
    measure_of = {rule.id: rule.measure for rule in past.form.rules}
    rules: dict[Key, list[str]] = {}
    for firm, item, rule in flags:
        rules.setdefault((firm, item, measure_of[rule]), []).append(rule)
    said = {key: one for key, one in found.cells.items() if key[0] in wanted}
    said |= _of_returns(past, circle, found, wanted)
    reasons = _reasons(past, {key[0] for key in said})
    ranked = []
    for key in sorted(rules.keys() | said.keys()):
        one, broken = said.get(key), tuple(rules.get(key, ()))
        # What is wrong with a whole return is said once.
        if not _is_asked(past, key) or (one is None and found.whole(key[0])):
            continue
        reason = reasons.get(key[0], {}).get(key[1], "")
        effect = _effect(past, circle, key, one)
        ranked.append(_rank(past, circle, found, _Case(key, one, effect, reason, broken)))
    return sorted(ranked, key=lambda one: one.place)


@dataclass(frozen=True, slots=True)
class _Case:
    key: Key
    said: Said | None
    effect: Effect
    reason: str
    rules: tuple[str, ...]


def _rank(past: Past, circle: Circle, found: Findings, case: _Case) -> Ranked:
    share = float(case.effect.share)
    if case.said is None:
        supported = bool(found.supported(case.key))
        tier = Tier.SUPPORTED if supported else Tier.RULE_ALONE
        strength = order.SUPPORTED if supported else order.ALONE
    else:
        tier, strength = Tier.FOUND, order.strength(case.said, case.reason)
        if not case.said.item:
            share = _whole_share(past, circle, found, case.key[0])
    return Ranked(
        case.key, tier, case.effect, strength, strength * share, case.said, case.reason, case.rules
    )


def _of_returns(past: Past, circle: Circle, found: Findings, wanted: Set[str]) -> dict[Key, Said]:
    """What is said of a whole return, at the cell of it that moves a figure most."""
    said = {}
    for party in sorted(found.returns.keys() & wanted):
        shares = _shares(past, circle, found, party)
        first = party, past.form.leaves[0].code, past.form.principal.code
        at = max(sorted(shares), key=lambda key: shares[key]) if shares else first
        said[at] = found.returns[party]
    return said


def _whole_share(past: Past, circle: Circle, found: Findings, party: str) -> float:
    return order.whole_return(list(_shares(past, circle, found, party).values()))


def _shares(past: Past, circle: Circle, found: Findings, party: str) -> dict[Key, float]:
    """Effect of each numeric cell of a return if it held what was expected of it."""
    shares = {}
    for measure in sorted(past.form.roles.codes):
        for item in past.form.leaves:
            key = party, item.code, measure
            effect = effect_of(
                past, circle, party, measure, past.form.leaf_index[item.code],
                before=found.expected(key),
            )  # fmt: skip
            if effect.share:
                shares[key] = min(float(effect.share), 1.0)
    return shares


def _reasons(past: Past, parties: Set[str]) -> dict[str, Mapping[str, str]]:
    """The firms' own words by row, of the returns in force."""
    rows = {party: past.now.row_of(party) for party in parties}
    seqs = {party: past.now.states[row].effective for party, row in rows.items() if row is not None}
    said = order.reasons_of(seq for seq in seqs.values() if seq is not None)
    return {party: said.get(seq or 0, {}) for party, seq in seqs.items()}


def _is_asked(past: Past, key: Key) -> bool:
    """A rule says nothing of a cell that the period's order did not ask for."""
    row = past.now.row_of(key[0])
    asked = past.now.states[row].asked if row is not None else None
    return asked is None or key[1:] in asked


def _effect(past: Past, circle: Circle, key: Key, said: Said | None = None) -> Effect:
    party, item, measure = key
    index = past.form.leaf_index[item]
    predicted = said.predicted if said is not None and said.item else None
    return effect_of(past, circle, party, measure, index, before=predicted)
