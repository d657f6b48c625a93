"""E-mail 电子邮件 as files: address and the whole message as RFC 5322 text for a relay."""

from __future__ import annotations

import re
from collections.abc import Mapping
from email.message import EmailMessage
from email.policy import SMTP

from ortoo.connectors.message_folder import Channel, Letter

_ADDRESS = re.compile(r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})+\Z")


def fault(address: str) -> str:
    """One plain address; no name, no list."""
    if not address:
        return "未登记邮箱"
    return "" if _ADDRESS.match(address) else "登记的不是邮箱地址"


def document(letter: Letter) -> Mapping[str, object]:
    message = EmailMessage(policy=SMTP)
    message["To"] = letter.address
    # A line break in a subject would begin a header of its own.
    message["Subject"] = " ".join(letter.subject.split())
    message["Message-ID"] = f"<{letter.name}@ortoo.invalid>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(letter.text, cte="base64")
    return {
        "id": letter.name,
        "to": letter.address,
        "rfc5322": message.as_bytes().decode("ascii"),
        "expires_at": letter.expires_at,
    }


CHANNEL = Channel("email", "电子邮件", fault, document)
