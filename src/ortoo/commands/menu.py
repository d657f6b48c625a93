"""The commands `./ortoo` knows: one record each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ortoo.commands import arguments

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

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


COMMANDS = (
    Command(
        "demo",
        "生成模拟世界并启动网页",
        "make the simulated region and open it in the browser",
        f"{MODULE_NEEDS_DJANGO}:demo",
        arguments.demo,
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
        arguments.serve,
        (Example("./ortoo serve --host 0.0.0.0 --workers 4", "对外服务", "listen to others"),),
    ),
    Command(
        "test",
        "静态检查与全部测试",
        "the linters and the whole test suite",
        "ortoo.commands.suite:run",
        arguments.test,
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
        arguments.check,
        (
            Example("./ortoo check", "校验全部定义", "every definition"),
            Example("./ortoo check my-forms/", "校验某个文件夹", "the definitions of one folder"),
            Example("./ortoo check --once", "逐表列出一次填报率", "how much each form asks anew"),
        ),
    ),
    Command(
        "procedure",
        "列出办理规程，画流程图，或校验",
        "list procedures, draw one or check one",
        "ortoo.commands.procedure:run",
        arguments.procedure,
        (
            Example("./ortoo procedure", "列出全部规程", "every procedure"),
            Example("./ortoo procedure NAME --svg flow.svg", "画成图打印", "a diagram to print"),
            Example("./ortoo procedure my.yaml --check", "校验自己的文件", "check a file of yours"),
        ),
    ),
    Command(
        "rebuild",
        "由报件重算全部读模型并逐行比对",
        "recompute every projection from the filings and compare row by row",
        f"{MODULE_NEEDS_DJANGO}:rebuild",
        arguments.rebuild,
        (Example("./ortoo rebuild --compare-only", "只比对", "compare, change nothing"),),
    ),
    Command(
        "verify",
        "重算存证日志，核对签名的检查点",
        "recompute the log's hashes and check its signed checkpoints",
        f"{MODULE_NEEDS_DJANGO}:verify",
        arguments.verify,
        (Example("./ortoo verify", "核对本库", "this installation's log"),),
    ),
    Command(
        "keys",
        "查看、轮换、吊销密钥，补做未完的删除",
        "list, rotate and revoke keys, finish erasures",
        "ortoo.commands.keys:run",
        arguments.keys,
        (
            Example("./ortoo keys list", "全部签名密钥", "every signing key"),
            Example("./ortoo keys rotate --reason 年度轮换", "轮换", "change the signing key"),
            Example(
                "./ortoo keys revoke 0123456789abcdef --reason 失窃 --since 2026-11-20T08:00+08:00",
                "密钥失窃",
                "a stolen key",
            ),
        ),
    ),
    Command(
        "pack",
        "制作、核验、装入和启用定义包",
        "build, verify, load and activate definition packs",
        "ortoo.commands.pack:run",
        arguments.pack,
        (
            Example("./ortoo pack verify weekly-5", "核验签名", "check a pack's signature"),
            Example("./ortoo pack load weekly-5", "装入，不启用", "load it, activate nothing"),
            Example(
                "./ortoo pack activate SCJC-W1 5 --from 2027-01-02 --filer 11150000",
                "自某日起启用",
                "put a version in force from a day on",
            ),
        ),
    ),
    Command(
        "disclosure",
        "核验出示文件：证明了什么",
        "check a disclosure offline with the log's public key",
        "ortoo.kernel.seal.reading:run",
        arguments.disclosure,
        (
            Example(
                "./ortoo disclosure one.ortoo --key log.key",
                "离线核验，不需数据库",
                "offline, without a database",
            ),
        ),
    ),
    Command(
        "partition",
        "按年（季）列出与切分 PostgreSQL 分区",
        "list the record's partitions on PostgreSQL, cut the next",
        "ortoo.commands.partition:run",
        arguments.partition,
        (Example("./ortoo partition --cut", "切分已开始的一期", "cut the period that has begun"),),
    ),
    Command(
        "backup",
        "备份日志与不能重算的数据",
        "back up the log and what cannot be recomputed",
        f"{MODULE_NEEDS_DJANGO}:back_up",
        arguments.backup,
        (
            Example("./ortoo backup /mnt/backup/2026", "全量备份", "the base"),
            Example("./ortoo backup /mnt/backup/2026 --since-last", "续写", "what was filed since"),
            Example("./ortoo backup /mnt/backup/2026 --check", "核对备份", "verify the backup"),
        ),
    ),
    Command(
        "restore",
        "从备份恢复到任一报件号或时刻",
        "restore a backup to any log index or moment",
        f"{MODULE_NEEDS_DJANGO}:restore_home",
        arguments.restore,
        (
            Example(
                "./ortoo restore /mnt/backup/2026 --into /srv/ortoo --to-time 2026-11-23T12:30",
                "恢复到此时刻",
                "as it stood at that moment",
            ),
            Example(
                "./ortoo restore /mnt/backup/2026 --into /tmp/rehearsal --rehearse",
                "演练",
                "a rehearsal",
            ),
        ),
    ),
    Command(
        "import",
        "导入外部价格表、收银导出或批发市场结算导出",
        "import outside prices, a till's export or a market's settlement",
        f"{MODULE_NEEDS_DJANGO}:import_file",
        arguments.import_,
        (
            Example(
                "./ortoo import prices prices.csv --profile wfp --dry-run",
                "先试读，列出不能接收的行",
                "read only, list what would be refused",
            ),
            Example(
                "./ortoo import till till.xlsx --firm 91150102YY00000017 --form SCJC-W1"
                " --period W2026-11-14 --as clerk --dry-run",
                "收银导出试填，什么也不保存",
                "what a till's file would fill",
            ),
            Example(
                "./ortoo import market settled.csv --firm 91150102YY00000025 --form SCJC-W2"
                " --period W2026-11-14 --as market-clerk",
                "批发市场结算填入草稿，不报送",
                "fill the draft of a market's return, file nothing",
            ),
        ),
    ),
    Command(
        "bench",
        "运行一项基准，输出一个 JSON",
        "run one bench and print one JSON object",
        "ortoo.commands.bench:run",
        arguments.bench,
        (Example("./ortoo bench filing --json --quick", "快速一遍", "a quick pass"),),
        passes_rest=True,
    ),
)
