"""Fictional CEB messages, signed with a key of our own. No person or firm in them exists."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime
from functools import cache
from typing import Any

from ortoo.connectors.ceb_xml.signature import C14N, DS, ENVELOPED, RSA_SHA256
from ortoo.connectors.ceb_xml.tree import Element, canonical, read

SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
HOLE = "<!--signature-->"
FIELDS = {
    "guid": "4CDE1CFD-0000-46B1-946C-B8022E42FC94", "appType": "1", "appStatus": "2",
    "orderNo": "YC20261120000417", "ebpCode": "1501960001", "ebpName": "草原云集（虚构）平台",
    "goodsValue": "358.00", "freight": "12.00", "acturalPaid": "370.00", "currency": "142",
    "buyerName": "虚构买家", "buyerIdNumber": "150102190001010000", "payCode": "1501960009",
    "payTransactionId": "PT20261120777", "consignee": "虚构收货人",
    "consigneeTelephone": "00000000417", "consigneeAddress": "虚构市虚构路 1 号",
    "consigneeDistrict": "150102",
}  # fmt: skip
LINE = {"gnum": "1", "itemNo": "YR-01", "itemName": "羊肉干 <500g>", "qty": "2", "price": "179.00"}


def _leaves(fields: dict[str, str]) -> str:
    text = {n: v.replace("&", "&amp;").replace("<", "&lt;") for n, v in fields.items()}
    return "".join(f"\n   <ceb:{name}>{value}</ceb:{name}>" for name, value in text.items())


def unsigned(fields: dict[str, str] | None = None) -> str:
    """An order (CEB311) with one line, and a hole where the signature goes."""
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<ceb:CEB311Message guid="4CDE1CFD-0000-46B1-946C-B8022E42FC94" version="1.0"
     xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
     xmlns:ceb="http://www.chinaport.gov.cn/ceb">
 <ceb:Order>
  <ceb:OrderHead>{_leaves(fields or FIELDS)}
  </ceb:OrderHead>
  <ceb:OrderList>{_leaves(LINE)}
  </ceb:OrderList>
 </ceb:Order>
 <ceb:BaseTransfer>
  <ceb:copCode>1501960001</ceb:copCode><ceb:copName>草原云集（虚构）平台</ceb:copName>
  <ceb:dxpMode>DXP</ceb:dxpMode><ceb:dxpId>DXPENT0000000417</ceb:dxpId>
 </ceb:BaseTransfer>
{HOLE}</ceb:CEB311Message>
"""


@cache
def keys() -> tuple[Any, bytes, str]:
    """(private key, certificate DER, its SHA-256 fingerprint) of a fictional signer."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.x509.oid import NameOID

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "YUNJI-FICTIONAL")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(417)
        .not_valid_before(datetime(2026, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2027, 1, 1, tzinfo=UTC))
        .sign(key, hashes.SHA256())
    )
    der = certificate.public_bytes(serialization.Encoding.DER)
    return key, der, hashlib.sha256(der).hexdigest()


def signed(text: str | None = None, **how: str) -> bytes:
    """The message with an enveloped signature. `how`: method, digest, uri, transform, certificate
    ("" leaves it out)."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding

    text = text or unsigned()
    key, der, _ = keys()
    given = {
        "method": RSA_SHA256, "digest": SHA256, "uri": "", "transform": ENVELOPED,
        "certificate": base64.b64encode(der).decode(), "value": "", "hash": "sha256", **how,
    }  # fmt: skip
    body = canonical(read(text.replace(HOLE, "").encode()))
    found = base64.b64encode(hashlib.new(given["hash"], body).digest()).decode()
    signature = f"""<ds:Signature xmlns:ds="{DS}">
<ds:SignedInfo>
<ds:CanonicalizationMethod Algorithm="{C14N}"></ds:CanonicalizationMethod>
<ds:SignatureMethod Algorithm="{given["method"]}"/>
<ds:Reference URI="{given["uri"]}"><ds:Transforms>
<ds:Transform Algorithm="{given["transform"]}"/></ds:Transforms>
<ds:DigestMethod Algorithm="{given["digest"]}"/><ds:DigestValue>{found}</ds:DigestValue>
</ds:Reference></ds:SignedInfo>
<ds:SignatureValue>VALUE</ds:SignatureValue>{_key_info(given["certificate"])}</ds:Signature>"""
    whole = text.replace(HOLE, signature)
    info = next(e for e in read(whole.encode()).descendants() if e.local == "SignedInfo")
    value = key.sign(canonical(info), padding.PKCS1v15(), hashes.SHA256())
    return whole.replace("VALUE", given["value"] or base64.b64encode(value).decode()).encode()


def _key_info(certificate: str) -> str:
    if not certificate:
        return ""
    return (
        "<ds:KeyInfo><ds:KeyName>0001</ds:KeyName><ds:X509Data><ds:X509Certificate>\n"
        f"{certificate}\n</ds:X509Certificate></ds:X509Data></ds:KeyInfo>"
    )


def element(content: bytes, local: str) -> Element:
    return next(each for each in read(content).descendants() if each.local == local)
