"""`./ortoo demo`: prepare a simulated region in a folder of its own, then serve it."""

from __future__ import annotations

import contextlib
import datetime as dt
import fcntl
import json
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    import argparse

    from ortoo.kernel.forms.definition import Form
    from ortoo.kernel.forms.periods import Period
    from ortoo.site.operations.cast import Cast

CHECKOUT = Path(__file__).resolve().parents[4]
MARKER, TRUTH, LOCK = "demo.json", "truth.jsonl", "demo.lock"
OURS = ("data", "keys", "static", "lake", "till-export", MARKER, TRUTH, "demo-clock.json")
FORM = "SCJC-W1"
WEEKS, SMALL_WEEKS, SMALL_SAMPLE = 13, 3, 24
MORNING_MIN = 80
"""Minutes before the deadline at which the reader arrives."""
HOUR_MS = 3_600_000


def run(arguments: argparse.Namespace) -> int:
    """The command; 0 when it was stopped by hand, 1 when it could not begin."""
    home = Path(os.environ.get("ORTOO_HOME") or CHECKOUT / "var" / "demo").resolve()
    os.environ["ORTOO_HOME"], os.environ["ORTOO_MODE"] = str(home), "demo"
    home.mkdir(parents=True, exist_ok=True)
    with _alone(home) as alone:
        if not alone:
            print(f"另一个演示正在使用 {home}；请先停止它，或用 ORTOO_HOME 另指一个文件夹。")
            return 1
        from ortoo.site.operations import serving

        address = serving.Address(arguments.host, arguments.port)
        if not arguments.no_serve and not serving.is_free(address):
            return 1
        if not _ready(home, arguments):
            return 1
        if arguments.no_serve:
            return 0
        return serving.run(address, _greeting(address.url, home))


@contextlib.contextmanager
def _alone(home: Path) -> Iterator[bool]:
    """True while no other demonstration works in this folder."""
    held: IO[str]
    with (home / LOCK).open("a") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield False
            return
        yield True


def marker(home: Path) -> dict[str, Any]:
    """What the demonstration in a folder is: seed, size, its morning, and whether it is whole."""
    path = home / MARKER
    return dict(json.loads(path.read_text())) if path.exists() else {}


def _ready(home: Path, arguments: argparse.Namespace) -> bool:
    """Data are there when this returns True."""
    known = marker(home)
    if not known and ((home / "data").exists() or os.environ.get("ORTOO_DATABASE")):
        print(f"{home} 中的数据不是演示生成的，不会改动；请用 ORTOO_HOME 另指一个空文件夹。")
        return False
    if known and (arguments.fresh or not known.get("complete")):
        _clear(home)
        known = {}
    if known and (arguments.seed, arguments.small) != (known["seed"], known["small"]):
        print("沿用已有的演示数据；要按新的参数重新生成，请加 --fresh。")
    import django

    if not known:
        _write_marker(home, {"seed": arguments.seed, "small": arguments.small, "complete": False})
    django.setup()
    from ortoo.kernel.filings.refusal import Refused
    from ortoo.site import demo_clock
    from ortoo.site.operations import upgrade

    try:
        upgrade.bring_up(serving=not arguments.no_serve, say=print)
    except Refused as refused:
        print(f"{refused.message}{refused.remedy}（{refused.code}）")
        return False

    if known:
        demo_clock.resume(_newest_ms())
        demo_clock.plug_in()
        _say_counts(home)
        return True
    seed_home(home, seed=arguments.seed, small=arguments.small, say=print)
    _say_counts(home)
    return True


def _clear(home: Path) -> None:
    for name in OURS:
        path = home / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def _write_marker(home: Path, said: dict[str, Any]) -> None:
    (home / MARKER).write_text(json.dumps(said, ensure_ascii=False, indent=1))


def morning(form: Form, zone: str, machine_ms: int) -> tuple[Period, int]:
    """(the period that is due, the moment): the last time before `machine_ms` that a deadline was
    80 minutes ahead: a Monday at 10:40 for a weekly return due at noon."""
    from ortoo.kernel.forms.periods import due_at_ms, period_on, previous_on

    today = dt.datetime.fromtimestamp(machine_ms / 1000, dt.UTC).date()
    period = period_on(form, today)
    while True:
        at = due_at_ms(form, period, zone) - MORNING_MIN * 60_000
        if at <= machine_ms:
            return period, at
        earlier = previous_on(form, period)
        if earlier is None:
            raise ValueError("DEMO-CLOCK 机器时间早于表式施行日")
        period = earlier


def seed_home(
    home: Path,
    *,
    seed: int,
    small: bool,
    say: Callable[[str], object] = lambda line: None,
    machine_ms: int | None = None,
) -> None:
    """File the whole demonstration into a migrated, empty database; writes marker and truth."""
    from ortoo.kernel.filings.projection import catch_up
    from ortoo.kernel.forms import registry
    from ortoo.kernel.places.active import active_pack
    from ortoo.kernel.seal.log import checkpoint
    from ortoo.site import demo_clock

    clock = _Stopwatch(say)
    form, zone = registry.get(FORM), active_pack().head.time_zone
    current, now_ms = morning(form, zone, machine_ms or demo_clock.machine_ms())
    said = {
        "seed": seed, "small": small, "now_ms": now_ms, "period": current.code,
        "weeks": SMALL_WEEKS if small else WEEKS, "complete": False,
    }  # fmt: skip
    _write_marker(home, said)
    cast = _cast_of(said)
    clock.lap(f"模拟世界：{len(cast.region.world.firms)} 家企业，种子 {seed}")
    _file_everything(home, cast, said, clock)
    catch_up()
    clock.lap("汇总表")
    demo_clock.set_now(now_ms)
    demo_clock.plug_in()
    checkpoint(now_ms=now_ms)
    _plan_history(cast)
    _write_marker(home, {**said, "complete": True})
    clock.lap("签署检查点")


def _file_everything(home: Path, cast: Cast, said: dict[str, Any], clock: _Stopwatch) -> None:
    from ortoo.site.operations import cast as casting
    from ortoo.site.operations import programme, story_till

    weeks = tuple(_periods(cast, said))
    setting = programme.Setting(cast, weeks, said["now_ms"], bool(said["small"]))
    count = casting.register(cast, now_ms=programme.began_ms(setting))
    clock.lap(f"登记 {count} 个机构和企业，联系人已加密；名录、账号与授权")
    season = programme.play(setting)
    with (home / TRUTH).open("w", encoding="utf-8") as truth:
        for week in season.weeks.values():
            for cell in week.simulated.truth:
                truth.write(json.dumps(cell, ensure_ascii=False) + "\n")
    clock.lap(f"{len(season.weeks)} 个报告期，{len(weeks)} 周")
    path = story_till.write_file(cast, weeks[-1])
    if path is not None:
        clock.lap(f"收银导出表：{path}")


def _periods(cast: Cast, said: dict[str, Any]) -> list[Period]:
    """The weeks played, oldest first."""
    from ortoo.kernel.forms.periods import parse, previous_on

    found = [parse(said["period"])]
    while len(found) < said["weeks"]:
        earlier = previous_on(cast.region.form, found[-1])
        if earlier is None:
            break
        found.append(earlier)
    return found[::-1]


def first_period(cast: Cast) -> Period:
    """The oldest week that was played; history lies before it."""
    from django.conf import settings

    return _periods(cast, marker(Path(settings.HOME)))[0]


def cast() -> Cast:
    """The cast of this installation's demonstration, made once a process."""
    from django.conf import settings

    said = marker(Path(settings.HOME))
    return _kept_cast(json.dumps(said, sort_keys=True))


@lru_cache(maxsize=1)
def _kept_cast(said: str) -> Cast:
    return _cast_of(json.loads(said))


def _cast_of(said: dict[str, Any]) -> Cast:
    from ortoo.domains.market.world import simulated_region
    from ortoo.kernel.forms import registry
    from ortoo.kernel.forms.periods import parse
    from ortoo.kernel.places.active import active_pack
    from ortoo.site.operations import cast as casting

    pack, period = active_pack(), parse(said["period"])
    small = [code for code in casting.script()["small"] if code in pack]
    region = simulated_region(
        pack,
        registry.get(FORM),
        seed=said["seed"],
        through=period.end,
        places=small if said["small"] and small else None,
        sample=SMALL_SAMPLE if said["small"] else None,
    )
    return casting.assemble(region, current=period.start)


def _plan_history(cast: Cast) -> None:
    from ortoo.site.jobs.history import NAME
    from ortoo.site.jobs.models import Job
    from ortoo.site.operations import history

    total = len(history.periods_before(cast, first_period(cast)))
    title = "补录五年历史周报"
    Job.objects.update_or_create(name=NAME, defaults={"title": title, "total": total})


def _newest_ms() -> int:
    from ortoo.kernel.filings import read

    newest = read.get(read.tail())
    return newest.received_at if newest else 0


def counts() -> dict[str, int]:
    """Filings by form, and rows a reader may ask about."""
    from django.db import connection

    from ortoo.kernel.grants.models import Account

    with connection.cursor() as cursor:
        cursor.execute("SELECT form, COUNT(*) FROM kernel_filing GROUP BY form ORDER BY form")
        found = {str(form): int(count) for form, count in cursor.fetchall()}
        cursor.execute(
            "SELECT COUNT(*) FROM kernel_duty WHERE closed_seq IS NULL AND void_seq IS NULL"
        )
        found["open duties"] = int(cursor.fetchone()[0])
    found["accounts"] = Account.objects.count()
    return found


def _say_counts(home: Path) -> None:
    from ortoo.site import demo_clock

    found = counts()
    print(f"数据在 {home}；演示时钟 {demo_clock.clock_text(demo_clock.now_ms())}")
    print("  " + "，".join(f"{name} {count:,}" for name, count in found.items()))
    sys.stdout.flush()


def _greeting(url: str, home: Path) -> str:
    files = sorted((home / "till-export").glob("*"))
    till = f"本周的收银导出表（供「企业统计员（收银导出）」上传）：{files[0]}\n" if files else ""
    return (
        f"\n请在浏览器中打开 open in a browser:  {url}\n"
        "首页可一键以各种身份登录；五年历史在后台补录，见“任务进度”。Ctrl-C 停止。\n"
        f"{till}"
        "(one-click log-in on the first page; five years of history are filed in the background)"
    )


class _Stopwatch:
    """Says what took how long."""

    def __init__(self, say: Callable[[str], object]) -> None:
        self._say, self._began = say, time.monotonic()

    def lap(self, what: str) -> None:
        now = time.monotonic()
        self._say(f"  {what} … {now - self._began:.1f} 秒")
        self._began = now
