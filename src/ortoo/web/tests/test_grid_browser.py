"""The data-entry grid in a real browser: paste, undo, keys, units, drafts, filing without script.

Run as a program (`python test_grid_browser.py`) it serves the grid alone, with stand-ins for the
draft, check and filing addresses, and prints its port: a page to look at while drawing.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

CHROMIUM = Path("/usr/bin/chromium")
ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
WEB = Path(__file__).resolve().parent.parent
CSP = "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:"
JIN = [("公斤", 1, 1), ("斤", 1, 2)]
VEGETABLES = [
    "大白菜",
    "圆白菜",
    "油菜",
    "菠菜",
    "生菜",
    "芹菜",
    "韭菜",
    "黄瓜",
    "西红柿",
    "茄子",
    "青椒",
    "辣椒",
    "尖椒",
    "豆角",
    "白萝卜",
    "胡萝卜",
    "土豆",
    "洋葱",
    "大葱",
    "大蒜",
    "生姜",
    "冬瓜",
    "西葫芦",
    "南瓜",
    "苦瓜",
    "菜花",
    "西兰花",
    "莲藕",
    "莴笋",
    "蘑菇",
]
GROUPS = [
    (
        "粮食",
        [
            ("小包装大米", "10 公斤袋", "公斤", [*JIN, ("袋", 10, 1)], "6.40"),
            ("小包装面粉", "5 公斤袋", "公斤", [*JIN, ("袋", 5, 1)], "5.80"),
        ],
    ),
    (
        "食用油",
        [
            (name, "5 升桶", "升", [("升", 1, 1), ("桶", 5, 1)], price)
            for name, price in (
                ("桶装花生油", "32.00"),
                ("桶装豆油", "13.90"),
                ("桶装菜籽油", "19.20"),
                ("桶装调和油", "15.70"),
            )
        ],
    ),
    (
        "肉类",
        [
            (name, "", "公斤", JIN, price)
            for name, price in (
                ("猪肉(精瘦肉)", "27.60"),
                ("猪肉(五花肉)", "26.00"),
                ("牛肉(腿肉)", "70.00"),
                ("羊肉(腿肉)", "72.00"),
            )
        ],
    ),
    ("禽类", [("白条鸡", "", "公斤", JIN, "24.94")]),
    ("蛋类", [("鸡蛋", "箱 360 枚", "公斤", [*JIN, ("箱", 20, 1)], "7.76")]),
    (
        "蔬菜",
        [
            (name, "", "公斤", JIN, f"{3 + i % 9}.{98 if i % 2 else 60}")
            for i, name in enumerate(VEGETABLES)
        ],
    ),
    ("食糖", [("白砂糖", "", "公斤", JIN, "8.40")]),
    ("食盐", [("精制盐", "400 克袋", "公斤", JIN, "5.00")]),
    ("奶制品", [("盒装纯牛奶", "箱 24×250 毫升", "升", [("升", 1, 1), ("箱", 6, 1)], "11.80")]),
    ("茶叶", [("青砖茶", "块 2 公斤", "公斤", [*JIN, ("块", 2, 1)], "38.00")]),
]
MEASURES = [
    {
        "code": "price",
        "title": "本期价格",
        "unit": "元/{unit}",
        "unit_head": "元/公斤(升)",
        "scale": 2,
        "conversion": "per_unit",
        "positive": True,
    },
    {
        "code": "sales",
        "title": "本期销售额",
        "unit": "万元",
        "unit_head": "万元",
        "scale": 2,
        "conversion": "none",
    },
    {
        "code": "sales_qty",
        "title": "本期销售量",
        "unit": "{unit}",
        "unit_head": "公斤(升)",
        "scale": 1,
        "conversion": "amount",
    },
    {
        "code": "stock",
        "title": "期末库存",
        "unit": "{unit}",
        "unit_head": "公斤(升)",
        "scale": 1,
        "conversion": "amount",
    },
]
REASONS = ["促销", "换规格", "到货少", "产地涨价", "节日", "录入单位变更", "其他"]


def _row(
    code: str, item: tuple[Any, ...], fields: dict[str, str], skip_stock: bool
) -> dict[str, Any]:
    name, spec, unit, units, price = item
    last = {"price": price, "sales": "1.25", "sales_qty": "860.0", "stock": "120.0"}
    cells = []
    for measure in MEASURES:
        key = f"{code}.{measure['code']}"
        text = fields.get(f"c.{key}", "")
        hard = text == "0"
        cells.append(
            {
                "measure": measure["code"],
                "title": measure["title"],
                "value": text,
                "nil": "",
                "unit": str(measure["unit"]).replace("{unit}", unit),
                "last": last[measure["code"]],
                "year": last[measure["code"]]
                if measure["code"] != "price"
                else f"{float(price) * 0.97:.2f}",
                "required": measure["code"] == "price",
                "note": fields.get(f"r.{key}", ""),
                "skip": skip_stock and measure["code"] == "stock",
                "known": {"source": "应急库存表", "age": "2 天前"}
                if text and measure["code"] == "stock"
                else None,
                "issue": {
                    "severity": "hard",
                    "message": "价格应大于 0",
                    "rule": "R1",
                    "remedy": "没有卖请填未经营",
                }
                if hard
                else None,
            }
        )
    return {
        "code": code,
        "name": name,
        "spec": spec,
        "unit": unit,
        "cells": cells,
        "entry_units": [{"code": n, "label": n, "num": num, "den": den} for n, num, den in units],
        "unit_chosen": fields.get(f"u.{code}", unit),
    }


def context(state: State) -> dict[str, Any]:
    groups = []
    for g, (title, items) in enumerate(GROUPS, 1):
        rows = [
            _row(f"{g:02}{i:02}", item, state.fields, state.skip and title == "蔬菜")
            for i, item in enumerate(items, 1)
        ]
        groups.append({"title": title, "rows": rows})
    filled = sum(name.startswith("c.") for name in state.fields)
    return {
        "grid": {
            "title": "生活必需品零售市场监测周报表",
            "period": "2026年第47周（11月14日—20日）",
            "filer": "锡林浩特市草原情超市",
            "due": "距截止 2 小时 18 分",
            "head": [
                {"label": "表号", "value": "生必零周1表"},
                {"label": "制定机关", "value": "商务部"},
            ],
            "groups": groups,
            "measures": MEASURES,
            "reasons": REASONS,
            "draft": {"saved_at": "", "url": "/draft", "version": state.version},
            "check_url": "/check",
            "file_url": "/file",
            "login_url": "/login",
            "readonly": state.readonly,
            "counts": {"filled": filled, "total": 184, "errors": 0, "soft": 0},
        },
        "csrf_token": "t0ken",
    }


class State:
    """What the stand-in server remembers, set by tests through POST /control."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.reset({})

    def reset(self, said: dict[str, Any]) -> None:
        self.fields: dict[str, str] = said.get("fields", {})
        self.version: int = said.get("version", 1)
        self.draft: str = said.get("draft", "ok")
        self.skip: bool = said.get("skip", False)
        self.readonly: bool = said.get("readonly", False)
        self.issues: list[dict[str, str]] = said.get("issues", [])
        self.filed: dict[str, list[str]] | None = None

    def save(self, said: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        if self.draft == "login":
            return 302, {}
        if self.draft == "down":
            return 503, {}
        if str(said["version"]) != str(self.version):
            return 409, {
                "version": self.version,
                "who": "王芳",
                "saved_at": "10:40",
                "fields": self.fields,
            }
        self.version += 1
        self.fields = said["fields"]
        return 200, {"version": self.version, "saved_at": "10:42"}

    def check(self, said: dict[str, Any]) -> dict[str, Any]:
        found = list(self.issues)
        for name, text in said["fields"].items():
            if name.startswith("c.") and name.endswith("price") and text == "99":
                found.append(
                    {
                        "item": name[2:6],
                        "measure": "price",
                        "severity": "soft",
                        "code": "R3",
                        "rule": "R3",
                        "message": "价格环比变动超过 30 %",
                        "remedy": "请核实并说明原因",
                    }
                )
        return {"issues": found}


class Handler(BaseHTTPRequestHandler):
    state: State
    page: Any

    def log_message(self, *args: object) -> None:
        pass

    def _send(self, status: int, body: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Security-Policy", CSP)
        if status == 302:
            self.send_header("Location", "/login")
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        if path == "/":
            html = self.page(context(self.state))
            self._send(200, html.encode(), "text/html; charset=utf-8")
        elif path.startswith("/static/"):
            file = WEB / path[1:]
            kinds = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
            if file.is_file():
                self._send(200, file.read_bytes(), kinds.get(file.suffix, "text/plain"))
            else:
                self._send(404, b"", "text/plain")
        else:
            self._send(200, json.dumps(vars_of(self.state)).encode(), "application/json")

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        path = urlsplit(self.path).path
        with self.state.lock:
            if path == "/file" or "json" not in self.headers.get("Content-Type", ""):
                self.state.filed = parse_qs(raw.decode(), keep_blank_values=True)
                self._send(200, "<h1>已收到</h1>".encode(), "text/html; charset=utf-8")
                return
            said = json.loads(raw)
            status, answer = 200, {}
            if path == "/draft":
                status, answer = self.state.save(said)
            elif path == "/check":
                answer = self.state.check(said)
            elif path == "/control":
                self.state.reset(said)
        self._send(status, json.dumps(answer).encode(), "application/json")


def vars_of(state: State) -> dict[str, Any]:
    return {"fields": state.fields, "version": state.version, "filed": state.filed}


FRAME = """{% load static %}<!doctype html><html lang="zh-Hans"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>周报</title>
<link rel="stylesheet" href="{% static 'ortoo/tokens.css' %}">
<link rel="stylesheet" href="{% static 'ortoo/site.css' %}"></head>
<body><main id="content"><div class="frame">{% include "web/grid/grid.html" %}</div></main>
</body></html>"""


def serve() -> None:
    import django
    from django.conf import settings
    from django.template import engines

    settings.configure(
        STATIC_URL="/static/",
        INSTALLED_APPS=["django.contrib.staticfiles"],
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "DIRS": [str(WEB / "templates")],
            }
        ],
    )
    django.setup()
    template = engines["django"].from_string(FRAME)
    handler = type("Bound", (Handler,), {"state": State(), "page": staticmethod(template.render)})
    server = ThreadingHTTPServer(
        ("127.0.0.1", int(sys.argv[1]) if len(sys.argv) > 1 else 0), handler
    )
    print(server.server_address[1], flush=True)
    server.serve_forever()


# --- the browser ------------------------------------------------------------------------------

pytestmark = pytest.mark.browser
URL_WAIT_MS = 5_000


@pytest.fixture(scope="module")
def site() -> Any:
    """The stand-in server in its own process, so that no Django settings leak either way."""
    program = subprocess.Popen([sys.executable, __file__], stdout=subprocess.PIPE, text=True)
    assert program.stdout is not None
    port = program.stdout.readline().strip()
    yield f"http://127.0.0.1:{port}"
    program.terminate()
    program.wait(5)


@pytest.fixture(scope="module")
def chromium() -> Any:
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if not CHROMIUM.exists():
        pytest.skip(f"no browser at {CHROMIUM}")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=str(CHROMIUM), args=ARGS)
        yield browser
        browser.close()


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


@pytest.fixture
def opened(chromium: Any, site: str) -> Any:
    contexts = []

    def make(*, before: dict[str, Any] | None = None, context: Any = None, **options: Any) -> Grid:
        options = {"viewport": {"width": 1280, "height": 900}, **options}
        context = context or chromium.new_context(**options)
        contexts.append(context)
        grid = Grid(context.new_page(), site)
        if before is not None:
            grid.control(**before)
        return grid

    yield make
    for context in contexts:
        context.close()


@pytest.fixture
def grid(opened: Any) -> Any:
    made = opened(before={}).open()
    yield made
    assert made.faults == []


def codes() -> list[str]:
    return [
        f"{g:02}{i:02}" for g, (_, items) in enumerate(GROUPS, 1) for i in range(1, len(items) + 1)
    ]


def sheet() -> list[list[str]]:
    return [[f"{10 + i}.{i:02}", "1.2", f"{100 + i}", "50"] for i in range(46)]


def text_of(rows: list[list[str]]) -> str:
    return "\n".join("\t".join(row) for row in rows)


def test_a_block_of_46_by_4_is_pasted_and_what_was_understood_is_said(grid: Grid) -> None:
    rows = sheet()
    rows[0][0], rows[1][0], rows[2][0], rows[3][0] = "１２．５", "12.5元", "不经营", "—"
    rows[4][2], rows[5][0], rows[6][0] = "1,234.5", "约莫十块", "７．９８元/斤"
    rows[7][0] = "无"
    grid.at("0101.price").paste(text_of(rows))
    assert grid.said().startswith("粘贴 46×4：184 格，已识别 182，未识别 2（已标出）")
    assert "全角 2" in grid.said() and "千分位 1" in grid.said() and "未经营 1" in grid.said()
    assert grid.value("0101.price") == "12.5"
    assert grid.value("0102.price") == "12.5"
    assert grid.value("0201.price") == "未经营"
    assert grid.value("0202.price") == ""
    assert grid.value("0203.sales_qty") == "1234.5"
    assert grid.value("0301.price") == "15.96", "7.98 yuan a jin in a row keyed by the kilogram"
    assert grid.value("1001.stock") == "50"
    marked = grid.page.locator("td.hard").filter(has=grid.cell("0204.price"))
    assert marked.count() == 1
    assert "未识别「约莫十块」" in marked.text_content()


READ_TEXTS = [
    "12.5",
    "１２．５",
    "12.5元",
    "¥12.5",
    "1,234.5",
    "12,34",
    "7.98元/斤",
    "7.98元/箱",
    "7.98斤",
    "5.95元/斤",
    "无",
    "没有",
    "无货",
    "断货",
    "缺货",
    "未经营",
    "不经营",
    "过季",
    "N",
    "—",
    "--",
    "/",
    "空",
    "",
    "=A1",
    "12%",
    "3-5",
    "1e3",
    "12 5",
    "1 234",
    "NaN",
    "待定",
    "12.345",
    "0",
    "-3",
    ".5",
    "6.",
    "9.9元/公斤",
]
READ_SCRIPT = """async texts => {
  const { read } = await import("/static/ortoo/grid/reading.js");
  const units = new Map([["公斤", {name: "公斤", num: 1, den: 1}],
                         ["斤", {name: "斤", num: 1, den: 2}]]);
  const cell = {measure: {unit: "元/{unit}", scale: 2, conversion: "per_unit"},
                row: {unit: "公斤", units, chosen: () => units.get("公斤")}};
  return texts.map(text => read(text, cell)); }"""


def test_the_page_reads_a_text_as_the_kernel_does(grid: Grid) -> None:
    from ortoo.kernel.forms import cells
    from ortoo.kernel.forms.definition import EntryUnit, Item, Measure

    units = (EntryUnit("公斤", 1, 1), EntryUnit("斤", 1, 2))
    item = Item("0302", {"zh": "猪肉"}, None, "公斤", entry_units=units)
    zh = {"zh": "本期价格"}
    measure = Measure("price", zh, "元/{unit}", 2, 9, True, "per_unit", "none", "price")

    def kernel(text: str) -> Any:
        try:
            return cells.parse(text, item, measure, "公斤")
        except cells.CellError:
            return "refused"

    for text, got in zip(READ_TEXTS, grid.page.evaluate(READ_SCRIPT, READ_TEXTS), strict=True):
        expected = kernel(text)
        if got.get("bad"):
            assert expected == "refused", text
        elif expected != "refused":
            assert kernel(got["text"]) == expected, text
        else:  # What the page passes on unread must be refused there too, never changed in sense.
            assert kernel(got["text"]) == "refused", text


def test_one_undo_takes_back_a_whole_paste_and_redo_brings_it_again(grid: Grid) -> None:
    grid.at("0101.price").type("6.5").press("Enter")
    grid.at("0101.price").paste(text_of(sheet()))
    grid.press("Control+z")
    assert grid.value("0101.price") == "6.5"
    assert grid.value("1001.stock") == ""
    grid.press("Control+z")
    assert grid.value("0101.price") == ""
    grid.press("Control+y").press("Control+y")
    assert grid.value("1001.stock") == "50"


def test_group_rows_of_the_sheet_are_skipped_and_overflow_is_reported(grid: Grid) -> None:
    grid.at("0101.price").paste("粮食\t\n6.5\t1\n5.9\t2\n食用油\t\n33\t3")
    assert grid.value("0201.price") == "33"
    assert "粘贴 3×2：6 格，已识别 6" in grid.said() and "跳过分组行、表头 2 行" in grid.said()
    grid.at("1001.sales_qty").paste("1\t2\t3\n4\t5\t6")
    assert "超出表格 4 格未粘贴" in grid.said()


def test_a_sheet_with_item_names_is_placed_by_name(grid: Grid) -> None:
    grid.at("0101.price").paste("商品\t单位\t价格\n鸡蛋\t元/公斤\t7.90\n白条鸡\t元/公斤\t25")
    assert grid.value("0501.price") == "7.90"
    assert grid.value("0401.price") == "25"
    assert grid.value("0101.price") == ""


def test_a_table_without_tabs_is_read_from_its_html_with_merged_cells(grid: Grid) -> None:
    html = "<table><tr><td>6.1</td><td rowspan=2>1.5</td></tr><tr><td>5.7</td></tr></table>"
    grid.at("0101.price").paste("6.1 1.5 5.7", html)
    assert [grid.value(f"{code}.price") for code in ("0101", "0102")] == ["6.1", "5.7"]
    assert [grid.value(f"{code}.sales") for code in ("0101", "0102")] == ["1.5", ""]


def test_keys_move_as_in_a_spreadsheet(grid: Grid) -> None:
    grid.at("0101.price")
    for key, expected in [
        ("ArrowRight", "0101.sales"),
        ("ArrowDown", "0102.sales"),
        ("Enter", "0201.sales"),
        ("Shift+Enter", "0102.sales"),
        ("End", "0102.stock"),
        ("Tab", "0201.price"),
        ("Shift+Tab", "0102.stock"),
        ("Home", "0102.price"),
        ("Control+End", "1001.stock"),
        ("Control+Home", "0101.price"),
        ("Control+ArrowDown", "1001.price"),
        ("PageUp", "0624.price"),
    ]:
        grid.press(key)
        assert grid.focused() == f"c.{expected}", key


def test_typing_replaces_f2_edits_and_escape_gives_the_old_value_back(grid: Grid) -> None:
    grid.at("0101.price").type("6.40").press("Enter")
    grid.at("0101.price").type("7").press("Escape")
    assert grid.value("0101.price") == "6.40"
    grid.press("F2", "ArrowLeft").type("1").press("Enter")
    assert grid.value("0101.price") == "6.410"
    grid.at("0101.price").press("Delete")
    assert grid.value("0101.price") == ""


def test_a_range_is_copied_as_tabs_and_filled_from_the_last_period(grid: Grid) -> None:
    grid.at("0101.price").press("Shift+ArrowDown", "Shift+ArrowRight", "Control+d")
    assert [grid.value("0101.price"), grid.value("0102.sales")] == ["6.40", "1.25"]
    copied = grid.page.evaluate(
        """() => { const data = new DataTransfer(); document.activeElement.dispatchEvent(
        new ClipboardEvent("copy", {clipboardData: data, bubbles: true, cancelable: true}));
        return data.getData("text/plain"); }"""
    )
    assert copied == "6.40\t1.25\n5.80\t1.25"
    grid.press("Control+z")
    assert grid.value("0102.sales") == ""


def test_a_drag_selects_a_block_and_delete_clears_it(grid: Grid) -> None:
    grid.at("0101.price").paste(text_of(sheet()[:3]))
    start, end = grid.cell("0101.price").bounding_box(), grid.cell("0102.sales").bounding_box()
    mouse = grid.page.mouse
    mouse.move(start["x"] + 9, start["y"] + 9)
    mouse.down()
    mouse.move(end["x"] + 9, end["y"] + 9, steps=4)
    mouse.up()
    assert grid.page.locator("td.sel").count() == 4
    grid.press("Delete")
    assert [grid.value("0102.sales"), grid.value("0201.price")] == ["", "12.02"]


def test_a_price_by_the_jin_shows_the_kilogram_price_exactly(grid: Grid) -> None:
    grid.page.locator('[name="u.0302"]').select_option("斤")
    grid.at("0302.price").type("2.98").press("Enter")
    hint = grid.page.locator("td.g-cell").filter(has=grid.cell("0302.price")).locator(".g-eq")
    assert hint.text_content() == "= 5.96 元/公斤"
    assert grid.cell("0302.price").get_attribute("aria-label") == "猪肉(五花肉) 本期价格 元/斤"
    grid.at("0302.price").press("Control+d")
    assert grid.value("0302.price") == "13"
    grid.page.locator('[name="u.0302"]').select_option("公斤")
    assert grid.value("0302.price") == "26", "a carried value keeps its meaning"


def test_nil_keys_say_why_a_cell_is_empty(grid: Grid) -> None:
    grid.at("0625.price").press("s")
    assert [grid.value(f"0625.{m['code']}") for m in MEASURES] == ["季节无货"] * 4
    grid.at("0626.price").press("o")
    assert [grid.value("0626.price"), grid.value("0626.sales")] == ["断货", ""]
    grid.press("Alt+ArrowDown")
    grid.page.get_by_role("button", name="未经营", exact=True).click()
    assert grid.value("0626.price") == "未经营"


@pytest.mark.parametrize(
    ("key", "typed", "repair", "after"),
    [
        ("0101.sales", "12500", "改为 1.25", "1.25"),
        ("0304.price", "7.2", "改为 72", "72"),
        ("0101.sales_qty", "860000", "改为 860", "860"),
    ],
)
def test_a_slip_against_the_last_period_is_named_and_repaired(
    grid: Grid, key: str, typed: str, repair: str, after: str
) -> None:
    grid.at(key).type(typed).press("Enter").at(key)
    grid.page.get_by_role("button", name=repair, exact=True).click()
    assert grid.value(key) == after


def test_half_of_last_price_offers_the_jin(grid: Grid) -> None:
    grid.at("0302.price").type("12.98").press("Enter").at("0302.price")
    grid.page.get_by_role("button", name="录入单位改为「斤」").click()
    assert grid.page.locator('[name="u.0302"]').input_value() == "斤"
    assert grid.page.locator("td.soft").count() == 0


def test_the_draft_is_saved_and_says_when(grid: Grid) -> None:
    grid.at("0101.price").type("6.4").press("Enter")
    grid.state("草稿已保存 10:42")
    assert grid.remembered()["fields"]["c.0101.price"] == "6.4"


def test_an_expired_login_keeps_the_grid_in_the_browser_until_it_is_back(grid: Grid) -> None:
    grid.control(draft="login")
    grid.at("0101.price").type("6.4").press("Enter")
    grid.state("登录已过期，内容已存在本机")
    grid.page.on("dialog", lambda dialog: dialog.accept())
    grid.control()
    grid.open()
    assert grid.value("0101.price") == "6.4"
    grid.state("草稿已保存")
    assert grid.remembered()["fields"]["c.0101.price"] == "6.4"


def test_a_dead_line_keeps_the_grid_and_says_so(grid: Grid) -> None:
    grid.control(draft="down")
    grid.at("0101.price").type("6.4").press("Enter")
    grid.state("保存失败，内容已存在本机，稍后自动重试")
    grid.control()
    grid.press("Control+s")
    grid.state("草稿已保存 10:42")


def test_a_cell_that_is_not_asked_is_stepped_over(opened: Any) -> None:
    grid = opened(before={"skip": True}).open()
    grid.at("0601.sales_qty").press("Tab")
    assert grid.focused() == "c.0602.price"
    grid.at("0601.sales_qty").paste("5\t6\n7\t8")
    assert [grid.value("0602.sales_qty"), grid.faults] == ["7", []]
    assert "不需填的格未粘贴 2" in grid.said()


def test_a_read_only_grid_shows_and_copies_but_takes_nothing(opened: Any) -> None:
    grid = opened(before={"readonly": True, "fields": {"c.0101.price": "6.4"}}).open()
    grid.at("0101.price").paste("7").press("Delete", "ArrowDown")
    assert [grid.value("0101.price"), grid.focused(), grid.faults] == ["6.4", "c.0102.price", []]


def test_two_windows_merge_cell_by_cell(opened: Any) -> None:
    grid = opened(before={}).open()
    grid.control(version=7, fields={"c.0101.price": "6.9", "c.0102.price": "5.5"})
    grid.at("0101.price").type("6.4").press("Enter").at("0201.price").type("31").press("Enter")
    dialog = grid.page.locator("dialog[open]")
    dialog.wait_for()
    assert "草稿已被 王芳 10:40 改过" in dialog.inner_text()
    assert dialog.locator("tbody tr").count() == 1, "only what both sides changed is asked"
    dialog.get_by_role("radio").nth(1).check()
    dialog.get_by_role("button", name="合并并保存").click()
    grid.state("草稿已保存")
    assert [grid.value(f"{code}.price") for code in ("0101", "0102", "0201")] == [
        "6.9",
        "5.5",
        "31",
    ]
    saved = grid.remembered()["fields"]
    assert [saved[f"c.{code}.price"] for code in ("0101", "0102", "0201")] == ["6.9", "5.5", "31"]
    assert grid.faults == []


def test_a_soft_rule_wants_a_reason_before_filing(grid: Grid) -> None:
    for code in codes():
        grid.at(f"{code}.price").press("Control+d")
    grid.at("0604.price").type("99").press("Enter")
    grid.page.locator("td.soft").wait_for()
    grid.page.get_by_role("button", name="报送").click()
    grid.page.locator(".g-say", has_text="1 处要先改正或说明原因").wait_for()
    assert grid.focused() == "c.0604.price"
    grid.page.get_by_role("button", name="到货少", exact=True).click()
    grid.page.get_by_role("button", name="报送").click()
    grid.page.get_by_role("heading", name="已收到").wait_for()
    filed = grid.remembered()["filed"]
    assert filed["c.0604.price"] == ["99"]
    assert filed["r.0604.price"] == ["到货少"]
    assert filed["action"] == ["file"]


def test_filters_hide_what_is_done(grid: Grid) -> None:
    grid.at("0101.price").paste("1\t1\t1\t1")
    grid.page.get_by_role("button", name="只看未填").click()
    assert not grid.cell("0101.price").is_visible()
    assert grid.cell("0102.price").is_visible()
    assert "已填 4/184" in grid.page.locator(".g-done").inner_text()


def test_without_script_the_form_posts_every_cell(opened: Any) -> None:
    grid = opened(before={}, java_script_enabled=False)
    grid.page.goto(grid.url)
    grid.cell("0101.price").fill("6.4")
    grid.cell("0625.price").fill("未经营")
    grid.page.locator('[name="u.0302"]').select_option("斤")
    grid.page.get_by_role("button", name="报送").click()
    filed = grid.remembered()["filed"]
    assert sum(name.startswith("c.") for name in filed) == 184
    assert [filed["c.0101.price"], filed["c.0625.price"], filed["u.0302"]] == [
        ["6.4"],
        ["未经营"],
        ["斤"],
    ]
    assert filed["csrfmiddlewaretoken"] == ["t0ken"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_the_grid_has_no_axe_violation(opened: Any, scheme: str, width: int) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    before = {
        "fields": {
            "c.0101.price": "6.4",
            "c.0102.price": "0",
            "c.0604.price": "99",
            "c.0301.stock": "9",
            "u.0301": "斤",
        }
    }
    grid = opened(
        before=before,
        color_scheme=scheme,
        bypass_csp=True,
        viewport={"width": width, "height": 900},
    ).open()
    grid.page.locator("td.soft").wait_for()
    grid.at("0604.price")
    found = axe.Axe().run(grid.page)
    assert found.violations_count == 0, found.generate_report()
    assert grid.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


if __name__ == "__main__":
    serve()
