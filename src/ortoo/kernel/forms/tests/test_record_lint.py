"""Record definitions: each kind of fault has its code; sound ones are loaded, all versions."""

from __future__ import annotations

from pathlib import Path

import pytest

from ortoo.kernel.filings import behaviour as register
from ortoo.kernel.forms.definition import FormError
from ortoo.kernel.forms.loader import read_yaml
from ortoo.kernel.forms.record_codes import code_list, register_code_list
from ortoo.kernel.forms.record_lint import lint, lint_all
from ortoo.kernel.forms.record_loader import load, parse, top_key
from ortoo.kernel.forms.record_registry import record_files, record_form, register_record_forms
from ortoo.kernel.forms.tests.record_samples import FOLDER

CONSIGN = (FOLDER / "T-CONSIGN-1.yaml").read_text(encoding="utf-8")
ORDER = (FOLDER / "T-ORDER-1.yaml").read_text(encoding="utf-8")
BROKEN = FOLDER / "broken"


def codes(text: str) -> set[str]:
    return {issue.code for issue in lint(read_yaml(text))}


@pytest.mark.parametrize("text", [CONSIGN, ORDER])
def test_a_sound_record_form_has_no_faults(text) -> None:
    assert lint(read_yaml(text)) == []


@pytest.mark.parametrize("path", sorted(BROKEN.glob("*.yaml")), ids=lambda path: path.stem)
def test_each_broken_file_has_exactly_the_fault_it_is_named_after(path) -> None:
    found = lint_all([path])
    assert {issue.code for issue in found} == {path.stem}
    assert all(issue.where and issue.message for issue in found)
    if path.stem not in ("FORM-LANGUAGE", "RECORD-SHARES"):
        with pytest.raises(FormError) as caught:
            load(path)
        assert caught.value.code == path.stem


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("type: party, must", "type: company, must", "RECORD-TYPE"),
        ('"T-TRUCK|{case}"', '"T-TRUCK|{cases}"', "RECORD-SAYS"),
        ('"T-TRUCK|{case}"', '"T-TRUCK|{@actor}"', "RECORD-SAYS"),
        ('"T-TRUCK|{case}"', '"T-TRUCK|{driver_name}"', "RECORD-SAYS-PERSONAL"),
        ('"T-TRUCK|{case}"', '"{case}|1"', "RECORD-PREFIX"),
        ('"T-TRUCK|{case}"', '"{case}"', "RECORD-PREFIX"),
        ('"T-TRUCK|{case}"', '"T-TRUCK|{origin}"', "RECORD-KEY-OPTIONAL"),
        ("personal: driver, must", "personal: pilot, must", "RECORD-PERSON"),
        ("by: [driver_document]", "by: [licence]", "RECORD-PERSON"),
        ("share: customs}\n  direction", "share: police}\n  direction", "RECORD-SHARE"),
        ("hard: leaves >= arrives", "hard: leaves >= departs", "EXPR-UNDECLARED"),
        ("hard: leaves >= arrives", "hard: leaves >= arrives@-1", "RECORD-RULE"),
        ("hard: leaves >= arrives", "hard: 2 > 1", "RECORD-UNREACHABLE"),
        ("hard: leaves >= arrives", "hard: pieces >= 1", "RECORD-UNREACHABLE"),
        ("field: leaves\n", "field: goes\n", "RECORD-RULE"),
        ("key: number", "key: colour", "RECORD-KEY"),
        ("is: true}", "is: 1}", "RECORD-WHEN"),
        ("{field: sealed, is", "{field: driver_name, is", "RECORD-WHEN"),
        ("quantity: net", "quantity: name", "RECORD-POSTS"),
        ("day: arrives", "day: leaves", "RECORD-POSTS"),
        ('account: "stock|{warehouse}"', 'account: "{warehouse}|stock"', "RECORD-PREFIX"),
        ('to: "{carrier}"', 'to: "{port}"', "RECORD-SENDS"),
        ("each: lines", "each: rows", "RECORD-EACH"),
        ("size: 100000, max: 3", "size: 100000, max: 300", "RECORD-LIMIT"),
        ("media: [application/pdf", "media: [application/x-thing", "RECORD-MEDIA"),
        ('pattern: "[A-Z0-9-]+"', 'pattern: "([A-Z]+)*"', "RECORD-PATTERN"),
        ('pattern: "[A-Z0-9-]+"', 'pattern: "["', "RECORD-PATTERN"),
        ("  origin:", "  signature:", "RECORD-CODE"),
        ("record: T-CONSIGN", "record: consign", "RECORD-CODE"),
        ("  invoice: {title", "  case: {title", "RECORD-DUPLICATE"),
        ("{import: {zh", "{yes: {zh", "FORM-TYPE"),
        ("respondent: [enterprise]\n", "", "FORM-MISSING"),
        ("version: 1\n", "version: 1\ncolour: red\n", "FORM-UNKNOWN-KEY"),
        ("mn-Cyrl: Ачааны мэдүүлэг", "mn: Ачааны мэдүүлэг", "FORM-LANGUAGE"),
        ("{zh: 备注, en: Remark}", "{en: Remark}", "FORM-TITLE"),
    ],
)
def test_each_kind_of_fault_has_its_code(old, new, code) -> None:
    assert old in CONSIGN
    assert code in codes(CONSIGN.replace(old, new, 1))


def test_a_rule_whose_condition_excludes_the_field_it_reads_is_refused() -> None:
    text = CONSIGN.replace(
        "licence: {type: text, max: 30,", "licence: {type: integer, unit: 号,"
    ).replace(
        "hard: leaves >= arrives", "hard: licence > 7\n    when: {field: direction, is: export}"
    )
    assert codes(text) == {"RECORD-UNREACHABLE"}


def test_a_respondent_never_chooses_the_kind_of_account_that_is_posted() -> None:
    free = CONSIGN.replace(
        "warehouse: {type: text, max: 30,", "warehouse: {type: account,"
    ).replace('account: "stock|{warehouse}"', 'account: "{warehouse}"')
    assert "RECORD-PREFIX" in codes(free)
    bound = free.replace("{type: account,", "{type: account, prefix: [stock],").replace(
        'account: "pieces|{warehouse}"', 'account: "{warehouse}"'
    )
    assert codes(bound) == set()


def test_the_share_of_fields_with_a_source_is_counted() -> None:
    said = CONSIGN.replace("remark: {type: text,", "remark: {type: text, prefill: ledger.remark,")
    assert parse(read_yaml(said)).known_fields == (1, 25)


def test_the_example_in_the_manual_is_a_sound_form() -> None:
    manual = Path(__file__).parents[5] / "docs" / "add-a-form.md"
    if not manual.exists():
        pytest.skip("the manual is not beside this package")
    example = manual.read_text(encoding="utf-8").split("```yaml\n")[1].split("```")[0]
    assert lint(read_yaml(example)) == []


def test_two_rules_that_say_the_same_are_refused() -> None:
    text = CONSIGN.replace("soft: pieces >= count_lines", "soft: leaves >= arrives")
    assert codes(text) == {"RECORD-UNREACHABLE"}


@pytest.mark.law(3)
def test_a_document_that_keeps_persons_in_the_clear_must_say_so() -> None:
    assert codes(ORDER.replace("  persons: true\n", "")) == {"RECORD-DOCUMENT-PERSONAL"}


@pytest.mark.law(18)
def test_a_known_fact_asked_again_without_shares_fails(tmp_path: Path) -> None:
    asked = "  channel: {type: text, max: 20, title: {zh: 渠道, en: Channel}}\n"
    other = ORDER.replace("record: T-ORDER", "record: T-OTHER")
    (tmp_path / "a.yaml").write_text(ORDER, encoding="utf-8")
    (tmp_path / "b.yaml").write_text(other, encoding="utf-8")
    found = lint_all([tmp_path])
    assert {issue.code for issue in found} == {"FORM-ASKED-TWICE"}
    # The order's number is its thread: identification, not a fact asked twice.
    wheres = {issue.where for issue in found}
    assert "T-ORDER.channel" in wheres and "T-ORDER.order_number" not in wheres
    shared = asked.replace("max: 20", "max: 20, shares: T-ORDER.channel")
    (tmp_path / "b.yaml").write_text(other.replace(asked, shared), encoding="utf-8")
    assert "T-ORDER.channel" not in {issue.where for issue in lint_all([tmp_path])}


@pytest.mark.law(13)
def test_all_versions_stay_fileable_and_two_definitions_of_one_do_not(
    tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.setattr(register, "_REGISTER", {})
    monkeypatch.setattr(register, "_LATEST", {})
    newer = ORDER.replace("version: 1", "version: 2", 1).replace("max: 40", "max: 50")
    (tmp_path / "v1.yaml").write_text(ORDER, encoding="utf-8")
    (tmp_path / "v2.yaml").write_text(newer, encoding="utf-8")
    (tmp_path / "grid.yaml").write_text("form: SMALL\n", encoding="utf-8")
    made = register_record_forms([tmp_path])
    assert [form.key for form in made] == ["T-ORDER@1", "T-ORDER@2"]
    assert record_form("T-ORDER").version == 2
    assert record_form("T-ORDER", 1).digest != record_form("T-ORDER", 2).digest
    (tmp_path / "v3.yaml").write_text(ORDER.replace("max: 40", "max: 41"), encoding="utf-8")
    with pytest.raises(FormError) as caught:
        register_record_forms([tmp_path])
    assert caught.value.code == "FORM-DUPLICATE-VERSION"
    assert "FORM-DUPLICATE-VERSION" in {issue.code for issue in lint_all([tmp_path])}


@pytest.mark.law(13)
def test_comments_order_of_keys_and_file_names_do_not_move_the_digest() -> None:
    data = read_yaml(ORDER)
    turned = dict(reversed(list(data.items())))
    assert parse(data).digest == parse(turned, file="x.yaml").digest


def test_a_file_is_known_by_its_top_key_and_one_that_is_no_yaml_is_named(tmp_path: Path) -> None:
    assert [path.name for path in record_files([FOLDER])] == ["T-CONSIGN-1.yaml", "T-ORDER-1.yaml"]
    broken = tmp_path / "a.yaml"
    broken.write_text("record: [", encoding="utf-8")
    assert top_key(broken) == "record"
    (issue,) = lint_all([tmp_path])
    assert (issue.form, issue.code) == ("a.yaml", "FORM-YAML")


def test_a_code_list_is_never_changed_under_its_version() -> None:
    register_code_list("t-units", 1, {"035": "千克"})
    register_code_list("t-units", 1, {"035": "千克"})
    with pytest.raises(FormError) as caught:
        register_code_list("t-units", 1, {"035": "公斤"})
    assert caught.value.code == "CODES-CHANGED"
    assert "千克" in code_list("t-units", 1).codes.values()
    assert code_list("food", 1).codes
