"""核对: every number of a pasted bulletin found, understood, recomputed and marked.

First against the figures this reader may see; where there are none, against the text itself. A
text of another bureau of which nothing was filed here is held against itself only.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass

from ortoo.domains.market import monitored
from ortoo.domains.market.bulletin_check import claims as reading
from ortoo.domains.market.bulletin_check.claims import Claim, Read
from ortoo.domains.market.bulletin_check.consistency import judge
from ortoo.domains.market.bulletin_check.findings import Finding, Verdict
from ortoo.domains.market.bulletin_check.judgement import Judged, Judgement
from ortoo.domains.market.bulletin_check.known import Shelf, holding, newest
from ortoo.domains.market.bulletin_check.recomputing import Recomputed
from ortoo.domains.market.bulletin_check.vocabulary import Vocabulary
from ortoo.kernel.filings.clock import now_ms
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.forms import registry
from ortoo.kernel.forms.definition import Form, FormError
from ortoo.kernel.forms.periods import Period, parse
from ortoo.kernel.grants.scope import Scope
from ortoo.kernel.places.active import active_pack

MOST_CHARACTERS = 100_000
NEAR, HEAD = 120, 400
RETAIL = "SCJC-W1"
"""Whose weeks a weekly bulletin speaks of."""
_RANGE = re.compile(
    r"(?:(?P<year>20\d{2})\s*年\s*)?(?P<m1>\d{1,2})\s*月\s*(?P<d1>\d{1,2})\s*日?\s*[-—–－~～至到]+\s*"
    r"(?:20\d{2}\s*年\s*)?(?:(?P<m2>\d{1,2})\s*月\s*)?(?P<d2>\d{1,2})\s*日"
)
_YEAR = re.compile(r"(20\d{2})\s*(?:年|[〕\]】）)])")
_WEEK = re.compile(r"(?:(20\d{2})\s*年\s*)?第\s*(\d{1,2})\s*周")


@dataclass(frozen=True, slots=True)
class Context:
    """Of which place and week a text speaks; empty where it does not say and nobody chose."""

    place: str
    period: Period | None
    read_from_text: bool


def check(text: str, place: str, period: str, scope: Scope) -> list[Finding]:
    """Every number of a text, in order. `place`, `period` "": read from the text.

    Raises Refused CHECK-TOO-LONG (413), CHECK-PLACE, CHECK-PERIOD.
    """
    return findings(text, context_of(text, place, period, scope), scope)


def context_of(text: str, place: str, period: str, scope: Scope) -> Context:
    """What was chosen, else what the text says. Raises Refused CHECK-…."""
    if len(text) > MOST_CHARACTERS:
        raise Refused(
            "CHECK-TOO-LONG",
            f"文字有 {len(text):,} 个字，一次最多核对 {MOST_CHARACTERS:,} 个字。",
            "请分几次粘贴，每次一篇。",
            413,
        )
    plain = reading.folded(text)
    if place and place not in active_pack():
        raise Refused("CHECK-PLACE", f"没有地区 {place[:20]}。", "请从列表中选择地区。", 404)
    chosen = place or _place_in(plain, scope)
    when = _chosen_period(period) if period else _period_in(plain, scope)
    return Context(chosen, when, not (place and period))


def _chosen_period(code: str) -> Period:
    try:
        return parse(code)
    except FormError as error:
        raise Refused(
            "CHECK-PERIOD", f"{error.message}。", "请从列表中选择报告期。", 404
        ) from error


def _place_in(plain: str, scope: Scope) -> str:
    """The place named first; else 我盟, 我市 is the reader's own office's, 我区 the whole.

    "" where nothing tells: a text of nobody knows where is held against itself only.
    """
    pack = active_pack()
    best, at, length = "", len(plain) + 1, 0
    for name, code in _names():
        found = plain.find(name)
        if 0 <= found < at or (found == at and len(name) > length):
            best, at, length = code, found, len(name)
    if best:
        return best
    if re.search(r"[我全]区", plain[:HEAD]):
        return pack.root.code
    return scope.place if scope.place in pack else ""


def _names() -> list[tuple[str, str]]:
    """Names of places with a bureau, with their codes; the longer first."""
    pack = active_pack()
    found: dict[str, str] = {}
    for level in (1, 2, 3):
        for place in pack.at_level(level):
            for name in (place.zh, place.short):
                if len(name) > 1:
                    found.setdefault(name, place.code)
    return sorted(found.items(), key=lambda one: -len(one[0]))


def _period_in(plain: str, scope: Scope) -> Period | None:
    form = registry.get(RETAIL)
    if (found := _RANGE.search(plain)) is not None:
        stated = _YEAR.search(plain)
        year = int(found["year"] or (stated[1] if stated else 0))
        return _ranged(form, found, year, scope)
    if (week := _WEEK.search(plain)) is not None:
        return _numbered(form, int(week[1] or 0), int(week[2]), scope)
    return None


def _ranged(form: Form, found: re.Match[str], year: int, scope: Scope) -> Period | None:
    """The week that holds the middle of the days named; of no year the newest such days."""
    last = newest(scope, form, now_ms())
    years = [year] if year else [last.end.year, last.end.year - 1] if last else []
    for one in years:
        try:
            first = dt.date(one, int(found["m1"]), int(found["d1"]))
            end = dt.date(one, int(found["m2"] or found["m1"]), int(found["d2"]))
        except ValueError:
            return None
        end = end if end >= first else end.replace(year=one + 1)
        if year or (last is not None and first <= last.end):
            return holding(form, first + (end - first) // 2)
    return None


def _numbered(form: Form, year: int, week: int, scope: Scope) -> Period | None:
    last = newest(scope, form, now_ms())
    years = [year] if year else [last.end.year, last.end.year - 1] if last else []
    for one in years:
        try:
            found = holding(form, dt.date.fromisocalendar(one, week, 4))
        except ValueError:
            return None
        if found is not None and (year or (last is not None and found <= last)):
            return found
    return None


def findings(text: str, context: Context, scope: Scope) -> list[Finding]:
    """The same for a context that was made before."""
    read = reading.read(text, vocabulary(), _names())
    judged = judge(read.claims)
    recomputed = None
    if context.period is not None:
        recomputed = Recomputed(Shelf(scope, context.period, now_ms()), context.place)
    return [_finding(read, claim, judged, recomputed, context) for claim in read.claims]


def vocabulary() -> Vocabulary:
    """Names of every monitored form with prices; the retail return's first."""
    forms = [form for form in monitored.forms() if form.roles.price is not None]
    return Vocabulary(sorted(forms, key=_first))


def _first(form: Form) -> tuple[int, str]:
    weekly = form.cadence == "week"
    own = form.code == RETAIL or form.supplements == RETAIL
    return (0 if form.code == RETAIL else 1 if own else 2 if weekly else 3), form.code


def _finding(
    read: Read, claim: Claim, judged: Judged, recomputed: Recomputed | None, context: Context
) -> Finding:
    own = recomputed.judge(claim) if recomputed is not None else None
    within = judged.get(id(claim))
    verdict, basis = _settled(own.judgement if own else None, within)
    href = own.href if own else ""
    period = own.period if own and own.period else (
        context.period.label_zh if context.period is not None else ""
    )  # fmt: skip
    when = {"before": "上期", "year": "上年同期"}.get(claim.when, "")
    number = claim.number
    return Finding(
        number.start, number.end, read.text[number.start : number.end],
        _around(read.text, claim),
        claim.subject or "—", claim.kind, claim.unit, when or period, number.value,
        verdict.verdict, verdict.expected, verdict.rule, verdict.arithmetic, href, basis,
    )  # fmt: skip


def _around(text: str, claim: Claim) -> str:
    """The claim's sentence; of a very long one what stands near the number."""
    start, end = claim.sentence
    near = max(start, claim.number.start - NEAR), min(end, claim.number.unit_end + NEAR)
    return ("…" if near[0] > start else "") + text[near[0] : near[1]].strip() + (
        "…" if near[1] < end else ""
    )  # fmt: skip


def _settled(own: Judgement | None, within: Judgement | None) -> tuple[Judgement, str]:
    """Filed figures first; a text's own slips where they are silent, or where it says twice what
    can be so once only."""
    if own is not None and own.verdict is not Verdict.UNVERIFIABLE:
        return own, "报件"
    if within is not None and within.verdict is not Verdict.UNVERIFIABLE:
        return within, "文内"
    for found, basis in ((within, "文内"), (own, "")):
        if found is not None:
            return found, basis
    return Judgement(Verdict.UNVERIFIABLE, "", "没有可对照的数", ""), ""


def tally(found: Sequence[Finding]) -> dict[str, int]:
    """How many of each verdict."""
    return {one.value: sum(f.verdict is one for f in found) for one in Verdict}
