"""Writes of the till import. What somebody says is filed as `TILL-MAP`, additions only; the cells
go into the return's draft, which the clerk completes and files herself."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from ortoo.connectors.sheets import Sheet, SheetError, read_sheets
from ortoo.domains.market.services import Matter
from ortoo.domains.market.till import store
from ortoo.domains.market.till.columns import ROLES, guess
from ortoo.domains.market.till.memory import FORM, NONE, Decision
from ortoo.domains.market.till.selectors import VERB, Till, memory_of
from ortoo.kernel.filings.draft import Draft, Receipt
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.filings.write import file_many
from ortoo.kernel.forms.record_filing import draft_record
from ortoo.kernel.grants.scope import Scope
from ortoo.kernel.parties.models import Party

LARGEST = 20 * 1024 * 1024
LINES_A_FILING = 1_000


@dataclass(frozen=True, slots=True)
class Export:
    """A file as it came: from the page's file picker or by the feed."""

    name: str
    data: bytes

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()


def sheet_of(export: Export, known: Mapping[str, Mapping[str, int]]) -> tuple[Sheet, list[str]]:
    """The sheet of an export that holds its sales, and the names of the others. Refused SHEET-…"""
    try:
        sheets = read_sheets(export.data, export.name)
    except SheetError as error:
        status = 413 if error.code == "SHEET-TOO-LARGE" else 422
        raise Refused(error.code, f"{error.message}。", f"{error.remedy}。", status) from error
    best = max(sheets, key=lambda sheet: _likeness(sheet, known))
    return best, [sheet.name for sheet in sheets if sheet is not best]


def _likeness(sheet: Sheet, known: Mapping[str, Mapping[str, int]]) -> tuple[bool, int, int]:
    layout = guess(sheet.rows, known)
    return layout.signature in known, len(layout.roles) - 4 * sheet.hidden, len(sheet.rows)


def receive(*, scope: Scope, matter: Matter, export: Export, now_ms: int) -> store.Upload:
    """Keep an export for this return; it replaces the one before. Raises Refused SHEET-…, TILL-…"""
    scope.require(VERB, form=matter.form, party=matter.party)
    sheet, others = sheet_of(export, memory_of(scope, matter).layouts)
    if len(sheet.rows) < 2:
        raise Refused("TILL-NO-ROWS", "文件里没有数据行。", "请选择含有表头和数据的导出文件。")
    before = store.load(matter)
    upload = store.Upload(
        token="",
        name=_plain(export.name, 120) or "收银导出",
        sha256=export.sha256,
        sheet=sheet.name[:60],
        others=tuple(name[:60] for name in others[:10]),
        at=now_ms,
        by=scope.actor,
        # What the last import filled in stays its own until the next one fills or drops it.
        filled=before.filled if before else None,
    )
    return store.save(matter, upload, sheet.rows)


def confirm_columns(
    *, scope: Scope, till: Till, matter: Matter, roles: Mapping[str, int], now_ms: int
) -> list[Receipt]:
    """Say which column is what; remembered for every file with this header. `roles`: from 0."""
    scope.require(VERB, form=matter.form, party=matter.party)
    layout = guess(till.rows, till.memory.layouts)
    if any(role not in ROLES or not 0 <= at < len(layout.titles) for role, at in roles.items()):
        raise Refused("TILL-COLUMN", "列的选择不正确。", "请刷新页面后重选。", 400)
    doubled = {at for at in roles.values() if list(roles.values()).count(at) > 1}
    if doubled:
        shown = "、".join(layout.titles[at] or f"第{at + 1}列" for at in sorted(doubled))
        raise Refused("TILL-COLUMN-TWICE", f"一列选了两种含义：{shown}。", "每列只选一种含义。")
    lacks = [ROLES[r] for r in ("name", "quantity") if r not in roles]
    lacks += [] if {"amount", "price"} & set(roles) else ["销售金额（或单价）"]
    if lacks:
        raise Refused(
            "TILL-COLUMN-MISSING", f"还没有指出：{'、'.join(lacks)}。", "请在表头下选择。"
        )
    if till.memory.layouts.get(layout.signature) == dict(roles):
        return []
    columns = [
        _present(role=role, column=at + 1, title=_plain(layout.titles[at], 80))
        for role, at in sorted(roles.items())
    ]
    body = {"layout": layout.signature, "columns": columns}
    return _file(scope, matter, [body], now_ms)


def decide(
    *, scope: Scope, till: Till, matter: Matter, decisions: Sequence[Decision], now_ms: int
) -> list[Receipt]:
    """Say which articles are which items (or none); what was said already is not said again."""
    scope.require(VERB, form=matter.form, party=matter.party)
    new = [one for one in decisions if till.memory.articles.get(one.sku) != one]
    unknown = {one.item for one in new if one.item and one.item not in till.form.leaf_index}
    if unknown:
        raise Refused(
            "TILL-ITEM", f"表式没有商品 {'、'.join(sorted(unknown))[:60]}。", "请刷新页面。"
        )
    lines = [
        _present(
            sku=one.sku,
            name=one.name,
            category=one.category,
            item=till.filed_code(one.item) or NONE,
            num=one.factor.numerator if one.item else None,
            den=one.factor.denominator if one.item else None,
        )
        for one in new
    ]
    bodies = [
        {"articles": lines[at : at + LINES_A_FILING]} for at in range(0, len(lines), LINES_A_FILING)
    ]
    return _file(scope, matter, bodies, now_ms)


def choose_prices(
    *, scope: Scope, till: Till, matter: Matter, prices: Mapping[str, str], now_ms: int
) -> list[Receipt]:
    """Say how an item's price is made: `mean`, or the SKU of its representative pack 代表规格."""
    scope.require(VERB, form=matter.form, party=matter.party)
    new = {item: by for item, by in prices.items() if till.memory.prices.get(item) != by}
    if any(item not in till.form.leaf_index for item in new):
        raise Refused("TILL-ITEM", "表式没有这个商品。", "请刷新页面。")
    lines = [{"item": till.filed_code(item), "by": by[:60]} for item, by in sorted(new.items())]
    return _file(scope, matter, [{"prices": lines}] if lines else [], now_ms)


def file_sums(
    *, scope: Scope, till: Till, matter: Matter, state: str, now_ms: int
) -> list[Receipt]:
    """Say from which file the draft was filled (`filled`), or that this was undone (`dropped`)."""
    scope.require(VERB, form=matter.form, party=matter.party)
    body: dict[str, Any] = {
        "state": state,
        "file": till.upload.sha256,
        "name": till.upload.name,
        "rows": till.reading.rows,
        "amount": till.total,
    }
    if state == "filled":
        body["marks"] = [
            {
                "item": till.filed_code(one.item.code),
                "articles": len(one.articles),
                "amount": sum(article.amount for article in one.articles) // 100,
                "quantity": _rounded(sum((a.own_quantity for a in one.articles), Fraction(0))),
            }
            for one in till.sums
        ]
    return _file(scope, matter, [body], now_ms)


def _rounded(value: Fraction) -> int:
    return round(value * 10_000)


def _file(
    scope: Scope, matter: Matter, bodies: Iterable[Mapping[str, Any]], now_ms: int
) -> list[Receipt]:
    place = Party.objects.values_list("place", flat=True).get(code=matter.party)
    drafts = []
    for part, said in enumerate(bodies):
        body = {"form": matter.form, "period": matter.period, **said}
        words = f"{matter.party}\x1f{now_ms}\x1f{part}\x1f{sorted(said.items())!r}"
        draft = Draft(
            form=FORM,
            filer=matter.party,
            actor=scope.actor,
            key=f"till:{hashlib.sha256(words.encode()).hexdigest()[:40]}",
            body=body,
            said_at=now_ms,
            period=matter.period,
            subject=matter.party,
            place=place,
        )
        drafts.append(draft_record(draft, now_ms=now_ms))
    return file_many(drafts, now_ms=now_ms) if drafts else []


def _present(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value not in (None, "")}


def _plain(text: str, longest: int) -> str:
    shown = "".join(sign if sign.isprintable() else " " for sign in text)
    return " ".join(shown.replace("/", " ").replace("\\", " ").split())[:longest]
