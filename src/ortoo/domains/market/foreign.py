"""境外市场: a file of outside prices becomes filings of its source, with its own bytes kept."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ortoo.connectors.price_files import (
    MarketMonth,
    Profile,
    Reading,
    Reject,
    market_months,
    profile_of,
    read,
)
from ortoo.connectors.price_files.reject import EXCLUDED, REASONS
from ortoo.domains.market.services import SYSTEM, ForeignMonth, file_foreign
from ortoo.kernel.filings.draft import Draft, Original
from ortoo.kernel.filings.projection import catch_up
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.filings.write import file
from ortoo.kernel.forms import registry
from ortoo.kernel.grants.selectors import today
from ortoo.kernel.parties.models import Party
from ortoo.kernel.places.load import load

ORGANISATIONS: Mapping[str, str] = {"ORG-WFP": "世界粮食计划署（WFP）"}
"""Names of the sources whose profiles ship; another profile's source bears its title."""

_MEDIA = {
    ".csv": "text/csv",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@dataclass(frozen=True, slots=True)
class ImportOutcome:
    """What became of a file: `total` = `accepted` + `rejected` records.

    `filed` new filings, `known` that an earlier run had filed; both count markets × months and are
    zero in a dry run. `reasons`: code → how many. `sha256`: of the file's bytes, as the sender
    would compute it.
    """

    profile: Profile
    sha256: str
    total: int
    accepted: int
    rejects: tuple[Reject, ...]
    months: int
    filed: int
    known: int
    dry_run: bool

    @property
    def rejected(self) -> int:
        return len(self.rejects)

    @property
    def reasons(self) -> Mapping[str, int]:
        return dict(Counter(reject.code for reject in self.rejects))

    def lines(self, examples: int = 5) -> list[str]:
        """The outcome in words, rejects by reason with the first lines of each."""
        told = [
            f"{self.profile.title}：共 {self.total} 条，接收 {self.accepted} 条，"
            f"未接收 {self.rejected} 条；{self.months} 个市场月份，"
            + ("试读，未入库。" if self.dry_run else f"新报 {self.filed}，已有 {self.known}。")
        ]
        for code, count in sorted(self.reasons.items()):
            told.append(
                f"  {'略过' if code in EXCLUDED else '退回'} {count} 条 {code} {REASONS[code][0]}"
            )
            shown = [found for found in self.rejects if found.code == code][:examples]
            told += [f"    {found}" for found in shown if not found.excluded]
        return told


def import_prices(
    path: str | Path, profile: str | Profile, *, dry_run: bool, now_ms: int
) -> ImportOutcome:
    """Read a price file by a profile and file what it says, one filing a market and month.

    A second run of the same file files nothing new. Raises Refused FILE-MISSING, IMPORT-FORM, and
    what the profile or the file's header raise (ProfileError, UnreadableFile).
    """
    where = Path(path)
    if not where.is_file():
        raise Refused("FILE-MISSING", f"没有文件 {where.name}。", "请核对路径。", 404)
    chosen = profile if isinstance(profile, Profile) else profile_of(profile)
    _require_form(chosen)
    data = where.read_bytes()
    reading = read(data, chosen, today=today(now_ms))
    months = market_months(reading)
    new = known = 0
    if months and not dry_run:
        _register(chosen, months, now_ms)
        media = _MEDIA.get(where.suffix.lower(), "application/octet-stream")
        receipts = file_foreign(
            source=chosen.filer,
            actor=SYSTEM,
            months=[
                ForeignMonth(month.place, month.period, month.currency, month.prices)
                for month in months
            ],
            original=Original(data, media, where.name),
            now_ms=now_ms,
        )
        known = sum(receipt.duplicate for receipt in receipts)
        new = len(receipts) - known
    return _outcome(reading, data, len(months), (new, known), dry_run)


def _outcome(
    reading: Reading, data: bytes, months: int, counts: tuple[int, int], dry_run: bool
) -> ImportOutcome:
    return ImportOutcome(
        profile=reading.profile,
        sha256=hashlib.sha256(data).hexdigest(),
        total=reading.total,
        accepted=len(reading.rows),
        rejects=reading.rejects,
        months=months,
        filed=counts[0],
        known=counts[1],
        dry_run=dry_run,
    )


def _require_form(profile: Profile) -> None:
    """The profile must fill a form of foreign markets, with items that form has."""
    if profile.form != "FOREIGN-M1":
        raise Refused(
            "IMPORT-FORM",
            f"对照文件填的是 {profile.form}，导入只收境外市场价格月报表 FOREIGN-M1。",
            "请改对照文件 profile.form。",
        )
    form = registry.get(profile.form)
    unknown = sorted({item for item, _ in profile.commodities.values()} - set(form.leaf_index))
    if unknown:
        raise Refused(
            "IMPORT-ITEM",
            f"表式 {form.code} 没有品种 {'、'.join(unknown)}。",
            "请改对照文件 commodities。",
        )


def _register(profile: Profile, months: Sequence[MarketMonth], now_ms: int) -> None:
    """File the source and its markets into the register, those not yet known there."""
    parties = [_party(profile.filer, organisation(profile), profile.country)]
    pack = load("foreign")
    seen: dict[str, str] = {month.place: month.market for month in months}
    for code, name in sorted(seen.items()):
        place = pack.get(code)
        parties.append(_party(code, place.zh if place else name, code))
    known = set(
        Party.objects.filter(code__in=[party["code"] for party in parties]).values_list(
            "code", flat=True
        )
    )
    new = [party for party in parties if party["code"] not in known]
    if not new:
        return
    said = json.dumps(new, ensure_ascii=False, sort_keys=True).encode()
    key = f"foreign-parties:{hashlib.sha256(said).hexdigest()[:32]}"
    file(Draft("K-PARTY", SYSTEM, SYSTEM, key, {"parties": new}, now_ms), now_ms=now_ms)
    catch_up()


def organisation(profile: Profile) -> str:
    """The source organisation's name, for the register and the pages that show its figures."""
    return ORGANISATIONS.get(profile.filer, profile.title)


def _party(code: str, name: str, place: str) -> dict[str, str]:
    return {"code": code, "kind": "source", "name": name, "place": place}
