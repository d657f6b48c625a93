"""Processor time of a bench: this process, every process under it, and PostgreSQL's back ends.

Read from Linux's /proc (proc(5): stat fields utime, stime, cutime, cstime). A reaped child's time
moves into its parent's cutime, so a difference between two readings counts each second once, also
for children that came and went in between. Back ends of PostgreSQL are children of its postmaster,
not of ours; they are read from there.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import TracebackType

PROC = Path("/proc")
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


class CpuSeconds(NamedTuple):
    """Seconds of processor time: ours (with children), and the database server's."""

    tree: float
    server: float

    @property
    def total(self) -> float:
        return self.tree + self.server

    def since(self, earlier: CpuSeconds) -> CpuSeconds:
        return CpuSeconds(self.tree - earlier.tree, self.server - earlier.server)


class Process(NamedTuple):
    """What one line of /proc/PID/stat says."""

    pid: int
    name: str
    parent: int
    ticks: int
    """User and system time, its own and that of the children it has reaped."""


def cpu_seconds(servers: Iterable[int] = ()) -> CpuSeconds:
    """Time used so far by this process tree and by the given postmasters' trees.

    A server started from within the bench is under us too; it is then counted only as server.
    Its time before the first reading cancels in the difference.
    """
    servers = set(servers)
    table = _processes()
    if not table:
        used = os.times()
        own = used.user + used.system + used.children_user + used.children_system
        return CpuSeconds(own, 0.0)
    ours = _tree_ticks(table, os.getpid(), servers)
    theirs = sum(_tree_ticks(table, pid, servers - {pid}) for pid in servers)
    return CpuSeconds(ours / TICKS_PER_SECOND, theirs / TICKS_PER_SECOND)


def postgres_servers() -> set[int]:
    """Process ids of every running postmaster: a `postgres` whose parent is not one."""
    table = _processes()
    named = {pid for pid, process in table.items() if process.name in ("postgres", "postmaster")}
    return {pid for pid in named if table[pid].parent not in named}


def server_of(backend_pid: int) -> int:
    """The postmaster of one back end (`SELECT pg_backend_pid()`); ValueError if it is not here."""
    process = _processes().get(backend_pid)
    if process is None or process.name != "postgres":
        raise ValueError(f"process {backend_pid} is no PostgreSQL back end of this machine")
    return process.parent


@dataclass(slots=True)
class Meter:
    """`with Meter(servers) as used: …` then `used.cpu.tree`, `used.cpu.server`, `used.wall_s`."""

    servers: Iterable[int] = ()
    cpu: CpuSeconds = field(default=CpuSeconds(0.0, 0.0))
    wall_s: float = 0.0

    def __enter__(self) -> Meter:
        self.servers = set(self.servers)
        self.cpu = cpu_seconds(self.servers)
        self.wall_s = time.perf_counter()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.wall_s = time.perf_counter() - self.wall_s
        self.cpu = cpu_seconds(self.servers).since(self.cpu)


def _processes() -> dict[int, Process]:
    """Every process now alive. One that ends while we read is left out; its parent has its time."""
    table: dict[int, Process] = {}
    if not PROC.joinpath("self", "stat").exists():
        return table
    for entry in PROC.iterdir():
        if not entry.name.isdigit():
            continue
        try:
            text = (entry / "stat").read_text("utf-8", "replace")
        except OSError:
            continue
        process = parse_stat(text)
        table[process.pid] = process
    return table


def parse_stat(text: str) -> Process:
    """One /proc/PID/stat line. The name stands in brackets and may itself hold brackets."""
    pid, _, rest = text.partition(" (")
    name, _, tail = rest.rpartition(") ")
    fields = tail.split()
    return Process(int(pid), name, int(fields[1]), sum(int(f) for f in fields[11:15]))


def _tree_ticks(table: dict[int, Process], root: int, without: Iterable[int]) -> int:
    """Ticks of `root` and all under it, leaving out the given subtrees."""
    children: dict[int, list[int]] = {}
    for process in table.values():
        children.setdefault(process.parent, []).append(process.pid)
    left_out, waiting, ticks = set(without), [root], 0
    while waiting:
        pid = waiting.pop()
        if pid in left_out or pid not in table:
            continue
        ticks += table[pid].ticks
        waiting.extend(children.get(pid, ()))
    return ticks
