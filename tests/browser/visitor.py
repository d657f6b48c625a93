"""Somebody at a browser window: logs in, opens pages, presses what people press."""

from __future__ import annotations

import re
from typing import Any

PASTE = """text => { const data = new DataTransfer(); data.setData("text/plain", text);
  document.activeElement.dispatchEvent(new ClipboardEvent("paste",
    {clipboardData: data, bubbles: true, cancelable: true})); }"""
LAST_PERIOD = """() => [...document.querySelectorAll("tr[data-item]")].map(row =>
  [...row.querySelectorAll("td.g-cell")].map(
    cell => cell.querySelector(".g-last")?.textContent || ""))"""


class Visitor:
    """One window and what went wrong in it: script errors, refusals by the content policy."""

    def __init__(self, page: Any, url: str) -> None:
        self.page, self.url = page, url
        self.faults: list[str] = []
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on(
            "console",
            lambda m: self.faults.append(m.text) if "Content Security" in m.text else None,
        )

    def log_in(self, login: str) -> Visitor:
        """One click on the first page of the demonstration."""
        self.page.goto(self.url)
        self.page.locator(f'form[action="/demo/login/{login}/"] button').click()
        return self

    def open(self, path: str) -> Visitor:
        """Follow an address of the site; the answer must not be a failure of the server's."""
        answer = self.page.goto(self.url + path)
        assert answer.status < 500, f"{path}: {answer.status}"
        return self

    @property
    def path(self) -> str:
        return str(self.page.url).removeprefix(self.url)

    def text(self) -> str:
        return str(self.page.locator("main").inner_text())

    def click(self, name: str, *, role: str = "link") -> Visitor:
        """The first link (or button) of that name."""
        self.page.get_by_role(role, name=name).first.click()
        self.page.wait_for_load_state()
        return self

    def press(self, name: str) -> Visitor:
        """The first button whose text is exactly that."""
        self.page.get_by_role("button", name=name, exact=True).first.click()
        self.page.wait_for_load_state()
        return self

    def sees(self, *words: str) -> Visitor:
        for word in words:
            assert word in self.text(), f"{self.path}: «{word}» is not in:\n{self.text()[:1500]}"
        return self

    # --- the grid ------------------------------------------------------------------------------

    def grid(self) -> Visitor:
        """Wait until the open grid's script runs."""
        self.page.locator("#grid.on").wait_for()
        return self

    def last_period(self) -> list[list[str]]:
        """The grey figures beside the cells, row by row; "" where a cell is not asked."""
        return [list(row) for row in self.page.evaluate(LAST_PERIOD)]

    def codes(self) -> list[str]:
        return [
            str(row.get_attribute("data-item"))
            for row in self.page.locator("tr[data-item]").element_handles()
        ]

    def cell(self, key: str) -> Any:
        return self.page.locator(f'[name="c.{key}"]')

    def paste(self, rows: list[list[str]]) -> Visitor:
        """Paste a block as WPS gives it, from the first cell on."""
        self.page.locator('tr[data-item] input[name^="c."]').first.focus()
        self.page.evaluate(PASTE, "\n".join("\t".join(row) for row in rows))
        return self

    def said(self, pattern: str) -> str:
        """What the grid says once it says something like that."""
        line = self.page.locator(".g-say, .g-issues summary", has_text=re.compile(pattern)).first
        line.wait_for()
        return str(line.inner_text())
