"""Frozen periods of the market's returns in the lake: written from filings, read by scope.

One row per (item, respondent) of a period as known at the log index of its archiving, whether the
respondent filed or not, laid out by the version of the form the period was opened with.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings

from ortoo.algorithms import rollup_lake
from ortoo.domains.market import monitored
from ortoo.kernel.filings import read
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.forms import body as codec
from ortoo.kernel.forms import registry
from ortoo.kernel.forms.definition import Form, Nil
from ortoo.kernel.forms.periods import Period, parse
from ortoo.kernel.grants.scope import Scope
from ortoo.kernel.indicators.frozen import FrozenPeriod, frozen_periods
from ortoo.kernel.indicators.lake import Frozen, Lake, Manifest
from ortoo.kernel.places.active import active_pack
from ortoo.kernel.seal.recount import Finding
from ortoo.kernel.threads.periodic import ReturnState, fold_return

if TYPE_CHECKING:
    import polars as pl

NUMBER, BLANK = 0, 4
NIL_CODES: Mapping[object, int] = {
    Nil.NOT_CARRIED.value: 1,
    Nil.OUT_OF_STOCK.value: rollup_lake.OUT_OF_STOCK,
    Nil.OUT_OF_SEASON.value: 3,
    None: BLANK,
}
"""`MEASURE_nil`: 0 a number, 1 未经营, 2 断货, 3 季节无货, 4 blank."""


def market_lake() -> Lake:
    """The market's part of this installation's lake."""
    return Lake(Path(settings.HOME) / "lake" / "market")


# --- writing -----------------------------------------------------------------------------------


def frozen(period: FrozenPeriod) -> Frozen:
    """What an archived period holds, computed from the filings up to its archiving."""
    states = _states(period)
    pinned = {state.version for state in states.values() if state.version is not None}
    form = registry.get(period.form, max(pinned, default=None))
    rows = rows_of(form, period.period, states, _bodies(form, states))
    return Frozen(form.code, form.version, form.digest, period.period, period.seq, rows)


def _states(period: FrozenPeriod) -> dict[str, ReturnState]:
    """Respondents in order of code, each return as it stood at the archiving."""
    lines = read.thread_lines_like(f"{period.form}|{period.period}|")
    folded = {
        thread.split("|", 2)[2]: fold_return(found, period.seq)
        for thread, found in lines.items()
        if "|@" not in thread
    }
    return {
        party: state
        for party, state in sorted(folded.items())
        if state.opened_seq is not None or state.versions
    }


def _bodies(form: Form, states: Mapping[str, ReturnState]) -> dict[int, Mapping[str, list[Any]]]:
    """Columns of the returns in force by log index, laid out for `form`: int, letter or None."""
    found = read.bodies(s.effective for s in states.values() if s.effective is not None)
    return {seq: _columns(form, row) for seq, row in found.items()}


def _columns(form: Form, row: read.BodyRow) -> Mapping[str, list[Any]]:
    data = row.body
    if row.form_version != form.version:
        source = registry.get(row.form, row.form_version)
        data = codec.encode(form, codec.project(codec.decode(source, data), source, form))
    columns: Mapping[str, list[Any]] = json.loads(data)["columns"]
    return columns


def rows_of(
    form: Form,
    period: str,
    states: Mapping[str, ReturnState],
    bodies: Mapping[int, Mapping[str, Sequence[Any]]],
) -> pl.DataFrame:
    """The lake's rows of one period, ordered (item, respondent). Pure.

    `seq` is the log index of the return in force, 0 without one; `counted` that it was filed and
    not sent back, `reviewed` that some office had accepted it, `doubtful` that the cell's item was
    under a question nobody had answered. Measures are int64 in minor units, null without a number.
    """
    import polars as pl

    parties, at = list(states), list(states.values())
    order = sorted(range(len(form.leaves)), key=lambda row: form.leaves[row].code)
    codes = [form.leaves[row].code for row in order]
    blank: Sequence[Any] = (None,) * len(form.leaves)
    said = [bodies.get(state.effective or 0) for state in at]

    def each(values: Sequence[Any]) -> list[Any]:
        return list(values) * len(codes)

    asked = [{cell.split(".", 1)[0] for q in s.open_queries for cell in q.cells} for s in at]
    data: dict[str, pl.Series] = {
        "period": pl.Series([period] * (len(codes) * len(parties)), dtype=pl.String),
        "item": pl.Series([code for code in codes for _ in parties], dtype=pl.String),
        "respondent": pl.Series(each(parties), dtype=pl.String),
        "place": pl.Series(each([state.place for state in at]), dtype=pl.String),
        "seq": pl.Series(each([state.effective or 0 for state in at]), dtype=pl.Int64),
        "counted": pl.Series(each([_counted(state) for state in at]), dtype=pl.Boolean),
        "reviewed": pl.Series(each([_reviewed(state) for state in at]), dtype=pl.Boolean),
        "doubtful": pl.Series([code in some for code in codes for some in asked], dtype=pl.Boolean),
    }
    for measure in sorted(form.measure_by_code):
        columns = [blank if found is None else found[measure] for found in said]
        cells = [column[row] for row in order for column in columns]
        numbers = [cell if type(cell) is int else None for cell in cells]
        nils = [NUMBER if type(cell) is int else NIL_CODES[cell] for cell in cells]
        data[measure] = pl.Series(numbers, dtype=pl.Int64)
        data[f"{measure}_nil"] = pl.Series(nils, dtype=pl.UInt8)
    return pl.DataFrame(data)


def _counted(state: ReturnState) -> bool:
    return state.effective is not None and state.sent_back_seq is None


def _reviewed(state: ReturnState) -> bool:
    return any(state.accepted_by(office) for office, _ in state.offices)


def freeze_archived(forms: Iterable[str] | None = None, lake: Lake | None = None) -> list[Manifest]:
    """Write every archived period that the lake does not hold as of its archiving.

    Gives what was written. May run at any time and in several processes at once: a period comes
    out in the same bytes from each.
    """
    place = lake or market_lake()
    return [
        place.write(frozen(period))
        for form in (monitored.codes() if forms is None else forms)
        for period in frozen_periods(form)
        if (known := place.manifest(form, period.period)) is None or known.log_index != period.seq
    ]


def verify(lake: Lake | None = None, *, deep: bool = True) -> Iterator[Finding]:
    """Findings on the market's lake; with `deep`, every row is computed again from filings.

    A period that is archived and not yet written is no fault: `freeze_archived` writes it.
    """
    place = lake or market_lake()
    known = {form: {p.period: p for p in frozen_periods(form)} for form in place.forms()}

    def again(manifest: Manifest) -> Frozen | None:
        period = known[manifest.form].get(manifest.period)
        return frozen(period) if period is not None else None

    return place.verify(again if deep else None)


# --- reading -----------------------------------------------------------------------------------


def item_series(
    scope: Scope,
    form: str,
    place: str,
    item: str,
    *,
    span: tuple[str, str] | None = None,
    basis: str = "reviewed",
    lake: Lake | None = None,
) -> pl.DataFrame:
    """`rollup_lake.SUMS` of one item at one place by period, oldest first.

    What reports to the place on a period's last day counts. `span`: first and last day (ISO), both
    in. Firms' figures could be told from it, so it takes the right to them. Raises SCOPE-….
    """
    import polars as pl

    scope.require("read_unit_figures", form=form, place=place)
    rows = _scan(form, span, lake).filter(pl.col("item") == item)
    below: dict[frozenset[str], list[str]] = {}
    for period in _within(form, span, lake):
        below.setdefault(active_pack().under(place, period.end), []).append(period.code)
    inside = [
        pl.col("place").is_in(sorted(places)) & pl.col("period").is_in(periods)
        if len(below) > 1
        else pl.col("place").is_in(sorted(places))
        for places, periods in below.items()
    ]
    found = rollup_lake.sums(rows.filter(pl.any_horizontal(inside)), ["period"], basis)
    return found.collect().sort("period")


def region_table(
    scope: Scope, form: str, period: str, *, basis: str = "reviewed", lake: Lake | None = None
) -> pl.DataFrame:
    """`rollup_lake.SUMS` of one period by item and place: lower places, their units and the root.

    Only places whose firms the reader may see. Raises SCOPE-… and LAKE-PERIOD (404).
    """
    import polars as pl

    readable = scope.places("read_unit_figures", form)
    if not readable:
        scope.require("read_unit_figures", form=form, place=active_pack().root.code)
    pack, day = active_pack(), parse(period).end
    root = pack.root.code
    # Who stands at the root itself is in no unit; it is counted beside them.
    tree = rollup_lake.Tree(root, {**pack.unit_of(day), root: f"{root}*"})
    rows = _scan(form, (day.isoformat(), day.isoformat()), lake, [period])
    found = rollup_lake.tree_sums([rows], tree, basis)
    return found.filter(pl.col("place").is_in(sorted({*readable, *_beside(root, readable)})))


def _beside(root: str, readable: frozenset[str]) -> set[str]:
    return {f"{root}*"} if root in readable else set()


def firm_history(
    scope: Scope,
    form: str,
    party: str,
    *,
    item: str | None = None,
    span: tuple[str, str] | None = None,
    lake: Lake | None = None,
) -> pl.DataFrame:
    """A firm's frozen rows, oldest first: all items or one. Raises SCOPE-….

    A firm that has moved shows a reviewer the periods in which it stood in her places.
    """
    import polars as pl

    rows = _scan(form, span, lake).filter(pl.col("respondent") == party)
    if item is not None:
        rows = rows.filter(pl.col("item") == item)
    found = rows.collect().sort("period", "item")
    if scope.may("read_own", form, party=party):
        return found
    readable = found.filter(pl.col("place").is_in(sorted(scope.places("read_unit_figures", form))))
    if readable.is_empty():
        places = found["place"].to_list()
        scope.require_read(party=party, place=places[-1] if places else "", form=form)
    return readable


def _within(form: str, span: tuple[str, str] | None, lake: Lake | None) -> list[Period]:
    """Frozen periods that end within the span, in order."""
    first, last = span or ("", "9999")
    periods = [parse(code) for code in (lake or market_lake()).periods(form)]
    return [period for period in periods if first <= period.end.isoformat() <= last]


def _scan(
    form: str, span: tuple[str, str] | None, lake: Lake | None, periods: list[str] | None = None
) -> pl.LazyFrame:
    wanted = periods or [period.code for period in _within(form, span, lake)]
    try:
        return (lake or market_lake()).scan(form, wanted)
    except FileNotFoundError:
        raise Refused(
            "LAKE-PERIOD",
            "这些报告期没有归档，或归档后还没有写入数据湖。",
            "未归档的报告期请在“行情”中查看；已归档的请管理员写入数据湖后再查。",
            404,
        ) from None
