"""The indices of a form as one reader may see them: basket, classes, places, and what moved them.

GEKS-Törnqvist over unit × item with sales shares, window of 25 periods, mean splice: a new period
never changes an index of an earlier one. Time-product dummy and Geary-Khamis stand beside it as
checks; the chained Törnqvist is there to show its drift and is used nowhere.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from threading import Lock

import numpy as np

from ortoo.algorithms.indices.contributions import (
    by_group,
    change_contributions,
    rolling_geks_contributions,
)
from ortoo.algorithms.indices.many import rolling_by_set
from ortoo.algorithms.indices.splicing import WINDOW
from ortoo.domains.market import panels
from ortoo.domains.market.indices import parameters
from ortoo.domains.market.indices.columns import Columns, class_of, columns
from ortoo.domains.market.indices.levels import (
    base_of,
    based,
    finite,
    other_methods,
    source_changes,
)
from ortoo.domains.market.indices.quotes import Floats
from ortoo.domains.market.issued_panels import issue_touch
from ortoo.domains.market.panels import Panel, Source
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.forms.definition import Form
from ortoo.kernel.forms.periods import Period, year_before_on
from ortoo.kernel.grants.scope import Scope
from ortoo.kernel.places.active import active_pack


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """An index over time, base period = 100; `code` of the unit or class, "" the whole basket."""

    code: str
    levels: Floats
    share: float | None = None
    """Of the sales of the newest period, where sales are known."""
    part: float | None = None
    """What it gave to the change of the whole, in shares (0.01 is one point of a hundred)."""
    alike: bool = False
    """All its items weigh the same, because the reader is told no sales of it."""

    @property
    def level(self) -> float | None:
        return finite(self.levels[-1]) if len(self.levels) else None

    def change(self, before: int | None) -> float | None:
        """Change against an earlier period, as a share; None where either is unknown."""
        if before is None or self.level is None or not 0 <= before < len(self.levels):
            return None
        then = finite(self.levels[before])
        return None if not then else self.level / then - 1


@dataclass(frozen=True, slots=True, eq=False)
class Board:
    """All of one unit's indices at one period. `by_item`, `by_unit`: parts of the change since the
    period before, adding up to it exactly; None where there is no such change."""

    form: Form
    unit: str
    periods: tuple[Period, ...]
    base: int
    total: Line
    whole: Line | None
    classes: tuple[Line, ...]
    units: tuple[Line, ...]
    by_item: Mapping[str, float] | None
    by_unit: Mapping[str, float] | None
    checks: Mapping[str, float | None]
    sources: tuple[tuple[Period, str], ...]
    imputed: Fraction | None
    quotes: int
    bridged: int
    filled: int
    weighted: bool
    issued: bool
    expected: int
    filed: int
    log_index: int

    @property
    def before(self) -> int | None:
        """The period before, if it is there."""
        return len(self.periods) - 2 if len(self.periods) > 1 else None

    @property
    def year(self) -> int | None:
        """The same period a year before."""
        known = {period.code: at for at, period in enumerate(self.periods)}
        then = year_before_on(self.form, self.periods[-1])
        return known.get(then.code) if then else None


_kept: dict[tuple[object, ...], Board] = {}
_lines: dict[tuple[object, ...], tuple[Columns, Mapping[str, Floats]]] = {}
_lock = Lock()
_MOST = 48


def board(
    scope: Scope, form: Form, *, unit: str = "", basis: str = "reviewed",
    until: Period | None = None,
) -> Board:  # fmt: skip
    """The indices of the whole or of one unit. Kept while nothing is filed.

    Raises Refused INDEX-NO-PRICE, INDEX-EMPTY, UNIT-UNKNOWN (404); SCOPE-… for unreviewed figures.
    """
    if form.roles.price is None:
        raise Refused(
            "INDEX-NO-PRICE", f"{form.title['zh']}不报价格，没有价格指数。", "请选有价格的表式。",
            404,
        )  # fmt: skip
    if basis == "all" and not scope.may("read_unreviewed") and not scope.may("read_aggregates"):
        scope.require("read_unreviewed", form=form.code)
    key = _key(scope, form, basis, until)
    with _lock:
        found = _kept.get((key, unit))
    if found is None:
        found = _Maker(scope, form, basis, until, key).board(unit)
        with _lock:
            while len(_kept) >= _MOST:
                _kept.pop(next(iter(_kept)))
            _kept[key, unit] = found
    return found


def same_shop_prices(
    scope: Scope, form: Form, *, basis: str = "reviewed", until: Period | None = None
) -> Columns:  # fmt: skip
    """What the indices are made of, for this reader. Raises Refused INDEX-EMPTY (404)."""
    return _Maker(scope, form, basis, until, _key(scope, form, basis, until))._prepared()[0]


def _key(
    scope: Scope, form: Form, basis: str, until: Period | None
) -> tuple[object, ...]:  # fmt: skip
    """What an answer depends on. What was filed elsewhere does not matter: only this form's
    threads, its history and its issues."""
    reached = panels.whole(form.code, basis=basis).log_index
    return (
        form.digest, basis, until, reached, _witness(reached), issue_touch(form.code),
        scope.places("read_unit_figures", form.code), scope.places("read_aggregates", form.code),
        scope.is_public, id(active_pack()),
    )  # fmt: skip


def forget() -> None:
    """Drop what is kept."""
    with _lock:
        _kept.clear()
        _lines.clear()


def _witness(tail: int) -> bytes:
    from ortoo.domains.market.observations import witness

    return witness(tail)


@dataclass(frozen=True, slots=True)
class _Maker:
    """One computation: for whom, of what."""

    scope: Scope
    form: Form
    basis: str
    until: Period | None
    key: tuple[object, ...]

    def board(self, unit: str) -> Board:
        found, levels = self._prepared()
        panel = found.panel
        root = panel.units[0]
        chosen = unit or self._home(panel)
        if chosen not in panel.units:
            raise Refused(
                "UNIT-UNKNOWN", f"没有报送单位 {chosen} 的指数。", "请从列表中选择。", 404
            )
        mine = self._mine(found, chosen)
        names, classes = class_of(self.form)
        total = levels[chosen]
        if not np.isfinite(total).any():
            raise _empty(self.form)
        last = len(panel.periods) - 1
        parts = _parts(found, mine) if last and np.isfinite(total[-2:]).all() else None
        value = np.where(mine & np.isfinite(found.price[-1]), found.value[-1], 0.0)
        value = np.nan_to_num(value)
        weighted = bool(found.weighted[found.unit[mine]].any())
        all_of = value.sum() if weighted else 0.0
        share = (by_group(value, classes[found.item], len(names)) / all_of if all_of > 0
                 else None)  # fmt: skip
        by_class = None if parts is None else by_group(parts, classes[found.item], len(names))
        base = base_of(panel, total)
        of_class = rolling_by_set(
            found.price, found.value, np.where(mine, classes[found.item], -1), len(names)
        )
        lines = tuple(
            Line(code, based(of_class[:, at], base),
                 None if share is None else float(share[at]),
                 None if by_class is None else float(by_class[at]))
            for at, code in enumerate(names)
            if np.isfinite(of_class[:, at]).any()
        )  # fmt: skip
        return Board(
            form=self.form, unit=chosen, periods=panel.periods, base=base,
            total=Line(chosen, based(total, base)),
            whole=self._beside(found, levels[root], base, weighted) if chosen != root else None,
            classes=lines,
            units=self._units(found, levels, base, parts, mine, value),
            by_item=_by_item(parts, found), by_unit=_by_unit(parts, found, mine),
            checks=other_methods(found, mine, base),
            sources=source_changes(panel, found, mine),
            imputed=found.share_imputed(mine),
            quotes=int(found.present[mine].sum()), bridged=int(found.bridged[mine].sum()),
            filled=found.filled, weighted=weighted,
            issued=bool((found.source[:, mine] == Source.ISSUED).any()),
            expected=int(panel.sums["expected"][panel.unit(chosen), 0, -1]),
            filed=int(panel.sums["filed"][panel.unit(chosen), 0, -1]),
            log_index=panel.log_index,
        )  # fmt: skip

    def _home(self, panel: Panel) -> str:
        """What is shown unasked: the whole, or to an office below it its own unit."""
        open_ = self.scope.places("read_aggregates", self.form.code) | self.scope.places(
            "read_unit_figures", self.form.code
        )
        own = [unit for unit in panel.units if unit in open_]
        return own[0] if own else panel.units[0]

    def _prepared(self) -> tuple[Columns, Mapping[str, Floats]]:
        """Columns and every unit's index; shared by the pages of one region."""
        with _lock:
            known = _lines.get(self.key)
        if known is not None:
            return known
        panel = panels.panel(self.scope, self.form.code, basis=self.basis, until=self.until)
        panel = _from_origin(panel)
        if not panel.periods or not panel.units:
            raise _empty(self.form)
        firms = self.scope.places("read_unit_figures", self.form.code)
        found = columns(panel, firms, self.basis)
        levels = rolling_by_set(found.price, found.value, found.unit, len(panel.units))
        lines = {unit: levels[:, row] for row, unit in enumerate(panel.units)}
        root = panel.units[0]
        if self._whole_open(panel):
            every = np.where(found.unit > 0, 0, -1)
            lines[root] = rolling_by_set(found.price, found.value, every, 1)[:, 0]
        with _lock:
            while len(_lines) >= 8:
                _lines.pop(next(iter(_lines)))
            _lines[self.key] = found, lines
        return found, lines

    def _whole_open(self, panel: Panel) -> bool:
        """Whether the whole is made of its units: where sums of all of them are open."""
        open_ = self.scope.places("read_unit_figures", self.form.code) | self.scope.places(
            "read_aggregates", self.form.code
        )
        return (
            len(panel.units) > 1
            and panel.units[0] == active_pack().root.code
            and (panel.units[0] in open_)
        )

    def _beside(self, found: Columns, levels: Floats, base: int, weighted: bool) -> Line | None:
        """The whole's line beside a unit's, if both weigh alike: else they cannot be compared."""
        own = self._whole_open(found.panel) or bool(found.weighted[0])
        return Line(found.panel.units[0], based(levels, base)) if own == weighted else None

    def _mine(self, found: Columns, unit: str) -> np.ndarray:
        panel = found.panel
        if unit == panel.units[0] and self._whole_open(panel):
            return np.asarray(found.unit > 0)
        return found.of_unit(panel.unit(unit))

    def _units(
        self, found: Columns, levels: Mapping[str, Floats], base: int, parts: Floats | None,
        mine: np.ndarray, value: Floats,
    ) -> tuple[Line, ...]:  # fmt: skip
        """Every unit's line, the root's own left out; shares and parts where they are its parts."""
        panel = found.panel
        within = len(set(found.unit[mine].tolist())) > 1
        total = float(value.sum())
        lines = []
        for row, unit in enumerate(panel.units):
            if row == 0 and unit == active_pack().root.code:
                continue
            if not np.isfinite(levels[unit]).any():
                continue
            columns_of = found.of_unit(row)
            part = share = None
            if within:
                part = None if parts is None else float(np.nansum(parts[columns_of]))
                if total > 0 and found.weighted[row]:
                    share = float(value[columns_of].sum()) / total
            alike = not found.weighted[row]
            lines.append(Line(unit, based(levels[unit], base), share, part, alike))
        return tuple(lines)


def _empty(form: Form) -> Refused:
    return Refused(
        "INDEX-EMPTY", f"{form.title['zh']}还没有可以计算指数的价格。",
        "请在有已审核报表、历史汇总或已发布数字后再来。", 404,
    )  # fmt: skip


def _from_origin(panel: Panel) -> Panel:
    if not panel.periods:
        return panel
    first: dt.date = parameters.origin(panel.periods[-1].end)
    return panel.last(sum(period.end >= first for period in panel.periods))


def _parts(found: Columns, mine: np.ndarray) -> Floats:
    """Parts of the change from the period before to the newest, by column.

    Of a mean splice the newest change rests on the two newest windows alone: where the older one's
    levels were hung cancels out.
    """
    reach = slice(max(len(found.price) - WINDOW - 1, 0), None)
    price, value = found.price[reach][:, mine], found.value[reach][:, mine]
    logs = rolling_geks_contributions(price, value)
    parts = np.zeros(found.price.shape[1])
    parts[mine] = change_contributions(logs, -2, -1)
    return parts


def _by_item(parts: Floats | None, found: Columns) -> Mapping[str, float] | None:
    if parts is None:
        return None
    items = found.panel.items
    sums = by_group(parts, found.item, len(items))
    return {code: float(sums[at]) for at, code in enumerate(items)}


def _by_unit(parts: Floats | None, found: Columns, mine: np.ndarray) -> Mapping[str, float] | None:
    rows = sorted(set(found.unit[mine].tolist()))
    if parts is None or len(rows) < 2:
        return None
    sums = by_group(parts, found.unit, len(found.panel.units))
    return {found.panel.units[row]: float(sums[row]) for row in rows}
