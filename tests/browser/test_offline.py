"""A clerk whose network goes away in the middle of the weekly return: nothing is lost, and it is
filed when the line is back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from .visitor import Visitor

pytestmark = pytest.mark.browser

RETURN = "/returns/SCJC-W1/W2026-11-14/"
KEPT = "() => Object.keys(localStorage).filter(key => key.startsWith('ortoo.'))"
HELD = """async () => {
    const names = await caches.keys(), held = [];
    for (const name of names)
        for (const one of await (await caches.open(name)).keys()) held.push(one.url);
    return navigator.serviceWorker.controller && held.some(url => url.endsWith("grid.js"))
        && held.some(url => /returns/.test(url));
}"""
# The demonstration's menu has no log-out: its people are changed, not logged out.
LOG_OUT = """() => {
    const form = document.createElement("form");
    Object.assign(form, {method: "post", action: "/logout/"});
    form.append(document.querySelector("#grid [name=csrfmiddlewaretoken]").cloneNode());
    document.body.append(form);
    form.submit();
}"""
KEYED = "0101.price"
Enter = Callable[..., Visitor]
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True}


def test_a_return_typed_without_a_network_is_filed_when_it_comes_back(enter: Enter) -> None:
    clerk = enter("clerk", **PHONE)
    page, context = clerk.page, clerk.page.context
    clerk.open(RETURN).grid()
    the_page_is_kept_for_later(clerk)
    clerk.paste(clerk.last_period())
    clerk.said("粘贴")
    reasons_are_given(clerk)

    context.set_offline(True)
    price = float(clerk.cell(KEYED).input_value()) + 0.01
    clerk.cell(KEYED).fill(f"{price:.2f}")
    clerk.cell(KEYED).press("Enter")
    page.locator(".g-state", has_text="网络不通").wait_for()
    answer = page.reload()
    assert answer is not None and answer.status == 200, "the worker opens the page"
    clerk.grid()
    clerk.said("已恢复本机")
    assert clerk.cell(KEYED).input_value() == f"{price:.2f}"
    page.get_by_role("button", name="报送", exact=True).click()
    waiting = page.locator("#offline", has_text="已保存在本机，联网后报送")
    waiting.wait_for()

    page.reload()
    waiting.wait_for()
    context.set_offline(False)
    page.evaluate("() => dispatchEvent(new Event('online'))")
    page.locator("#offline", has_text="已报送 回执").wait_for()
    assert not [key for key in page.evaluate(KEPT) if "clock" not in key], "nothing stays behind"
    page.locator("#offline").get_by_role("link", name="查看回执").click()
    page.wait_for_url("**/receipts/*/")
    clerk.sees("报送回执", "网上直报")
    assert clerk.faults == []


def test_what_a_colleague_filed_meanwhile_is_said_and_the_typing_stays(enter: Enter) -> None:
    """Goes on in the demonstration that the first test left: the return stands filed."""
    clerk = enter("clerk", **PHONE)
    page = clerk.page
    clerk.open(f"{RETURN}correct/").grid()
    the_page_is_kept_for_later(clerk)
    page.context.set_offline(True)
    price = float(clerk.cell(KEYED).input_value()) + 0.01
    clerk.cell(KEYED).fill(f"{price:.2f}")
    page.get_by_role("button", name="报送", exact=True).click()
    page.locator("#offline", has_text="已保存在本机").wait_for()

    colleague = enter("clerk")
    colleague.open(f"{RETURN}correct/").grid()
    colleague.page.locator('[name="reason"]').fill("漏计一个门店")
    colleague.press("报送")
    colleague.page.wait_for_url("**/receipts/*/")

    page.context.set_offline(False)
    page.evaluate("() => dispatchEvent(new Event('online'))")
    told = page.locator("#offline", has_text="没有报送成功")
    told.wait_for()
    assert "RETURN-STALE" in told.inner_text()
    assert clerk.cell(KEYED).input_value() == f"{price:.2f}"


def test_logging_out_removes_the_kept_pages(enter: Enter) -> None:
    clerk = enter("clerk")
    page = clerk.page
    clerk.open(f"{RETURN}correct/").grid()
    the_page_is_kept_for_later(clerk)
    page.evaluate(LOG_OUT)
    page.wait_for_url("**/login/")
    until(page, "async () => (await caches.keys()).length === 0")
    page.context.set_offline(True)
    with pytest.raises(Exception, match=r"ERR_(FAILED|INTERNET_DISCONNECTED)"):
        page.goto(f"{clerk.url}{RETURN}correct/")


def test_another_log_in_on_the_same_browser_replaces_the_kept_pages(enter: Enter) -> None:
    clerk = enter("clerk")
    page = clerk.page
    clerk.open(f"{RETURN}correct/").grid()
    the_page_is_kept_for_later(clerk)
    pages = "async () => (await caches.keys()).filter(name => name.startsWith('ortoo-entry'))"
    before = page.evaluate(pages)
    page.locator(".demo select").select_option("clerk-asked")
    clerk.press("切换身份")
    clerk.open(RETURN)
    assert before and before[0] not in page.evaluate(pages)


def reasons_are_given(clerk: Visitor) -> None:
    """What the checks ask about is answered, cell by cell."""
    clerk.page.wait_for_timeout(2_500)  # the checks' answer; there may be nothing to say
    soft = clerk.page.locator("td.soft:not(.told) .g-in input")
    for name in soft.evaluate_all("all => all.map(input => input.name)"):
        clerk.page.locator(f'[name="{name}"]').focus()
        clerk.page.get_by_role("button", name="到货少", exact=True).first.click()


def the_page_is_kept_for_later(clerk: Visitor) -> None:
    """Until the worker holds the page and what it is made of."""
    until(clerk.page, HELD)


def until(page: Any, script: str) -> None:
    """Wait for what a promise says: `wait_for_function` takes the promise itself for true."""
    for _ in range(100):
        if page.evaluate(script):
            return
        page.wait_for_timeout(150)
    raise AssertionError(script)
