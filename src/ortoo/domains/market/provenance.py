"""Provenance 来历: by what method, from which vintage and how good; under every computed result."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from ortoo.domains.market.panels import Panel, Source
from ortoo.domains.market.rules.figures import percent_text


@dataclass(frozen=True, slots=True)
class Provenance:
    """What stands under a result.

    `method`: in words; `periods`: which are behind it; `log_index`: the newest filing it contains;
    `imputed`: share of cells that were imputed; `letter`: reliability A–E, "" where none is told;
    `sources`: what the figures behind are (returns, 历史汇总, issued figures).
    """

    log_index: int
    method: str
    periods: str = ""
    quotes: int = 0
    expected: int = 0
    filed: int = 0
    imputed: Fraction | None = None
    letter: str = ""
    sources: str = ""

    @property
    def response(self) -> Fraction | None:
        """报送率, None where nobody owed."""
        return Fraction(self.filed, self.expected) if self.expected else None

    def lines(self) -> Iterator[tuple[str, str]]:
        """(term, words), in the order in which they are printed."""
        yield "方法", self.method
        if self.periods:
            yield "所用报告期", self.periods
        yield "数据版次", f"截至第 {self.log_index:,} 号报件" if self.log_index else "—"
        if self.sources:
            yield "数据来源", self.sources
        if self.response is not None:
            rate = f"{_percent(self.response)}%"
            yield "报送率", f"{rate}（已报 {self.filed} / 应报 {self.expected} 家）"
        if self.quotes:
            yield "报价", f"{self.quotes:,} 个"
        if self.imputed is not None:
            yield "插补占比", f"{_percent(self.imputed)}%"
        if self.letter:
            yield "质量等级", self.letter


def _percent(share: Fraction) -> str:
    return percent_text(share).lstrip("+")


SOURCES = {Source.RETURNS: "企业报表", Source.HISTORY: "历史汇总", Source.ISSUED: "已发布的数"}


def of_series(panel: Panel, unit: str, item: str, method: str) -> Provenance:
    """What is behind one series of a panel: its span, its sources, the newest period's counts."""
    row, column = panel.unit(unit), panel.item(item)
    sources = panel.source[row, column]
    there = sources.nonzero()[0]
    if not there.size:
        return Provenance(panel.log_index, method)
    last = int(there[-1])
    return Provenance(
        log_index=panel.log_index,
        method=method,
        periods=(
            f"{panel.periods[int(there[0])].label_zh} 至 {panel.periods[last].label_zh}，"
            f"{there.size} 期"
        ),
        quotes=int(panel.sums["quotes"][row, column].sum()),
        sources="、".join(
            f"{words} {int((sources == kind).sum())} 期"
            for kind, words in SOURCES.items()
            if (sources == kind).any()
        ),
        expected=int(panel.sums["expected"][row, column, last]),
        filed=int(panel.sums["filed"][row, column, last]),
    )
