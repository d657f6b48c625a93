"""Faults of a pack, each with a code, the place it concerns and a remedy.

A pack that passes has this property on every day: each place in force rolls up into the
root exactly once, along offices that exist. Scopes, rates and totals lean on it.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import TYPE_CHECKING

from ortoo.kernel.places.place import Place, PlaceIssue, Reporting

if TYPE_CHECKING:
    from ortoo.kernel.places.pack import Pack


def issues_of(pack: Pack) -> tuple[PlaceIssue, ...]:
    """All faults, tree first; the relation is walked only when its rows can be followed."""
    tree = (*_codes(pack), *_tree(pack), *_names(pack), *_population(pack))
    rows = (*_rows(pack), *_overlaps(pack), *_offices(pack))
    known = {"PLACE-PARENT", "PLACE-DUPLICATE", "PLACE-REPORT-UNKNOWN", "PLACE-ROOT"}
    if known & {issue.code for issue in (*tree, *rows)}:
        return (*tree, *rows)
    return (*tree, *rows, *_rollup(pack))


def _codes(pack: Pack) -> Iterator[PlaceIssue]:
    head = pack.head
    for code, times in Counter(place.code for place in pack.places).items():
        if times > 1:
            yield PlaceIssue("PLACE-DUPLICATE", code, f"代码出现 {times} 次", "每个代码只留一行")
    for place in pack.places:
        shape = head.shapes.get(place.level)
        if shape and not re.fullmatch(shape, place.code):
            yield PlaceIssue(
                "PLACE-CODE-SHAPE",
                place.code,
                f"不合 {head.scheme} 第 {place.level} 级的形状 {shape}",
                "改正代码或级别",
            )
        stem = head.stem.get(place.level, 0)
        if place.parent and place.code[:stem] != place.parent[:stem]:
            yield PlaceIssue(
                "PLACE-CODE-STEM",
                place.code,
                f"前 {stem} 位与上级 {place.parent} 不同",
                "地理上级按代码树填；跨级报送写在 reports_to",
            )


def _tree(pack: Pack) -> Iterator[PlaceIssue]:
    for place in pack.places:
        yield from _place_rows(pack, place)
    yield from _cycles(pack)
    roots = [place.code for place in pack.roots]
    if not pack.head.foreign and roots != [pack.head.root]:
        yield PlaceIssue(
            "PLACE-ROOT",
            pack.head.root,
            f"没有上级的地区应只有根，现有 {'、'.join(roots) or '无'}",
            "补上级代码，或改正包头的 root",
        )


def _place_rows(pack: Pack, place: Place) -> Iterator[PlaceIssue]:
    above = pack.get(place.parent) if place.parent else None
    if place.parent and above is None:
        yield PlaceIssue("PLACE-PARENT", place.code, f"没有上级 {place.parent}", "改正上级代码")
    if above is not None and above.level >= place.level:
        yield PlaceIssue(
            "PLACE-LEVEL", place.code, f"级别 {place.level} 不低于上级 {above.level}", "改正类别"
        )
    if bool(place.host) != place.statistical or (place.host and place.host not in pack):
        yield PlaceIssue(
            "PLACE-HOST",
            place.code,
            "统计用开发区须写明所在地区，其他地区不写" if not place.host else "所在地区有误",
            "改正 host",
        )
    if place.span.first and place.span.last and place.span.first > place.span.last:
        yield PlaceIssue("PLACE-SPAN", place.code, "起日在止日之后", "改正起止日期")
    if place.source and place.source not in pack.head.sources:
        yield PlaceIssue(
            "PLACE-SOURCE", place.code, f"来源 {place.source} 未登记", "在包头登记来源"
        )


def _cycles(pack: Pack) -> Iterator[PlaceIssue]:
    for place in pack.places:
        seen: set[str] = set()
        at: Place | None = place
        while at is not None and at.code not in seen:
            seen.add(at.code)
            at = pack.get(at.parent) if at.parent else None
        if at is not None and at.code == place.code:
            yield PlaceIssue("PLACE-CYCLE", place.code, "上级关系成环", "改正其中一个上级代码")


def _names(pack: Pack) -> Iterator[PlaceIssue]:
    by_parent: dict[tuple[str, str], list[Place]] = defaultdict(list)
    for place in pack.places:
        by_parent[place.parent, place.zh].append(place)
        if not place.zh:
            yield PlaceIssue("PLACE-NAME", place.code, "没有中文名称", "补中文名称")
    for (parent, name), same in by_parent.items():
        pairs = ((a, b) for i, a in enumerate(same) for b in same[i + 1 :])
        for a, b in pairs:
            if a.span.overlaps(b.span) and a.code != b.code:
                yield PlaceIssue(
                    "PLACE-SIBLING-NAME",
                    b.code,
                    f"与 {a.code} 同在 {parent or '根'} 下，都叫“{name}”",
                    "改正名称，或写明起止日期",
                )


def _population(pack: Pack) -> Iterator[PlaceIssue]:
    """Totals must add up: one published table carried 100,000 too many for one district."""
    for place in pack.places:
        below = [child.population for child in pack.children(place.code)]
        known = [people for people in below if people is not None]
        if place.population is None or not known or len(known) < len(below):
            continue
        excess = sum(known) - place.population
        if excess:
            yield PlaceIssue(
                "PLACE-POPULATION",
                place.code,
                f"人口 {place.population}，下级合计 {sum(known)}，差 {excess}",
                "与普查分县资料核对下级",
            )
    total = pack.head.population_total
    if total is not None and total != sum(root.population or 0 for root in pack.roots):
        yield PlaceIssue(
            "PLACE-POPULATION", pack.head.root, f"总人口与包头的 {total} 不符", "核对包头或根"
        )


def _rows(pack: Pack) -> Iterator[PlaceIssue]:
    for row in pack.reports:
        for code in (row.child, row.parent):
            if code not in pack:
                yield PlaceIssue(
                    "PLACE-REPORT-UNKNOWN", code, f"{row.child} 的报送关系用到未知代码", "改正代码"
                )
        if row.child == row.parent:
            yield PlaceIssue("PLACE-REPORT-CYCLE", row.child, "报送给自己", "改正上报单位")
        if row.child == pack.head.root:
            yield PlaceIssue("PLACE-REPORT-ROOT", row.child, "根不再上报", "删去这一行")
        if row.span.first and row.span.last and row.span.first > row.span.last:
            yield PlaceIssue("PLACE-SPAN", row.child, "报送起日在止日之后", "改正起止日期")
        if row.source and row.source not in pack.head.sources:
            yield PlaceIssue(
                "PLACE-SOURCE", row.child, f"来源 {row.source} 未登记", "在包头登记来源"
            )


def _overlaps(pack: Pack) -> Iterator[PlaceIssue]:
    by_child: dict[str, list[Reporting]] = defaultdict(list)
    for row in pack.reports:
        by_child[row.child].append(row)
    for child, rows in by_child.items():
        for i, a in enumerate(rows):
            for b in rows[i + 1 :]:
                if not a.span.overlaps(b.span):
                    continue
                if a.parent == b.parent:
                    yield PlaceIssue(
                        "PLACE-REPORT-OVERLAP",
                        child,
                        f"报送 {a.parent} 的两行日期重叠",
                        "合并或改正起止日期",
                    )
                else:
                    yield PlaceIssue(
                        "PLACE-REPORT-TWO",
                        child,
                        f"同一天既报 {a.parent} 又报 {b.parent}",
                        "一天只能有一个上报单位：给前一行写止日",
                    )


def _offices(pack: Pack) -> Iterator[PlaceIssue]:
    for row in pack.reports:
        above = pack.get(row.parent)
        if above is not None and not above.office and not pack.head.foreign:
            yield PlaceIssue(
                "PLACE-REPORT-OFFICE",
                row.child,
                f"报给缺级的 {row.parent}，那里没有审核机构",
                "改报再上一级",
            )
    for root in pack.roots:
        if not pack.head.foreign and not root.office:
            yield PlaceIssue("PLACE-REPORT-OFFICE", root.code, "根没有机构", "根须有机构")


def turning_days(pack: Pack) -> tuple[date, ...]:
    """One day of every stretch in which nothing changes, in order."""
    spans = [place.span for place in pack.places] + [row.span for row in pack.reports]
    days = {date.min}
    for span in spans:
        if span.first is not None:
            days.add(span.first)
        if span.last is not None and span.last < date.max:
            days.add(span.last + timedelta(days=1))
    return tuple(sorted(days))


def _rollup(pack: Pack) -> Iterator[PlaceIssue]:
    told: set[tuple[str, str]] = set()
    for day in turning_days(pack):
        for issue in _rollup_on(pack, day):
            if (issue.code, issue.place) not in told:
                told.add((issue.code, issue.place))
                yield issue


def _rollup_on(pack: Pack, day: date) -> Iterable[PlaceIssue]:
    """Walk down from the roots and count how often each place in force is reached."""
    down: dict[str, list[str]] = defaultdict(list)
    for row in pack.reports:
        if row.span.holds(day):
            down[row.parent].append(row.child)
    reached: Counter[str] = Counter()
    todo = [root.code for root in pack.roots]
    while todo:
        at = todo.pop()
        reached[at] += 1
        if reached[at] == 1:
            todo.extend(down[at])
    for place in pack.places:
        times = reached[place.code]
        if place.span.holds(day) and times == 0:
            yield PlaceIssue(
                "PLACE-ROLLUP-LOST",
                place.code,
                f"{day} 没有一条报送路径通到根，数字会丢",
                "补这一天的报送关系（或改正成环的一行）",
            )
        elif times > 1:
            yield PlaceIssue(
                "PLACE-ROLLUP-TWICE",
                place.code,
                f"{day} 经 {times} 条路径汇总到根，数字会重复",
                "只留一条报送关系",
            )
        elif times and not place.span.holds(day):
            yield PlaceIssue(
                "PLACE-REPORT-ENDED", place.code, f"{day} 已不存在却仍在报送", "给报送关系写止日"
            )
