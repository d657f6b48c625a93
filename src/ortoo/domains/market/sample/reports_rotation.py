"""轮换: how long seats have been held, who came and went, how much stays, who is due."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from fractions import Fraction

from ortoo.domains.market.sample import frame, matters
from ortoo.domains.market.sample.estimates import regulations
from ortoo.domains.market.sample.matters import Matter
from ortoo.domains.market.sample.reports import Basis
from ortoo.domains.market.sample.rules import JOIN, Rotation, Seat, Tenure, members_in, rotation
from ortoo.kernel.forms.periods import Period, period_on, previous_on
from ortoo.kernel.grants.scope import Scope
from ortoo.kernel.regulations.regulation import Dated

OVERLAP = "SAMPLE-ROTATION-OVERLAP"
YEAR = 365
AGES = ((YEAR, "不满1年"), (2 * YEAR, "1—2年"), (3 * YEAR, "2—3年"), (5 * YEAR, "3—5年"))
OLDEST = "5年以上"


@dataclass(frozen=True, slots=True)
class Turn:
    """One period: firms in the sample, that came, that went, that stayed from the period before.
    `before` 0: the list's first period, which is no change."""

    period: Period
    size: int
    before: int
    came: int
    went: int

    @property
    def overlap(self) -> Fraction | None:
        """Share of the sample before that stayed."""
        return Fraction(self.before - self.went, self.before) if self.before else None


@dataclass(frozen=True, slots=True)
class Change:
    """A firm came or went. `first`: the first day of its stay, or the last; `kind` of the approved
    nomination, "" where the list was changed without one; `partner` who replaced it or whom it
    replaced; `successor` who carries it on; `seq` the filing to look at."""

    party: str
    joined: bool
    day: str
    kind: str
    partner: str
    successor: str
    reason: str
    seq: int

    @property
    def born(self) -> bool:
        """生: came without anybody leaving for it."""
        return self.joined and not self.partner

    @property
    def died(self) -> bool:
        """亡: carried on by another, or gone without a replacement."""
        return not self.joined and (bool(self.successor) or not self.partner)


@dataclass(frozen=True, slots=True)
class Turnover:
    """`ages` (class, firms); `due` the draft by the dated rule, longest-serving first; `take_all`
    firms that are never rotated; `rule` the share that must stay."""

    turns: tuple[Turn, ...]
    ages: tuple[tuple[str, int], ...]
    median_days: int | None
    changes: tuple[Change, ...]
    due: Rotation
    take_all: int
    rule: Dated
    overlap: int


def turnover(scope: Scope, found: Basis) -> Turnover:
    """The rotation of a list inside the reader's places."""
    days = sorted(_days(stay, found) for stay in found.stays if stay.on(found.on))
    ages = Counter(_age(one) for one in days)
    overlap = regulations().integer(OVERLAP, found.on)
    whole = {one.code for one in found.design.strata.values() if one.take_all} if found.design \
        else set()  # fmt: skip
    return Turnover(
        tuple(_turns(found)),
        tuple((name, ages[name]) for name in (*(name for _, name in AGES), OLDEST)),
        days[len(days) // 2] if days else None,
        tuple(_changes(scope, found)),
        _due(scope, found, overlap, whole),
        sum(1 for party in found.members if found.stratum_of(party) in whole),
        regulations().dated(OVERLAP, found.on),
        overlap,
    )


def _days(stay: Tenure, found: Basis) -> int:
    return (found.on - found.on.fromisoformat(stay.first)).days


def _age(days: int) -> str:
    return next((name for most, name in AGES if days < most), OLDEST)


def _turns(found: Basis) -> list[Turn]:
    made = []
    for period in found.periods:
        now = members_in(found.stays, period)
        earlier = previous_on(found.form, period) if found.form else None
        before = members_in(found.stays, earlier) if earlier else frozenset()
        came, went = (len(now - before), len(before - now)) if before else (0, 0)
        made.append(Turn(period, len(now), len(before), came, went))
    return made


def _changes(scope: Scope, found: Basis) -> list[Change]:
    """Everybody who came after the list began, or went, the newest first."""
    told = _told(scope, found)
    began = min((stay.first for stay in found.stays), default="")
    made = []
    for stay in found.stays:
        sides = [(True, stay.first)] if stay.first > began else []
        if stay.last and stay.last <= found.on.isoformat():
            sides.append((False, stay.last))
        for joined, day in sides:
            at = (stay.party, joined, _period(found, day, joined))
            made.append(_change(found, stay, (joined, day), told.get(at)))
    return sorted(made, key=lambda one: (one.day, one.party), reverse=True)


def _change(
    found: Basis, stay: Tenure, when: tuple[bool, str], told: tuple[Matter, str] | None
) -> Change:
    joined, day = when
    matter, partner = told or (None, "")
    return Change(
        stay.party, joined, day, matter.asks.kind if matter else "", partner,
        "" if joined else found.parties[stay.party].successor,
        matter.asks.reason if matter else "",
        matter.approval.seq if matter and matter.approval else stay.seq,
    )  # fmt: skip


def _period(found: Basis, day: str, joined: bool) -> str:
    """The period from which a change holds: who leaves was last in the one before."""
    if found.form is None:
        return ""
    own = period_on(found.form, found.on.fromisoformat(day))
    return own.code if joined else own.next().code


def _told(scope: Scope, found: Basis) -> dict[tuple[str, bool, str], tuple[Matter, str]]:
    """(firm, whether it joined, period) → the approved nomination the reader may see, partner."""
    seen = {}
    for matter in matters.approved(found.list_code):
        if not matters.may_see(scope, matter.place):
            continue
        for move in matter.asks.moves:
            pair = [m.party for m in matter.asks.moves if m.pair == move.pair and m is not move]
            partner = pair[0] if pair else ""
            seen[move.party, move.move == JOIN, matter.asks.period] = matter, partner
    return seen


def _due(scope: Scope, found: Basis, overlap: int, whole: set[str]) -> Rotation:
    claims = frame.claims_of(found.list_code, found.members)
    seats = [
        Seat(
            stay.party, found.parties[stay.party].place, stay.first,
            found.stratum_of(stay.party) in whole,
            bool(claims.get(stay.party) or stay.last), found.stratum_of(stay.party),
        )
        for stay in found.stays
        if stay.on(found.on)
    ]  # fmt: skip
    free = frame.candidates(scope, found.list_code, found.on)
    others = [Seat(one.party, one.place, "", claimed=bool(one.matter)) for one in free]
    return rotation(seats, others, overlap)
