"""Contexts of the till import's pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from django.urls import reverse

from ortoo.domains.market.till import filling
from ortoo.domains.market.till.aggregate import ArticleSum, ItemSum
from ortoo.domains.market.till.columns import ROLES
from ortoo.domains.market.till.lines import FAULTS
from ortoo.domains.market.till.match import CERTAIN
from ortoo.domains.market.till.memory import MEAN
from ortoo.domains.market.till.numbers import decimal_text
from ortoo.domains.market.till.packs import factor_text
from ortoo.domains.market.till.parts import filled_codes
from ortoo.domains.market.till.selectors import Question, Till
from ortoo.domains.market.web import clerk_words as words
from ortoo.domains.market.web.clerk_desk import Desk
from ortoo.domains.market.web.clerk_page import crumbs
from ortoo.kernel.filings.refusal import Refused

FIRST_ROWS = 6
MOST_PACKS = 8
ONE = Fraction(1)
STEPS = (
    ("till", "文件"),
    ("till-columns", "列"),
    ("till-articles", "新商品"),
    ("till-preview", "预览"),
)


def _frame(desk: Desk, found: Till | None, step: str) -> dict[str, Any]:
    reached = ["till"]
    if found is not None:
        reached = [name for name, _ in STEPS] if found.understood else ["till", "till-columns"]
    return {
        "desk": desk,
        "till": found,
        "upload": found.upload if found else None,
        "token": found.upload.token if found else "",
        "uploaded": words.moment(found.upload.at) if found else "",
        "steps": [
            {
                "title": f"{number} {title}",
                "href": reverse(name, kwargs=desk.names) if name in reached else "",
                "current": name == step,
            }
            for number, (name, title) in enumerate(STEPS, 1)
            if name in reached
        ],
        "crumbs": crumbs(desk, "导入收银导出表"),
    }


def file_page(desk: Desk, found: Till | None) -> dict[str, Any]:
    context = _frame(desk, found, "till")
    if found is not None:
        context["facts"] = _about(found) if found.understood else []
    return context


def _about(found: Till) -> list[tuple[str, str]]:
    reading = found.reading
    about = [
        ("读入", f"{reading.rows:,} 行，{len(reading.articles):,} 种商品"),
        ("全部销售金额", f"{decimal_text(found.total * 100)} 元"),
    ]
    if reading.returns:
        about.append(("退货", f"{reading.returns:,} 行，从销售中减去"))
    for code, count in sorted(reading.left_out.items()):
        rows = "、".join(map(str, reading.examples[code]))
        more = "等" if count > len(reading.examples[code]) else ""
        about.append((f"未计入 {count:,} 行", f"{FAULTS[code]}（第 {rows} 行{more}）"))
    if found.upload.others:
        about.append(("没有读的工作表", "、".join(found.upload.others)))
    return about


def columns_page(
    desk: Desk,
    found: Till,
    roles: Mapping[str, int] | None = None,
    refused: Refused | None = None,
) -> dict[str, Any]:
    layout = found.layout
    chosen = {at: role for role, at in (layout.roles if roles is None else roles).items()}
    rows = found.rows[layout.header + 1 :]
    shown = [row for row in rows if any(row)][:FIRST_ROWS]
    return {
        **_frame(desk, found, "till-columns"),
        "refused": refused,
        "roles": list(ROLES.items()),
        "columns": [
            {"at": at, "title": title or f"第{at + 1}列", "role": chosen.get(at, "")}
            for at, title in enumerate(layout.titles)
        ],
        "rows": shown,
        "header": layout.header + 1,
        "missing": layout.missing,
    }


def likely(question: Question) -> bool:
    """Whether the best guess is nearly sure; below, an article is only possible."""
    return question.guesses[0].score >= CERTAIN


def articles_page(
    desk: Desk, found: Till, listed: Sequence[Question], wanted: str
) -> dict[str, Any]:
    """`wanted`: what was searched for, whether decided already or not."""
    numbered = [_article(found, number, one) for number, one in enumerate(listed)]
    if wanted:
        sections = [("找到的商品", numbered, False)]
    else:
        sections = [
            ("请看一眼", [row for row in numbered if not row["certain"]], False),
            ("名称和规格都认得", [row for row in numbered if row["certain"]], True),
        ]
    return {
        **_frame(desk, found, "till-articles"),
        "wanted": wanted,
        "total": len(found.questions),
        "asked": len(found.asked),
        "later": 0 if wanted else len(found.questions) - len(listed),
        "sections": sections,
        "items": [(item.code, item.name["zh"], item.unit) for item in found.form.leaves],
        "ignored": sorted(found.memory.ignored_categories),
    }


def _article(found: Till, number: int, question: Question) -> dict[str, Any]:
    article = question.article
    said = found.decisions.get(article.sku)
    best = question.guesses[0].item if question.guesses else ""
    chosen = (said.item or "") if said else best
    pack = question.pack
    factor = factor_text(said.factor) if said and said.item else ""
    if not factor and pack:
        factor = factor_text(pack.factor)
    names = {guess.item: found.form.item(guess.item) for guess in question.guesses}
    if chosen:
        names.setdefault(chosen, found.form.item(chosen))
    unit = found.form.item(chosen or best).unit if chosen or best else "公斤/升"
    return {
        "n": number,
        "sku": article.sku,
        "name": article.name,
        "about": "，".join(filter(None, (article.spec, article.category))),
        "sold": article.unit or "1 份",
        "unit": unit,
        "amount": decimal_text(question.amount, 2),
        "choices": [(code, item.name["zh"]) for code, item in names.items()],
        "chosen": chosen,
        "factor": factor,
        "why": pack.why if pack else "看不出折合多少，请填写",
        "sure": bool(pack and pack.sure),
        "certain": question.certain,
    }


def preview_page(desk: Desk, found: Till) -> dict[str, Any]:
    rows = filling.rows_of(desk, found)
    measures = [found.form.measure(code) for code in filled_codes(found.form)]
    kept = sum(1 for row in rows for cell in row.cells if cell.kept and cell.kept != cell.text)
    return {
        **_frame(desk, found, "till-preview"),
        "facts": _about(found),
        "measures": [(one.title["zh"], one.unit.replace("{unit}", "单位")) for one in measures],
        "rows": [_preview_row(desk, row, found) for row in rows],
        "cells": sum(1 for row in rows for cell in row.cells if cell.text),
        "kept": kept,
        "asked": len(found.questions),
        "filled": found.upload.filled,
        "without": len(found.form.leaves) - len(rows),
    }


def _preview_row(desk: Desk, row: filling.Row, found: Till) -> dict[str, Any]:
    sums = row.sums
    by_measure = {cell.measure.code: cell for cell in row.cells}
    return {
        "code": sums.item.code,
        "name": sums.item.name["zh"],
        "unit": sums.item.unit,
        "cells": [by_measure.get(code) for code in filled_codes(found.form)],
        "articles": len(sums.articles),
        "href": reverse("till-item", kwargs={**desk.names, "item": sums.item.code}),
        "converted": _conversions(sums),
        "by": sums.by,
        "packs": [
            (one.article.sku, f"{one.article.name[:24]} {_price_text(one)}")
            for one in sums.articles
            if one.price is not None
        ][:MOST_PACKS],
        "new": len(sums.articles) > 1 and sums.item.code not in found.memory.prices,
    }


def _conversions(sums: ItemSum) -> str:
    """How many kinds of packs were converted, with one example."""
    others = [one for one in sums.articles if one.factor != ONE]
    if not others:
        return ""
    one = others[0]
    sold = one.article.unit or "份"
    example = f"1{sold}＝{factor_text(one.factor)}{sums.item.unit}"
    return f"{example}等 {len(others)} 种" if len(others) > 1 else example


def _price_text(one: ArticleSum) -> str:
    return "" if one.price is None else f"{_yuan(one.price)} 元"


def _yuan(value: Fraction) -> str:
    fen = (2 * (value * 100).numerator + (value * 100).denominator) // (
        2 * (value * 100).denominator
    )
    return f"{fen // 100}.{fen % 100:02d}"


def item_page(desk: Desk, found: Till, sums: ItemSum) -> dict[str, Any]:
    rows = [
        [
            {"text": one.article.name, "note": one.article.sku},
            "，".join(filter(None, (one.article.spec, one.article.unit))),
            f"×{factor_text(one.factor)}",
            decimal_text(one.quantity),
            decimal_text(one.amount, 2),
            _price_text(one),
            "" if one.stock is None else decimal_text(one.stock),
            f"{one.lines:,}",
        ]
        for one in sums.articles
    ]
    titles = (
        ("商品", ""), ("规格、单位", ""), ("折合", sums.item.unit), ("销售数量", "按售卖单位"),
        ("销售金额", "元"), ("折合价格", f"元/{sums.item.unit}"), ("库存", "按售卖单位"),
        ("行数", ""),
    )  # fmt: skip
    return {
        **_frame(desk, found, "till-preview"),
        "item": sums.item.name["zh"],
        "table": {
            "caption": f"{sums.item.name['zh']}：{len(rows)} 种商品",
            "columns": [
                {"title": title, "unit": unit, "numeric": at > 1}
                for at, (title, unit) in enumerate(titles)
            ],
            "rows": rows,
        },
        "by": next((o.article.name for o in sums.articles if o.article.sku == sums.by), "")
        if sums.by != MEAN
        else "",
    }
