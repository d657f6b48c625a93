"""What an envelope may hold: checked before anything is read, and alike on both databases.

SQLite stores a text of any length and PostgreSQL refuses it half-way; so the widths of the columns
are rules here, and a statement that breaks one is refused with its name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ortoo.kernel.duties.reconcile import DutyRow
from ortoo.kernel.filings.draft import Draft, Entry, Move
from ortoo.kernel.filings.refusal import Refused

MAX_REASON = 2_000
MAX_INDEX = 2**53 - 1
MAX_ORIGINAL_BYTES = 50_000_000
WIDTHS = {
    "form": 40, "filer": 40, "actor": 80, "key": 80, "period": 16, "subject": 80, "place": 20,
    "mode": 12, "reason": MAX_REASON,
}  # fmt: skip
NEEDED = ("form", "filer", "actor", "key", "mode")
MAX_THREAD = 160
MAX_KIND = 20
DUTY_WIDTHS = {
    "key": 200, "kind": 20, "owner": 40, "form": 40, "period": 16, "place": 20, "subject": 80,
}  # fmt: skip


def check_envelope(draft: Draft) -> None:
    """Raises Refused FILING-KEY, ENVELOPE-TEXT, ENVELOPE-NUMBER or ORIGINAL-TOO-LARGE."""
    if not _is_text(draft.key, WIDTHS["key"], lines=False) or not draft.key:
        raise Refused("FILING-KEY", "报件标识应为 1–80 个可见字符。", "请由系统生成标识。")
    for problem in _text_problems(draft):
        raise Refused("ENVELOPE-TEXT", problem, "请更正后重新报送。")
    indexes = (draft.supersedes, draft.annuls, draft.corrects)
    for number in (draft.said_at, *(index for index in indexes if index is not None)):
        if type(number) is not int or not 0 <= number <= MAX_INDEX:
            raise Refused(
                "ENVELOPE-NUMBER", f"时间或报件号「{str(number)[:30]}」无效。", "请刷新页面后重试。"
            )
    if draft.original is not None and len(draft.original.content) > MAX_ORIGINAL_BYTES:
        raise Refused(
            "ORIGINAL-TOO-LARGE",
            f"原件 {len(draft.original.content):,} 字节，超过上限 {MAX_ORIGINAL_BYTES:,} 字节。",
            "请压缩或拆分后再附。",
            413,
        )


def check_entries(entries: Iterable[Entry]) -> None:
    """Raises Refused THREAD-KEY: what a body names must fit the key of a thread."""
    for entry in entries:
        if not _is_text(entry.thread, MAX_THREAD, lines=False) or len(entry.kind) > MAX_KIND:
            raise Refused(
                "THREAD-KEY",
                f"案卷标识「{entry.thread[:40]!r}…」过长或含不可见字符。",
                "请核对报件中的期别、单位与地区代码。",
            )


def check_duties(rows: Iterable[DutyRow]) -> None:
    """Raises Refused DUTY-VALUE: what a procedure makes of a body must fit the columns."""
    for row in rows:
        texts = all(
            isinstance(value := getattr(row, name), str) and len(value) <= width
            for name, width in DUTY_WIDTHS.items()
        )
        due = row.due_at
        if not texts or not (due is None or (type(due) is int and 0 <= due <= MAX_INDEX)):
            raise Refused(
                "DUTY-VALUE",
                "由报件得出的应办事项，其单位、期别、地区或期限无效。",
                "请核对报件中的代码与期限。",
            )


def check_moves(moves: Iterable[Move]) -> None:
    """Raises Refused POSTING-VALUE: accounts, commodities and whole quantities that fit."""
    for move in moves:
        texts = ((move.account, 160), (move.commodity, 40), (move.occurred_on, 10))
        if not all(_is_text(value, width, lines=False) for value, width in texts) or not (
            type(move.quantity) is int and -MAX_INDEX <= move.quantity <= MAX_INDEX
        ):
            raise Refused(
                "POSTING-VALUE", "记账的账户、商品或数量无效。", "请核对报件中的数量与代码。"
            )


def _text_problems(draft: Draft) -> Iterator[str]:
    for name, width in WIDTHS.items():
        value = getattr(draft, name)
        if not _is_text(value, width, lines=name == "reason"):
            yield f"报件的「{name}」应为不超过 {width} 个可见字符的文本。"
        elif name in NEEDED and not value:
            yield f"报件的「{name}」不能为空。"
    if draft.original is not None and not (
        _is_text(draft.original.media_type, 100, lines=False)
        and _is_text(draft.original.name, 200, lines=False)
    ):
        yield "原件的类型或文件名过长或含不可见字符。"


def _is_text(value: object, width: int, *, lines: bool) -> bool:
    """Printable, or with line breaks and tabs where a person writes sentences."""
    if not isinstance(value, str) or len(value) > width:
        return False
    return (value.replace("\n", "").replace("\t", "") if lines else value).isprintable()
