"""Law 13 of the files: what a publisher signed is what is loaded, and nothing else."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.seal.note import Note, VerifierKey, sign
from ortoo.kernel.seal.signer import Ed25519Signer
from ortoo.kernel.threads import packs, packs_list
from ortoo.kernel.threads.tests.matter import FOLDER
from ortoo.kernel.threads.tests.pack_folders import (
    KEY,
    PUBLISHER,
    SIGNER,
    SMALL_RECORD,
    folder,
    head,
    made,
)

RECORD = SMALL_RECORD.format(version=1)
FILES = {
    "records/notice.yaml": RECORD,
    "procedures/gate.yaml": (FOLDER / "T-GATE.1.yaml").read_text("utf-8"),
    "days.toml": 'calendar = "CN"\n[[years]]\nyear = 2031\nsource = "试验"\nverified = false\n',
}


def refused(call: Callable[[], object]) -> str:
    with pytest.raises(Refused) as caught:
        call()
    assert caught.value.message and caught.value.remedy and caught.value.code.isascii()
    return caught.value.code


def read(place: Path) -> packs.Pack:
    return packs.read(place, [KEY])


@pytest.mark.law(13)
def test_a_pack_is_read_back_as_it_was_signed(tmp_path: Path) -> None:
    pack = made(tmp_path, FILES)
    assert [(file.path, file.kind) for file in pack.files] == [
        ("days.toml", "calendar"),
        ("procedures/gate.yaml", "procedure"),
        ("records/notice.yaml", "record"),
    ]
    assert pack.key == KEY and pack.head.publisher == PUBLISHER
    assert pack.files[2].content == RECORD.encode()
    assert read(tmp_path).digest == pack.digest


def test_the_signed_list_does_not_depend_on_how_the_toml_is_written(tmp_path: Path) -> None:
    pack = made(tmp_path, FILES)
    text = (tmp_path / "pack.toml").read_text("utf-8")
    (tmp_path / "pack.toml").write_text("# 说明\n" + text.replace(" = ", "  =  "), "utf-8")
    assert read(tmp_path).digest == pack.digest


def _write(path: str, text: str) -> Callable[[Path], object]:
    return lambda place: (place / path).write_text(text, "utf-8")


def _in_list(old: str, new: str) -> Callable[[Path], object]:
    def change(place: Path) -> None:
        text = (place / "pack.toml").read_text("utf-8")
        assert old in text
        (place / "pack.toml").write_text(text.replace(old, new, 1), "utf-8")

    return change


def _signed_by(signer: Ed25519Signer, name: str) -> Callable[[Path], object]:
    def change(place: Path) -> None:
        text = (place / "pack.note").read_text("utf-8").partition("\n\n")[0] + "\n"
        (place / "pack.note").write_text(str(Note(text, (sign(text, name, signer),))), "utf-8")

    return change


def _large(place: Path) -> None:
    with (place / "records/notice.yaml").open("ab") as file:
        file.truncate(packs.MAX_FILE + 1)


def _note_bit(place: Path) -> None:
    wire = (place / "pack.note").read_text("utf-8")
    at = wire.rindex(" ") + 30
    other = "A" if wire[at] != "A" else "B"
    (place / "pack.note").write_text(wire[:at] + other + wire[at + 1 :], "utf-8")


STRANGER = Ed25519Signer.from_private_bytes(bytes(32))
TAMPERED: dict[str, tuple[Callable[[Path], object], str]] = {
    "no list": (lambda place: (place / "pack.toml").unlink(), "PACK-ABSENT"),
    "no note": (lambda place: (place / "pack.note").unlink(), "PACK-UNSIGNED"),
    "a note of nothing": (_write("pack.note", "hello\n"), "PACK-SIGNATURE"),
    "a signature changed": (_note_bit, "PACK-SIGNATURE"),
    "signed by a stranger": (_signed_by(STRANGER, "stranger.example"), "PACK-PUBLISHER"),
    "signed by a stranger in its name": (_signed_by(STRANGER, PUBLISHER), "PACK-PUBLISHER"),
    "another publisher named": (_in_list(PUBLISHER, "stranger.example"), "PACK-PUBLISHER"),
    "another name": (_in_list("试验包", "他包"), "PACK-NOTE"),
    "another edition": (_in_list("version = 1", "version = 2"), "PACK-NOTE"),
    "another kind": (_in_list('"record"', '"form"'), "PACK-NOTE"),
    "an unknown kind": (_in_list('"record"', '"code"'), "PACK-SHAPE"),
    "an unknown field": (_in_list("name =", "licence = 1\nname ="), "PACK-SHAPE"),
    "a file listed twice": (_in_list("procedures/gate.yaml", "Records/Notice.yaml"), "PACK-SHAPE"),
    "a path above": (_in_list("records/notice.yaml", "../notice.yaml"), "PACK-PATH"),
    "a path from the top": (_in_list("records/notice.yaml", "/etc/notice.yaml"), "PACK-PATH"),
    "a path of another system": (_in_list("records/", "records\\\\"), "PACK-PATH"),
    "a hidden file listed": (_in_list("records/", ".records/"), "PACK-PATH"),
    "a file altered": (_write("records/notice.yaml", RECORD + "\n"), "PACK-ALTERED"),
    "a file more": (_write("records/more.yaml", RECORD), "PACK-EXTRA"),
    "a hidden file more": (_write(".more.yaml", RECORD), "PACK-PATH"),
    "a file less": (lambda place: (place / "days.toml").unlink(), "PACK-MISSING"),
    "a file too large": (_large, "PACK-LARGE"),
}


@pytest.mark.law(13)
@pytest.mark.parametrize("name", TAMPERED)
def test_a_pack_that_is_not_what_was_signed_is_refused_with_its_code(
    name: str, tmp_path: Path
) -> None:
    change, code = TAMPERED[name]
    made(tmp_path, FILES)
    change(tmp_path)
    assert refused(lambda: read(tmp_path)) == code


@pytest.mark.parametrize("link", ["file", "folder", "list", "pipe"])
def test_a_link_or_a_pipe_is_never_followed(link: str, tmp_path: Path) -> None:
    place = tmp_path / "pack"
    made(place, FILES)
    outside = tmp_path / "outside"
    outside.mkdir()
    target = place / {"list": "pack.toml", "folder": "records"}.get(link, "records/notice.yaml")
    target.rename(outside / target.name)
    if link == "pipe":
        os.mkfifo(target)
    else:
        target.symlink_to(outside / target.name)
    assert refused(lambda: read(place)) == "PACK-LINK"


def test_nobody_is_trusted_where_nobody_is_listed(tmp_path: Path) -> None:
    made(tmp_path, FILES)
    assert refused(lambda: packs.read(tmp_path, [])) == "PACK-PUBLISHER"
    cosigner = VerifierKey(PUBLISHER, SIGNER.public_bytes, cosigner=True)
    assert refused(lambda: packs.read(tmp_path, [cosigner])) == "PACK-PUBLISHER"


@pytest.mark.parametrize(
    ("path", "text", "code"),
    [
        ("a.yaml", "record: T-X\nversion: 1\n", "PACK-DEFINITION"),
        ("a.yaml", "form: [unclosed", "PACK-DEFINITION"),
        ("a.yaml", "procedure: T-X\nversion: 1\n", "PACK-DEFINITION"),
        ("a.toml", '[[regulation]]\ncode = "X"\n', "PACK-DEFINITION"),
        ("a.toml", 'calendar = "CN"\n', "PACK-DEFINITION"),
        ("a.yaml", "colour: red\n", "PACK-KIND"),
        ("a.py", "print(1)\n", "PACK-KIND"),
        ("a.yaml", SMALL_RECORD.format(version=1).replace("T-NOTICE", "K-NOTICE"),
         "PACK-RESERVED"),
        ("a.yaml", RECORD, "PACK-TWICE"),
    ],
)  # fmt: skip
def test_what_is_no_good_definition_is_not_signed(
    path: str, text: str, code: str, tmp_path: Path
) -> None:
    folder(tmp_path, {**FILES, path: text})
    assert refused(lambda: packs.build(tmp_path, SIGNER)) == code
    assert not (tmp_path / "pack.note").exists()


def test_more_files_than_a_pack_may_have_are_refused_before_they_are_read(tmp_path: Path) -> None:
    row = '[[files]]\npath = "f{0}.yaml"\nkind = "form"\nsha256 = "' + "0" * 64 + '"\n'
    rows = "".join(row.format(n) for n in range(packs_list.MAX_FILES + 1))
    assert refused(lambda: packs_list.parse((head() + rows).encode())) == "PACK-LARGE"
