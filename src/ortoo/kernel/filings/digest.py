"""A filing's digest: a Merkle root over its envelope, its body parts and its foreign bytes."""

from __future__ import annotations

from collections.abc import Sequence

from ortoo.algorithms import merkle
from ortoo.kernel.filings.behaviour import Behaviour, canonical
from ortoo.kernel.filings.draft import Draft

ENVELOPE_FIELDS = (
    "actor", "annuls", "corrects", "filer", "form", "form_digest", "form_version", "key", "mode",
    "period", "place", "reason", "received_at", "said_at", "subject", "supersedes", "thread",
)  # fmt: skip


def envelope(draft: Draft, *, version: int, form_digest: bytes, thread: str, now_ms: int) -> bytes:
    """Canonical JSON of everything said about the statement apart from its body."""
    # Only where it says something: filings made before the field existed keep their digests.
    under = {} if draft.under is None else {"under": draft.under}
    return canonical(
        {
            **under,
            "actor": draft.actor,
            "annuls": draft.annuls,
            "corrects": draft.corrects,
            "filer": draft.filer,
            "form": draft.form,
            "form_digest": form_digest.hex(),
            "form_version": version,
            "key": draft.key,
            "mode": draft.mode,
            "period": draft.period,
            "place": draft.place,
            "reason": draft.reason,
            "received_at": now_ms,
            "said_at": draft.said_at,
            "subject": draft.subject,
            "supersedes": draft.supersedes,
            "thread": thread,
        }
    )


def leaves(
    envelope_bytes: bytes, parts: Sequence[tuple[str, bytes]], original: bytes | None
) -> list[bytes]:
    """The parts that are hashed, each named so that no two kinds can be confused.

    Order: envelope, body parts as the form gives them, then the address of the foreign bytes
    (which covers their SHA-256, media type and name).
    """
    named = [b"envelope\x00" + envelope_bytes]
    named += [b"part\x00" + name.encode() + b"\x00" + data for name, data in parts]
    if original is not None:
        named.append(b"original\x00" + original)
    return named


def digests(named: Sequence[bytes]) -> tuple[bytes, bytes]:
    """(SHA-256 root, SM3 root) over the named parts."""
    return merkle.parts_root(named, "sha256"), merkle.parts_root(named, "sm3")


def leaf_data(digest: bytes, digest_sm3: bytes) -> bytes:
    """What the log commits to for one filing: both digests."""
    return digest + digest_sm3


def draft_digests(
    draft: Draft, behaviour: Behaviour, data: bytes, *, thread: str, now_ms: int
) -> tuple[bytes, bytes]:
    """Both digests of a draft as it would be filed at `now_ms`."""
    head = envelope(
        draft,
        version=behaviour.version,
        form_digest=behaviour.digest,
        thread=thread,
        now_ms=now_ms,
    )
    original = draft.original.address if draft.original else None
    return digests(leaves(head, behaviour.parts(data), original))
