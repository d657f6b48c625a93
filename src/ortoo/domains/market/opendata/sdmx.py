"""SDMX 3.0 of a form's issued figures: the structure as SDMX-JSON 2.0, the data as SDMX-CSV 2.0.

TIME_PERIOD of a week is a time range, its first day and its length (`2026-11-14/P7D`): ISO weeks
begin on Monday, these on Saturday. A month is `2026-11`, a day `2026-11-20`, a 旬 a time range.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from django.db import connection

from ortoo.domains.market import issued
from ortoo.domains.market.opendata.given import Given
from ortoo.domains.market.opendata.tables import Printer, item_of, moment
from ortoo.domains.market.web.figures_request import place_name
from ortoo.domains.market.web.figures_words import Denomination
from ortoo.kernel.forms.definition import Form
from ortoo.kernel.forms.periods import Period
from ortoo.kernel.places.active import active_pack

VERSION = "1.0.0"
SCHEMES = "ORTOO_CS"
FREQUENCIES = {"week": "W", "month": "M", "day": "D", "tenday": "X"}
HIDDEN = {issued.FEW: "A", issued.DOMINATED: "G", issued.BESIDE: "D"}
"""Why a cell is hidden as a code of SDMX CL_CONF_STATUS."""
DIMENSIONS = ("FREQ", "REF_AREA", "ITEM", "MEASURE")
ATTRIBUTES = ("UNIT_MEASURE", "DECIMALS", "OBS_STATUS", "CONF_STATUS", "VINTAGE", "ISSUED")
COLUMNS = ("STRUCTURE", "STRUCTURE_ID", "ACTION", *DIMENSIONS, "TIME_PERIOD", "OBS_VALUE",
           *ATTRIBUTES)  # fmt: skip
MEASURES: Mapping[str, tuple[str, str]] = {
    "VALUE": ("均价（按销售量加权）或合计", "Mean weighted by quantity, or total"),
    "SIMPLE_MEAN": ("各家报价的简单平均", "Plain mean of quotes"),
    "MATCHED_CHANGE": ("同样本环比", "Change over matched respondents"),
    "MATCHED": ("可比家数", "Matched respondents"),
    "QUOTES": ("报价家数", "Quotes"),
    "OUT_OF_STOCK": ("断货家数", "Respondents out of stock"),
    "EXPECTED": ("应报家数", "Respondents expected"),
    "FILED": ("已报家数", "Respondents that filed"),
}
STATUSES = {"A": ("正常", "Normal value"), "M": ("没有数", "Missing value; data cannot exist"),
            "Q": ("不公布", "Missing value; suppressed")}  # fmt: skip
CONFIDENTIAL = {
    "F": ("公开", "Free (free for publication)"),
    "A": ("家数过少", "Primary confidentiality due to small counts"),
    "G": ("一两家占比过高", "Primary confidentiality due to dominance by one or two units"),
    "D": ("防止反推", "Secondary confidentiality set by the sender, not for publication"),
}
_PARTS = {"元": "CNY", "万元": "CNY_10K", "公斤": "KG", "升": "L", "吨": "T", "家": "FIRMS",
          "%": "PC", "斤": "JIN", "人次": "PERSON_TIMES", "个": "PCS", "件": "PIECES",
          "户": "HOUSEHOLDS",
          "": "UNIT"}  # fmt: skip


def agency() -> str:
    """The maintenance agency: one of this installation's place pack."""
    return f"ORTOO_{re.sub(r'[^A-Z0-9]', '_', active_pack().head.code.upper())}"


def flow(form: Form) -> str:
    """Id of the form's dataflow."""
    return f"DF_{form.code.replace('-', '_')}"


def time_period(period: Period) -> str:
    """A period in an SDMX time format (ObservationalTimePeriod)."""
    if period.kind == "month":
        return f"{period.start:%Y-%m}"
    if period.kind == "day":
        return period.start.isoformat()
    return f"{period.start.isoformat()}/P{period.days}D"


def area(unit: str) -> str:
    """A unit as an SDMX id: 直报 of a place, `150000*` here, may have no star."""
    return unit.replace("*", "_DIRECT")


def unit_code(unit: str) -> str:
    """元/公斤 → CNY_PER_KG; an unknown word by its characters' numbers, the same for ever."""
    return "_PER_".join(_part(part) for part in unit.split("/"))


def _part(word: str) -> str:
    return _PARTS.get(word) or "U" + "".join(f"{ord(char):04X}" for char in word)


# --- data -------------------------------------------------------------------------------------


def rows(form: Form, cells: Iterable[Given]) -> Iterator[tuple[str, ...]]:
    """Lines of SDMX-CSV, one a measure of a cell, in the order of COLUMNS."""
    printer, by = Printer(form), Denomination(form)
    identity = f"{agency()}:{flow(form)}({VERSION})"
    for given in cells:
        item = printer.item(given.item)
        unit = unit_code(by.unit_of(item)) if item else "UNIT"
        key = (FREQUENCIES[given.period.kind], area(given.unit), item_code(given.item))
        for measure, value, unit_of, places in _values(printer, given, unit, by.scale):
            told = measure in ("EXPECTED", "FILED")
            hidden = given.hidden if not told else 0
            status = "Q" if hidden else "A" if value else "M"
            yield (
                "dataflow", identity, "R", *key, measure, time_period(given.period), value,
                unit_of, str(places), status, HIDDEN.get(hidden, "D") if hidden else "F",
                str(given.issue.seq), moment(given.issue.at_ms),
            )  # fmt: skip


def _values(
    printer: Printer, given: Given, unit: str, scale: int
) -> Iterator[tuple[str, str, str, int]]:
    value, simple, change, matched, quotes, out = printer.figures(given)
    yield "VALUE", value, unit, scale
    yield "SIMPLE_MEAN", simple, unit, scale
    yield "MATCHED_CHANGE", change, "PC", 1
    yield "MATCHED", matched, "FIRMS", 0
    yield "QUOTES", quotes, "FIRMS", 0
    yield "OUT_OF_STOCK", out, "FIRMS", 0
    yield "EXPECTED", str(given.of("expected")), "FIRMS", 0
    yield "FILED", str(given.of("filed")), "FIRMS", 0


def item_code(code: str) -> str:
    """A form's item as an SDMX id."""
    return re.sub(r"[^A-Za-z0-9_@$-]", "_", code)


# --- structure --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Names:
    zh: str
    en: str


def structure(form: Form, *, prepared_ms: int) -> dict[str, object]:
    """The structure message: concepts, codelists, the data structure and the dataflow."""
    id_ = form.code.replace("-", "_")
    return {
        "meta": {
            "schema": "https://raw.githubusercontent.com/sdmx-twg/sdmx-json/master/"
            "structure-message/tools/schemas/2.0.0/sdmx-json-structure-schema.json",
            "id": f"STRUCTURE_{id_}",
            "test": False,
            "prepared": moment(prepared_ms),
            "contentLanguages": ["zh", "en"],
            "sender": {"id": agency()},
        },
        "data": {
            "conceptSchemes": [_concepts()],
            "codelists": _codelists(form, id_),
            "dataStructures": [_definition(form, id_)],
            "dataflows": [{
                **_head(flow(form), form.title["zh"], form.title.get("en", form.code)),
                "structure": _urn("datastructure.DataStructure", f"DSD_{id_}"),
            }],
        },
    }  # fmt: skip


def _head(id_: str, zh: str, en: str) -> dict[str, object]:
    return {
        "id": id_, "version": VERSION, "agencyID": agency(), "isExternalReference": False,
        "name": zh, "names": {"zh": zh, "en": en},
    }  # fmt: skip


def _urn(kind: str, id_: str, item: str = "") -> str:
    return f"urn:sdmx:org.sdmx.infomodel.{kind}={agency()}:{id_}({VERSION}){item and '.' + item}"


CONCEPTS: Mapping[str, tuple[str, str]] = {
    "FREQ": ("频率", "Frequency"),
    "REF_AREA": ("地区", "Reference area"),
    "ITEM": ("品种", "Item"),
    "MEASURE": ("指标", "Measure"),
    "TIME_PERIOD": ("报告期", "Time period"),
    "OBS_VALUE": ("数值", "Observation value"),
    "UNIT_MEASURE": ("计量单位", "Unit of measure"),
    "DECIMALS": ("小数位", "Decimals"),
    "OBS_STATUS": ("数值状态", "Observation status"),
    "CONF_STATUS": ("保密状态", "Confidentiality status"),
    "VINTAGE": ("数据版次（发布报件号）", "Vintage: log index of the issue"),
    "ISSUED": ("发布时间", "When it was issued"),
}


def _concepts() -> dict[str, object]:
    found = [{"id": code, "name": zh, "names": {"zh": zh, "en": en}}
             for code, (zh, en) in CONCEPTS.items()]  # fmt: skip
    return {**_head(SCHEMES, "开放数据概念", "Concepts of the open data"), "concepts": found}


def _codelists(form: Form, id_: str) -> list[dict[str, object]]:
    units, items = _known(form.code)
    by = Denomination(form)
    measured = {"FIRMS": ("家", "respondents"), "PC": ("%", "percent")}
    named: dict[str, tuple[str, str]] = {}
    for code in items:
        item = item_of(form.code, code)
        zh = item.name["zh"] if item else code
        named[item_code(code)] = (zh, (item.name.get("en") if item else "") or zh)
        if item is not None:
            unit = by.unit_of(item)
            measured[unit_code(unit)] = (unit or "单位", unit_code(unit).lower())
        else:
            measured.setdefault("UNIT", ("单位", "unit"))
    frequencies = {"W": ("周", "Weekly"), "M": ("月", "Monthly"), "D": ("日", "Daily"),
                   "X": ("旬", "Ten days")}  # fmt: skip
    places = {area(unit): (place_name(unit), _english(unit)) for unit in units}
    return [
        _codelist("CL_FREQ", "频率", "Frequency", frequencies),
        _codelist(f"CL_AREA_{id_}", "地区", "Areas", places),
        _codelist(f"CL_ITEM_{id_}", "品种", "Items", named),
        _codelist("CL_MEASURE", "指标", "Measures", MEASURES),
        _codelist(f"CL_UNIT_{id_}", "计量单位", "Units", measured),
        _codelist("CL_OBS_STATUS", "数值状态", "Observation status", STATUSES),
        _codelist("CL_CONF_STATUS", "保密状态", "Confidentiality status", CONFIDENTIAL),
    ]


def _english(unit: str) -> str:
    place = active_pack().get(unit.rstrip("*"))
    return (place.names.en if place else "") or unit


def _known(form: str) -> tuple[list[str], list[str]]:
    """Units and items of which anything was issued."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT unit FROM market_issued WHERE form=%s", [form])
        units = sorted(row[0] for row in cursor.fetchall())
        cursor.execute("SELECT DISTINCT item FROM market_issued WHERE form=%s", [form])
        return units, sorted(row[0] for row in cursor.fetchall())


def _codelist(
    id_: str, zh: str, en: str, codes: Mapping[str, tuple[str, str]]
) -> dict[str, object]:
    found = [{"id": code, "name": said[0], "names": {"zh": said[0], "en": said[1]}}
             for code, said in codes.items()]  # fmt: skip
    return {**_head(id_, zh, en), "codes": found}


def _definition(form: Form, id_: str) -> dict[str, object]:
    lists = {"FREQ": "CL_FREQ", "REF_AREA": f"CL_AREA_{id_}", "ITEM": f"CL_ITEM_{id_}",
             "MEASURE": "CL_MEASURE", "UNIT_MEASURE": f"CL_UNIT_{id_}",
             "OBS_STATUS": "CL_OBS_STATUS", "CONF_STATUS": "CL_CONF_STATUS"}  # fmt: skip
    formats = {"DECIMALS": "Integer", "VINTAGE": "Integer", "ISSUED": "DateTime"}

    def part(code: str) -> dict[str, object]:
        shape: dict[str, object] = (
            {"enumeration": _urn("codelist.Codelist", lists[code])}
            if code in lists
            else {"format": {"dataType": formats[code]}}
        )
        concept = _urn("conceptscheme.Concept", SCHEMES, code)
        return {"id": code, "conceptIdentity": concept, "localRepresentation": shape}

    return {
        **_head(f"DSD_{id_}", form.title["zh"], form.title.get("en", form.code)),
        "dataStructureComponents": {
            "dimensionList": {
                "id": "DimensionDescriptor",
                "dimensions": [{**part(code), "position": at}
                               for at, code in enumerate(DIMENSIONS)],
                "timeDimension": {
                    "id": "TIME_PERIOD",
                    "conceptIdentity": _urn("conceptscheme.Concept", SCHEMES, "TIME_PERIOD"),
                    "localRepresentation": {"format": {"dataType": "ObservationalTimePeriod"}},
                },
            },
            "measureList": {"id": "MeasureDescriptor", "measures": [{
                "id": "OBS_VALUE", "usage": "optional",
                "conceptIdentity": _urn("conceptscheme.Concept", SCHEMES, "OBS_VALUE"),
                "localRepresentation": {"format": {"dataType": "Decimal"}},
            }]},
            "attributeList": {"id": "AttributeDescriptor", "attributes": [
                {**part(code), "usage": "mandatory",
                 "attributeRelationship": {"observation": {}}}
                for code in ATTRIBUTES
            ]},
        },
    }  # fmt: skip
