"""Each fault of a procedure is found, with its line, by its code; a whole one has none."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ortoo.kernel.threads.findings import CODES
from ortoo.kernel.threads.lint import lint_all, lint_text
from ortoo.kernel.threads.tests.small_procedure import OTHER, TEXT, library

# code → (text of the whole procedure, what it becomes in the broken one, text on the line named)
BROKEN = {
    "PROC-NEEDS-UNKNOWN": ("needs: [all]", "needs: [all, nothing]", "needs: [all, nothing]"),
    "PROC-CYCLE": (
        "    needs: [all]\n    duty: release\n",
        "    needs: [all, stamp]\n"
        "    outcomes: [{code: go, kind: positive, title: {zh: 放, en: G}}]\n"
        "  - code: stamp\n    title: {zh: 盖章, en: Stamp}\n"
        "    needs: [release]\n    owner: customs\n"
        "    outcomes: [{code: ok, kind: positive, title: {zh: 好, en: Ok}}]\n  - code: gate\n"
        "    title: {zh: 出门, en: Gate}\n    owner: customs\n",
        "needs: [all, stamp]",
    ),
    "PROC-NEVER-OPENS": (
        "      - {code: pass, kind: positive, title: {zh: 通过, en: Passed}}\n"
        "      - {code: fail, kind: negative, title: {zh: 不通过, en: Failed}}\n  - code: release",
        "      - {code: fail, kind: negative, title: {zh: 不通过, en: Failed}}\n  - code: release",
        "needs: [all]",
    ),
    "PROC-STEP-NO-FORM": ("forms: [T-PERSONS]", "forms: []", "forms: []"),
    "PROC-ROLE-UNKNOWN": ("owner: border", "owner: nobody", "owner: nobody"),
    "PROC-FORM-UNKNOWN": ("forms: [T-PERSONS]", "forms: [T-GONE]", "forms: [T-GONE]"),
    "PROC-CALENDAR-UNKNOWN": ("calendar: CN", "calendar: XX", "calendar: XX"),
    "PROC-JOIN-UNKNOWN": ("of: [inspect, persons]", "of: [inspect, gone]", "of: [inspect, gone]"),
    "PROC-JOIN-QUORUM": ("policy: any", "policy: quorum, quorum: 3", "quorum: 3"),
    "PROC-JOIN-UNDECIDED": ("owner: border", "owner: nobody", "of: [inspect, persons]"),
    "PROC-JOIN-LATE": ("of: [inspect, persons]", "of: [inspect, release]", "of: [inspect, rel"),
    "PROC-CLOCK-SOURCE": (
        "{working_hours: 8, source: 试验办法第五条}",
        "{working_hours: 8}",
        "due: {working_hours: 8}",
    ),
    "PROC-REGULATION-MISSING": (
        "outcome: pass, regulation: T-DEEM",
        "outcome: pass, regulation: ''",
        "action: deem",
    ),
    "PROC-REGULATION-UNKNOWN": ("regulation: T-DEEM", "regulation: T-NONE", "regulation: T-NONE"),
    "PROC-TIMEOUT-NO-CLOCK": (
        "    due: {working_hours: 8, source: 试验办法第五条}\n",
        "",
        "action: escalate",
    ),
    "PROC-OUTCOME-UNKNOWN": ("outcome: pass, regul", "outcome: good, regul", "outcome: good"),
    "PROC-OUTCOME-UNREACHABLE": (
        "      - {code: fail, kind: negative, title: {zh: 不通过, en: Failed}}\n  - code: release",
        "      - {code: late, kind: negative, title: {zh: 过期, en: Late}}\n  - code: release",
        "code: late",
    ),
    "PROC-REFUSAL-STUCK": (
        "  - {code: denied, kind: refused, title: {zh: 不予放行, en: Refused}, when: [all]}\n",
        "",
        "code: all",
    ),
    "PROC-END-UNKNOWN": ("when: [release]", "when: [gone]", "when: [gone]"),
    "PROC-END-UNREACHABLE": (
        "{code: denied, kind: refused, title: {zh: 不予放行, en: Refused}, when: [all]}",
        "{code: denied, kind: refused, title: {zh: 不予放行, en: Refused}, when: [all, release]}\n"
        "  - {code: never, kind: refused, title: {zh: 永不, en: Never}, when: [release]}",
        "code: never",
    ),
    "PROC-MET-BY-UNKNOWN": ("step: look", "step: gone", "step: gone"),
    "PROC-LINK-UNKNOWN": ("parent, procedure: T-OTHER", "parent, procedure: T-NO", "T-NO}"),
}


def test_a_whole_procedure_has_no_finding() -> None:
    assert lint_text(TEXT, library(), name="t.yaml") == []
    assert lint_text(OTHER, library(), name="o.yaml") == []


@pytest.mark.parametrize("code", BROKEN)
def test_each_fault_is_found_on_its_line_with_a_remedy(code: str) -> None:
    whole, broken, on_line = BROKEN[code]
    assert TEXT.count(whole) >= 1
    text = TEXT.replace(whole, broken, 1)
    found = [issue for issue in lint_text(text, library(), name="t.yaml") if issue.code == code]
    assert found
    line = next(n for n, said in enumerate(text.splitlines(), 1) if on_line in said)
    assert line in [issue.line for issue in found]
    assert all(issue.message and issue.remedy and issue.file == "t.yaml" for issue in found)


def test_two_files_of_one_version_with_other_words_are_found(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(TEXT, encoding="utf-8")
    (tmp_path / "b.yaml").write_text(TEXT.replace("海关查验", "查验"), encoding="utf-8")
    (tmp_path / "c.yaml").write_text(TEXT, encoding="utf-8")
    found = lint_all(sorted(tmp_path.glob("*.yaml")), library())
    assert [(issue.code, Path(issue.file).name, issue.line) for issue in found] == [
        ("PROC-VERSION-TWICE", "b.yaml", 2)
    ]


def test_every_code_has_a_broken_file() -> None:
    assert {*BROKEN, "PROC-VERSION-TWICE"} == set(CODES)


def test_what_the_reader_refuses_is_a_finding_too() -> None:
    for text in (TEXT.replace("policy: any", "policy: most"), "procedure: [", "a: 1\na: 2"):
        found = lint_text(text, library(), name="t.yaml")
        assert len(found) == 1
        assert found[0].code.startswith("PROC-")


def test_what_is_not_in_the_library_is_not_checked() -> None:
    text = TEXT.replace("calendar: CN", "calendar: XX").replace("T-PERSONS", "T-GONE")
    assert lint_text(text) == []


def test_a_join_of_optional_steps_closes_without_them() -> None:
    text = TEXT.replace("    owner: border\n", "    owner: border\n    optional: true\n")
    assert lint_text(text, library()) == []


def test_a_quorum_that_one_refusal_cannot_defeat_does_not_refuse() -> None:
    """Met by one of two; both must refuse to refuse."""
    text = TEXT.replace("policy: any", "policy: quorum, quorum: 1")
    assert lint_text(text, library()) == []


def test_the_example_in_the_guide_is_a_whole_procedure() -> None:
    guide = Path(__file__).parents[5] / "docs" / "add-a-procedure.md"
    if not guide.exists():
        pytest.skip("docs are not installed with the package")
    found = re.search(r"```yaml\n(.*?)```", guide.read_text(encoding="utf-8"), re.DOTALL)
    assert found is not None
    assert lint_text(found[1]) == []


def test_each_refusal_of_a_step_must_lead_somewhere() -> None:
    """An end on one refusal does not gather the other one."""
    text = TEXT.replace(
        "{code: go, kind: positive, title: {zh: 放行, en: Released}}",
        "{code: go, kind: positive, title: {zh: 放行, en: Released}}\n"
        "      - {code: stop, kind: negative, title: {zh: 不放, en: Stopped}}\n"
        "      - {code: seize, kind: negative, title: {zh: 扣留, en: Seized}}",
    ).replace("when: [all]}", "when: [all, 'release:stop']}")
    found = lint_text(text, library())
    assert [(issue.code, issue.where) for issue in found] == [
        ("PROC-REFUSAL-STUCK", "release:seize")
    ]
