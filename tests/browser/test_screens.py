"""A reviewer follows the beef price: search, comparison with another line, the link passed on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from tests.browser.visitor import Visitor

pytestmark = pytest.mark.browser


@pytest.fixture
def visitor(chromium: Any, demo: str) -> Iterator[Visitor]:
    page = chromium.new_context(viewport={"width": 1280, "height": 900}).new_page()
    yield Visitor(page, demo)
    page.context.close()


def test_two_lines_are_searched_compared_and_passed_on_as_a_link(visitor: Visitor) -> None:
    visitor.log_in("league").open("/compare/?q=niurou")
    visitor.page.locator("main ul a").first.click()
    visitor.sees("去掉")
    visitor.open(f"/compare/?{_query(visitor)}")
    visitor.sees("逐期数值", "与以往和全区比")


def _query(visitor: Visitor) -> str:
    return str(visitor.page.url).partition("?")[2]


def test_a_print_has_its_head_and_no_navigation(visitor: Visitor) -> None:
    visitor.log_in("league").open("/monitor/returns/")
    visitor.page.emulate_media(media="print")
    assert visitor.page.locator(".paper-head").is_visible()
    assert not visitor.page.locator("nav.mainnav").is_visible()
    assert not visitor.page.locator(".page-files").is_visible()
