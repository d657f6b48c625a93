"""What a declaration of a truck must meet beyond its form: its agencies are those of the port."""

from __future__ import annotations

from ortoo.domains.port.offices import offices_of, refuse
from ortoo.domains.port.rules import offices_fault
from ortoo.kernel.filings.behaviour import JsonObject
from ortoo.kernel.filings.draft import Draft

DECLARATION = "GK-TRUCK-ENTRY"


def check_declaration(draft: Draft, body: JsonObject) -> None:
    """Refused PORT-UNKNOWN or PORT-OFFICE."""
    refuse(offices_fault(body, offices_of(str(body["port"]))))
