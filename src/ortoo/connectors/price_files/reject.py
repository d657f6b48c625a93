"""Why a record of a price file was not taken: a code, and what to tell the person who sent it."""

from __future__ import annotations

from dataclasses import dataclass

REASONS: dict[str, tuple[str, str]] = {
    # structure of the file
    "BLANK-LINE": ("空行", "无需处理"),
    "TAG-ROW": ("标签行，不是数据", "无需处理"),
    "COLUMN-COUNT": ("列数与表头不一致", "补齐或删去多余的分隔符；含逗号的内容须加双引号"),
    "QUOTE": ("双引号不配对", "补上缺少的双引号"),
    "ENCODING": ("含有不能识别的字节", "用 UTF-8 或 GB18030 重新保存"),
    "CONTROL-CHARACTER": ("含有控制字符", "删去不可见字符"),
    "CELL-TOO-LONG": ("单元格内容过长", "核对是否错行"),
    "FORMULA": ("内容像公式（以 = + - @ 开头）", "改为纯文本"),
    # set aside by the profile
    "NOT-ACCEPTED": ("对照文件不收此类记录", "如需导入，在对照文件 accept 中加入该值"),
    # content
    "EMPTY": ("必填单元格为空", "补填"),
    "DATE-BAD": ("日期不能识别", "按对照文件的日期格式填写，如 2021-07-15"),
    "DATE-FUTURE": ("日期晚于今天", "核对年份"),
    "DATE-EARLY": ("日期早于对照文件的起始日", "核对年份"),
    "PLACE-UNKNOWN": ("没有对应的市场", "在对照文件 places.codes 中加入该市场"),
    "PLACE-AMBIGUOUS": ("两个市场名称得到同一代码", "在对照文件 places.codes 中各给一个代码"),
    "COMMODITY-UNKNOWN": ("没有对应的商品", "在对照文件 commodities 中加入该商品"),
    "UNIT-UNKNOWN": ("没有对应的计量单位", "在对照文件 units 中加入该单位"),
    "UNIT-MISMATCH": ("计量单位与商品不符", "核对该商品按重量还是按容量计价"),
    "CURRENCY": ("币种不符", "核对币种，或在对照文件中改正"),
    "PRICE-BAD": ("价格不是数字", "填写阿拉伯数字，如 12440.00"),
    "PRICE-NAN": ("价格为 NaN 或无穷", "没有价格就删去该行"),
    "PRICE-NOT-POSITIVE": ("价格不大于零", "没有价格就删去该行"),
    "PRICE-TOO-LARGE": ("价格超出上限", "核对单位与小数点"),
    # against the rest of the file
    "DUPLICATE": ("与前面的行重复（同日期、市场、商品、价格类型）", "只保留一行"),
    "ITEM-TAKEN": ("同市场同期的同一品种已有价格", "只保留一种商品或一个日期"),
}
EXCLUDED = frozenset({"BLANK-LINE", "TAG-ROW", "NOT-ACCEPTED"})


class Fault(Exception):
    """Raised inside the reader for one record; becomes a `Reject`."""

    def __init__(self, code: str, column: str = "", value: str = "", more: str = "") -> None:
        super().__init__(code)
        self.code, self.column, self.value, self.more = code, column, value, more


@dataclass(frozen=True, slots=True)
class Reject:
    """One record not taken. `line` counts the file's lines (or the sheet's rows) from 1."""

    line: int
    code: str
    column: str
    value: str
    reason: str
    remedy: str

    @classmethod
    def of(cls, line: int, fault: Fault) -> Reject:
        reason, remedy = REASONS[fault.code]
        shown = fault.value.encode("utf-8", "backslashreplace").decode()
        shown = "".join(c if c.isprintable() else "�" for c in shown)
        shown = shown if len(shown) <= 80 else shown[:79] + "…"
        reason = f"{reason}：{fault.more}" if fault.more else reason
        return cls(line, fault.code, fault.column, shown, reason, remedy)

    @property
    def excluded(self) -> bool:
        """True when the profile set the record aside; False when something is wrong with it."""
        return self.code in EXCLUDED

    def __str__(self) -> str:
        where = f"第{self.line}行"
        what = f"{self.column}“{self.value}”" if self.column else self.value
        return f"{where} {self.code} {what} {self.reason}；{self.remedy}"
