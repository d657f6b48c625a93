"""What pages weigh on a first visit, how many requests they take, and what axe finds on them.

KB over the wire are of HTML, CSS, scripts and images together, as the browser received them
(compressed, headers included), with an empty cache. The demonstration is the small
one; `--data` takes a folder that `./ortoo demo --no-serve` has prepared (ORTOO_HOME).
"""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import demonstration
from benchmarks.harness import progress

PERIOD = "W2026-11-14"
RETURN = f"/returns/SCJC-W1/{PERIOD}/"
REVIEW = f"/review/SCJC-W1/{PERIOD}"
FIGURES = f"/figures/SCJC-W1/{PERIOD}"
TARGET_KB = 70.0
TIMEOUT_MS = 20_000
SCHEMES = ("light", "dark")
WIDTHS = {"desk": (1280, 800), "phone": (390, 844)}


@dataclass(frozen=True, slots=True)
class Page:
    """A named page: who looks, where it is; `follow` are links to click from `path` on."""

    name: str
    login: str
    path: str
    follow: tuple[str, ...] = ()


PAGES = (
    Page("welcome", "", "/"),
    Page("login", "", "/login/"),
    Page("verify", "", "/verify/"),
    Page("about", "", "/about/"),
    Page("public", "", "/figures/SCJC-W1/"),
    Page("clerk", "clerk", "/"),
    Page("grid", "clerk", RETURN),
    Page("years", "clerk", "/returns/"),
    Page("filed", "clerk-asked", RETURN),
    Page("correct", "clerk-asked", f"{RETURN}correct/"),
    Page("reply", "clerk-asked", "/", ('a[href*="/queries/"]',)),
    Page("receipt", "clerk-asked", RETURN, ('a[href^="/receipts/"]',)),
    Page("banner", "banner", "/"),
    Page("review", "banner", f"{REVIEW}/152502/"),
    Page("queue", "banner", f"{REVIEW}/152502/?tab=queue"),
    Page("one-return", "banner", f"{REVIEW}/152502/?tab=queue", (".review-queue th a",)),
    Page("accept", "banner", f"{REVIEW}/152502/accept/"),
    Page("league", "league", f"{REVIEW}/152500/"),
    Page("region-home", "region", "/"),
    Page("region", "region", f"{FIGURES}/?basis=all"),
    Page("unit", "region", f"{FIGURES}/unit/152500/?basis=all"),
    Page("item", "region", "/figures/SCJC-W1/items/0303/?basis=all"),
    Page("behind", "region", f"{FIGURES}/?basis=all", ('a[href*="/filings/"]',)),
    Page(
        "filing",
        "region",
        f"{FIGURES}/?basis=all",
        ('a[href*="/filings/"]', 'main a[href^="/filings/"]'),
    ),
    Page("seasonal", "region", "/seasonal/SCJC-W1/0303/"),
    Page("indices", "region", "/indices/SCJC-W1/"),
    Page("why", "region", "/indices/SCJC-W1/why/0303/"),
    Page("spatial", "region", "/spatial/SCJC-W1/0303/"),
    Page("forecasts", "region", "/forecasts/SCJC-W1/"),
    Page("warnings", "region", "/warnings/SCJC-W1/"),
    Page("imputed", "region", f"/imputed/SCJC-W1/{PERIOD}/"),
    Page("check", "", "/bulletins/check/"),
    Page("open", "", "/open/"),
    Page("search", "region", "/search/?q=羊肉"),
    Page("refused", "banner-neighbour", f"{REVIEW}/152502/"),
    Page("jobs", "operator", "/jobs/"),
    Page("clock", "region", "/demo/clock/"),
    Page("account", "clerk", "/account/"),
)
MAIN = ("welcome", "clerk", "grid", "receipt", "review", "one-return", "region", "behind", "filing")


@dataclass(frozen=True, slots=True)
class Weight:
    """One first visit."""

    path: str
    status: int
    kb: float
    requests: int
    violations: tuple[str, ...]
    parts: tuple[tuple[str, float], ...]


class Windows:
    """Windows with an empty cache, already logged in."""

    def __init__(self, browser: Any, url: str) -> None:
        self.browser, self.url = browser, url
        self._cookies: dict[str, Any] = {}

    def state(self, login: str) -> Any:
        """Cookies of somebody logged in by one click, made once."""
        if login not in self._cookies:
            context = self.browser.new_context()
            page = context.new_page()
            page.goto(self.url)
            if login:
                page.locator(f'form[action="/demo/login/{login}/"] button').click()
                page.wait_for_load_state()
            self._cookies[login] = context.storage_state()
            context.close()
        return self._cookies[login]

    @contextmanager
    def window(self, login: str, scheme: str, size: str) -> Iterator[Any]:
        width, height = WIDTHS[size]
        context = self.browser.new_context(
            storage_state=self.state(login),
            color_scheme=scheme,
            viewport={"width": width, "height": height},
            locale="zh-CN",
            bypass_csp=True,
        )
        context.set_default_timeout(TIMEOUT_MS)
        try:
            yield context.new_page()
        finally:
            context.close()

    def address(self, page: Page) -> str:
        """Where the page is, following its links."""
        if not page.follow:
            return self.url + page.path
        with self.window(page.login, "light", "desk") as window:
            window.goto(self.url + page.path)
            for selector in page.follow:
                link = window.locator(selector).first
                window.goto(self.url + str(link.get_attribute("href")))
            return str(window.url)

    def weigh(self, page: Page, address: str, scheme: str, size: str) -> Weight:
        """Open one page with an empty cache and measure it."""
        with self.window(page.login, scheme, size) as window:
            wire = _listen(window)
            answer = window.goto(address)
            while wire["waiting"]:
                window.wait_for_timeout(20)
            parts = tuple(sorted(wire["parts"].items(), key=lambda part: -part[1]))
            return Weight(
                address.removeprefix(self.url),
                answer.status,
                round(sum(wire["parts"].values()), 1),
                len(wire["urls"]),
                violations(window),
                parts,
            )


def _listen(window: Any) -> dict[str, Any]:
    """Bytes on the wire, told by the browser itself: KB by kind of file, and the requests."""
    session = window.context.new_cdp_session(window)
    session.send("Network.enable")
    wire: dict[str, Any] = {"urls": {}, "parts": {}, "waiting": set()}
    kinds: dict[str, str] = {}

    def asked(event: Any) -> None:
        if not event["request"]["url"].startswith("data:"):
            wire["urls"][event["requestId"]] = event["request"]["url"]
            wire["waiting"].add(event["requestId"])

    def answered(event: Any) -> None:
        kinds[event["requestId"]] = event["type"]

    def finished(event: Any) -> None:
        wire["waiting"].discard(event["requestId"])
        if event["requestId"] in wire["urls"]:
            kind = kinds.get(event["requestId"], "Other")
            kb = event["encodedDataLength"] / 1024
            wire["parts"][kind] = wire["parts"].get(kind, 0.0) + kb

    session.on("Network.requestWillBeSent", asked)
    session.on("Network.responseReceived", answered)
    session.on("Network.loadingFinished", finished)
    session.on("Network.loadingFailed", lambda event: wire["waiting"].discard(event["requestId"]))
    return wire


def violations(window: Any) -> tuple[str, ...]:
    """What axe finds: «rule: first place», one a rule and place."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(window).response["violations"]
    return tuple(
        f"{rule['id']}: {' '.join(node['target'])}" for rule in found for node in rule["nodes"]
    )


@contextmanager
def windows(home: Path | None = None) -> Iterator[Windows]:
    """The demonstration in `home`, or a small one made for the occasion, and a browser."""
    with tempfile.TemporaryDirectory() as made:
        folder = home or Path(made)
        if home is None:
            demonstration.seed(folder)
        with demonstration.chromium() as browser, demonstration.served(folder) as url:
            yield Windows(browser, url)


def run(*, size: str | None, quick: bool, data: Path | None, database: str) -> dict[str, object]:
    """The `pages` bench. `size`: names of pages, with commas; `data`: an ORTOO_HOME."""
    del database  # the weight of a page does not depend on it
    why = demonstration.reason_missing()
    if why:
        return {"pages": None, "notes": why}
    wanted = size.split(",") if size else list(MAIN) if quick else [page.name for page in PAGES]
    pages = [page for page in PAGES if page.name in wanted]
    with windows(data) as found:
        rows = list(_rows(found, pages, quick=quick))
    return {
        "pages": rows,
        "heaviest_kb": max(row["kb"] for row in rows),
        "median_kb": statistics.median(row["kb"] for row in rows),
        "target_kb": TARGET_KB,
        "notes": [
            f"{row['path']} ({row['scheme']}, {row['size']}): {text}"
            for row in rows
            for text in row.pop("faults")
        ],
    }


def _rows(found: Windows, pages: Sequence[Page], *, quick: bool) -> Iterator[dict[str, Any]]:
    for page in pages:
        address = found.address(page)
        for scheme in SCHEMES:
            for size in WIDTHS:
                if quick and (scheme == "light") != (size == "desk"):
                    continue
                weight = found.weigh(page, address, scheme, size)
                progress(f"{page.name:12} {scheme:5} {size:5} {weight.kb:6} KB {weight.parts}")
                yield _row(page, weight, scheme, size)


def _row(page: Page, weight: Weight, scheme: str, size: str) -> dict[str, Any]:
    faults = list(weight.violations)
    if weight.kb > TARGET_KB:
        parts = ", ".join(f"{kind} {kb:.1f}" for kind, kb in weight.parts)
        faults.append(f"{weight.kb} KB is over {TARGET_KB:.0f}: {parts}")
    if weight.status >= 400 and page.name != "refused":
        faults.append(f"status {weight.status}")
    return {
        "path": weight.path,
        "page": page.name,
        "scheme": scheme,
        "size": size,
        "kb": weight.kb,
        "requests": weight.requests,
        "axe_violations": len(weight.violations),
        "faults": faults,
    }
