"""What a simulated period is made of, the same for every form."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ortoo.kernel.forms.body import GridBody
from ortoo.kernel.forms.definition import Cell, Form, Nil
from ortoo.kernel.forms.limits import LimitTable
from ortoo.kernel.forms.periods import Period
from ortoo.world import NIL_LETTERS, VALUE, Firm

if TYPE_CHECKING:
    import polars as pl

Cells = tuple[NDArray[np.int64], NDArray[np.uint8]]
NILS: Mapping[int, Cell] = {code: Nil(text) for code, text in enumerate(NIL_LETTERS) if text}
OTHER, VERIFIED = "其他", "已与门店核对"


@dataclass(frozen=True, slots=True)
class SimulatedReturn:
    """One firm's return as it reaches the bureau; `at_ms` is the simulated moment."""

    firm: Firm
    at_ms: int
    grid: GridBody
    assisted: bool = False
    late_reason: str = ""
    device: str = ""


@dataclass(frozen=True, slots=True)
class Mending:
    """A firm corrects its return; `asked` after 发核实, otherwise 自查更正."""

    firm: str
    at_ms: int
    grid: GridBody
    asked: bool


@dataclass(frozen=True, slots=True)
class Doubt:
    """A cell that broke a rule a reviewer would ask about; `question` "" for the usual words."""

    firm: str
    item: str
    measure: str
    rule: str
    question: str = ""


@dataclass(frozen=True, slots=True)
class SimulatedWeek:
    """One period: who owed, what came and when, and beside it the planted truth."""

    period: Period
    due_ms: int
    firms: tuple[Firm, ...]
    returns: tuple[SimulatedReturn, ...]
    mendings: tuple[Mending, ...]
    doubts: tuple[Doubt, ...]
    truth: tuple[Mapping[str, Any], ...]
    form: str


def broken_rules(
    form: Form, frame: pl.DataFrame, limits: LimitTable | None
) -> dict[int, list[tuple[str, str]]]:
    """Return → (rule, item or group) it breaks, as the form's own checks say."""
    from ortoo.kernel.forms.frame import check_frame, check_groups, violations

    broken: dict[int, list[tuple[str, str]]] = {}
    marks = violations(form, check_frame(form, frame, limits))
    for row, item, rule in marks.iter_rows():
        broken.setdefault(int(row), []).append((str(rule), str(item)))
    groups = check_groups(form, frame)
    for rule in [rule.id for rule in form.rules if rule.id in groups.columns]:
        for row, group in groups.filter(rule).select("return", "group").iter_rows():
            broken.setdefault(int(row), []).append((rule, str(group)))
    return broken


def column_of(values: NDArray[np.int64], nil: NDArray[np.uint8]) -> pl.Series:
    import polars as pl

    filled = nil == VALUE
    series = pl.Series(np.where(filled, values, 0), dtype=pl.Int64)
    return series.set(pl.Series(~filled), None)


def cells_of(values: NDArray[np.int64], nil: NDArray[np.uint8]) -> tuple[Cell, ...]:
    return tuple(
        value if kind == VALUE else NILS.get(kind)
        for value, kind in zip(values.tolist(), nil.tolist(), strict=True)
    )


def truth_lines(
    form: str, period: Period, found: Any, refused: frozenset[str]
) -> Iterator[Mapping[str, Any]]:
    """One line a planted cell. `kept_out`: the form itself refused the return, the true one was
    filed in its place."""
    how = {(one.firm, one.event): one.how for one in found.corrections}
    for cell in found.planted:
        yield {
            "form": form, "period": period.code, "firm": cell.firm, "event": cell.event,
            "item": cell.item, "measure": cell.measure, "kind": cell.kind, "true": cell.true,
            "reported": cell.reported, "true_nil": cell.true_nil,
            "reported_nil": cell.reported_nil, "mended": how.get((cell.firm, cell.event), ""),
            "kept_out": cell.firm in refused,
        }  # fmt: skip
