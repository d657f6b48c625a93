"""Style sheets and scripts reach the browser compressed, and unchanged."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from django.test import Client

from ortoo.site.assets import compressed

SHEET = "/static/ortoo/site.css"


@pytest.fixture
def client(tmp_path: Path, settings: object) -> Client:
    settings.HOME = tmp_path  # type: ignore[attr-defined]
    return Client()


def body(answer: object) -> bytes:
    return b"".join(answer.streaming_content)  # type: ignore[attr-defined]


def test_a_style_sheet_is_sent_compressed_to_who_takes_it_and_plain_to_who_does_not(
    client: Client,
) -> None:
    plain = body(client.get(SHEET))
    squeezed = client.get(SHEET, headers={"accept-encoding": "gzip"})
    assert squeezed.headers["content-encoding"] == "gzip"
    assert "Accept-Encoding" in squeezed.headers["vary"]
    sent = body(squeezed)
    assert gzip.decompress(sent) == plain
    assert len(sent) < len(plain) / 2


def test_changed_contents_get_a_twin_of_their_own(tmp_path: Path) -> None:
    sheet, kept = tmp_path / "a.css", tmp_path / "kept"
    sheet.write_text("p { margin: 0 }\n" * 60)
    before = compressed(sheet, kept)
    assert compressed(sheet, kept) == before
    sheet.write_text("p { margin: 1px }\n" * 60)
    after = compressed(sheet, kept)
    assert set(before.values()).isdisjoint(after.values())
    assert gzip.decompress(Path(after["gzip"]).read_bytes()) == sheet.read_bytes()


def test_images_and_very_small_files_are_sent_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"\0" * 9000)
    (tmp_path / "a.css").write_text("p{}")
    assert compressed(tmp_path / "a.png", tmp_path / "kept") == {}
    assert compressed(tmp_path / "a.css", tmp_path / "kept") == {}


def test_a_folder_that_cannot_be_written_costs_the_compression_and_nothing_else(
    tmp_path: Path,
) -> None:
    sheet = tmp_path / "a.css"
    sheet.write_text("p { margin: 0 }\n" * 60)
    (tmp_path / "kept").write_text("a file where the folder should be")
    assert compressed(sheet, tmp_path / "kept") == {}
