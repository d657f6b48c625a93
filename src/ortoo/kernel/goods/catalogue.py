"""The typed catalogue of goods 商品目录: stable codes, names, aliases, and a ranked search.

Search needs no index: some hundred goods are scanned in well under a millisecond. A substring of
the Chinese name, an alias, the pinyin with or without blanks, its initials, or the English name
finds a good; SQLite's and PostgreSQL's word search do not find a two-character Chinese word.
"""

from __future__ import annotations

import datetime as dt
import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Literal, cast

Provenance = Literal["SEEN", "ASSUMED"]


class CatalogueError(ValueError):
    """A catalogue file that cannot be read; codes GOODS-…"""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}：{message}")
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True, eq=False)
class Good:
    """One watched good. `unit` is the unit its price and quantity are followed in."""

    code: str
    name: Mapping[str, str]
    category: str
    unit: str
    spec: str
    aliases: tuple[str, ...]
    provenance: Provenance
    supplement: bool


@dataclass(frozen=True, slots=True)
class Category:
    code: str
    name_zh: str
    name_en: str


@dataclass(frozen=True, eq=False)
class Catalogue:
    """All goods of one dated catalogue, in its order."""

    code: str
    title_zh: str
    since: dt.date
    source: str
    verified: bool
    categories: tuple[Category, ...]
    goods: tuple[Good, ...]
    syllables: Mapping[str, str]

    @cached_property
    def by_code(self) -> Mapping[str, Good]:
        return {good.code: good for good in self.goods}

    @cached_property
    def _keys(self) -> tuple[tuple[str, ...], ...]:
        """What each good may be found by. The pinyin of an alias is read off the names, whose
        syllables stand one to a character: 牛肉 becomes niurou because 牛腿肉 is niu tui rou."""
        syllables = dict(self.syllables)
        for good in self.goods:
            signs = [sign for sign in good.name["zh"] if "\u4e00" <= sign <= "\u9fff"]
            for sign, syllable in zip(signs, good.name["pinyin"].split(), strict=True):
                syllables.setdefault(sign, syllable)
        return tuple(_keys(good, syllables) for good in self.goods)

    def get(self, code: str) -> Good:
        """Raises GOODS-UNKNOWN."""
        found = self.by_code.get(code)
        if found is None:
            raise CatalogueError("GOODS-UNKNOWN", f"没有商品 {code}")
        return found

    def search(self, text: str, limit: int = 20) -> list[Good]:
        """Goods that a text finds, best first; the catalogue's order breaks ties."""
        wanted = _plain(text)
        if not wanted:
            return []
        ranked = []
        for place, good in enumerate(self.goods):
            rank = min(_rank(wanted, key) for key in self._keys[place])
            if rank < _NO_MATCH:
                ranked.append((rank, place, good))
        return [good for _, _, good in sorted(ranked, key=lambda found: found[:2])[:limit]]


_NO_MATCH = 9


def load(path: Path) -> Catalogue:
    """Raises GOODS-DUPLICATE, GOODS-FIELD."""
    data = tomllib.loads(path.read_text(encoding="utf-8"))
    try:
        catalogue = _read(data)
    except KeyError as error:
        raise CatalogueError("GOODS-FIELD", f"{path.name} 缺少 {error.args[0]}") from None
    if len(catalogue.by_code) != len(catalogue.goods):
        raise CatalogueError("GOODS-DUPLICATE", f"{path.name} 有重复的商品编码")
    return catalogue


@cache
def food() -> Catalogue:
    """The catalogue of watched necessities that ships with the kernel."""
    return load(Path(__file__).with_name("food.toml"))


def _read(data: dict[str, object]) -> Catalogue:
    head = cast("dict[str, object]", data["catalogue"])
    blocks = cast("list[dict[str, object]]", data["category"])
    return Catalogue(
        code=str(head["code"]),
        title_zh=str(cast("dict[str, str]", head["title"])["zh"]),
        since=cast(dt.date, head["since"]),
        source=str(head["source"]),
        verified=bool(head["verified"]),
        categories=tuple(Category(str(b["code"]), str(b["zh"]), str(b["en"])) for b in blocks),
        goods=tuple(
            _good(row, block)
            for block in blocks
            for row in cast("list[dict[str, object]]", block["goods"])
        ),
        syllables=cast("dict[str, str]", data.get("syllables", {})),
    )


def _good(row: dict[str, object], block: dict[str, object]) -> Good:
    provenance = str(row["provenance"])
    if provenance not in ("SEEN", "ASSUMED"):
        raise CatalogueError("GOODS-FIELD", f"{row['code']} 的来源标记 {provenance} 不明")
    return Good(
        code=str(row["code"]),
        name={key: str(row[key]) for key in ("zh", "en", "pinyin")},
        category=str(block["code"]),
        unit=str(row.get("unit", block["unit"])),
        spec=str(row.get("spec", "")),
        aliases=tuple(cast("list[str]", row.get("aliases", []))),
        provenance="SEEN" if provenance == "SEEN" else "ASSUMED",
        supplement=bool(block.get("supplement", False)),
    )


def _plain(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).lower().split())


def _keys(good: Good, syllables: Mapping[str, str]) -> tuple[str, ...]:
    names = [good.name["zh"], good.name["en"], *good.aliases]
    spelt = [good.name["pinyin"].split()]
    for alias in good.aliases:
        if all(sign in syllables for sign in alias):
            spelt.append([syllables[sign] for sign in alias])
    initials = ["".join(word[0] for word in words) for words in spelt]
    pinyin = ["".join(words) for words in spelt]
    return tuple(_plain(key) for key in (*names, *pinyin, *initials, good.code))


def _rank(wanted: str, key: str) -> int:
    """0 the whole key, 1 its beginning, 2 somewhere inside, 9 not there."""
    if key == wanted:
        return 0
    if key.startswith(wanted):
        return 1
    return 2 if wanted in key else _NO_MATCH
