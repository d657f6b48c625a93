from __future__ import annotations

import pytest

from ortoo.kernel.forms import loader, registry
from ortoo.kernel.forms.definition import FormError
from ortoo.kernel.forms.tests.small import SMALL, small_form


def changed(old: str, new: str):
    assert old in SMALL
    return loader.parse(loader.read_yaml(SMALL.replace(old, new)))


def test_the_digest_is_of_the_meaning_not_of_the_file():
    comment = "# a comment\n" + SMALL.replace("version: 1", "version:   1")
    assert loader.parse(loader.read_yaml(comment)).digest == small_form().digest
    assert len(small_form().digest) == 32


def test_any_word_a_respondent_sees_changes_the_digest():
    assert changed("小表,", "小表二,").digest != small_form().digest
    assert changed('"45/2"', '"23"').digest != small_form().digest


def test_search_aids_do_not_change_the_digest():
    assert changed("aliases: [白面]", "aliases: [富强粉]").digest == small_form().digest


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ('code: "0101"', "code: 0101", "FORM-TYPE"),
        ('code: "0102"', 'code: "0101"', "FORM-DUPLICATE-CODE"),
        ("version: 1", "version: 1\nversion: 2", "FORM-DUPLICATE-KEY"),
        ("version: 1", "version: 1\ncolour: red", "FORM-UNKNOWN-KEY"),
        ("version: 1", "version: true", "FORM-TYPE"),
        ('sum_of: ["01", "02"]', 'sum_of: ["01", "09"]', "FORM-CYCLE"),
        ('sum_of: ["01", "02"]', 'sum_of: ["01", "77"]', "FORM-UNKNOWN-ITEM"),
        ('is: "1/2"', 'is: "0"', "FORM-VALUE"),
        ('is: "1/2"', "is: 0.5", "FORM-VALUE"),
        ("units: [jin, box]", "units: [jin, crate]", "FORM-UNIT"),
        ("{zh: 小表, en: Small form}", "{en: Small form}", "FORM-TITLE"),
        ("hard: price > 0", "hard: price > 0\n    soft: price > 0", "FORM-RULE"),
        ("level: 盟市", "level: 国家", "FORM-VALUE"),
        ("[未经营, 断货, 季节无货]", "[没有]", "FORM-VALUE"),
    ],
)
def test_a_flawed_definition_is_refused_with_its_code(old, new, code):
    with pytest.raises(FormError) as caught:
        changed(old, new)
    assert caught.value.code == code


def test_a_yaml_that_builds_objects_is_refused():
    with pytest.raises(FormError, match="FORM-YAML"):
        loader.read_yaml("a: !!python/object/apply:os.system ['true']")


def test_a_computed_group_takes_each_leaf_once():
    assert small_form().descendants["09"] == (0, 1, 2)


def test_all_versions_are_kept_and_the_newest_is_given():
    two = changed("version: 1", "version: 2")
    found = registry.collect([two, small_form()])
    assert found.get("SMALL-W1").version == 2
    assert found.get("SMALL-W1", 1).version == 1
    with pytest.raises(FormError, match="FORM-UNKNOWN"):
        found.get("SMALL-W1", 3)


def test_one_version_cannot_mean_two_things():
    with pytest.raises(FormError, match="FORM-DUPLICATE-VERSION"):
        registry.collect([small_form(), changed("小表,", "另一表,")])


def test_loading_a_folder_makes_it_the_registry(tmp_path, monkeypatch):
    monkeypatch.setattr(registry, "_loaded", registry.loaded())
    (tmp_path / "small.yaml").write_text(SMALL, encoding="utf-8")
    registry.load_all([tmp_path])
    assert registry.get("SMALL-W1").source == "small.yaml"
