"""The way of a reminder: queued, handed to its channel, delivered or not. Operational, not record.

Addresses are opened for the moment of handing over and stand in no table. Quiet hours are kept; a
firm that has filed meanwhile is not bothered; what fails is tried again, three times in all.
"""

from __future__ import annotations

import datetime as dt
import json
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

from django.conf import settings

from ortoo.connectors.message_folder import Channel, FolderFault, Letter, MessageFolder
from ortoo.domains.market import reach
from ortoo.domains.market.duty_models import Message
from ortoo.domains.market.parameters import civil_day, parameters
from ortoo.domains.market.registers import names_of
from ortoo.kernel.filings import read
from ortoo.kernel.grants import access
from ortoo.kernel.grants.scope import SYSTEM
from ortoo.kernel.places.active import active_pack
from ortoo.kernel.threads.periodic import fold_return

MOST_ATTEMPTS = 3
AGAIN_MS = 10 * 60_000
MOST_A_ROUND = 500
KEEP_MS = 400 * 86_400_000
SUBJECT = "市场监测填报提醒"
FILED, LATE, UNANSWERED = "企业已报送，未再发送", "过时未发", "通道没有回执"


@dataclass(frozen=True, slots=True)
class Batch:
    """Messages of one K-CHASE: its log index, what it is about, and until when it makes sense."""

    seq: int
    form: str
    period: str
    office: str
    channel: str
    expires_at: int


def queue(batch: Batch, parties: Iterable[str], now_ms: int) -> None:
    """One waiting message a firm."""
    Message.objects.bulk_create(
        Message(
            name=secrets.token_hex(16),
            chase_seq=batch.seq,
            form=batch.form,
            period=batch.period,
            office=batch.office,
            party=party,
            channel=batch.channel,
            next_at=now_ms,
            expires_at=batch.expires_at,
            changed_at=now_ms,
        )
        for party in parties
    )


def of_office(form: str, period: str, office: str) -> Sequence[Message]:
    """Messages of an office's period, newest first."""
    found = Message.objects.filter(form=form, period=period, office=office)
    return list(found.order_by("-chase_seq", "party")[:2000])


def work(now_ms: int) -> tuple[int, int]:
    """One round: read receipts, let go what has expired, hand over. → (handed, answered)."""
    answered = sum(_read(channel, now_ms) for channel in reach.CHANNELS.values())
    _expire(now_ms)
    Message.objects.filter(changed_at__lt=now_ms - KEEP_MS).delete()
    if quiet_until(now_ms) is not None:
        return 0, answered
    waiting = list(
        Message.objects.filter(state="queued", next_at__lte=now_ms).order_by("next_at", "name")[
            :MOST_A_ROUND
        ]
    )
    handed = 0
    for code, channel in reach.CHANNELS.items():
        handed += _hand_over(channel, [m for m in waiting if m.channel == code], now_ms)
    return handed, answered


def quiet_until(now_ms: int) -> int | None:
    """When the quiet hours end, ms; None outside them."""
    start, end = (
        dt.time.fromisoformat(str(text))
        for text in parameters().items_of("MARKET-REMINDER-QUIET", civil_day(now_ms))
    )
    now = dt.datetime.fromtimestamp(now_ms / 1000, ZoneInfo(active_pack().head.time_zone))
    at = now.time()
    quiet = start <= at < end if start <= end else at >= start or at < end
    if not quiet:
        return None
    day = now.date() + dt.timedelta(days=1 if at >= end else 0)
    return int(dt.datetime.combine(day, end, now.tzinfo).timestamp() * 1000)


def _folder(channel: Channel) -> MessageFolder:
    return channel.folder(Path(settings.HOME))


def _hand_over(channel: Channel, messages: Sequence[Message], now_ms: int) -> int:
    if not messages:
        return 0
    still = _still_missing(messages)
    for message in messages:
        if message.name not in still:
            _move(message, "dropped", now_ms, FILED)
    going = [message for message in messages if message.name in still]
    if not going:
        return 0
    parties = {message.party for message in going}
    found = reach.addresses(channel.code, parties)
    names, texts = names_of(parties), _texts(going)
    access.record(SYSTEM, "contacts", channel.code, len(parties), "催报发送", now_ms=now_ms)
    handed = 0
    for message in going:
        address = found.get(message.party, "")
        fault = channel.fault(address)
        if fault:
            _move(message, "failed", now_ms, fault)
            continue
        text = f"{names.get(message.party, '贵单位')}：{texts[message.chase_seq]}"
        office = active_pack().bureau(message.office) or ""
        name = f"{message.name}-{message.attempts + 1}"
        letter = Letter(name, address, f"{text}{office}", SUBJECT, message.expires_at)
        try:
            _folder(channel).put(name, channel.document(letter))
        except FolderFault as error:
            _again(message, now_ms, f"通道文件夹不可用（{error.code}）")
            continue
        message.attempts += 1
        _move(message, "handed", now_ms)
        handed += 1
    return handed


def _still_missing(messages: Sequence[Message]) -> set[str]:
    lines = read.thread_lines(f"{m.form}|{m.period}|{m.party}" for m in messages)
    return {
        m.name
        for m in messages
        if fold_return(lines[f"{m.form}|{m.period}|{m.party}"]).stage == "missing"
    }


def _texts(messages: Sequence[Message]) -> Mapping[int, str]:
    filings = read.by_seqs(message.chase_seq for message in messages)
    return {seq: str(json.loads(row.body)["text"]) for seq, row in filings.items()}


def _read(channel: Channel, now_ms: int) -> int:
    """Take the channel's receipts; one for a message nobody waits for is removed with it."""
    folder, answered = _folder(channel), 0
    for report in folder.receipts():
        stem, _, attempt = report.name.partition("-")
        message = Message.objects.filter(name=stem, channel=channel.code).first()
        if message is not None and message.attempts == int(attempt) and message.state == "handed":
            if report.state == "delivered":
                _move(message, "delivered", now_ms)
            elif report.again:
                _again(message, now_ms, report.reason)
            else:
                _move(message, "failed", now_ms, report.reason or "通道未说明原因")
            answered += 1
        folder.close(report.name)
    return answered


def _again(message: Message, now_ms: int, reason: str) -> None:
    """Try once more a little later, or give up."""
    if message.attempts >= MOST_ATTEMPTS:
        _move(message, "failed", now_ms, reason)
        return
    message.next_at = now_ms + AGAIN_MS * max(1, message.attempts)
    _move(message, "queued", now_ms, reason)


def _expire(now_ms: int) -> None:
    for message in Message.objects.filter(state__in=("queued", "handed"), expires_at__lt=now_ms):
        if message.state == "handed":
            _folder(reach.CHANNELS[message.channel]).close(f"{message.name}-{message.attempts}")
            _move(message, "failed", now_ms, UNANSWERED)
        else:
            _move(message, "dropped", now_ms, message.reason or LATE)


def _move(message: Message, state: str, now_ms: int, reason: str = "") -> None:
    message.state, message.reason, message.changed_at = state, reason[:120], now_ms
    message.save()
