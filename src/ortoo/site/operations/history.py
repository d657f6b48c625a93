"""Five years of earlier weeks, filed in the background as 历史补录, newest first.

What history says was said long ago and is received now: `said_at` is historical, `received_at` the
present, mode `import`. Every key is made of period and firm, so a week broken off is taken up again
without filing anything twice. Batches are small and rest in between: people file meanwhile.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ortoo.domains.market import issued, publication, services
from ortoo.kernel.filings import read
from ortoo.kernel.filings.draft import Draft, Receipt
from ortoo.kernel.filings.projection import catch_up
from ortoo.kernel.filings.write import file_many
from ortoo.kernel.forms.body import GridBody
from ortoo.kernel.forms.periods import Period, due_at_ms, opens_at_ms, period_on, previous_on
from ortoo.kernel.threads.periodic import office_thread
from ortoo.site.operations.cast import Cast
from ortoo.world import Firm

BATCH = 100
REST_S = 0.05
MODE, REASON = "import", "历史补录"
HOUR_MS = 3_600_000


@dataclass(frozen=True, slots=True)
class Past:
    """How history is filed: the present moment, how long to rest, and whether to stop."""

    now_ms: Callable[[], int]
    rest_s: float = REST_S
    stopped: Callable[[], bool] = lambda: False


def periods_before(cast: Cast, first: Period) -> list[Period]:
    """Periods of the form before `first` that the world reaches, newest first."""
    form, start = cast.region.form, cast.region.world.ground.start
    found: list[Period] = []
    period = previous_on(form, first)
    while period is not None and period.start >= start:
        found.append(period)
        period = previous_on(form, period)
    return found


def is_filed(form: str, period: Period) -> bool:
    """Whether a period's history is complete: archived as its last act."""
    return bool(read.rows("key = %s", [f"archive:{form}:{period.code}"]))


def file_period(cast: Cast, period: Period, past: Past) -> bool:
    """File one period's history; False when it was told to stop half-way."""
    firms, grids = cast.region.settled(period)
    week = _Week(cast, period, firms, grids)
    _file([week.opening()], past)
    drafts, returns = week.returns(), list[Receipt]()
    for start in range(0, len(grids), BATCH):
        if past.stopped():
            return False
        returns += _file(drafts[start : start + BATCH], past)
    seqs = dict(zip(grids, (receipt.seq for receipt in returns), strict=True))
    _file([*week.acceptances(seqs), week.archiving()], past)
    catch_up()
    return True


def issue_after(cast: Cast, period: Period, past: Past, *, oldest: bool) -> None:
    """Give out the week after one that was filed: its changes now have their base.

    With `oldest`, that one too, since nothing will come before it.
    """
    form = cast.region.form
    following = period_on(form, period.next().start)
    for span in (following, period) if oldest else (following,):
        said_at = publication.published_at(form, span)
        if is_filed(form.code, span) and not issued.vintages(form.code, span.code):
            publication.issue(
                form=form.code, period=span.code, now_ms=past.now_ms(), said_at=said_at,
                note=REASON,
            )  # fmt: skip
    catch_up()


def _file(drafts: Sequence[Draft], past: Past) -> list[Receipt]:
    receipts = file_many(drafts, now_ms=past.now_ms())
    time.sleep(past.rest_s)
    return receipts


class _Week:
    """Drafts of one period of history, the same whenever they are made."""

    def __init__(
        self, cast: Cast, period: Period, firms: Sequence[Firm], grids: dict[str, GridBody]
    ) -> None:
        self.cast, self.period, self.firms, self.grids = cast, period, firms, grids
        self.form, zone = cast.region.form, cast.pack.head.time_zone
        self.due = due_at_ms(self.form, period, zone)
        self.opened = opens_at_ms(self.form, period, zone)
        self.chains = {
            firm.code: [
                place
                for place in services.reviewing_chain(cast.pack, firm.place, period.end)
                if place in cast.agencies
            ]
            for firm in firms
        }

    def _system(self, form: str, key: str, body: Mapping[str, object], said_at: int) -> Draft:
        return Draft(
            form, services.SYSTEM, services.SYSTEM, key, body, said_at,
            period=self.period.code, mode=MODE, reason=REASON,
        )  # fmt: skip

    def opening(self) -> Draft:
        offices = {place for chain in self.chains.values() for place in chain}
        body = {
            "form": self.form.code,
            "period": self.period.code,
            "due_at": self.due,
            "review_due_at": self.due + services.REVIEW_HOURS * HOUR_MS,
            "offices": {place: self.cast.agencies[place] for place in sorted(offices)},
            "respondents": [
                [firm.code, firm.place, self.chains[firm.code]]
                for firm in sorted(self.firms, key=lambda firm: firm.code)
            ],
        }
        key = f"open:{self.form.code}:{self.period.code}"
        return self._system("K-OPEN", key, body, self.opened)

    def returns(self) -> list[Draft]:
        places = {firm.code: firm.place for firm in self.firms}
        return [
            Draft(
                form=self.form.code,
                filer=code,
                actor=self.cast.actor(code),
                mode=MODE,
                key=f"demo:{self.period.code}:return:{code}:1",
                body=grid,
                said_at=self.due - HOUR_MS,
                period=self.period.code,
                subject=code,
                place=places[code],
                reason=REASON,
            )
            for code, grid in self.grids.items()
        ]

    def acceptances(self, seqs: dict[str, int]) -> Iterator[Draft]:
        """Accepted where it ends: at the last office of each firm's chain."""
        last: dict[str, list[list[object]]] = {}
        for code, seq in sorted(seqs.items()):
            last.setdefault(self.chains[code][-1], []).append([code, seq])
        for office, targets in sorted(last.items()):
            agency = self.cast.agencies[office]
            yield Draft(
                form="K-ACCEPT",
                filer=agency,
                actor=self.cast.actor(agency),
                mode=MODE,
                key=f"demo:{self.period.code}:accept:{office}",
                body={
                    "form": self.form.code, "period": self.period.code, "office": office,
                    "targets": targets, "conclude": True, "note": REASON,
                },
                said_at=self.due + services.REVIEW_HOURS * HOUR_MS,
                period=self.period.code,
                subject=office_thread(self.form.code, self.period.code, office),
                place=office,
                reason=REASON,
            )  # fmt: skip

    def archiving(self) -> Draft:
        offices = sorted({place for chain in self.chains.values() for place in chain})
        body = {
            "form": self.form.code,
            "period": self.period.code,
            "parties": sorted(self.chains),
            "offices": offices,
        }
        key = f"archive:{self.form.code}:{self.period.code}"
        return self._system("K-ARCHIVE", key, body, self.due + 60 * HOUR_MS)
