"""The clerk's desk: whose return of which form and period is open, and where it stands."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import reverse

from ortoo.domains.market import checking
from ortoo.domains.market.services import Matter
from ortoo.domains.market.web import clerk_words as words
from ortoo.kernel.filings import read
from ortoo.kernel.filings.clock import now_ms
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.forms import registry
from ortoo.kernel.forms.body import GridBody
from ortoo.kernel.forms.definition import Form, FormError
from ortoo.kernel.forms.periods import Period, is_period_of, opens_at_ms, parse
from ortoo.kernel.grants.models import Account
from ortoo.kernel.grants.scope import Scope
from ortoo.kernel.parties.models import Party
from ortoo.kernel.places.active import active_pack
from ortoo.kernel.threads.periodic import ReturnState


@dataclass(frozen=True, slots=True)
class Desk:
    """One respondent's return as its own clerk sees it at `now`; with `office`, as the reviewing
    office there sees it that keys it in for the firm 代录."""

    scope: Scope
    matter: Matter
    form: Form
    period: Period
    state: ReturnState
    effective: read.FilingRow | None
    now: int
    office: str = ""

    @property
    def names(self) -> dict[str, str]:
        """The part of the address that is common to the pages of this return."""
        found = {"form": self.matter.form, "period": self.matter.period}
        if self.assisting:
            found |= {"office": self.office, "party": self.matter.party}
        return found

    @property
    def assisting(self) -> bool:
        """Whether an office keys it in for the firm."""
        return bool(self.office)

    @property
    def draft_owner(self) -> str:
        """Whose draft it is: a firm's own draft is said to nobody, not to its office either."""
        return f"@{self.office}:{self.matter.party}" if self.assisting else self.matter.party

    def href(self, page: str = "") -> str:
        """Address of the return's own page, or of its `draft`, `check`, `correct`."""
        first = "assisted" if self.assisting else "return"
        return reverse(f"{first}-{page}" if page else first, kwargs=self.names)

    @property
    def title(self) -> str:
        return words.title_of(self.form, self.period)

    @property
    def late(self) -> bool:
        """Whether the return was due before now."""
        return self.state.due_at is not None and self.state.due_at < self.now

    @property
    def reviewed(self) -> bool:
        """Whether some office has accepted the return in force."""
        return any(self.state.accepted_by(place) for place, _ in self.state.offices)

    def grid(self) -> GridBody | None:
        """The return in force, laid out for the version it is corrected under."""
        return checking.grid_of(self.form, self.effective) if self.effective else None

    def firm(self) -> str:
        """The registered name of the own party."""
        found = Party.objects.filter(code=self.matter.party).values_list("name", flat=True).first()
        return str(found or self.matter.party)

    def require_open(self) -> None:
        """Raise PERIOD-ARCHIVED or PERIOD-NOT-OPEN, saying what to do."""
        if self.state.archived_seq is not None:
            raise Refused(
                "PERIOD-ARCHIVED",
                f"{self.period.label_zh}已归档，不再接受任何报件。",
                "确需说明的，请联系自治区主管部门按归档后更正办法处理。",
                409,
            )
        if self.state.opened_seq is None:
            raise _not_open(self.form, self.period, self.now)


def _not_open(form: Form, period: Period, now: int) -> Refused:
    if not is_period_of(form, period):
        message = f"{period.code} 不是“{form.title['zh']}”的报告期。"
        return Refused("PERIOD-NOT-OPEN", message, "请从“我的报送”中选择报告期。", 404)
    opens = opens_at_ms(form, period, active_pack().head.time_zone)
    if opens > now:
        message = f"{period.label_zh}尚未开期，{words.moment(opens)} 开放填报。"
        return Refused("PERIOD-NOT-OPEN", message, "请在开期后报送。", 409)
    return Refused(
        "PERIOD-NOT-OPEN",
        f"{period.label_zh}没有本单位的应报任务：本单位当时不在样本企业名录中，或本期尚未发起。",
        "如应在名录中，请与本级商务主管部门联系。",
        409,
    )


def open_desk(request: HttpRequest, form: str, period: str) -> Desk:
    """The own party's return. Raises SCOPE-… , FORM-UNKNOWN or PERIOD-CODE."""
    scope: Scope = request.scope  # type: ignore[attr-defined]
    # Who may file nothing learns nothing of forms and periods either.
    scope.require("file_return", form=form, party=scope.party)
    return desk_of(scope, form, period, scope.party)


def desk_of(scope: Scope, form: str, period: str, party: str, office: str = "") -> Desk:
    """A respondent's return, whoever keys it; the caller has asked whether the scope may."""
    try:
        definition, span = registry.get(form), parse(period)
    except FormError as error:
        raise Refused(error.code, error.message, "请从“我的报送”进入。", 404) from error
    matter = Matter(definition.code, span.code, party)
    state = matter.state()
    effective = read.get(state.effective) if state.effective else None
    if effective is not None or state.version is not None:
        # The period's own version, whatever has been activated since (Law 13).
        version = effective.form_version if effective else state.version
        definition = registry.get(definition.code, version)
    return Desk(scope, matter, definition, span, state, effective, now_ms(), office)


def who(actor: str) -> str:
    """The display name of an actor of the own party."""
    login = actor.removeprefix("account:")
    found = Account.objects.filter(login=login).values_list("display_name", flat=True).first()
    return str(found or login)
