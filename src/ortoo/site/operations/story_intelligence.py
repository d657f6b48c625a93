"""What system and people do with the figures: the model signed, alerts handled, bulletins."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from ortoo.domains.market.alerts import matters
from ortoo.domains.market.alerts import services as alerts
from ortoo.domains.market.alerts.matters import Alert
from ortoo.domains.market.alerts.services import Call
from ortoo.domains.market.bulletins import story
from ortoo.domains.market.forecasts import approvals
from ortoo.kernel.filings.projection import catch_up
from ortoo.kernel.grants.scope import Scope
from ortoo.site.operations.timeline import HOUR_MS, MINUTE_MS

if TYPE_CHECKING:
    from ortoo.site.operations.stories import Events, Plot

BULLETIN_WEEKS = 3
GROWER, BUYER = "150900", "150100"
"""乌兰察布 grows the potatoes; 呼和浩特 buys them, and its alert proves to be a false one."""
BUYER_SAID = (
    "走访两家批发市场和三家超市：外地土豆集中到货，当日售完，没有积压；本市不是主产区，不属于滞销。"
)
GROWER_SEEN = "电话核实四家企业和后旗、商都产地：收购价低于上年，窖存多，客商少，情况属实。"
GROWER_MEANT = "请区内批发市场和商超对接产地货源，先从客商少的旗县开始；继续按周报监测。"
GROWER_TOLD = "乌兰察布市土豆价格继续下跌，窖存未减，拟继续组织产销对接，请自治区协调外销。"
PORK_SEEN = "与发展改革、农牧部门核对：本系统口径猪粮比价低于 6∶1，与其监测方向一致，情况属实。"
PORK_MEANT = "只作提示，不代替国家发布的预警；按旬跟踪生猪出栏价和玉米价格。"


def events(plot: Plot, first_ms: int) -> Events:
    yield "model", first_ms + 2 * HOUR_MS, partial(_sign, plot)
    yield from _handled(plot)
    yield "bulletins", plot.now_ms - 30 * MINUTE_MS, partial(_bulletins, plot)
    yield "alerts", plot.now_ms - 10 * MINUTE_MS, _raise


def _sign(plot: Plot, at_ms: int) -> None:
    """The region signs the forecasting model, so that its forecasts are more than a trial."""
    approvals.sign(
        scope=plot.office_scope(plot.cast.pack.root.code, at_ms), decision="approve",
        budget=approvals.BUDGET, policy=approvals.POLICY, key="demo:model", now_ms=at_ms,
    )  # fmt: skip


def _bulletins(plot: Plot, at_ms: int) -> None:
    catch_up()
    league = next((p.place for p in plot.cast.parts if p.login == "league"), "")
    places = tuple(place for place in (plot.cast.pack.root.code, league) if place)
    root = plot.cast.pack.root.code
    # The league's newest week is for the reader to draft; the region's waits to be signed.
    left = tuple(place for place in places if place != root)
    story.tell(places=places, now_ms=at_ms, weeks=BULLETIN_WEEKS, undrafted=left, unsigned=(root,))


def _raise(at_ms: int) -> None:
    catch_up()
    alerts.raise_due(at_ms)


# --- handled weeks ago --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Handling:
    """One step: the keyword arguments of every step, then what this one says."""

    given: dict[str, Any]

    def verify(self, outcome: str, text: str, cause: str = "") -> None:
        alerts.verify(**self.given, outcome=outcome, cause=cause, text=text)

    def propose(self, measures: tuple[str, ...], text: str) -> None:
        alerts.propose(**self.given, measures=measures, text=text)

    def call(self, text: str) -> None:
        called = self.given["now_ms"] - 5 * MINUTE_MS
        call = Call(
            "市场运行科值班员", "自治区商务厅市场运行处", called, text, "请按时报送书面报告。"
        )
        alerts.log_call(**self.given, call=call)

    def report(self, step: str, text: str) -> None:
        said = {
            "cause": "集中上市，客商少，外运慢",
            "done": "已走访产地，对接两家批发市场",
            "text": text,
        }
        alerts.report(**self.given, step=step, said=said)


Step = tuple[int, str, str, Callable[[Handling], None]]


def _steps(root: str) -> tuple[Step, ...]:
    """(days ago, when, whose, what), in order of time."""
    return (
        (14, "11:50", BUYER, lambda it: it.verify("false_alarm", BUYER_SAID, "other")),
        (14, "14:20", GROWER, lambda it: it.verify("confirmed", GROWER_SEEN)),
        (14, "15:10", root, lambda it: it.verify("confirmed", PORK_SEEN)),
        (13, "10:15", GROWER, lambda it: it.propose(("matching", "watch"), GROWER_MEANT)),
        (13, "16:30", root, lambda it: it.propose(("watch",), PORK_MEANT)),
        (7, "11:05", GROWER, lambda it: it.call(GROWER_TOLD)),
        (7, "12:05", GROWER, lambda it: it.report("report", GROWER_TOLD)),
        (7, "12:20", GROWER, lambda it: it.report("follow3", GROWER_TOLD)),
    )


def _handled(plot: Plot) -> Events:
    """Two Mondays ago the rules raised what potatoes and pigs did and the offices took it up; a
    week later the potatoes rose a level, and now their alert waits to be ended."""
    if not {GROWER, BUYER} <= set(plot.cast.agencies):
        return
    for days in (14, 7):
        yield f"alerts-{days}", plot.at(days, "10:30"), _raise
    for days, clock, place, does in _steps(plot.cast.pack.root.code):
        at_ms = plot.at(days, clock)
        yield f"alert-{place}-{at_ms}", at_ms, partial(_step, plot, place, does)


def _step(plot: Plot, place: str, does: Callable[[Handling], None], at_ms: int) -> None:
    catch_up()
    scope = plot.office_scope(place, at_ms)
    found = next((one for one in _open(scope) if one.place == place), None)
    if found is None:
        raise LookupError(f"no alert is open at {place}")
    key = f"demo:alert:{place}:{at_ms}"
    does(Handling({"scope": scope, "alert": found, "key": key, "now_ms": at_ms}))


def _open(scope: Scope) -> list[Alert]:
    return [one for one in matters.alerts(scope) if one.stage == "open"]
