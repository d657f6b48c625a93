"""What each number of a text claims: of which good, what it is, when, compared with what. Pure.

A text is read by paragraph, sentence (。！？) and segment (；); a name holds to the end of its
segment, and a segment that begins with a comparison goes on with the good before it.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from ortoo.domains.market.bulletin_check.findings import Kind
from ortoo.domains.market.bulletin_check.numerals import Number, folded, numbers
from ortoo.domains.market.bulletin_check.phrases import (
    BEFORE,
    BEHIND,
    CHAIN,
    COMPARED,
    COUNTED,
    COUNTING,
    DOWN,
    FLAT_WORD,
    MOVER,
    OTHERS,
    PER,
    QUALIFIED,
    RANGE,
    STRIP,
    TURN,
    UNITS,
    UNKNOWN,
    UP,
    YEAR_AGO,
)
from ortoo.domains.market.bulletin_check.vocabulary import Term, Vocabulary


@dataclass(slots=True)
class Claim:
    """One number with what was understood of it; `notes` are what the rules found."""

    number: Number
    kind: Kind
    term: Term | None
    unit: str
    when: str
    compared: str
    sentence: tuple[int, int]
    paragraph: int
    segment: int
    place: str = ""
    other_source: bool = False
    mover: bool = False
    loose: bool = False
    """Said with 其中, 等: the goods named are not all of the category."""
    counted: Term | None = None
    """Of a count: the category it counts, None for all."""
    links: dict[str, Claim] = field(default_factory=dict)

    @property
    def subject(self) -> str:
        return self.term.name if self.term else ""

    @property
    def key(self) -> tuple[str, str, str]:
        """Of which good, where and by whom, so that one price is held against the other."""
        return self.subject, self.place, "other" if self.other_source else ""


@dataclass(slots=True)
class Read:
    """A text as understood: its claims in order. `plain` is folded, one character for one."""

    text: str
    plain: str
    claims: list[Claim]


Places = tuple[re.Pattern[str] | None, Mapping[str, str]]


@dataclass(slots=True)
class _Carried:
    """What goes on from one segment to the next."""

    term: Term | None = None
    place: str = ""
    other_source: bool = False


def read(text: str, vocabulary: Vocabulary, places: Sequence[tuple[str, str]] = ()) -> Read:
    """Every number as a claim. `places`: (name, code) of places a sentence may speak of."""
    plain = folded(text)
    words = "|".join(re.escape(name) for name, _ in places)
    named: Places = (re.compile(words) if words else None, dict(places))
    every = list(numbers(plain))
    starts = [number.start for number in every]
    claims: list[Claim] = []
    carried = _Carried()
    segment = 0
    lines = _spans(plain, re.compile(r"\n"), 0, len(plain))
    for paragraph, line in enumerate(lines, 1):
        carried = _Carried()
        for sentence in _spans(plain, re.compile(r"[。！？!?]"), *line):
            for part in _spans(plain, re.compile(r"[；;]"), *sentence):
                segment += 1
                own = every[bisect_right(starts, part[0] - 1) : bisect_right(starts, part[1] - 1)]
                reader = _Segment(plain, part, sentence, (paragraph, segment), own)
                found = reader.claims(vocabulary, carried, named)
                claims += found
    return Read(text, plain, claims)


def _spans(plain: str, mark: re.Pattern[str], start: int, end: int) -> Iterator[tuple[int, int]]:
    at = start
    for match in mark.finditer(plain, start, end):
        if match.start() > at:
            yield at, match.start()
        at = match.end()
    if at < end:
        yield at, end


class _Segment:
    """One segment: its names, its numbers, and how they belong together."""

    def __init__(
        self, plain: str, span: tuple[int, int], sentence: tuple[int, int],
        place: tuple[int, int], own: list[Number],
    ) -> None:  # fmt: skip
        self.plain, self.span, self.sentence = plain, span, sentence
        self.paragraph, self.segment = place
        self.own = own
        self.text = plain[span[0] : span[1]]

    def claims(self, vocabulary: Vocabulary, carried: _Carried, places: Places) -> list[Claim]:
        self.terms = self._qualified(vocabulary.find(self.plain, *self.span))
        self.term_starts = [start for start, _, _ in self.terms]
        self.term_ends = [end for _, end, _ in self.terms]
        self.turns = list(TURN.finditer(self.plain, *self.span))
        self.turn_starts = [match.start() for match in self.turns]
        self.compares = list(COMPARED.finditer(self.plain, *self.span))
        self.compare_ends = [match.end() for match in self.compares]
        self.mover = bool(MOVER.search(self.text))
        self.loose = bool(re.search(r"其中|等", self.text))
        self._carry(carried, places)
        units = self._units()
        shared = self._respective()
        found = []
        for index, number in enumerate(self.own):
            before, after = self._around(index)
            found.append(self._claim(number, units[index], before, after, index, carried, shared))
        for claim in [claim for claim in found if claim.mover][1:]:
            claim.mover = False
        found += self._flats(carried)
        if self.terms:
            carried.term = self.terms[-1][2]
        elif found and found[-1].term is not None:
            carried.term = found[-1].term
        return sorted(found, key=lambda claim: claim.number.start)

    def _qualified(self, found: list[tuple[int, int, Term]]) -> list[tuple[int, int, Term]]:
        """进口牛肉 is not 牛肉: a good of another specification has no row of the form."""
        out = []
        for start, end, term in found:
            prefix = QUALIFIED.search(self.plain, max(self.span[0], start - 4), start)
            if prefix and not term.is_category:
                name = prefix[0] + self.plain[start:end]
                out.append((start, end, Term(name, unit=term.unit, category=term.category)))
            else:
                out.append((start, end, term))
        return out

    def _carry(self, carried: _Carried, named: Places) -> None:
        places, names = named
        found = places.search(self.text) if places is not None else None
        if found is not None:
            carried.place = names[found[0]]
        if OTHERS.search(self.text):
            carried.other_source = True

    def _around(self, index: int) -> tuple[str, str]:
        number = self.own[index]
        start = self.own[index - 1].unit_end if index else self.span[0]
        end = self.own[index + 1].start if index + 1 < len(self.own) else self.span[1]
        return self.plain[start : number.start], self.plain[number.unit_end : end]

    def _units(self) -> list[str]:
        """Units, those of a list 「5.8元、5.1元/公斤」 taken from the number that has one."""
        units = [number.unit for number in self.own]
        for index in range(len(self.own) - 2, -1, -1):
            gap = self.plain[self.own[index].unit_end : self.own[index + 1].start]
            joined = CHAIN.match(gap) or RANGE.match(gap)
            following = units[index + 1]
            bare = not units[index] or (units[index] == "元" and following.startswith("元/"))
            if joined and gap.strip() and bare:
                units[index] = following
        return units

    def _respective(self) -> dict[int, Term]:
        """「大米、面粉分别为5.8元、5.1元」: which number belongs to which name."""
        shared: dict[int, Term] = {}
        names: list[Term] = []
        for match in re.finditer("分别", self.text):
            at = self.span[0] + match.start()
            behind = max((n.unit_end for n in self.own if n.unit_end <= at), default=self.span[0])
            listed = [term for start, end, term in self.terms if behind <= start and end <= at]
            names = listed if len(listed) > 1 else names
            chain: list[int] = []
            for index, number in enumerate(self.own):
                if number.start < at:
                    continue
                gap = self.plain[self.own[index - 1].unit_end : number.start] if chain else ""
                if chain and not CHAIN.match(gap):
                    break
                chain.append(index)
            if names and len(chain) >= len(names):
                shared.update(zip(chain, names, strict=False))
        return shared

    def _claim(
        self, number: Number, unit: str, before: str, after: str, index: int,
        carried: _Carried, shared: dict[int, Term],
    ) -> Claim:  # fmt: skip
        term = shared.get(index) or self._term(number, before, carried)
        kind = self._kind(number, unit, before, after)
        if kind is Kind.PRICE and index not in shared:
            term = self._priced(number, before) or term
        if kind is Kind.PRICE and term is None:
            kind = Kind.OTHER
        if kind is Kind.PRICE and term is not None and term.is_category:
            kind = Kind.MEAN
        if self._in_range(index):
            kind = Kind.OTHER
        signed = self._signed(number, before, after, index) if kind is Kind.CHANGE else number
        return Claim(
            signed, kind, term, _unit(unit, before), self._when(before), self._compared(number),
            self.sentence, self.paragraph, self.segment, carried.place, carried.other_source,
            self.mover and kind is Kind.CHANGE, self.loose, self._counted(number, after),
        )  # fmt: skip

    def _counted(self, number: Number, after: str) -> Term | None:
        """「30种蔬菜」: the category right behind a count."""
        reach = number.unit_end + len(re.split(r"[，、。；：]", after)[0])
        at = bisect_left(self.term_starts, number.unit_end)
        if at < len(self.terms) and self.term_ends[at] <= reach:
            term = self.terms[at][2]
            return term if term.is_category else None
        return None

    def _in_range(self, index: int) -> bool:
        number = self.own[index]
        left = self.plain[self.own[index - 1].unit_end : number.start] if index else ""
        right = ""
        if index + 1 < len(self.own):
            right = self.plain[number.unit_end : self.own[index + 1].start]
        dash = re.compile(r"\s*[-—–－~～]+\s*")
        return bool(dash.fullmatch(left) or dash.fullmatch(right))

    def _term(self, number: Number, before: str, carried: _Carried) -> Term | None:
        at = bisect_right(self.term_ends, number.start) - 1
        if at >= 0:
            return self.terms[at][2]
        return carried.term

    def _priced(self, number: Number, before: str) -> Term | None:
        """A good that no form knows, from the words right before its price."""
        start = number.start - len(before)
        clause = re.split(r"[，、；。：,:]|其中|和|及|以及", before)[-1]
        clause_start = number.start - len(clause)
        at = bisect_right(self.term_ends, number.start) - 1
        if at >= 0 and self.term_starts[at] >= clause_start:
            return self.terms[at][2]
        rest = STRIP.sub("", re.sub(r"\s", "", clause))
        if clause_start > start or before == clause:
            unknown = UNKNOWN.search(rest)
            if unknown and not COMPARED.search(rest):
                return Term(unknown[0])
        return None

    def _kind(self, number: Number, unit: str, before: str, after: str) -> Kind:
        if unit == "%":
            return self._percent(number, before, after)
        if unit.startswith(("元/", "元每", "块/", "块每")):
            return Kind.CHANGE if self._difference(before) else Kind.PRICE
        if unit == "元":
            if self._difference(before):
                return Kind.CHANGE
            return Kind.PRICE if PER.search(before) or self.terms else Kind.OTHER
        if unit in ("万元", "亿元"):
            return Kind.SALES
        if unit in ("种", "个品种", "品种", "个种"):
            return self._count(before, after)
        if unit in ("家", "户"):
            return Kind.FIRMS
        if re.search(r"公斤|千克|吨|斤|升", unit):
            return Kind.QUANTITY
        return Kind.OTHER

    @staticmethod
    def _difference(before: str) -> bool:
        """「上涨0.5元」 is a step and no price; 「涨至5元」 is a price."""
        tail = before[-8:]
        return bool(re.search(rf"(?:{UP}|{DOWN})(?:了)?\s*$", tail)) and "升至" not in tail[-2:]

    def _percent(self, number: Number, before: str, after: str) -> Kind:
        tail = before.rsplit("，", 1)[-1]
        if re.search(r"占(?:比|总数|监测|全部|\S{0,6}的)?(?:为|约)?\s*$", tail):
            return Kind.SHARE
        if re.search(r"率(?:为|达|是|约)?\s*$", tail) or re.search(r"占", tail):
            return Kind.SHARE if "占" in tail else Kind.OTHER
        if number.negative or TURN.search(before) or re.match(rf"的?(?:{UP}|{DOWN})", after):
            return Kind.CHANGE
        if CHAIN.match(before) and bisect_left(self.turn_starts, number.start):
            return Kind.CHANGE
        return Kind.CHANGE if COMPARED.search(before) else Kind.OTHER

    @staticmethod
    def _count(before: str, after: str) -> Kind:
        for found in (COUNTED.match(after), COUNTING.search(before)):
            if found:
                return {"up": Kind.UP, "down": Kind.DOWN, "flat": Kind.FLAT}[found.lastgroup or ""]
        return Kind.BASKET

    def _signed(self, number: Number, before: str, after: str, index: int) -> Number:
        """A fall is negative: the nearest verb before the number says it, else one behind it."""
        if number.negative:
            return number
        known = bisect_left(self.turn_starts, number.start)
        verb = self.turns[known - 1] if known else BEHIND.match(after)
        if verb is None or not verb["down"]:
            return number
        return Number(number.start, number.end, -number.value, number.places, number.unit,
                      number.unit_end, False)  # fmt: skip

    @staticmethod
    def _when(before: str) -> str:
        if YEAR_AGO.search(before):
            return "year"
        return "before" if BEFORE.search(before) else "now"

    def _compared(self, number: Number) -> str:
        at = bisect_right(self.compare_ends, number.start) - 1
        if at < 0:
            return "previous"
        # 同样本环比, 农历同比: the narrower word stands first.
        last = self.compares[at]
        if at and self.compare_ends[at - 1] == last.start():
            last = self.compares[at - 1]
        return last.lastgroup or "previous"

    def _flats(self, carried: _Carried) -> list[Claim]:
        """「与上周持平」 claims a change of nought; 均持平 of every good named before it."""
        found = []
        for match in FLAT_WORD.finditer(self.plain, *self.span):
            at = match.start()
            if any(n.unit.endswith(("种", "类")) and _between(self.plain, n, at) for n in self.own):
                continue
            named = [term for _, end, term in self.terms if end <= at]
            every = re.search(r"[均都]", self.plain[max(self.span[0], at - 6) : at])
            subjects = named if every else named[-1:]
            subjects = subjects or ([carried.term] if carried.term else [])
            number = Number(at, match.end(), Fraction(0), 1, "%", match.end())
            for term in dict.fromkeys(subjects):
                found.append(Claim(
                    number, Kind.CHANGE, term, "%", "now", self._compared(number), self.sentence,
                    self.paragraph, self.segment, carried.place, carried.other_source,
                ))  # fmt: skip
        return found


def _between(plain: str, number: Number, at: int) -> bool:
    """Whether only counting words stand between 「35种」 and 持平."""
    gap = plain[number.unit_end : at]
    return 0 <= at - number.unit_end <= 14 and not re.search(r"[，、。；\d]", gap)


def _unit(unit: str, before: str) -> str:
    """元/公斤 from any way to say it."""
    per = re.match(r"(?:元|块)(?:/|每)(.+)", unit)
    said = per[1] if per else ""
    if unit in ("元", "块") and (found := list(PER.finditer(before))):
        said = re.sub(r"\s", "", found[-1][1])
    if said:
        return f"元/{UNITS.get(said, said)}"
    return unit
