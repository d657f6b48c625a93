"""Market monitoring over HTTP: a thin router, the same selectors and services as the pages."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema

from ortoo.domains.market import selectors, services
from ortoo.domains.market.rules.figures import Figure
from ortoo.domains.market.web.figures_request import in_chain, is_published
from ortoo.domains.market.web.figures_words import Denomination
from ortoo.kernel.filings.clock import now_ms
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.forms import registry
from ortoo.kernel.forms.body import GridBody
from ortoo.kernel.forms.definition import Cell, FormError, Nil
from ortoo.kernel.forms.periods import parse

router = Router(tags=["market"])


class ReturnIn(Schema):
    """A return: integer minor units, or a nil "n" 未经营, "o" 断货, "s" 季节无货, or null."""

    key: str
    party: str
    columns: dict[str, list[int | str | None]]
    marks: dict[str, str] = {}
    notes: dict[str, str] = {}
    supersedes: int | None = None
    reason: str = ""
    version: int | None = None


class ReceiptOut(Schema):
    """Where the return stands in the log, and its digests (hex)."""

    seq: int
    number: str
    digest_sha256: str
    digest_sm3: str
    received_at: int
    duplicate: bool


class DutyOut(Schema):
    """One open duty of the caller; times in ms since the epoch."""

    key: str
    kind: str
    form: str
    period: str
    subject: str
    due_at: int | None


@router.get("/duties", response=list[DutyOut])
def duties(request: HttpRequest) -> Any:
    """应办事项 of the caller, most urgent first."""
    return [
        {name: getattr(duty, name) for name in DutyOut.model_fields}
        for duty in selectors.open_duties(request.scope)  # type: ignore[attr-defined]
    ]


@router.get("/forms/{form}")
def form_definition(request: HttpRequest, form: str) -> dict[str, Any]:
    """Rows and columns of a form: what a till or another system needs to file it."""
    found = registry.get(form)
    return {
        "code": found.code,
        "version": found.version,
        "digest": found.digest.hex(),
        "title": dict(found.title),
        "items": [
            {"code": item.code, "name": dict(item.name), "unit": item.unit, "spec": item.spec}
            for item in found.leaves
        ],
        "measures": [
            {"code": m.code, "title": dict(m.title), "unit": m.unit, "scale": m.scale}
            for m in found.measures
        ],
        "nil_reasons": {nil.value: nil.zh for nil in found.nil_reasons},
    }


@router.get("/figures/{form}/{period}")
def figures(
    request: HttpRequest, form: str, period: str, basis: str = "reviewed", as_of: int | None = None
) -> dict[str, Any]:
    """Published figures by reporting unit. `mean` is the mean price, or the total of a form
    without prices, of `measure`, in its unit with its places, as text: an exact fraction would tell
    the quantity it was divided by."""
    scope = request.scope  # type: ignore[attr-defined]
    definition, span = registry.get(form), parse(period)
    if not in_chain(scope, form) and not is_published(definition, span, now_ms()):
        raise Refused(
            "NOT-PUBLISHED", f"{span.label_zh}尚未发布。", "请在发布后查看，或用审核账号登录。", 403
        )
    table = selectors.figures(scope, form, span.code, basis=basis, as_of=as_of)
    by = Denomination(definition)
    return {
        "form": form,
        "measure": by.measure.code,
        "period": table.period.code,
        "basis": basis,
        "as_of": as_of,
        "units": {
            unit: {item: _figure(figure, by) for item, figure in items.items()}
            for unit, items in table.units.items()
        },
    }


def _figure(figure: Figure, by: Denomination) -> dict[str, Any]:
    return {
        "mean": None if figure.mean is None else by.text(figure.mean),
        "n": None if figure.suppressed else figure.sums.quotes,
        "expected": figure.sums.expected,
        "filed": figure.sums.filed,
        "suppressed": figure.suppressed,
    }


@router.post("/returns/{form}/{period}", response=ReceiptOut)
def file_return(request: HttpRequest, form: str, period: str, body: ReturnIn) -> Any:
    """File or correct one return. The same `key` with the same content gives the first receipt."""
    columns: dict[str, tuple[Cell, ...]] = {}
    try:
        for code, cells in body.columns.items():
            columns[code] = tuple(Nil(cell) if isinstance(cell, str) else cell for cell in cells)
    except ValueError as error:
        raise Refused(
            "GRID-TYPE", f"不认识的空值原因：{error}", "只接受 n、o、s 或 null。"
        ) from error
    try:
        matter = services.Matter(form, parse(period).code, body.party)
        receipt = services.file_return(
            scope=request.scope,  # type: ignore[attr-defined]
            new=services.ReturnToFile(
                matter=matter,
                grid=GridBody(columns, notes=body.notes, marks=body.marks),
                key=body.key,
                supersedes=body.supersedes,
                reason=body.reason,
                version=body.version,
            ),
            now_ms=now_ms(),
        )
    except FormError as error:
        raise Refused(error.code, error.message, "请按表式更正。") from error
    return {
        "seq": receipt.seq,
        "number": receipt.number,
        "digest_sha256": receipt.digest.hex(),
        "digest_sm3": receipt.digest_sm3.hex(),
        "received_at": receipt.received_at,
        "duplicate": receipt.duplicate,
    }
