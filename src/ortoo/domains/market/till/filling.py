"""The cells of an import into the return's draft, and out of it again. Nothing is filed here but
the import's own sums; the return is filed by the clerk on her page, with the usual checks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ortoo.domains.market.till import services, store
from ortoo.domains.market.till.aggregate import ItemSum
from ortoo.domains.market.till.memory import MEAN
from ortoo.domains.market.till.parts import filled_codes
from ortoo.domains.market.till.whole import Whole, whole_of
from ortoo.domains.market.web import clerk_drafts as drafts
from ortoo.domains.market.web import clerk_units
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.forms.definition import Form, Item, Measure, Nil

if TYPE_CHECKING:
    from ortoo.domains.market.till.selectors import Till
    from ortoo.domains.market.web.clerk_desk import Desk


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of the preview. `kept`: what stands in the draft by hand and is not overwritten."""

    measure: Measure
    text: str
    fault: str = ""
    last: str = ""
    change: float | None = None
    kept: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One item of the preview."""

    sums: ItemSum
    cells: tuple[Cell, ...]

    @property
    def how(self) -> str:
        """How the price was made, as the cell says it."""
        pack = self.sums.pack
        if pack is not None:
            return f"代表规格 {pack.article.name[:30]}"
        many = len(self.sums.articles)
        return f"{many} 种商品均价" if many > 1 else ""


def rows_of(desk: Desk, till: Till) -> list[Row]:
    """What would be filled: every item the till sold or holds, beside last period and the draft."""
    whole = whole_of(desk)
    typed = _typed(till, drafts.load(desk).fields)
    return [Row(sums, tuple(_cells(whole, sums, typed))) for sums in till.sums]


def _typed(till: Till, fields: Mapping[str, str]) -> dict[str, str]:
    """Cells of the draft that people keyed: what the import put there itself is not among them."""
    before = till.upload.filled.cells if till.upload.filled else {}
    return {
        name: text
        for name, text in fields.items()
        if not (name.startswith("c.") and before.get(name[2:]) == text)
    }


def _cells(whole: Whole, sums: ItemSum, typed: Mapping[str, str]) -> Iterator[Cell]:
    form, item = whole.form, sums.item
    for code in filled_codes(form):
        measure = form.measure(code)
        skipped = measure.asked == "marked" and not item.stock_asked
        if skipped or not whole.asked(item.code, code):
            continue
        minor = sums.cells.get(code)
        before = whole.last(item.code, code)
        yield Cell(
            measure,
            "" if minor is None else measure.text(minor),
            sums.faults.get(code, ""),
            "" if not isinstance(before, int) else measure.text(before),
            _change(minor, before) if code == form.roles.price else None,
            _by_hand(item, measure, typed),
        )


def _by_hand(item: Item, measure: Measure, typed: Mapping[str, str]) -> str:
    said = typed.get(f"c.{item.code}.{measure.code}", "")
    return "" if said in {nil.zh for nil in Nil} else said


def _change(minor: int | None, before: object) -> float | None:
    if minor is None or not isinstance(before, int) or before <= 0:
        return None
    return (minor / before - 1) * 100


def fill(desk: Desk, till: Till, *, overwrite: bool = False) -> store.Filled:
    """Put the cells into the draft and file the import's sums. Cells keyed by hand stay unless
    `overwrite`; nil reasons give way to sales. Raises Refused TILL-STALE on a race."""
    desk.require_open()
    rows = rows_of(desk, till)
    kept = drafts.load(desk)
    fields = _base(desk, kept)
    before = till.upload.filled.cells if till.upload.filled else {}
    for name, text in before.items():  # an earlier import of this return gives way whole
        if fields.get(f"c.{name}") == text:
            del fields[f"c.{name}"]
    cells, how = _put(till.form, rows, fields, overwrite=overwrite)
    if not cells:
        raise Refused("TILL-NOTHING", "这份文件没有可填的单元格。", "请先确认商品对应。", 409)
    try:
        drafts.save(desk, fields, kept.token)
    except drafts.Conflict as conflict:
        raise Refused(
            "TILL-STALE", "草稿刚刚在别处改动过，没有填入。", "请再按一次“填入本期表格”。", 409
        ) from conflict
    filled = store.Filled(
        desk.now, len(till.reading.lines), cells, how, beside=whole_of(desk).beside
    )
    said = {
        sku: replace(one, item=till.filed_code(one.item)) for sku, one in till.decisions.items()
    }
    store.write_lines(desk.matter, till.reading, said)
    store.update(desk.matter, replace(till.upload, filled=filled))
    services.file_sums(
        scope=desk.scope, till=till, matter=desk.matter, state="filled", now_ms=desk.now
    )
    return filled


def _base(desk: Desk, kept: drafts.Kept) -> dict[str, str]:
    """The draft; without one, what the entry page itself would begin with."""
    if kept.saved_at is not None:
        return dict(kept.fields)
    return whole_of(desk).known()


def _put(
    form: Form, rows: list[Row], fields: dict[str, str], *, overwrite: bool
) -> tuple[dict[str, str], dict[str, str]]:
    """Change `fields`; returns what was put («item.measure» → text) and how prices were made."""
    cells: dict[str, str] = {}
    how: dict[str, str] = {}
    for row in rows:
        item = row.sums.item
        ours = [cell for cell in row.cells if cell.text and (overwrite or not cell.kept)]
        unit = fields.get(f"u.{item.code}", item.unit)
        said = {c.measure.code: clerk_units.keyed(c.text, item, c.measure, unit) for c in ours}
        by_hand = any(cell.kept for cell in row.cells if cell not in ours)
        if unit != item.unit and (None in said.values() or not by_hand):
            if by_hand:
                continue  # half of the row in another unit: she completes it by hand
            fields.pop(f"u.{item.code}", None)
            said = {cell.measure.code: cell.text for cell in ours}
        for code, text in said.items():
            if text is not None:
                fields[f"c.{item.code}.{code}"] = cells[f"{item.code}.{code}"] = text
        price = f"{item.code}.{form.roles.price}"
        if price in cells and row.how:
            how[price] = row.how
        pack = row.sums.pack
        if pack is not None and row.sums.by != MEAN:
            fields[f"s.{item.code}"] = pack.article.name[: clerk_units.LONGEST_PACK]
    return cells, how


def drop(desk: Desk, till: Till) -> int:
    """Undo: take what the import filled out of the draft where it stands unchanged, and forget the
    file. What was said of columns and articles stays remembered. Returns how many cells went."""
    filled = till.upload.filled
    gone = 0
    if filled is not None and filled.stands:
        kept = drafts.load(desk)
        fields = dict(kept.fields)
        for name, text in filled.cells.items():
            if fields.get(f"c.{name}") == text:
                del fields[f"c.{name}"]
                gone += 1
        if gone:
            try:
                drafts.save(desk, fields, kept.token)
            except drafts.Conflict as conflict:
                raise Refused(
                    "TILL-STALE", "草稿刚刚在别处改动过，没有撤销。", "请再按一次。", 409
                ) from conflict
        services.file_sums(
            scope=desk.scope, till=till, matter=desk.matter, state="dropped", now_ms=desk.now
        )
    store.drop(desk.matter)
    return gone
