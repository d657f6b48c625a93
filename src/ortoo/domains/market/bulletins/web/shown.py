"""A filed bulletin as its page shows it: text with linked numbers, table, charts, history."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.urls import reverse

from ortoo.domains.market.bulletins import records
from ortoo.domains.market.bulletins.composing import COLUMNS
from ortoo.domains.market.bulletins.filed import LENGTHS, Paragraph, Printed, Text
from ortoo.domains.market.bulletins.lengths import TITLE
from ortoo.domains.market.bulletins.numbers import CHANGE, FOUR, LUNAR, MEASURE_ZH, YEAR
from ortoo.domains.market.bulletins.records import Bulletin, Decision
from ortoo.domains.market.bulletins.sections import title_of
from ortoo.domains.market.web import review_words
from ortoo.domains.market.web.campaign_frame import zone
from ortoo.kernel.grants.models import Account
from ortoo.kernel.grants.scope import Scope
from ortoo.kernel.places.active import active_pack

SOURCE_ZH = {"issued": "已发布", "live": "未发布口径", "history": "据历史汇总"}
STATUS = {
    records.SIGN: "pending", records.PUBLISH: "confirm", records.PUBLISHED: "accepted",
    records.RETURNED: "returned", records.WITHDRAWN: "void",
}  # fmt: skip
COLUMN_ZH = {
    "price": "简单均价", "weighted": "加权均价", CHANGE: "环比", FOUR: "较四期前", YEAR: "同比",
    LUNAR: "农历同期",
}  # fmt: skip


def names_of(actors: Iterable[str]) -> dict[str, str]:
    """`account:…` → the name that people know."""
    logins = {actor.removeprefix("account:") for actor in actors}
    known = dict(Account.objects.filter(login__in=logins).values_list("login", "display_name"))
    return {f"account:{login}": known.get(login) or login for login in logins}


def moment(at_ms: int) -> str:
    """«11月19日 16:20»."""
    return str(review_words.moment(at_ms, zone()))


def versions(text: Text, limits: dict[str, int]) -> list[dict[str, Any]]:
    """The three lengths with their counts, for copying."""
    return [
        {
            "code": name,
            "title": TITLE[name],
            "words": text.words(name),
            "count": text.length(name),
            "most": limits.get(name),
            "paragraphs": text.version(name),
        }
        for name in LENGTHS
    ]


def paragraphs(scope: Scope, bulletin: Bulletin) -> list[dict[str, Any]]:
    """The full text: each number with where it comes from and, inside the chain, its link."""
    inside = records.in_chain(scope, bulletin.place)
    causes = {one.section: one for one in bulletin.text.causes}
    names = names_of(one.by for one in bulletin.text.causes)
    found = []
    for paragraph in bulletin.text.version("full"):
        cause = causes.get(paragraph.section)
        found.append(
            {
                "section": paragraph.section,
                "title": title_of(paragraph.section),
                "pieces": _pieces(paragraph, bulletin, inside=inside),
                "by": names.get(cause.by, "") if cause else "",
            }
        )
    return found


def _pieces(paragraph: Paragraph, bulletin: Bulletin, *, inside: bool) -> list[dict[str, str]]:
    return [
        {"text": text}
        if number is None
        else {
            "text": text,
            "said": said_of(number),
            "href": href_of(number, bulletin.place) if inside else "",
        }
        for text, number in paragraph.pieces
    ]


def said_of(number: Printed) -> str:
    """«环比，W2026-11-07，已发布，第 123 号»."""
    what = MEASURE_ZH.get(number.measure, number.measure)
    said = f"{what}，{number.period}，{SOURCE_ZH[number.source]}"
    return f"{said}，第 {number.filing} 号" if number.filing else said


def href_of(number: Printed, place: str) -> str:
    """Where the number's figure stands: the item's page, or the unit's table of the period."""
    if number.subject[:1].isdigit():
        return reverse("item", kwargs={"form": number.form, "item": number.subject})
    if place == active_pack().root.code:
        return reverse("figures-period", kwargs={"form": number.form, "period": number.period})
    return reverse(
        "figures-unit", kwargs={"form": number.form, "period": number.period, "place": place}
    )


def table(text: Text) -> dict[str, Any]:
    """The table under the text; its columns are those that have a number."""
    used = [
        column
        for column in COLUMNS
        if column in ("price", "weighted", CHANGE, FOUR, YEAR)
        or any(row.cells[column] is not None for row in text.rows)
    ]
    columns: list[dict[str, Any]] = [{"title": "品种"}] + [
        {"title": COLUMN_ZH[column], "numeric": True} for column in used
    ]
    rows: list[Any] = []
    section = ""
    for row in text.rows:
        if row.section != section:
            section = row.section
            rows.append({"group": f"{title_of(section)}（元/{row.unit}）"})
        rows.append([row.name, *(_cell(c, row.cells[c]) for c in used)])
    return {
        "columns": columns,
        "rows": rows,
        "note": (
            "类均价是各品种价格的简单平均，环比只比两期都有价的品种；加权均价按销售量加权后"
            "再对品种平均。四舍六入五成双，尾数可能差 0.01。"
        ),
    }


def _cell(column: str, number: Printed | None) -> Any:
    if number is None:
        return {"missing": "无可比数据"}
    if column in ("price", "weighted"):
        return number.text
    shown = {"change": Decimal(number.value.numerator) / number.value.denominator, "unit": "%"}
    return {**shown, "note": "据历史汇总"} if number.source == "history" else shown


def timeline(bulletin: Bulletin) -> list[dict[str, Any]]:
    """起草、签发、发布 in order."""
    names = names_of([bulletin.actor, *(one.actor for one in bulletin.decisions)])
    found: list[dict[str, Any]] = [
        {
            "title": "起草"
            if len(bulletin.drafts) == 1
            else f"起草（第 {len(bulletin.drafts)} 次保存）",
            "when": moment(bulletin.at),
            "by": names.get(bulletin.actor, ""),
            "number": str(bulletin.seq),
            "href": reverse("filing", kwargs={"seq": bulletin.seq}),
        }
    ]
    found += [_decided(one, names) for one in bulletin.decisions]
    return found


def _decided(one: Decision, names: dict[str, str]) -> dict[str, Any]:
    step = "签发" if one.step == records.SIGN else "发布"
    told = "退回：" + one.reason if one.outcome == "back" else one.reason
    if one.alone:
        told = "本机关只有一人有发布权，起草人自行签发。" + told
    return {
        "title": step if one.outcome != "back" else f"{step}时退回",
        "when": moment(one.at),
        "by": names.get(one.actor, ""),
        "number": str(one.seq),
        "detail": told,
        "href": reverse("filing", kwargs={"seq": one.seq}),
    }
