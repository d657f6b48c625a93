"""A claim against filed figures: what it should be, by which figure, within which rounding."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from ortoo.domains.market.bulletin_check.claims import Claim
from ortoo.domains.market.bulletin_check.findings import Kind, Verdict
from ortoo.domains.market.bulletin_check.judgement import Judgement, half, shown
from ortoo.domains.market.bulletin_check.known import Book, Known, Shelf, items_of
from ortoo.domains.market.bulletin_check.vocabulary import CATEGORIES, Term, category_of
from ortoo.domains.market.bulletins.sections import SECTIONS
from ortoo.kernel.forms.definition import Form

RIGHT, WRONG, UNVERIFIABLE = Verdict.RIGHT, Verdict.WRONG, Verdict.UNVERIFIABLE
RETAIL, WHOLESALE, MATERIALS = "SCJC-W1", "SCJC-W2", "SCSC-X1"
WHOLE = "whole"
_TOGETHER = {"poultry_egg": ("poultry", "egg")}
_PER = {("斤", "公斤"): Fraction(2), ("吨", "公斤"): Fraction(1, 1000),
        ("公斤", "吨"): Fraction(1000), ("斤", "吨"): Fraction(2000)}  # fmt: skip
"""元/斤 × 2 = 元/公斤."""


@dataclass(frozen=True, slots=True)
class Own:
    """What the filed figures say of one claim, with the figure's page and period."""

    judgement: Judgement
    href: str = ""
    period: str = ""


class Recomputed:
    """Judges claims of one place and period."""

    def __init__(self, shelf: Shelf, place: str) -> None:
        self._shelf, self._place = shelf, place

    def judge(self, claim: Claim) -> Own:
        """Right, wrong or why it cannot be told."""
        if claim.other_source:
            return _unknown("引用其他部门的数，本系统没有其报件")
        if not (claim.place or self._place):
            return _unknown("文中没有写明地区，请选择地区后再核对")
        found = self._book(claim)
        if found is None:
            return _unknown("本系统没有这个地区、这一期的报件，或尚未发布")
        book, items = found
        if not items and claim.kind not in (Kind.FIRMS, Kind.OTHER, Kind.QUANTITY, Kind.SALES):
            return _unknown(f"表式中没有“{claim.subject or '这个数字所指的品种'}”")
        match claim.kind:
            case Kind.PRICE | Kind.MEAN:
                said = self._price(claim, book, items)
            case Kind.CHANGE if claim.unit == "%":
                said = self._change(claim, book, items)
            case Kind.BASKET | Kind.UP | Kind.DOWN | Kind.FLAT:
                said = _count(claim, book.counts(items))
            case Kind.SHARE:
                said = _share(claim, book.counts(items))
            case Kind.FIRMS:
                said = _firms(claim, book)
            case _:
                said = Judgement(UNVERIFIABLE, "", "发布的数中没有这一项", "")
        href = book.href(items[0] if len(items) == 1 else "")
        return Own(said, href, book.period.label_zh)

    # --- what it is of -------------------------------------------------------------------------

    def _book(self, claim: Claim) -> tuple[Book, list[str]] | None:
        place = claim.place or self._place
        term = claim.term
        if claim.kind in (Kind.BASKET, Kind.UP, Kind.DOWN, Kind.FLAT, Kind.SHARE):
            term = _counted_of(claim)
        if term is None:
            book = self._shelf.book(RETAIL, place)
            whole = claim.kind in (Kind.BASKET, Kind.UP, Kind.DOWN, Kind.FLAT, Kind.SHARE)
            return (
                None
                if book is None
                else (book, [leaf.code for leaf in book.form.leaves] if whole else [])
            )
        if term.code:
            book = self._shelf.book(term.form, place)
            return None if book is None else (book, [term.code])
        for code in (RETAIL, WHOLESALE, MATERIALS):
            book = self._shelf.book(code, place)
            if book is None:
                continue
            items = _members(book.form, term.category, term.name)
            if items:
                return book, items
        book = self._shelf.book(RETAIL, place)
        return None if book is None else (book, [])

    # --- prices and changes --------------------------------------------------------------------

    def _price(self, claim: Claim, book: Book, items: Sequence[str]) -> Judgement:
        hidden = [book.hidden[item] for item in items if item in book.hidden]
        if len(items) == 1 and hidden:
            return Judgement(UNVERIFIABLE, "", f"这个数不公布：{hidden[0]}", "")
        times = _times(claim, book, items[0])
        if times is None:
            return Judgement(UNVERIFIABLE, "", f"单位{claim.unit}不能折算为表式的单位", "")
        ways = book.prices(items, claim.when)
        if not ways:
            return Judgement(UNVERIFIABLE, "", "本期没有这个品种的报价", "")
        value, give = claim.number.value * times, half(max(claim.number.places, 1)) * times
        unit = book.form.item(items[0]).unit
        for way in ways:
            if abs(way.value - value) <= give:
                return Judgement(
                    RIGHT,
                    f"{shown(way.value, 2)}元/{unit}",
                    "与报件汇总一致",
                    _ways_text(way, claim),
                )
        if len(items) > 1 and hidden:
            return Judgement(UNVERIFIABLE, "", f"本类有{len(hidden)}个品种不公布，不能断定", "")
        best = min(ways, key=lambda way: abs(way.value - value))
        return Judgement(
            WRONG, f"{shown(best.value / times, max(claim.number.places, 2))}{claim.unit or '元'}",
            "应等于报件汇总的均价，允许差末位半个单位" + _hint(value, best.value),
            _ways_text(best, claim),
        )  # fmt: skip

    def _change(self, claim: Claim, book: Book, items: Sequence[str]) -> Judgement:
        if claim.compared == "other":
            return Judgement(UNVERIFIABLE, "", "所比时点不是上期、四期前或上年同期", "")
        if len(items) == 1 and items[0] in book.hidden:
            return Judgement(UNVERIFIABLE, "", f"这个数不公布：{book.hidden[items[0]]}", "")
        ways = book.changes(items, claim.compared)
        if not ways:
            return Judgement(UNVERIFIABLE, "", "所比的一期没有可对照的数", "")
        stated, places = claim.number.value, claim.number.places
        for way in ways:
            # Half to even and half up differ at the half only; either is a printed number.
            if abs(way.value - stated) <= half(places):
                return self._moved_most(claim, book, items, Judgement(
                    RIGHT, _percent(way.value, places), "与报件汇总一致", _ways_text(way, claim)
                ))  # fmt: skip
        best = min(ways, key=lambda way: abs(way.value - stated))
        if len(items) > 1 and any(item in book.hidden for item in items):
            return Judgement(UNVERIFIABLE, "", "本类有品种不公布，不能断定", "")
        turned = "；方向与数相反" if best.value * stated < 0 else ""
        return Judgement(
            WRONG, _percent(best.value, places),
            "应等于报件汇总的涨跌幅，允许差末位半个单位" + turned,
            _ways_text(best, claim),
        )  # fmt: skip

    @staticmethod
    def _moved_most(claim: Claim, book: Book, items: Sequence[str], said: Judgement) -> Judgement:
        """「涨幅最大的是…」 must name the item that moved most."""
        if not claim.mover or len(items) != 1 or not claim.number.value:
            return said
        item = book.form.item(items[0])
        among = [leaf.code for leaf in book.form.leaves if leaf.group == item.group]
        tops = book.movers(among, rising=claim.number.value > 0)
        everywhere = book.movers(
            [leaf.code for leaf in book.form.leaves], rising=claim.number.value > 0
        )
        if not tops or item.code in {*tops, *everywhere}:
            return said
        top = book.form.item(tops[0]).name["zh"]
        return Judgement(WRONG, top, "称为最大涨跌的应是本类中变动最大的品种", f"最大的是{top}")


def _unknown(rule: str) -> Own:
    return Own(Judgement(UNVERIFIABLE, "", rule, ""))


def _counted_of(claim: Claim) -> Term | None:
    """The category that a count is of: that of its basket."""
    basket = claim.links.get("basket") or (
        claim.links["count"].links.get("basket") if "count" in claim.links else None
    )
    return (basket or claim).counted


def _members(form: Form, category: str, name: str) -> list[str]:
    """Codes of a category's items on a form."""
    if category == WHOLE:
        return [leaf.code for leaf in form.leaves]
    for section in SECTIONS:
        if section.form == form.code and section.title == name:
            return [leaf.code for leaf in items_of(form, section.goods, ())]
    wanted = _TOGETHER.get(category, (category,))
    groups = [group.code for group in form.groups if category_of(group.name["zh"]) in wanted]
    if category not in CATEGORIES and category not in _TOGETHER:
        groups = [group.code for group in form.groups if group.name["zh"] == name]
    return [leaf.code for leaf in items_of(form, (), groups)]


def _times(claim: Claim, book: Book, item: str) -> Fraction | None:
    """What makes the text's price one of the form's unit; None where the two do not convert."""
    own = book.form.item(item).unit
    said = claim.unit.partition("/")[2]
    if not said or said == own:
        return Fraction(1)
    return _PER.get((said, own))


def _hint(stated: Fraction, known: Fraction) -> str:
    """What a slip of a power or of 斤 looks like."""
    if not known or not stated:
        return ""
    for factor, words in ((2, "约差一倍，疑为斤与公斤混用"), (10, "约差十倍，疑为小数点错位"),
                          (100, "约差百倍，疑为小数点错位")):  # fmt: skip
        for ratio in (stated / known, known / stated):
            if abs(ratio / factor - 1) <= Fraction(1, 20):
                return f"；{words}"
    return ""


def _percent(value: Fraction, places: int) -> str:
    return f"{shown(value, max(places, 1))}%"


def _ways_text(way: Known, claim: Claim) -> str:
    unit = "%" if claim.kind is Kind.CHANGE else "元"
    sums = f"{way.sums}＝" if way.sums else ""
    return f"{way.label}：{sums}{shown(way.value, 3)}{unit}"


def _count(claim: Claim, ways: Sequence[Mapping[str, int]]) -> Judgement:
    name = claim.kind.value
    value = claim.number.value
    for way in ways:
        if way[name] == value or (name == "basket" and way["priced"] == value):
            return Judgement(RIGHT, str(int(value)), "与报件汇总一致", _tally_text(way))
    if not ways or not any(way["basket"] for way in ways):
        return Judgement(UNVERIFIABLE, "", "没有可比的上期数", "")
    best = min(ways, key=lambda way: abs(way[name] - value))
    return Judgement(
        WRONG, str(best[name]), "按印出的环比（一位小数）数涨、跌、平的品种", _tally_text(best)
    )


def _tally_text(way: Mapping[str, int]) -> str:
    return f"可比{way['basket']}种：上涨{way['up']}、下降{way['down']}、持平{way['flat']}"


def _share(claim: Claim, ways: Sequence[Mapping[str, int]]) -> Judgement:
    linked = claim.links.get("count")
    names = [linked.kind.value] if linked is not None else ["up", "down", "flat"]
    places = claim.number.places
    for way in ways:
        for name in names:
            if way["basket"]:
                value = Fraction(100 * way[name], way["basket"])
                if abs(value - claim.number.value) <= half(places):
                    return Judgement(RIGHT, _percent(value, places), "与报件汇总一致",
                                     f"{way[name]}÷{way['basket']}")  # fmt: skip
    return Judgement(UNVERIFIABLE, "", "没有可对照的占比", "")


def _firms(claim: Claim, book: Book) -> Judgement:
    value = claim.number.value
    for known, word in ((book.expected, "应报"), (book.filed, "已报")):
        if known and known == value:
            return Judgement(RIGHT, str(known), f"与{word}家数一致", f"{word}{known}家")
    return Judgement(UNVERIFIABLE, "", "不是本表的应报或已报家数", "")
