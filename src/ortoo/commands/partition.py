"""`./ortoo partition`: the record's partitions by calendar period, and the cut of the next one."""

from __future__ import annotations

import datetime as dt
import json
import os
from dataclasses import asdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

    from ortoo.kernel.filings.partitions import Partition


def run(arguments: argparse.Namespace) -> int:
    """List, or with `--cut` begin the period's partition first; 1 when refused or something is
    wrong with what is listed."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ortoo.site.settings")
    import django

    django.setup()
    from ortoo.kernel.filings import clock, partitions
    from ortoo.kernel.filings.refusal import Refused

    now_ms = clock.now_ms()
    try:
        if arguments.cut is not None:
            made = partitions.cut(arguments.cut or partitions.period_of(now_ms), now_ms=now_ms)
            if not arguments.json:
                print(f"{made.period} 期的分区已在；该期自第 {_edge(made.first)} 号起。")
        found, wrong, due = partitions.listing(), partitions.faults(), partitions.due(now_ms)
    except Refused as refusal:
        print(f"{refusal.code} {refusal.message}{refusal.remedy}")
        return 1
    if arguments.json:
        rows = [asdict(partition) for partition in found]
        print(json.dumps({"partitions": rows, "due": due, "faults": wrong}, ensure_ascii=False))
        return 1 if wrong else 0
    for partition in found:
        print(_line(partition))
    if due:
        print(f"{due} 期已经开始，尚无分区：./ortoo partition --cut")
    for fault in wrong:
        print(f"PARTITION-FAULT {fault}")
    return 1 if wrong else 0


def _edge(index: int | None) -> str:
    return "1" if index is None else f"{index:,}"


def _line(partition: Partition) -> str:
    open_end = "（敞开 open）" if partition.end is None else ""
    span = "空" if partition.first_seq is None else _span(partition)
    return (
        f"{partition.period:<7} {partition.rows:>12,} 件  {span}"
        f"  {partition.size_bytes / 1_048_576:,.1f} MB{open_end}"
    )


def _span(partition: Partition) -> str:
    return (
        f"第 {partition.first_seq:,}—{partition.last_seq:,} 号"
        f"  {_day(partition.first_at)} 至 {_day(partition.last_at)} 收到"
    )


def _day(at_ms: int | None) -> str:
    from django.utils import timezone

    zone = timezone.get_default_timezone()
    return dt.datetime.fromtimestamp((at_ms or 0) / 1000, zone).date().isoformat()
