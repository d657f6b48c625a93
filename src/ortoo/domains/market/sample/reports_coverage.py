"""覆盖: how much of the frame the sample holds, how much it weighs, which items nobody quotes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from ortoo.domains.market import observations
from ortoo.domains.market.sample.design import Stratum
from ortoo.domains.market.sample.reports import Basis


@dataclass(frozen=True, slots=True)
class Cover:
    """A unit's or stratum's part. `population`: firms of the frame, None where no frame says it;
    `turnover`: share of the frame's total of the auxiliary variable that lies in sampled firms,
    each firm of a stratum taken at the stratum's mean (a take-all stratum counts exactly)."""

    code: str
    population: int | None
    sampled: int
    answered: int
    turnover: Fraction | None = None
    stratum: Stratum | None = None

    @property
    def share(self) -> Fraction | None:
        """Sampled of the frame's firms."""
        return Fraction(self.sampled, self.population) if self.population else None

    @property
    def weight(self) -> Fraction | None:
        """How many firms of the frame each sampled one stands for, N/n."""
        return Fraction(self.population, self.sampled) if self.population and self.sampled else None

    @property
    def weight_answered(self) -> Fraction | None:
        """The same of those that answered: what an estimate of the period weighs by."""
        found = self.population and self.answered
        return Fraction(self.population or 0, self.answered) if found else None

    @property
    def complete(self) -> bool | None:
        """Of a take-all stratum: whether every firm of the frame is in the sample; else None."""
        if self.stratum is None or not self.stratum.take_all:
            return None
        return self.sampled >= self.stratum.population


@dataclass(frozen=True, slots=True)
class ItemCover:
    """An item in the newest period: firms that quote it, groups with at least one quote, firms
    that answered the return, nil reasons by code (−1 未经营, −2 断货, −3 季节无货, −4 blank)."""

    code: str
    name: str
    group: str
    quotes: int
    groups: int
    answered: int
    nils: dict[int, int]


@dataclass(frozen=True, slots=True)
class Coverage:
    """`silent`: items nobody of the reader's places quotes; `outside`: sampled firms that stand in
    no stratum; `groups`: how many units or places there are."""

    units: tuple[Cover, ...]
    strata: tuple[Cover, ...]
    items: tuple[ItemCover, ...]
    whole: Cover
    outside: int
    groups: int

    @property
    def silent(self) -> list[ItemCover]:
        return [one for one in self.items if not one.quotes]


def coverage(found: Basis) -> Coverage:
    """The coverage of the newest period's sample."""
    returns = found.returns()
    rows = found.rows(returns) if returns is not None else []
    answered = {returns.parties[row] for row in rows} if returns is not None else set()
    strata = _strata(found, answered)
    groups = found.groups
    units = tuple(_unit(found, code, answered, strata) for code in groups)
    whole = _joined("", strata, found.sampled, answered)
    inside = {one.code for one in found.strata}
    outside = sum(1 for party in found.sampled if found.stratum_of(party) not in inside)
    items = _items(found, returns, rows) if returns is not None else ()
    return Coverage(units, strata, items, whole, outside if found.strata else 0, len(groups))


def _strata(found: Basis, answered: set[str]) -> tuple[Cover, ...]:
    sampled = Counter(found.stratum_of(party) for party in found.sampled)
    filed = Counter(found.stratum_of(party) for party in answered)
    return tuple(
        Cover(
            one.code, one.population, sampled[one.code], filed[one.code],
            _turnover([one], sampled), one,
        )
        for one in found.strata
    )  # fmt: skip


def _turnover(strata: Iterable[Stratum], sampled: Counter[str]) -> Fraction | None:
    held = list(strata)
    total = sum(one.population * one.mean for one in held)
    part = sum(min(sampled[one.code], one.population) * one.mean for one in held)
    return Fraction(part, total) if total else None


def _unit(found: Basis, code: str, answered: set[str], strata: Sequence[Cover]) -> Cover:
    own = {party for party in found.sampled if found.group_of(party) == code}
    inside = [one for one in strata if one.stratum and one.stratum.league == code]
    return _joined(code, inside, own, answered)


def _joined(code: str, strata: Sequence[Cover], own: Iterable[str], answered: set[str]) -> Cover:
    firms = set(own)
    sampled = Counter({one.code: one.sampled for one in strata})
    held = [one.stratum for one in strata if one.stratum]
    return Cover(
        code,
        sum(one.population for one in held) if held else None,
        len(firms),
        len(firms & answered),
        _turnover(held, sampled),
    )


def _items(
    found: Basis, returns: observations.PeriodReturns, rows: list[int]
) -> tuple[ItemCover, ...]:
    form = returns.form
    column = returns.cells[form.roles.price or form.principal.code]
    made = []
    for at, item in enumerate(form.leaves):
        quoting = [row for row in rows if int(column[row, at]) > 0]
        nils = Counter(int(returns.nils[row, at]) for row in rows)
        made.append(
            ItemCover(
                item.code, item.name["zh"], item.group or "", len(quoting),
                len({found.group_of_place(returns.places[row]) for row in quoting}),
                len(rows), {code: count for code, count in nils.items() if code},
            )
        )  # fmt: skip
    return tuple(made)
