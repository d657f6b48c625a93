"""Who may do what: every verb and every role 角色 in one table. Pure data."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Reach(StrEnum):
    """What a verb is measured against: the login's own party, places that report to it, nothing."""

    OWN = "own"
    PLACES = "places"
    ANYWHERE = "anywhere"


@dataclass(frozen=True, slots=True)
class Verb:
    """One thing a login may do, in the words of its screens, and against what it is measured."""

    code: str
    zh: str
    reach: Reach


@dataclass(frozen=True, slots=True)
class Role:
    """A role: its name, its verbs, and whether log-in needs a second factor in production."""

    code: str
    zh: str
    en: str
    verbs: frozenset[str]
    second_factor: bool = False
    grantable: bool = True

    @property
    def needs_place(self) -> bool:
        """True where the role is worth nothing without a place whose 报送关系 bounds it."""
        return any(VERBS[verb].reach is Reach.PLACES for verb in self.verbs)


def _verbs(reach: Reach, words: dict[str, str]) -> dict[str, Verb]:
    return {code: Verb(code, zh, reach) for code, zh in words.items()}


VERBS: dict[str, Verb] = {
    **_verbs(
        Reach.OWN,
        {
            "file_return": "报送本单位报表",
            "reply_query": "答复核实",
            "confirm_assisted": "确认代录",
            "read_own": "查看本单位报件",
            "read_own_access": "查看谁查阅过本单位",
        },
    ),
    **_verbs(
        Reach.PLACES,
        {
            "read_unit_figures": "查看企业数据",
            "read_unreviewed": "查看未审核数据",
            "read_aggregates": "查看未作保密处理的汇总数据",
            "read_contacts": "查看统计员姓名和电话",
            "review": "本期审核",
            "query": "发核实",
            "send_back": "退回",
            "accept": "审核通过",
            "chase": "催报",
            "file_assisted": "代录",
            "request_flash": "发急报",
            "run_campaign": "开展专项监测",
            "manage_lists": "调整样本企业名录",
            "open_period": "开放报告期",
            "publish": "发布",
            "issue_recovery_code": "发一次性登录码",
            "manage_accounts": "管理账号",
            "manage_grants": "管理授权",
            "read_access_log": "查看查阅日志",
        },
    ),
    **_verbs(Reach.ANYWHERE, {"read_published": "查看已发布数据", "verify_seal": "验证存证"}),
}

_OPEN = frozenset({"read_published", "verify_seal"})
_OWN = frozenset(code for code, verb in VERBS.items() if verb.reach is Reach.OWN) | _OPEN
_SEE = frozenset({"read_unit_figures", "read_unreviewed", "read_aggregates"})
_REVIEW = (
    _SEE
    | _OPEN
    | {
        "read_contacts",
        "review",
        "query",
        "send_back",
        "accept",
        "chase",
        "file_assisted",
        "request_flash",
        "issue_recovery_code",
        "read_own",
        "read_own_access",
    }
)
_LEAD = _REVIEW | {"manage_lists", "publish", "run_campaign"}

ROLES: dict[str, Role] = {
    role.code: role
    for role in (
        Role("clerk", "企业统计员", "Respondent's clerk", _OWN),
        Role("banner_reviewer", "旗县审核员", "Banner reviewer", _REVIEW, True),
        Role("league_reviewer", "盟市审核员", "League reviewer", _LEAD, True),
        Role("region_reviewer", "自治区审核员", "Region reviewer", _LEAD | {"open_period"}, True),
        Role("region_reader", "自治区查阅员", "Region reader", _OPEN | {"read_aggregates"}, True),
        # No figure of anybody: separation of administrator and data (GB/T 22239 8.1.4).
        Role(
            "operator",
            "系统管理员",
            "Operator",
            _OPEN | {"manage_accounts", "manage_grants", "issue_recovery_code"},
            True,
        ),
        # Sees everything inside its places and the access log, writes nothing, sees no person.
        Role("auditor", "审计员", "Auditor", _SEE | _OPEN | {"read_access_log"}, True),
        Role("source", "外部数据源", "Foreign source", _OPEN | {"file_return", "read_own"}),
        Role("public", "公众", "Public", _OPEN, grantable=False),
        Role(
            "system",
            "系统",
            "System party",
            _OPEN | {"manage_accounts", "manage_grants", "open_period"},
            grantable=False,
        ),
    )
}

REVIEWERS = frozenset({"banner_reviewer", "league_reviewer", "region_reviewer"})
RESPONDENTS = frozenset({"clerk", "source"})
SECOND_FACTOR = frozenset(code for code, role in ROLES.items() if role.second_factor)
_APART = frozenset({"operator", "auditor"})


def conflict(held: frozenset[str], wanted: str) -> str:
    """The role among `held` that one login may not combine with `wanted`, or "".

    Administrator and auditor stand apart from each other and from every role that works with
    figures (三权分立, GB/T 22239-2019 8.1.4).
    """
    others = sorted(held - {wanted})
    if wanted in _APART:
        return others[0] if others else ""
    return next((role for role in others if role in _APART), "")


def may_recover(by: frozenset[str], target: frozenset[str], *, lower: bool) -> bool:
    """Whether roles `by` may let a locked-out login with roles `target` in again.

    A reviewer helps respondents, and reviewers of offices strictly under hers (`lower`): a code for
    an equal would be a way into a colleague's name. The operator helps every office but never
    another operator or auditor.
    """
    if target & _APART:
        return False
    if "operator" in by:
        return True
    return bool(by & REVIEWERS) and (target <= RESPONDENTS or lower)
