"""What providers posted, dealt with: mails become mail like any other, and each delivery learns what became of it."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime

from trustdesk.channels import outbox, post, provider_mail
from trustdesk.channels.post import Claimed
from trustdesk.channels.provider_mail import HookUnreadable, ProviderReceipt
from trustdesk.conversations import returned_mail

log = logging.getLogger(__name__)


def deal_with(hooks: Sequence[Claimed], *, now: datetime) -> None:
    """Read hooks, each by itself; one that cannot be read is put aside for staff."""
    for one in hooks:
        try:
            _deal_with(one, now)
        except HookUnreadable as reason:
            log.warning("hook %s is unreadable: %s", one.id, reason.code)
            post.unreadable(one.id, reason=reason.code, now=now)
        except Exception as error:  # noqa: BLE001  it belongs to this one hook; its text may hold what was posted
            log.warning("hook %s could not be read: %s", one.id, type(error).__name__)
            post.failed(one, reason=type(error).__name__[:64], now=now)


def _deal_with(one: Claimed, now: datetime) -> None:
    receipts = provider_mail.unpack(one)
    # A provider may be faster than the process that notes what it called the mail. Others' mail leaves through it, too.
    if one.attempts < post.ATTEMPTS and not all(outbox.knows(provider_id=each.message_id) for each in receipts):
        post.failed(one, reason="unknown_mail", now=now)
        return
    case = None
    for receipt in receipts:
        case = _note(receipt, now) or case
    # Its mails are kept as mails. What is shredded of one, because it held a secret, must not be left here.
    post.processed({one.id: case}, now=now, shred=[one.id])


def _note(receipt: ProviderReceipt, now: datetime) -> int | None:
    """Note one receipt, and say it in its case where staff should know; return the case."""
    named = receipt.message_id
    if receipt.state == "delivered":
        delivery = outbox.delivered(provider_id=named, now=now)
    elif receipt.state == "complained":
        delivery = outbox.complained(provider_id=named, now=now)
    elif receipt.state in ("bounced", "rejected"):
        delivery = outbox.bounced(
            provider_id=named, hard=receipt.hard, status=receipt.status, now=now, recipient=receipt.recipient
        )
    else:  # deferred: the provider goes on trying
        return None
    if delivery is None or delivery.conversation_id is None:
        return None
    if receipt.state == "complained":
        returned_mail.say_complained(delivery, now=now)
    elif receipt.state != "delivered":
        returned_mail.say_bounced(
            delivery, hard=receipt.hard, status=receipt.status, reason=receipt.state, now=now, to=receipt.recipient
        )
    return delivery.conversation_id
