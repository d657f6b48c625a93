"""What an alert is called where only its thread is known: 「满洲里市蔬菜脱销」."""

from __future__ import annotations

from ortoo.domains.market.alerts import tables
from ortoo.kernel.places.active import active_pack

_BY_LETTER = {code[0].upper(): word for code, word in tables.SORTS.items()}


def title_of(place: str, case: str) -> str:
    """Place, goods and sort of a case S.VE.W2026-11-14; the case itself where it is not such."""
    pack = active_pack()
    letter, _, rest = case.partition(".")
    code = rest.partition(".")[0]
    goods = {one.code: one.title for rule in tables.rules() for one in rule.goods}
    if letter not in _BY_LETTER or code not in goods:
        return case
    name = pack[place].zh if place in pack else place
    return f"{name}{goods[code]}{_BY_LETTER[letter]}"
