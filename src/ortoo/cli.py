"""The command line `./ortoo`: one record a command, and nothing imported before it is needed.

A command names the function that runs it as `module:function`; the function takes the parsed
arguments and returns an exit code (None counts as 0): 0 done, 1 refused or failed, 2 wrong usage.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

MODULE_NEEDS_DJANGO = "ortoo.site.operations"


@dataclass(frozen=True, slots=True)
class Example:
    """One line to copy, and what it does in Chinese and English."""

    line: str
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Command:
    """One sub-command: words for its help, its arguments, and who runs it."""

    name: str
    zh: str
    en: str
    run: str
    arguments: Callable[[argparse.ArgumentParser], None]
    examples: tuple[Example, ...]
    passes_rest: bool = False
    """Arguments this command does not know are handed on (to pytest, to the bench)."""


def _listen(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--host", default="127.0.0.1", help="监听地址 address to listen on (127.0.0.1)"
    )
    parser.add_argument("--port", type=_port, default=8000, help="端口 port (8000)")


def _demo(parser: argparse.ArgumentParser) -> None:
    _listen(parser)
    parser.add_argument(
        "--fresh",
        action="store_true",
        help="删除原演示数据，重新生成 discard the demo's data first",
    )
    parser.add_argument(
        "--small", action="store_true", help="只生成少量数据，启动更快 a small world, made quickly"
    )
    parser.add_argument("--seed", type=int, default=2026, help="模拟世界的种子 the world's seed")
    parser.add_argument(
        "--no-serve", action="store_true", help="只准备数据，不启动网页 prepare the data and stop"
    )


def _serve(parser: argparse.ArgumentParser) -> None:
    _listen(parser)
    parser.add_argument("--workers", type=_count, default=2, help="进程数 worker processes (2)")


def _test(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--slow", action="store_true", help="包括慢测试 run the slow tests too")
    parser.add_argument(
        "--no-lint", action="store_true", help="只运行 pytest，不做静态检查 pytest only, no linters"
    )


def _check(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "path", nargs="*", help="只检查这些文件或文件夹 only definitions under these paths"
    )
    parser.add_argument("--json", action="store_true", help="输出 JSON print findings as JSON")


def _rebuild(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--compare-only", action="store_true", help="只比对，不替换 compare, do not swap"
    )


def _verify(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--checkpoint", metavar="FILE", help="另存的检查点文件 a checkpoint kept elsewhere"
    )


def _import(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", choices=["prices"], help="读入什么 what to read")
    parser.add_argument("file", metavar="FILE", help="CSV 或 XLSX 文件 a CSV or XLSX file")
    parser.add_argument(
        "--profile",
        default="wfp",
        help="对照文件：名称或 .toml 路径 a profile's name or path (wfp)",
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="只校验并列出问题，不入库 read and report only"
    )
    parser.add_argument(
        "--rejects", metavar="FILE", help="把未接收的行写入此 CSV write the rejected lines here"
    )


def _bench(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "name", metavar="NAME", nargs="?", help="基准名称 which bench, as in docs/benchmarks.md"
    )
    parser.add_argument("--json", action="store_true", help="只输出一个 JSON one JSON object only")
    parser.add_argument("--size", help="规模，按各基准的说明 how large, in the bench's own words")
    parser.add_argument("--data", metavar="PATH", help="同格式的其他数据 other data, same format")
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--quick", action="store_true", help="45 秒内的规模 ends within 45 s")


def _port(text: str) -> int:
    number = int(text)
    if not 0 < number < 65536:
        raise argparse.ArgumentTypeError("端口应在 1 与 65535 之间 (1 to 65535)")
    return number


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("应为正整数 (a positive whole number)")
    return number


COMMANDS = (
    Command(
        "demo",
        "生成模拟世界并启动网页",
        "make the simulated region and open it in the browser",
        f"{MODULE_NEEDS_DJANGO}:demo",
        _demo,
        (
            Example("./ortoo demo", "首次运行先生成数据", "makes the data on the first run"),
            Example("./ortoo demo --fresh --port 9000", "重新生成，换端口", "afresh, other port"),
        ),
    ),
    Command(
        "serve",
        "启动正式服务（先做数据库迁移）",
        "serve an installation, after migrating its database",
        f"{MODULE_NEEDS_DJANGO}:serve",
        _serve,
        (Example("./ortoo serve --host 0.0.0.0 --workers 4", "对外服务", "listen to others"),),
    ),
    Command(
        "test",
        "静态检查与全部测试",
        "the linters and the whole test suite",
        "ortoo.commands.suite:run",
        _test,
        (
            Example("./ortoo test", "提交前运行", "before every commit"),
            Example("./ortoo test --slow", "包括慢测试", "the slow tests too"),
            Example(
                "./ortoo test --no-lint src/ortoo/kernel -k digest",
                "其余参数交给 pytest",
                "what it does not know goes to pytest",
            ),
        ),
        passes_rest=True,
    ),
    Command(
        "check",
        "校验表式、地区包、法定参数、对照文件与分层",
        "validate forms, place packs, regulations, profiles and layering",
        "ortoo.commands.check:run",
        _check,
        (
            Example("./ortoo check", "校验全部定义", "every definition"),
            Example("./ortoo check my-forms/", "校验某个文件夹", "the definitions of one folder"),
        ),
    ),
    Command(
        "rebuild",
        "由报件重算全部读模型并逐行比对",
        "recompute every projection from the filings and compare row by row",
        f"{MODULE_NEEDS_DJANGO}:rebuild",
        _rebuild,
        (Example("./ortoo rebuild --compare-only", "只比对", "compare, change nothing"),),
    ),
    Command(
        "verify",
        "重算存证日志，核对签名的检查点",
        "recompute the log's hashes and check its signed checkpoints",
        f"{MODULE_NEEDS_DJANGO}:verify",
        _verify,
        (Example("./ortoo verify", "核对本库", "this installation's log"),),
    ),
    Command(
        "import",
        "按对照文件导入外部价格表",
        "import a file of outside prices by a profile",
        f"{MODULE_NEEDS_DJANGO}:import_prices",
        _import,
        (
            Example(
                "./ortoo import prices prices.csv --profile wfp --dry-run",
                "先试读，列出不能接收的行",
                "read only, list what would be refused",
            ),
        ),
    ),
    Command(
        "bench",
        "运行一项基准，输出一个 JSON",
        "run one bench and print one JSON object",
        "ortoo.commands.bench:run",
        _bench,
        (Example("./ortoo bench filing --json --quick", "快速一遍", "a quick pass"),),
        passes_rest=True,
    ),
)


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
