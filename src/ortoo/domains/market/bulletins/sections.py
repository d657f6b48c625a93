"""Sections of a bulletin in the order of 商务预报, each by the goods it speaks of. Data.

A section is left out where the forms have none of its goods or nothing of them may be shown.
"""

from __future__ import annotations

from dataclasses import dataclass

RETAIL, WHOLESALE, MATERIALS = "SCJC-W1", "SCJC-W2", "SCSC-X1"
NECESSITIES, PRODUCTION = "necessities", "production"


@dataclass(frozen=True, slots=True)
class Section:
    """`goods`: codes of the goods catalogue, or their beginnings; `movers`: name the three that
    moved most instead of every item; `mean`: whether a mean over the items says anything."""

    code: str
    title: str
    form: str
    goods: tuple[str, ...]
    part: str = NECESSITIES
    movers: bool = False
    mean: bool = True
    chart: bool = False
    price: str = "平均零售价"


_WHOLE = "平均批发价"
_SALE = "平均出库价"


def _material(code: str, title: str, *goods: str) -> Section:
    return Section(code, title, MATERIALS, goods, PRODUCTION, mean=False, price=_SALE)


SECTIONS: tuple[Section, ...] = (
    Section("GR", "粮食", RETAIL, ("GR",)),
    Section("OL", "食用油", RETAIL, ("OL",)),
    Section("VE", "蔬菜", RETAIL, ("VE",), movers=True, chart=True),
    Section("FR", "水果", WHOLESALE, ("FR",), movers=True, price=_WHOLE),
    Section("ME", "肉类", RETAIL, ("ME", "SU"), chart=True),
    Section("EG", "禽蛋", RETAIL, ("PO", "EG"), mean=False),
    Section("AQ", "水产品", WHOLESALE, ("AQ",), movers=True, price=_WHOLE),
    _material("STEEL", "钢材", "PM001", "PM002", "PM003", "PM004", "PM005", "PM006"),
    _material("COAL", "煤炭", "PM027", "PM028", "PM029", "PM030", "PM031", "PM032", "PM033"),
    _material("CHEM", "基础化学原料", "PM011", "PM012", "PM013", "PM014"),
    _material("METAL", "有色金属", "PM007", "PM008", "PM009", "PM010"),
    _material("RUBBER", "橡胶", "PM019"),
    _material("FUEL", "成品油", "PM023", "PM024", "PM025"),
    _material("FERT", "化肥", "PM045", "PM046"),
)
BY_CODE = {section.code: section for section in SECTIONS}
WHOLE = "*"


def title_of(code: str) -> str:
    """A section's title; 总体 for the whole, 后市 for the outlook."""
    if code in BY_CODE:
        return BY_CODE[code].title
    return {WHOLE: "总体情况", "OUT": "后市判断"}.get(code, code)
