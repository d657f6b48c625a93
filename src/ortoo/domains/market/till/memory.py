"""What a firm has said of its till, folded from its `TILL-MAP` filings. Pure.

A layout is remembered by the signature of its header; an article by its code and name; how an
item's price is made by the item. Later filings add to earlier ones and replace what they name.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

from ortoo.domains.market.till.match import CERTAIN, Article, Guess, folded

FORM = "TILL-MAP"
NONE, MEAN = "none", "mean"
IGNORED_AFTER = 3
"""So many articles of a category refused, and none ever taken: its new articles are not asked."""


@dataclass(frozen=True, slots=True)
class Decision:
    """An article is this item (or none of them); one sold unit is `factor` row units."""

    sku: str
    name: str
    category: str
    item: str | None
    factor: Fraction = Fraction(1)


@dataclass(slots=True)
class Memory:
    """Everything remembered. `prices`: item → `mean` or the SKU of the representative pack."""

    layouts: dict[str, dict[str, int]] = field(default_factory=dict)
    articles: dict[str, Decision] = field(default_factory=dict)
    prices: dict[str, str] = field(default_factory=dict)

    def coded(self, filed: Mapping[str, str]) -> Memory:
        """The same with the codes of the page for those of filings; `filed`: page → filing."""
        page = {said: code for code, said in filed.items()}
        articles = {
            sku: replace(said, item=page.get(said.item or "", said.item))
            for sku, said in self.articles.items()
        }
        prices = {page.get(item, item): by for item, by in self.prices.items()}
        return Memory(self.layouts, articles if page else self.articles, prices)

    @property
    def ignored_categories(self) -> frozenset[str]:
        """Categories of which articles were only ever refused."""
        refused: defaultdict[str, int] = defaultdict(int)
        taken: set[str] = set()
        for said in self.articles.values():
            if said.item is None:
                refused[said.category] += 1
            else:
                taken.add(said.category)
        return frozenset(
            name for name, n in refused.items() if name and n >= IGNORED_AFTER and name not in taken
        )

    def decision(self, article: Article) -> Decision | None:
        """What was said of the article; nothing once its code names another thing."""
        said = self.articles.get(article.sku)
        if said is None or _core(said.name) != _core(article.name):
            return None
        return said

    def asks(self, article: Article, best: Guess | None, threshold: int) -> bool:
        """Whether the clerk is to be asked: new, likely enough, and not of an ignored category."""
        if best is None or best.score < threshold or self.decision(article) is not None:
            return False
        return best.score >= CERTAIN or article.category not in self.ignored_categories


def _core(name: str) -> str:
    """A name without the remarks tills add to it: 「(特价)」, blanks, width of letters."""
    plain = folded(name)
    for mark in ("(特价)", "(促销)", "[特价]", "【特价】", "特价", "促销", "*"):
        plain = plain.replace(mark, "")
    return plain


def fold(bodies: Iterable[Mapping[str, Any]], form: str) -> Memory:
    """The memory that a firm's filings make, in log order; those of other forms are left out."""
    memory = Memory()
    for body in bodies:
        if body.get("form") != form:
            continue
        if body.get("layout"):
            memory.layouts[body["layout"]] = {
                line["role"]: line["column"] - 1 for line in body.get("columns", ())
            }
        for line in body.get("articles", ()):
            memory.articles[line["sku"]] = Decision(
                line["sku"],
                line["name"],
                line.get("category", ""),
                None if line["item"] == NONE else line["item"],
                Fraction(line.get("num", 1), line.get("den", 1)),
            )
        for line in body.get("prices", ()):
            memory.prices[line["item"]] = line["by"]
    return memory
