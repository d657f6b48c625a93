"""WeChat Work 企业微信 as files: the body of its «message/send» call, for a gateway to post."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ortoo.connectors.message_folder import Channel, Letter

LONGEST_BYTES = 2048
"""A text message's content, bytes of UTF-8 (developer documentation of the service)."""
_ACCOUNT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.@-]{0,63}\Z")


def fault(address: str) -> str:
    """An account is 1–64 letters, digits and _ - @ . beginning with a letter or digit."""
    if not address:
        return "未登记企业微信账号"
    # `@all` and lists with | would reach everybody.
    return "" if _ACCOUNT.match(address) else "登记的不是企业微信账号"


def clipped(text: str) -> str:
    """At most what the service takes, cut between characters."""
    return text.encode()[:LONGEST_BYTES].decode(errors="ignore")


def document(letter: Letter) -> Mapping[str, object]:
    return {
        "id": letter.name,
        "touser": letter.address,
        "msgtype": "text",
        "text": {"content": clipped(letter.text)},
        "safe": 0,
        "expires_at": letter.expires_at,
    }


CHANNEL = Channel("wecom", "企业微信", fault, document)
