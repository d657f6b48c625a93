"""The command line `./ortoo`: one record a command, and nothing imported before it is needed.

A command names the function that runs it as `module:function`; the function takes the parsed
arguments and returns an exit code (None counts as 0): 0 done, 1 refused or failed, 2 wrong usage.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from typing import TYPE_CHECKING

from ortoo.commands.menu import COMMANDS, MODULE_NEEDS_DJANGO

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["COMMANDS", "main", "parser"]


def parser() -> argparse.ArgumentParser:
    """The whole command line, without importing any command."""
    top = argparse.ArgumentParser(
        prog="./ortoo",
        description="驿传：一地商务数据一次填报、各级共用。\n"
        "Örtöö: a region's commerce, each fact said once.",
        epilog="各命令的说明与示例 help and an example of each: ./ortoo COMMAND --help",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    places = top.add_subparsers(dest="command", metavar="COMMAND", title="命令 commands")
    for command in COMMANDS:
        lines = [f"  {e.line}\n      {e.zh} · {e.en}" for e in command.examples]
        sub = places.add_parser(
            command.name,
            help=f"{command.zh} · {command.en}",
            description=f"{command.zh}。\n{command.en.capitalize()}.",
            epilog="\n".join(["示例 examples:", *lines]),
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        command.arguments(sub)
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; return its exit code."""
    top = parser()
    arguments, rest = top.parse_known_args(argv)
    command = next((c for c in COMMANDS if c.name == arguments.command), None)
    if command is None:
        top.print_help()
        return 0 if not rest else 2
    if rest and not command.passes_rest:
        top.error(f"未知参数 unrecognised: {' '.join(rest)} (./ortoo {command.name} --help)")
    arguments.rest = rest
    module, _, function = command.run.partition(":")
    if module == MODULE_NEEDS_DJANGO:
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ortoo.site.settings")
        if command.name == "demo":
            os.environ.setdefault("ORTOO_MODE", "demo")
    try:
        return int(getattr(importlib.import_module(module), function)(arguments) or 0)
    except KeyboardInterrupt:
        print("已中断。 (interrupted)", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # The reader of our output (head, less) has gone; nothing is left to say to it.
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115, PTH123
        return 141
