"""Which column of a till's export is what, from header words and from what stands below. Pure."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from ortoo.domains.market.till.numbers import day_of, is_number

ROLES: Mapping[str, str] = {
    "sku": "货号",
    "name": "品名",
    "spec": "规格",
    "unit": "单位",
    "category": "类别",
    "quantity": "销售数量",
    "amount": "销售金额",
    "price": "单价",
    "stock": "期末库存",
    "day": "日期",
    "receipt": "小票号",
    "origin": "产地",
    "arrival": "到货量",
}
NEEDED = ("name", "quantity", "amount")
HEADER_SEARCH = 30
SAMPLE = 60
MATCH, CONTAINS, BLOCKED = 10, 5, -100

_WEIGHED = re.compile(r"[(\[/](吨|公斤|千克|kg|市斤|斤)[)\]]?$")
_WORDS: Mapping[str, tuple[str, ...]] = {
    role: tuple(words.split())
    for role, words in {
        "sku": (
            "商品编码 商品编号 货号 商品代码 编码 品号 存货编码 sku plu 自编码 "
            "物料编码 条码 国际条码 商品条码 条形码 barcode itemcode 店内码 "
            "代码"
        ),
        "name": (
            "商品名称 品名 名称 货品名称 存货名称 商品 物料名称 品名规格 商品全名 name "
            "itemname description 交易品种 货物名称 品种名称 品种"
        ),
        "spec": ("规格 规格型号 商品规格 包装规格 spec 包装"),
        "unit": ("单位 销售单位 计量单位 unit 基本单位"),
        "category": (
            "类别 类别名称 分类 商品类别 品类 大类 中类 小类 部门 柜组 category "
            "类名 商品分类 小类名称"
        ),
        "quantity": (
            "销售数量 数量 销量 销售量 实销数量 净销数量 售出数量 qty quantity 合计数量 销售数 "
            "重量 成交量 成交数量 成交重量 交易量 交易数量 交易重量 结算重量 净重"
        ),
        "amount": (
            "销售金额 金额 销售额 实收金额 实销金额 净销金额 含税金额 实售金额 小计 "
            "销售收入 amount sales 售额 合计金额 应收金额 净销售额 成交金额 交易金额 结算金额 "
            "成交额 交易额 货款"
        ),
        "price": (
            "单价 售价 零售价 平均售价 均价 销售价 price 实售价 现价 成交价 成交价格 成交单价 "
            "交易价格 交易单价 结算单价"
        ),
        "stock": (
            "期末库存 库存 库存数量 当前库存 结存 结存数量 期末数量 现存量 实时库存 "
            "stock onhand 可用库存 账面库存 库存量"
        ),
        "day": (
            "日期 销售日期 营业日期 交易日期 交易时间 销售时间 date 时间 日结日期 成交日期 "
            "成交时间 结算日期 结算时间 过磅时间 进场日期"
        ),
        "receipt": (
            "小票号 流水号 单号 交易号 销售单号 单据编号 receipt 收银单号 结算单号 成交单号 "
            "过磅单号 交易流水号"
        ),
        "origin": "产地 主要产地 来源地 货源地 原产地 产区 origin",
        "arrival": (
            "到货量 到货数量 到货重量 进场量 进场数量 进场重量 入场量 入场数量 入场重量 到场量 "
            "到场重量 上市量 arrivals arrival"
        ),
    }.items()
}
_NOT: Mapping[str, tuple[str, ...]] = {
    role: tuple(words.split())
    for role, words in {
        "amount": (
            "成本 进价 毛利 税额 优惠 折扣 退货 赠 库存 进货 上期 期初 占比 让利 会员 "
            "积分 调拨 损 期末 结存 佣金 手续费 押金"
        ),
        "quantity": (
            "退货 赠 库存 进货 上期 期初 期末 结存 占比 调拨 损 订货 品种 客 金额 箱数 "
            "到货 进场 入场 到场 上市 皮重 毛重"
        ),
        "price": ("成本 进价 会员 批发 原价 上期 促销"),
        "stock": ("金额 期初 上期 成本 占用 天数 周转 最低 最高 安全"),
        "name": ("类 门店 供应 部门 柜组 单位 收银 品牌 机构 仓 店"),
        "sku": ("类 门店 供应 部门 机构 店号 收银 品牌 柜组"),
        "unit": ("供应 单位名称 往来"),
        "category": ("编码 编号 代码"),
        "day": ("生产 到期 有效 建档"),
        "arrival": ("金额 日期 时间 单号 上期"),
    }.items()
}


@dataclass(frozen=True, slots=True)
class Layout:
    """Header row (index), its texts, and role → column (index)."""

    header: int
    titles: tuple[str, ...]
    roles: Mapping[str, int] = field(default_factory=dict)

    @property
    def signature(self) -> str:
        return signature_of(self.titles)

    @property
    def unit(self) -> str:
        """The weight in which the header gives quantities: 吨 of «成交量（吨）»; else ""."""
        at = self.roles.get("quantity")
        title = self.titles[at] if at is not None and at < len(self.titles) else ""
        found = _WEIGHED.search(unicodedata.normalize("NFKC", title).lower())
        return found.group(1) if found else ""

    @property
    def missing(self) -> tuple[str, ...]:
        """Names of what must be there and is not; an amount may be price × quantity."""
        lacks = [role for role in NEEDED if role not in self.roles]
        if "amount" in lacks and "price" in self.roles:
            lacks.remove("amount")
        return tuple(ROLES[role] for role in lacks)


def folded(title: str) -> str:
    """A header's text without blanks, brackets and what stands in them: «金额（元）» is «金额»."""
    plain = unicodedata.normalize("NFKC", title).lower().strip()
    bare = re.sub(r"\(.*?\)|\[.*?\]|[\s_:/*]", "", plain)
    return bare or plain


def signature_of(titles: Sequence[str]) -> str:
    """What a layout is remembered by: SHA-256 of its header texts in their order."""
    return hashlib.sha256("\x1f".join(folded(title) for title in titles).encode()).hexdigest()


def guess(
    rows: Sequence[Sequence[str]], remembered: Mapping[str, Mapping[str, int]] | None = None
) -> Layout:
    """The most likely layout; a remembered signature (→ role → column) decides at once."""
    known = remembered or {}
    heads = range(min(HEADER_SEARCH, len(rows)))
    for at in heads:
        titles = tuple(rows[at])
        said = known.get(signature_of(titles))
        if said and all(0 <= column < len(titles) for column in said.values()):
            return Layout(at, titles, dict(said))
    at = max(heads, key=lambda row: (_header_score(rows[row]), -row), default=0)
    titles = tuple(rows[at]) if rows else ()
    return Layout(at, titles, _assigned(titles, rows[at + 1 : at + 1 + SAMPLE]))


def _header_score(row: Sequence[str]) -> int:
    """Roles a row's texts name; a row of figures is no header."""
    if sum(1 for cell in row if is_number(cell)) > len(row) // 3:
        return 0
    best: dict[str, int] = {}
    for cell in row:
        for role in ROLES:
            score = _word_score(role, cell)
            if score > best.get(role, 0):
                best[role] = score
    return sum(best.values())


def _word_score(role: str, title: str) -> int:
    plain = folded(title)
    if not plain or len(plain) > 16:
        return 0
    if plain in _WORDS[role]:
        # The words are in the order of how plainly they say it; the last still says it whole.
        return max(MATCH * 3 - _WORDS[role].index(plain), MATCH)
    if any(word in plain for word in _NOT.get(role, ())):
        return BLOCKED
    return CONTAINS if any(word in plain for word in _WORDS[role] if len(word) > 1) else 0


def _assigned(titles: Sequence[str], body: Sequence[Sequence[str]]) -> dict[str, int]:
    """Each role's best column, the clearest pairs first; no column plays two roles."""
    pairs = []
    for column, title in enumerate(titles):
        cells = [row[column] for row in body if column < len(row) and row[column]]
        for role in ROLES:
            words = _word_score(role, title)
            if words > 0 and _fits(role, cells):
                pairs.append((words, -column, role, column))
    found: dict[str, int] = {}
    for _, _, role, column in sorted(pairs, reverse=True):
        if role not in found and column not in found.values():
            found[role] = column
    return found


def _fits(role: str, cells: Sequence[str]) -> bool:
    """Whether what stands below can be that; an empty column may be anything but figures."""
    if role in ("quantity", "amount", "price", "stock", "arrival"):
        return not cells or _share(cells, is_number) >= 0.8
    if role == "day":
        return not cells or _share(cells, lambda cell: day_of(cell) is not None) >= 0.5
    if role in ("name", "category", "origin"):
        return not cells or _share(cells, is_number) <= 0.5
    return True


def _share(cells: Sequence[str], test: Callable[[str], bool]) -> float:
    return sum(1 for cell in cells if test(cell)) / len(cells)
