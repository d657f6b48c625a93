"""The procedure itself, for everybody: its words, diagram, times with their sources, versions."""

from __future__ import annotations

from datetime import date

import pytest
from django.test import Client

from ortoo.kernel.regulations.regulation import parse as parse_regulations
from ortoo.kernel.threads.catalogue import CATALOGUE
from ortoo.kernel.threads.loader import parse, read_yaml
from ortoo.site.matters import rules_views
from ortoo.site.matters.tests.gate import CUSTOMS, text_of
from ortoo.site.matters.tests.test_matter import address, text

RULE = """
[[regulation]]
code = "T-RULE-2"
title = "逾期督办"
unit = "是否适用"
[[regulation.values]]
value = 1
source = "试验办法第二条"
verified = true
"""


def test_strangers_find_the_procedure_and_read_it(gate) -> None:
    listed = text(Client().get("/procedures/"))
    assert "试验放行" in listed and "第 1 版" in listed
    said = text(Client().get("/procedures/M-GATE/"))
    for words in (
        "海关审核", "4 工作小时", "询问 2 次，inspect共 1 次", "各部门办结之后",
        "任一不通过，即不通过", "升级由口岸办督办", "视为“准予”", "逾期 1 小时后",
        "申请人在放行之前", "全天候，不分工作日",
    ):  # fmt: skip
        assert words in said, words


def test_a_time_says_where_it_was_read_and_whether_somebody_verified_it(gate, monkeypatch) -> None:
    [rule] = parse_regulations(RULE)
    monkeypatch.setattr(rules_views, "regulations", lambda: {rule.code: rule})
    said = text(Client().get("/procedures/M-GATE/"))
    assert "试验办法第二条 逾期督办 T-RULE-2 已核实" in said
    assert "T-RULE-3 没有有效数值 未核实" in said


def test_the_parameters_that_ship_are_found_by_code() -> None:
    known = rules_views.regulations()
    assert all(code == found.code for code, found in known.items())
    for found in known.values():
        assert isinstance(found.on(date(2026, 11, 20)).source, str)


def test_every_version_stands_and_an_old_one_says_that_it_is_old(gate) -> None:
    CATALOGUE.register(parse(read_yaml(text_of("T-GATE.2.yaml"))))
    newest = text(Client().get("/procedures/M-GATE/"))
    assert "关检合一" in newest and "不是现行版" not in newest
    old = text(Client().get("/procedures/M-GATE/?version=1"))
    assert "海关审核" in old and "不是现行版" in old


@pytest.mark.parametrize("path", ["/procedures/NONE/", "/procedures/M-GATE/?version=9"])
def test_what_there_is_not_is_refused_by_code(gate, path) -> None:
    answer = Client().get(path)
    assert answer.status_code == 404 and "PROC-UNKNOWN" in answer.content.decode()


@pytest.mark.parametrize("version", ["x", "-1", "٣", "9" * 30])
def test_a_version_that_is_no_number_means_the_newest(gate, version) -> None:
    assert Client().get("/procedures/M-GATE/", {"version": version}).status_code == 200


def test_a_thread_goes_on_under_the_version_it_was_opened_with(gate, enter) -> None:
    CATALOGUE.register(parse(read_yaml(text_of("T-GATE.2.yaml"))))
    page = enter(CUSTOMS).get(address(gate)).content.decode()
    assert "海关审核" in page and "第 1 版" in page and "version=1" in page
