"""Text of a file whose encoding nobody states. Pure."""

from __future__ import annotations

from ortoo.connectors.sheets.sheet import SheetError

MARKS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
SAMPLE = 4_096
MOST_DAMAGED = 0.02
"""Share of lines that may carry unreadable bytes before the file is no text at all."""


def decoded(data: bytes) -> str:
    """UTF-8 (with or without mark), UTF-16 (with or without mark) or GB18030.

    GB18030 reads almost any bytes, so it is chosen only when more of the lines beyond ASCII are
    wrong as UTF-8 than right: one damaged line does not turn the rest into gibberish.
    Raises SheetError SHEET-ENCODING for bytes that are no text.
    """
    encoding = _encoding(data)
    text = data.decode(encoding, "replace").removeprefix("\ufeff")
    lines = text.splitlines() or [""]
    damaged = sum(1 for line in lines if "\ufffd" in line or "\0" in line)
    if damaged > max(1, int(len(lines) * MOST_DAMAGED)):
        raise SheetError(
            "SHEET-ENCODING", "文件不是能识别的文字", "另存为 .xlsx，或“CSV UTF-8”后再选"
        )
    return text


def _encoding(data: bytes) -> str:
    for mark, encoding in MARKS:
        if data.startswith(mark):
            return encoding
    head = data[:SAMPLE]
    if head.count(b"\0") > len(head) // 8:
        return "utf-16-le" if head[1::2].count(b"\0") > head[::2].count(b"\0") else "utf-16-be"
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        beyond = [line for line in data.split(b"\n") if not line.isascii()]
        right = sum(1 for line in beyond if _reads(line))
        return "utf-8" if right * 2 > len(beyond) else "gb18030"
    return "utf-8"


def _reads(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
