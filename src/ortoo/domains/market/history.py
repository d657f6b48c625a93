"""历史汇总: what a bureau knew of its weeks before this system, filed as 无企业明细 and read back.

One `HISTORY-W1` filing a (week, place), of the bureau, with the digest of the file it was read
from. A second import of the same figures files nothing; other figures supersede with a reason; what
was imported wrongly is withdrawn by superseding it with an empty table. Nothing is ever deleted.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import msgspec
from django.db import connection

from ortoo.domains.market.history_names import flat
from ortoo.domains.market.history_reading import Reading
from ortoo.kernel.filings import read
from ortoo.kernel.filings.behaviour import behaviour_of
from ortoo.kernel.filings.draft import Draft, Original
from ortoo.kernel.filings.projection import catch_up
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.filings.write import file_many
from ortoo.kernel.forms import body as codec
from ortoo.kernel.forms import registry
from ortoo.kernel.forms.body import GridBody, note_key
from ortoo.kernel.forms.definition import Form
from ortoo.kernel.forms.periods import Period, parse
from ortoo.kernel.grants.scope import Scope
from ortoo.kernel.parties.models import Party
from ortoo.kernel.places.active import active_pack

FORM = "HISTORY-W1"
LABEL = "历史汇总，无企业明细"
DETAIL = "无企业明细"
WRITE, READ = "publish", "read_aggregates"
BATCH = 400
NOTE = "原表品名："


@dataclass(frozen=True, slots=True)
class HistoryWeek:
    """One place's week as a bureau's old table has it."""

    place: str
    period: str
    grid: GridBody


@dataclass(frozen=True, slots=True)
class Standing:
    """The filing in force of a (place, week); `blank` when it was withdrawn."""

    row: read.FilingRow

    @property
    def period(self) -> Period:
        return parse(self.row.period)

    @property
    def grid(self) -> GridBody:
        return codec.decode(registry.get(FORM, self.row.form_version), self.row.body)

    @property
    def blank(self) -> bool:
        # Nothing but nulls in the columns' own bytes; a nil reason stands in quotes.
        return not any(raw.strip(b"[]nul,") for raw in _figures(self.row.body).values())


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an import did: `filed` new, `corrected` superseding, `known` already there, `left`
    still to do (files are imported in batches)."""

    filed: int
    corrected: int
    known: int
    left: int


@dataclass(frozen=True, slots=True)
class Plan:
    """What an import would do, week by week, before anything is filed."""

    new: tuple[HistoryWeek, ...]
    changed: tuple[tuple[HistoryWeek, Standing], ...]
    known: tuple[HistoryWeek, ...]
    others: tuple[tuple[HistoryWeek, Standing], ...]
    """Weeks that another bureau has filed: they stand, and nobody edits another's number."""


def form() -> Form:
    return registry.get(FORM)


def places_to_write(scope: Scope) -> list[str]:
    """The region or reporting units for which this scope may bring history, by code."""
    return _units(scope.places(WRITE, FORM), scope)


def places_to_read(scope: Scope) -> list[str]:
    """Units and the root whose history this scope may read."""
    return _units(scope.places(READ, FORM) | scope.places(WRITE, FORM), scope)


def _units(places: Iterable[str], scope: Scope) -> list[str]:
    """Those that are reporting units by the 报送关系 of the day, or the root itself."""
    pack = active_pack()
    units = {pack.root.code, *pack.unit_of(scope.as_of).values()}
    return sorted(units & set(places))


def weeks_of(
    reading: Reading, *, basis: str, file: str, chosen: Mapping[str, str]
) -> list[HistoryWeek]:
    """The reading as grids of the form; a good mapped by hand keeps its old name as a note."""
    definition = form()
    said = {"detail": DETAIL, "basis": basis, "file": file[:200]}
    known = {attribute.code: attribute for attribute in definition.attributes}
    attributes = {
        code: text
        for code, text in said.items()
        if code in known and text and (not known[code].choices or text in known[code].choices)
    }
    found = []
    for (place, period), cells in sorted(reading.weeks.items(), key=lambda pair: pair[0]):
        columns = {
            measure.code: tuple(
                quote.value if (quote := cells.get((item.code, measure.code))) else None
                for item in definition.leaves
            )
            for measure in definition.measures
        }
        notes = {
            note_key(item, measure): f"{NOTE}{quote.name}"[:500]
            for (item, measure), quote in cells.items()
            if chosen.get(flat(quote.name)) == item
        }
        if any(cell is not None for column in columns.values() for cell in column):
            grid = GridBody(columns, notes=notes, attributes=attributes)
            found.append(HistoryWeek(place, period.code, grid))
    return found


def remembered(scope: Scope) -> dict[str, str]:
    """Names that this bureau mapped by hand before, read from the notes of what it filed."""
    found: dict[str, str] = {}
    for row in read.rows("form=%s AND filer=%s", [FORM, scope.party], "seq DESC LIMIT 400"):
        grid = codec.decode(registry.get(FORM, row.form_version), row.body)
        for key, text in grid.notes.items():
            if text.startswith(NOTE):
                found.setdefault(flat(text.removeprefix(NOTE)), key.partition(".")[0])
    return found


def plan(scope: Scope, weeks: Sequence[HistoryWeek]) -> Plan:
    """Compare with what stands. Raises Refused SCOPE-… for a place that is not the bureau's."""
    standing = {place: _standing(place) for place in {week.place for week in weeks}}
    encode = behaviour_of(FORM).encode
    new: list[HistoryWeek] = []
    known: list[HistoryWeek] = []
    changed: list[tuple[HistoryWeek, Standing]] = []
    others: list[tuple[HistoryWeek, Standing]] = []
    for week in weeks:
        scope.require(WRITE, form=FORM, place=week.place)
        before = standing[week.place].get(week.period)
        if before is None:
            new.append(week)
        elif _figures(before.row.body) == _figures(encode(week.grid)):
            known.append(week)
        elif before.row.filer != scope.party:
            others.append((week, before))
        else:
            changed.append((week, before))
    return Plan(tuple(new), tuple(changed), tuple(known), tuple(others))


class _Columns(msgspec.Struct):
    columns: dict[str, msgspec.Raw]


_BODY = msgspec.json.Decoder(_Columns)


def _figures(body: bytes) -> dict[str, bytes]:
    """The columns of a body: a file's name or a note alone is no other figure."""
    return {code: bytes(raw) for code, raw in _BODY.decode(body).columns.items()}


def file_history(
    *,
    scope: Scope,
    weeks: Sequence[HistoryWeek],
    original: Original,
    reason: str,
    now_ms: int,
    batch: int = BATCH,
) -> Outcome:
    """导入历史汇总: at most `batch` weeks; run again for the rest, which is found by comparing.

    Raises Refused SCOPE-…, REASON-NEEDED where filed figures would be superseded without one.
    """
    found = plan(scope, weeks)
    if found.changed and not reason.strip():
        raise Refused(
            "REASON-NEEDED",
            f"有 {len(found.changed)} 周已导入过且数字不同，更正必须写明原因。",
            "请填写更正原因后再导入。",
        )
    todo: list[tuple[HistoryWeek, Standing | None]] = [(week, None) for week in found.new]
    todo += list(found.changed)
    now = todo[:batch]
    _file(scope, now, (original, reason.strip()), now_ms)
    corrected = sum(before is not None for _, before in now)
    return Outcome(len(now) - corrected, corrected, len(found.known), len(todo) - len(now))


def _file(
    scope: Scope,
    todo: Sequence[tuple[HistoryWeek, Standing | None]],
    said: tuple[Original | None, str],
    now_ms: int,
) -> None:
    original, reason = said
    drafts = []
    for week, before in todo:
        following = before.row.seq if before is not None else None
        body = behaviour_of(FORM).encode(week.grid)
        mark = hashlib.sha256(body).hexdigest()
        words = ("history", scope.party, week.place, week.period, str(following), mark)
        drafts.append(
            Draft(
                form=FORM,
                filer=scope.party,
                actor=scope.actor,
                mode="import",
                key=hashlib.sha256("\x1f".join(words).encode()).hexdigest()[:48],
                body=body,
                said_at=now_ms,
                period=week.period,
                subject=week.place,
                place=week.place,
                supersedes=following,
                reason=reason if following is not None else "",
                original=original,
            )
        )
    for start in range(0, len(drafts), 200):
        file_many(drafts[start : start + 200], now_ms=now_ms)
    catch_up()


def withdraw(*, scope: Scope, place: str, periods: Sequence[str], reason: str, now_ms: int) -> int:
    """撤回: supersede imported weeks by empty tables, with the reason; how many were withdrawn.

    Raises Refused SCOPE-…, REASON-NEEDED, HISTORY-OTHER for another bureau's filings.
    """
    scope.require(WRITE, form=FORM, place=place)
    if not reason.strip():
        raise Refused("REASON-NEEDED", "撤回必须写明原因。", "请填写原因。")
    standing = _standing(place)
    wanted = [standing[period] for period in dict.fromkeys(periods) if period in standing]
    wanted = [one for one in wanted if not one.blank]
    if any(one.row.filer != scope.party for one in wanted):
        raise Refused(
            "HISTORY-OTHER", "这些历史数由另一个机关报送。", "请由报送机关自己撤回。", 403
        )
    todo: list[tuple[HistoryWeek, Standing | None]] = [
        (HistoryWeek(place, one.row.period, codec.blank(form())), one) for one in wanted
    ]
    _file(scope, todo, (None, reason.strip()), now_ms)
    return len(todo)


def standing_of(scope: Scope, place: str, *, as_of: int | None = None) -> list[Standing]:
    """Weeks in force of a place, oldest first, withdrawn ones left out. Raises SCOPE-…"""
    _require_read(scope, place)
    found = _standing(place, as_of).values()
    return sorted((one for one in found if not one.blank), key=lambda one: one.period)


def _require_read(scope: Scope, place: str) -> None:
    if not may_read(scope, place):
        scope.require(READ, form=FORM, place=place)


def may_read(scope: Scope, unit: str) -> bool:
    """Whether a unit's history is open to this reader: its reviewing chain, region readers and
    auditors. It was never issued as a figure, so the public does not see it."""
    return scope.may(READ, FORM, place=unit) or scope.may(WRITE, FORM, place=unit)


def _standing(place: str, as_of: int | None = None) -> dict[str, Standing]:
    """Period → what is in force: of the place's own bureau before another's, else the newest."""
    rows = read.rows("form=%s AND place=%s", [FORM, place])
    rows = [row for row in rows if as_of is None or row.seq <= as_of]
    gone = {row.supersedes for row in rows if row.supersedes is not None}
    bureaus = set(Party.objects.filter(kind="agency", place=place).values_list("code", flat=True))
    found: dict[str, Standing] = {}
    for row in rows:
        if row.seq in gone:
            continue
        known = found.get(row.period)
        if known is None or row.filer in bureaus or known.row.filer not in bureaus:
            found[row.period] = Standing(row)
    return found


def places_with() -> list[str]:
    """Places of which anybody has filed 历史汇总, for what the system party computes."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT place FROM kernel_filing WHERE form=%s", [FORM])
        return sorted(row[0] for row in cursor.fetchall())


def standing_rows(place: str, as_of: int | None = None) -> list[Standing]:
    """Weeks in force of a place, withdrawn ones left out, for what the system party computes."""
    return [one for one in _standing(place, as_of).values() if not one.blank]


def series(
    scope: Scope, unit: str, item: str, *, as_of: int | None = None
) -> list[tuple[Period, int, int]]:
    """(period, price in minor units, log index of the filing), oldest first.

    What charts and year comparisons fall back to where no returns exist; shown as `LABEL`. Empty
    for who may not read the unit's history: this never raises and never tells that there is some.
    """
    if not may_read(scope, unit):
        return []
    found = []
    for one in _standing(unit, as_of).values():
        definition = registry.get(FORM, one.row.form_version)
        place = definition.leaf_index.get(item)
        raw = _figures(one.row.body).get(definition.roles.price or "price")
        if place is None or raw is None:
            continue
        price = msgspec.json.decode(raw)[place]
        if isinstance(price, int):
            found.append((one.period, price, one.row.seq))
    return sorted(found)


def holding(
    points: Sequence[tuple[Period, int, int]], period: Period
) -> tuple[Period, int, int] | None:
    """The point of the week that holds a period's middle day, across a change of first weekday."""
    middle = period.start + (period.end - period.start) // 2
    return next((point for point in reversed(points) if point[0].contains(middle)), None)
