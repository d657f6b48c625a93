"""What the domain's files cannot say: who may be named, accounts, two small procedures."""

from __future__ import annotations

from pathlib import Path

from ortoo.domains.port.declarations import DECLARATION, check_declaration
from ortoo.domains.port.offices import OFFICES, OfficesProcedure
from ortoo.domains.port.orders import ORDER, OrderProcedure, check_order
from ortoo.domains.port.quotas import ALLOWANCE, FORM, QUOTA, TRADED, check_quota
from ortoo.domains.port.residents import RESIDENT, check_resident
from ortoo.kernel.forms.record_behaviour import register_record_check
from ortoo.kernel.forms.record_registry import register_record_forms
from ortoo.kernel.postings.accounts import register_account
from ortoo.kernel.threads.procedure import register_procedure

FORMS = Path(__file__).with_name("forms")
PROCEDURES = Path(__file__).with_name("procedures")
CHECKS = {
    DECLARATION: check_declaration,
    ORDER: check_order,
    FORM: check_quota,
    RESIDENT: check_resident,
}


def register_port() -> None:
    """Make the forms fileable with their own checks; guard the quotas. Harmless when repeated."""
    register_record_forms([FORMS])
    for code, check in CHECKS.items():
        register_record_check(code, check)
    register_account(QUOTA, guarded=True)
    for prefix in (ALLOWANCE, TRADED, "yard", "border"):
        register_account(prefix, guarded=False)
    register_procedure(OFFICES, OfficesProcedure())
    register_procedure(ORDER, OrderProcedure())
