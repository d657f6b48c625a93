"""`rebuild`, `verify` and `import`: what an operator runs on the server."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from ortoo.site.operations.demonstration import CHECKOUT, MARKER

if TYPE_CHECKING:
    import argparse

    from ortoo.domains.market.foreign import ImportOutcome


def _prepared() -> None:
    """Settings and schema; in a demonstration's folder also its clock, or the log would go back."""
    import django

    home = Path(os.environ.get("ORTOO_HOME") or CHECKOUT / "var")
    if (home / MARKER).exists():
        os.environ.setdefault("ORTOO_MODE", "demo")
    django.setup()
    from ortoo.kernel.filings.refusal import Refused
    from ortoo.site import demo_clock
    from ortoo.site.operations import upgrade

    try:
        upgrade.bring_up(say=print)
    except Refused as refused:
        print(f"{refused.message}{refused.remedy}（{refused.code}）", file=sys.stderr)
        raise SystemExit(1) from refused

    demo_clock.plug_in()


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
    """Read a file of outside prices; 1 when it, or its profile, cannot be used at all.

    Rejected records are no failure: they are told, and with `--rejects` written to a file.
    """
    _prepared()
    from ortoo.domains.market import foreign
    from ortoo.kernel.filings.clock import now_ms
    from ortoo.kernel.filings.refusal import Refused

    try:
        outcome = foreign.import_prices(
            arguments.file, arguments.profile, dry_run=arguments.dry_run, now_ms=now_ms()
        )
    except Refused as refused:
        print(f"{refused.message}{refused.remedy}（{refused.code}）", file=sys.stderr)
        return 1
    except (ValueError, FileNotFoundError) as error:
        print(f"不能导入：{error}", file=sys.stderr)
        return 1
    print("\n".join(outcome.lines()))
    if arguments.rejects:
        _write_rejects(Path(arguments.rejects), outcome)
    return 0


def _write_rejects(path: Path, outcome: ImportOutcome) -> None:
    from ortoo.connectors.price_files.report import rejects_csv

    # A byte order mark, or Excel reads the Chinese columns as something else.
    # Of a reading it looks at `rejects` alone, which an outcome has too.
    text = rejects_csv(outcome)  # type: ignore[arg-type]
    path.write_text("\ufeff" + text, encoding="utf-8")
    print(f"未接收的 {outcome.rejected} 条写入 {path}。")
