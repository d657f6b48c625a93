"""The demonstration's clock 演示时钟: the machine's, moved by an offset that only ever grows.

The offset stands in a small file of the installation, so that every process has the same hour; it
is read again when the file has changed, which costs one `stat`. The clock never goes back, because
the log does not: what has been received keeps its place and its hour.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import time
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop
from django.views.decorators.http import require_http_methods

from ortoo.kernel.filings import clock
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.forms import registry
from ortoo.kernel.forms.definition import Form
from ortoo.kernel.forms.periods import due_at_ms, opens_at_ms, period_on
from ortoo.kernel.places.active import active_pack

FORM = "SCJC-W1"
MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
LONGEST_DAYS = 70
_known: tuple[tuple[int, int], int] = ((0, 0), 0)


def _path() -> Path:
    return Path(settings.HOME) / "demo-clock.json"


def machine_ms() -> int:
    """The machine's own clock."""
    return time.time_ns() // 1_000_000


def offset_ms() -> int:
    """What is added to the machine's clock; 0 before the demonstration was prepared."""
    global _known  # noqa: PLW0603  one process keeps one reading
    try:
        seen = os.stat(_path())  # noqa: PTH116  a bare stat on every request
    except OSError:
        return 0
    stamp = (seen.st_mtime_ns, seen.st_ino)
    if stamp != _known[0]:
        _known = (stamp, int(json.loads(_path().read_text())["offset_ms"]))
    return _known[1]


def now_ms() -> int:
    """The demonstration's now."""
    return machine_ms() + offset_ms()


def set_now(ms: int) -> None:
    """Make it `ms` now. Only seeding and resuming call this; people move the clock forward."""
    offset = ms - machine_ms()
    fresh = _path().with_suffix(".new")
    fresh.write_text(json.dumps({"offset_ms": offset, "seen_ms": ms}))
    fresh.replace(_path())


def remember() -> None:
    """Note the hour, so that a demonstration taken up tomorrow goes on where it stopped."""
    if _path().exists():
        set_now(now_ms())


def resume(newest_ms: int) -> None:
    """Go on from the hour last noted, or from the newest filing if that is later."""
    seen = json.loads(_path().read_text())["seen_ms"] if _path().exists() else machine_ms()
    set_now(max(int(seen), newest_ms + 1))


def plug_in() -> None:
    """Give services the demonstration's clock; nothing outside a demonstration."""
    if settings.DEMO:
        clock.use(now_ms)


@dataclass(frozen=True, slots=True)
class Stop:
    """A moment worth going to, always ahead."""

    code: str
    title: str
    at_ms: int


def stops(form: Form, now: int) -> list[Stop]:
    """The next occurrence of each stop after `now`."""
    zone = active_pack().head.time_zone
    today = _local(now, zone).date()
    dues, opens = [], []
    for days in range(-14, 22, 7):
        period = period_on(form, today + dt.timedelta(days=days))
        dues.append(due_at_ms(form, period, zone))
        opens.append(opens_at_ms(form, period, zone))

    def following(moments: list[int], shift_ms: int) -> int:
        return min(m + shift_ms for m in moments if m + shift_ms > now)

    tomorrow = dt.datetime.combine(
        today + dt.timedelta(days=1), dt.time(9), tzinfo=ZoneInfo(zone)
    )
    found = [
        Stop("morning", noop("报送日上午 10:40"), following(dues, -80 * MINUTE_MS)),
        Stop("before", noop("截止前 10 分钟"), following(dues, -10 * MINUTE_MS)),
        Stop("after", noop("截止后 1 小时"), following(dues, HOUR_MS)),
        Stop("tomorrow", noop("次日 9:00"), int(tomorrow.timestamp()) * 1000),
        Stop("opening", noop("下一期开期"), following(opens, MINUTE_MS)),
    ]
    return sorted(found, key=lambda stop: stop.at_ms)


def forward(to_ms: int) -> list[str]:
    """Move the clock to `to_ms`, opening on the way every period whose hour comes; their codes.

    Raises Refused CLOCK-BACK and CLOCK-FAR.
    """
    from ortoo.domains.market import timely

    now = now_ms()
    if to_ms <= now:
        raise Refused(
            "CLOCK-BACK",
            "时钟只能向前拨：已收到的报件按先后入链存证，时间不能倒流。",
            "请选择晚于当前演示时间的时刻；要从头来过，请运行 ./ortoo demo --fresh。",
            409,
        )
    if to_ms > now + LONGEST_DAYS * DAY_MS:
        raise Refused(
            "CLOCK-FAR", f"一次最多向前拨 {LONGEST_DAYS} 天。", "请分几次拨动。", 409
        )
    opened: list[str] = []
    for at_ms in timely.moments(now, to_ms):
        opened += [
            receipt.key.split(":")[2]
            for receipt in timely.act(at_ms)
            if receipt.key.startswith("open:")
        ]
    set_now(to_ms)
    return list(dict.fromkeys(opened))


def _local(ms: int, zone: str) -> dt.datetime:
    return dt.datetime.fromtimestamp(ms / 1000, ZoneInfo(zone))


def clock_text(ms: int) -> str:
    """«11月23日 周一 10:40» in the region's time."""
    at = _local(ms, active_pack().head.time_zone)
    return f"{at.month}月{at.day}日 周{'一二三四五六日'[at.weekday()]} {at:%H:%M}"


@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    """拨动演示时钟; 404 outside a demonstration."""
    if not settings.DEMO:
        raise Http404
    found = stops(registry.get(FORM), now_ms())
    context: dict[str, object] = {
        "now": clock_text(now_ms()),
        "stops": [(stop, clock_text(stop.at_ms)) for stop in found],
        "least": f"{_local(now_ms() + MINUTE_MS, active_pack().head.time_zone):%Y-%m-%dT%H:%M}",
        "problem": None,
    }
    if request.method != "POST":
        return render(request, "site/demo_clock.html", context)
    try:
        opened = forward(_wanted(request, found))
    except Refused as refused:
        context["problem"] = refused
        return render(request, "site/demo_clock.html", context, status=refused.status)
    said = _("演示时钟已拨到 %(time)s。") % {"time": clock_text(now_ms())}
    if opened:
        said += _("其间已开期：%(periods)s。") % {"periods": "、".join(opened)}
    messages.success(request, said)
    return HttpResponseRedirect(reverse("demo-clock"))


def _wanted(request: HttpRequest, found: list[Stop]) -> int:
    code = request.POST.get("stop", "")
    for stop in found:
        if stop.code == code:
            return stop.at_ms
    try:
        at = dt.datetime.fromisoformat(request.POST.get("at", ""))
    except ValueError:
        raise Refused(
            "CLOCK-TIME", "没有读懂这个时刻。", "请按“2026-11-23T12:30”填写，或选一个停靠点。"
        ) from None
    return int(at.replace(tzinfo=ZoneInfo(active_pack().head.time_zone)).timestamp()) * 1000
