"""A CEB message 跨境电商报文: its fields, grouped by the class of agencies that may see them. Pure.

The classes are ours; the messages are those of the customs' unified version of May 2022 (import
CEB3xx–8xx, export CEB2xx–7xx). Fields are taken as text, exactly as they stand; they are not
checked against the official schema.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ortoo.connectors.ceb_xml.tree import Element, XmlRefused, read

CEB = "http://www.chinaport.gov.cn/ceb"
SIGNATURE = "http://www.w3.org/2000/09/xmldsig#"
ROOT = re.compile(r"CEB(\d{3})(?:Message)?")
MAX_DOCUMENTS = 100
MAX_LINES = 99
MAX_FIELDS = 20_000
MAX_TEXT = 4_000

# The block's first word → the class of its fields.
BLOCKS = {
    "Order": "order", "Payment": "payment", "Receipts": "payment", "Logistics": "logistics",
    "Arrival": "logistics", "Departure": "logistics", "WayBill": "logistics", "Wbs": "logistics",
    "Inventory": "inventory", "Invt": "inventory", "Summary": "inventory", "Tax": "tax",
    "Delivery": "warehouse",
}  # fmt: skip
PERSONS = {
    "buyer": ("buyerRegNo", "buyerName", "buyerTelephone", "buyerIdNumber"),
    "payer": ("payerName", "payerIdNumber", "telephone"),
    "consignee": ("consignee", "consigneeTelephone", "consigneeAddress"),
    "operator": ("operatorName",),
}
CLASSES = {
    "payment": ("payCode", "payName", "payTransactionId", "payNo", "amountPaid", "payTime"),
    "logistics": (
        "logisticsCode", "logisticsName", "logisticsNo", "billNo", "trafMode", "trafNo", "shipName",
        "voyageNo", "weight", "grossWeight", "netWeight", "packNo", "goodsInfo",
        "consigneeDistrict",
    ),
}  # fmt: skip
PERSON = "person"
ROLE_OF = {name: role for role, names in PERSONS.items() for name in names}
CLASS_OF = {name: group for group, names in CLASSES.items() for name in names}


@dataclass(frozen=True, slots=True)
class Message:
    """`fields`: class.document[.lineN].element → text, in the order of the message.

    `kind` is the three digits of the message; `transfer` who sent it over which channel.
    """

    kind: str
    guid: str
    version: str
    documents: int
    fields: Mapping[str, str]
    transfer: Mapping[str, str]


def class_of(name: str) -> str:
    """The share class of a field's name: order, payment, logistics, inventory, tax, warehouse,
    person or other."""
    return name.partition(".")[0]


def role_of(name: str) -> str:
    """Whose value it is: buyer, payer, consignee or operator; "" when it is no person's."""
    return ROLE_OF.get(name.rpartition(".")[2], "")


def parse(content: bytes) -> Message:
    """The message in the bytes. XmlRefused XML-… or CEB-ROOT, CEB-LIMIT, CEB-FIELD, CEB-TEXT."""
    root = read(content)
    kind = ROOT.fullmatch(root.local)
    if kind is None or root.uri != CEB:
        raise XmlRefused("CEB-ROOT", f"根元素「{root.name[:40]}」不是跨境电商报文。")
    fields: dict[str, str] = {}
    transfer: dict[str, str] = {}
    documents = transfers = 0
    for block in root.elements():
        if block.uri == SIGNATURE:
            continue
        if block.uri != CEB:
            raise XmlRefused("CEB-FIELD", f"不认识的元素「{block.name[:40]}」。")
        if block.local == "BaseTransfer":
            # The schema allows one; some of the customs' own samples have two.
            transfers += 1
            again = f"{transfers}." if transfers > 1 else ""
            _put(transfer, ((again + leaf.local, _text(leaf)) for leaf in block.elements()))
        else:
            documents += 1
            _put(fields, _document(block, documents))
    if documents > MAX_DOCUMENTS or len(fields) > MAX_FIELDS:
        raise XmlRefused("CEB-LIMIT", f"{documents} 份单证、{len(fields)} 个字段，超过上限。")
    return Message(
        kind=kind[1],
        guid=_checked(root.get("guid") or ""),
        version=_checked(root.get("version") or ""),
        documents=documents,
        fields=fields,
        transfer=transfer,
    )


def _put(into: dict[str, str], found: Iterator[tuple[str, str]]) -> None:
    for name, value in found:
        if name in into:
            raise XmlRefused("CEB-FIELD", f"字段「{name[:80]}」出现两次。")
        into[name] = value


def _document(block: Element, number: int) -> Iterator[tuple[str, str]]:
    own = _class_of_block(block.local)
    lines = 0
    for child in block.elements():
        inner = list(child.elements())
        if not inner and not child.local.endswith(("Head", "List")):
            yield _name(child, own, number), _text(child)
            continue
        line = ""
        if child.local.endswith("List"):
            lines += 1
            line = f"line{lines}."
        for leaf in inner:
            yield _name(leaf, own, number, line), _text(leaf)
    if lines > MAX_LINES:
        raise XmlRefused("CEB-LIMIT", f"第 {number} 份单证有 {lines} 行，超过 {MAX_LINES} 行。")


def _class_of_block(local: str) -> str:
    return next((group for word, group in BLOCKS.items() if local.startswith(word)), "other")


def _name(leaf: Element, own: str, number: int, line: str = "") -> str:
    if leaf.uri != CEB or not leaf.local.isascii() or not leaf.local.isalnum():
        raise XmlRefused("CEB-FIELD", f"不认识的元素「{leaf.name[:40]}」。")
    group = PERSON if leaf.local in ROLE_OF else CLASS_OF.get(leaf.local, own)
    return f"{group}.{number}.{line}{leaf.local}"


def _text(leaf: Element) -> str:
    if next(leaf.elements(), None) is not None:
        raise XmlRefused("CEB-FIELD", f"字段「{leaf.name[:40]}」内还有元素。")
    return _checked(leaf.text)


def _checked(text: str) -> str:
    if len(text) > MAX_TEXT:
        raise XmlRefused("CEB-TEXT", f"一个字段有 {len(text):,} 字，超过 {MAX_TEXT:,} 字。")
    return text
