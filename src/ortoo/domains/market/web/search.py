"""Search 查找: items of all forms, places, firms in scope, forms, periods and receipts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from ortoo.domains.market import monitored, selectors
from ortoo.domains.market.web.figures_request import (
    FOREIGN,
    civil_day,
    place_name,
    shown_forms,
    visible_periods,
)
from ortoo.kernel.filings import read
from ortoo.kernel.filings.clock import now_ms
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.forms import registry
from ortoo.kernel.forms.definition import Form, Item
from ortoo.kernel.goods.catalogue import food
from ortoo.kernel.grants.scope import Scope
from ortoo.kernel.parties.models import Party
from ortoo.kernel.places.active import active_pack
from ortoo.kernel.places.load import load
from ortoo.kernel.places.place import Place
from ortoo.kernel.places.search import folded

LIMIT, ITEMS = 12, 24
SHORTEST = 2
LONGEST = 80
RECEIPT = re.compile(r"0*(\d{1,12})(?:-([0-9A-F]{8}))?")


@dataclass(frozen=True, slots=True)
class Hit:
    title: str
    href: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    title: str
    hits: tuple[Hit, ...]


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """One box for everything; nothing outside the scope is found or counted."""
    text = request.GET.get("q", "").strip()[:LONGEST]
    groups = find(request.scope, text) if text else []  # type: ignore[attr-defined]
    return render(request, "market/figures/search.html", {"q": text, "groups": groups})


def find(scope: Scope, text: str) -> list[Group]:
    """Groups with hits, in the order: receipt, items, places, firms, forms, periods."""
    shown = shown_forms(scope)
    found = [
        Group("报件", receipts(scope, text)),
        Group("品种", items(text, shown)),
        Group("地区", places(scope, text, shown)),
        Group("企业", firms(scope, text)),
        Group("表式", forms(text, shown)),
        Group("报告期", periods(scope, text, shown)),
    ]
    return [group for group in found if group.hits]


def items(text: str, shown: Sequence[Form]) -> tuple[Hit, ...]:
    """Rows of our forms whose good, name or alias the text finds, those with figures first;
    domestic before foreign."""
    with_figures = {form.code for form in shown}
    rest = [form for form in _forms() if form.code not in with_figures]
    hits = [
        Hit(
            item.name["zh"],
            reverse("item", kwargs={"form": form.code, "item": item.code}),
            f"{form.title['zh']}　{item.unit}",
        )
        for form, item in items_found(text, shown)
    ]
    hits += [
        Hit(item.name["zh"], "", f"{form.title['zh']}　尚无已发布的数字")
        for form, item in items_found(text, rest)
    ]
    return tuple(hits[:ITEMS])


def items_found(text: str, among: Iterable[Form]) -> list[tuple[Form, Item]]:
    """(form, row) of what a text finds in these forms, best first."""
    ranks = {good.code: rank for rank, good in enumerate(food().search(text, limit=60))}
    wanted = folded(text)
    found = []
    for form in among:
        for row, item in enumerate(form.leaves):
            rank = _item_rank(item, wanted, ranks)
            if rank is not None:
                beside = form.supplements is not None
                found.append((form.code == FOREIGN, rank, beside, row, form.code, form, item))
    found.sort(key=lambda entry: entry[:5])
    return [(form, item) for *_, form, item in found]


def _item_rank(item: Item, wanted: str, ranks: dict[str, int]) -> int | None:
    """0 for the whole name, then the catalogue's order, then a name that holds the text."""
    names = [folded(name) for name in (item.name["zh"], item.name.get("en", ""), *item.aliases)]
    if pinyin := item.name.get("pinyin", ""):
        names += [folded(pinyin), "".join(word[0] for word in pinyin.lower().split())]
    if wanted in names or wanted == item.code.lower():
        return 0
    if item.good in ranks:
        return 1 + ranks[item.good]
    return 100 if wanted and any(wanted in name for name in names) else None


def _forms() -> Iterable[Form]:
    """Forms whose figures have pages of their own: neither 专项监测日报 nor 历史汇总."""
    known = [form for form in monitored.forms() if monitored.opened_by_calendar(form)]
    return [*known, *(form for form in registry.loaded().newest() if form.code == FOREIGN)]


def forms(text: str, shown: Sequence[Form]) -> tuple[Hit, ...]:
    """表式 by title, 表号 or code."""
    wanted = folded(text)
    if len(wanted) < SHORTEST:
        return ()
    found = [
        form
        for form in shown
        if any(
            wanted in folded(name)
            for name in (form.title["zh"], form.title.get("en", ""), form.head.code, form.code)
        )
    ]
    return tuple(
        Hit(
            form.title["zh"], reverse("figures", kwargs={"form": form.code}),
            f"{form.head.code}　{form.code}",
        )
        for form in found[:LIMIT]
    )  # fmt: skip


def periods(scope: Scope, text: str, shown: Sequence[Form]) -> tuple[Hit, ...]:
    """报告期 by what they are called: 第47周, 2026年10月, 11月中旬, 2026-11-14."""
    wanted = folded(text)
    if len(wanted) < SHORTEST or not any(sign.isdigit() for sign in wanted):
        return ()
    found = []
    for form in shown:
        for period in visible_periods(scope, form, now_ms()):
            names = (period.label_zh, period.code, period.label_en)
            if any(wanted in folded(name) for name in names):
                href = reverse("figures-period", kwargs={"form": form.code, "period": period.code})
                found.append((period, Hit(period.label_zh, href, form.title["zh"])))
    found.sort(key=lambda pair: pair[0], reverse=True)
    return tuple(hit for _, hit in found[:LIMIT])


def places(scope: Scope, text: str, shown: Sequence[Form]) -> tuple[Hit, ...]:
    """Places of the region and foreign markets, by code, Chinese, pinyin, initials or English."""
    pack, abroad = active_pack(), load("foreign")
    hits = [_place_hit(scope, place, shown) for place in pack.search(text, limit=LIMIT)]
    hits += [_market_hit(scope, place) for place in abroad.search(text, limit=LIMIT)]
    return tuple(hit for hit in hits if hit)[:LIMIT]


def _newest(scope: Scope, form: str) -> str:
    known = registry.loaded().versions.get(form)
    periods = visible_periods(scope, registry.get(form), now_ms(), 12) if known else []
    return periods[0].code if periods else ""


def leading(shown: Sequence[Form]) -> str:
    """The form a place leads to: the shown one of prices with the most rows, not a supplement."""
    known = [form for form in shown if form.code != FOREIGN]
    known.sort(key=lambda form: (form.roles.price is None, form.supplements or "", form.code))
    return known[0].code if known else ""


def _place_hit(scope: Scope, place: Place, listed: Sequence[Form]) -> Hit | None:
    pack, form = active_pack(), leading(listed)
    period = _newest(scope, form)
    if not period:
        return Hit(place.zh, "", "尚无已发布的数字")
    whole = reverse("figures-period", kwargs={"form": form, "period": period})
    if place.code == pack.root.code:
        return Hit(place.zh, whole, place.en)
    unit = pack.unit_of(civil_day(now_ms())).get(place.code, "")
    own = place.code in scope.places("read_unit_figures", form)
    shown = place.code if own else unit
    if not shown:
        return Hit(place.zh, whole, place.en)
    href = reverse("figures-unit", kwargs={"form": form, "period": period, "place": shown})
    note = place.en if shown == place.code else f"数字按{place_name(unit)}公布"
    return Hit(place.zh, href, note)


def _market_hit(scope: Scope, place: Place) -> Hit | None:
    period = _newest(scope, FOREIGN)
    if not period:
        return None
    if not place.parent:
        href = reverse("figures-period", kwargs={"form": FOREIGN, "period": period})
    else:
        kwargs = {"form": FOREIGN, "period": period, "place": place.code}
        href = reverse("figures-unit", kwargs=kwargs)
    return Hit(place.zh, href, f"境外　{place.en}")


def firms(scope: Scope, text: str) -> tuple[Hit, ...]:
    """Firms inside the scope by name or code; each leads to its own page."""
    places = scope.places("read_unit_figures")
    own = scope.parties("read_own")
    if not (places or own):
        return ()
    within = Q(place__in=sorted(places)) | Q(code__in=sorted(own))
    named = Q(name__icontains=text) | Q(code__istartswith=text)
    found = Party.objects.filter(within & named, kind="enterprise").order_by("name")[:60]
    ranked = sorted(found, key=lambda party: (not party.name.startswith(text), party.name))
    return tuple(
        Hit(party.name, reverse("firm", kwargs={"party": party.code}), place_name(party.place))
        for party in ranked[:LIMIT]
    )


def receipts(scope: Scope, text: str) -> tuple[Hit, ...]:
    """The filing of a receipt number, where this reader may open it."""
    match = RECEIPT.fullmatch(text.upper().replace(" ", ""))
    if not match or (len(text) < 6 and not match[2]):
        return ()
    found = read.get(int(match[1]))
    if found is None or (match[2] and not found.number.endswith(match[2])):
        return ()
    try:
        selectors.filing(scope, found.seq)
    except Refused:
        return ()
    title = f"回执号 {found.number}"
    return (Hit(title, reverse("filing", kwargs={"seq": found.seq}), _about(found)),)


def _about(found: read.FilingRow) -> str:
    names = selectors.names_of([found.filer])
    return f"{names.get(found.filer, found.filer)}　{found.form}　{found.period}".strip()
