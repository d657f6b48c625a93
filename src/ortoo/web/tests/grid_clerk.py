"""One open grid and what a clerk does to it, in the words of the tests."""

from __future__ import annotations

from typing import Any

from .grid_site import GROUPS

URL_WAIT_MS = 5_000


class Grid:
    """One open grid and what a clerk does to it."""

    def __init__(self, page: Any, url: str) -> None:
        self.page, self.url = page, url
        self.faults: list[str] = []
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on(
            "console",
            lambda m: self.faults.append(m.text) if "Content Security" in m.text else None,
        )

    def control(self, **said: Any) -> None:
        self.page.request.post(f"{self.url}/control", data=said)

    def remembered(self) -> dict[str, Any]:
        return self.page.request.get(f"{self.url}/remembered").json()

    def open(self) -> Grid:
        self.page.goto(self.url)
        self.page.wait_for_selector("#grid.on")
        return self

    def cell(self, key: str) -> Any:
        return self.page.locator(f'[name="c.{key}"]')

    def value(self, key: str) -> str:
        return self.cell(key).input_value()

    def at(self, key: str) -> Grid:
        self.cell(key).focus()
        return self

    def press(self, *keys: str) -> Grid:
        for key in keys:
            self.page.keyboard.press(key)
        return self

    def type(self, text: str) -> Grid:
        self.page.keyboard.type(text)
        return self

    def focused(self) -> str:
        return str(self.page.evaluate("document.activeElement.name || ''"))

    def paste(self, text: str, html: str = "") -> Grid:
        self.page.evaluate(
            """([text, html]) => { const data = new DataTransfer();
            data.setData("text/plain", text);
            if (html) data.setData("text/html", html);
            document.activeElement.dispatchEvent(new ClipboardEvent("paste",
              {clipboardData: data, bubbles: true, cancelable: true})); }""",
            [text, html],
        )
        return self

    def said(self) -> str:
        return str(self.page.locator(".g-say").inner_text())

    def state(self, text: str) -> None:
        self.page.locator(".g-state", has_text=text).wait_for(timeout=URL_WAIT_MS)


def codes() -> list[str]:
    return [
        f"{g:02}{i:02}" for g, (_, items) in enumerate(GROUPS, 1) for i in range(1, len(items) + 1)
    ]


def sheet() -> list[list[str]]:
    return [[f"{10 + i}.{i:02}", "1.2", f"{100 + i}", "50"] for i in range(46)]


def text_of(rows: list[list[str]]) -> str:
    return "\n".join("\t".join(row) for row in rows)
