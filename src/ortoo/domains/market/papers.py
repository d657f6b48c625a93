"""Evidence 凭据 of an assisted entry: what may be attached, and photographs without their metadata.

Pure. A photograph says where and by which telephone it was taken (Exif, GPS, XMP, IPTC, comments);
none of it is evidence of a price, so it is cut out before anything is kept. Only the orientation is
put back, for a sheet photographed upright would lie on its side. The picture itself is not decoded:
its compressed data stay byte for byte as they came. A PDF is kept as it is.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from ortoo.kernel.filings.draft import Original
from ortoo.kernel.filings.refusal import Refused

LARGEST = 8 * 1024 * 1024
MOST = 4
JPEG, PNG, PDF = "image/jpeg", "image/png", "application/pdf"
_PNG_START = b"\x89PNG\r\n\x1a\n"
# Of a PNG only what draws it; text, time, Exif and private chunks fall away.
_PNG_KEPT = frozenset(
    {b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"pHYs",
     b"bKGD", b"sBIT"}
)  # fmt: skip
_ENDINGS = {JPEG: ".jpg", PNG: ".png", PDF: ".pdf"}
_ORIENTATION = 0x0112
_STANDALONE = frozenset({0x01, *range(0xD0, 0xD8)})


@dataclass(frozen=True, slots=True)
class Segment:
    """One marker of a JPEG with its bytes, and the compressed data behind a scan header."""

    marker: int
    payload: bytes
    data: bytes = b""


def cleaned(content: bytes, number: int) -> Original:
    """The file as it is kept, its type told by its contents and its name made by us.

    Raises Refused PAPER-SIZE, PAPER-TYPE, PAPER-BROKEN.
    """
    if not 0 < len(content) <= LARGEST:
        raise Refused(
            "PAPER-SIZE",
            f"凭据文件 {len(content):,} 字节；每份不得超过 8 MB，也不能为空。",
            "请用手机相机的普通画质重拍，或压缩后再附。",
            413,
        )
    if content.startswith(b"\xff\xd8\xff"):
        media, kept = JPEG, clean_jpeg(content)
    elif content.startswith(_PNG_START):
        media, kept = PNG, clean_png(content)
    elif content.startswith(b"%PDF-"):
        media, kept = PDF, content
    else:
        raise Refused(
            "PAPER-TYPE",
            "凭据只收 JPEG、PNG 照片和 PDF；这份文件的内容不是其中任何一种。",
            "手机照片若为 HEIC，请在相机设置中改为“兼容性最佳”，或截图后再附。",
            415,
        )
    return Original(kept, media, f"凭据{number}{_ENDINGS[media]}")


def clean_jpeg(content: bytes) -> bytes:
    """A JPEG without Exif, XMP, IPTC, comments, thumbnails and whatever follows its end."""
    segments = list(_segments(content))
    markers = {segment.marker for segment in segments}
    if 0xDA not in markers or not markers & set(range(0xC0, 0xC4)):
        raise _broken()
    turned = next(
        (found for one in segments if (found := _orientation(one)) not in (None, 1)), None
    )
    out = bytearray(b"\xff\xd8")
    if turned is not None:
        out += _written(0xE1, b"Exif\x00\x00" + _tiff(turned))
    for one in segments:
        if _draws(one):
            out += _written(one.marker, one.payload) + one.data
    return bytes(out + b"\xff\xd9")


def _draws(one: Segment) -> bool:
    """Whether a segment is needed to draw the picture: tables, frames, scans, colour."""
    if one.marker == 0xE0:
        return one.payload.startswith(b"JFIF\x00")
    if one.marker == 0xE2:
        return one.payload.startswith(b"ICC_PROFILE\x00")
    if one.marker == 0xEE:
        return one.payload.startswith(b"Adobe")
    return not (0xE0 <= one.marker <= 0xEF or one.marker == 0xFE)


def _segments(content: bytes) -> Iterator[Segment]:
    at, size = 2, len(content)
    while at + 2 <= size:
        if content[at] != 0xFF:
            raise _broken()
        marker = content[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        at += 2
        if marker == 0xD9:
            return
        if marker in _STANDALONE:
            continue
        if at + 2 > size:
            break
        length = int.from_bytes(content[at : at + 2], "big")
        if length < 2 or at + length > size:
            break
        payload = content[at + 2 : at + length]
        at += length
        end = _scan_end(content, at) if marker == 0xDA else at
        yield Segment(marker, payload, content[at:end])
        at = end
    raise _broken()


def _scan_end(content: bytes, at: int) -> int:
    """Where the compressed data end: at a marker that is neither stuffed nor a restart."""
    while True:
        at = content.find(b"\xff", at)
        if at < 0 or at + 1 >= len(content):
            raise _broken()
        following = content[at + 1]
        if following == 0 or 0xD0 <= following <= 0xD7:
            at += 2
        elif following == 0xFF:
            at += 1
        else:
            return at


def _written(marker: int, payload: bytes) -> bytes:
    return bytes((0xFF, marker)) + (len(payload) + 2).to_bytes(2, "big") + payload


def _orientation(one: Segment) -> int | None:
    """The orientation 1–8 that an Exif segment names, or None."""
    if one.marker != 0xE1 or not one.payload.startswith(b"Exif\x00\x00"):
        return None
    tiff = one.payload[6:]
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None or len(tiff) < 8:
        return None
    try:
        first = struct.unpack_from(order + "I", tiff, 4)[0]
        count = struct.unpack_from(order + "H", tiff, first)[0]
        for entry in range(min(count, 200)):
            tag, kind, _, value = struct.unpack_from(order + "HHIH", tiff, first + 2 + 12 * entry)
            if tag == _ORIENTATION and kind == 3 and 1 <= value <= 8:
                return int(value)
    except struct.error:
        return None
    return None


def _tiff(orientation: int) -> bytes:
    """The smallest Exif there is: one directory with the orientation and nothing else."""
    entry = struct.pack(">HHIHH", _ORIENTATION, 3, 1, orientation, 0)
    return b"MM\x00*" + struct.pack(">IH", 8, 1) + entry + struct.pack(">I", 0)


def clean_png(content: bytes) -> bytes:
    """A PNG of the chunks that draw it alone."""
    out, at = bytearray(_PNG_START), len(_PNG_START)
    while at + 12 <= len(content):
        length, name = struct.unpack_from(">I4s", content, at)
        end = at + 12 + length
        if end > len(content):
            break
        if name in _PNG_KEPT:
            out += content[at:end]
        if name == b"IEND":
            return bytes(out)
        at = end
    raise _broken()


def _broken() -> Refused:
    return Refused(
        "PAPER-BROKEN", "照片不完整，无法读取。", "请重新拍照或重新导出后再附。", 422
    )
