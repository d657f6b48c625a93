"""Templates of `says`, `posts` and `sends`: text with {field}, filled from a body and its envelope.

`{field}` is a field of the line or the body; `{@filer}`, `{@subject}`, `{@place}`, `{@period}`,
`{@key}` are the envelope's. A detail that is exactly one `{field}` keeps its type; one whose field
is blank is left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ortoo.kernel.forms.record_definition import RecordForm

ENVELOPE = ("filer", "subject", "place", "period", "key")
NAME = re.compile(r"\{(@?[a-z][a-z0-9_]*)\}")
_ONE = re.compile(r"\{(@?[a-z][a-z0-9_]*)\}\Z")
_STRAY = re.compile(r"[{}]")
ABSENT: Any = object()
Look = Callable[[str], object]
"""From a name to its value, ABSENT when it is blank."""


def names_in(template: object) -> Iterator[str]:
    """Every name a template or a nest of templates uses."""
    if isinstance(template, str):
        yield from NAME.findall(template)
    elif isinstance(template, Mapping):
        for inner in template.values():
            yield from names_in(inner)
    elif isinstance(template, list | tuple):
        for inner in template:
            yield from names_in(inner)


def is_whole(template: str) -> bool:
    """Whether it is one name and nothing else."""
    return _ONE.match(template) is not None


def is_sound(template: object) -> bool:
    """Whether no brace stands outside a name."""
    if isinstance(template, str):
        return not _STRAY.search(NAME.sub("", template))
    if isinstance(template, Mapping):
        return all(is_sound(inner) for inner in template.values())
    if isinstance(template, list | tuple):
        return all(is_sound(inner) for inner in template)
    return True


def filled(template: str, look: Look) -> str:
    """The text; ABSENT when one of its names is blank."""
    missing = False

    def written(match: re.Match[str]) -> str:
        nonlocal missing
        value = look(match[1])
        missing = missing or value is ABSENT
        return str(value).lower() if isinstance(value, bool) else str(value)

    text = NAME.sub(written, template)
    return ABSENT if missing else text


def filled_value(template: object, look: Look) -> object:
    """A detail's value: text, number or nest of them; ABSENT when nothing is left of it."""
    if isinstance(template, str):
        whole = _ONE.match(template)
        return look(whole[1]) if whole else filled(template, look)
    if isinstance(template, Mapping):
        return filled_detail(template, look)
    if isinstance(template, list | tuple):
        values = [filled_value(inner, look) for inner in template]
        return [value for value in values if value is not ABSENT]
    return template


def filled_detail(template: Mapping[str, object], look: Look) -> dict[str, object]:
    """A detail with its blank values left out."""
    found = {name: filled_value(inner, look) for name, inner in template.items()}
    return {name: value for name, value in found.items() if value is not ABSENT}


def key_names(form: RecordForm) -> Mapping[str, frozenset[str]]:
    """By group ("" is the body): the fields that become part of a thread's or account's key."""
    found: dict[str, set[str]] = {"": set(), **{group.code: set() for group in form.groups}}
    keys = [(say.each, say.thread) for say in form.says]
    for post in form.posts:
        keys += [(post.each, post.account), (post.each, post.source), (post.each, post.commodity)]
    for each, template in keys:
        inner = {field.code for field in form.group_by_code[each].fields} if each else set()
        for name in names_in(template):
            found[each if name in inner else ""].add(name)
    return {code: frozenset(names) for code, names in found.items()}
