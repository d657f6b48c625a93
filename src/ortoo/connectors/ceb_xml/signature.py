"""Whether a CEB message's XML signature holds: verified, failed, or cannot be judged and why. Pure.

One enveloped signature over the whole message (XML Signature, W3C 2008): Canonical XML 1.0, the
digest of the message without the signature, the signature over SignedInfo. Any other arrangement is
not judged rather than guessed at: that is what signature wrapping lives on.

`cryptography` verifies RSA and knows SM3. It has no SM2, so of an SM2 signature only the digest is
checked. A signature that fits the certificate beside it shows nothing until somebody vouches for
the certificate: its SHA-256 fingerprint must be in the list given. SHA-1 signatures are not judged.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ortoo.algorithms.merkle import digest
from ortoo.connectors.ceb_xml.tree import Element, XmlRefused, canonical, read
from ortoo.kernel.forms.record_documents import Verdict, Verifier

if TYPE_CHECKING:
    from cryptography import x509

DS = "http://www.w3.org/2000/09/xmldsig#"
PORT = "http://www.chinaport.gov.cn/2022/04/xmldsig#"
C14N = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
ENVELOPED = DS + "enveloped-signature"
DIGESTS: dict[str, Callable[[bytes], bytes]] = {
    DS + "sha1": lambda data: hashlib.sha1(data, usedforsecurity=False).digest(),
    "http://www.w3.org/2001/04/xmlenc#sha256": lambda data: hashlib.sha256(data).digest(),
    PORT + "sm3": lambda data: digest(data, "sm3"),
}
RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
SM2_SM3 = PORT + "sm2-sm3"
NO_JUDGE = {
    SM2_SM3: "CEB-SIG-SM2：正文摘要相符；本机没有 SM2 算法，签名值未能验证",
    DS + "rsa-sha1": "CEB-SIG-SHA1：正文摘要相符；SHA-1 签名已不可信，不予判断",
}


class _Unjudged(Exception):
    """Nothing can be said; the text says why."""


class _Failed(Exception):
    """The signature does not hold; the text says why."""


@dataclass(frozen=True, slots=True)
class _Signed:
    """The parts of a signature of the one arrangement that is judged."""

    info: Element
    method: str
    digest_method: str
    digest: bytes
    value: bytes
    certificate: bytes | None


def verifier_of(trusted: Collection[str]) -> Verifier:
    """A verifier that trusts certificates by their SHA-256 fingerprints (hexadecimal)."""
    known = frozenset(print_.lower().replace(":", "") for print_ in trusted)
    return lambda content, at_ms: judge(content, at_ms, known)


def judge(content: bytes, at_ms: int, trusted: Collection[str] = ()) -> Verdict:
    """The verdict on the bytes as of `at_ms` (the certificate must be in force then)."""
    signer = ""
    try:
        root = read(content)
        signed, element = _arranged(root)
        _check_digest(root, element, signed)
        if signed.method in NO_JUDGE:
            raise _Unjudged(NO_JUDGE[signed.method])
        certificate = _certificate(signed)
        signer = certificate.subject.rfc4514_string()
        _check_value(certificate, signed)
        _check_certificate(certificate, at_ms, trusted)
    except _Unjudged as why:
        return Verdict("unjudged", str(why), _printable(signer))
    except _Failed as why:
        return Verdict("failed", str(why), _printable(signer))
    except XmlRefused as error:
        return Verdict("unjudged", f"{error.code}：{error.message}")
    return Verdict("verified", "CEB-SIG-OK：摘要、签名值与受信证书均相符", _printable(signer))


def _arranged(root: Element) -> tuple[_Signed, Element]:
    found = [each for each in root.descendants() if (each.uri, each.local) == (DS, "Signature")]
    if not found:
        raise _Unjudged("CEB-SIG-NONE：报文没有签名")
    if len(found) > 1 or found[0].parent is not root:
        raise _Unjudged("CEB-SIG-FORM：签名多于一个，或不在根元素之下")
    info = _one(found[0], "SignedInfo")
    reference = _one(info, "Reference")
    transforms = [each.get("Algorithm") for each in _one(reference, "Transforms").elements()]
    methods = (_one(info, "CanonicalizationMethod").get("Algorithm"), reference.get("URI"))
    if methods != (C14N, "") or transforms not in ([ENVELOPED], [ENVELOPED, C14N]):
        raise _Unjudged("CEB-SIG-FORM：不是对整份报文的封装签名，或规范化方法不同")
    signed = _Signed(
        info=info,
        method=_one(info, "SignatureMethod").get("Algorithm") or "",
        digest_method=_one(reference, "DigestMethod").get("Algorithm") or "",
        digest=_bytes(_one(reference, "DigestValue")),
        value=_bytes(_one(found[0], "SignatureValue")),
        certificate=_key(found[0]),
    )
    return signed, found[0]


def _one(element: Element, local: str) -> Element:
    found = [each for each in element.elements() if (each.uri, each.local) == (DS, local)]
    if len(found) != 1:
        raise _Unjudged(f"CEB-SIG-FORM：签名中的 {local} 应有且仅有一个")
    return found[0]


def _key(signature: Element) -> bytes | None:
    found = [
        each
        for each in signature.descendants()
        if (each.uri, each.local) == (DS, "X509Certificate")
    ]
    return _bytes(found[0]) if len(found) == 1 else None


def _bytes(element: Element) -> bytes:
    try:
        return base64.b64decode("".join(element.text.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise _Failed(f"CEB-SIG-BASE64：{element.local} 不是 base64") from error


def _check_digest(root: Element, signature: Element, signed: _Signed) -> None:
    hasher = DIGESTS.get(signed.digest_method)
    if hasher is None:
        raise _Unjudged("CEB-SIG-METHOD：不认识的摘要算法")
    found = hasher(canonical(root, without=signature))
    if not hmac.compare_digest(found, signed.digest):
        raise _Failed("CEB-SIG-DIGEST：正文与签名时的摘要不符")


def _certificate(signed: _Signed) -> x509.Certificate:
    from cryptography import x509

    if signed.method != RSA_SHA256:
        raise _Unjudged("CEB-SIG-METHOD：不认识的签名算法")
    if signed.certificate is None:
        raise _Unjudged("CEB-SIG-CERTIFICATE：报文没有附签名证书，或不止一张")
    try:
        return x509.load_der_x509_certificate(signed.certificate)
    except ValueError as error:
        raise _Unjudged("CEB-SIG-CERTIFICATE：所附证书不能读取") from error


def _check_value(certificate: x509.Certificate, signed: _Signed) -> None:
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding, rsa

    try:
        key = certificate.public_key()
    except (ValueError, UnsupportedAlgorithm) as error:
        raise _Unjudged("CEB-SIG-CERTIFICATE：证书中的公钥不能读取") from error
    if not isinstance(key, rsa.RSAPublicKey) or key.key_size < 2048:
        raise _Unjudged("CEB-SIG-CERTIFICATE：证书中不是 2048 位以上的 RSA 公钥")
    try:
        key.verify(signed.value, canonical(signed.info), padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature as error:
        raise _Failed("CEB-SIG-VALUE：签名值与所附证书不符") from error


def _check_certificate(certificate: x509.Certificate, at_ms: int, trusted: Collection[str]) -> None:
    from cryptography.hazmat.primitives import hashes

    at = datetime.fromtimestamp(at_ms / 1000, UTC)
    if not certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc:
        raise _Failed("CEB-SIG-TIME：证书在该时刻不在有效期内")
    if certificate.fingerprint(hashes.SHA256()).hex() not in trusted:
        raise _Unjudged("CEB-SIG-TRUST：签名与所附证书相符，但该证书未列入受信名单")


def _printable(text: str) -> str:
    return "".join(char if char.isprintable() else "?" for char in text)
