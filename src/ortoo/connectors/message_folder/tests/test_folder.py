"""Messages go out as private files and come back as receipts without anybody's number."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from ortoo.connectors import email_folder, sms_folder, wecom_folder
from ortoo.connectors.message_folder import FolderFault, Letter, MessageFolder

NAME = "0123456789abcdef0123456789abcdef-1"
LETTER = Letter(NAME, "199-0000-0101", "请于11月23日12:00前报送。", "填报提醒", 1)


def test_a_message_is_one_private_file_and_is_not_written_twice(tmp_path: Path) -> None:
    folder = sms_folder.CHANNEL.folder(tmp_path)
    path = folder.put(NAME, sms_folder.document(LETTER))
    before = path.stat().st_mtime_ns
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert json.loads(path.read_text("utf-8"))["to"] == "19900000101"
    folder.put(NAME, {"to": "someone else"})
    assert path.stat().st_mtime_ns == before


def test_a_folder_that_others_may_read_is_refused(tmp_path: Path) -> None:
    folder = MessageFolder(tmp_path / "outbox" / "sms")
    folder.put(NAME, {})
    folder.place.chmod(0o755)
    with pytest.raises(FolderFault, match="OUTBOX-OPEN"):
        folder.put(NAME.replace("-1", "-2"), {})


@pytest.mark.parametrize("name", ["../../x-1", "a-1", NAME + "/..", NAME[:-1] + "0"])
def test_a_name_that_leads_out_of_the_folder_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(FolderFault, match="OUTBOX-NAME"):
        MessageFolder(tmp_path).put(name, {})


def _receipt(folder: MessageFolder, text: str, name: str = NAME) -> None:
    folder.put(NAME, {})
    (folder.place / "receipts" / f"{name}.json").write_text(text, "utf-8")


def test_a_receipt_says_what_became_of_it_and_never_the_number(tmp_path: Path) -> None:
    folder = MessageFolder(tmp_path / "sms")
    _receipt(folder, '{"state": "failed", "reason": "199-0000-0101 a@b.cn 空号", "again": true}')
    (report,) = folder.receipts()
    assert (report.name, report.state, report.again) == (NAME, "failed", True)
    assert report.reason == "［号码］ ［地址］ 空号"


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"state": "sent"}', '{"state": 1}', " " * 20_000, '{"state": ["x"]}']
)
def test_a_receipt_that_cannot_be_read_is_put_aside(tmp_path: Path, text: str) -> None:
    folder = MessageFolder(tmp_path / "sms")
    _receipt(folder, text)
    assert folder.receipts() == []
    assert (folder.place / "receipts" / "unreadable" / f"{NAME}.json").exists()


def test_a_link_to_another_file_is_no_receipt(tmp_path: Path) -> None:
    folder = MessageFolder(tmp_path / "sms")
    folder.put(NAME, {})
    (tmp_path / "secret").write_text('{"state": "delivered"}', "utf-8")
    (folder.place / "receipts" / f"{NAME}.json").symlink_to(tmp_path / "secret")
    assert folder.receipts() == []


def test_closing_removes_message_and_receipt(tmp_path: Path) -> None:
    folder = MessageFolder(tmp_path / "sms")
    _receipt(folder, '{"state": "delivered"}')
    folder.close(NAME)
    assert [path for path in folder.place.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize(
    ("channel", "good", "bad"),
    [
        (sms_folder.CHANNEL, "199-0000-0101", "0471-1234567"),
        (wecom_folder.CHANNEL, "wuyun.0101", "@all"),
        (wecom_folder.CHANNEL, "wuyun", "a|b"),
        (email_folder.CHANNEL, "a@shop.example", "a@shop.example, b@shop.example"),
    ],
)
def test_a_channel_takes_one_address_of_its_kind(channel, good: str, bad: str) -> None:  # type: ignore[no-untyped-def]
    assert channel.fault(good) == ""
    assert channel.fault(bad) != ""
    assert channel.fault("") != ""


def test_a_text_of_71_characters_is_billed_as_two() -> None:
    assert [sms_folder.parts("报" * n) for n in (70, 71, 134, 135)] == [1, 2, 2, 3]


def test_a_message_to_the_chat_is_cut_between_characters() -> None:
    assert wecom_folder.clipped("报" * 1000).encode() == ("报" * 682).encode()


def test_a_line_break_in_a_subject_begins_no_header() -> None:
    letter = Letter(NAME, "a@shop.example", "正文", "提醒\nBcc: x@y.example", 1)
    head = str(email_folder.document(letter)["rfc5322"]).partition("\r\n\r\n")[0]
    assert "\r\nBcc" not in head
