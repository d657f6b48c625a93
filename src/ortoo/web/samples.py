"""Sample content for the gallery: no real figure, no real firm, no place's true outline."""

from __future__ import annotations

import math
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

from django.utils.safestring import mark_safe

from ortoo.web import charts, maps
from ortoo.web.outlines import Outlines

WEEK = timedelta(days=7)
LAST = date(2026, 11, 20)
NAMES = (
    *("锡林浩特市", "二连浩特市", "阿巴嘎旗", "苏尼特左旗", "苏尼特右旗", "东乌旗"),
    *("西乌旗", "太仆寺旗", "镶黄旗", "正镶白旗", "正蓝旗", "多伦县"),
)


def sample_geometry(columns: int = 4, rows: int = 3) -> dict[str, Any]:
    """Twelve areas with crooked shared borders, no place on earth; rings clockwise."""

    def corner(i: int, j: int) -> tuple[float, float]:
        return 112 + 2 * i + 0.45 * math.sin(3 * i + 2 * j), 42 + 1.3 * j + 0.3 * math.cos(
            2 * i - j
        )

    def side(a: tuple[int, int], b: tuple[int, int]) -> list[tuple[float, float]]:
        low, high = min(a, b), max(a, b)
        start, end = corner(*low), corner(*high)
        points = []
        for step in range(8):
            t = step / 8
            wave = 0.12 * math.sin(9 * t + low[0] * 5 + low[1] * 3) * math.sin(math.pi * t)
            x, y = start[0] + t * (end[0] - start[0]), start[1] + t * (end[1] - start[1])
            points.append((round(x + wave, 4), round(y + wave, 4)))
        points.append((round(end[0], 4), round(end[1], 4)))
        return points if a == low else points[::-1]

    features = []
    for number in range(columns * rows):
        i, j = number % columns, number // columns
        corners = [(i, j), (i, j + 1), (i + 1, j + 1), (i + 1, j), (i, j)]
        ring = [p for a, b in pairwise(corners) for p in side(a, b)[:-1]]
        geometry = {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}
        names = {"code": f"S{number:02}", "name": NAMES[number % len(NAMES)]}
        features.append({"type": "Feature", "properties": names, "geometry": geometry})
    return {"type": "FeatureCollection", "features": features}


def prices(base: float, swing: float, phase: float, weeks: int = 60) -> list[tuple[date, Any]]:
    days = [LAST - WEEK * (weeks - 1 - i) for i in range(weeks)]
    wave = (base + swing * math.sin(i / 8 + phase) + 0.35 * math.sin(i * 2.1) for i in range(weeks))
    return [(day, round(value, 2)) for day, value in zip(days, wave, strict=True)]


def line() -> dict[str, Any]:
    now, before = prices(66, 3.1, 0.4), prices(64.4, 2.8, 0.1)
    now[21] = now[22] = (now[21][0], None)
    last = now[-1][1]
    ahead = [(LAST + WEEK * k, last - 0.25 * k) for k in range(9)]
    bands = [
        charts.Band(
            f"{share}%", [(d, v - w * k**0.5, v + w * k**0.5) for k, (d, v) in enumerate(ahead)]
        )
        for share, w in ((95, 1.5), (80, 0.95), (50, 0.5))
    ]
    return charts.line_figure(
        [
            charts.Series("均价", now),
            charts.Series("去年同期", before, tone=2),
            charts.Series("预测", ahead, dashed=True, tone=1),
        ],
        title="羊肉零售价，周",
        unit="元/公斤",
        band=bands,
        annotations=[charts.Annotation(date(2026, 5, 9), "样本调整", "break")],
        note="阴影为后8周预测的50%、80%、95%区间。2026年5月9日起样本由22家增为24家，前后不可直接比较。",
    )


def bars() -> dict[str, Any]:
    values = (78.4, 74.0, 71.25, 69.9, 68.2, None, 66.1, 61.7)
    bars = [charts.Bar(n, v, strong=n == "锡林浩特市") for n, v in zip(NAMES, values, strict=False)]
    return charts.bar_figure(bars, title="各旗县羊肉零售价", unit="元/公斤")


def strip() -> dict[str, Any]:
    rows = [
        charts.Peers("羊肉", [62.0, 64.5, 65.8, 66.0, 66.9, 68.0, 71.2, 78.4], 71.2, 66.45),
        charts.Peers("牛肉", [68.0, 70.0, 70.0, 71.5, 72.0, 74.9], 68.0, 70.75),
    ]
    return charts.strip_figure(
        rows,
        title="我的价格与同盟其他样本",
        unit="元/公斤",
        note="本旗县只有两家样本，同行价格以盟为范围。",
    )


def map(shapes: Outlines) -> dict[str, Any]:
    cells = {}
    for index, area in enumerate(shapes.areas):
        value = 66 + 9 * math.sin(index * 1.7) + 4 * math.cos(index * 0.6)
        cells[area.code] = maps.Cell(round(value, 2), href=f"/places/{area.code}")
    codes = [area.code for area in shapes.areas]
    cells[codes[4]] = maps.Cell(state="missing")
    cells[codes[9]] = maps.Cell(state="suppressed")
    wording = maps.Wording(
        "旗县羊肉零售价", "零售价", "元/公斤", attribution="边界为示意，可更换为经审核的底图"
    )
    return maps.map_figure(shapes, cells, wording=wording)


def spark(phase: float) -> str:
    values = [round(66 + 3 * math.sin(phase + k / 2), 2) for k in range(8)]
    return charts.sparkline([*values[:3], None, *values[4:]], label="近8周")


def table() -> dict[str, Any]:
    rows: list[Any] = [
        {"group": "肉禽蛋"},
        [
            {"text": "羊肉（后腿）", "href": "#"},
            "71.20",
            {"change": 5.2},
            {"change": 12.1},
            {"spark": spark(0)},
            "促销结束",
            {"warning": "orange"},
        ],
        [
            "牛肉（后腿）",
            "68.00",
            {"change": -2.9},
            {"change": 0.0},
            {"spark": spark(2)},
            None,
            {"status": "accepted"},
        ],
        [
            "鸡蛋",
            "7.76",
            {"change": 1.4},
            {"change": None},
            {"spark": spark(4)},
            None,
            {"status": "queried"},
        ],
        {"group": "蔬菜"},
        [
            "黄瓜",
            {"missing": "断货"},
            {"change": None},
            {"change": None},
            {"spark": spark(1)},
            "到货少",
            {"status": "doubt"},
        ],
        [
            "<script>alert(1)</script>",
            "4.98",
            {"change": 25.6},
            {"change": -3.1},
            {"spark": spark(3)},
            "节日",
            {"status": "pending"},
        ],
    ]
    return {
        "title": "需要看的品种",
        "unit": "元/公斤",
        "columns": [
            {"title": "品种"},
            {"title": "现价", "numeric": True},
            {"title": "环比", "numeric": True},
            {"title": "农历同期", "numeric": True},
            {"title": "近8周"},
            {"title": "企业说明"},
            {"title": "状态"},
        ],
        "rows": rows,
        "exports": [{"title": "Excel", "href": "#"}, {"title": "CSV", "href": "#"}],
        "note": "断货：本期无货可售。农历同期按春节对齐，不同于同比。",
    }


def duties() -> list[dict[str, Any]]:
    return [
        {
            "title": "生活必需品零售市场监测周报",
            "href": "#",
            "period": "2026年第47周（11月14日—20日）",
            "form": "生必零周1表",
            "left": "距截止 2 小时 18 分",
            "due": "今日 12:00",
            "urgency": "soon",
            "last": "上期 11月13日 11:02 已报，已审核",
            "state": "draft",
            "action": "继续填报",
        },
        {
            "title": "确认代录：应急库存日报",
            "href": "#",
            "period": "11月19日",
            "form": "应急日1表",
            "left": "已逾期 3 小时 5 分",
            "due": "11月20日 06:30",
            "urgency": "late",
            "state": "confirm",
            "last": "旗商务局 11月19日 17:20 电话代录",
            "action": "核对并确认",
        },
        {
            "title": "核实：羊肉（后腿）零售价 71.20",
            "href": "#",
            "period": "2026年第46周",
            "form": "生必零周1表",
            "left": "还有 3 天",
            "due": "11月23日 18:00",
            "urgency": "calm",
            "state": "queried",
            "last": "盟商务局问：比上周高 5.2%，是否换规格？",
            "action": "答复",
            "primary": False,
        },
    ]


def timeline() -> list[dict[str, Any]]:
    return [
        {
            "title": "审核通过",
            "href": "#",
            "when": "11月13日 15:40",
            "by": "某盟商务局 其其格",
            "number": "№ 000183224",
            "sealed": True,
        },
        {
            "title": "自查更正：鸡蛋 7.76（原 77.6）",
            "href": "#",
            "when": "11月13日 11:04",
            "by": "王芳",
            "number": "№ 000182951",
            "detail": "小数点录错",
            "sealed": True,
            "state": "corrected",
        },
        {
            "title": "退回：缺期末库存",
            "when": "11月13日 10:20",
            "by": "旗商务局",
            "number": "№ 000182870",
            "bad": True,
        },
        {
            "title": "报送周报",
            "href": "#",
            "when": "11月13日 09:31",
            "by": "王芳",
            "mode": "网页",
            "number": "№ 000182655",
            "sealed": True,
        },
    ]


def receipt() -> dict[str, Any]:
    cells = "".join(
        f"M{x} {y}h1v1h-1z"
        for x in range(25)
        for y in range(25)
        if (x * 7 + y * 11 + x * y) % 3 == 0
    )
    return {
        "number": "HZ-2026-000182951",
        "facts": [
            ("报送单位", "某旗额尔敦超市有限公司"),
            ("表式", "生必零周1表 · 第3版"),
            ("报告期", "2026年第47周（11月14日—20日）"),
            ("收到时间", "2026年11月20日 10:42:07"),
            ("填报人", "王芳（直报）"),
            ("存证序号", {"text": "182951", "note": "检查点 182976"}),
        ],
        "qr": mark_safe(
            '<svg viewBox="0 0 25 25" role="img" aria-label="二维码">'
            f'<path d="{cells}" fill="#000"/></svg>'
        ),
        "digest": "9f2c5a1be07d44d3a8f1c6b2905e7733c0d18e6f4b2a97c5de013f8861a4b7e2",
    }


def matrix() -> dict[str, Any]:
    late = [
        {
            "firm": "温都尔商贸",
            "name": "苏日娜",
            "phone": "0479-555 0132",
            "note": "上次迟报：换人",
        },
        {"firm": "草原红超市", "name": "张建国", "phone": "155 0000 2718", "note": "已催报 09:30"},
    ]
    numbers = [
        (4, 4, 1, 0, 0),
        (3, 1, 0, 0, 2),
        (2, 2, 2, 0, 0),
        (2, 2, 0, 1, 0),
        (1, 1, 0, 0, 0),
        (2, 2, 0, 0, 0),
    ]
    rows = []
    for name, (due, filed, pending, returned, missing) in zip(NAMES, numbers, strict=False):
        rows.append(
            {
                "name": name,
                "href": "#",
                "due": due,
                "filed": filed,
                "pending": pending,
                "returned": returned,
                "missing": missing,
                "rate": round(100 * filed / due),
                "hrefs": {"pending": "#", "returned": "#", "missing": "#"},
                "contacts": late if missing else [],
            }
        )
    total = {
        "name": "全盟",
        "due": 14,
        "filed": 12,
        "pending": 3,
        "returned": 1,
        "missing": 2,
        "rate": 86,
    }
    return {
        "title": "第47周报送进度",
        "unit_title": "旗县（市）",
        "rows": rows,
        "total": total,
        "exports": [{"title": "导出催报名单", "href": "#"}],
        "note": "点数字看名单；点电话可直接拨出。",
    }


def issues() -> list[dict[str, Any]]:
    return [
        {
            "where": "第12行 鸡蛋 · 零售价",
            "href": "#",
            "message": "填报 77.60，为上期 7.76 的 10 倍。",
            "rule": "核实性审核 R-10",
            "remedy": "小数点错位请改；属实请选原因。",
            "code": "GRID-TIMES-10",
        },
        {
            "where": "第31行 食盐 · 期末库存",
            "href": "#",
            "message": "为空。",
            "rule": "强制性审核 M-04",
            "remedy": "填库存，或选「未经营」「断货」「季节无货」。",
            "code": "GRID-MUST",
        },
    ]


def error() -> dict[str, Any]:
    return {
        "status": 403,
        "code": "ACCESS-SCOPE",
        "what": "您的授权不含阿巴嘎旗的企业明细。",
        "where": "/market/firms/152522",
        "rule": "授权：盟级审核 × 生必零周1表 × 查看汇总（2026-01-01 起）",
    }


def confirm() -> dict[str, Any]:
    return {
        "title": "退回这张报表？",
        "text": "企业须在今日 18:00 前重报；退回会记入案卷，不能撤销。",
        "facts": [("报表", "生必零周1表 · 第47周"), ("企业", "草原红超市")],
        "reason": "退回原因（企业会看到）",
        "button": "退回",
        "danger": True,
        "back": "#",
    }


def login_form() -> Any:
    from django import forms

    class Login(forms.Form):
        username = forms.CharField(label="账号", help_text="单位代码或手机号")
        password = forms.CharField(label="密码", widget=forms.PasswordInput)

    return Login({"username": "wangfang"})
