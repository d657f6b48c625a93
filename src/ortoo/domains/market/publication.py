"""Publication 发布: which figures are given out, when, and what a revision may show.

The system party issues a period when its review has ended and the form's embargo has passed. A
revision gives out an item's figures again only where nobody can learn one firm's figure from the
new ones together with all that were given out before; until then the earlier ones stand.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ortoo.domains.market import issued, monitored, observations
from ortoo.domains.market.issued import Vintage, is_shown, values_of
from ortoo.domains.market.observations import MISSING, PeriodReturns
from ortoo.domains.market.opening import SYSTEM
from ortoo.domains.market.projections import sums
from ortoo.domains.market.rules.exposure import Contribution, exposed
from ortoo.domains.market.rules.figures import Sums, disclosive, gives_away, secondary
from ortoo.kernel.filings import read
from ortoo.kernel.filings.draft import Draft, Receipt
from ortoo.kernel.filings.write import file
from ortoo.kernel.forms import registry
from ortoo.kernel.forms.definition import Form, Publish
from ortoo.kernel.forms.periods import Period, due_at_ms, parse
from ortoo.kernel.indicators import issuing
from ortoo.kernel.places.active import active_pack

HOUR_MS, DAY_MS = 3_600_000, 86_400_000
REVISED_PERIODS = 8
"""How many of the newest issued periods are looked at again for what has changed since."""


def published_at(form: Form, period: Period) -> int:
    """When a period's reviewed figures become public: the review's end and the form's embargo."""
    due = due_at_ms(form, period, active_pack().head.time_zone)
    return due + form.review_hours * HOUR_MS + form.publish.embargo_days * DAY_MS


def is_due(form: Form, period: Period, now: int) -> bool:
    """Whether the period's hour has come; a 急报 is asked for its office and never published."""
    return monitored.regular(form, period) and published_at(form, period) <= now


def published_periods(form: Form, now: int) -> Callable[[Period], bool]:
    """Whether a period is out: its hour has come and it was issued. What a source publishes is."""
    if form.code == monitored.FOREIGN:
        return lambda period: True
    given = issued.periods(form.code)
    return lambda period: period.code in given and is_due(form, period, now)


def is_published(form: Form, period: Period, now: int) -> bool:
    """`published_periods` of one."""
    return published_periods(form, now)(period)


# --- what may be given out ---------------------------------------------------------------------


@dataclass(frozen=True)
class Snapshot:
    """A period's reviewed returns at one log index: per item the sums and the firms behind them."""

    returns: PeriodReturns
    cells: Mapping[tuple[str, str], Sums]
    keep: np.ndarray
    unit: np.ndarray
    codes: tuple[str, ...]
    root: str

    @classmethod
    def at(cls, form: str, period: str, log_index: int) -> Snapshot | None:
        returns = observations.as_filed(form, period, log_index)
        if not returns.parties:
            return None
        found = {
            (str(row[0]), str(row[1])): Sums(*row[2:])  # type: ignore[arg-type]
            for row in sums(returns, "reviewed", log_index)
        }
        codes, unit, root = observations.units_of(returns)
        return cls(returns, found, returns.counted & returns.reviewed, unit, codes, root)

    def said(self, item: int) -> dict[str, tuple[str, tuple[int, ...]]]:
        """Firm → (its unit, its figures) of one row of the form."""
        principal = self.returns.form.principal.code
        quoted = self.keep & (self.returns.cells[principal][:, item] != MISSING)
        columns = [column[:, item] for column in self.returns.cells.values()]
        return {
            self.returns.parties[row]: (
                self.codes[self.unit[row]],
                tuple(int(column[row]) for column in columns),
            )
            for row in np.flatnonzero(quoted).tolist()
        }

    def sales(self, firm: str, item: int) -> int:
        code, row = self.returns.form.roles.value, self.returns.row_of(firm)
        found = self.returns.cells.get(code or "")
        value = MISSING if found is None or row is None else int(found[row, item])
        return 0 if value == MISSING else value


def hidden_units(cells: Mapping[str, Sums], root: str, publish: Publish) -> dict[str, int]:
    """Units (and perhaps the root) of one item that may not be given out, each with why."""
    units = {unit: found for unit, found in cells.items() if unit != root}
    bad = {unit for unit, found in units.items() if disclosive(found, publish)}
    bad |= secondary(units, bad, publish)
    whole = cells.get(root)
    if whole is not None and (disclosive(whole, publish) or gives_away(units, bad, publish)):
        bad.add(root)
    return {unit: _why(cells[unit], publish) for unit in sorted(bad)}


def _why(found: Sums, publish: Publish) -> int:
    if not disclosive(found, publish):
        return issued.BESIDE
    return issued.FEW if found.quotes < publish.min_respondents else issued.DOMINATED


def composed(
    snapshot: Snapshot, earlier: Iterable[Vintage] = ()
) -> dict[str, dict[str, list[int]]]:
    """{unit: {item: values}} of the items that may be given out (again).

    Items whose figures are those in force are left out; so are those a reader of everything given
    out before could take apart.
    """
    form, before = snapshot.returns.form, list(earlier)
    standing = issued.newest(before)
    past = [Snapshot.at(form.code, snapshot.returns.period.code, v.log_index) for v in before]
    out: dict[str, dict[str, list[int]]] = {}
    for index, item in enumerate(form.leaves):
        cells = {unit: found for (unit, code), found in snapshot.cells.items() if code == item.code}
        hidden = hidden_units(cells, snapshot.root, form.publish)
        values = {
            unit: values_of(found, form.publish.min_respondents, why=hidden.get(unit, 0))
            for unit, found in cells.items()
        }
        if all(list(standing.get((u, item.code), ())) == said for u, said in values.items()):
            continue
        history = [(then, vintage) for then, vintage in zip(past, before, strict=True) if then]
        # Of a first issue `hidden_units` is the whole rule: a property test pins the two together.
        if history and _reveals(snapshot, values, history, index):
            continue
        for unit, said in values.items():
            out.setdefault(unit, {})[item.code] = said
    return out


def _reveals(
    now: Snapshot,
    values: Mapping[str, Sequence[int]],
    history: list[tuple[Snapshot, Vintage]],
    index: int,
) -> bool:
    """Whether anybody, or a unit's own office, can take apart all that would be given out."""
    item, publish = now.returns.form.leaves[index].code, now.returns.form.publish
    steps = [(then, {u: c.get(item, ()) for u, c in v.cells.items()}) for then, v in history]
    steps.append((now, dict(values)))
    known: dict[str, list[tuple[int, ...]]] = {}
    published: list[frozenset[Contribution]] = []
    unit_of: dict[Contribution, str] = {}
    for snapshot, cells in steps:
        members: dict[str, set[Contribution]] = {}
        for firm, (unit, figures) in snapshot.said(index).items():
            told = known.setdefault(firm, [])
            if figures not in told:
                told.append(figures)
            contribution = (firm, told.index(figures))
            unit_of[contribution] = unit
            for place in (unit, snapshot.root):
                members.setdefault(place, set()).add(contribution)
        published += [
            frozenset(members[place])
            for place, said in cells.items()
            if is_shown(said) and place in members
        ]

    def too_few(group: frozenset[Contribution]) -> bool:
        firms = sorted({firm for firm, _ in group})
        sold = sorted((now.sales(firm, index) for firm in firms), reverse=True)
        return disclosive(
            Sums(
                quotes=len(firms),
                sales=sum(sold),
                largest_sales=sold[0] if sold else 0,
                second_sales=sold[1] if len(sold) > 1 else 0,
            ),
            publish,
        )

    most = publish.min_respondents - 1
    if exposed(published, too_few, firms=most) is not None:
        return True
    for unit in sorted(set(unit_of.values())):
        own = frozenset(one for one, place in unit_of.items() if place == unit)
        if exposed(published, too_few, own, firms=most) is not None:
            return True
    return False


# --- issuing -----------------------------------------------------------------------------------


def issue(
    *, form: str, period: str, now_ms: int, note: str = "", said_at: int | None = None
) -> Receipt | None:
    """Give out a period's figures, or what of them has changed and may be; None for nothing new.

    `said_at`: when it was given out, of history that is filed later.
    """
    index = read.tail()
    snapshot = Snapshot.at(form, period, index)
    if snapshot is None:
        return None
    earlier = issued.vintages(form, period)
    cells = composed(snapshot, earlier)
    if not cells:
        return None
    body = {
        "form": form, "period": period, "log_index": index, "cells": cells,
        "note": note or ("修订" if earlier else "首次发布"),
    }  # fmt: skip
    key = f"issue:{form}:{period}:{len(earlier) + 1}"
    draft = Draft(
        form=issuing.FORM,
        filer=SYSTEM,
        actor=SYSTEM,
        key=key,
        body=body,
        said_at=now_ms if said_at is None else said_at,
        period=period,
        mode="system" if said_at is None else "import",
    )
    return file(draft, now_ms=now_ms)


def issue_due(now_ms: int) -> list[Receipt]:
    """Issue every period whose hour has come, and revise the newest ones where that is due."""
    receipts = []
    for form in monitored.forms():
        for period in _due(form, now_ms):
            receipt = issue(form=form.code, period=period.code, now_ms=now_ms)
            if receipt is not None:
                receipts.append(receipt)
            else:
                computed = issued.computed_at(form.code)
                _looked[form.code, period.code] = _stands(form, period, computed)
    return receipts


def _due(form: Form, now_ms: int) -> list[Period]:
    """Periods whose hour has come and that were never issued, and the newest of the issued ones
    in which something was filed since they were last computed, oldest first."""
    from ortoo.domains.market.selectors import periods_of

    computed = issued.computed_at(form.code)
    known = [period for period in periods_of(form.code, 60) if is_due(form, period, now_ms)]
    newest = [period for period in known if period.code in computed][:REVISED_PERIODS]
    return sorted(
        period
        for period in known
        if (period.code not in computed or period in newest) and _moved(form, period, computed)
    )


_looked: dict[tuple[str, str], tuple[int, int, bytes]] = {}
"""(form, period) → how things stood when there was nothing new to give out: what waits to be
revised is not computed again until somebody files."""


def _stands(form: Form, period: Period, computed: Mapping[str, int]) -> tuple[int, int, bytes]:
    """The last log index that touched a period, the filing there, and the index last issued."""
    touched = read.last_touch(f"{form.code}|{period.code}|")
    return touched, computed.get(period.code, 0), observations.witness(touched)


def _moved(form: Form, period: Period, computed: Mapping[str, int]) -> bool:
    stands = _stands(form, period, computed)
    return stands[0] > stands[1] and _looked.get((form.code, period.code)) != stands


def withheld(form: str, period: str) -> list[str]:
    """Items whose figures have changed since they were issued and may not be given out yet."""
    definition = registry.get(form)
    snapshot = Snapshot.at(form, parse(period).code, read.tail())
    earlier = issued.vintages(form, period)
    if snapshot is None or not earlier:
        return []
    standing, may = issued.newest(earlier), composed(snapshot, earlier)
    allowed = {item for items in may.values() for item in items}
    changed = {
        item
        for (unit, item), found in snapshot.cells.items()
        if is_shown(values := standing.get((unit, item), ()))
        and list(values) != values_of(found, definition.publish.min_respondents)
    }
    return sorted(changed - allowed)
