"""`rebuild`, `verify` and `import`: what an operator runs on the server."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse


def _prepared() -> None:
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)


def rebuild(arguments: argparse.Namespace) -> int:
    """Replay every filing beside the live tables and compare row by row."""
    _prepared()
    from ortoo.kernel.threads.rebuild import rebuild_all

    started = time.monotonic()
    found = rebuild_all(print, fix=not arguments.compare_only)
    for table in found:
        verdict = "一致" if table.equal else "不一致"
        print(
            f"{verdict}  {table.table}：现有 {table.live:,} 行，重算 {table.rebuilt:,} 行；"
            f"仅现有 {table.only_live}，仅重算 {table.only_rebuilt}"
        )
    wrong = [table.table for table in found if not table.equal]
    seconds = time.monotonic() - started
    if not wrong:
        print(f"全部一致（{seconds:.1f} 秒）。 (all equal)")
        return 0
    done = "未作改动" if arguments.compare_only else "已换成重算结果"
    print(f"{len(wrong)} 张表不一致，{done}：{'、'.join(wrong)}（{seconds:.1f} 秒）。")
    return 1


def verify(arguments: argparse.Namespace) -> int:
    """Recompute the log and everything sealed; print each finding."""
    _prepared()
    from ortoo.kernel.filings.read import tail
    from ortoo.kernel.seal.verify import findings

    note = None
    if arguments.checkpoint:
        path = Path(arguments.checkpoint)
        if not path.is_file():
            print(f"没有文件 {path}。 (no such file)", file=sys.stderr)
            return 2
        note = path.read_text("utf-8")
    faults = 0
    for found in findings(checkpoint_note=note, say=print):
        faults += 1
        print(f"{found.code}  {f'第 {found.seq} 号  ' if found.seq else ''}{found.message}")
    print(
        f"{tail():,} 件报件，{faults} 处不符。 ({faults} findings)"
        if faults
        else f"{tail():,} 件报件，全部相符。 (clean)"
    )
    return 1 if faults else 0


def import_prices(arguments: argparse.Namespace) -> int:
    """Hand over to the market's import of outside prices."""
    _prepared()
    from importlib.util import find_spec

    if find_spec("ortoo.domains.market.foreign") is None:
        print("本版本不含境外价格导入。 (not in this version)", file=sys.stderr)
        return 2
    from ortoo.domains.market import foreign

    return int(foreign.import_prices(arguments) or 0)
