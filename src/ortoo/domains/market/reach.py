"""提醒方式: how firms want to be reminded; addresses are opened only to hand a message over."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ortoo.connectors import email_folder, sms_folder, wecom_folder
from ortoo.connectors.message_folder import Channel
from ortoo.domains.market.thread_keys import digest_key
from ortoo.kernel.filings import read
from ortoo.kernel.filings.draft import Draft, Receipt
from ortoo.kernel.filings.projection import catch_up
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.forms.record_filing import file_record, revealed
from ortoo.kernel.grants.scope import Scope
from ortoo.kernel.seal.contacts import reveal_many

REACH = "MON-REACH"
CHANNELS: Mapping[str, Channel] = {
    channel.code: channel
    for channel in (sms_folder.CHANNEL, wecom_folder.CHANNEL, email_folder.CHANNEL)
}
DEFAULT, NONE = "sms", "none"


@dataclass(frozen=True, slots=True)
class Choice:
    """What a firm last said; `seq` 0 where it has said nothing and text messages are used."""

    channel: str = DEFAULT
    seq: int = 0


def choices(parties: Iterable[str]) -> dict[str, Choice]:
    """The firms' own choices; those that never chose are left out."""
    threads = {_thread(party): party for party in parties}
    return {
        threads[thread]: Choice(str(lines[-1].detail["channel"]), lines[-1].seq)
        for thread, lines in read.thread_lines(threads).items()
        if lines
    }


def _thread(party: str) -> str:
    return f"{REACH}|{party}"


def choose(*, scope: Scope, party: str, channel: str, address: str, now_ms: int) -> Receipt:
    """The firm's own choice of channel, or none at all; its address is sealed into the filing."""
    scope.require("file_return", party=party)
    if channel not in (*CHANNELS, NONE):
        raise Refused("REACH-CHANNEL", "没有这种提醒方式。", "请从列出的方式中选择。")
    body: dict[str, object] = {"party": party, "channel": channel}
    if channel in ("wecom", "email"):
        fault = CHANNELS[channel].fault(address.strip())
        if fault:
            raise Refused("REACH-ADDRESS", f"{fault}。", "请填写一个账号或一个邮箱地址。")
        body["address"] = address.strip()
    before = choices([party]).get(party, Choice())
    receipt = file_record(
        Draft(
            form=REACH,
            filer=party,
            actor=scope.actor,
            key=digest_key("reach", party, str(before.seq), str(now_ms)),
            body=body,
            said_at=now_ms,
            subject=party,
            supersedes=before.seq or None,
            reason="更改提醒方式" if before.seq else "",
        ),
        now_ms=now_ms,
    )
    catch_up()
    return receipt


def addresses(channel: str, parties: Iterable[str]) -> dict[str, str]:
    """Addresses in the clear by party, for handing over; "" where none is registered.

    The caller logs the access. A firm's own choice of another channel has no address in this one.
    """
    wanted = sorted(set(parties))
    if channel == "sms":
        people = reveal_many(wanted)
        return {party: people[party].phone if party in people else "" for party in wanted}
    chosen = choices(wanted)
    found = {}
    for party in wanted:
        choice = chosen.get(party, Choice())
        opened = revealed(choice.seq) if choice.seq and choice.channel == channel else {}
        found[party] = str(opened.get("address", ""))
    return found
