"""`./ortoo pack`: definition packs 定义包, from the publisher's and from the operator's chair.

key FILE --name NAME            a publisher's key (made once), and the line others trust it by
build FOLDER --key FILE         list and sign the files of a folder
verify FOLDER [--publishers F]  whether a trusted publisher signed exactly these files
load FOLDER                     make its versions known here; nothing is activated
list                            packs loaded here, their versions, and since when each is in force
activate CODE VERSION --from DAY --filer PARTY [--kind procedure]
"""

from __future__ import annotations

import os
import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from ortoo.kernel.threads.packs import Pack

OPERATOR = "account:operator"
USAGE = {
    "key": "./ortoo pack key FILE --name bureau.region.example",
    "build": "./ortoo pack build FOLDER --key FILE",
    "verify": "./ortoo pack verify FOLDER",
    "load": "./ortoo pack load FOLDER",
    "activate": "./ortoo pack activate CODE VERSION --from 2027-01-02 --filer PARTY",
}


def run(given: argparse.Namespace) -> int:
    """Run one action; 1 when it was refused, 2 when words are missing."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ortoo.site.settings")
    wanted = {"list": 0, "activate": 2}.get(given.action, 1)
    if len(given.what) != wanted:
        return _usage(given)
    from ortoo.kernel.filings.refusal import Refused
    from ortoo.kernel.seal.signer import SignerError

    try:
        return ACTIONS[given.action](given) or 0
    except (Refused, SignerError) as error:
        remedy = getattr(error, "remedy", "")
        print(f"{error.message}{remedy}（{error.code}）", file=sys.stderr)
        return 1


def _usage(given: argparse.Namespace) -> int:
    print(f"用法 usage：{USAGE.get(given.action, './ortoo pack list')}", file=sys.stderr)
    return 2


def key(given: argparse.Namespace) -> int | None:
    """Make a publisher's key, or show the public line of one that is there."""
    from ortoo.kernel.seal.keystore import write_private
    from ortoo.kernel.seal.note import VerifierKey
    from ortoo.kernel.seal.signer import Ed25519Signer

    if not given.name:
        return _usage(given)
    path = Path(given.what[0])
    if path.exists():
        signer = Ed25519Signer.from_private_bytes(path.read_bytes())
    else:
        signer = Ed25519Signer.generate()
        write_private(path, signer.private_bytes())
        print(f"已生成私钥 {path}，请妥善保管，勿入定义包。 (key made)", file=sys.stderr)
    print(VerifierKey(given.name, signer.public_bytes))
    return None


def build(given: argparse.Namespace) -> int | None:
    """List and sign."""
    from ortoo.kernel.seal.signer import Ed25519Signer
    from ortoo.kernel.threads import packs

    if not given.key:
        return _usage(given)
    signer = Ed25519Signer.from_private_bytes(Path(given.key).read_bytes())
    _shown(packs.build(Path(given.what[0]), signer), "已签名 signed")
    return None


def verify(given: argparse.Namespace) -> None:
    """Whether it may be loaded here, without loading it."""
    _shown(_read(given), "核验通过 verified")


def load(given: argparse.Namespace) -> None:
    """Make its versions known to this installation."""
    _prepared()
    from ortoo.kernel.threads import packs_known

    pack = _read(given)
    loaded = packs_known.load(pack)
    _shown(pack, "已装入 loaded")
    for one in loaded.new:
        print(f"  新增 new      {_named(one.kind, one.code, one.version)}")
    for one in loaded.known:
        print(f"  已有 known    {_named(one.kind, one.code, one.version)}")
    print("装入不等于启用；启用请用 ./ortoo pack activate。正在运行的服务请重新启动。")


def listed(given: argparse.Namespace) -> int | None:
    """Packs kept here; 1 where one cannot be used any more."""
    _prepared()
    from ortoo.kernel.threads import packs_store
    from ortoo.kernel.threads.packs_behaviour import activated_since
    from ortoo.kernel.threads.packs_definitions import definitions

    faults = 0
    for one in packs_store.kept(packs_store.home()):
        if one.pack is None:
            faults += 1
            print(f"✗ {one.fault}")
            continue
        _shown(one.pack, "定义包 pack")
        for each in definitions(one.pack.files):
            family = "form" if each.kind == "record" else each.kind
            since = activated_since(family, each.code, each.version) if each.version else "—"
            said = f"自 {since}" if since else "未启用 inactive"
            print(f"  {said:18} {_named(each.kind, each.code, each.version)}")
    return 1 if faults else None


def activate(given: argparse.Namespace) -> int | None:
    """File that a version is in force from a day on."""
    code, version = given.what
    try:
        from_day = date.fromisoformat(given.from_day or "")
        number = int(version)
    except ValueError:
        return _usage(given)
    if not given.filer:
        return _usage(given)
    _prepared()
    from ortoo.kernel.filings.clock import now_ms
    from ortoo.kernel.threads import packs_known

    receipt = packs_known.activate(
        code=code, version=number, from_day=from_day, filer=given.filer, actor=OPERATOR,
        now_ms=now_ms(), kind=given.kind,
    )  # fmt: skip
    print(f"{code} 第 {number} 版自 {from_day} 起启用，回执 {receipt.number}。 (activated)")
    return None


def _prepared() -> None:
    from ortoo.site.operations import inspection

    inspection._prepared()
    from ortoo.kernel.threads import packs_known

    packs_known.load_kept()


def _read(given: argparse.Namespace) -> Pack:
    import django

    django.setup()
    from ortoo.kernel.threads import packs, packs_store

    path = Path(given.publishers) if given.publishers else None
    return packs.read(Path(given.what[0]), packs_store.trusted_publishers(path))


def _shown(pack: Pack, verdict: str) -> None:
    print(f"{verdict}：{pack.title}（{pack.head.made}，{len(pack.files)} 个文件）")
    print(f"  {pack.digest.hex()}")


def _named(kind: str, code: str, version: int) -> str:
    return f"{kind:10} {code}" + (f" v{version}" if version else "")


ACTIONS: dict[str, Callable[[argparse.Namespace], int | None]] = {
    "key": key,
    "build": build,
    "verify": verify,
    "load": load,
    "list": listed,
    "activate": activate,
}
