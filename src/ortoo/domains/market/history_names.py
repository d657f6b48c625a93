"""Names of goods and heads of columns in bureaus' old tables: what they mean, or that nobody knows.

A name is compared without blanks, brackets, numbering and the unit behind it. One that fits two
goods fits none: the person decides, and the choice is remembered from what was filed. Pure.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ortoo.kernel.forms.definition import Form

_UNIT = re.compile(r"[(\[](?:单位)?[^()\[\]]*(?:元|公斤|千克|斤|升|克|吨|万)[^()\[\]]*[)\]]")
_ORDER = re.compile(r"^(?:[(\[]?(?:\d{1,2}|[一二三四五六七八九十]+)[)\]、.．])+")
_LOOSE = re.compile(r"[\s()\[\]:*·、,_\-]")
_SKIP = re.compile(r"环比|同比|比上|较上|涨跌|涨幅|跌幅|幅度|增减|上期|上周|上月|去年|上年|同期|%")
_OTHER = re.compile(r"销售量|销量|数量|库存|批发|进货|备注|说明|排名|序号|规格|单位")
_SALES = re.compile(r"销售额|销额|销售金额|金额")
_PRICE = re.compile(r"价")
_HALF = re.compile(r"元[/／每]?(?:500克|500g|市斤|斤)", re.IGNORECASE)
_YUAN = re.compile(r"销售额[^万]{0,3}[(（]元[)）]")


def flat(text: str) -> str:
    """A name for comparing."""
    plain = _UNIT.sub("", unicodedata.normalize("NFKC", text).strip())
    return _LOOSE.sub("", _ORDER.sub("", plain)).lower()


@dataclass(frozen=True)
class Names:
    """What a form's goods are called; `chosen` maps other names (flat) to a code, "" to ignore."""

    form: Form
    chosen: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        known: dict[str, set[str]] = {}
        for item in self.form.leaves:
            for name in (item.name["zh"], *item.aliases):
                known.setdefault(flat(name), set()).add(item.code)
        single = {name: next(iter(codes)) for name, codes in known.items() if len(codes) == 1}
        object.__setattr__(self, "_known", single)

    def code_of(self, text: str) -> str | None:
        """The item's code, "" where the person said to leave it out, None where unknown."""
        name = flat(text)
        if not name:
            return None
        if name in self.chosen:
            return self.chosen[name]
        found: str | None = self._known.get(name)  # type: ignore[attr-defined]
        return found

    def is_item(self, text: str) -> bool:
        return bool(self.code_of(text))

    def was_chosen(self, text: str) -> bool:
        return bool(self.chosen.get(flat(text)))


def measure_in(texts: Iterable[str]) -> str | None:
    """`price`, `sales`, "" for a column of something else, None where the heads say nothing."""
    said = unicodedata.normalize("NFKC", " ".join(texts))
    if _SKIP.search(said):
        return ""
    if _SALES.search(said):
        return "sales"
    if _OTHER.search(_UNIT.sub("", said)):
        return ""
    return "price" if _PRICE.search(said) else None


def says_half_kilo(text: str) -> bool:
    """Whether a head gives prices 元/500克 or 元/斤."""
    return bool(_HALF.search(unicodedata.normalize("NFKC", text).replace(" ", "")))


def says_yuan(text: str) -> bool:
    """Whether a head gives sales in 元 instead of 万元."""
    return bool(_YUAN.search(unicodedata.normalize("NFKC", text).replace(" ", "")))
