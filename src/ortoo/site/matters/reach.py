"""Who sees a thread 案卷 and who acts in it, decided by the grants there are. Pure.

A login sees a thread when its own party takes part in it (an agency, the filer, whoever was asked
or called in to supervise), or when a role of its that reads units reaches the thread's place.
It acts when its party takes part and it may file for that party, or holds that party's review.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ortoo.kernel.grants.roles import ROLES
from ortoo.kernel.grants.scope import Hold, Scope
from ortoo.kernel.threads.definition import FILER, ProcedureDefinition
from ortoo.kernel.threads.state import ThreadFold

ACTING = frozenset({"file_return", "review"})
READING = frozenset({"read_own"})


@dataclass(frozen=True, slots=True)
class Standpoint:
    """From where somebody looks at a thread.

    `party` is the own party where it takes part, else "". `inside`: sees what agencies say among
    themselves. `acts`: may speak for `party`.
    """

    party: str
    inside: bool
    acts: bool


def parties_of(found: ThreadFold) -> frozenset[str]:
    """Every party that takes part in a thread."""
    asked = {pause.party for pause in found.pauses.values() if pause.kind == "ask"}
    brought_in = {party for _, _, _, party in found.escalations}
    return frozenset({*found.agencies.values(), found.party(FILER), *asked, *brought_in}) - {""}


def forms_of(definition: ProcedureDefinition) -> frozenset[str]:
    """The forms a grant must cover one of, to be about threads of a procedure."""
    steps = {form for step in definition.steps for form in step.forms}
    return frozenset({*definition.opens_with, *steps, "K-DECIDE"})


def standpoint(
    scope: Scope, found: ThreadFold, parties: frozenset[str], place: str
) -> Standpoint | None:
    """How `scope` may look at a thread among `parties` at `place`; None: not at all."""
    forms = forms_of(found.plan.definition)
    if scope.party in parties and may_as_own(scope, READING, forms):
        agencies = {party for role, party in found.agencies.items() if role != FILER}
        acts = may_as_own(scope, ACTING, forms)
        return Standpoint(scope.party, scope.party in agencies, acts)
    if any(scope.may("read_unit_figures", form, place=place) for form in sorted(forms)):
        return Standpoint("", True, False)
    return None


def may_as_own(scope: Scope, verbs: frozenset[str], forms: Iterable[str] = ()) -> bool:
    """Whether a grant for the own party has one of the verbs, on one of the forms if any."""
    wanted: list[str | None] = [*forms] or [None]
    return bool(scope.party) and any(
        hold.party == scope.party and _verbs(hold) & verbs and hold.covers_form(form)
        for hold in scope.holds
        for form in wanted
    )


def _verbs(hold: Hold) -> frozenset[str]:
    return ROLES[hold.role].verbs
