"""A form's rules parsed once and kept by the form's digest: both back ends start from here."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from ortoo.kernel.forms.definition import Form, FormError, Rule
from ortoo.kernel.forms.expression import Scope, parse_number, parse_truth
from ortoo.kernel.forms.nodes import LimitRef, Node, Number, PeerScore, Truth, walk


@dataclass(frozen=True, slots=True, eq=False)
class CompiledRule:
    """One rule with its parsed condition, precondition and the figures its message shows."""

    rule: Rule
    truth: Truth
    when: Truth | None
    show: tuple[tuple[str, Number, str], ...]

    def nodes(self) -> list[Node]:
        tops: list[Node] = [self.truth, *(number for _, number, _ in self.show)]
        return [node for top in (*tops, *((self.when,) if self.when else ())) for node in walk(top)]


@dataclass(frozen=True, slots=True, eq=False)
class CompiledForm:
    """All rules of a form: over its leaves and over its groups."""

    form: Form
    leaf_rules: tuple[CompiledRule, ...]
    group_rules: tuple[CompiledRule, ...]

    @property
    def limit_names(self) -> tuple[str, ...]:
        names = {n.name for r in self.leaf_rules for n in r.nodes() if isinstance(n, LimitRef)}
        return tuple(sorted(names))

    @property
    def peer_scores(self) -> tuple[PeerScore, ...]:
        found = {n for r in self.leaf_rules for n in r.nodes() if isinstance(n, PeerScore)}
        return tuple(sorted(found, key=lambda score: (score.cell.measure, score.level)))


def scope_of(form: Form, rule: Rule) -> Scope:
    return Scope(
        measures=frozenset(measure.code for measure in form.measures),
        levels=frozenset(form.levels),
        group=rule.over == "group",
        own=rule.measure,
        tolerance=rule.tolerance,
    )


def compile_rule(form: Form, rule: Rule) -> CompiledRule:
    """Raises FormError with the rule's id in `where`."""
    scope = scope_of(form, rule)
    exact = Scope(scope.measures, scope.levels, scope.group, scope.own)
    try:
        return CompiledRule(
            rule=rule,
            truth=parse_truth(rule.expression, scope),
            when=None if rule.when is None else parse_truth(rule.when, exact),
            show=tuple((name, parse_number(text, exact), style) for name, text, style in rule.show),
        )
    except FormError as error:
        where = f"{form.code}.{rule.id}" + (f" {error.where}" if error.where else "")
        raise FormError(error.code, error.message, where) from None


@lru_cache(maxsize=256)
def compiled(form: Form) -> CompiledForm:
    """The form's rules, parsed on first use. Raises FormError if one may not be run."""
    rules = [compile_rule(form, rule) for rule in form.rules]
    return CompiledForm(
        form=form,
        leaf_rules=tuple(rule for rule in rules if rule.rule.over == "leaf"),
        group_rules=tuple(rule for rule in rules if rule.rule.over == "group"),
    )
