"""Which forms the market monitors: every periodic grid form that firms owe.

What other sources say (境外市场) and what a bureau adds of its own past (历史汇总) are filed and
shown too, but nobody owes them, so no period of theirs is opened.
"""

from __future__ import annotations

from ortoo.kernel.forms import registry
from ortoo.kernel.forms.definition import Form, FormError
from ortoo.kernel.forms.periods import Period

FOREIGN, HISTORY = "FOREIGN-M1", "HISTORY-W1"
UNOWED = frozenset({FOREIGN, HISTORY})
REGISTERS = frozenset({"enterprise"})


def forms() -> tuple[Form, ...]:
    """Newest versions of the forms that firms owe, in the order of their codes."""
    found = (form for form in registry.loaded().newest() if form.code not in UNOWED)
    return tuple(form for form in found if form.respondents.register in REGISTERS)


def codes() -> tuple[str, ...]:
    return tuple(form.code for form in forms())


def is_monitored(code: str) -> bool:
    """Whether a thread key's first part, or a filing's form, is one of these forms."""
    try:
        return code not in UNOWED and registry.get(code).respondents.register in REGISTERS
    except FormError:
        return False


def is_rolled_up(code: str) -> bool:
    """Whether the read model keeps sums of this form."""
    return code == FOREIGN or is_monitored(code)


def regular(form: Form, period: Period) -> bool:
    """Whether the period is one of the form's own cadence, not a 急报 of its cells."""
    return period.kind != "moment"


def opened_by_calendar(form: Form) -> bool:
    """Whether periods open by the form's own calendar; a daily one waits for its 专项监测."""
    return not form.period_types[-1].ordered
