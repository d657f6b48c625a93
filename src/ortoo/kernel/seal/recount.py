"""One filing recounted 重算: its digests and leaf hashes out of nothing but its stored columns."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from ortoo.algorithms.merkle import leaf_hash
from ortoo.kernel.filings.behaviour import behaviour_of, canonical
from ortoo.kernel.filings.digest import digests, envelope, leaf_data
from ortoo.kernel.filings.digest import leaves as named_parts
from ortoo.kernel.filings.read import FilingRow
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.filings.store import FILING_COLUMNS
from ortoo.kernel.seal.contacts import references
from ortoo.kernel.seal.models import Sealed
from ortoo.kernel.threads.rebuild import draft_of

CHUNK = 500
BINARY = ("form_digest", "body", "original", "digest", "digest_sm3")
LINKS = ("supersedes", "annuls", "corrects", "under")
NUMBERS = ("seq", "form_version", "said_at", "received_at", *LINKS)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it was filed. `seq` is 0 where no one filing is at fault."""

    code: str
    seq: int
    message: str


def between(
    table: str, columns: Sequence[str], start: int, stop: int
) -> dict[int, tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {','.join(columns)} FROM {table} WHERE seq > %s AND seq <= %s", [start, stop]
        )
        return {row[0]: tuple(row) for row in cursor.fetchall()}


def blob_of(value: object) -> bytes | None:
    return bytes(value) if isinstance(value, bytes | memoryview) else None


def recount(
    seq: int, values: tuple[Any, ...] | None
) -> tuple[tuple[bytes, bytes] | None, list[Finding]]:
    """The filing's leaf hashes out of its columns, and what is wrong with it."""
    if values is None:
        return None, [Finding("VERIFY-GAP", seq, f"缺少第 {seq} 号报件。")]
    row = _filing(values)
    if row is None:
        return None, [Finding("VERIFY-TYPE", seq, f"第 {seq} 号报件的字段类型被改动。")]
    try:
        behaviour = behaviour_of(row.form, row.form_version)
        whole = canonical(json.loads(row.body)) == row.body
        parts = behaviour.parts(row.body)
        absent = _absent_values(row)
    except Refused as error:
        return None, [Finding("VERIFY-FORM", seq, f"第 {seq} 号：{error.message}")]
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        return None, [Finding("VERIFY-BODY", seq, f"第 {seq} 号报件的正文不能读取：{error}")]
    said = envelope(
        draft_of(row),
        version=row.form_version,
        form_digest=row.form_digest,
        thread=row.thread,
        now_ms=row.received_at,
    )
    digest, digest_sm3 = digests(named_parts(said, parts, row.original))
    found = [
        (not whole, "VERIFY-BODY", "正文不是规范写法"),
        (row.form_digest != behaviour.digest, "VERIFY-FORM", "表式定义与报送时不同"),
        (digest != row.digest, "VERIFY-DIGEST", "SHA-256 摘要与内容不符"),
        (digest_sm3 != row.digest_sm3, "VERIFY-DIGEST", "SM3 摘要与内容不符"),
        (bool(absent), "VERIFY-SEALED", f"密封的个人信息缺失：{absent[:3]}"),
    ]
    data = leaf_data(digest, digest_sm3)
    leaf = leaf_hash(data, "sha256"), leaf_hash(data, "sm3")
    return leaf, [
        Finding(code, seq, f"第 {seq} 号报件（{row.form}）：{message}。")
        for wrong, code, message in found
        if wrong
    ]


def _filing(values: tuple[Any, ...]) -> FilingRow | None:
    """The row, or None when a column holds another type than was written."""
    ready: list[Any] = []
    for name, value in zip(FILING_COLUMNS, values, strict=True):
        if name in BINARY:
            blob = blob_of(value)
            if blob is None and not (name == "original" and value is None):
                return None
            ready.append(blob)
        elif name in NUMBERS:
            if not isinstance(value, int) and not (name in LINKS and value is None):
                return None
            ready.append(value)
        elif not isinstance(value, str):
            return None
        else:
            ready.append(value)
    return FilingRow(*ready)


def _absent_values(row: FilingRow) -> list[str]:
    """Paths of personal values, in registrations and record forms, whose sealed value is gone."""
    sealed = getattr(behaviour_of(row.form, row.form_version), "sealed_references", None)
    if row.form == "K-PARTY":
        wanted = references(json.loads(row.body))
    elif sealed is not None:
        wanted = list(sealed(row.body))
    else:
        return []
    there: set[tuple[bytes, str]] = set()
    for start in range(0, len(wanted), CHUNK):
        rows = Sealed.objects.filter(commitment__in=[c for c, _ in wanted[start : start + CHUNK]])
        there.update((bytes(c), path) for c, path in rows.values_list("commitment", "path"))
    return [path for commitment, path in wanted if (commitment, path) not in there]
