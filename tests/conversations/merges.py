"""Cases of one customer on several channels, and the agents who merge them."""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta
from typing import Any

from tests import world
from tests.world import NOON
from trustdesk.channels.contract import Inbound
from trustdesk.conversations import intake, merging, public, rulebook
from trustdesk.conversations.intake import Arrival, Received
from trustdesk.conversations.merge_models import MergeRequest
from trustdesk.conversations.models import Conversation
from trustdesk.policy.merging import Fate
from trustdesk.policy.proof import Proof
from trustdesk.staff.permissions import Seat

UID = "7001"
_number = itertools.count(1)


def ticket(
    text: str = "My deposit is missing",
    *,
    uid: str = UID,
    visitor: str = "",
    topic: str = "deposit_missing",
    now: datetime = NOON,
    **more: Any,
) -> Conversation:
    """Let somebody write a ticket: with a signed session of the exchange, or (`visitor`) from a browser nobody vouches for."""
    kind, value = ("visitor", visitor) if visitor else ("uid", uid)
    name = f"ticket:{kind}:{value}:{next(_number)}"
    signed: dict[str, Any] = (
        {} if visitor else {"proof": Proof.SESSION, "proof_until": now + timedelta(minutes=30), "proof_how": "session"}
    )
    inbound = Inbound(
        external_id=name,
        thread=name,
        handle_kind=kind,
        handle=value,
        text=text,
        sent_at=now,
        topic=topic,
        **signed,
        **more,
    )
    return of(intake.receive(messages=[Arrival(rulebook.form_inbox(), inbound)], now=now)[0])


def chat(text: str = "Hello?", *, uid: str = UID, now: datetime = NOON, identity: str = "", **more: Any) -> Received:
    """Let somebody with a signed session write in the chat."""
    inbound = Inbound(
        external_id=f"uid:{uid}:{identity or next(_number)}", thread=f"uid:{uid}", handle_kind="uid", handle=uid, text=text,
        sent_at=now, topic="deposit_missing", **more,
    )  # fmt: skip
    return intake.receive(messages=[Arrival(rulebook.chat_inbox(), inbound)], now=now)[0]


def of(received: Received) -> Conversation:
    return Conversation.objects.get(pk=received.conversation_id)


def merge(source: Conversation, target: Conversation, *, by: Seat, reason: str = "", now: datetime = NOON) -> Fate:
    return merging.merge(source_id=source.pk, target_id=target.pk, seat=by, reason=reason, now=now)


def asked(
    source: Conversation, target: Conversation, *, by: Seat, reason: str = "one browser, one deposit"
) -> MergeRequest:
    """Ask for the second pair of eyes; returns the request."""
    assert merge(source, target, by=by, reason=reason) is Fate.FOUR_EYES
    return MergeRequest.objects.get(source=source, state="asked")


def approved(source: Conversation, target: Conversation, *, by: Seat, also: Seat) -> None:
    merging.approve(request_id=asked(source, target, by=by).pk, seat=also, now=NOON)


def lines(case: Conversation) -> list[tuple[str, str]]:
    """All lines of a case, notes too: event or text, and whether customers see it is not asked."""
    return [(row.kind, row.event or row.text) for row in case.entries.order_by("seq")]


def customer_sees(case: Conversation) -> str:
    """Everything of a case that reaches its customer."""
    return repr(public.whole(case.pk))


def cast() -> tuple[Seat, Seat]:
    return world.agent("Mei", "funds"), world.agent("Noor", "funds")
