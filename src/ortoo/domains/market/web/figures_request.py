"""What a figures page was asked: form, period, basis, as-of, item; links that keep it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.db import connection
from django.http import HttpRequest
from django.urls import reverse

from ortoo.domains.market import monitored, selectors
from ortoo.domains.market.publication import is_published, published_at, published_periods
from ortoo.kernel.filings import read
from ortoo.kernel.filings.clock import now_ms
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.forms import registry
from ortoo.kernel.forms.definition import Form, FormError
from ortoo.kernel.forms.periods import Period, is_period_of, parse
from ortoo.kernel.grants.scope import Scope
from ortoo.kernel.places.active import active_pack
from ortoo.kernel.places.load import load
from ortoo.kernel.places.place import Place

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
FOREIGN = monitored.FOREIGN


@dataclass(frozen=True, slots=True)
class Asked:
    """One request for figures. `as_of` is a log index, `day` its date; None both for now."""

    scope: Scope
    form: Form
    period: Period
    basis: str
    day: dt.date | None
    as_of: int | None
    item: str
    now: int

    @property
    def foreign(self) -> bool:
        return self.form.code == FOREIGN

    @property
    def chain(self) -> bool:
        """Whether the reader is in a reviewing chain: may read unpublished periods and vintages."""
        return in_chain(self.scope, self.form.code)

    @property
    def today(self) -> dt.date:
        return civil_day(self.now)

    @property
    def shown_day(self) -> dt.date:
        """The day of «截至×月×日»."""
        return self.day or self.today

    @property
    def query(self) -> str:
        """The query that keeps basis, as-of and item on the next page."""
        return query_of(
            basis="" if self.foreign or self.basis == "reviewed" else self.basis,
            as_of=self.day.isoformat() if self.day else "",
            item=self.item,
        )

    @property
    def as_of_words(self) -> str:
        day = self.shown_day
        return f"{day.year}年{day.month}月{day.day}日"

    @property
    def basis_words(self) -> str:
        if self.foreign:
            return "来源方发布，未经境内审核"
        return "含未审" if self.basis == "all" else "仅已审核"

    def page(self, name: str, **kwargs: object) -> str:
        """Address of another page about the same period, with the same basis and as-of."""
        given = {"form": self.form.code, "period": self.period.code, **kwargs}
        return reverse(name, kwargs=given) + self.query

    def behind(self, unit: str, item: str) -> str:
        """Address of the filings behind one figure."""
        return replace(self, item="").page("contributions", unit=unit, item=item)


def query_of(**parameters: str) -> str:
    kept = {name: value for name, value in parameters.items() if value}
    return f"?{urlencode(kept)}" if kept else ""


def in_chain(scope: Scope, form: str) -> bool:
    return bool(scope.places("read_aggregates", form) | scope.places("read_unit_figures", form))


def civil_day(at_ms: int) -> dt.date:
    zone = ZoneInfo(active_pack().head.time_zone)
    return dt.datetime.fromtimestamp(at_ms / 1000, zone).date()


def form_of(code: str) -> Form:
    try:
        return registry.get(code)
    except FormError as error:
        raise Refused("FORM-UNKNOWN", error.message + "。", "请核对表式代码。", 404) from error


def period_of(form: Form, code: str) -> Period:
    try:
        period = parse(code)
    except FormError as error:
        raise Refused("PERIOD-CODE", error.message + "。", "请从报告期列表中选择。", 404) from error
    if not is_period_of(form, period):
        raise Refused(
            "PERIOD-UNKNOWN",
            f"{form.title['zh']}没有报告期 {code}。",
            "请从报告期列表中选择。",
            404,
        )
    return period


def visible_periods(scope: Scope, form: Form, now: int, limit: int = 60) -> list[Period]:
    """Periods this reader may choose from, newest first."""
    found = selectors.periods_of(form.code, limit)
    if form.code == FOREIGN or in_chain(scope, form.code):
        return found
    is_out = published_periods(form, now)
    return [period for period in found if is_out(period)]


def shown_forms(scope: Scope, current: Form | None = None) -> list[Form]:
    """Forms of which this reader finds any figure, 境外市场 last; 专项监测 has its own pages."""
    known = [form for form in monitored.forms() if monitored.opened_by_calendar(form)]
    known += [registry.get(FOREIGN)] if FOREIGN in registry.loaded().versions else []
    tables = [
        "market_rollup"
        if form.code == FOREIGN or in_chain(scope, form.code)
        else "market_issued"
        for form in known
    ]
    if not known:
        return []
    parts = ",".join(f"EXISTS(SELECT 1 FROM {table} WHERE form=%s)" for table in tables)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {parts}", [form.code for form in known])
        present = cursor.fetchone()
    found = [form for form, some in zip(known, present, strict=True) if some]
    if current is not None and current.code not in {form.code for form in found}:
        found.insert(0, current)
    return found


def asked_of(request: HttpRequest, form_code: str, period_code: str) -> Asked:
    """Read a request. Raises Refused FORM-…, PERIOD-…, AS-OF-…, ITEM-UNKNOWN, NOT-PUBLISHED."""
    form = form_of(form_code)
    period = period_of(form, period_code)
    now = now_ms()
    scope: Scope = request.scope  # type: ignore[attr-defined]
    foreign = form.code == FOREIGN
    basis = "all" if foreign or request.GET.get("basis") == "all" else "reviewed"
    day, as_of = _vintage(request.GET.get("as_of", ""), now)
    item = request.GET.get("item", "")
    if item and item not in form.leaf_index:
        raise Refused(
            "ITEM-UNKNOWN", f"表式 {form.code} 没有品种 {item}。", "请从列表中选择。", 404
        )
    asked = Asked(scope, form, period, basis, day, as_of, item, now)
    _require_published(asked)
    request.paper = (form.code, period.code)  # type: ignore[attr-defined]
    return asked


def _require_published(asked: Asked) -> None:
    if asked.chain or is_published(asked.form, asked.period, asked.now):
        return
    when = civil_day(max(published_at(asked.form, asked.period), asked.now))
    raise Refused(
        "NOT-PUBLISHED",
        f"{asked.period.label_zh}尚未发布，审核期结束 {asked.form.publish.embargo_days} 日后公布。",
        f"请在{when.month}月{when.day}日后再来，或查看以前的报告期。",
        403,
        "公布办法",
    )


def _vintage(text: str, now: int) -> tuple[dt.date | None, int | None]:
    """(day, log index) of «截至×月×日»; None both where that is today or later."""
    if not text:
        return None, None
    try:
        day = dt.date.fromisoformat(text)
    except ValueError:
        raise Refused("AS-OF-DATE", f"日期“{text[:20]}”不能识别。", "请写作 2026-11-19。") from None
    if day >= civil_day(now):
        return None, None
    zone = ZoneInfo(active_pack().head.time_zone)
    end = dt.datetime.combine(day + dt.timedelta(days=1), dt.time(), tzinfo=zone)
    return day, read.tail_at(int(end.timestamp() * 1000) - 1)


def place_of(code: str) -> Place | None:
    """A place of the region, or of the foreign markets."""
    return active_pack().get(code) or load("foreign").get(code)


def place_name(code: str, *, short: bool = False) -> str:
    """What a unit is called on screens; respondents that stand at the root are its 直报."""
    if code.endswith("*"):
        return f"{place_name(code[:-1], short=True)}直报"
    place = place_of(code)
    if place is None:
        return code.split("-", 1)[-1].replace("-", " ").title()
    return place.short if short else place.zh
