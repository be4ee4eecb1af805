"""Reading what providers posted (`provider_hooks`): the mails in it, and what became of mails of ours.

It happens in jobs, on bytes that were proved to be the provider's. The mails themselves are anybody's: they are taken out
whole and stored as mail of their own, to be read like all other mail, in a confined process and with Retry.
"""

from __future__ import annotations

import copy
import hashlib
import logging
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from anymail.signals import AnymailInboundEvent, AnymailTrackingEvent, EventType

from trustdesk.channels import addresses, post, provider_hooks
from trustdesk.channels.provider_bytes import ProviderMessage
from trustdesk.channels.provider_hooks import Hook
from trustdesk.net.http import HttpFailed

KIND = "anymail:"
EVENTS = 5_000  # in one hook
MAIL = "mail"  # kind of what a mail is stored as

log = logging.getLogger(__name__)


class HookUnreadable(Exception):
    """A hook that no reader makes sense of; `code` says why. Trying again does not help."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code[:64]


@dataclass(frozen=True, slots=True)
class ProviderMail:
    """One mail that a provider brought. What it thinks of the mail is no proof of who sent it."""

    content: bytes  # RFC 5322
    as_given: bool  # the sender's own bytes; otherwise put together again, so that no DKIM signature can hold
    recipients: tuple[str, ...] = ()  # of the envelope; () where the provider does not say
    sender: str | None = None  # MAIL FROM; None: not said
    spam: bool | None = None  # what the provider thinks; None: it does not say
    authserv_id: str = ""  # of the provider, where the operator trusts it to check DMARC


@dataclass(frozen=True, slots=True)
class ProviderReceipt:
    """What became of one mail of ours."""

    message_id: str  # what the provider called it when it took it: Delivery.provider_id
    recipient: str
    state: str  # delivered, bounced, complained, rejected or deferred
    hard: bool  # of bounced and rejected: for good
    status: str  # enhanced status code (RFC 3463), or the provider's word for why
    at: datetime | None


def is_hook(kind: str) -> bool:
    """Say whether a stored thing of this kind is a provider's hook."""
    return kind.startswith(KIND)


def events(claimed: post.Claimed) -> list[ProviderMail | ProviderReceipt]:
    """Read one hook, in its order. Raises HookUnreadable, or HttpFailed where what it only names cannot be fetched now."""
    try:
        hook = Hook.kept(claimed.envelope, claimed.content)
        endpoint = provider_hooks.find(hook.provider, hook.about)
    except (KeyError, TypeError):
        raise HookUnreadable("envelope") from None
    if endpoint is None:
        raise HookUnreadable("provider_off")  # its settings are gone; Retry once they are back
    try:
        provider_hooks.sane_json(hook)
        view = copy.copy(endpoint.views[0])
        found = [each for each in view.parse_events(provider_hooks.rebuilt(hook)) if each is not None]
        if len(found) > EVENTS:
            raise HookUnreadable("too_many_events")
        return [one for event in found for one in _translated(event, endpoint.authserv_id)]
    except HookUnreadable:
        raise
    except HttpFailed as failure:
        if not failure.permanent:
            raise
        raise HookUnreadable(f"fetch_{failure.reason}") from None
    except Exception as error:  # noqa: BLE001  a view's own failure; its text may hold what was posted
        raise HookUnreadable(type(error).__name__) from None


def unpack(claimed: post.Claimed) -> list[ProviderReceipt]:
    """Store the mails of one hook as mails, each once, and return its receipts. Raises as `events`.

    After that the hook itself may be called processed: at a second time the same mails are known.
    """
    found = events(claimed)
    mails = [one for one in found if isinstance(one, ProviderMail)]
    if mails:
        post.store([_raw(mail, claimed) for mail in mails])
    return [one for one in found if isinstance(one, ProviderReceipt)]


def _raw(mail: ProviderMail, claimed: post.Claimed) -> post.Raw:
    # One that was sent to two of our addresses comes twice; both are stored, and whoever reads them knows the mail again.
    name = "\0".join([*mail.recipients, post.moment(mail.content, claimed.received_at)])
    mark = hashlib.sha256(name.encode("utf-8", "replace") + b"\0" + mail.content).hexdigest()
    route = next((found for one in mail.recipients if (found := addresses.route(one))), None)
    return post.Raw(
        inbox_id=route.ours.inbox_id if route else claimed.inbox_id,
        kind=MAIL,
        source=f"{claimed.envelope['provider']}:{mark}",
        content=mail.content,
        envelope={
            "recipients": list(mail.recipients),
            "sender": mail.sender,
            "provider": claimed.envelope["provider"],
            "as_given": mail.as_given,
            "spam": mail.spam,
            "authserv_id": mail.authserv_id,
        },
        received_at=claimed.received_at,
    )


def _translated(event: Any, authserv_id: str) -> Iterator[ProviderMail | ProviderReceipt]:
    if isinstance(event, AnymailInboundEvent):
        yield _mail(event, authserv_id)
    elif isinstance(event, AnymailTrackingEvent):
        if event.event_type in _STATES:
            yield _receipt(event)
    else:
        raise HookUnreadable("event")


def _mail(event: Any, authserv_id: str) -> ProviderMail:
    message = event.message
    if not isinstance(message, ProviderMessage):
        raise HookUnreadable("no_mail")
    recipient = _word(message.envelope_recipient)
    return ProviderMail(
        content=message.rfc5322(),
        as_given=bool(message.raw),
        recipients=(recipient,) if recipient else (),
        sender=_word(message.envelope_sender) if message.envelope_sender is not None else None,
        spam=message.spam_detected if isinstance(message.spam_detected, bool) else None,
        authserv_id=authserv_id,
    )


# What became of our mails -------------------------------------------------------------------------------------------

_STATES = {
    EventType.DELIVERED: "delivered",
    EventType.BOUNCED: "bounced",
    EventType.COMPLAINED: "complained",
    EventType.REJECTED: "rejected",
    EventType.FAILED: "rejected",
    EventType.DEFERRED: "deferred",
}
_STATUS = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")
_KINDS = ("event", "type", "Type", "eventType", "bounceType", "bounce_type", "severity", "bounce_class")
_SOFT = ("soft", "transient", "temporary", "undetermined")


def _receipt(event: Any) -> ProviderReceipt:
    state = _STATES[event.event_type]
    answers = " ".join(str(one) for one in (event.mta_response, event.description) if one)[:2000]
    stated = _field(event.esp_event, ("status", "enhanced-code"))
    status = next((one[1] for text in (stated, answers) if (one := _STATUS.search(text))), "")
    return ProviderReceipt(
        message_id=_word(event.message_id)[:200],
        recipient=_word(event.recipient)[:320].lower(),
        state=state,
        hard=state in ("bounced", "rejected") and not status.startswith("4") and not _is_soft(event),
        status=status or _word(event.reject_reason)[:40],
        at=event.timestamp if isinstance(event.timestamp, datetime) else None,
    )


def _is_soft(event: Any) -> bool:
    """Say whether the provider calls a bounce one that may pass; django-anymail has one word for both."""
    said = f"{_field(event.esp_event, _KINDS)} {event.description or ''}".casefold()
    return any(word in said for word in _SOFT)


def _field(whole: Any, names: Sequence[str], depth: int = 3) -> str:
    """Gather the values of fields by these names, from some levels of what a provider posted."""
    found = []
    if hasattr(whole, "items"):
        for name, value in list(whole.items())[:200]:
            if isinstance(value, str | int) and name in names:
                found.append(str(value)[:200])
            elif depth:
                found.append(_field(value, names, depth - 1))
    return " ".join(one for one in found if one)


def _word(value: object) -> str:
    return "".join(char for char in str(value or "").strip() if char.isprintable())
