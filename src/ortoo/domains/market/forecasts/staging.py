"""What a run that is broken off has reached: a small file an origin, so that it is taken up again.

A cache, not a record: its name is a digest of everything that went in, and what cannot be read is
computed again. Files of earlier runs are removed when a run is filed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import numpy as np

from ortoo.domains.market.forecasts import model
from ortoo.domains.market.forecasts.computing import Points
from ortoo.domains.market.forecasts.series import Observed

KEPT = ("main", "quantity", "half")


class Interrupted(Exception):
    """The work was told to stop; what was reached is kept."""


def digest_of(seen: Observed) -> str:
    """SHA-256 over the arrays, their names, the model and its code, in hex."""
    found = hashlib.sha256(f"{model.digest()}{model.code_digest()}{seen.rooted}".encode())
    found.update("|".join((*seen.units, "", *seen.items)).encode())
    for values in (seen.price, seen.quantity, seen.quotes, seen.source):
        found.update(b"-" if values is None else np.ascontiguousarray(values).tobytes())
    return found.hexdigest()


@dataclass(frozen=True, slots=True)
class Staging:
    """Points of origins already computed, under `folder`; `report(done)` after each."""

    folder: Path
    stopped: Callable[[], bool] = lambda: False
    report: Callable[[int], None] = lambda done: None

    def recall(self, name: str) -> Callable[[int, Callable[[], Points]], Points]:
        """For `compute`: read what is there, else compute and keep it. Raises Interrupted."""
        done = 0

        def ask(back: int, made: Callable[[], Points]) -> Points:
            nonlocal done
            if self.stopped():
                raise Interrupted
            path = self.folder / f"{name}-{back}.npz"
            found = _read(path)
            if found is None:
                found = made()
                _write(path, found)
            done += 1
            self.report(done)
            return found

        return ask

    def clear(self, name: str) -> None:
        """Take away what one run left."""
        for path in self.folder.glob(f"{name}-*.npz"):
            path.unlink(missing_ok=True)

    @contextmanager
    def alone(self) -> Iterator[bool]:
        """True while no other process computes in this folder; two would do the same twice."""
        import fcntl

        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "lock").open("a") as held:
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                yield False
                return
            yield True


def _read(path: Path) -> Points | None:
    try:
        with np.load(path) as kept:
            return Points(*(kept[name] for name in KEPT))
    except (OSError, ValueError, KeyError, EOFError):
        return None


def _write(path: Path, points: Points) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{uuid4().hex}.npz")
    np.savez(beside, **{name: getattr(points, name) for name in KEPT})
    beside.replace(path)
