"""What was asked of a disk, in order, and what a power cut could have left of it.

Every operation has the moment it began and the moment it was answered, drawn from one counter that
acknowledgements share. Pure: no file is touched here.

What a cut at moment t leaves (the promise of POSIX fsync, and no more):

* of a file, every write answered before the begin of a sync that was answered before t, unless a
  sync in between failed: the system may have marked the write as done, and no later sync tries it;
* of later writes begun before t, any subset of their 512-byte sectors, in order; a truncation
  not followed by such a sync happened or did not;
* of a folder, every creation and removal answered before the begin of a folder sync answered
  before t; of later ones of the same name, any number from the first on. Syncing a file does not
  keep its name.
"""

from __future__ import annotations

import itertools
from bisect import bisect
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from random import Random

SECTOR = 512
NEVER = 1 << 62
WRITE, TRUNCATE, CREATE, UNLINK, SYNC, SYNC_FOLDER = (
    "write", "truncate", "create", "unlink", "sync", "sync-folder",
)  # fmt: skip
_OF_NAMES = frozenset({CREATE, UNLINK})
# How much of what was not synced reached the disk all the same.
FATES = ("none", "all", "sectors", "few", "prefix", "reverse")


@dataclass(slots=True)
class Operation:
    """One request. `offset` is the new length of a truncation; `node` the file, not its name."""

    kind: str
    node: int
    name: str
    begin: int
    end: int = NEVER
    offset: int = 0
    data: bytes = b""
    failed: bool = False


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """A promise given to somebody: a filing's key and digest, or a checkpoint's note."""

    moment: int
    kind: str
    key: str
    digest: bytes


@dataclass(slots=True)
class Journal:
    """Operations in order of their begin; `names` and `contents` are what lay there before."""

    names: dict[str, int] = field(default_factory=dict)
    contents: dict[int, bytes] = field(default_factory=dict)
    operations: list[Operation] = field(default_factory=list)
    acknowledgements: list[Acknowledgement] = field(default_factory=list)
    clock: Iterator[int] = field(default_factory=itertools.count)

    def begin(
        self, kind: str, node: int, name: str = "", *, offset: int = 0, data: bytes = b""
    ) -> Operation:
        """Note that a request is being handed to the disk."""
        found = Operation(kind, node, name, next(self.clock), offset=offset, data=data)
        self.operations.append(found)
        return found

    def end(self, operation: Operation, *, failed: bool = False) -> None:
        """Note that the disk has answered."""
        operation.failed = failed
        operation.end = next(self.clock)

    def acknowledge(self, kind: str, key: str, digest: bytes) -> None:
        """Note a promise, the moment it was given."""
        self.acknowledgements.append(Acknowledgement(next(self.clock), kind, key, digest))

    def last(self) -> int:
        """A moment after everything noted so far."""
        ends = [o.end for o in self.operations if o.end != NEVER]
        told = [a.moment for a in self.acknowledgements]
        return max([*ends, *told, *(o.begin for o in self.operations)], default=-1) + 1

    def acknowledged(self, cut: int) -> list[Acknowledgement]:
        """Promises given before the cut."""
        return [a for a in self.acknowledgements if a.moment < cut]

    def image(self, cut: int, random: Random) -> dict[str, bytes]:
        """Name → content of every file after a power cut at that moment."""
        asked = sorted((o for o in self.operations if o.begin < cut), key=lambda o: o.begin)
        of_node: dict[int, list[Operation]] = defaultdict(list)
        for operation in asked:
            if operation.kind not in _OF_NAMES and operation.kind != SYNC_FOLDER:
                of_node[operation.node].append(operation)
        fate = random.choice(FATES)
        return {
            name: _content(self.contents.get(node, b""), of_node[node], cut, fate, random)
            for name, node in _names(self.names, asked, cut, random).items()
        }


def _kept_until(syncs: Iterable[Operation], cut: int) -> int:
    """Everything answered before this moment is on the disk."""
    return max((s.begin for s in syncs if s.end < cut and not s.failed), default=-1)


def _names(
    before: Mapping[str, int], asked: list[Operation], cut: int, random: Random
) -> dict[str, int]:
    kept = _kept_until((o for o in asked if o.kind == SYNC_FOLDER), cut)
    names, stopped = dict(before), set()
    for operation in asked:
        if operation.kind not in _OF_NAMES or operation.failed:
            continue
        # One entry of a folder changes in order: once a change is missing, later ones are too.
        if operation.end >= kept and (operation.name in stopped or random.random() < 0.5):
            stopped.add(operation.name)
            continue
        if operation.kind == CREATE:
            names[operation.name] = operation.node
        else:
            names.pop(operation.name, None)
    return names


def _content(before: bytes, asked: list[Operation], cut: int, fate: str, random: Random) -> bytes:
    syncs = sorted((s.begin, s.failed) for s in asked if s.kind == SYNC and s.end < cut)
    changes = [o for o in asked if o.kind in (WRITE, TRUNCATE)]
    loose = [o for o in changes if not _is_kept(o, syncs)]
    surviving = {id(o) for o in _surviving(loose, fate, random)}
    lost = {id(o) for o in loose} - surviving
    content = bytearray(before)
    # In order: what a failed sync dropped may lie beneath what was written there since and kept.
    for operation in changes:
        if id(operation) in lost:
            continue
        if id(operation) not in surviving:
            _apply(content, operation)
        elif operation.kind == TRUNCATE:
            if fate == "all" or random.random() < 0.5:
                _apply(content, operation)
        else:
            _apply_sectors(content, operation, _share(fate), random)
    return bytes(content)


def _is_kept(operation: Operation, syncs: list[tuple[int, bool]]) -> bool:
    """Whether the first sync begun after it was answered succeeded; (begin, failed), in order."""
    at = bisect(syncs, (operation.end, True))
    return at < len(syncs) and not syncs[at][1]


def _surviving(loose: list[Operation], fate: str, random: Random) -> list[Operation]:
    if fate == "none":
        return []
    at = random.randint(0, len(loose))
    if fate == "prefix":
        return loose[:at]
    return loose[at:] if fate == "reverse" else loose


def _share(fate: str) -> float:
    return {"sectors": 0.5, "few": 0.05}.get(fate, 1.0)


def _extend(content: bytearray, length: int) -> None:
    if len(content) < length:
        content.extend(bytes(length - len(content)))


def _apply(content: bytearray, operation: Operation) -> None:
    if operation.kind == TRUNCATE:
        del content[operation.offset :]
        _extend(content, operation.offset)
        return
    _extend(content, operation.offset)
    content[operation.offset : operation.offset + len(operation.data)] = operation.data


def _apply_sectors(content: bytearray, operation: Operation, share: float, random: Random) -> None:
    """Each sector the write touches is taken or not; a write inside one sector is not torn."""
    start, stop = operation.offset, operation.offset + len(operation.data)
    while start < stop:
        edge = min(stop, (start // SECTOR + 1) * SECTOR)
        if share >= 1.0 or random.random() < share:
            piece = operation.data[start - operation.offset : edge - operation.offset]
            _extend(content, start)
            content[start:edge] = piece
        start = edge
