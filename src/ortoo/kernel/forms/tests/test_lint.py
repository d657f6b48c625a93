from __future__ import annotations

import os
from pathlib import Path

import pytest

from ortoo.kernel.forms import loader
from ortoo.kernel.forms.lint import lint, lint_all
from ortoo.kernel.forms.tests.small import SMALL, small_form

SHARED = Path(os.environ.get("ORTOO_SHARED", Path(__file__).parents[6] / "shared"))


def codes(text: str) -> set[str]:
    return {issue.code for issue in lint(loader.read_yaml(text))}


def changed(old: str, new: str) -> str:
    assert old in SMALL
    return SMALL.replace(old, new, 1)


def test_a_sound_form_has_no_faults():
    assert lint(loader.read_yaml(SMALL)) == []
    assert lint(small_form()) == []


def test_the_shared_draft_is_refused_for_the_inflow_it_never_asks():
    path = SHARED / "data" / "forms" / "SCJC-W1.yaml"
    if not path.exists():
        pytest.skip("the shared draft SCJC-W1.yaml is not beside this checkout")
    found = lint(loader.read_yaml(path.read_text(encoding="utf-8")))
    undeclared = [i for i in found if i.code == "EXPR-UNDECLARED" and "inflow" in i.message]
    assert undeclared and undeclared[0].where.startswith("SCJC-W1.R5")
    assert any(i.code == "FORM-LANGUAGE" and i.where.endswith("title.mn") for i in found)


def test_a_rule_that_reads_a_fact_nobody_asks_is_refused():
    text = changed(
        "hard: price > 0", 'hard: "stock == stock@-1 + inflow - qty"\n    when: has(inflow)'
    )
    (issue, *_) = lint(loader.read_yaml(text))
    assert (issue.code, issue.where) == ("EXPR-UNDECLARED", "SMALL-W1.R1 inflow")


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("en: Small form}", "en: Small form, mn: Жижиг}", "FORM-LANGUAGE"),
        ("en: Small form}", "en: Small form, mn-Mong: Жижиг}", "FORM-LANGUAGE"),
        ("en: Small form}", "en: Малая форма}", "FORM-LANGUAGE"),
        ("en: Small form}", "en: Small form, fr: Petit}", "FORM-LANGUAGE"),
        ("zh: 小表,", "zh: Small,", "FORM-LANGUAGE"),
        ("hard: price > 0", "hard: price >= 0", "FORM-UNREACHABLE"),
        ("hard: price > 0", "hard: 2 > 1", "FORM-UNREACHABLE"),
        ("hard: price > 0", "hard: price > 0\n    when: price > 0", "FORM-UNREACHABLE"),
        ("masks: [R2]", "masks: [R9]", "FORM-UNREACHABLE"),
        ('sum_of: ["01", "02"]', 'sum_of: ["01", "09"]', "FORM-CYCLE"),
        ("变动{change}。", "变动{delta}。", "FORM-PLACEHOLDER"),
        ("limits: small.limits", "", "FORM-LIMITS"),
        ("wmean:qty", "wmean:weight", "FORM-AGGREGATE"),
        ("good: GR01, ", "", "FORM-GOOD"),
        ('"0102", zh: 面粉', '"0102", zh: 大米', "FORM-DUPLICATE-NAME"),
        ('code: "0102"', 'code: "0101"', "FORM-DUPLICATE-CODE"),
        ("hard: price > 0", "hard: price > 0 / 0", "EXPR-ZERO"),
    ],
)
def test_each_kind_of_fault_has_its_code(old, new, code):
    assert code in codes(changed(old, new))


def write(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(text, encoding="utf-8")


def test_a_known_fact_asked_again_without_shares_fails(tmp_path):
    write(tmp_path, "a.yaml", SMALL)
    other = SMALL.replace("form: SMALL-W1", "form: OTHER").replace(", shares: OTHER.stock", "")
    write(tmp_path, "b.yaml", other)
    found = lint_all([tmp_path])
    assert {issue.code for issue in found} == {"FORM-ASKED-TWICE"}
    # Stock is said to be shared by one side, which is enough; the other three are not.
    assert {issue.where for issue in found} == {"OTHER.price", "OTHER.sales", "OTHER.qty"}


def test_two_files_may_not_define_one_version_differently(tmp_path):
    write(tmp_path, "a.yaml", SMALL)
    write(tmp_path, "b.yaml", SMALL.replace("小表,", "另一表,"))
    assert [issue.code for issue in lint_all([tmp_path])] == ["FORM-DUPLICATE-VERSION"]


def test_a_file_that_is_no_yaml_is_named(tmp_path):
    write(tmp_path, "a.yaml", "a: [")
    (issue,) = lint_all([tmp_path])
    assert (issue.form, issue.code) == ("a.yaml", "FORM-YAML")
