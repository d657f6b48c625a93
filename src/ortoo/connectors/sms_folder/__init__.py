"""Text messages 短信 as files: number checked, text counted in parts as operators bill them."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ortoo.connectors.message_folder import Channel, Letter

ONE_PART, EACH_OF_MANY = 70, 67
"""Characters of a message in UCS-2, alone and as one of several (3GPP TS 23.040)."""
_MOBILE = re.compile(r"(\+?86)?1\d{10}\Z")


def dialled(number: str) -> str:
    """A number without spaces and hyphens."""
    return re.sub(r"[\s-]", "", number)


def fault(address: str) -> str:
    """A text message needs a mobile number of eleven digits."""
    if not address:
        return "未登记电话"
    return "" if _MOBILE.match(dialled(address)) else "登记的不是手机号码"


def parts(text: str) -> int:
    """How many messages the operator sends and bills."""
    size = len(text.encode("utf-16-le")) // 2
    return 1 if size <= ONE_PART else -(-size // EACH_OF_MANY)


def document(letter: Letter) -> Mapping[str, object]:
    return {
        "id": letter.name,
        "to": dialled(letter.address),
        "text": letter.text,
        "parts": parts(letter.text),
        "expires_at": letter.expires_at,
    }


CHANNEL = Channel("sms", "短信", fault, document)
