"""What an envelope may hold: checked before anything is read, and alike on both databases.

SQLite stores a text of any length and PostgreSQL refuses it half-way; so the widths of the columns
are rules here, and a statement that breaks one is refused with its name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ortoo.kernel.duties.reconcile import DutyRow
from ortoo.kernel.filings.draft import Draft, Entry, Move, Original
from ortoo.kernel.filings.refusal import Refused

MAX_REASON = 2_000
MAX_INDEX = 2**53 - 1
MAX_ORIGINAL_BYTES = 50_000_000
WIDTHS = {
    "form": 40, "filer": 40, "actor": 80, "key": 80, "period": 16, "subject": 80, "place": 20,
    "mode": 12, "reason": MAX_REASON,
}  # fmt: skip
# own 本单位直报, assisted 代录, mandate 受托, downtime 停机补录, policy 按签发办法,
# import 历史导入, relay 他处转来, system 系统.
MODES = frozenset({"own", "assisted", "mandate", "downtime", "policy", "import", "relay", "system"})
UNDER = frozenset({"mandate", "downtime", "policy"})
NEEDED = ("form", "filer", "actor", "key", "mode")
MAX_THREAD = 160
MAX_KIND = 20
DUTY_WIDTHS = {
    "key": 200, "kind": 20, "owner": 40, "form": 40, "period": 16, "place": 20, "subject": 80,
}  # fmt: skip


def check_envelope(draft: Draft) -> None:
    """Raises Refused: FILING-KEY, ENVELOPE-…, ORIGINAL-TOO-LARGE, UNDER-… or ASSIST-EVIDENCE."""
    if not _is_text(draft.key, WIDTHS["key"], lines=False) or not draft.key:
        raise Refused("FILING-KEY", "报件标识应为 1–80 个可见字符。", "请由系统生成标识。")
    for problem in _text_problems(draft):
        raise Refused("ENVELOPE-TEXT", problem, "请更正后重新报送。")
    indexes = (draft.supersedes, draft.annuls, draft.corrects, draft.under)
    for number in (draft.said_at, *(index for index in indexes if index is not None)):
        if type(number) is not int or not 0 <= number <= MAX_INDEX:
            raise Refused(
                "ENVELOPE-NUMBER", f"时间或报件号「{str(number)[:30]}」无效。", "请刷新页面后重试。"
            )
    _check_mode(draft)
    size = sum(len(kept.content) for kept in _kept(draft))
    if size > MAX_ORIGINAL_BYTES:
        raise Refused(
            "ORIGINAL-TOO-LARGE",
            f"原件与附件共 {size:,} 字节，超过上限 {MAX_ORIGINAL_BYTES:,} 字节。",
            "请压缩或拆分后再附。",
            413,
        )


def _kept(draft: Draft) -> tuple[Original, ...]:
    return (*((draft.original,) if draft.original is not None else ()), *draft.attachments)


def _check_mode(draft: Draft) -> None:
    """How it came: in one's own right, or under something that lets another speak."""
    if draft.mode not in MODES:
        raise Refused("ENVELOPE-MODE", f"没有报送方式「{draft.mode}」。", "请刷新页面后重试。")
    if (draft.under is None) is (draft.mode in UNDER):
        must = "须" if draft.under is None else "不得"
        raise Refused(
            "UNDER-NEEDED" if draft.under is None else "UNDER-UNASKED",
            f"报送方式「{draft.mode}」{must}注明所依据的报件号。",
            "委托、停机补录与按签发办法办理的，请注明依据；其他方式不必。",
            403,
        )
    if draft.mode == "assisted" and not (_kept(draft) or draft.reason.strip()):
        raise Refused(
            "ASSIST-EVIDENCE",
            "代录须附凭据：纸表照片，或来电登记（时间、来电人）。",
            "请附照片，或在原因栏写明来电登记。",
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
    for kept in _kept(draft):
        if not (
            _is_text(kept.media_type, 100, lines=False) and _is_text(kept.name, 200, lines=False)
        ):
            yield "原件的类型或文件名过长或含不可见字符。"


def _is_text(value: object, width: int, *, lines: bool) -> bool:
    """Printable, or with line breaks and tabs where a person writes sentences."""
    if not isinstance(value, str) or len(value) > width:
        return False
    return (value.replace("\n", "").replace("\t", "") if lines else value).isprintable()
