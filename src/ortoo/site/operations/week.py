"""What stands in one simulated week, and what each of its people would now say."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from ortoo.domains.market import services
from ortoo.domains.market.assisted import PAPER
from ortoo.domains.market.world import Doubt, SimulatedReturn, SimulatedWeek
from ortoo.kernel.filings.draft import Draft, Receipt
from ortoo.kernel.forms import registry
from ortoo.kernel.forms.body import GridBody
from ortoo.kernel.forms.periods import Period
from ortoo.kernel.forms.record_filing import draft_record
from ortoo.kernel.threads.periodic import office_thread, return_thread
from ortoo.site.operations.cast import Cast
from ortoo.site.operations.timeline import Note

HOUR_MS = 3_600_000

QUESTIONS = {
    "R7": "价格约为上期的两倍或一半，是否斤与公斤混用？请核对。",
    "R8": "与上期约差十倍或百倍，是否小数点错位？请核对。",
    "R9": "销售量约差一千倍，是否吨与公斤混用？请核对。",
    "R10": "销售额是否把元填成了万元？请核对。",
    "R2": "价格超出常见范围，请核对计量单位和小数点。",
    "R4": "销售额除以销售量与均价不符，请核对。",
}
PLAIN_QUESTION = "本期价格与上期或同业相差较大，请核对规格和单位，并说明情况。"
ANSWERS = ("已与门店核对，情况属实。", "本周促销，价格属实。", "规格更换所致，下周恢复。")
CALLED = "来电人：企业统计员。网络中断，电话报数，逐项复述核对无误。"
WAIVED = ("本期歇业盘点，免报一期。", "道路中断、门店停业，免报一期。")


@dataclass(frozen=True, slots=True)
class Use:
    """From which simulated device a return came."""

    seq: int
    party: str
    device: str
    assisted: bool
    at_ms: int


@dataclass
class Week:
    """What stands in one week so far."""

    cast: Cast
    simulated: SimulatedWeek
    chains: dict[str, list[str]]
    rng: random.Random
    places: dict[str, str]
    effective: dict[str, int] = field(default_factory=dict)
    grids: dict[str, GridBody] = field(default_factory=dict)
    asked: dict[str, int] = field(default_factory=dict)
    sent_back: set[str] = field(default_factory=set)
    accepted: dict[str, dict[str, int]] = field(default_factory=dict)
    waived: set[str] = field(default_factory=set)
    uses: list[Use] = field(default_factory=list)
    assisted: dict[str, int] = field(default_factory=dict)

    @property
    def form(self) -> str:
        return self.simulated.form

    @property
    def period(self) -> Period:
        return self.simulated.period

    def key(self, *words: object) -> str:
        # The weekly return's keys are those that history has, whoever files it first.
        own = () if self.form == self.cast.region.form.code else (self.form,)
        return ":".join(("demo", self.period.code, *own, *map(str, words)))[:80]

    def matter(self, party: str) -> dict[str, object]:
        return {"form": self.form, "period": self.period.code, "party": party}

    # --- the firms ------------------------------------------------------------------------

    def files(self, filed: SimulatedReturn, at_ms: int) -> Iterator[tuple[Draft, Note]]:
        code, place = filed.firm.code, filed.firm.place
        if code not in self.chains or code in self.effective or code in self.waived:
            return
        office = self.cast.agencies[self.chains[code][0]]
        draft = Draft(
            form=self.form,
            filer=code,
            actor=self.cast.actor(office if filed.assisted else code),
            mode="assisted" if filed.assisted else "own",
            key=self.key("return", code, 1),
            body=filed.grid,
            said_at=at_ms,
            period=self.period.code,
            subject=code,
            place=place,
            reason=self._reason(filed, at_ms),
        )
        stands = self._now_stands(code, filed.grid)

        def note(receipt: Receipt) -> None:
            stands(receipt)
            if filed.assisted:
                self.assisted[code] = receipt.seq
            if filed.device:
                use = Use(receipt.seq, code, filed.device, filed.assisted, at_ms)
                self.uses.append(use)

        yield draft, note
        if filed.assisted:
            yield self._paper(filed, office, at_ms), lambda _: None

    def _paper(self, filed: SimulatedReturn, office: str, at_ms: int) -> Draft:
        """The evidence of an assisted entry: here always the note of a call."""
        code = filed.firm.code
        body = {
            "form": self.form, "period": self.period.code, "firm": code, "how": "phone",
            "note": CALLED,
        }  # fmt: skip
        draft = Draft(
            form=PAPER,
            filer=office,
            actor=self.cast.actor(office),
            key=self.key("paper", code),
            body=body,
            said_at=at_ms,
            period=self.period.code,
            subject=return_thread(self.form, self.period.code, code),
            place=filed.firm.place,
        )
        return draft_record(draft, now_ms=at_ms)

    def confirms(self, code: str, at_ms: int) -> Iterator[tuple[Draft, Note]]:
        """The firm says that what its office entered is what it stated."""
        if code in self.effective and self.effective[code] == self.assisted.get(code):
            body = {**self.matter(code), "target": self.effective[code], "text": ""}
            yield self._said("K-CONFIRM", code, code, body, at_ms), lambda _: None

    def _reason(self, filed: SimulatedReturn, at_ms: int) -> str:
        late = filed.late_reason if at_ms > self.simulated.due_ms else ""
        # The simulated firms are entered by telephone, so the evidence is the note of the call.
        return "；".join(filter(None, ("代录：来电登记" if filed.assisted else "", late)))

    def corrects(
        self, code: str, grid: GridBody, reason: str, at_ms: int
    ) -> Iterator[tuple[Draft, Note]]:
        if code not in self.effective:
            return
        before = self.effective[code]
        place = self.places[code]
        draft = Draft(
            form=self.form,
            filer=code,
            actor=self.cast.actor(code),
            key=self.key("return", code, "after", before),
            body=grid,
            said_at=at_ms,
            period=self.period.code,
            subject=code,
            place=place,
            supersedes=before,
            reason=reason,
        )
        yield draft, self._now_stands(code, grid)

    def _now_stands(self, code: str, grid: GridBody) -> Note:
        def note(receipt: Receipt) -> None:
            self.effective[code] = receipt.seq
            self.grids[code] = grid
            self.asked.pop(code, None)
            self.sent_back.discard(code)

        return note

    def answers(self, code: str, at_ms: int) -> Iterator[tuple[Draft, Note]]:
        if code not in self.asked:
            return
        text = self.rng.choice(ANSWERS)
        body = {**self.matter(code), "query": self.asked[code], "text": text}

        def note(_: Receipt) -> None:
            self.asked.pop(code, None)

        yield self._said("K-REPLY", code, code, body, at_ms), note

    # --- the offices ----------------------------------------------------------------------

    def asks(self, code: str, doubt: Doubt | None, at_ms: int) -> Iterator[tuple[Draft, Note]]:
        if code not in self.effective or code in self.asked:
            return
        office = self.chains[code][0]
        doubt = doubt or self._widest(code)
        body = {
            **self.matter(code),
            "target": self.effective[code],
            "office": office,
            "due_at": at_ms + services.ANSWER_HOURS * HOUR_MS,
            "cells": [{"item": doubt.item, "measure": doubt.measure}],
            "question": doubt.question or QUESTIONS.get(doubt.rule, PLAIN_QUESTION),
        }

        def note(receipt: Receipt) -> None:
            self.asked[code] = receipt.seq

        yield self._said("K-QUERY", self.cast.agencies[office], code, body, at_ms), note

    def _widest(self, code: str) -> Doubt:
        """A cell the firm itself had to explain, else the first one."""
        form = registry.get(self.form)
        for key in self.grids[code].marks:
            rule, _, item = key.partition(":")
            if item in form.leaf_index and rule in ("R3", "R6"):
                return Doubt(code, item, form.principal.code, rule)
        return Doubt(code, form.leaves[0].code, form.principal.code, "")

    def sends_back(self, code: str, at_ms: int) -> Iterator[tuple[Draft, Note]]:
        if code not in self.effective or code in self.asked:
            return
        office = self.chains[code][0]
        body = {
            **self.matter(code),
            "target": self.effective[code],
            "office": office,
            "text": "多行与上期完全相同或错行，请逐行核对后重新报送。",
        }
        draft = self._said("K-SENDBACK", self.cast.agencies[office], code, body, at_ms)
        yield draft, lambda _: self.sent_back.add(code)

    def accepts(
        self, offices: Iterable[str], at_ms: int, *, conclude: bool
    ) -> Iterator[tuple[Draft, Note]]:
        for office in offices:
            done = self.accepted.setdefault(office, {})
            under = [code for code, chain in self.chains.items() if office in chain]
            targets = [
                [code, self.effective[code]]
                for code in under
                if self._ready(code, office) and done.get(code) != self.effective[code]
            ]
            under = [code for code in under if code not in self.waived]
            left = len(under) - len(done.keys() | {code for code, _ in targets})
            if not targets and not (conclude and left):
                continue
            body = {
                "form": self.form,
                "period": self.period.code,
                "office": office,
                "targets": targets,
                "conclude": conclude and left > 0,
                "note": "",
            }
            draft = Draft(
                form="K-ACCEPT",
                filer=self.cast.agencies[office],
                actor=self.cast.actor(self.cast.agencies[office]),
                key=self.key("accept", office, at_ms),
                body=body,
                said_at=at_ms,
                period=self.period.code,
                subject=office_thread(self.form, self.period.code, office),
                place=office,
            )
            yield draft, self._accepted(office, targets)

    def chases(
        self, office: str, at_ms: int, *, phone: str = ""
    ) -> Iterator[tuple[Draft, Note]]:
        """催报 of all who have not filed, or the call to one firm together with its record."""
        late = [c for c, chain in self.chains.items() if chain[:1] == [office]]
        late = [c for c in late if c not in self.effective and c not in self.waived]
        late = [c for c in late if phone in ("", c)]
        if not late:
            return
        agency = self.cast.agencies[office]
        said = {"form": self.form, "period": self.period.code, "office": office}
        shared = {"filer": agency, "actor": self.cast.actor(agency), "said_at": at_ms,
                  "place": office}  # fmt: skip
        if phone:
            spoke = self.rng.choice((("clerk", "promised"), ("finance", "staff"),
                                     ("nobody", "unreached")))  # fmt: skip
            body = {**said, "party": phone, "called_at": at_ms, "spoke_with": spoke[0],
                    "outcome": spoke[1]}  # fmt: skip
            call = Draft(form="MON-CALL", key=self.key("call", phone, at_ms), body=body,
                         subject=phone, **shared)  # type: ignore[arg-type]  # fmt: skip
            yield draft_record(call, now_ms=at_ms), lambda _: None
        body = {**said, "parties": late, "channel": "phone" if phone else "copied", "text": ""}
        yield Draft(
            form="K-CHASE", key=self.key("chase", office, at_ms, phone), body=body,
            period=self.period.code,
            subject=office_thread(self.form, self.period.code, office),
            **shared,  # type: ignore[arg-type]
        ), lambda _: None  # fmt: skip

    def waives(self, code: str, at_ms: int) -> Iterator[tuple[Draft, Note]]:
        """免报 of a firm that has said nothing."""
        if code in self.effective or code in self.waived:
            return
        office = self.chains[code][0]
        body = {**self.matter(code), "office": office, "text": self.rng.choice(WAIVED),
                "lifted": False}  # fmt: skip
        draft = self._said("K-WAIVE", self.cast.agencies[office], code, body, at_ms)
        yield draft, lambda _: self.waived.add(code)

    def _ready(self, code: str, office: str) -> bool:
        """Filed, nothing open on it, and accepted by the office below where there is one."""
        if code not in self.effective or code in self.asked or code in self.sent_back:
            return False
        chain = self.chains[code]
        at = chain.index(office)
        return at == 0 or self.accepted.get(chain[at - 1], {}).get(code) == self.effective[code]

    def _accepted(self, office: str, targets: list[list[object]]) -> Note:
        def note(_: Receipt) -> None:
            self.accepted[office].update({str(code): int(str(seq)) for code, seq in targets})

        return note

    def _said(
        self, form: str, filer: str, party: str, body: dict[str, object], at_ms: int
    ) -> Draft:
        return Draft(
            form=form,
            filer=filer,
            actor=self.cast.actor(filer),
            key=self.key(form, party, at_ms),
            body=body,
            said_at=at_ms,
            period=self.period.code,
            subject=party,
        )
