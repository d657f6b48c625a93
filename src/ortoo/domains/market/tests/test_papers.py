"""Photographs as evidence: their metadata fall away, their picture stays byte for byte."""

from __future__ import annotations

import struct
import zlib

import pytest

from ortoo.domains.market.papers import LARGEST, clean_jpeg, clean_png, cleaned
from ortoo.kernel.filings.refusal import Refused

GPS = b"GPSLatitude 43.93 N"


def segment(marker: int, payload: bytes) -> bytes:
    return bytes((0xFF, marker)) + (len(payload) + 2).to_bytes(2, "big") + payload


def exif(orientation: int, order: str = "<") -> bytes:
    head = b"II*\x00" if order == "<" else b"MM\x00*"
    entry = struct.pack(order + "HHIHH", 0x0112, 3, 1, orientation, 0)
    return b"Exif\x00\x00" + head + struct.pack(order + "IH", 8, 1) + entry + b"\x00" * 4 + GPS


def jpeg(*before: bytes, tail: bytes = b"") -> bytes:
    """The bones of a JPEG: two scans with stuffed bytes and a restart between them."""
    frame = segment(0xC2, b"\x08\x00\x08\x00\x08\x01\x01\x11\x00")
    scan = segment(0xDA, b"\x01\x01\x00\x00\x3f\x00") + b"ab\xff\x00cd\xff\xd0ef"
    tables = segment(0xDB, b"\x00" + b"\x01" * 64)
    return b"\xff\xd8" + b"".join(before) + tables + frame + scan + scan + b"\xff\xd9" + tail


def png(*chunks: tuple[bytes, bytes]) -> bytes:
    def one(name: bytes, data: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(name + data))
        return struct.pack(">I", len(data)) + name + data + check

    head = one(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
    body = b"".join(one(*chunk) for chunk in chunks)
    picture = one(b"IDAT", zlib.compress(b"\x00\x00")) + one(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + head + body + picture


def test_place_telephone_comment_and_what_follows_the_end_are_cut_out() -> None:
    marks = [segment(0xE1, exif(1)), segment(0xE1, b"http://ns.adobe.com/xap/1.0/\x00" + GPS),
             segment(0xED, b"Photoshop 3.0\x00" + GPS), segment(0xFE, GPS),
             segment(0xE2, b"MPF\x00" + GPS)]  # fmt: skip
    found = clean_jpeg(jpeg(*marks, tail=jpeg(segment(0xFE, GPS))))
    assert GPS not in found and b"Exif" not in found
    assert found == jpeg(), "the picture itself is untouched"


@pytest.mark.parametrize("order", ["<", ">"])
def test_only_the_orientation_is_put_back(order: str) -> None:
    found = clean_jpeg(jpeg(segment(0xE1, exif(6, order))))
    assert GPS not in found
    assert found.count(b"Exif\x00\x00") == 1
    assert struct.pack(">HHIHH", 0x0112, 3, 1, 6, 0) in found
    assert clean_jpeg(found) == found


def test_colour_profiles_and_the_adobe_mark_stay_because_they_draw_the_picture() -> None:
    kept = [segment(0xE0, b"JFIF\x00\x01"), segment(0xE2, b"ICC_PROFILE\x00xx"),
            segment(0xEE, b"Adobe\x00\x64")]  # fmt: skip
    assert clean_jpeg(jpeg(*kept)) == jpeg(*kept)


def test_texts_and_private_chunks_of_a_png_fall_away() -> None:
    found = clean_png(png((b"tEXt", GPS), (b"eXIf", GPS), (b"prVt", GPS), (b"gAMA", b"\x00" * 4)))
    assert GPS not in found and found == png((b"gAMA", b"\x00" * 4))


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "PAPER-SIZE"),
        (b"\xff\xd8\xff" + b"0" * LARGEST, "PAPER-SIZE"),
        (b"<svg onload=alert(1)>", "PAPER-TYPE"),
        (b"MZ\x90\x00", "PAPER-TYPE"),
        (b"\x00\x00\x00\x18ftypheic", "PAPER-TYPE"),
        (b"\xff\xd8\xff\xe0\x00\x04ab", "PAPER-BROKEN"),
        (jpeg()[:-2], "PAPER-BROKEN"),
        (png()[:-12], "PAPER-BROKEN"),
    ],
)
def test_what_is_no_whole_picture_is_refused_with_a_remedy(content: bytes, code: str) -> None:
    with pytest.raises(Refused) as refusal:
        cleaned(content, 1)
    assert refusal.value.code == code and refusal.value.remedy


def test_the_type_is_told_by_the_bytes_and_the_name_is_ours() -> None:
    kinds = [(cleaned(content, 2).media_type, cleaned(content, 2).name)
             for content in (jpeg(), png(), b"%PDF-1.7\n")]  # fmt: skip
    assert kinds == [("image/jpeg", "凭据2.jpg"), ("image/png", "凭据2.png"),
                     ("application/pdf", "凭据2.pdf")]  # fmt: skip
