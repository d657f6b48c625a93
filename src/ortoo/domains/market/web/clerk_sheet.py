"""One page, one press, several forms: the regional return with the league's own rows below it.

A supplement 盟市补充指标 is a form of its own (`Form.supplements` names the regional one). While
both are open and unfiled, its rows stand below the regional grid and are filed with it in one
transaction; the regional form is not touched. On the page the codes of its rows bear a prefix, so
that no code of one form can be taken for the other's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from ortoo.domains.market import checking
from ortoo.domains.market.editing.limits_in_force import basis_of, rules_of_limit
from ortoo.domains.market.services import Matter
from ortoo.domains.market.web.clerk_desk import Desk
from ortoo.domains.market.web.clerk_fields import (
    MOST_FIELDS,
    Fields,
    Findings,
    checked_fields,
    examine,
)
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.forms import registry
from ortoo.kernel.forms.definition import Form
from ortoo.kernel.forms.issues import Issue

_PREFIX = re.compile(r"([a-z])\.(x[0-9]+_)(.+)\Z")


@dataclass(frozen=True, slots=True)
class Part:
    """One form of the page; `prefix` stands before the codes of its rows, "" for the first."""

    prefix: str
    desk: Desk

    @property
    def form(self) -> Form:
        return self.desk.form

    def own(self, fields: Fields) -> dict[str, str]:
        """This form's fields of the page, under the form's own names."""
        found: dict[str, str] = {}
        for name, text in fields.items():
            prefix, own = _split(name)
            if prefix == self.prefix:
                found[own] = text
        return found

    def paged(self, fields: Fields) -> dict[str, str]:
        """Fields under the form's own names as they are called on the page."""
        if not self.prefix:
            return dict(fields)
        return {f"{name[:2]}{self.prefix}{name[2:]}": text for name, text in fields.items()}

    def issues(self, found: Sequence[Issue]) -> list[Issue]:
        """Issues with the codes of rows as on the page."""
        if not self.prefix:
            return list(found)
        return [replace(issue, item=self.prefix + issue.item) for issue in found]


def parts_of(desk: Desk) -> tuple[Part, ...]:
    """The desk's own form, then the open and unfiled supplements of the same period."""
    found = [Part("", desk)]
    if desk.effective is None and not desk.assisting:
        found += [
            Part(f"x{number}_", other)
            for number, other in enumerate(_supplements(desk), 1)
        ]
    return tuple(found)


def beside(desk: Desk) -> list[Desk]:
    """Supplements of the same period that are still owed, each on its own page."""
    return [] if desk.assisting else list(_supplements(desk))


def _supplements(desk: Desk) -> Iterator[Desk]:
    for form in registry.loaded().newest():
        if form.supplements != desk.form.code:
            continue
        if not desk.scope.may("file_return", form=form.code, party=desk.matter.party):
            continue
        matter = Matter(form.code, desk.period.code, desk.matter.party)
        state = matter.state()
        if state.opened_seq is None or state.archived_seq or state.versions or state.waived_seq:
            continue
        pinned = registry.get(form.code, state.version) if state.version else form
        yield Desk(desk.scope, matter, pinned, desk.period, state, None, desk.now)


def _split(name: str) -> tuple[str, str]:
    found = _PREFIX.match(name)
    return (found[2], f"{found[1]}.{found[3]}") if found else ("", name)


def checked(parts: Sequence[Part], said: object) -> dict[str, str]:
    """The fields of the page that hold something. Raises Refused FIELD…"""
    if not isinstance(said, Mapping):
        return checked_fields(parts[0].form, said)
    if len(said) > MOST_FIELDS:
        raise Refused(
            "FIELDS-MANY", f"一次提交的字段超过 {MOST_FIELDS} 个。", "请从报表页提交。", 413
        )
    known = {part.prefix for part in parts[1:]}
    by_part: dict[str, dict[str, object]] = {part.prefix: {} for part in parts}
    for name, value in said.items():
        prefix, own = _split(str(name))
        by_part[prefix if prefix in known else ""][own if prefix in known else str(name)] = value
    found: dict[str, str] = {}
    for part in parts:
        found |= part.paged(checked_fields(part.form, by_part[part.prefix]))
    return found


def examined(parts: Sequence[Part], fields: Fields) -> list[Findings]:
    """What is wrong with each form of the page."""
    return [_examined(part, part.own(fields)) for part in parts]


def _examined(part: Part, fields: Fields) -> Findings:
    """With the basis of a limit that was learnt from the place's own history, in the sentence."""
    context = checking.context_of(part.form, part.desk.matter)
    found = examine(part.form, fields, context)
    month, learnt = part.desk.period.end.month, rules_of_limit(part.form)
    issues = []
    for issue in found.issues:
        basis = basis_of(context.limits, issue.item, month) if issue.rule in learnt else ""
        issues.append(replace(issue, message=f"{issue.message}{basis}") if basis else issue)
    return replace(found, issues=tuple(issues))


def told(
    parts: Sequence[Part], found: Sequence[Findings], *, blocking: bool = False
) -> list[Issue]:
    """All issues of the page, in its order."""
    return [
        issue
        for part, one in zip(parts, found, strict=True)
        for issue in part.issues(one.blocking if blocking else one.issues)
    ]


def speaking_of(parts: Sequence[Part], fields: Fields) -> dict[str, str]:
    """The fields of forms that are on the page now: a supplement filed meanwhile is left out."""
    known = {part.prefix for part in parts}
    return {name: text for name, text in fields.items() if _split(name)[0] in known}
