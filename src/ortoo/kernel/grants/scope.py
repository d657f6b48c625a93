"""Scope 授权范围: what one login may see and do today. Every read in selectors takes one (Law 15).

Places follow the dated 报送关系, never the code tree: a city that reports to the region directly is
invisible to the league whose code prefix it bears, and the reverse.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.grants.roles import ROLES, SECOND_FACTOR, VERBS, Reach
from ortoo.kernel.places.pack import Pack

ALL_FORMS = "*"
NOWHERE: frozenset[str] = frozenset()


class GrantRow(Protocol):
    """A row of the register of grants; `forms` is space-separated codes or `*`."""

    @property
    def role(self) -> str: ...
    @property
    def party(self) -> str: ...
    @property
    def place(self) -> str: ...
    @property
    def forms(self) -> str: ...
    @property
    def valid_from(self) -> str: ...
    @property
    def valid_to(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Hold:
    """One grant in force: a role, for a party, on forms, over the places in `reach`.

    Holds are never merged: a deputy who reviews in one league and only reads in another must not
    get the first one's verbs at the second one's places.
    """

    role: str
    party: str = ""
    place: str = ""
    forms: frozenset[str] = frozenset({ALL_FORMS})
    reach: frozenset[str] = NOWHERE
    everywhere: bool = False

    def allows(self, verb: str, form: str | None, place: str | None, party: str | None) -> bool:
        """Whether this grant covers the verb for the object, as far as an object is named."""
        return (
            verb in ROLES[self.role].verbs
            and self.covers_form(form)
            and self.covers_object(VERBS[verb].reach, place, party)
        )

    def covers_form(self, form: str | None) -> bool:
        return form is None or ALL_FORMS in self.forms or form in self.forms

    def covers_object(self, reach: Reach, place: str | None, party: str | None) -> bool:
        if reach is Reach.ANYWHERE or self.everywhere:
            return True
        if reach is Reach.OWN:
            # A place alone never proves whose filing it is.
            return party == self.party if party is not None else place is None
        return place in self.reach if place is not None else party is None


@dataclass(frozen=True, slots=True)
class Scope:
    """What `login` may do on the day `as_of`; immutable, made once a request.

    `party` is the organisation it speaks for, `place` where its office or firm stands, `ask` whom
    a refusal sends it to.
    """

    login: str
    party: str
    place: str
    holds: tuple[Hold, ...]
    as_of: date
    ask: str = ""

    @property
    def actor(self) -> str:
        """How filings name who pressed the button."""
        return f"account:{self.login}" if self.login and self.login != "SYSTEM" else self.login

    @property
    def roles(self) -> frozenset[str]:
        return frozenset(hold.role for hold in self.holds)

    @property
    def forms(self) -> frozenset[str]:
        return frozenset().union(*(hold.forms for hold in self.holds))

    @property
    def reach(self) -> frozenset[str]:
        """Places whose unit figures this scope may read; empty for clerks, readers, operators."""
        return self.places("read_unit_figures")

    @property
    def is_public(self) -> bool:
        return not self.login

    def may(
        self,
        verb: str,
        form: str | None = None,
        place: str | None = None,
        party: str | None = None,
    ) -> bool:
        """Whether some grant covers `verb` for the object.

        Verbs on the own party need `party`, verbs on places need `place`; with neither the answer
        is whether the verb is held at all, which decides menus and never reads. An unknown verb
        raises KeyError: it is a slip of ours, not of the person's.
        """
        VERBS[verb]
        return any(hold.allows(verb, form, place, party) for hold in self.holds)

    def places(self, verb: str, form: str | None = None) -> frozenset[str]:
        """Place codes in which `verb` (on `form`) is allowed: what a selector filters by."""
        return frozenset().union(
            *(
                hold.reach
                for hold in self.holds
                if verb in ROLES[hold.role].verbs and hold.covers_form(form)
            )
        )

    def parties(self, verb: str, form: str | None = None) -> frozenset[str]:
        """Own parties for which `verb` (on `form`) is allowed."""
        return frozenset(
            hold.party
            for hold in self.holds
            if hold.party and verb in ROLES[hold.role].verbs and hold.covers_form(form)
        )

    def may_read(self, *, party: str, place: str, form: str | None = None) -> bool:
        """Whether one unit's figures are open: it is the own party, or its place is in scope."""
        return self.may("read_own", form, party=party) or self.may(
            "read_unit_figures", form, place=place
        )

    def require(
        self,
        verb: str,
        form: str | None = None,
        place: str | None = None,
        party: str | None = None,
    ) -> None:
        """Raise a coded Refused unless `may`; the refusal never says what the object holds."""
        if not self.may(verb, form, place, party):
            raise self._refusal(verb, form, place, party)

    def require_read(self, *, party: str, place: str, form: str | None = None) -> None:
        """Raise SCOPE-… unless `may_read`."""
        if not self.may_read(party=party, place=place, form=form):
            raise self._refusal("read_unit_figures", form, place, party)

    def _refusal(
        self, verb: str, form: str | None, place: str | None, party: str | None
    ) -> Refused:
        what = VERBS[verb].zh
        if self.is_public:
            return Refused(
                "SCOPE-LOGIN", f"「{what}」需要登录。", "请用本单位的账号登录。", 401, RULE
            )
        ask = self.ask or "本级系统管理员"
        remedy = f"如工作需要，请向{ask}申请授权，并说明表式、地区和用途。"
        if not self.may(verb):
            return Refused("SCOPE-VERB", f"您的授权不含「{what}」。", remedy, 403, RULE)
        if not self.may(verb, form):
            message = f"您的「{what}」授权不含表式 {form}。"
            return Refused("SCOPE-FORM", message, remedy, 403, RULE)
        if VERBS[verb].reach is Reach.OWN:
            message = f"「{what}」只限本单位；这里是其他单位的内容。"
            return Refused("SCOPE-PARTY", message, remedy, 403, RULE)
        message = f"您的「{what}」授权范围不含这个地区；范围按报送关系确定。"
        return Refused("SCOPE-PLACE", message, remedy, 403, RULE)


RULE = "授权与报送关系"

_EPOCH = date(1970, 1, 1)
PUBLIC = Scope("", "", "", (Hold("public"),), _EPOCH)
"""Whoever is not logged in."""

SYSTEM = Scope("SYSTEM", "SYSTEM", "", (Hold("system", "SYSTEM", everywhere=True),), _EPOCH)
"""The system party: it opens periods and makes the first accounts; it reads no figure."""


def in_force(row: GrantRow, on: date) -> bool:
    """Whether a grant holds on a day; both ends are days in force, an empty end is open."""
    day = on.isoformat()
    return row.valid_from <= day and (not row.valid_to or day <= row.valid_to)


def hold_of(row: GrantRow, pack: Pack, on: date) -> Hold:
    """A grant with its places resolved by the 报送关系 of that day."""
    role = ROLES[row.role]
    reach = pack.under(row.place, on) if role.needs_place and row.place in pack else NOWHERE
    return Hold(row.role, row.party, row.place, frozenset(row.forms.split()), reach)


def scope_of(
    who: Mapping[str, str], rows: Iterable[GrantRow], *, pack: Pack, on: date, strong: bool = True
) -> Scope:
    """Scope of a login from its grant rows on a day. Pure.

    `who` has `login` and `party`. With `strong` False the session has no second factor, so grants
    of roles that ask for one are left out.
    """
    holds = tuple(
        hold_of(row, pack, on)
        for row in rows
        if row.role in ROLES
        and ROLES[row.role].grantable
        and in_force(row, on)
        and (strong or row.role not in SECOND_FACTOR)
    )
    place = next((hold.place for hold in holds if hold.place), "")
    return Scope(
        login=who["login"],
        party=who["party"],
        place=place,
        holds=(*holds, Hold("public")),
        as_of=on,
        ask=whom_to_ask(holds, pack, on),
    )


def whom_to_ask(holds: Iterable[Hold], pack: Pack, on: date) -> str:
    """The office that can widen a scope: the reviewing office above, or the region's operator."""
    for hold in holds:
        if hold.place not in pack:
            continue
        above = pack.reports_to(hold.place, on)
        if hold.role == "clerk" or above is None:
            office = pack.reviewing_place(hold.place, on)
        else:
            office = pack.reviewing_place(above, on)
        title = pack.bureau(office.code)
        if title:
            return f"{title}系统管理员" if above is None else title
    return ""


def role_scope(
    role: str, *, pack: Pack, on: date, party: str = "", place: str = "", login: str = "test"
) -> Scope:
    """A scope with one grant, for jobs that act as an office and for tests. Pure."""
    reach = pack.under(place, on) if ROLES[role].needs_place else NOWHERE
    return Scope(login, party, place, (Hold(role, party, place, reach=reach), Hold("public")), on)
