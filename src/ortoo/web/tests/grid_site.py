"""A stand-in for the site around the data-entry grid: drafts, checks and filing, in memory.

Run as a program (`python grid_site.py [PORT]`) it serves the grid alone and prints its port: a page
to look at while drawing, and what the browser tests open.
"""

from __future__ import annotations

import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

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


if __name__ == "__main__":
    serve()
