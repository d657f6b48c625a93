"""后市判断 proposed from forecasts: in words only, for a person to keep, change or empty."""

from __future__ import annotations

from collections.abc import Iterable

from ortoo.domains.market.bulletins.sections import RETAIL
from ortoo.kernel.grants.scope import Scope

LEAD = "预计"
MOST_NAMES = 5
MOST = 300


def proposed(scope: Scope, place: str, period: str) -> str:
    """«预计下期黄瓜、菠菜小幅上涨；牛肉（腿肉）基本平稳。» of the run made from this very period;
    "" where there is none or no series has shown skill."""
    from ortoo.domains.market.forecasts import selectors
    from ortoo.kernel.forms import registry

    run = selectors.newest(RETAIL)
    if run is None or run.period.code != period:
        return ""
    names = {leaf.code: leaf.name["zh"] for leaf in registry.get(RETAIL).leaves}
    found = selectors.table(scope, RETAIL, place)
    return sentence((names[one.item], one.words) for one in found if one.words)


def sentence(said: Iterable[tuple[str, str]]) -> str:
    """(name, «预计小幅上涨») → one sentence without any number; the commonest words first."""
    groups: dict[str, list[str]] = {}
    for name, words in said:
        if not any(sign.isdigit() or sign in "%％" for sign in name + words):
            groups.setdefault(words.removeprefix(LEAD), []).append(name)
    parts = [
        "、".join(names[:MOST_NAMES]) + ("等" if len(names) > MOST_NAMES else "") + words
        for words, names in sorted(groups.items(), key=lambda pair: (-len(pair[1]), pair[0]))
    ]
    text = ""
    for part in parts:
        longer = f"{text}；{part}" if text else f"{LEAD}下期{part}"
        if len(longer) < MOST:
            text = longer
    return text + "。" if text else ""
