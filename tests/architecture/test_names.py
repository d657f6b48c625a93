"""Sizes and names of files, and what may stand in none of them."""

from __future__ import annotations

import re

import pytest

from .source import CHECKOUT, texts, tracked

LONGEST = 400
VAGUE = {"util", "utils", "helper", "helpers", "common", "misc", "base", "manager", "managers"}
# Written apart so that this file is not its own finding.
PLACES = "|".join(("ro" + "ot", "ho" + "me", "wo" + "rk", "fa" + "rm", "Us" + "ers"))
FORBIDDEN = {
    "a path of somebody's machine": re.compile(rf"(?<![\w.*-])/(?:{PLACES})/[\w.]"),
    "a registry's host or option": re.compile(
        "|".join(
            (
                "python" + r"hosted\.org",
                r"pypi\." + r"(?:org|io)",
                r"registry\." + r"(?:npmjs|yarnpkg)",
                "(?:extra-)?index" + "-url",
                "find" + "-links",
                "trusted" + "-host",
            )
        ),
        re.IGNORECASE,
    ),
    "a conflict left open": re.compile(r"^(?:<{7}|>{7}) ", re.MULTILINE),
}
UNFINISHED = re.compile(
    r"^\s*(?:assert True|raise NotImplementedError)|#\s*(?:TODO|FIXME|XXX)\b", re.MULTILINE
)


def test_no_file_of_code_is_longer_than_four_hundred_lines():
    found = [
        f"{path}: {text.count(chr(10))}"
        for path, text in texts(".py", ".css", ".html", ".js", ".sh")
        if text.count("\n") > LONGEST and "/migrations/" not in path and "/vendor/" not in path
    ]
    assert not found, found


def test_no_module_or_folder_has_a_name_that_explains_nothing():
    found = [
        path.relative_to(CHECKOUT).as_posix()
        for path in tracked()
        if path.suffix == ".py"
        and VAGUE & {part.removesuffix(".py") for part in path.relative_to(CHECKOUT).parts}
    ]
    assert not found, found


def test_no_file_names_a_machine_or_a_registry():
    found = [
        f"{path}: {what}: {match[0]!r}"
        for path, text in texts()
        for what, pattern in FORBIDDEN.items()
        if (match := pattern.search(text))
    ]
    assert not found, found


def test_nothing_is_left_unfinished_in_the_code():
    found = [
        f"{path}: {match[0].strip()}"
        for path, text in texts(".py")
        if (match := UNFINISHED.search(text)) and not path.endswith("test_names.py")
    ]
    assert not found, found


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("cd /" + "ro" + "ot/x", "a path of somebody's machine"),
        ("'/" + "ho" + "me/anna/data.csv'", "a path of somebody's machine"),
        ("--index" + "-url x", "a registry's host or option"),
        ("https://files.python" + "hosted.org/x", "a registry's host or option"),
        ("<" * 7 + " HEAD", "a conflict left open"),
    ],
)
def test_a_planted_leak_is_seen(text, what):
    assert FORBIDDEN[what].search(text)


def test_links_in_the_documents_lead_somewhere():
    found = []
    for path, text in texts(".md"):
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text):
            if "://" in target or target.startswith("mailto:"):
                continue
            if not ((CHECKOUT / path).parent / target).exists():
                found.append(f"{path}: {target}")
    assert not found, found
