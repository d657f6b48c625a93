"""Attachments 附件: their names, types and bytes against what the form allows.

Nothing is ever unpacked or parsed here: a type is judged by its first bytes, so that an archive
made to explode and a document made to be executed stay what they are, bytes.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterator, Mapping

from ortoo.kernel.filings.draft import Draft, Original
from ortoo.kernel.forms.record_definition import Document, RecordForm, Slot, line_name
from ortoo.kernel.forms.record_documents import (
    differences,
    judged,
    recomputed,
    signature_issue,
)
from ortoo.kernel.forms.record_issues import RecordIssue, shown

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
LONGEST_NAME = 120
_NAME = re.compile(r'[^\x00-\x1f\x7f/\\:*?"<>|]+\Z')
_XML_START = re.compile(rb"\s*<[?A-Za-z!]")
_HTML = re.compile(rb"\s*<(?:!doctype\s+html|html|script)", re.IGNORECASE)


def _utf8(content: bytes) -> bool:
    try:
        codecs.decode(content, "utf-8")
    except UnicodeDecodeError:
        return False
    return b"\x00" not in content


def _xml(content: bytes) -> bool:
    body = content.removeprefix(codecs.BOM_UTF8)[:512]
    # GB 18030 and UTF-8 agree on the ASCII of the first line; UTF-16 is refused.
    return _XML_START.match(body) is not None and _HTML.match(body) is None


def _json(content: bytes) -> bool:
    return content.strip()[:1] in (b"{", b"[") and _utf8(content)


def _xlsx(content: bytes) -> bool:
    # Names stand uncompressed in an archive: no entry is opened to find them.
    return content.startswith(b"PK\x03\x04") and b"[Content_Types].xml" in content


MEDIA: Mapping[str, tuple[Callable[[bytes], bool], tuple[str, ...]]] = {
    "application/pdf": (lambda content: content.startswith(b"%PDF-"), (".pdf",)),
    "image/png": (lambda content: content.startswith(b"\x89PNG\r\n\x1a\n"), (".png",)),
    "image/jpeg": (lambda content: content.startswith(b"\xff\xd8\xff"), (".jpg", ".jpeg")),
    "application/xml": (_xml, (".xml",)),
    "application/json": (_json, (".json",)),
    XLSX: (_xlsx, (".xlsx",)),
    "application/zip": (lambda content: content.startswith(b"PK\x03\x04"), (".zip",)),
    "text/plain": (_utf8, (".txt", ".csv", ".edi")),
}
"""Media type → how its bytes begin, and how its files are called."""


def file_faults(
    file: Original, media: tuple[str, ...], largest: int, path: str
) -> Iterator[RecordIssue]:
    """What is wrong with one file's name, type, size and first bytes."""
    known, endings = MEDIA.get(file.media_type, (None, ()))
    if file.media_type not in media or known is None:
        message = f"此处只接受 {'、'.join(media)}。"
        yield _issue(path, "ATTACH-TYPE", file.media_type, message, "请换用允许的格式。")
    elif not known(file.content):
        message = f"内容不是 {file.media_type}。"
        yield _issue(path, "ATTACH-MAGIC", file.name, message, "请用原软件重新导出后再附。")
    if not 0 < len(file.content) <= largest:
        message = f"{len(file.content):,} 字节；应为 1 至 {largest:,} 字节。"
        yield _issue(path, "ATTACH-SIZE", file.name, message, "请压缩或拆分后再附。")
    if not _is_name(file.name, endings):
        message = "文件名含有路径、控制字符，过长，或扩展名与类型不符。"
        yield _issue(path, "ATTACH-NAME", file.name, message, "请改名后再附，例如“发票.pdf”。")


def _is_name(name: str, endings: tuple[str, ...]) -> bool:
    return (
        0 < len(name) <= LONGEST_NAME
        and name.isprintable()
        and _NAME.match(name) is not None
        and not name.startswith((".", " "))
        and not name.endswith((".", " "))
        and (not endings or name.lower().endswith(endings))
    )


def draft_faults(form: RecordForm, draft: Draft, body: Mapping[str, object]) -> list[RecordIssue]:
    """Everything a draft's bytes and its body say differently, or say against the form."""
    found = [*_attached(form, draft, body)]
    if form.document is None:
        if draft.original is not None:
            found.append(
                _issue(
                    "", "DOCUMENT-EXTRA", draft.original.name,
                    "此表式不接受外来单证原件。", "请改为附件，或用接受单证的表式。",
                )
            )  # fmt: skip
        return found
    return [*found, *_document(form, form.document, draft, body)]


def _attached(form: RecordForm, draft: Draft, body: Mapping[str, object]) -> Iterator[RecordIssue]:
    files = {file.address.hex(): file for file in draft.attachments}
    named: set[str] = set()
    for slot in form.slots:
        yield from _slot(slot, body, files, named)
    for address, file in files.items():
        if address not in named:
            yield _issue("", "ATTACH-EXTRA", file.name, "附件没有写入报文。", "请重新附加。")
    if len(files) != len(draft.attachments):
        yield _issue("", "ATTACH-EXTRA", "", "同一附件附了两次。", "请只附一次。")


def _slot(
    slot: Slot, body: Mapping[str, object], files: Mapping[str, Original], named: set[str]
) -> Iterator[RecordIssue]:
    addresses = body.get(slot.code)
    for number, address in enumerate(addresses if isinstance(addresses, list) else [], 1):
        path = line_name(slot.code, number)
        file = files.get(address)
        named.add(address)
        if file is None:
            yield _issue(
                path, "ATTACH-MISSING", address, "附件的内容没有随件送到。", "请重新附加。"
            )
        else:
            yield from file_faults(file, slot.media, slot.largest, path)


def _document(
    form: RecordForm, document: Document, draft: Draft, body: Mapping[str, object]
) -> Iterator[RecordIssue]:
    original = draft.original
    if original is None:
        if document.must or "signature" in body:
            yield _issue("", "DOCUMENT-MISSING", "", "没有单证原件。", "请附上单证原件。")
        return
    faults = [*file_faults(original, document.media, document.largest, "")]
    yield from faults
    if faults:
        return
    found = recomputed(document, original.content, original.media_type)
    yield from differences(form, found, body, plain=False)
    if document.verifier is not None:
        verdict = judged(document, original.content, draft.said_at)
        issue = signature_issue(document, body.get("signature"), verdict)
        if issue is not None:
            yield issue


def _issue(path: str, code: str, value: object, message: str, remedy: str) -> RecordIssue:
    return RecordIssue(path, code, code, shown(value), message, remedy)
