"""What every figures page shows around its figures: period, basis, as-of, source, exports."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.urls import reverse

from ortoo.domains.market import observations
from ortoo.domains.market.foreign import ORGANISATIONS
from ortoo.domains.market.selectors import Table, names_of
from ortoo.domains.market.web.figures_request import (
    Asked,
    place_name,
    query_of,
    shown_forms,
    visible_periods,
)
from ortoo.domains.market.web.figures_words import Denomination
from ortoo.kernel.filings import read
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.forms import body as codec
from ortoo.kernel.forms import registry
from ortoo.kernel.forms.definition import Form, Item

CURRENCIES = {"MNT": "图格里克", "RUB": "卢布", "KZT": "坚戈", "USD": "美元", "CNY": "元"}


def frame(
    asked: Asked, table: Table, *, unit: str = "", item: Item | None = None
) -> dict[str, Any]:
    """Context shared by region, unit and item pages."""
    root = replace(asked, item=asked.item)
    return {
        "asked": asked,
        "form": asked.form,
        "period": asked.period,
        "periods": visible_periods(asked.scope, asked.form, asked.now),
        "forms": shown_forms(asked.scope, asked.form),
        "item_choices": item_choices(asked.form),
        "unit": unit,
        "as_of": asked.as_of_words,
        "as_of_href": "#vintage" if asked.chain and item is None else "",
        "bases": _bases(asked, table, unit or table.root, item),
        "crumbs": _crumbs(root, table, unit, item),
        "source": source_of(asked) if asked.foreign else None,
        "exports": [(kind, _export(asked, unit, kind)) for kind in ("csv", "xlsx")],
        "live": not asked.foreign and (table.basis == "all" or table.as_of is not None),
        "waiting": waiting_of(asked, table, unit or table.root),
        "outside": not asked.chain and not asked.foreign,
    }


def item_choices(form: Form) -> list[tuple[str, list[Item]]]:
    """The form's rows by category, each once; rows of no category at the end."""
    found, seen = [], set()
    for group in form.groups:
        rows = [form.leaves[row] for row in form.descendants[group.code]]
        rows = [item for item in rows if item.code not in seen]
        seen |= {item.code for item in rows}
        if rows:
            found.append((group.name["zh"], rows))
    rest = [item for item in form.leaves if item.code not in seen]
    return [*found, ("其他", rest)] if rest else found


def _export(asked: Asked, unit: str, kind: str) -> str:
    kwargs = {"form": asked.form.code, "period": asked.period.code, "kind": kind}
    query = query_of(
        basis="all" if asked.basis == "all" and not asked.foreign else "",
        as_of=asked.day.isoformat() if asked.day else "",
        unit=unit,
        item=asked.item,
    )
    return reverse("export", kwargs=kwargs) + query


def _bases(asked: Asked, table: Table, unit: str, item: Item | None) -> list[dict[str, Any]]:
    """「仅已审核」 and 「含未审」, the latter with how many firms wait; only inside the chain."""
    if asked.foreign or not asked.chain:
        return []
    waiting = table.figure(unit, asked.form.leaves[0].code).sums.unreviewed
    day = asked.day.isoformat() if asked.day else ""
    fixed = {"as_of": day, "item": asked.item}
    if item is not None:
        fixed = {"period": asked.period.code}
    current = asked.basis
    return [
        {"title": "仅已审核", "href": query_of(**fixed) or "?", "current": current == "reviewed"},
        {
            "title": f"含未审 · 未审 {waiting} 家",
            "href": query_of(basis="all", **fixed),
            "current": current == "all",
        },
    ]


def waiting_of(asked: Asked, table: Table, unit: str) -> int:
    """Returns of the unit that no office has accepted; 0 to whoever sees only what is issued."""
    if asked.foreign or not asked.chain:
        return 0
    return table.figure(unit, asked.form.leaves[0].code).sums.unreviewed


def _crumbs(asked: Asked, table: Table, unit: str, item: Item | None) -> list[dict[str, str]]:
    whole = asked.page("figures-period")
    first = place_name(table.root if not unit or unit != table.root else unit, short=True)
    heading = denomination_of(asked).heading
    crumbs = [{"title": f"{first}{heading}" if not unit else heading, "href": whole}]
    if unit:
        crumbs.append({"title": place_name(unit, short=True), "href": ""})
    elif item is not None:
        crumbs.append({"title": item.name["zh"], "href": ""})
    else:
        return []
    return crumbs


def refuse_unknown_unit(place: str, *, inside: bool) -> None:
    """Raise UNIT-UNKNOWN (404) unless the place is below a unit and inside the scope."""
    if inside:
        return
    raise Refused(
        "UNIT-UNKNOWN",
        f"没有报送单位 {place} 的数字，或不在您的范围内。",
        "报送单位按报送关系确定；请从列表中选择。",
        404,
    )


def source_of(asked: Asked) -> dict[str, str]:
    """Organisation, licence and file of the foreign figures shown."""
    from ortoo.connectors.price_files import profile_of

    filing = _first_filing(asked)
    filer = filing.filer if filing else "ORG-WFP"
    profile = profile_of("wfp")
    name = names_of([filer]).get(filer) or ORGANISATIONS.get(filer, filer)
    licence = profile.licence if profile.filer == filer else ""
    currency = currency_code(filing)
    return {"organisation": name, "licence": licence, "currency": currency}


def _first_filing(asked: Asked) -> read.FilingRow | None:
    returns = observations.load(asked.form.code, asked.period.code, asked.as_of)
    seqs = [state.effective for state in returns.states if state.effective]
    return read.get(seqs[0]) if seqs else None


def currency_code(filing: read.FilingRow | None) -> str:
    """The currency a foreign filing states, ISO 4217; "" where it states none."""
    if filing is None:
        return ""
    form = registry.get(filing.form, filing.form_version)
    return codec.decode(form, filing.body).attributes.get("currency", "")


def denomination_of(asked: Asked) -> Denomination:
    """What figures are printed in: 元, abroad the currency's name and code, or what is totalled."""
    if not asked.foreign:
        return Denomination(asked.form)
    code = currency_code(_first_filing(asked))
    return Denomination(asked.form, f"{CURRENCIES.get(code, '本币')} {code}".strip())
