"""Reads of a till import: what the export says, what is remembered, what has to be asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache

import msgspec

from ortoo.domains.market.services import Matter
from ortoo.domains.market.till import store
from ortoo.domains.market.till.aggregate import ItemSum, item_sums, sum_articles
from ortoo.domains.market.till.columns import Layout, guess
from ortoo.domains.market.till.lines import Reading, read_lines
from ortoo.domains.market.till.match import ASKED, CERTAIN, Article, Guess, Term, guesses, terms_of
from ortoo.domains.market.till.memory import FORM, Decision, Memory, fold
from ortoo.domains.market.till.packs import Pack, pack_of
from ortoo.kernel.filings import read
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.forms import registry
from ortoo.kernel.forms.definition import Form
from ortoo.kernel.forms.periods import Period, parse
from ortoo.kernel.goods.catalogue import food
from ortoo.kernel.grants.scope import Scope

VERB = "file_return"


@dataclass(frozen=True, slots=True)
class Question:
    """A new article that might be one of the items: its guesses, and the pack each would mean."""

    article: Article
    guesses: tuple[Guess, ...]
    amount: int
    pack: Pack | None

    @property
    def certain(self) -> bool:
        """Whether name and pack leave nothing to look at: taken with all others of its kind."""
        return bool(
            self.guesses and self.guesses[0].score >= CERTAIN and self.pack and self.pack.sure
        )


@dataclass(frozen=True)
class Till:
    """One return's till import as it stands; everything is computed from the rows when asked."""

    form: Form
    period: Period
    upload: store.Upload
    rows: list[list[str]]
    memory: Memory
    chosen: Mapping[str, int] | None = field(default=None)
    filed: Mapping[str, str] = field(default_factory=dict)
    """Codes of rows whose code in a filing is another: those of supplements on the page."""

    def filed_code(self, item: str | None) -> str | None:
        """A row's code as a filing says it."""
        return self.filed.get(item, item) if item else item

    @cached_property
    def layout(self) -> Layout:
        if self.chosen is not None:
            found = guess(self.rows, self.memory.layouts)
            return Layout(found.header, found.titles, dict(self.chosen))
        return guess(self.rows, self.memory.layouts)

    @property
    def understood(self) -> bool:
        """Whether the columns were confirmed, for this file or once for its layout."""
        return self.layout.signature in self.memory.layouts and not self.layout.missing

    @cached_property
    def reading(self) -> Reading:
        return read_lines(self.rows, self.layout, self.period)

    @cached_property
    def decisions(self) -> dict[str, Decision]:
        """SKU → what was said of it, for the articles of this file."""
        pairs = ((sku, self.memory.decision(one)) for sku, one in self.reading.articles.items())
        return {sku: said for sku, said in pairs if said is not None}

    @cached_property
    def questions(self) -> list[Question]:
        """What is new and might be an item: what needs a look first, then the dearest."""
        terms, amounts = _terms(self.form), self._amounts
        found = []
        for sku, article in self.reading.articles.items():
            if sku in self.decisions:
                continue
            likely = guesses(article, terms)
            best = likely[0] if likely else None
            if self.memory.asks(article, best, ASKED):
                found.append(self._question(article, tuple(likely[:3]), amounts.get(sku, 0)))
        return sorted(found, key=lambda one: (one.certain, -one.amount))

    @property
    def asked(self) -> list[Question]:
        """Those of `questions` that somebody has to look at."""
        return [one for one in self.questions if not one.certain]

    @cached_property
    def sums(self) -> list[ItemSum]:
        sums = sum_articles(self.reading.lines, self.reading.articles, self.decisions)
        return item_sums(self.form, sums, self.memory.prices)

    @property
    def total(self) -> int:
        """All sales of the file in fen."""
        return sum(line.amount for line in self.reading.lines) // 100

    @cached_property
    def _amounts(self) -> dict[str, int]:
        found: dict[str, int] = {}
        for line in self.reading.lines:
            found[line.sku] = found.get(line.sku, 0) + line.amount
        return found

    def find(self, text: str, most: int = 20) -> list[Question]:
        """Articles whose name or code holds a text, decided or not."""
        wanted = text.strip().lower()
        names = self.reading.articles.values()
        hits = [
            one
            for one in names
            if (wanted in one.name.lower() or wanted == one.sku.lower()) and self._here(one)
        ]
        hits.sort(key=lambda one: -self._amounts.get(one.sku, 0))
        terms = _terms(self.form)
        return [
            self._question(one, tuple(guesses(one, terms)[:3]), self._amounts.get(one.sku, 0))
            for one in hits[:most]
        ]

    def _here(self, article: Article) -> bool:
        """Not an article of a supplement that is filed already and no longer on the page."""
        said = self.decisions.get(article.sku)
        return said is None or said.item is None or said.item in self.form.leaf_index

    def _question(self, article: Article, likely: tuple[Guess, ...], amount: int) -> Question:
        item = likely[0].item if likely else None
        return Question(article, likely, amount, self.pack(article, item) if item else None)

    def pack(self, article: Article, item: str) -> Pack | None:
        """One sold unit in the item's unit, as far as the till's words tell."""
        row = self.form.item(item)
        return pack_of(
            article.unit, article.spec, article.name, row_unit=row.unit, counted=row.entry_units
        )


def till(
    scope: Scope,
    matter: Matter,
    form: Form | None = None,
    filed: Mapping[str, str] | None = None,
) -> Till | None:
    """The import of an own return; None before anything was uploaded. `form`: with the rows of its
    supplements, `filed` then says how their codes are filed."""
    scope.require(VERB, form=matter.form, party=matter.party)
    upload = store.load(matter)
    if upload is None:
        return None
    return Till(
        form or registry.get(matter.form),
        parse(matter.period),
        upload,
        store.rows_of(matter, upload),
        memory_of(scope, matter).coded(filed or {}),
        filed=filed or {},
    )


def required(
    scope: Scope, matter: Matter, form: tuple[Form, Mapping[str, str]], token: str
) -> Till:
    """The import a page was made from. Raises Refused TILL-STALE."""
    found = till(scope, matter, *form)
    if found is None or found.upload.token != token:
        raise store.stale()
    return found


def memory_of(scope: Scope, matter: Matter) -> Memory:
    """What the firm has said of its till for this form."""
    scope.require(VERB, form=matter.form, party=matter.party)
    rows = read.rows("form=%s AND filer=%s", [FORM, matter.party])
    undone = {row.annuls for row in read.rows("annuls IS NOT NULL AND subject=%s", [matter.party])}
    return fold((msgspec.json.decode(row.body) for row in rows if row.seq not in undone),
                matter.form)  # fmt: skip


def used_in(scope: Scope, matter: Matter, sha256: str) -> list[str]:
    """Other periods whose returns this very file filled, and was not taken out of again."""
    scope.require(VERB, form=matter.form, party=matter.party)
    stands: dict[str, bool] = {}
    for row in read.rows("form=%s AND filer=%s", [FORM, matter.party]):
        said = msgspec.json.decode(row.body)
        if said.get("file") == sha256 and said.get("form") == matter.form:
            stands[said.get("period", "")] = said.get("state") == "filled"
    return sorted(period for period, held in stands.items() if held and period != matter.period)


@dataclass(frozen=True, slots=True)
class Known:
    """A cell the import filled: the text it put there, where from, and when (ms)."""

    text: str
    source: str
    at: int


def known(matter: Matter) -> dict[tuple[str, str], Known]:
    """(item, measure) → what the standing import put into the draft. A supplement is filled by the
    import of the form beside which it stands."""
    base = registry.get(matter.form).supplements
    upload = store.load(replace(matter, form=base) if base else matter)
    if upload is None or upload.filled is None or not upload.filled.stands:
        return {}
    filled = upload.filled
    prefix = next((at for at, form in filled.beside.items() if form == matter.form), "")
    if base and not prefix:
        return {}
    others = tuple(at for at in filled.beside if at != prefix)
    source = f"收银导出 {filled.rows:,} 行"
    found = {}
    for name, text in filled.cells.items():
        if not name.startswith(prefix) or name.startswith(others):
            continue
        item, _, measure = name.partition(".")
        how = filled.how.get(name, "")
        said = f"{source}，{how}" if how else source
        found[(item.removeprefix(prefix), measure)] = Known(text, said, filled.at)
    return found


@lru_cache(maxsize=8)
def _terms(form: Form) -> tuple[Term, ...]:
    return terms_of(form, {item: tuple(words) for item, words in _pinyin(form)})


def _pinyin(form: Form) -> Iterator[tuple[str, list[str]]]:
    goods = food().by_code
    for item in form.leaves:
        good = goods.get(item.good or "")
        if good is not None and item.match == "exact":
            said = good.name["pinyin"].lower()
            yield item.code, [said.replace(" ", "")]


def require_upload(found: Till | None) -> Till:
    if found is None:
        raise Refused("TILL-NONE", "还没有上传收银导出表。", "请先选择文件。", 409)
    return found
