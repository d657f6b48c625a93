"""Commands that need the database: demo, serve, rebuild, verify, backup, restore,
import.

Nothing of Django is imported before a command has said which folder and mode it works in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

__all__ = ["back_up", "demo", "import_file", "rebuild", "restore_home", "serve", "verify"]


def demo(arguments: argparse.Namespace) -> int:
    """`./ortoo demo`: a simulated region, prepared once and served."""
    from ortoo.site.operations.demonstration import run

    return run(arguments)


def serve(arguments: argparse.Namespace) -> int:
    """`./ortoo serve`: migrate and serve an installation."""
    from ortoo.site.operations.serving import serve_installation

    return serve_installation(arguments)


def rebuild(arguments: argparse.Namespace) -> int:
    """`./ortoo rebuild`: 1 when a read model differs from what the filings give."""
    from ortoo.site.operations.inspection import rebuild as run

    return run(arguments)


def verify(arguments: argparse.Namespace) -> int:
    """`./ortoo verify`: 1 when the record is not what was filed."""
    from ortoo.site.operations.inspection import verify as run

    return run(arguments)


def import_file(arguments: argparse.Namespace) -> int:
    """`./ortoo import`: outside prices by a profile; a till's or a market's file into a draft."""
    if arguments.what == "prices":
        from ortoo.site.operations.inspection import import_prices as run
    else:
        from ortoo.site.operations.feeds import run

    return run(arguments)


def back_up(arguments: argparse.Namespace) -> int:
    """`./ortoo backup`: 1 when it was refused; segments already there stay whole."""
    from ortoo.site.operations.backup import run

    return run(arguments)


def restore_home(arguments: argparse.Namespace) -> int:
    """`./ortoo restore`: 1 when it was refused; nothing is kept of it then."""
    from ortoo.site.operations.restore import run

    return run(arguments)
