"""The order of the review queue: probability that a cell is wrong × what it does to the figure.

Effect is the selective-editing item score |weight × (returned − predicted)| ÷ the office's
estimate (`algorithms.editing.selective`; predicted: the suggested value, else the firm's past
carried along with its class). A return that is wrong as a whole takes the combination of its five
weightiest cells (Minkowski, p = 2). A reason the firm gave halves the probability of what it
explains; 「正常」 and the like explain nothing. A soft rule that no detector supports comes last.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import IntEnum

import msgspec
import numpy as np

from ortoo.algorithms.editing.detection import WHOLE
from ortoo.algorithms.editing.diagnosis import PRICE
from ortoo.algorithms.editing.selective import MOST_ITEMS, combined
from ortoo.domains.market.editing.findings import Said
from ortoo.domains.market.editing.words import is_boilerplate
from ortoo.kernel.filings import read

EXPLAINED = 0.5
"""Of the probability that is left where a real reason was given."""
SURE = 0.95
SUPPORTED, ALONE = 0.05, 0.01
"""Probabilities of a soft rule's cell that a classical edit marks too, and of one alone."""


class Tier(IntEnum):
    """What a cell of the queue rests on; the lower ones come after all of the higher."""

    FOUND = 0
    SUPPORTED = 1
    RULE_ALONE = 2


class _Marks(msgspec.Struct):
    """The part of a body that holds the firm's reasons."""

    marks: dict[str, str] = {}
    notes: dict[str, str] = {}


_BODY = msgspec.json.Decoder(_Marks)


def reasons_of(seqs: Iterable[int]) -> dict[int, Mapping[str, str]]:
    """By filing, the reasons given by row: "item" → all words said of it."""
    found: dict[int, Mapping[str, str]] = {}
    for seq, row in read.bodies(seqs).items():
        said = _BODY.decode(row.body)
        rows: dict[str, dict[str, None]] = {}
        for key, text in said.marks.items():
            rows.setdefault(key.partition(":")[2], {})[text] = None
        for key, text in said.notes.items():
            rows.setdefault(key.partition(".")[0], {})[text] = None
        # One reason is often given to several rules of a row.
        found[seq] = {item: "；".join(texts) for item, texts in rows.items()}
    return found


def strength(said: Said, reason: str) -> float:
    """The finding's probability in view of the firm's reason for that row.

    Reasons speak of prices that moved. What the figures themselves contradict almost surely (a
    value ten thousand times too large) no reason explains.
    """
    given = [part for part in reason.split("；") if not is_boilerplate(part)]
    if not given or said.column != PRICE or said.strength >= SURE or said.kind in WHOLE:
        return said.strength
    return said.strength * EXPLAINED


def whole_return(shares: Sequence[float]) -> float:
    """Score of a return from its cells' shares: the weightiest five, Minkowski p = 2."""
    top = sorted(shares, reverse=True)[:MOST_ITEMS]
    if not top:
        return 0.0
    return float(combined(np.array([top]), "minkowski")[0])
