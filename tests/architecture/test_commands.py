"""Every command explains itself with an example, starts light, and has somebody to run it."""

from __future__ import annotations

import ast
import json
import os
import re
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from ortoo.cli import COMMANDS, main, parser

from .source import CHECKOUT, PACKAGE

HEAVY = ("django", "polars", "altair", "numpy", "cryptography", "vl_convert", "pytest", "yaml")


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-P", *arguments],
        env={**os.environ, "PYTHONPATH": str(PACKAGE.parent)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("command", COMMANDS, ids=lambda c: c.name)
def test_a_command_has_help_with_an_example_in_both_languages(command, capsys):
    with pytest.raises(SystemExit) as left:
        parser().parse_args([command.name, "--help"])
    said = capsys.readouterr().out
    assert left.value.code == 0
    assert "示例 examples:" in said
    assert re.search(rf"^  \./ortoo {command.name}\b", said, re.MULTILINE)
    assert command.examples
    for text in (command.zh, *(e.zh for e in command.examples)):
        assert re.search(r"[\u4e00-\u9fff]", text)
    for text in (command.en, *(e.en for e in command.examples)):
        assert text.isascii()


@pytest.mark.parametrize("command", COMMANDS, ids=lambda c: c.name)
def test_an_example_is_a_line_its_own_command_accepts(command):
    for example in command.examples:
        words = example.line.split()
        assert words[:2] == ["./ortoo", command.name]
        arguments, rest = parser().parse_known_args(words[1:])
        assert arguments.command == command.name
        assert command.passes_rest or not rest


@pytest.mark.parametrize("command", COMMANDS, ids=lambda c: c.name)
def test_a_command_names_a_function_that_exists(command):
    module, _, function = command.run.partition(":")
    path = PACKAGE.parent.joinpath(*module.split(".")).with_suffix(".py")
    if not path.exists():
        path = path.with_suffix("") / "__init__.py"
    assert path.exists(), f"{module} is missing"
    body = ast.parse(path.read_text("utf-8")).body
    names = {node.name for node in body if isinstance(node, ast.FunctionDef)}
    names |= {
        alias.asname or alias.name
        for node in body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert function in names, f"{module} has no {function}"


def test_every_command_is_named_in_the_readme():
    text = (CHECKOUT / "README.md").read_text("utf-8")
    assert not [c.name for c in COMMANDS if f"./ortoo {c.name}" not in text]


def test_an_unknown_argument_is_wrong_usage_and_says_which(capsys):
    with pytest.raises(SystemExit) as left:
        main(["verify", "--nonsense"])
    assert left.value.code == 2
    assert "--nonsense" in capsys.readouterr().err


def test_without_a_command_the_help_is_shown(capsys):
    assert main([]) == 0
    assert all(c.name in capsys.readouterr().out for c in COMMANDS[:1])


def test_the_command_line_imports_nothing_heavy():
    asked = (
        f"import sys, ortoo.cli; ortoo.cli.parser(); print(sorted({HEAVY} & sys.modules.keys()))"
    )
    answer = run("-c", asked.replace(str(HEAVY), str(set(HEAVY))))
    assert answer.stdout.strip() == "[]", answer.stdout + answer.stderr


def test_check_needs_neither_django_nor_the_chart_engine():
    asked = (
        "import sys, ortoo.cli; ortoo.cli.main(['check']);"
        "print(sorted({'django', 'altair', 'vl_convert', 'cryptography'} & sys.modules.keys()))"
    )
    answer = run("-c", asked)
    assert answer.stdout.strip().splitlines()[-1] == "[]", answer.stdout + answer.stderr


def test_check_costs_about_a_second_and_finds_nothing_wrong_in_what_we_ship():
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    answer = run("-m", "ortoo", "check")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 2


def test_check_reports_each_broken_file_by_name_and_goes_on(tmp_path):
    forms = PACKAGE / "domains" / "market" / "forms"
    text = (forms / "retail_weekly.yaml").read_text("utf-8")
    (tmp_path / "a.yaml").write_text("form: [unclosed", "utf-8")
    (tmp_path / "b.yaml").write_text(text.replace("form: SCJC-W1", "form: TWIN-W1", 1), "utf-8")
    (tmp_path / "c.toml").write_text("[colour]\nred = 1\n", "utf-8")
    (tmp_path / "d.toml").write_text("[profile]\ntitle = 1\n", "utf-8")
    profile = PACKAGE / "connectors" / "price_files" / "profiles" / "wfp.toml"
    (tmp_path / "e.toml").write_text(profile.read_text("utf-8").replace('"F101"', '"F999"'))
    answer = run("-m", "ortoo", "check", "--json", str(tmp_path))
    assert answer.returncode == 1, answer.stderr
    report = json.loads(answer.stdout)
    found = {(Path(f["file"]).name[0], f["code"]) for f in report["findings"]}
    assert report["files"] == 5
    assert {file for file, _ in found} >= {"a", "c", "d", "e"}
    assert {("c", "UNKNOWN-DEFINITION"), ("e", "PROFILE-COMMODITY")} <= found
    assert [f for f in report["findings"] if "TWIN-W1" in f["message"] or "SCJC-W1" in f["message"]]


def test_check_of_a_path_that_is_not_there_is_wrong_usage():
    answer = run("-m", "ortoo", "check", "/nowhere")
    assert answer.returncode == 2 and "/nowhere" in answer.stderr
