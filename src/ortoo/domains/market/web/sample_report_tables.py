"""The tables, tiles and small charts of the sample's reports."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from django.urls import reverse

from ortoo.domains.market.rates import Tally
from ortoo.domains.market.registers import names_of
from ortoo.domains.market.rules.figures import round_half_even
from ortoo.domains.market.sample.reports import Basis
from ortoo.domains.market.sample.reports_coverage import Cover, Coverage, ItemCover
from ortoo.domains.market.sample.reports_response import Firm, Response
from ortoo.domains.market.sample.reports_rotation import Change, Turnover
from ortoo.domains.market.sample.rules import KINDS
from ortoo.domains.market.web import sample_words as words
from ortoo.domains.market.web.assessment_files import DASH, Cell, Listing, count, percent
from ortoo.domains.market.web.assessment_files import words as text
from ortoo.kernel.forms.periods import parse
from ortoo.kernel.grants.scope import Scope
from ortoo.web.charts import Bar, Series, bar_figure, line_figure

FEW = 3
"""An item quoted by fewer firms than this is a thin one."""
MOST_FIRMS = 100
Context = dict[str, Any]


def _listing(title: str, columns: Any, rows: Any, note: str = "") -> Context:
    return Listing(title, (), tuple(columns), tuple(rows), note).table([])


def _share(value: Fraction | None) -> str:
    return DASH if value is None else round_half_even(value * 100, 1)


def _weight(value: Fraction | None) -> Cell:
    return Cell(DASH) if value is None else text(round_half_even(value, 2))


def _whole(value: int | None) -> Cell:
    return Cell(DASH) if value is None else count(value)


# --- 覆盖 ---------------------------------------------------------------------------------------


def coverage(found: Basis, held: Coverage) -> Context:
    thin = [one for one in held.items if 0 < one.quotes < FEW]
    whole = held.whole
    tiles = [
        ("样本", str(whole.sampled), "家", f"本期已报 {whole.answered} 家"),
        ("占抽样框", _share(whole.share) if found.strata else DASH, "%",
         f"框内 {whole.population} 家" if whole.population else "没有抽样框"),
        ("占辅助变量总量", _share(whole.turnover), "%",
         f"{found.design.auxiliary}，按层均值推算" if found.strata and found.design else ""),
        ("无人报价的商品", str(len(held.silent)), "种", f"另有 {len(thin)} 种不足 {FEW} 家"),
    ]  # fmt: skip
    name = "盟市" if found.by_unit else "地区"
    return {
        "tiles": tiles,
        "chart": _cover_chart(found, held),
        "tables": [_cover_table(found, held, name)],
        "strata": _strata_table(held) if held.strata else None,
        "items": _items_table(held, name) if held.items else None,
        "silent": held.silent,
        "outside": held.outside,
        "broken": [one for one in held.strata if one.complete is False],
    }


def _cover_chart(found: Basis, held: Coverage) -> Context | None:
    if found.strata:
        bars = [
            Bar(words.place(one.code), float(one.share * 100) if one.share is not None else None)
            for one in held.units
        ]
        return bar_figure(bars, title="样本占抽样框家数", unit="%", places=1)
    bars = [Bar(words.place(one.code), one.sampled) for one in held.units]
    return bar_figure(bars, title="样本家数", unit="家", places=0) if len(bars) > 1 else None


def _cover_row(name: Cell, one: Cover) -> list[Cell]:
    return [
        name, _whole(one.population), count(one.sampled), percent(one.share),
        percent(one.turnover), _weight(one.weight), count(one.answered),
        _weight(one.weight_answered),
    ]  # fmt: skip


_COVER = (
    ("抽样框", "家", True), ("样本", "家", True), ("占框", "%", True), ("占辅助变量", "%", True),
    ("权数 N/n", "", True), ("本期已报", "家", True), ("应答后权数", "", True),
)  # fmt: skip


def _cover_table(found: Basis, held: Coverage, name: str) -> Context:
    rows = [_cover_row(text(words.place(one.code)), one) for one in held.units]
    note = (
        "没有抽样框的名录不计权数，均价按样本企业加权。"
        if not found.strata
        else ("一家样本企业代表框内的家数为权数；应答后权数按本期已报的家数。")
    )
    return _listing(f"各{name}", ((name, "", False), *_COVER), rows, note)


def _strata_table(held: Coverage) -> Context:
    rows = []
    for one in held.strata:
        assert one.stratum is not None
        kind = "抽样"
        if one.complete is not None:
            kind = "全面调查，已全" if one.complete else f"全面调查，缺 {_lacking(one)} 家"
        head = text(one.code, note=f"{words.place(one.stratum.league)} {one.stratum.size_class}")
        rows.append([head, text(kind), *_cover_row(head, one)[1:]])
    columns = (("层", "", False), ("方式", "", False), *_COVER)
    return _listing("各层", columns, rows)


def _lacking(one: Cover) -> int:
    return (one.population or 0) - one.sampled


def _items_table(held: Coverage, name: str) -> Context:
    ordered = sorted(held.items, key=lambda one: (one.quotes, one.code))
    rows = [
        [
            text(one.name, note=_item_note(one)), count(one.quotes),
            percent(Fraction(one.quotes, one.answered) if one.answered else None),
            count(one.groups), *(count(one.nils.get(nil, 0)) for nil in (-1, -2, -3, -4)),
        ]
        for one in ordered
    ]  # fmt: skip
    columns = (
        ("商品", "", False), ("报价", "家", True), ("占已报", "%", True),
        (f"有报价的{name}", "个", True), ("未经营", "家", True), ("断货", "家", True),
        ("季节无货", "家", True), ("空白", "家", True),
    )  # fmt: skip
    return _listing("各商品", columns, rows, "报价少的在前。")


def _item_note(one: ItemCover) -> str:
    return "无人报价" if not one.quotes else "报价少" if one.quotes < FEW else ""


# --- 应答 ---------------------------------------------------------------------------------------

_RATES = (
    ("应报", "家次", True), ("已报", "家次", True), ("报送率", "%", True), ("及时率", "%", True),
    ("项目应答率", "%", True), ("更正", "次", True), ("免报", "次", True),
)  # fmt: skip


def _rates(tally: Tally) -> list[Cell]:
    return [
        count(tally.owed), count(tally.filed), percent(tally.reporting), percent(tally.timely),
        percent(tally.filled), count(tally.corrected), count(tally.waived),
    ]  # fmt: skip


def response(found: Basis, held: Response, cover: Coverage, least: int) -> Context:
    whole = held.whole
    silent = [firm for firm in held.firms if firm.missed >= least]
    tiles = [
        ("报送率", _share(whole.reporting), "%", f"已报 {whole.filed} / 应报 {whole.owed} 家次"),
        ("及时率", _share(whole.timely), "%", "时限内首报"),
        ("项目应答率", _share(whole.filled), "%", "空值原因算已答"),
        ("一次也没有报", str(sum(firm.row == firm.tally.owed for firm in held.firms)), "家",
         f"共 {held.firms_owing} 家应报"),
    ]  # fmt: skip
    name = "盟市" if found.by_unit else "地区"
    made = [
        _listing(
            f"最近 {len(held.periods)} 期",
            (("报告期", "", False), *_RATES),
            [[text(period.label_zh), *_rates(tally)] for period, tally in reversed(held.periods)],
        ),
        _listing(
            f"各{name}",
            ((name, "", False), *_RATES),
            [[text(words.place(code)), *_rates(tally)] for code, tally in held.units],
        ),
    ]
    if held.strata:
        rows = [[text(code), *_rates(tally)] for code, tally in held.strata]
        made.append(_listing("各层", (("层", "", False), *_RATES), rows))
    return {
        "tiles": tiles,
        "chart": _rate_chart(held),
        "tables": made,
        "reasons": _reasons(cover),
        "firms": _firms(found, silent),
        "silent_firms": len(silent),
        "most_firms": MOST_FIRMS,
    }


def _rate_chart(held: Response) -> Context | None:
    def points(rate: str) -> list[Any]:
        return [
            (period.end, float(share * 100) if share is not None else None)
            for period, tally in held.periods
            for share in [getattr(tally, rate)]
        ]

    if len(held.periods) < 2:
        return None
    series = [Series("报送率", points("reporting")), Series("及时率", points("timely"))]
    return line_figure(series, title="报送率与及时率", unit="%", places=1)


def _reasons(cover: Coverage) -> Context | None:
    """Nil reasons of the newest period, the most frequent out of stock first."""
    told = [one for one in cover.items if any(one.nils.get(nil) for nil in (-1, -2, -3))]
    if not told:
        return None
    ordered = sorted(told, key=lambda one: (-one.nils.get(-2, 0), -sum(one.nils.values())))
    rows = [
        [text(one.name), *(count(one.nils.get(nil, 0)) for nil in (-2, -1, -3, -4)),
         count(one.quotes)]
        for one in ordered
    ]  # fmt: skip
    columns = (
        ("商品", "", False), ("断货", "家", True), ("未经营", "家", True), ("季节无货", "家", True),
        ("空白", "家", True), ("有报价", "家", True),
    )  # fmt: skip
    return _listing("本期空值原因", columns, rows, "断货多的在前。")


def _firms(found: Basis, firms: list[Firm]) -> Context:
    rows = [
        [
            text(found.parties[one.party].name, _seat(found, one.party), one.pattern),
            text(words.place(found.parties[one.party].place)),
            text(found.stratum_of(one.party) or DASH), count(one.tally.owed), count(one.missed),
            count(one.row), count(one.late), text(parse(one.last).label_zh if one.last else DASH),
        ]
        for one in firms[:MOST_FIRMS]
    ]  # fmt: skip
    columns = (
        ("企业", "", False), ("地区", "", False), ("抽样层", "", False), ("应报", "期", True),
        ("未报", "期", True), ("连续未报", "期", True), ("迟报", "期", True),
        ("最近一次已报", "", False),
    )  # fmt: skip
    return _listing("未应答的企业", columns, rows)


def _seat(found: Basis, party: str) -> str:
    return reverse("sample-seat", kwargs={"list_code": found.list_code, "party": party})


# --- 轮换 ---------------------------------------------------------------------------------------


def rotation(scope: Scope, found: Basis, held: Turnover) -> Context:
    years = held.median_days / 365 if held.median_days is not None else None
    recent = [turn for turn in held.turns if turn.before]
    came, went = sum(turn.came for turn in recent), sum(turn.went for turn in recent)
    least = min((turn.overlap for turn in recent if turn.overlap is not None), default=None)
    tiles = [
        ("在样年限中位数", DASH if years is None else f"{years:.1f}", "年",
         f"{len(found.members)} 家"),
        (f"{len(recent)} 期内进出", f"+{came} −{went}", "家", ""),
        ("相邻两期最低重合", _share(least), "%", f"规则 ≥ {held.overlap}%"),
        ("按规则应换", str(len(held.due.pairs) + len(held.due.unpaired)), "家",
         f"全面调查层 {held.take_all} 家不换"),
    ]  # fmt: skip
    return {
        "tiles": tiles,
        "chart": bar_figure([Bar(name, firms) for name, firms in held.ages],
                            title="席位在样年限", unit="家", places=0),
        "tables": [_turns(held), _due(found, held), _changes(scope, found, held)],
        "born": sum(one.born for one in held.changes),
        "died": sum(one.died for one in held.changes),
        "rule": held.rule,
        "unpaired": len(held.due.unpaired),
    }  # fmt: skip


def _turns(held: Turnover) -> Context:
    rows = [
        [
            text(turn.period.label_zh), count(turn.size),
            count(turn.came) if turn.before else text("起始"),
            count(turn.went) if turn.before else Cell(DASH), percent(turn.overlap),
        ]
        for turn in reversed(held.turns)
    ]  # fmt: skip
    columns = (
        ("报告期", "", False), ("样本", "家", True), ("进入", "家", True), ("移出", "家", True),
        ("与上期重合", "%", True),
    )  # fmt: skip
    return _listing("各期进出与重合", columns, rows)


def _due(found: Basis, held: Turnover) -> Context:
    since = {stay.party: stay.first for stay in found.stays if stay.on(found.on)}
    pairs = [*held.due.pairs, *((party, "") for party in held.due.unpaired)]
    names = names_of([code for pair in pairs for code in pair if code])
    rows = [
        [
            text(names.get(old, old), _seat(found, old)),
            text(words.place(found.parties[old].place)), text(found.stratum_of(old) or DASH),
            text(since.get(old, DASH)),
            text(names.get(new, new), _seat(found, new)) if new else text("无同层候选"),
        ]
        for old, new in sorted(pairs, key=lambda pair: (since.get(pair[0], ""), pair[0]))
    ][:MOST_FIRMS]  # fmt: skip
    columns = (
        ("企业", "", False), ("地区", "", False), ("抽样层", "", False), ("入样", "", False),
        ("可由谁替换", "", False),
    )  # fmt: skip
    return _listing("按规则应换", columns, rows)


def _changes(scope: Scope, found: Basis, held: Turnover) -> Context:
    shown = held.changes[:MOST_FIRMS]
    names = names_of({code for one in shown for code in (one.party, one.partner, one.successor)})
    rows = [_change_row(found, one, names) for one in shown]
    columns = (
        ("日期", "", False), ("变动", "", False), ("企业", "", False), ("替换", "", False),
        ("承继单位", "", False), ("方式", "", False), ("依据", "", False),
    )  # fmt: skip
    return _listing("历次进出", columns, rows, "方式为空的，由名录报件直接列入或移出。")


def _change_row(found: Basis, one: Change, names: dict[str, str]) -> list[Cell]:
    return [
        text(one.day), text("进入" if one.joined else "移出"),
        text(names.get(one.party, one.party), _seat(found, one.party)),
        text(names.get(one.partner, one.partner) if one.partner else DASH),
        text(names.get(one.successor, one.successor) if one.successor else DASH),
        text(KINDS.get(one.kind, DASH), note=one.reason[:40]),
        text(f"第 {one.seq} 号", reverse("filing", args=[one.seq])),
    ]  # fmt: skip
