"""The bulletin's data as the region and as the public read it, held against the recount.

Read from the site's own pages and files: figures by unit and item, rises and falls, movers,
response and timeliness, the number of quotes. Also: what a neighbouring office may not do.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction
from typing import Any

from benchmarks.friday_day.browser import Answer, Person
from benchmarks.friday_day.day import Day
from benchmarks.friday_day.recount import Recount, filings, recount
from benchmarks.friday_day.sheets import FIRST

Table = list[dict[str, str]]
HIDDEN = "保密"
MEAN_SCALE = 1_000_000
"""An issued mean is kept to a millionth of the minor unit (docs/decisions/009)."""
_RISES = re.compile(r"(上涨|上升|增加|下跌|下降|减少|持平)\s*(\d+)\s*/\s*(\d+)\s*种")


def read_bulletin(day: Day) -> dict[str, Any]:
    """What the bulletin is written from, by form, and every figure that differs from ours."""
    root = day.scene.pack.root.code
    region = Person(day.town.tape, "region", day.town.accounts[f"r.{root}"], strong=True)
    public = Person(day.town.tape, "public")
    found: dict[str, Any] = {}
    wrong: list[str] = []
    moved: list[str] = []
    for form in day.forms:
        mine = _recounted(day, form)
        inside = _read(day, region, form)
        outside = _read(day, public, form)
        wrong += _against(day, form, inside, mine)
        more, again = _public_against(day, form, outside, _given(day, form))
        wrong, moved = wrong + more, moved + again
        found[form] = _told(inside) | {"public": _told(outside)}
    _staff_pages(day, region)
    return {
        "bulletin": found,
        "bulletin_figures": sum(one["figures"] for one in found.values()),
        "bulletin_differs": len(wrong),
        "bulletin_samples": wrong[:8],
        "rounded_twice": moved,
    }


def _recounted(day: Day, code: str) -> Recount:
    period = day.scene.periods[code]
    return recount(period.form, period.now.code, day.scene.reporting(period.now.end))


def _read(day: Day, person: Person, form: str) -> dict[str, Any]:
    here = f"/figures/{form}/{day.scene.periods[form].now.code}/"
    page = person.get("figures", here)
    file = person.get("figures-file", f"{here}export.csv")
    return {**tables_of(file), "moves": _moves(page)}


def tables_of(file: Answer) -> dict[str, Table]:
    """The tables of an exported file by what they are."""
    found: dict[str, Table] = {}
    lines = list(csv.reader(io.StringIO(file.body.decode("utf-8-sig"))))
    at = 0
    while at < len(lines):
        if lines[at] or at + 2 >= len(lines) or len(lines[at + 1]) != 1:
            at += 1
            continue
        title, head = lines[at + 1][0], lines[at + 2]
        rows, at = [], at + 3
        while at < len(lines) and lines[at]:
            rows.append(dict(zip(head, lines[at], strict=False)))
            at += 1
        found[_kind(title)] = rows
    return found


def _kind(title: str) -> str:
    marks = {"涨幅": "rises", "跌幅": "falls", "增幅": "rises", "降幅": "falls",
             "报送情况": "responses", "断货": "outages", "各品种": "items"}  # fmt: skip
    kind = next((kind for mark, kind in marks.items() if mark in title), "")
    return kind or ("units" if title.startswith("各") else title)


def _moves(page: Answer) -> dict[str, int]:
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.text))
    return {word: int(count) for word, count, _ in _RISES.findall(text)}


def _told(read: dict[str, Any]) -> dict[str, Any]:
    units = read.get("units", [])
    shown = [row for row in units if _figure(row) is not None]
    whole: dict[str, str] = next(
        (r for r in read.get("responses", []) if r["盟市"].endswith("合计")), {}
    )
    return {
        "figures": len(shown),
        "hidden": sum(HIDDEN in "".join(row.values()) for row in units),
        "moves": read["moves"],
        "rises": [_mover(row) for row in read.get("rises", [])[:3]],
        "falls": [_mover(row) for row in read.get("falls", [])[:3]],
        "response": {name: text for name, text in whole.items() if name != "盟市" and text},
    }


def _mover(row: dict[str, str]) -> str:
    return " ".join(list(row.values())[:3])


def _column(row: dict[str, str], *words: str) -> str:
    return next((text for name, text in row.items() if name.startswith(words)), "")


def _figure(row: dict[str, str]) -> Decimal | None:
    text = _column(row, "均价", "合计", "价格")
    return Decimal(text) if re.fullmatch(r"-?\d+(\.\d+)?", text) else None


def _against(day: Day, code: str, read: dict[str, Any], mine: Recount) -> list[str]:
    """Figures, quotes and response rates the region reads that the recount does not give."""
    period, pack = day.scene.periods[code], day.scene.pack
    form, root = period.form, pack.root.code
    items = {item.name["zh"]: item.code for item in form.leaves}
    names = {pack[u].short: u for _, u, _ in mine.sums if u in pack}
    names |= {f"{pack[root].short}合计": root}
    wrong, measure = [], form.measure(form.roles.price or form.principal.code)
    for row in read.get("units", []):
        unit, item = names.get(_column(row, "盟市")), items.get(row["品种"])
        told = _figure(row)
        if unit is None or item is None or told is None:
            continue
        sums = mine.sums["reviewed", unit, item]
        ours = _rounded(Fraction(sums["sum_price_qty"], sums["quantity"] or 1), measure.scale, told)
        n = _column(row, "报价（", "填报（")
        if ours != told or (n and int(n) != sums["quotes"]):
            wrong.append(f"{code} {row['品种']} {_column(row, '盟市')}: {told} n={n} ≠ {ours}"
                         f" n={sums['quotes']}")  # fmt: skip
    for row in read.get("responses", []):
        unit = names.get(row["盟市"])
        sums = mine.sums["all", unit or "", form.leaves[0].code]
        owed, filed = _column(row, "应报") or "0", _column(row, "已报") or "0"
        if unit and (int(owed), int(filed)) != (sums["expected"], sums["filed"]):
            wrong.append(
                f"{code} {row['盟市']}: {filed}/{owed} ≠ {sums['filed']}/{sums['expected']}"
            )
    if not read.get("units") or not read.get("responses"):
        wrong.append(f"{code}: no table of units or of responses, {sorted(read)}")
    return wrong


def _rounded(value: Fraction, scale: int, like: Decimal) -> Decimal:
    """In the places that are printed, half to even (GB/T 8170)."""
    value /= 10**scale
    exact = Decimal(value.numerator) / Decimal(value.denominator)
    return exact.quantize(Decimal(1).scaleb(int(like.as_tuple().exponent)), ROUND_HALF_EVEN)


@dataclass
class Given:
    """What was given out of a form's period, recounted as of each issue."""

    exact: dict[tuple[str, str], Fraction] = field(default_factory=dict)
    kept: dict[tuple[str, str], tuple[int, int]] = field(default_factory=dict)
    """(unit, item) → (quotes, mean in hundredths of the minor unit) of the newest issue."""
    wrong: list[str] = field(default_factory=list)


def _given(day: Day, code: str) -> Given:
    """The issues themselves against the recount of the log up to their index."""
    period, given = day.scene.periods[code], Given()
    one = period.now.code
    for _, kind, _, _, _, body in filings(one):
        if kind != "K-ISSUE" or body["form"] != code:
            continue
        units = day.scene.reporting(period.now.end)
        then = recount(period.form, one, units, body["log_index"])
        for unit, items in body["cells"].items():
            for item, values in items.items():
                _take(given, (code, unit, item), values, then)
    return given


def _take(given: Given, at: tuple[str, str, str], values: list[int], then: Recount) -> None:
    code, unit, item = at
    given.kept.pop((unit, item), None)
    if len(values) <= 3:
        return
    sums = then.sums["reviewed", unit, item]
    exact = Fraction(sums["sum_price_qty"], sums["quantity"] or 1)
    given.exact[unit, item], given.kept[unit, item] = exact, (values[2], values[3])
    if (sums["quotes"], round(exact * MEAN_SCALE)) != (values[2], values[3]):
        given.wrong.append(f"{code} {unit} {item}: issued {values}, recounted {dict(sums)}")


def _public_against(day: Day, code: str, read: dict[str, Any], given: Given) -> tuple[
    list[str], list[str]
]:  # fmt: skip
    """(figures the public reads that were not issued so, those a second rounding has moved)."""
    period = day.scene.periods[code]
    form, pack = period.form, day.scene.pack
    items = {item.name["zh"]: item.code for item in form.leaves}
    names = {pack[unit].short: unit for unit, _ in given.kept if unit != pack.root.code}
    names[f"{pack.root.short}合计"] = pack.root.code
    scale = form.measure(form.roles.price or form.principal.code).scale
    wrong, moved = list(given.wrong), []
    for row in read.get("units", []):
        told, unit, item = _figure(row), names.get(_column(row, "盟市")), items.get(row["品种"])
        if told is None:
            continue
        kept = given.kept.get((unit or "", item or ""))
        text = f"{code} {row['品种']} {_column(row, '盟市')}: the public reads {told}"
        issued_mean = Fraction(kept[1], MEAN_SCALE) if kept is not None else None
        if issued_mean is None or kept[0] < 3 or _rounded(issued_mean, scale, told) != told:
            wrong.append(f"{text}, issued {kept}")
        elif _rounded(given.exact[unit or "", item or ""], scale, told) != told:
            moved.append(f"{text}, exactly {float(given.exact[unit or '', item or '']):.6f}")
    return wrong, moved


def _staff_pages(day: Day, region: Person) -> None:
    root = day.scene.pack.root.code
    for form in FIRST:
        here = f"/figures/{form}/{day.scene.periods[form].now.code}/"
        for unit in sorted(day.reviews[form] & set(day.scene.units) - {root})[:2]:
            region.get("figures-unit", f"{here}unit/{unit}/")
        leaf = day.scene.periods[form].form.leaves[0].code
        region.get("item", f"/figures/{form}/items/{leaf}/")
        region.get("rates", f"/rates/{form}/{root}/")
    region.get("assessment", f"/assessment/{root}/")


# --- what a neighbour may not do -----------------------------------------------------------------


def neighbours(day: Day) -> dict[str, Any]:
    """A neighbouring clerk and a firm try everything on what is not theirs: 403 or 404 each."""
    scene, bureau = day.scene, day.bureau
    sheet = max((s for s in scene.sheets if s.filed and s.form == FIRST[0]), key=lambda s: s.firm)
    unit = scene.chains[sheet.firm][-1]
    other = next(u for u in scene.units if u not in (unit, scene.pack.root.code))  # fmt: skip
    person = bureau.clerk(other)
    got = Counter(str(answer.status) for answer in _office_tries(day, person, sheet, unit))
    firm = next(s.firm for s in scene.sheets if s.firm != sheet.firm and s.filed)
    clerk = day.town.clerk(firm)
    seq = next((seq for seq in sheet.receipts if seq), 0)
    tries = [f"/receipts/{seq}/", f"/filings/{seq}/", bureau.path(sheet.form, unit)]
    firms = Counter(str(clerk.get("trespass", path, (403, 404)).status) for path in tries)
    return {"neighbour_office": dict(got), "neighbour_firm": dict(firms)}


def _office_tries(day: Day, person: Person, sheet: Any, unit: str) -> Iterable[Answer]:
    home = day.bureau.path(sheet.form, unit)
    chase = f"/chase/{sheet.form}/{sheet.period}/{unit}/"
    seq = str(max(sheet.receipts))
    no = (403, 404)
    for path in (
        home, f"{home}?tab=queue", f"{home}{sheet.firm}/", f"{home}accept/", chase,
        f"{home}{sheet.firm}/assisted/", f"/rates/{sheet.form}/{unit}/", f"/receipts/{seq}/",
        f"/filings/{seq}/",
    ):  # fmt: skip
        yield person.get("trespass", path, no)
    item = day.scene.periods[sheet.form].form.leaves[0].code
    cell = {"target": seq, "cell": f"{item}.price", "question": "请核对。"}
    yield person.post("trespass", f"{home}{sheet.firm}/query/", cell, no)
    said = {"target": seq, "reason": "请重报"}
    yield person.post("trespass", f"{home}{sheet.firm}/send-back/", said, no)
    yield person.post("trespass", f"{home}accept/", {"target": f"{sheet.firm}:{seq}"}, no)
    yield person.post("trespass", f"{chase}waive/", {"party": sheet.firm, "text": "停业"}, no)
    said = {"party": sheet.firm, "channel": "sms"}
    yield person.post("trespass", f"{chase}remind/", said, no)
    fields = {f"c.{i}.{m}": text for (i, m), text in sheet.typed.items()}
    yield person.post("trespass", f"{home}{sheet.firm}/assisted/", {**fields, "note": "来电"}, no)
