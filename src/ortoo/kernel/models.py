"""Every table of the kernel, gathered for Django; each is defined beside the word it serves."""

from __future__ import annotations

from ortoo.kernel.duties.models import Duty
from ortoo.kernel.filings.models import Filing, LogTail, Original, ProjectionCursor
from ortoo.kernel.forms.models import ReturnDraft
from ortoo.kernel.grants.models import AccessEntry, Account, Grant, LoginAttempt, RecoveryCode
from ortoo.kernel.parties.models import Contact, ListMember, Party
from ortoo.kernel.postings.models import BalanceSnapshot, Posting
from ortoo.kernel.relay.models import Outbox
from ortoo.kernel.seal.models import Checkpoint, Leaf, Sealed
from ortoo.kernel.seal.nodes import LogNode
from ortoo.kernel.threads.models import ThreadEntry

__all__ = [
    "AccessEntry",
    "Account",
    "BalanceSnapshot",
    "Checkpoint",
    "Contact",
    "Duty",
    "Filing",
    "Grant",
    "Leaf",
    "ListMember",
    "LogNode",
    "LogTail",
    "LoginAttempt",
    "Original",
    "Outbox",
    "Party",
    "Posting",
    "ProjectionCursor",
    "RecoveryCode",
    "ReturnDraft",
    "Sealed",
    "ThreadEntry",
]
