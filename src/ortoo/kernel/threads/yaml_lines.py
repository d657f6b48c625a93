"""Where in a YAML file each thing stands, so that a finding can name its line."""

from __future__ import annotations

from collections.abc import Mapping

import yaml

Path = tuple[str | int, ...]


class Lines:
    """Line numbers (from 1) by path, such as ("steps", 2, "due"). An unknown path falls back to
    what holds it."""

    def __init__(self, found: Mapping[Path, int]) -> None:
        self._found = dict(found)

    def at(self, *path: str | int) -> int:
        """The line of the key or list item; 0 where the file is not known."""
        for length in range(len(path), -1, -1):
            line = self._found.get(path[:length])
            if line is not None:
                return line
        return 0


NOWHERE = Lines({})


def lines_of(text: str) -> Lines:
    """Every key's and item's line in a YAML text; none where it cannot be read."""
    found: dict[Path, int] = {}
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError:
        return NOWHERE
    if root is not None:
        _walk(root, (), found, set())
    return Lines(found)


def _walk(node: yaml.Node, path: Path, found: dict[Path, int], seen: set[int]) -> None:
    found.setdefault(path, node.start_mark.line + 1)
    # An alias is walked where it stands first, or aliases of aliases would have no end.
    if id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            inner = (*path, str(key.value))
            found[inner] = key.start_mark.line + 1
            _walk(value, inner, found, seen)
    elif isinstance(node, yaml.SequenceNode):
        for place, value in enumerate(node.value):
            _walk(value, (*path, place), found, seen)
