"""Structural checks of a grid, before any rule: blanks, ranges, nils out of place, reasons."""

from __future__ import annotations

from collections.abc import Iterator

from ortoo.kernel.forms.asked import Asked
from ortoo.kernel.forms.body import SOFT_STRUCTURE, GridBody, mark_key
from ortoo.kernel.forms.definition import Cell, Form, Item, Measure, Nil
from ortoo.kernel.forms.issues import Issue

OTHER_REASON = "其他"
ASKED, NIL_STOCK = SOFT_STRUCTURE


def issues(form: Form, grid: GridBody, asked: Asked | None = None) -> Iterator[Issue]:
    """Issues of structure in row order; `asked`: the cells this period asks for, None for all."""
    yield from _attributes(form, grid, whole=asked is None)
    yield from _reasons(form, grid)
    must = [measure for measure in form.measures if measure.must]
    rest = [measure for measure in form.measures if not measure.must]
    for row, item in enumerate(form.leaves):
        for measure in form.measures:
            cell = grid.columns[measure.code][row]
            if type(cell) is int and not 0 <= cell <= measure.maximum:
                yield _range(item, measure, cell)
            if asked is not None:
                yield from _as_asked(form, item, measure, cell, asked)
        if asked is not None and (item.code, form.principal.code) not in asked:
            continue
        for key in must:
            if asked is None and grid.columns[key.code][row] is None:
                yield _blank(form, item, key)
        keys = [grid.columns[key.code][row] for key in must]
        for measure in rest:
            cell = grid.columns[measure.code][row]
            if asked is None or (item.code, measure.code) in asked:
                yield from _beside(form, grid, item, measure, cell, keys)


def _as_asked(
    form: Form, item: Item, measure: Measure, cell: Cell, asked: Asked
) -> Iterator[Issue]:
    """An order asks for cells one by one: each is answered, and nothing else is said."""
    if (item.code, measure.code) not in asked:
        if cell is not None:
            message = f"{item.name['zh']}：本次没有要求填报{measure.title['zh']}。"
            remedy = "请清空这一格；要说的情况写在说明里。"
            yield _issue("GRID-NOT-ASKED", item, measure, cell, message, remedy)
    elif cell is None and (measure.must or (item.code, form.principal.code) not in asked):
        # Where the order asks only for stock, the stock is what must be answered.
        yield _blank(form, item, measure)


def _range(item: Item, measure: Measure, cell: int) -> Issue:
    title, name = measure.title["zh"], item.name["zh"]
    if measure.choices:
        message = f"{name}：{title}没有第 {cell + 1} 个选项。"
        remedy = f"请选 {'、'.join(measure.choices)} 之一。"
        return _issue("GRID-CHOICE", item, measure, cell, message, remedy)
    if cell < 0:
        message = f"{name}：{title}为负数 {measure.text(cell)}。"
        return _issue("GRID-NEGATIVE", item, measure, cell, message, "只能填零或正数。")
    message = f"{name}：{title} {measure.text(cell)} 超过最大值 {measure.text(measure.maximum)}。"
    remedy = f"核对单位（{measure.unit_of(item)}）和小数点。"
    return _issue("GRID-DIGITS", item, measure, cell, message, remedy)


def _blank(form: Form, item: Item, measure: Measure) -> Issue:
    words = "、".join(nil.zh for nil in form.nil_reasons)
    message = f"{item.name['zh']}：{measure.title['zh']}未填。"
    remedy = f"填写{measure.title['zh']}；没有的请选 {words}。" if words else "请填写。"
    return _issue("GRID-BLANK", item, measure, None, message, remedy)


def _beside(
    form: Form, grid: GridBody, item: Item, measure: Measure, cell: Cell, keys: list[Cell]
) -> Iterator[Issue]:
    """One cell of an optional column, beside the column(s) that must be answered."""
    nil = next((key for key in keys if isinstance(key, Nil)), None)
    title, name = measure.title["zh"], item.name["zh"]
    if isinstance(cell, Nil) and cell != nil:
        key = _key_word(form)
        message = f"{name}：{title}填了“{cell.zh}”，与{key}列不一致。"
        yield _issue("NIL-PLACE", item, measure, cell, message, f"空值原因只在{key}列选一次。")
    elif isinstance(cell, int) and 0 < cell <= measure.maximum and nil and says_trade(measure):
        yield from _nil_beside(form, grid, item, measure, cell, nil)
    elif cell is None and nil is None and _is_asked(item, measure) and None not in keys:
        message = f"{name}：{title}未填，本品种要计算可保供天数。"
        remedy = f"填写{title}，没有库存填 0；不掌握请选原因。"
        yield _soft(form, grid, ASKED, item, measure, message, remedy, cell)


def says_trade(measure: Measure) -> bool:
    """Whether a figure of the column contradicts a nil beside it: a choice does not, nor a sale
    of the day before the shelf ran empty."""
    return not measure.choices and not measure.lag_days


def _key_word(form: Form) -> str:
    """The principal column as messages name it."""
    title = form.principal.title["zh"]
    return "价格" if title.endswith(("价格", "价")) else title


def _is_asked(item: Item, measure: Measure) -> bool:
    return measure.asked == "marked" and item.stock_asked


def _nil_beside(
    form: Form, grid: GridBody, item: Item, measure: Measure, cell: int, nil: Nil
) -> Iterator[Issue]:
    title, key = measure.title["zh"], _key_word(form)
    said = f"{measure.text(cell)}{measure.unit_of(item)}"
    message = f"{item.name['zh']}：{key}填“{nil.zh}”，{title}却为 {said}。"
    if measure.asked == "marked":
        # Goods held back while the shelf is empty do exist: asked about, never refused.
        remedy = "核对库存；确有库存而未上架请说明。"
        yield _soft(form, grid, NIL_STOCK, item, measure, message, remedy, cell)
        return
    remedy = f"有{title}就填{key}；没有请清空{title}。"
    yield _issue("NIL-SALES", item, measure, cell, message, remedy)


def _attributes(form: Form, grid: GridBody, *, whole: bool) -> Iterator[Issue]:
    """Facts of the whole return; an order for some cells asks for none of them."""
    for attribute in form.attributes:
        said = grid.attributes.get(attribute.code)
        if (said is None and not (attribute.must and whole)) or said in attribute.choices:
            continue
        if said is not None and not attribute.choices:
            continue
        listed, title = "、".join(attribute.choices), attribute.title["zh"]
        message = f"{title}未填。" if said is None else f"{title}“{said}”不在可选范围内。"
        yield Issue(
            "GRID-ATTRIBUTE", "GRID-ATTRIBUTE", "hard", "", attribute.code, None, message,
            f"请从 {listed} 中选择。" if listed else f"请填写{title}。",
        )  # fmt: skip


def _reasons(form: Form, grid: GridBody) -> Iterator[Issue]:
    """A reason is one of the list, or 其他 with at least two words of its own."""
    listed = {rule.id: rule.reasons or form.reasons for rule in form.rules}
    for key, text in grid.marks.items():
        rule, _, item = key.partition(":")
        head, _, detail = text.replace(":", "：", 1).partition("：")
        known = listed.get(rule, form.reasons)
        if head in known and (head != OTHER_REASON or len(detail.strip()) >= 2):
            continue
        name = form.by_code[item].name["zh"]
        message = f"{name}：核实原因“{text[:30]}”不明。"
        remedy = f"请选 {'、'.join(known)}；选其他须写明情况，例如“其他：停业装修两天”。"
        yield Issue("GRID-REASON", "GRID-REASON", "hard", item, "", None, message, remedy)


def _issue(code: str, item: Item, measure: Measure, cell: Cell, message: str, remedy: str) -> Issue:
    return Issue(code, code, "hard", item.code, measure.code, cell, message, remedy)


def _soft(
    form: Form,
    grid: GridBody,
    code: str,
    item: Item,
    measure: Measure,
    message: str,
    remedy: str,
    cell: Cell,
) -> Issue:
    return Issue(
        code,
        code,
        "soft",
        item.code,
        measure.code,
        cell,
        message,
        remedy,
        reasons=form.reasons,
        reason=grid.marks.get(mark_key(code, item.code)),
    )
