"""The tag library: ``{% load ortoo %}``. README.md of the package lists every component.

Tags escape what they are given; nothing here trusts a name that a firm has typed.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from ortoo.web import words

register = template.Library()


def _english() -> bool:
    return (get_language() or "").startswith("en")


# ---- figures ----


@register.filter(name="minor")
def minor_figure(value: int | None, scale: int = 2) -> str:
    """``{{ fen|minor:2 }}`` → 1,234.50; None → —."""
    return words.minor(value, int(scale))


@register.filter
def grouped(value: Any) -> str:
    """An integer or Decimal with thousands commas; None → —."""
    return "—" if value is None else f"{value:,}"


@register.simple_tag
def change(value: Any, unit: str = "%", places: int = 1) -> SafeString:
    """A change with glyph and colour: ▲ red, ▼ teal, 持平 —. None: no figure to compare with."""
    number = _number(value)
    if number is None:
        return format_html(
            '<span class="change flat" title="{}"><span aria-hidden="true">—</span>'
            '<span class="vh">{}</span></span>',
            _("无可比数据"),
            _("无可比数据"),
        )
    shown = f"{abs(number):,.{int(places)}f}"
    if Decimal(shown.replace(",", "")) == 0:
        return format_html(
            '<span class="change flat"><span aria-hidden="true">—</span>{}</span>', _("持平")
        )
    kind, glyph, word = ("up", "▲", _("上升")) if number > 0 else ("down", "▼", _("下降"))
    return format_html(
        '<span class="change {}"><span aria-hidden="true">{}</span>'
        '<span class="vh">{} </span>{}{}</span>',
        kind,
        glyph,
        word,
        shown,
        unit,
    )


def _number(value: Any) -> Decimal | None:
    if value is None or value == "":
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _of(thing: Any, name: str) -> Any:
    """A field of a mapping or an object, or nothing."""
    found = thing.get(name) if hasattr(thing, "get") else getattr(thing, name, None)
    return "" if found is None else found


# ---- badges ----


@register.simple_tag
def status(state: str, text: str = "") -> SafeString:
    """A state of an 应报 as text and shape; ``text`` replaces the usual word."""
    known = words.STATES.get(state)
    shape = words.SHAPES[known.shape if known else "ring"]
    word = text or (known and (known.en if _english() else known.zh)) or state
    drawing = (
        '<svg width="14" height="14" viewBox="0 0 16 16" aria-hidden="true" focusable="false">'
        f"{shape}</svg>"
    )
    kind = state if known else "open"
    return format_html('<span class="badge {}">{}{}</span>', kind, mark_safe(drawing), word)


@register.simple_tag
def warning(level: str | int, text: str = "") -> SafeString:
    """A warning level (blue yellow orange red, or 4 3 2 1) with its words; unknown: nothing."""
    name = words.LEVEL_BY_NUMBER.get(level, "") if isinstance(level, int) else level
    if name not in words.LEVELS:
        return mark_safe("")
    chinese, english = words.LEVELS[name]
    word = text or (english if _english() else chinese)
    return format_html('<span class="warning {}">{}</span>', name, word)


@register.simple_tag
def time_left(due_at_ms: int, now_ms: int) -> dict[str, str]:
    """``{% time_left due now as left %}`` → ``left.urgency``, ``left.text``."""
    urgency, text = words.time_left(int(due_at_ms), int(now_ms), english=_english())
    return {"urgency": urgency, "text": text}


# ---- components with a template each ----


@register.inclusion_tag("web/parts/stat.html")
def stat(
    label: str, figure: Any, unit: str = "", note: str = "", href: str = "", **options: Any
) -> dict[str, Any]:
    """A tile. Options: ``change`` (number), ``change_unit``, ``change_label`` («环比»), ``of``."""
    return {
        "label": label,
        "figure": figure,
        "unit": unit,
        "note": note,
        "href": href,
        "has_change": "change" in options,
        "change_unit": "%",
    } | options


@register.inclusion_tag("web/parts/duty.html")
def duty_card(duty: Any) -> dict[str, Any]:
    """One 应报 as a card; see README for the fields."""
    return {"duty": duty}


@register.inclusion_tag("web/parts/table.html")
def data_table(table: Any) -> dict[str, Any]:
    """A table that scrolls inside itself; see README for the fields."""
    title, caption = _of(table, "title"), _of(table, "caption")
    return {"table": table, "label": title or caption, "caption": caption or title}


@register.inclusion_tag("web/parts/cell.html")
def cell(value: Any) -> dict[str, Any]:
    """One cell: text, or a mapping with text, href, change, status, warning, spark, missing."""
    return {"cell": value if hasattr(value, "get") else {"text": value}}


@register.inclusion_tag("web/parts/matrix.html")
def matrix(matrix: Any) -> dict[str, Any]:
    """应报·已报·待审·已退回·未报 by unit, with names and phones."""
    return {"matrix": matrix}


@register.inclusion_tag("web/parts/timeline.html")
def timeline(entries: Any) -> dict[str, Any]:
    """The filings of a thread, newest first as given."""
    return {"entries": entries}


@register.inclusion_tag("web/parts/receipt.html")
def receipt(receipt: Any) -> dict[str, Any]:
    """报送回执, printable."""
    return {"receipt": receipt}


@register.inclusion_tag("web/parts/facts.html")
def facts(pairs: Any) -> dict[str, Any]:
    """Key–value list from ``[(term, value), …]``; a value may be a mapping like a cell."""
    return {"pairs": pairs}


@register.inclusion_tag("web/parts/tabs.html")
def tabs(items: Any, label: str = "") -> dict[str, Any]:
    """``[{title, href, current, count}]`` as links; one page each."""
    return {"items": items, "label": label or _("本页分栏")}


@register.inclusion_tag("web/parts/pagination.html", takes_context=True)
def pagination(context: Any, page: Any, parameter: str = "page") -> dict[str, Any]:
    """A Django ``Page``; keeps the other query parameters of the request."""
    request = context.get("request")
    query = request.GET.copy() if request is not None else None
    if query is not None:
        query.pop(parameter, None)
    rest = query.urlencode() if query else ""
    links = page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1)
    return {
        "page": page,
        "links": list(links),
        "gap": page.paginator.ELLIPSIS,
        "prefix": f"?{rest}&{parameter}=" if rest else f"?{parameter}=",
    }


@register.inclusion_tag("web/parts/empty.html")
def empty(title: str, text: str = "", href: str = "", action: str = "") -> dict[str, Any]:
    """Nothing here yet: say why and what to do."""
    return {"title": title, "text": text, "href": href, "action": action}


@register.inclusion_tag("web/parts/errors.html")
def errors(issues: Any, title: str = "") -> dict[str, Any]:
    """What was wrong, where, by which rule, what to do: ``[{where, message, rule, remedy, href}]``.

    Also takes a bound Django form.
    """
    if hasattr(issues, "errors") and hasattr(issues, "fields"):
        issues = _form_issues(issues)
    return {"issues": issues, "title": title}


def _form_issues(form: Any) -> list[dict[str, str]]:
    found = []
    for name, messages in form.errors.items():
        field = form[name] if name in form.fields else None
        for message in messages:
            found.append(
                {
                    "where": field.label if field else "",
                    "message": message,
                    "href": f"#{field.id_for_label}" if field and field.id_for_label else "",
                }
            )
    return found


@register.inclusion_tag("web/parts/field.html")
def field(bound: Any) -> dict[str, Any]:
    """A bound Django field with label, control, hint and faults, joined by aria attributes."""
    described = []
    if bound.help_text:
        described.append(f"{bound.auto_id}-hint")
    if bound.errors:
        described.append(f"{bound.auto_id}-fault")
    attributes = {"aria-describedby": " ".join(described)} if described else {}
    if bound.errors:
        attributes["aria-invalid"] = "true"
    return {"bound": bound, "control": bound.as_widget(attrs=attributes)}


@register.inclusion_tag("web/parts/progress.html")
def progress(job: Any) -> dict[str, Any]:
    """A job: ``{title, done, total, text, href, state}``."""
    return {"job": job}


@register.inclusion_tag("web/parts/search.html")
def search(
    action: str = "", label: str = "", value: str = "", name: str = "q", hint: str = ""
) -> dict[str, Any]:
    """A search box (GET)."""
    return {
        "action": action,
        "label": label or _("查找"),
        "value": value,
        "name": name,
        "hint": hint,
    }


@register.inclusion_tag("web/parts/as_of.html")
def as_of(text: str, href: str = "") -> dict[str, Any]:
    """«截至11月19日口径»; ``text`` is the date as words."""
    return {"text": text, "href": href}


@register.inclusion_tag("web/parts/chart.html")
def chart(figure: Any) -> dict[str, Any]:
    """A chart or map: ``{title, unit, desk, phone, table, note, source}``; SVGs are trusted."""
    return {"figure": figure}


# ---- what templates cannot say alone ----

COUNTS = ("due", "filed", "pending", "returned", "missing")


@register.filter
def at(sequence: Any, index: int) -> Any:
    """``sequence[index]``, or nothing past its end."""
    return sequence[index] if index < len(sequence) else ""


@register.filter
def counts(row: Any) -> list[tuple[str, int, str]]:
    """A matrix row's five counts in their order: key, count, link."""
    links = _of(row, "hrefs") or {}
    return [(key, _of(row, key) or 0, links.get(key, "")) for key in COUNTS]
