"""A finding in one Chinese sentence for the reviewer, and as a question to the firm. Pure.

The question never names another firm: that two returns are equal is asked, whose the other is not.
"""

from __future__ import annotations

from ortoo.algorithms.editing.diagnosis import PRICE, QUANTITY, VALUE
from ortoo.domains.market.editing.findings import Said
from ortoo.kernel.forms.definition import Form

BOILERPLATE = frozenset({
    "", "无", "正常", "属实", "情况属实", "没有异常", "无异常", "已核实", "市场正常", "正常变动",
    "正常波动", "如实填报", "同上", "其他",
})  # fmt: skip
"""Reasons that say nothing (套话): they acquit nobody."""

_SLIPS: dict[tuple[str, str], str] = {
    ("JIN-FOR-KILOGRAM", PRICE): "像是按斤报的",
    ("KILOGRAM-DOUBLED", PRICE): "约为应有数的两倍，像是斤与公斤折算反了",
    ("KILOGRAM-FOR-TON", PRICE): "约小一千倍，像是吨价按公斤报的",
    ("TON-FOR-KILOGRAM", PRICE): "约大一千倍，像是公斤价按吨报的",
    ("JIN-FOR-KILOGRAM", QUANTITY): "像是数量按斤报的",
    ("KILOGRAM-HALVED", QUANTITY): "约为应有数的一半，像是斤与公斤折算反了",
    ("YUAN-FOR-WAN", VALUE): "像是按元报的（本栏单位万元）",
    ("WAN-FOR-YUAN", VALUE): "约小一万倍，像是单位填错",
}
_ANY = {
    "JIN-FOR-KILOGRAM": "像是按斤报的",
    "KILOGRAM-HALVED": "约为应有数的一半，像是计量单位填错",
    "KILOGRAM-FOR-TON": "约大一千倍，像是按公斤报的",
    "TON-FOR-KILOGRAM": "约小一千倍，像是按吨报的",
    "POINT-RIGHT-1": "约大十倍，像是小数点错位",
    "POINT-LEFT-1": "约小十倍，像是小数点错位",
    "POINT-RIGHT-2": "约大一百倍，像是小数点错位或按分报的",
    "POINT-LEFT-2": "约小一百倍，像是小数点错位",
    "POINT-RIGHT-3": "约大一千倍，像是小数点或单位错位",
    "POINT-LEFT-3": "约小一千倍，像是小数点或单位错位",
    "DIGITS-SWAPPED": "像是相邻两位数字写颠倒了",
    "NOT-POSITIVE": "不应为零或负数",
    "STOCK-STALE": "库存各行与上期完全相同，销售却变了，像是没有重新盘点",
}


def is_boilerplate(reason: str) -> bool:
    """Whether a reason says nothing: the words after the form's own choice are looked at too."""
    parts = [part.strip(" 。，,.;；") for part in reason.replace(":", "：").split("：")]
    return all(part in BOILERPLATE for part in parts)


def sentence(form: Form, said: Said, value: int | None = None, *, other: str = "") -> str:
    """What was found and what it probably should be, as 「像是按斤报的：5.96 → 11.92」.

    `value`: the cell's figure; `other`: the equal firm's name where the reader may know it, or the
    words for the period that was copied (上期 unless told).
    """
    if said.kind == "COPIED-LAST":
        when = other or "以前一期"
        return f"销售和库存逐行与{when}相同（{_percent(said.strength)}的行），像是整表照抄"
    if said.kind == "COPIED-FIRM":
        share = _percent(said.strength)
        return f"价格和销售逐行与{other or '另一家企业'}相同（{share}的行），像是错报了别家的数"
    if said.kind == "ROWS-SHIFTED":
        where = "上一行" if said.lag == 1 else "下一行"
        return _with_value(form, said, value, f"像是串行，填成了{where}的数")
    return _with_value(form, said, value, _plain(said))


def _plain(said: Said) -> str:
    found = _SLIPS.get((said.kind, said.column)) or _ANY.get(said.kind)
    if found:
        return found
    if said.column == VALUE:
        return "销售额与价格、销售量不相符，疑为录入错误"
    return "与本企业以往水平和同期行情差得多，疑为录入错误"


def _with_value(form: Form, said: Said, value: int | None, text: str) -> str:
    if not said.measure:
        return text
    measure = form.measure(said.measure)
    if said.suggested is not None:
        told = "" if value is None else f"{measure.text(value)} → "
        return f"{text}：{told}{measure.text(said.suggested)}"
    if said.predicted is not None and said.kind in ("UNKNOWN-FACTOR", "ROWS-SHIFTED"):
        return f"{text}，预计约 {measure.text(said.predicted)}"
    return text


def _percent(share: float) -> str:
    return f"{min(round(share * 100), 100)}%"
