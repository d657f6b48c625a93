"""The arguments of each command; nothing is imported for them but the parser."""

from __future__ import annotations

import argparse


def listen(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--host", default="127.0.0.1", help="监听地址 address to listen on (127.0.0.1)"
    )
    parser.add_argument("--port", type=_port, default=8000, help="端口 port (8000)")


def demo(parser: argparse.ArgumentParser) -> None:
    listen(parser)
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


def serve(parser: argparse.ArgumentParser) -> None:
    listen(parser)
    parser.add_argument("--workers", type=_count, default=2, help="进程数 worker processes (2)")


def test(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--slow", action="store_true", help="包括慢测试 run the slow tests too")
    parser.add_argument(
        "--database",
        choices=("sqlite", "postgresql"),
        default="sqlite",
        help="在哪种数据库上运行 which database to run on",
    )
    parser.add_argument(
        "--no-lint", action="store_true", help="只运行 pytest，不做静态检查 pytest only, no linters"
    )


def check(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "path", nargs="*", help="只检查这些文件或文件夹 only definitions under these paths"
    )
    parser.add_argument("--json", action="store_true", help="输出 JSON print findings as JSON")
    parser.add_argument(
        "--once", action="store_true", help="逐表列出一次填报率 print each form's once-only ratio"
    )


def procedure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "name",
        metavar="NAME",
        nargs="?",
        help="规程代码、代码@版本或文件 a code, code@version or file",
    )
    parser.add_argument("--svg", metavar="FILE", help="写成可打印的 SVG write a printable SVG")
    parser.add_argument("--check", action="store_true", help="只校验这一个规程 check this one only")


def rebuild(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--compare-only", action="store_true", help="只比对，不替换 compare, do not swap"
    )


def verify(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--checkpoint", metavar="FILE", help="另存的检查点文件 a checkpoint kept elsewhere"
    )


def import_(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "what",
        choices=["prices", "till", "market"],
        help="外部价格、收银导出、批发市场结算导出 outside prices, a till's or a market's export",
    )
    parser.add_argument("file", metavar="FILE", help="CSV 或 XLSX 文件 a CSV or XLSX file")
    feed = parser.add_argument_group("till、market")
    feed.add_argument("--firm", metavar="CODE", help="企业的统一社会信用代码 whose return")
    feed.add_argument("--form", metavar="FORM", help="表式，如 SCJC-W1 the form")
    feed.add_argument("--period", metavar="PERIOD", help="报告期，如 W2026-11-14 the period")
    feed.add_argument(
        "--as", dest="login", metavar="LOGIN", help="以哪个账号办理 the account that acts"
    )
    feed.add_argument(
        "--confirm",
        action="store_true",
        help="确认读出的列和有把握的商品 confirm columns as read and articles beyond doubt",
    )
    feed.add_argument("--json", action="store_true", help="输出 JSON print one JSON object")
    parser.add_argument(
        "--profile",
        default="wfp",
        help="对照文件：名称或 .toml 路径 a profile's name or path (wfp)",
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="只校验并列出问题，什么也不保存 read and report only"
    )
    parser.add_argument(
        "--rejects", metavar="FILE", help="把未接收的行写入此 CSV write the rejected lines here"
    )


def keys(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "action",
        choices=("list", "rotate", "revoke", "compromised", "resign", "rewrap", "settle"),
    )
    parser.add_argument("id", nargs="?", help="密钥号或个人内部编号 key id or person's reference")
    parser.add_argument("--reason", help="原因 why")
    parser.add_argument(
        "--since", metavar="TIME", help="失密起始时间 since when, e.g. 2026-11-20T08:00+08:00"
    )
    parser.add_argument("--algorithm", choices=("ed25519", "sm2"))
    parser.add_argument(
        "--checkpoint", metavar="FILE", help="另存的检查点 a checkpoint kept elsewhere"
    )


def disclosure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="出示文件 a disclosure")
    parser.add_argument(
        "--key",
        metavar="KEYFILE",
        required=True,
        help="存证日志公钥，每行一个 the log's public keys, one a line",
    )


def pack(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "action",
        choices=["activate", "build", "key", "list", "load", "verify"],
        help="做什么 what to do",
    )
    parser.add_argument(
        "what", nargs="*", metavar="WHAT", help="文件夹，或代码与版本 a folder, or code and version"
    )
    parser.add_argument("--key", metavar="FILE", help="发布单位的私钥文件 the publisher's key")
    parser.add_argument("--name", help="发布单位的密钥名 the publisher's name")
    parser.add_argument("--publishers", metavar="FILE", help="信任名单 trusted publishers")
    parser.add_argument("--from", dest="from_day", metavar="DAY", help="启用日期 first day")
    parser.add_argument("--filer", help="启用单位的主体代码 the party that activates")
    parser.add_argument("--kind", default="form", choices=["form", "procedure"])


def partition(parser: argparse.ArgumentParser) -> None:
    """Arguments of `partition`."""
    parser.add_argument(
        "--cut",
        nargs="?",
        const="",
        metavar="PERIOD",
        help="切分已开始的一期 cut the period that has begun, e.g. 2027 or 2027q1",
    )
    parser.add_argument("--json", action="store_true", help="输出 JSON print as JSON")


def bench(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "name", metavar="NAME", nargs="?", help="基准名称 which bench, as in docs/benchmarks.md"
    )
    parser.add_argument("--json", action="store_true", help="只输出一个 JSON one JSON object only")
    parser.add_argument("--size", help="规模，按各基准的说明 how large, in the bench's own words")
    parser.add_argument("--data", metavar="PATH", help="同格式的其他数据 other data, same format")
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--quick", action="store_true", help="45 秒内的规模 ends within 45 s")


def backup(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", metavar="DIR", help="备份文件夹 the folder of the backup")
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        "--since-last", action="store_true", help="续写上一段以后的报件 what was filed since"
    )
    what.add_argument("--check", action="store_true", help="只核对已有备份 re-read and verify it")


def restore(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", metavar="DIR", help="备份文件夹 the folder of the backup")
    parser.add_argument("--into", metavar="HOME", required=True, help="恢复到 an empty home folder")
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--to-seq", type=int, metavar="N", help="到第 N 号为止 up to log index N")
    where.add_argument("--to-time", metavar="ISO", help="到此时刻为止 up to a moment, ISO 8601")
    parser.add_argument("--reason", help="原因，写入恢复报件 why, stated on the log")
    parser.add_argument("--key", metavar="KEY", help="另存的日志公钥 the log's public key")
    parser.add_argument(
        "--replace", action="store_true", help="原数据改名保留 set existing data aside first"
    )
    parser.add_argument(
        "--rehearse", action="store_true", help="演练：不写恢复报件 file nothing, a rehearsal"
    )
    parser.add_argument(
        "--despite-findings", action="store_true", help="核对有误也恢复 even if verify finds faults"
    )


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
