"""The page of a return as one form: its own rows, then those of the league's supplements beside it.

A till's export holds the goods of both. On the page, and here, the code of a supplement's row bears
the page's prefix (`x1_0101`); filed, it bears its form (`SCJC-W1-S25.0101`), which never moves.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

from ortoo.domains.market import checking
from ortoo.domains.market.till import selectors
from ortoo.domains.market.web import clerk_known
from ortoo.domains.market.web.clerk_sheet import Part, parts_of

if TYPE_CHECKING:
    from ortoo.domains.market.till.selectors import Till
    from ortoo.domains.market.web.clerk_desk import Desk
    from ortoo.kernel.forms.body import GridBody
    from ortoo.kernel.forms.definition import Cell, Form


@dataclass(frozen=True)
class Whole:
    """The parts of a page that one till can fill: the columns of a supplement are the form's."""

    parts: tuple[Part, ...]

    @cached_property
    def form(self) -> Form:
        return _together(tuple((part.prefix, part.form) for part in self.parts))

    @cached_property
    def filed(self) -> dict[str, str]:
        """Code on the page → code in a filing, for the rows of supplements."""
        return {
            part.prefix + item.code: f"{part.form.code}.{item.code}"
            for part in self.parts
            if part.prefix
            for item in part.form.leaves
        }

    @property
    def beside(self) -> dict[str, str]:
        """Prefix → form of each supplement."""
        return {part.prefix: part.form.code for part in self.parts if part.prefix}

    @cached_property
    def _lasts(self) -> Mapping[str, GridBody | None]:
        return {
            part.prefix: checking.past_grids(part.form, part.desk.matter)[0] for part in self.parts
        }

    def last(self, item: str, measure: str) -> Cell:
        """What last period's return says of a row of the page."""
        part = self._part(item)
        grid = self._lasts[part.prefix]
        code = item.removeprefix(part.prefix)
        return grid.cell(part.form, code, measure) if grid is not None else None

    def asked(self, item: str, measure: str) -> bool:
        """Whether this period asks the cell at all."""
        part = self._part(item)
        asked = part.desk.state.asked
        return asked is None or (item.removeprefix(part.prefix), measure) in asked

    def known(self) -> dict[str, str]:
        """Fields with which the entry page itself begins."""
        found: dict[str, str] = {}
        for part in self.parts:
            cells = clerk_known.known_cells(part.desk, self._lasts[part.prefix])
            own = {f"c.{item}.{measure}": one.text for (item, measure), one in cells.items()}
            found |= part.paged(own)
        return found

    def _part(self, item: str) -> Part:
        return next((one for one in self.parts[1:] if item.startswith(one.prefix)), self.parts[0])


def whole_of(desk: Desk) -> Whole:
    """The return and the supplements that stand on its page and ask the same columns."""
    first, *others = parts_of(desk)
    columns = {one.code: (one.unit, one.scale) for one in desk.form.measures}
    return Whole(
        (
            first,
            *(
                part
                for part in others
                if all(columns.get(m.code) == (m.unit, m.scale) for m in part.form.measures)
            ),
        )
    )


@lru_cache(maxsize=16)
def _together(parts: tuple[tuple[str, Form], ...]) -> Form:
    own = parts[0][1]
    if len(parts) == 1:
        return own
    more = [
        replace(item, code=prefix + item.code) for prefix, form in parts[1:] for item in form.leaves
    ]
    return replace(own, items=(*own.items, *more))


def opened(desk: Desk) -> Till | None:
    """The import of the page; None before anything was uploaded."""
    whole = whole_of(desk)
    return selectors.till(desk.scope, desk.matter, whole.form, whole.filed)


def required(desk: Desk, token: str) -> Till:
    """The import a page was made from. Raises Refused TILL-STALE."""
    whole = whole_of(desk)
    return selectors.required(desk.scope, desk.matter, (whole.form, whole.filed), token)
