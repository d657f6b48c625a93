"""Every good that a form of any domain names is in the catalogue."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

import ortoo
from ortoo.kernel.forms import registry
from ortoo.kernel.forms.definition import Form
from ortoo.kernel.goods.catalogue import CatalogueError, catalogue

FOLDERS = sorted(Path(ortoo.__file__).parent.glob("domains/*/forms"))
# Every version, not the newest only: a period of the past is read by its own.
FORMS = [form for versions in registry.load_all(FOLDERS).versions.values() for form in versions]
EACH = pytest.mark.parametrize("form", FORMS, ids=lambda form: f"{form.code}.{form.version}")


def test_the_forms_of_the_domains_are_read():
    assert {"SCJC-W1", "SCSC-X1", "EMG-STOCK"} <= {form.code for form in FORMS}
    assert len({item.good for form in FORMS for item in form.leaves}) > 200


def unlisted(form: Form) -> list[str]:
    """What is wrong with the goods of a form; empty when nothing is."""
    found = []
    for item in form.leaves:
        try:
            catalogue().require(item.good or "", item.unit)
        except CatalogueError as error:
            found.append(f"{item.code} {error}")
    return found


@EACH
def test_each_row_names_a_good_of_the_catalogue_in_a_unit_of_the_same_kind(form):
    assert form.leaves and unlisted(form) == []


@EACH
def test_each_name_that_a_row_gives_a_good_finds_that_good(form):
    everything = len(catalogue().goods)
    for item in form.leaves:
        for name in (item.name["zh"], item.name["en"], *item.aliases):
            found = [good.code for good in catalogue().search(name, everything)]
            assert item.good in found, (item.code, name)


def test_each_good_beside_the_necessities_is_asked_by_some_form():
    asked = {item.good for form in FORMS for item in form.leaves}
    idle = [good.code for good in catalogue().goods if good.code not in asked]
    assert not [code for code in idle if catalogue().get(code).catalogue != "food"]


def test_a_row_of_an_unknown_good_or_in_a_unit_of_another_kind_is_named():
    form = next(form for form in FORMS if form.code == "SCSC-X1")
    first, second = form.leaves[:2]
    wrong = {first.code: replace(first, good="XX99"), second.code: replace(second, unit="升")}
    items = tuple(wrong.get(item.code, item) for item in form.items)
    said = unlisted(replace(form, items=items))
    assert len(said) == 2
    assert "GOODS-UNKNOWN" in said[0] and "GOODS-UNIT" in said[1]
