"""K-GRANT, K-RECOVERY and K-ACCESS as forms, and the register of grants as a projection."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ortoo.kernel.filings.behaviour import Annulment, RecordBehaviour, register
from ortoo.kernel.filings.projection import Header, Projection, Row, Table, register_projection
from ortoo.kernel.grants import rules

_PREFIX = rules.grant_thread("")


def _slices(header: Header) -> Iterable[str]:
    return (header.thread.removeprefix(_PREFIX),) if header.form == "K-GRANT" else ()


def _rows(login: str) -> Mapping[str, list[Row]]:
    from ortoo.kernel.filings import read

    thread = rules.grant_thread(login)
    found: list[Row] = list(rules.grant_rows(login, read.thread_lines([thread])[thread]))
    return {"kernel_grant": found}


GRANTS = Projection(
    name="grants", tables=(Table("kernel_grant", rules.GRANT_COLUMNS),), slices=_slices, rows=_rows
)
"""One slice a login."""


def register_grant_forms() -> None:
    """Make grants, issued codes and daily roots fileable, and keep the register of grants."""
    register(
        RecordBehaviour(
            "K-GRANT",
            1,
            rules.validate_grant,
            rules.grant_entries,
            annulment=Annulment(frozenset({"K-GRANT"}), frozenset({"agency", "system"})),
        )
    )
    register(RecordBehaviour("K-RECOVERY", 1, rules.validate_recovery, rules.recovery_entries))
    register(RecordBehaviour("K-ACCESS", 1, rules.validate_access, rules.access_entries))
    register_projection(GRANTS)
