"""Filing returns: one or several of a firm in one transaction, said now or while there was no line.

A return that was said without a network carries two times: `said_at`, when the button was pressed
by the phone's clock, and `received_at`, when it came. Timeliness 及时 is counted by `received_at`,
for a clock that its owner can set proves nothing; `said_at` is shown beside it, so that whoever
judges the lateness sees both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ortoo.domains.market import checking
from ortoo.kernel.filings import read
from ortoo.kernel.filings.behaviour import behaviour_of
from ortoo.kernel.filings.draft import Draft, Original, Receipt
from ortoo.kernel.filings.projection import catch_up
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.filings.write import file_many
from ortoo.kernel.forms import registry
from ortoo.kernel.forms.body import GridBody
from ortoo.kernel.forms.definition import Form
from ortoo.kernel.forms.models import ReturnDraft
from ortoo.kernel.forms.periods import Period, opens_at_ms, parse
from ortoo.kernel.grants.scope import Scope
from ortoo.kernel.parties.models import Party
from ortoo.kernel.places.active import active_pack
from ortoo.kernel.threads.periodic import ReturnState, fold_return, return_thread

LONGEST_UNSENT_MS = 7 * 86_400_000
"""How long ago a return may have been said that arrives now; beyond, only its arrival counts."""


@dataclass(frozen=True, slots=True)
class Matter:
    """Which return is spoken of: form code, period code, party code."""

    form: str
    period: str
    party: str

    @property
    def thread(self) -> str:
        return return_thread(self.form, self.period, self.party)

    def state(self) -> ReturnState:
        """Where the return stands now."""
        return fold_return(read.thread_lines([self.thread])[self.thread])


@dataclass(frozen=True, slots=True)
class ReturnToFile:
    """One return as its respondent files it; `key` comes with the page and makes it idempotent."""

    matter: Matter
    grid: GridBody
    key: str
    supersedes: int | None = None
    reason: str = ""
    version: int | None = None


@dataclass(frozen=True, slots=True)
class Spoken:
    """How a return came: when it was said, by whom it was keyed, on what evidence."""

    said_at: int
    mode: str = "own"
    original: Original | None = None


def file_returns(
    *, scope: Scope, news: Sequence[ReturnToFile], now_ms: int, said_at: int | None = None
) -> list[Receipt]:
    """报送 several returns of the own party, all or none; a receipt each. Raises Refused."""
    for new in news:
        scope.require("file_return", form=new.matter.form, party=new.matter.party)
    spoken = Spoken(said(said_at, now_ms))
    receipts = file_many(
        [return_draft(scope, new, spoken, now_ms=now_ms) for new in news], now_ms=now_ms
    )
    for new in news:
        matter = new.matter
        ReturnDraft.objects.filter(
            form=matter.form, period=matter.period, party=matter.party
        ).delete()
    catch_up()
    return receipts


def said(said_at: int | None, now_ms: int) -> int:
    """A phone's time of pressing the button, where it can be true; else the time of arrival."""
    if said_at is None or not now_ms - LONGEST_UNSENT_MS <= said_at <= now_ms:
        return now_ms
    return said_at


def return_draft(scope: Scope, new: ReturnToFile, spoken: Spoken, *, now_ms: int) -> Draft:
    """One return checked against its past, its peers and the limits. Raises RETURN-ISSUES."""
    matter = new.matter
    state = matter.state()
    version = new.version or state.version
    definition = registry.get(matter.form, version)
    behaviour_of(matter.form, version).encode(new.grid)
    if state.order is None:
        _refuse_future(definition, parse(matter.period), now_ms)
    issues = checking.issues_of(definition, new.grid, matter)
    stopping = checking.blocking(issues)
    if stopping:
        raise Refused(
            "RETURN-ISSUES",
            f"还有 {len(stopping)} 处需要更正或说明，尚未报送。",
            "请逐处更正，或为核实性提示选择原因。",
            details=list(stopping),
        )
    return Draft(
        form=matter.form,
        version=version,
        filer=matter.party,
        actor=scope.actor,
        key=new.key,
        body=new.grid,
        said_at=spoken.said_at,
        period=matter.period,
        subject=matter.party,
        place=Party.objects.values_list("place", flat=True).get(code=matter.party),
        supersedes=new.supersedes,
        reason=new.reason,
        mode=spoken.mode,
        original=spoken.original,
    )


def _refuse_future(form: Form, period: Period, now_ms: int) -> None:
    """By the form's own calendar; what an order opened early is open."""
    if opens_at_ms(form, period, active_pack().head.time_zone) > now_ms:
        raise Refused("PERIOD-FUTURE", f"{period.label_zh}尚未开期。", "请在开期后报送。", 409)


__all__ = [
    "Matter", "ReturnToFile", "Spoken", "file_returns", "return_draft", "said",
]  # fmt: skip
