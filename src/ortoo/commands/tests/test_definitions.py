"""`./ortoo check` and `./ortoo procedure` on definitions of every kind."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from argparse import Namespace
from pathlib import Path

import pytest

from ortoo.commands import check, procedure
from ortoo.kernel.threads.tests.small_procedure import TEXT

NOTICE = """
calendar = "CN"
[[years]]
year = 2027
source = "试验用通知"
verified = false
holidays = [{ name = "元旦", from = 2027-01-01, to = 2027-01-03 }]
"""


def checked(
    capsys: pytest.CaptureFixture[str], *paths: Path
) -> tuple[int, dict[str, list[object]]]:
    code = check.run(Namespace(path=[str(path) for path in paths], json=True))
    return code, json.loads(capsys.readouterr().out)


def test_each_yaml_is_known_by_its_top_key(tmp_path: Path) -> None:
    kinds = {"record": check.RECORDS, "procedure": check.PROCEDURES, "form": check.FORMS}
    for key, kind in kinds.items():
        path = tmp_path / f"{key}.yaml"
        path.write_text(f"# 说明\n{key}: X\n", encoding="utf-8")
        assert check.kind_of(path) is kind


def test_shipped_procedures_calendars_and_records_are_all_good(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code, report = checked(capsys)
    assert report["findings"] == []
    assert code == 0
    assert any("办公时间" in str(note) for note in report["notes"])


def test_a_procedure_that_refers_to_nothing_is_found_across_files(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "entry.yaml"
    path.write_text(TEXT, encoding="utf-8")
    code, report = checked(capsys, path)
    found = {finding["code"] for finding in report["findings"]}
    assert code == 1
    assert found == {
        "PROC-FORM-UNKNOWN", "PROC-REGULATION-UNKNOWN", "PROC-MET-BY-UNKNOWN", "PROC-LINK-UNKNOWN",
    }  # fmt: skip
    assert all(finding["file"].endswith("entry.yaml") for finding in report["findings"])


def test_what_stands_in_named_files_is_not_missed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "entry.yaml").write_text(TEXT, encoding="utf-8")
    (tmp_path / "regulations").mkdir()
    values = '[[regulation.values]]\nvalue = 3\nsource = "s"\nverified = true\n'
    (tmp_path / "regulations" / "days.toml").write_text(
        f'[[regulation]]\ncode = "T-DAYS"\ntitle = "t"\nunit = "日"\n{values}'
        f'[[regulation]]\ncode = "T-DEEM"\ntitle = "t"\nunit = "日"\n{values}',
        encoding="utf-8",
    )
    _, report = checked(capsys, tmp_path)
    assert "PROC-REGULATION-UNKNOWN" not in {finding["code"] for finding in report["findings"]}


def test_a_notice_is_a_calendar_and_what_is_not_verified_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "cn_2027.toml"
    path.write_text(NOTICE, encoding="utf-8")
    code, report = checked(capsys, path)
    assert (code, report["findings"]) == (0, [])
    assert any("2027" in str(note) for note in report["notes"])
    path.write_text(NOTICE.replace('"CN"', '"ZZ"'), encoding="utf-8")
    check.inspected.cache_clear()
    code, report = checked(capsys, path)
    assert [finding["code"] for finding in report["findings"]] == ["CAL-UNKNOWN"]


def test_a_procedure_is_drawn_listed_and_checked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, target = tmp_path / "entry.yaml", tmp_path / "entry.svg"
    path.write_text(TEXT, encoding="utf-8")

    def run(**given: object) -> tuple[int, str]:
        wanted = {"name": str(path), "svg": None, "check": False, **given}
        code = procedure.run(Namespace(**wanted))
        return code, capsys.readouterr().out

    code, said = run()
    assert code == 0 and "海关查验" in said
    code, _ = run(svg=str(target))
    assert code == 0
    assert ElementTree.fromstring(target.read_text(encoding="utf-8")).tag.endswith("svg")
    code, said = run(check=True)
    assert code == 1 and "PROC-REGULATION-UNKNOWN" in said
    assert run(name="NO-SUCH")[0] == 2
    assert run(name="")[0] == 0
