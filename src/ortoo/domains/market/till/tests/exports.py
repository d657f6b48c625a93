"""A small generator of fictional till exports: one shop, 8,000 articles, some new every week."""

from __future__ import annotations

import csv
import io
import random

from ortoo.kernel.forms.definition import Form

HEADER = [
    "货号",
    "商品名称",
    "规格",
    "单位",
    "类别",
    "销售数量",
    "销售金额(元)",
    "成本金额",
    "期末库存",
]
KINDS = ("洗发水", "牙膏", "毛巾", "饼干", "可乐", "方便面", "拖鞋", "铅笔", "薯片", "酸奶", "啤酒")
CATEGORY = {"01": "粮油", "02": "粮油", "03": "生鲜肉", "04": "禽", "05": "蛋类", "06": "蔬菜"}


def price_fen(group: str) -> int:
    """A plausible price per row unit, as `usual_grid` has it."""
    return {"01": 640, "02": 1900, "03": 5200, "04": 2500, "05": 860, "06": 500, "08": 500,
            "10": 3800}.get(group, 900)  # fmt: skip


def rows(form: Form, week: int, articles: int = 8_000) -> list[list[str]]:
    """The week's lines: two articles an item (three new kinds a week), the rest of the shop."""
    draw = random.Random(week)
    found = []
    for item in form.leaves:
        name = item.aliases[0] if item.aliases and "（" in item.name["zh"] else item.name["zh"]
        price, volume = price_fen(item.code[:2]), item.unit == "升"
        category = CATEGORY.get(item.code[:2], "调味")
        loose = [f"A{item.code}", name, "", "升" if volume else "kg", category]
        quantity = 1_000 + draw.randrange(20)
        found.append([*loose, str(quantity), _yuan(quantity * price), "1", "3000"])
        pack = [f"B{item.code}", f"演示牌{name}5{'L' if volume else 'kg'}", "", "袋", category]
        found.append([*pack, "200", _yuan(1_000 * price), "1", "400"])
    for new in range(3 * (week - 1)):
        found.append(
            [f"N{new}", f"新牌{new}大米10kg", "10kg", "袋", "粮油", "2", "128.00", "1", "9"]
        )
    for n in range(articles - len(found)):
        kind = KINDS[n % len(KINDS)]
        found.append([f"C{n}", f"{kind}{n}", "", "件", "百货", "3", "29.70", "20", "7"])
    return found


def _yuan(fen: int) -> str:
    return f"{fen // 100}.{fen % 100:02d}"


def export(form: Form, week: int, articles: int = 8_000) -> bytes:
    """The same as a GB18030 CSV with a title and a total, as tills write it."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["演示超市销售周报（演示数据）"])
    writer.writerow(HEADER)
    writer.writerows(rows(form, week, articles))
    writer.writerow(["合计", "", "", "", "", "1", "1"])
    return text.getvalue().encode("gb18030")
