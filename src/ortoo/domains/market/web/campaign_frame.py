"""What pages of 专项监测 and 急报 share: the office, hours, page keys, lists."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest

from ortoo.domains.market.respondents import members_of, places_of
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.forms.definition import Form
from ortoo.kernel.grants.roles import ROLES
from ortoo.kernel.grants.scope import Scope
from ortoo.kernel.parties.models import ListMember, Party
from ortoo.kernel.places.active import active_pack

LIST_ZH: Mapping[str, str] = {
    "retail_necessities": "生活必需品零售样本",
    "wholesale_markets": "批发市场样本",
    "material_dealers": "生产资料经销企业",
    "backbone_firms": "流通骨干企业",
    "supply_guarantors": "应急保供企业",
    "trading_markets": "商品交易市场",
}


def zone() -> str:
    """The region's civil time zone."""
    return active_pack().head.time_zone


def today(now: int) -> dt.date:
    """The region's civil day."""
    return dt.datetime.fromtimestamp(now / 1000, ZoneInfo(zone())).date()


def page_key() -> str:
    """A key that comes with the page and makes its post idempotent."""
    return uuid.uuid4().hex


def key_of(request: HttpRequest) -> str:
    """The page's key, or a fresh one where a hand-made post has none."""
    key = request.POST.get("key", "")
    return key if len(key) == 32 and key.isalnum() else page_key()


def office_of(scope: Scope, verb: str) -> str:
    """The place whose office this scope speaks for with a verb; Refused without one."""
    for hold in scope.holds:
        if hold.place and verb in ROLES[hold.role].verbs:
            return hold.place
    scope.require(verb)
    raise Refused("OFFICE-NONE", "您的授权没有写明机关所在地区。", "请联系系统管理员。", 403)


def lists_in(form: Form, place: str, on: dt.date) -> list[dict[str, Any]]:
    """Lists with members inside a place, the form's own first: {code, title, count}."""
    inside = active_pack().under(place, on)
    codes = sorted(set(ListMember.objects.values_list("list_code", flat=True).distinct()))
    own = form.respondents.sample
    found = []
    for code in sorted(codes, key=lambda one: (one != own, one)):
        at = places_of(members_of([code], on))
        count = sum(where in inside for where in at.values())
        if count:
            title = LIST_ZH.get(code, code)
            found.append({"code": code, "title": title, "count": count, "own": code == own})
    return found


def places_in(place: str, on: dt.date) -> list[dict[str, str]]:
    """The places that report to a place directly, to narrow by."""
    pack = active_pack()
    return [{"code": one.code, "title": one.zh} for one in pack.reporting_children(place, on)]


def firms_in(place: str, on: dt.date) -> list[dict[str, str]]:
    """Every enterprise inside a place by place and name."""
    pack = active_pack()
    inside = pack.under(place, on)
    rows = [p for p in Party.objects.filter(kind="enterprise") if p.place in inside]
    rows.sort(key=lambda row: (row.place, row.name))
    return [{"code": row.code, "name": row.name, "place": pack[row.place].zh} for row in rows]


def items_by_group(form: Form, chosen: Iterable[str]) -> list[dict[str, Any]]:
    """Leaves under their group's title, with whether each is chosen."""
    picked, found = set(chosen), []
    leaves = {item.code: item for item in form.leaves}
    seen: set[str] = set()
    for group in form.groups:
        items = [leaves[code] for code in group.children if code in leaves]
        if items:
            seen |= {item.code for item in items}
            found.append({"title": group.name["zh"], "rows": _ticks(items, picked)})
    rest = [item for item in form.leaves if item.code not in seen]
    if rest:
        found.append({"title": "品种", "rows": _ticks(rest, picked)})
    return found


def _ticks(items: Iterable[Any], picked: set[str]) -> list[dict[str, Any]]:
    return [
        {"code": item.code, "title": item.name["zh"], "on": item.code in picked} for item in items
    ]


def place_zh(code: str) -> str:
    """A place's name."""
    pack = active_pack()
    return pack[code].zh if code in pack else code
