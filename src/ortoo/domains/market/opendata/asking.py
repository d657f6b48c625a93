"""What a download was asked for, and the tag by which a reader knows it has not changed."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpRequest

from ortoo.domains.market.opendata import given
from ortoo.domains.market.opendata.given import Chosen, Issue
from ortoo.kernel.filings.clock import now_ms
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.forms import registry
from ortoo.kernel.forms.definition import Form, FormError
from ortoo.kernel.forms.periods import parse
from ortoo.kernel.places.active import active_pack

PARAMETERS = frozenset({
    "period", "from", "to", "place", "item", "vintage", "as_of", "vintages", "bom",
})  # fmt: skip
SHAPE = "1"
"""Raised whenever the bytes of a download change for the same figures."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A form, what of it, and the issues that count."""

    form: Form
    chosen: Chosen
    issues: tuple[Issue, ...]

    @property
    def updated_ms(self) -> int:
        return max((one.at_ms for one in self.issues), default=0)

    @property
    def newest(self) -> int:
        return max((one.seq for one in self.issues), default=0)


def form_of(code: str, at_ms: int) -> Form:
    """A form of which something is out. Raises Refused OPEN-FORM (404)."""
    found = next((form for form in given.forms(at_ms) if form.code == code), None)
    if found is None:
        raise Refused(
            "OPEN-FORM", f"开放数据里没有表式 {code[:30]}。", "请从开放数据页选择表式。", 404
        )
    return found


def asked_of(request: HttpRequest, code: str) -> Asked:
    """Read a request. Raises Refused OPEN-… ."""
    at = now_ms()
    form = form_of(code, at)
    for name in request.GET:
        if name not in PARAMETERS:
            raise Refused(
                "OPEN-PARAMETER", f"不认识的参数 {name[:30]}。",
                f"可用的参数：{'、'.join(sorted(PARAMETERS))}。", 400,
            )  # fmt: skip
    get = request.GET.get
    every = get("vintages", "")
    if every not in ("", "latest", "all"):
        raise Refused("OPEN-VINTAGES", "vintages 只能是 latest 或 all。", "请更正网址。", 400)
    item = get("item", "")
    versions = registry.loaded().versions.get(form.code, ())
    if item and not any(item in one.by_code for one in versions):
        said = f"表式 {form.code} 没有品种 {item[:20]}。"
        raise Refused("OPEN-ITEM", said, "请查品种代码。", 404)
    chosen = Chosen(
        form.code,
        periods=frozenset(_period(one) for one in request.GET.getlist("period") if one),
        first=_day(get("from", "")),
        last=_day(get("to", "")),
        unit=get("place", ""),
        item=item,
        until=_vintage(get("vintage", ""), form.code),
        until_ms=_end_of(get("as_of", "")),
        every=every == "all",
    )
    return Asked(form, chosen, tuple(given.kept(chosen, at)))


def _period(code: str) -> str:
    try:
        return parse(code).code
    except FormError as error:
        raise Refused("OPEN-PERIOD", f"{error.message}。", "例如 W2026-11-14。", 400) from error


def _day(text: str) -> str:
    if not text:
        return ""
    try:
        return dt.date.fromisoformat(text).isoformat()
    except ValueError:
        raise Refused("OPEN-DATE", f"日期“{text[:20]}”不能识别。", "请写作 2026-11-19。") from None


def _end_of(text: str) -> int | None:
    """The last millisecond of a civil day."""
    if not (day := _day(text)):
        return None
    zone = ZoneInfo(active_pack().head.time_zone)
    after = dt.datetime.combine(
        dt.date.fromisoformat(day) + dt.timedelta(days=1), dt.time(), tzinfo=zone
    )
    return int(after.timestamp() * 1000) - 1


def _vintage(text: str, form: str) -> int | None:
    """A log index of one of the form's issues: between two issues there is nothing to see."""
    if not text:
        return None
    known = {one.seq for one in given.issues(form, now_ms())}
    if not text.isascii() or not text.isdigit() or int(text) not in known:
        raise Refused(
            "OPEN-VINTAGE", f"没有数据版次 {text[:20]}。",
            "版次号见 vintage 列，或用 as_of=日期。", 404,
        )  # fmt: skip
    return int(text)


def etag(asked: Asked, kind: str) -> str:
    """Changes when an issue is added, a period comes out, or the form or the columns change."""
    said = "|".join((
        SHAPE, kind, asked.form.digest.hex(), str(settings.DEMO), repr(asked.chosen),
        ",".join(str(one.seq) for one in asked.issues),
    ))  # fmt: skip
    return f'"{hashlib.sha256(said.encode()).hexdigest()[:32]}"'
