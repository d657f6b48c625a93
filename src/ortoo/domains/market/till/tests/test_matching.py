"""How many of a shop's articles are recognised, and how many somebody has to look at."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from ortoo.connectors.sheets import read_sheets
from ortoo.domains.market.till.match import Article
from ortoo.domains.market.till.memory import Decision, Memory
from ortoo.domains.market.till.selectors import Question, Till
from ortoo.domains.market.till.store import Upload
from ortoo.domains.market.till.tests.world_exports import MAKERS, WEEKS, exported, file_of
from ortoo.kernel.forms.periods import parse
from ortoo.kernel.forms.registry import get
from ortoo.world import TillExport

FORM = "SCJC-W1"
UPLOAD = Upload("", "till", "", "", (), 0, "")


@dataclass
class Counts:
    """Articles taken rightly, wrongly, and missed; rows somebody had to look at, week by week."""

    right: int = 0
    wrong: int = 0
    missed: int = 0
    looked: list[int] = field(default_factory=list)

    @property
    def precision(self) -> float:
        return self.right / (self.right + self.wrong)

    @property
    def recall(self) -> float:
        return self.right / (self.right + self.missed)


def imported(export: TillExport, memory: Memory) -> Till:
    (sheet,) = read_sheets(file_of(export), export.file_name)
    period = parse(f"W{export.week_start.isoformat()}")
    return Till(get(FORM), period, UPLOAD, sheet.rows, memory)


def answered(one: Question, truth: str | None) -> Decision:
    """The clerk knows her goods: she answers what she is asked; the rest goes as proposed."""
    item = one.guesses[0].item if one.certain else truth
    factor = one.pack.factor if one.pack else 1
    return Decision(one.article.sku, one.article.name, one.article.category, item, factor)


@pytest.mark.parametrize("maker", MAKERS)
@pytest.mark.parametrize("shop", [0, 1, 2])
def test_of_eight_thousand_articles_few_are_asked_and_hardly_any_is_wrong(
    maker: str, shop: int, capsys: pytest.CaptureFixture[str]
) -> None:
    memory, counts = Memory(), Counts()
    for week in (1, 2, 3):
        export = exported(week, maker, shop)
        till = imported(export, memory)
        assert not till.layout.missing
        assert len(till.reading.articles) >= 8_000
        for one in till.questions:
            decision = answered(one, export.truth.get(one.article.sku))
            memory.articles[one.article.sku] = decision
        counts.looked.append(len(till.asked))
    taken = {sku: said.item for sku, said in memory.articles.items() if said.item}
    truth = {
        sku: item for week in (1, 2, 3) for sku, item in exported(week, maker, shop).truth.items()
    }
    counts.right = sum(truth.get(sku) == item for sku, item in taken.items())
    counts.wrong = len(taken) - counts.right
    counts.missed = sum(sku not in taken for sku in truth)
    with capsys.disabled():
        print(
            f"\n[till] {maker} shop {shop}: {len(truth)} articles of items, precision "
            f"{counts.precision:.3f}, recall {counts.recall:.3f}, rows asked {counts.looked}"
        )
    assert counts.precision >= 0.97
    assert counts.recall >= 0.95
    assert counts.looked[0] <= 60
    assert counts.looked[2] <= 6


@pytest.mark.parametrize("maker", MAKERS)
def test_the_cells_are_the_sums_behind_the_export(maker: str) -> None:
    export, memory = exported(3, maker), Memory()
    first = imported(export, memory)
    for one in first.questions:
        memory.articles[one.article.sku] = answered(one, export.truth.get(one.article.sku))
    found = {one.item.code: one for one in imported(export, memory).sums}
    assert set(found) >= set(export.sums)
    for code, (tenths, fen, stock) in export.sums.items():
        sums = found[code]
        assert sum(article.amount for article in sums.articles) == fen * 100, code
        # The smallest pack takes up what is left: half of the largest pack is the most it is off.
        most = max(article.factor for article in sums.articles) * 10
        assert abs(sums.cells["sales_qty"] - tenths) <= most, (code, sums.cells, tenths)
        if stock is not None:
            assert abs(sums.cells["stock"] - stock) <= most, code


@pytest.mark.parametrize(
    ("name", "category", "item"),
    [
        ("小白菜 kg", "蔬菜", None), ("紫甘蓝", "蔬菜", None), ("圣女果 樱桃番茄", "蔬菜", None),
        ("胡萝卜 斤", "蔬菜", "0616"), ("牛肉腿肉", "鲜肉", "0303"), ("包菜/kg", "蔬菜", "0602"),
        ("海湾食用盐500g", "调味品", "0801"), ("椒盐花生", "休闲食品", None),
        ("番茄味土豆片75g", "休闲食品", None), ("MALINGSHU 马铃薯", "蔬菜", "0617"),
        ("白菜猪肉水饺1kg", "速冻调理", None), ("沐浴盐", "洗化", None),
    ],
)  # fmt: skip
def test_names_that_hold_a_word_and_names_that_are_it(
    name: str, category: str, item: str | None
) -> None:
    rows = [["货号", "品名", "类别", "数量", "金额"], ["1", name, category, "1", "5"]]
    till = Till(get(FORM), parse(f"W{WEEKS[0].isoformat()}"), UPLOAD, rows, Memory())
    assert till.reading.articles["1"] == Article("1", name, "", "", category)
    assert [one.guesses[0].item for one in till.questions] == ([item] if item else [])
