"""A procedure is read strictly: what is misspelt, missing or circular is told with its place."""

from __future__ import annotations

import pytest

from ortoo.kernel.forms.loader import read_yaml
from ortoo.kernel.threads.definition import Cause, ProcedureError, Recognition, Span
from ortoo.kernel.threads.loader import load, parse
from ortoo.kernel.threads.tests.matter import FOLDER

TEXT = (FOLDER / "T-GATE.1.yaml").read_text(encoding="utf-8")


def told(before: str, after: str) -> tuple[str, str]:
    """Code and whole text of the error once `before` is written as `after`."""
    assert before in TEXT
    with pytest.raises(ProcedureError) as caught:
        parse(read_yaml(TEXT.replace(before, after, 1)))
    return caught.value.code, str(caught.value)


def test_a_procedure_is_read_as_written() -> None:
    found = load(FOLDER / "T-GATE.1.yaml")
    assert (found.key, found.home, found.calendar) == ("T-GATE v1", "office", "always")
    customs, border, quarantine, release = found.steps
    assert customs.due == Span("working_hours", 4, source="试验值")
    assert [(t.action, t.to, t.regulation) for t in customs.on_timeout] == [
        ("remind", "", "T-RULE-1"), ("escalate", "office", "T-RULE-2")
    ]  # fmt: skip
    assert customs.pauses.kinds == ("inspect",)
    assert border.on_timeout[0].after == Span("hours", 1, source="试验值")
    assert quarantine.optional
    assert quarantine.met_by == (Recognition("T-CERT", "issue", 7),)
    assert (release.duty, release.needs, release.forms) == ("release", ("agencies",), ("K-DECIDE",))
    assert found.ends[1].on == (Cause("agencies"),)


def test_a_due_time_may_be_a_regulation_and_an_end_one_outcome() -> None:
    found = load(FOLDER / "T-PANEL.1.yaml")
    assert found.step("sign").due == Span("working_days", regulation="T-SIGN-DAYS")
    assert found.ends[1].on == (Cause("panel"), Cause("sign", "denied"))


@pytest.mark.law(13)
def test_the_digest_covers_every_word_and_no_white_space_comment_or_order() -> None:
    first = parse(read_yaml(TEXT))
    said_otherwise = read_yaml("# 说明\n" + TEXT.replace("version: 1\n", ""))
    turned = {"version": 1, **dict(reversed(said_otherwise.items()))}
    assert parse(turned).digest == first.digest
    assert parse(read_yaml(TEXT.replace("海关审核", "海关审单"))).digest != first.digest
    assert parse(read_yaml(TEXT.replace("working_hours: 4", "working_hours: 5"))).digest != (
        first.digest
    )


@pytest.mark.parametrize(
    ("before", "after", "code", "word"),
    [
        ("calendar: always", "calender: always", "PROC-MISSING", "calendar"),
        ("needs: [agencies]", "need: [agencies]", "PROC-UNKNOWN-KEY", "need"),
        ("needs: [agencies]", "needs: [agency]", "PROC-REFERENCE", "agency"),
        ("owner: border", "owner: police", "PROC-REFERENCE", "police"),
        ("home: office", "home: nobody", "PROC-REFERENCE", "nobody"),
        ("of: [customs, border", "of: [custom, border", "PROC-REFERENCE", "custom"),
        ("when: [release]", "when: [nothing]", "PROC-REFERENCE", "nothing"),
        ("when: [release]", 'when: ["release:gone"]', "PROC-REFERENCE", "gone"),
        ("when: [release]", "on: [release]", "PROC-UNKNOWN-KEY", "True"),
        ("to: office", "to: nobody", "PROC-REFERENCE", "nobody"),
        ("outcome: pass, reg", "outcome: yes-please, reg", "PROC-REFERENCE", "yes-please"),
        ("code: border\n", "code: customs\n", "PROC-DUPLICATE-CODE", "customs"),
        ("code: border\n", "code: 'bor|der'\n", "PROC-VALUE", "bor|der"),
        ("duty: release", "duty: answer", "PROC-VALUE", "answer"),
        ("working_hours: 4", "working_hours: 0", "PROC-VALUE", "时限"),
        ("working_hours: 4", "working_hours: 4, hours: 4", "PROC-VALUE", "之一"),
        ("policy: any", "policy: most", "PROC-VALUE", "most"),
        ("policy: any", "policy: quorum, quorum: 4", "PROC-VALUE", "agencies"),
        ("within_days: 7", "within_days: 0", "PROC-VALUE", "天数"),
        ("title: {zh: 边检查验, en: Border check}", "title: {en: Border}", "PROC-TITLE", "zh"),
        ("version: 1", "version: 0", "PROC-VALUE", "版本"),
        ("version: 1", "version: one", "PROC-TYPE", "version"),
        ("version: 1", "version: 1\nversion: 1", "PROC-DUPLICATE-KEY", "version"),
        ("owner: customs\n", "owner: customs\n    needs: [release]\n", "PROC-CYCLE", "release"),
    ],
)  # fmt: skip
def test_a_fault_is_told_with_its_code_and_the_word(
    before: str, after: str, code: str, word: str
) -> None:
    if code == "PROC-DUPLICATE-KEY":
        with pytest.raises(ValueError, match=word):
            read_yaml(TEXT.replace(before, after, 1))
        return
    found, text = told(before, after)
    assert found == code
    assert word in text


def test_the_error_names_the_file(tmp_path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text(TEXT.replace("home: office\n", ""), encoding="utf-8")
    with pytest.raises(ProcedureError) as caught:
        load(bad)
    assert caught.value.code == "PROC-MISSING"
    assert "bad.yaml" in caught.value.where
