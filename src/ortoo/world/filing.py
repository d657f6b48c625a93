"""How a period's truth becomes the returns that reach a bureau: times, silence, slips, devices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ortoo.world.calendar import days_from_festival
from ortoo.world.calibration import facts, item_facts, load, remoteness
from ortoo.world.devices import devices
from ortoo.world.draw import pick_weighted, stream
from ortoo.world.planted import Planted, number, per_jin_rows
from ortoo.world.records import BLANK, NIL_LETTERS, Correction, Firm, WorldItem
from ortoo.world.returns import correct, minute
from ortoo.world.sheets import FormReturns, FormTruth
from ortoo.world.slips import SLIP_KINDS, Columns, FormSheet
from ortoo.world.world import World

_AFTER_FEAST = (0, 17)


@dataclass(frozen=True, slots=True)
class Custom:
    """How one form is filed: ``clock`` and ``slips`` name tables of ``forms.toml``."""

    clock: str
    slips: str
    columns: Columns
    key: int = 0   # tells forms of one clock apart in the draw


def jin_rows(items: Sequence[WorldItem]) -> NDArray[np.bool_]:
    """Rows one may think of per 斤; [item]."""
    return per_jin_rows(tuple(known.packs for known in item_facts(items)))


def _came(
    world: World, truth: FormTruth, firms: Sequence[Firm], custom: Custom,
    rng: np.random.Generator,
) -> tuple[NDArray[np.bool_], NDArray[np.int32], list[tuple[str, str]]]:
    """(reported [firm], minutes from the deadline [firm], late reasons)."""
    rules, habits = load("forms.toml")[custom.clock], facts()["reliability"]
    low, high = _AFTER_FEAST
    feast = "feast_" if low <= days_from_festival(truth.end) <= high else ""
    at = {place.code: index for index, place in enumerate(world.ground.banners)}
    felt = world.ground.shocks.effects_on(truth.end)
    late = np.array([habits[f.reliability][feast + "late"] + felt.late[at[f.place]]
                     for f in firms])
    missing = np.array([habits[f.reliability][feast + "missing"] * rules["silent"]
                        + felt.missing[at[f.place]] for f in firms])
    silent, tardy = rng.random(len(firms)) < missing, rng.random(len(firms)) < late
    offsets, reasons = np.zeros(len(firms), dtype=np.int32), []
    for row, firm in enumerate(firms):
        window = "after" if tardy[row] else "close" if firm.reliability == "late" else "before"
        moment, cause = minute(rng, rules[window]), pick_weighted(
            rng, load("forms.toml")["late"]["reasons"])
        if not silent[row]:
            offsets[row] = moment
            if tardy[row]:
                reasons.append((firm.code, cause))
    return ~silent, offsets, reasons


def _planted(
    truth: FormTruth, event: int, row: int, kind: str, sheet: FormSheet
) -> list[Planted]:
    """Every cell of a firm's sheet that no longer says what was true."""
    values, nil = truth.values[row], truth.nil[row]
    changed = np.argwhere((values != sheet.values) | (nil != sheet.nil))
    return [
        Planted(
            event, truth.firms[row], truth.start, truth.items[item], truth.measures[at].code, kind,
            number(values[item, at], nil[item, at]),
            number(sheet.values[item, at], sheet.nil[item, at]),
            NIL_LETTERS[nil[item, at]], NIL_LETTERS[sheet.nil[item, at]],
        )
        for item, at in changed
    ]


def _earlier(truth: FormTruth, before: FormTruth | None, row: int) -> tuple | None:
    if before is None or truth.firms[row] not in before.firms or before.items != truth.items:
        return None
    at = before.firms.index(truth.firms[row])
    return before.values[at], before.nil[at]


def file(
    world: World, truth: FormTruth, before: FormTruth | None, custom: Custom,
    per_jin: NDArray[np.bool_],
) -> FormReturns:
    """The returns of one period: ``truth`` with its ``before`` (None: nothing to copy from).

    ``per_jin`` bool [item]. The same arguments always give the same returns.
    """
    rng = stream(world.ground.seed, f"file-{truth.form}", truth.start.toordinal(), custom.key)
    known = {firm.code: firm for firm in world.respondents}
    firms = [known[code] for code in truth.firms]
    reported, offsets, reasons = _came(world, truth, firms, custom, rng)
    values, nil = truth.values.copy(), truth.nil.copy()
    habits, rules = facts()["reliability"], load("forms.toml")
    chance = np.array([habits[firm.reliability]["slip"] for firm in firms])
    hit = np.flatnonzero((rng.random(len(firms)) < chance * rules[custom.clock]["often"])
                         & reported)
    planted: list[Planted] = []
    mended: list[Correction] = []
    for event, row in enumerate(hit.tolist()):
        kind = pick_weighted(rng, rules["slips"][custom.slips])
        sheet = FormSheet(values[row], nil[row], _earlier(truth, before, row), per_jin,
                          custom.columns, rng)
        SLIP_KINDS[kind](sheet)
        cells = _planted(truth, event, row, kind, sheet)
        later = correct(rng, firms[row].code, event, int(offsets[row]))
        planted += cells
        if cells and later:
            mended.append(later)
    places = {place.code: place for place in world.ground.banners}
    far = np.array([remoteness(places[firm.place]) for firm in firms])
    assisted = reported & (rng.random(len(firms)) < facts()["clock"]["assisted"] * 2 * far)
    values[~reported], nil[~reported] = 0, BLANK
    return FormReturns(
        truth.form, truth.start, truth.end, truth.firms, truth.items, truth.measures, values, nil,
        reported, offsets, assisted, devices(world, firms, reported, assisted), tuple(planted),
        tuple(mended), tuple(reasons),
    )
