"""Writes of grants 授权 and accounts. What a login may do is filed; the login is operational.

Every function is keyword-only and names its actor by scope; each filing ends in `file_many`.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, transaction

from ortoo.kernel.filings.behaviour import canonical
from ortoo.kernel.filings.draft import Draft, Receipt
from ortoo.kernel.filings.projection import catch_up
from ortoo.kernel.filings.read import get
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.filings.write import file_many
from ortoo.kernel.grants.models import Account, Grant, RecoveryCode
from ortoo.kernel.grants.roles import RESPONDENTS, ROLES, conflict, may_recover
from ortoo.kernel.grants.rules import LOGIN, grant_id
from ortoo.kernel.grants.scope import RULE, Scope
from ortoo.kernel.grants.selectors import places_of, roles_of, today
from ortoo.kernel.parties.models import Party

CODE_DIGITS = 8
CODE_MINUTES = 30
CODE_TRIES = 5
SAFE_LINES = 900


@dataclass(frozen=True, slots=True)
class NewGrant:
    """A grant about to be filed. Days are days in force; `valid_to` None is open."""

    login: str
    party: str
    role: str
    place: str
    valid_from: date
    basis: str
    valid_to: date | None = None
    forms: tuple[str, ...] = ("*",)

    @property
    def id(self) -> str:
        """Its name within the login: the same role, place and first day replace each other."""
        return grant_id(self.role, self.place, self.valid_from.isoformat())

    @property
    def key(self) -> str:
        return f"{self.login}|{self.id}"

    def body(self) -> dict[str, object]:
        """Body of the K-GRANT filing."""
        return {
            "grant": self.id,
            "login": self.login,
            "party": self.party,
            "role": self.role,
            "place": self.place,
            "forms": list(self.forms),
            "from": self.valid_from.isoformat(),
            "to": self.valid_to.isoformat() if self.valid_to else "",
            "basis": self.basis,
        }


@dataclass(frozen=True, slots=True)
class NewAccount:
    """An account about to be made. `password` None: nobody can log in by password yet."""

    login: str
    party: str
    display_name: str
    password: str | None = None
    demo: bool = False


def grant(*, by: Scope, new: NewGrant, now_ms: int) -> Receipt:
    """File one grant. See `grant_many`."""
    return grant_many(by=by, grants=[new], now_ms=now_ms)[0]


def grant_many(*, by: Scope, grants: Sequence[NewGrant], now_ms: int) -> list[Receipt]:
    """File grants together, all or none; they are in force for scopes when this returns.

    Raises Refused: SCOPE-… (outside the granter's places), GRANT-SELF, GRANT-LOGIN, GRANT-PARTY,
    GRANT-APART (administrator and auditor combined with figures), and BODY-INVALID.
    """
    _check_grants(by, grants, today(now_ms))
    before = _standing(new.key for new in grants)
    drafts = [_grant_draft(by, new.body(), before.get(new.key), now_ms) for new in grants]
    receipts = file_many(drafts, now_ms=now_ms)
    catch_up()
    return receipts


def revoke(*, by: Scope, login: str, grant: str, reason: str, now_ms: int) -> Receipt:
    """Take a grant back from today on, with a reason; it stays on the record.

    Raises Refused GRANT-UNKNOWN, REASON-NEEDED, SCOPE-….
    """
    row = Grant.objects.filter(key=f"{login}|{grant}").first()
    if row is None:
        message = f"账号 {login} 没有授权「{grant}」。"
        raise Refused("GRANT-UNKNOWN", message, "请刷新授权列表。", 404)
    if not reason.strip():
        raise Refused("REASON-NEEDED", "收回授权必须写明原因。", "请填写原因后再提交。")
    if login == by.login:
        raise Refused("GRANT-SELF", "不能变更自己的授权。", "请由另一名管理员办理。", 403, RULE)
    _require_manager(by, row.place or _place_of(row.party), row.role)
    body = {
        "grant": grant,
        "login": login,
        "party": row.party,
        "role": row.role,
        "place": row.place,
        "forms": row.forms.split(),
        "from": row.valid_from,
        "to": (today(now_ms) - timedelta(days=1)).isoformat(),
        "basis": reason,
    }
    receipt = file_many([_grant_draft(by, body, row.seq, now_ms)], now_ms=now_ms)[0]
    catch_up()
    return receipt


def _check_grants(by: Scope, grants: Sequence[NewGrant], on: date) -> None:
    logins = {new.login for new in grants}
    parties = _account_parties(logins)
    held = roles_of(logins, on=on)
    for new in grants:
        if new.login == by.login:
            raise Refused("GRANT-SELF", "不能给自己授权。", "请由另一名管理员办理。", 403, RULE)
        if new.login not in parties:
            raise Refused("GRANT-LOGIN", f"没有账号「{new.login}」。", "请先建立账号。", 404)
        if new.role in RESPONDENTS and parties[new.login] != new.party:
            raise Refused(
                "GRANT-PARTY",
                f"账号 {new.login} 不属于主体 {new.party}。",
                "统计员只能为本单位报送；请为该单位另建账号，或由审核员代录。",
                409,
                RULE,
            )
        _require_manager(by, new.place or _place_of(new.party), new.role)
        other = conflict(held[new.login], new.role)
        if other:
            raise Refused(
                "GRANT-APART",
                f"账号 {new.login} 已是{ROLES[other].zh}，不能兼任{_title(new.role)}。",
                "管理员、审计员须与业务岗位分设；请为该岗位另建账号。",
                409,
                "GB/T 22239—2019 8.1.4",
            )
        held[new.login] |= {new.role}


def _title(role: str) -> str:
    return ROLES[role].zh if role in ROLES else role


def _require_manager(by: Scope, place: str, role: str) -> None:
    """The granter's places must hold the grant's; administrators are made from above."""
    by.require("manage_grants", place=place)
    top = role in ("operator", "auditor") and any(
        hold.place == place and hold.role == "operator" for hold in by.holds
    )
    if top:
        raise Refused(
            "GRANT-PEER",
            f"本级管理员不能任命或撤换本级{_title(role)}。",
            "请由上级管理员办理；最高一级在服务器上用命令行办理。",
            403,
            RULE,
        )


def _account_parties(logins: Iterable[str]) -> dict[str, str]:
    wanted, found = sorted(logins), {}
    for start in range(0, len(wanted), SAFE_LINES):
        chunk = wanted[start : start + SAFE_LINES]
        found.update(Account.objects.filter(login__in=chunk).values_list("login", "party"))
    return found


def _standing(keys: Iterable[str]) -> dict[str, int]:
    """Log index of the last filing under each grant's name."""
    wanted, found = sorted(set(keys)), {}
    for start in range(0, len(wanted), SAFE_LINES):
        chunk = wanted[start : start + SAFE_LINES]
        found.update(Grant.objects.filter(key__in=chunk).values_list("key", "seq"))
    return found


def _place_of(party: str) -> str:
    return str(Party.objects.filter(code=party).values_list("place", flat=True).first() or "")


def _grant_draft(by: Scope, body: dict[str, object], before: int | None, now_ms: int) -> Draft:
    """The same statement after another one is a new filing: the key carries what it follows."""
    standing = get(before) if before else None
    own = standing is not None and standing.filer == by.party
    digest = hashlib.sha256(canonical(body)).hexdigest()[:32]
    return Draft(
        form="K-GRANT",
        filer=by.party,
        actor=by.actor,
        key=f"K-GRANT:{digest}:{before or 0}",
        body=body,
        said_at=now_ms,
        subject=f"account:{body['login']}",
        place=str(body["place"]),
        supersedes=before if own else None,
        annuls=before if before and not own else None,
        reason=str(body["basis"]) if before else "",
    )


def create_account(
    *, login: str, party: str, display_name: str, password: str | None = None, demo: bool = False
) -> Account:
    """Make one account. Raises Refused ACCOUNT-LOGIN, ACCOUNT-TAKEN, PASSWORD-WEAK."""
    new = NewAccount(login, party, display_name, password, demo)
    _check_account(new)
    try:
        with transaction.atomic():
            account: Account = Account.objects.create(**_account_fields(new))
    except IntegrityError:
        message = f"登录名「{login}」已被使用。"
        raise Refused("ACCOUNT-TAKEN", message, "请换一个登录名。", 409) from None
    return account


def create_accounts(*, accounts: Sequence[NewAccount]) -> int:
    """Make many accounts at once; logins that already exist are left as they are."""
    for new in accounts:
        _check_account(new)
    before = Account.objects.count()
    Account.objects.bulk_create(
        [Account(**_account_fields(new)) for new in accounts], ignore_conflicts=True
    )
    return int(Account.objects.count() - before)


def _check_account(new: NewAccount) -> None:
    if not LOGIN.match(new.login) or new.login.upper() == "SYSTEM":
        raise Refused(
            "ACCOUNT-LOGIN",
            f"登录名「{new.login}」不合规则。",
            "用 2–60 位小写字母、数字或 . _ @ -，以字母或数字开头。",
        )
    if new.password is not None:
        check_password_rules(new.password, new.login)


def check_password_rules(password: str, *about: str) -> None:
    """Raise Refused PASSWORD-WEAK naming every rule of the settings that the password breaks."""
    from django.contrib.auth.password_validation import validate_password
    from django.core.exceptions import ValidationError

    problems: list[str] = []
    try:
        validate_password(password)
    except ValidationError as error:
        problems += error.messages
    if any(word and word.casefold() in password.casefold() for word in about):
        problems.append("密码不能包含登录名。")
    if problems:
        raise Refused("PASSWORD-WEAK", "".join(problems), "请换一个更长、更不易猜到的密码。")


def _account_fields(new: NewAccount) -> dict[str, object]:
    return {
        "login": new.login,
        "party": new.party,
        "display_name": new.display_name,
        # make_password(None) gives a hash that no password matches.
        "password": make_password(new.password),
        "demo": new.demo,
    }


def set_password(*, account: Account, password: str) -> None:
    """Change a password; every session made with the old one ends (its hash no longer matches)."""
    check_password_rules(password, account.login)
    account.set_password(password)
    account.must_change_password = False
    account.save(update_fields=["password", "must_change_password"])


def issue_recovery_code(*, reviewer_scope: Scope, login: str, now_ms: int) -> str:
    """Let a locked-out login in again: returns a one-time code, shown once; the issue is filed.

    The code has 8 digits, lives 30 minutes, works once and dies after 5 wrong tries; a new code
    ends the older ones. Raises Refused RECOVERY-LOGIN (also for logins outside the scope, so that
    the answer does not tell which exist), SCOPE-VERB.
    """
    account = _recoverable(reviewer_scope, login, today(now_ms))
    code = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}d}"
    expires_at = now_ms + CODE_MINUTES * 60_000
    file_many(
        [_recovery_draft(reviewer_scope, account, "code", (now_ms, expires_at))], now_ms=now_ms
    )
    with transaction.atomic():
        RecoveryCode.objects.filter(login=login, used_at=None).update(used_at=now_ms)
        RecoveryCode.objects.create(
            login=login, code_hash=make_password(code), issued_at=now_ms, expires_at=expires_at
        )
    return code


def reset_second_factor(*, by: Scope, login: str, now_ms: int) -> Receipt:
    """Forget a lost second factor: filed, and the login enrols anew when it next logs in.

    Raises Refused SCOPE-VERB, RECOVERY-LOGIN.
    """
    by.require("manage_accounts")
    account = _recoverable(by, login, today(now_ms))
    draft = _recovery_draft(by, account, "second_factor", (now_ms, now_ms))
    receipt = file_many([draft], now_ms=now_ms)[0]
    Account.objects.filter(pk=account.pk).update(totp_secret="", totp_last_step=0)
    return receipt


def _recoverable(by: Scope, login: str, on: date) -> Account:
    by.require("issue_recovery_code")
    account: Account | None = Account.objects.filter(login=login, is_active=True).first()
    if account is not None and login != by.login:
        places = places_of(account, on=on)
        holds = [h for h in by.holds if "issue_recovery_code" in ROLES[h.role].verbs]
        for hold in holds:
            if places and places <= hold.reach:
                roles = roles_of([login], on=on)[login]
                lower = hold.place not in places
                if may_recover(frozenset({hold.role}), roles, lower=lower):
                    return account
    raise Refused(
        "RECOVERY-LOGIN",
        f"在您的范围内没有可由您发码的账号「{login[:60]}」。",
        "核对登录名；同级审核员和管理员的账号由上级办理，本人账号请用修改密码。",
        404,
        RULE,
    )


def _recovery_draft(by: Scope, account: Account, kind: str, span: tuple[int, int]) -> Draft:
    issued_at, expires_at = span
    place = _place_of(account.party)
    return Draft(
        form="K-RECOVERY",
        filer=by.party,
        actor=by.actor,
        key=f"K-RECOVERY:{account.pk}:{secrets.token_hex(12)}",
        body={
            "login": account.login,
            "party": account.party,
            "place": place,
            "kind": kind,
            "expires_at": expires_at,
        },
        said_at=issued_at,
        subject=f"account:{account.login}",
        place=place,
    )
