"""代录: a banner keys a return in from a photograph, and the firm confirms it by telephone code."""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Callable

import pytest

from .test_offline import reasons_are_given
from .visitor import Visitor

pytestmark = pytest.mark.browser

PERIOD = "W2026-11-14"
Enter = Callable[..., Visitor]


def sheet() -> bytes:
    """A grey PNG of 300 × 420 points: the stand-in for a photographed form."""

    def chunk(name: bytes, data: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(name + data))
        return struct.pack(">I", len(data)) + name + data + check

    rows = b"".join(b"\x00" + bytes([200 if line % 30 else 90]) * 300 for line in range(420))
    head = struct.pack(">IIBBBBB", 300, 420, 8, 0, 0, 0, 0)
    place = chunk(b"tEXt", b"GPS\x0043.93N 116.09E")
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + place
        + (chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))
    )


def a_missing_firm(banner: Visitor) -> str:
    """The address of the assisted entry of a firm that has not filed."""
    banner.open(f"/review/SCJC-W1/{PERIOD}/152502/?show=missing")
    href = banner.page.locator("table.review-matrix tbody th a").first.get_attribute("href")
    assert href
    return str(href).split("?")[0].rstrip("/") + "/assisted/"


def test_a_banner_keys_from_a_photograph_and_the_firm_confirms_by_code(enter: Enter) -> None:
    banner = enter("banner")
    page = banner.page
    address = a_missing_firm(banner)
    banner.open(address).grid()
    picture = {"name": "IMG_1.png", "mimeType": "image/png", "buffer": sheet()}
    page.locator("#paper").set_input_files(picture)
    banner.press("上传").grid().sees("凭据1.png")
    seen = page.locator(".assist-paper img")
    assert seen.evaluate("img => img.complete && img.naturalWidth") == 300
    beside = page.locator("#grid").bounding_box(), seen.bounding_box()
    assert beside[1]["x"] + beside[1]["width"] <= beside[0]["x"], "the photograph stands left"
    raw = page.request.get(banner.url + seen.get_attribute("src")).body()
    assert b"GPS" not in raw

    banner.paste(banner.last_period())
    banner.said("粘贴")
    reasons_are_given(banner)
    page.locator("#note").fill("11月23日10:30 店长来电，网络中断，传来纸表照片")
    banner.press("代录报送")
    page.locator("main", has_text="未确认").wait_for()
    banner.sees("代录", "未确认", "凭据1.png")

    banner.press("发确认码").sees("小时内有效，只显示这一次")
    code = re.sub(r"\D", "", page.locator("#code").inner_text())
    number = re.search(r"\d{9}-[0-9A-F]{8}", banner.text())
    assert number and len(code) == 8

    firm = enter("", viewport={"width": 390, "height": 844})
    firm.open("/confirm/")
    firm.page.locator("#number").fill(number[0])
    firm.page.locator("#code").fill(code)
    firm.press("核对数字").sees("请逐项核对")
    firm.press("数字无误，确认").sees("已确认")

    banner.open(address).sees("代录", "企业已确认")
    assert "未确认" not in banner.text()
    assert banner.faults == firm.faults == []


def test_on_a_phone_the_photograph_stands_above_the_grid(enter: Enter) -> None:
    banner = enter("banner", viewport={"width": 390, "height": 844})
    banner.open(a_missing_firm(banner)).grid()
    paper = banner.page.locator(".assist-paper").bounding_box()
    grid = banner.page.locator("#grid").bounding_box()
    assert paper["y"] + paper["height"] <= grid["y"]
    assert banner.page.evaluate("document.documentElement.scrollWidth") == 390


def test_the_neighbours_reviewer_cannot_key_for_the_firm(enter: Enter) -> None:
    banner, neighbour = enter("banner"), enter("banner-neighbour")
    address = a_missing_firm(banner)
    for tail in ("", "draft/", "papers/", "code/"):
        answer = neighbour.page.request.fetch(
            neighbour.url + address + tail, method="POST" if tail else "GET"
        )
        assert answer.status in (403, 404), tail
