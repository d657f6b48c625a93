"""Which office issues a place's bulletins, what it is called, and who in it may sign."""

from __future__ import annotations

import datetime as dt

from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.grants.models import Grant
from ortoo.kernel.grants.roles import ROLES
from ortoo.kernel.grants.scope import Scope
from ortoo.kernel.parties.models import Party
from ortoo.kernel.places.active import active_pack


def title_of(place: str) -> str:
    """The product's name: 市场运行情况 of the region, 市场动态分析 of a 盟市."""
    pack = active_pack()
    if place == pack.root.code:
        return f"{pack[place].zh}市场运行情况"
    return f"{pack[place].zh}生活必需品市场动态分析"


def office_name(place: str) -> str:
    """The issuing office."""
    return active_pack().bureau(place) or active_pack()[place].zh


def holders(place: str, on: dt.date) -> set[str]:
    """Log-ins of the place's own office that may sign and publish."""
    day = on.isoformat()
    rows = Grant.objects.filter(place=place, valid_from__lte=day)
    return {
        row.login
        for row in rows
        if (not row.valid_to or day <= row.valid_to) and "publish" in ROLES[row.role].verbs
    }


def require_office(scope: Scope, place: str) -> None:
    """Refused BULLETIN-OTHER-OFFICE unless the scope speaks for the place's own agency."""
    own = any(hold.place == place and hold.party == scope.party for hold in scope.holds)
    if not own or not Party.objects.filter(code=scope.party, kind="agency").exists():
        raise Refused(
            "BULLETIN-OTHER-OFFICE", "只能编发本机关的公报。", "请由该地区的机关办理。", 403
        )
