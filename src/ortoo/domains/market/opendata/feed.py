"""Atom 1.0 (RFC 4287) of what was given out: issues, their revisions, published bulletins.

Ids are tag: URIs (RFC 4151) of this installation's log origin; they never change, whatever the
host name the feed is read at.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

from django.conf import settings
from django.urls import NoReverseMatch, reverse

from ortoo.domains.market.opendata import given
from ortoo.domains.market.opendata.given import Issue
from ortoo.domains.market.opendata.tables import moment
from ortoo.domains.market.web.figures_request import place_name
from ortoo.kernel.forms import registry
from ortoo.kernel.grants.scope import Scope
from ortoo.kernel.places.active import active_pack

ENTRIES = 100
SINCE = "2026"
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry; `href` a path of this site."""

    id: str
    title: str
    href: str
    at_ms: int
    summary: str
    category: str


def entries(now_ms: int, form: str = "") -> list[Entry]:
    """The newest of everything that was given out, newest first."""
    found: list[Entry] = []
    for one in given.forms(now_ms):
        if form in ("", one.code):
            newest = given.issues(one.code, now_ms)[-ENTRIES:]
            found += [_issue(issue) for issue in newest]
    if not form:
        found += _bulletins(now_ms)
    return sorted(found, key=lambda entry: (-entry.at_ms, entry.id))[:ENTRIES]


def _issue(issue: Issue) -> Entry:
    form = registry.get(issue.form)
    revision = issue.number > 1
    word = f"修订（第{issue.number}版）" if revision else "发布"
    names = {"form": issue.form, "period": issue.period.code}
    return Entry(
        tag(f"issue/{issue.form}/{issue.period.code}/{issue.number}"),
        f"{form.title['zh']}　{issue.period.label_zh}　{word}",
        reverse("vintages" if revision else "figures-period", kwargs=names),
        issue.at_ms,
        f"第 {issue.seq} 号报件。"
        + ("更正后的数作为新的一版发布，原版仍可查。" if revision else "首次发布。"),
        "revision" if revision else "issue",
    )


def _bulletins(now_ms: int) -> Iterable[Entry]:
    """Bulletins as the public sees them: a reader without any grant."""
    from ortoo.domains.market.bulletins import records

    day = dt.datetime.fromtimestamp(now_ms / 1000, dt.UTC).date()
    nobody = Scope("", "", "", (), day)
    for one in records.bulletins(nobody)[:ENTRIES]:
        if one.published_at is None:
            continue
        try:
            address = reverse("bulletin", kwargs={"code": one.code})
        except NoReverseMatch:
            continue
        correcting = one.text.corrects is not None
        yield Entry(
            tag(f"bulletin/{one.code}"),
            f"{place_name(one.place)}　{one.span.label_zh}　公报{'更正' if correcting else ''}",
            address,
            one.published_at,
            "更正以前发布的公报。" if correcting else "公报已发布。",
            "bulletin",
        )


def tag(path: str) -> str:
    """A tag: URI; the authority is the host of the log's origin."""
    authority = settings.LOG_ORIGIN.split("/", 1)[0].lower()
    return f"tag:{authority},{SINCE}:open/{path}"


def updated(found: Sequence[Entry]) -> int:
    """When the newest entry was given out; the epoch where there is none."""
    return max((entry.at_ms for entry in found), default=0)


def written(found: Sequence[Entry], base: str, self_href: str, form: str = "") -> bytes:
    """The feed's bytes. `base`: scheme and host, without a slash."""
    pack = active_pack()
    title = f"{pack.root.zh}市场监测：发布、修订与公报"
    author = f"{pack.bureau(pack.root.code) or pack.root.zh}（{pack.root.zh}）"
    demo = "（演示数据，不是真实统计）" if settings.DEMO else ""
    out = [
        '<?xml version="1.0" encoding="utf-8"?>',
        '<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="zh-Hans">',
        f"<id>{_text(tag(f'feed/{form}' if form else 'feed'))}</id>",
        f"<title>{_text(title + demo)}</title>",
        f"<updated>{moment(updated(found))}</updated>",
        f"<author><name>{_text(author)}</name></author>",
        f'<link rel="self" type="application/atom+xml" href={_attribute(base + self_href)}/>',
        f'<link rel="alternate" type="text/html" href={_attribute(base + reverse("open-data"))}/>',
    ]
    for entry in found:
        out += [
            "<entry>",
            f"<id>{_text(entry.id)}</id>",
            f"<title>{_text(entry.title)}</title>",
            f"<updated>{moment(entry.at_ms)}</updated>",
            f"<published>{moment(entry.at_ms)}</published>",
            f'<link rel="alternate" type="text/html" href={_attribute(base + entry.href)}/>',
            f"<category term={_attribute(entry.category)}/>",
            f'<summary type="text">{_text(entry.summary)}</summary>',
            "</entry>",
        ]
    out.append("</feed>\n")
    return "\n".join(out).encode()


def _text(words: str) -> str:
    return escape(_CONTROLS.sub("", words))


def _attribute(words: str) -> str:
    return quoteattr(_CONTROLS.sub("", words))
