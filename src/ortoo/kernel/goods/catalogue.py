"""The typed catalogue of goods 商品目录: stable codes, names, aliases, and a ranked search.

One dated file a field (necessities, production materials, emergency goods, classes …), read as
one catalogue: a code is unique across the files, and says nothing of the file it stands in.

Search needs no index: some hundred goods are scanned in well under a millisecond. A substring of
the Chinese name, an alias, the pinyin with or without blanks, its initials, or the English name
finds a good; SQLite's and PostgreSQL's word search do not find a two-character Chinese word.
"""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Literal, cast

from ortoo.kernel.goods.spelling import SpellingError, plain, spell, syllables, typed
from ortoo.kernel.goods.units import UnitError, unit

Provenance = Literal["SEEN", "ASSUMED"]

# In the order in which equal finds are shown.
FILES = (
    "food.toml",
    "emergency.toml",
    "materials.toml",
    "retail_classes.toml",
    "retail_formats.toml",
    "markets.toml",
)


class CatalogueError(ValueError):
    """A catalogue file that cannot be read; codes GOODS-…"""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}：{message}")
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True, eq=False)
class Good:
    """One watched good. `unit` is the unit its price and quantity are followed in; `catalogue`
    the code of the file it stands in; `source` where its name comes from. `own_keys` and
    `alias_keys` are what it may be found by, folded by `spelling.plain`."""

    code: str
    name: Mapping[str, str]
    category: str
    unit: str
    spec: str
    aliases: tuple[str, ...]
    provenance: Provenance
    supplement: bool
    catalogue: str = ""
    source: str = ""
    own_keys: tuple[str, ...] = field(default=(), repr=False)
    alias_keys: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Category:
    code: str
    name_zh: str
    name_en: str


@dataclass(frozen=True, slots=True)
class Part:
    """The head of one dated file."""

    code: str
    title_zh: str
    since: dt.date
    source: str
    verified: bool


@dataclass(frozen=True, eq=False)
class Catalogue:
    """All goods of one dated file, or of several as one, in their order."""

    code: str
    title_zh: str
    since: dt.date
    source: str
    verified: bool
    categories: tuple[Category, ...]
    goods: tuple[Good, ...]
    parts: tuple[Part, ...]

    @cached_property
    def by_code(self) -> Mapping[str, Good]:
        return {good.code: good for good in self.goods}

    def get(self, code: str) -> Good:
        """Raises GOODS-UNKNOWN."""
        found = self.by_code.get(code)
        if found is None:
            raise CatalogueError("GOODS-UNKNOWN", f"没有商品 {code}")
        return found

    def require(self, code: str, followed_in: str) -> Good:
        """The good that a row names, in a unit of the good's own kind: 吨 for 公斤 will do, 升
        will not. Raises GOODS-UNKNOWN, GOODS-UNIT."""
        good = self.get(code)
        try:
            same = unit(followed_in).kind == unit(good.unit).kind
        except UnitError as error:
            raise CatalogueError("GOODS-UNIT", f"{code} {error.message}") from None
        if not same:
            message = f"{code} {good.name['zh']}按{good.unit}，不能按{followed_in}填报"
            raise CatalogueError("GOODS-UNIT", message)
        return good

    def search(self, text: str, limit: int = 20) -> list[Good]:
        """Goods that a text finds, best first; the catalogue's order breaks ties."""
        wanted = plain(text)
        if not wanted:
            return []
        ranked = []
        for place, good in enumerate(self.goods):
            rank = _rank(wanted, good)
            if rank < _NO_MATCH:
                ranked.append((rank, place, good))
        return [good for _, _, good in sorted(ranked, key=lambda found: found[:2])[:limit]]


_NO_MATCH = 9


def load(path: Path) -> Catalogue:
    """One file. Raises GOODS-DUPLICATE, GOODS-FIELD, GOODS-PINYIN, GOODS-UNIT."""
    data = tomllib.loads(path.read_text(encoding="utf-8"))
    try:
        found = _read(data)
    except KeyError as error:
        raise CatalogueError("GOODS-FIELD", f"{path.name} 缺少 {error.args[0]}") from None
    except SpellingError as error:
        raise CatalogueError("GOODS-PINYIN", f"{path.name} {error}") from None
    for good in found.goods:
        found.require(good.code, good.unit)
    _refuse_duplicates(found)
    return found


def together(catalogues: Sequence[Catalogue]) -> Catalogue:
    """Several files as one. Raises GOODS-DUPLICATE."""
    parts = tuple(part for found in catalogues for part in found.parts)
    whole = Catalogue(
        code="goods",
        title_zh="商品目录",
        since=max(part.since for part in parts),
        source="；".join(part.source for part in parts),
        verified=all(part.verified for part in parts),
        categories=tuple(category for found in catalogues for category in found.categories),
        goods=tuple(good for found in catalogues for good in found.goods),
        parts=parts,
    )
    _refuse_duplicates(whole)
    return whole


@cache
def catalogue() -> Catalogue:
    """Every good that ships with the kernel."""
    return together([load(Path(__file__).with_name(name)) for name in FILES])


def food() -> Catalogue:
    """The whole catalogue by its first name, from when necessities were all it held."""
    return catalogue()


def _refuse_duplicates(found: Catalogue) -> None:
    for what, codes in (
        ("商品编码", [good.code for good in found.goods]),
        ("类别编码", [category.code for category in found.categories]),
        ("目录编码", [part.code for part in found.parts]),
    ):
        twice = sorted({code for code in codes if codes.count(code) > 1})
        if twice:
            where = found.title_zh
            raise CatalogueError("GOODS-DUPLICATE", f"{where}有重复的{what} {'、'.join(twice)}")


def _read(data: dict[str, object]) -> Catalogue:
    head = cast("dict[str, object]", data["catalogue"])
    blocks = cast("list[dict[str, object]]", data["category"])
    part = Part(
        code=str(head["code"]),
        title_zh=str(cast("dict[str, str]", head["title"])["zh"]),
        since=cast(dt.date, head["since"]),
        source=str(head["source"]),
        verified=bool(head["verified"]),
    )
    rows = [(row, b) for b in blocks for row in cast("list[dict[str, object]]", b["goods"])]
    tables = [cast("dict[str, str]", data.get("syllables", {})), _spelt(row for row, _ in rows)]
    return Catalogue(
        code=part.code,
        title_zh=part.title_zh,
        since=part.since,
        source=part.source,
        verified=part.verified,
        categories=tuple(Category(str(b["code"]), str(b["zh"]), str(b["en"])) for b in blocks),
        goods=tuple(_good(row, block, part, tables) for row, block in rows),
        parts=(part,),
    )


def _spelt(rows: Iterable[dict[str, object]]) -> dict[str, str]:
    """Syllables read off the names of a file; the first reading of a character stands."""
    found: dict[str, str] = {}
    for row in rows:
        found = syllables(str(row["zh"]), str(row["pinyin"])) | found
    return found


def _good(
    row: dict[str, object],
    block: dict[str, object],
    part: Part,
    tables: Sequence[Mapping[str, str]],
) -> Good:
    provenance = str(row["provenance"])
    if provenance not in ("SEEN", "ASSUMED"):
        raise CatalogueError("GOODS-FIELD", f"{row['code']} 的来源标记 {provenance} 不明")
    name = {key: str(row[key]) for key in ("zh", "en", "pinyin")}
    aliases = tuple(cast("list[str]", row.get("aliases", [])))
    return Good(
        code=str(row["code"]),
        name=name,
        category=str(block["code"]),
        unit=str(row.get("unit", block["unit"])),
        spec=str(row.get("spec", "")),
        aliases=aliases,
        provenance="SEEN" if provenance == "SEEN" else "ASSUMED",
        supplement=bool(block.get("supplement", False)),
        catalogue=part.code,
        source=str(row.get("source", part.source)),
        own_keys=_own_keys(str(row["code"]), name),
        alias_keys=_alias_keys(aliases, [syllables(name["zh"], name["pinyin"]), *tables]),
    )


def _own_keys(code: str, name: Mapping[str, str]) -> tuple[str, ...]:
    keys = [name["zh"], name["en"], code, *typed(name["pinyin"].split())]
    return tuple(plain(key) for key in keys)


def _alias_keys(aliases: Sequence[str], tables: Sequence[Mapping[str, str]]) -> tuple[str, ...]:
    """A character reads in an alias as it does in the good's own name, else as its file says,
    else as in another name of the file: 牛肉 is niurou because 牛腿肉 is niu tui rou."""
    keys = [key for alias in aliases for key in (alias, *typed(spell(alias, tables)))]
    return tuple(plain(key) for key in keys)


def _rank(wanted: str, good: Good) -> int:
    """Even by the good's own names, odd by an alias: 0 the whole, 2 its beginning, 4 somewhere
    inside; 9 not there."""
    own = min(_fit(wanted, key) for key in good.own_keys)
    alias = min((_fit(wanted, key) + 1 for key in good.alias_keys), default=_NO_MATCH)
    return min(own, alias, _NO_MATCH)


def _fit(wanted: str, key: str) -> int:
    if key == wanted:
        return 0
    if key.startswith(wanted):
        return 2
    return 4 if wanted in key else _NO_MATCH
