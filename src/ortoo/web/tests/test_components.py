"""Tags and pages, rendered by an engine of their own: no settings of the site are needed."""

from __future__ import annotations

import pytest
from django.template import Context, Engine
from django.test import RequestFactory, override_settings
from django.utils import translation

from ortoo.web import gallery, words
from ortoo.web.tests.test_design import WEB, refused

HOSTILE = '<script>alert("盗")</script>'
ENGINE = Engine(
    dirs=[str(WEB / "templates")],
    libraries={
        "ortoo": "ortoo.web.templatetags.ortoo",
        "static": "django.templatetags.static",
        "i18n": "django.templatetags.i18n",
    },
)


def show(source: str, **context: object) -> str:
    return ENGINE.from_string("{% load ortoo %}" + source).render(Context(context))


@pytest.fixture(autouse=True)
def chinese():
    with translation.override("zh-hans"):
        yield


@pytest.mark.parametrize(
    "name", ["gallery", "clerk", "review", "region", "error", "confirm", "login"]
)
def test_a_page_renders_within_the_content_policy(name: str) -> None:
    template, context = gallery.pages()[name]
    request = RequestFactory().get("/?a=1&b=<x>")
    with override_settings(
        STATIC_URL="/static/",
        STORAGES={
            "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
        },
    ):
        html = ENGINE.get_template(template).render(Context({**context, "request": request}))
    assert refused(html) == []
    assert html.count("<h1") == 1
    assert '<a class="skip" href="#content">' in html
    assert "NaN" not in html
    assert "<script>alert" not in html


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1.44, "▲"),
        (-3.2, "▼"),
        (0, "持平"),
        (0.04, "持平"),
        (None, "无可比数据"),
        ("nan", "无可比数据"),
    ],
)
def test_a_change_has_a_glyph_or_words_never_colour_alone(value: object, expected: str) -> None:
    assert expected in show("{% change value %}", value=value)


def test_a_change_is_read_aloud_as_a_word() -> None:
    assert '<span class="vh">上升 </span>5.2%' in show("{% change 5.2 %}")


@pytest.mark.parametrize("state", list(words.STATES))
def test_a_status_has_text_and_shape(state: str) -> None:
    html = show("{% status state %}", state=state)
    assert "<svg" in html and words.STATES[state].zh in html


def test_an_unknown_state_is_shown_escaped() -> None:
    assert "<script>" not in show("{% status state %}", state=HOSTILE)


def test_warning_levels_follow_the_four_level_scale() -> None:
    assert "橙色预警·Ⅱ级" in show("{% warning 2 %}")
    assert "蓝色预警·Ⅳ级" in show('{% warning "blue" %}')
    assert show('{% warning "purple" %}') == ""


@pytest.mark.parametrize(
    "source",
    [
        "{% stat x x unit=x note=x %}",
        "{% duty_card thing %}",
        "{% data_table table %}",
        "{% matrix matrix %}",
        "{% timeline things %}",
        "{% receipt thing %}",
        "{% tabs things %}",
        "{% empty x x x x %}",
        "{% errors things %}",
        "{% progress thing %}",
        "{% search x x x %}",
        "{% as_of x %}",
        "{% warning 1 x %}",
    ],
)
def test_a_hostile_name_is_escaped_everywhere(source: str) -> None:
    fields = (
        *("title", "name", "text", "where", "message", "rule", "remedy", "by", "detail", "number"),
        *("firm", "phone", "period", "last", "left", "due", "digest", "note", "href", "state"),
        "unit_title",
    )
    thing = dict.fromkeys(fields, HOSTILE)
    table = thing | {
        "columns": [{"title": HOSTILE, "unit": HOSTILE}],
        "rows": [[HOSTILE], [thing], {"group": HOSTILE}, [{"missing": HOSTILE}]],
    }
    matrix = thing | {"rows": [thing | {"contacts": [thing]}]}
    html = show(source, x=HOSTILE, thing=thing, things=[thing], table=table, matrix=matrix)
    assert "&lt;script&gt;" in html
    assert "<script" not in html


def test_a_table_keeps_its_first_column_as_heading_and_can_be_scrolled_by_keys() -> None:
    table = {"title": "价格", "columns": [{"title": "品种"}, {"title": "现价", "numeric": True}]}
    html = show("{% data_table table %}", table=table | {"rows": [["羊肉", "71.20"]]})
    assert '<th scope="row">羊肉</th><td class="n">71.20</td>' in html
    assert 'tabindex="0" role="region" aria-label="价格"' in html


def test_an_empty_table_says_so() -> None:
    table = {"title": "价格", "columns": [{"title": "品种"}], "rows": []}
    assert "没有符合条件的记录" in show("{% data_table table %}", table=table)


def test_pages_keep_the_other_query_parameters() -> None:
    from django.core.paginator import Paginator

    request = RequestFactory().get("/?q=羊肉&page=2")
    html = show("{% pagination page %}", page=Paginator(range(90), 20).page(2), request=request)
    assert "?q=%E7%BE%8A%E8%82%89&amp;page=3" in html


def test_a_bound_form_lists_its_faults_with_links_to_the_fields() -> None:
    from django import forms

    class Form(forms.Form):
        price = forms.IntegerField(label="零售价")

    form = Form({"price": "七"})
    assert 'href="#id_price">零售价' in show("{% errors form %}", form=form)
    html = show("{% field form.price %}", form=form)
    assert 'aria-describedby="id_price-fault"' in html and 'aria-invalid="true"' in html


def test_english_words_stand_where_the_language_is_english() -> None:
    with translation.override("en"):
        assert "Sent back" in show('{% status "returned" %}')
        assert "level II" in show('{% warning "orange" %}')


@pytest.mark.parametrize(
    ("due", "now", "expected"),
    [
        (8_280_000, 0, ("soon", "距截止 2 小时 18 分")),
        (3 * 86_400_000, 0, ("calm", "距截止 3 天")),
        (0, 11_100_000, ("late", "已逾期 3 小时 5 分")),
        (59_999, 0, ("soon", "距截止 0 分")),
    ],
)
def test_time_left_is_said_in_the_largest_units(due, now, expected) -> None:
    assert words.time_left(due, now) == expected


def test_minor_units_are_never_rounded() -> None:
    assert words.minor(123456789, 2) == "1,234,567.89"
    assert words.minor(-5, 2) == "-0.05"
    assert words.minor(None, 2) == "—"
