"""The named cast of the tests: teams of the set-up migration, three agents, and customers at chat windows."""

from __future__ import annotations

import secrets
from concurrent.futures import Future
from datetime import UTC, datetime
from typing import Any

import pytest

from trustdesk.channels.contract import Inbound
from trustdesk.conversations import intake, queue, replies, rulebook
from trustdesk.conversations.intake import Arrival, Received
from trustdesk.seams import clock
from trustdesk.staff import permissions
from trustdesk.staff.models import Agent, Membership, Role, Shift, Team
from trustdesk.staff.permissions import Seat

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def fresh() -> None:
    """Forget what this process remembers of another database."""
    rulebook.forget()
    queue.forget()


def store_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have what is submitted stored by the thread that asks: the writer's own commits, and sees nothing of what a test that
    is rolled back has made."""

    def submit(arrival: Arrival) -> Future[Received]:
        future: Future[Received] = Future()
        future.set_result(intake.receive(messages=[arrival], now=clock.now())[0])
        return future

    monkeypatch.setattr(intake, "submit", submit)


def agent(
    name: str,
    *teams: str,
    role: Role = Role.AGENT,
    on_shift: bool = True,
    available: bool = True,
    capacity: int = 4,
    languages: list[str] | None = None,
) -> Seat:
    """Hire somebody into these teams (slugs), around the clock unless told otherwise; returns the seat."""
    person = Agent.objects.create_user(
        f"{name.lower()}@staff.example",
        secrets.token_urlsafe(16),
        display_name=f"{name} Surname",
        public_name=name,
        role=role,
        capacity=capacity,
        languages=languages or ["en", "zh-hans"],
    )
    Agent.objects.filter(pk=person.pk).update(available=available)
    for slug in teams:
        Membership.objects.create(agent=person, team=Team.objects.get(slug=slug))
    if on_shift:
        Shift.objects.bulk_create(Shift(agent=person, weekday=day, start_minute=0, minutes=1440) for day in range(7))
    seat = permissions.seat(person.pk)
    assert seat is not None
    queue.forget()
    return seat


def message(
    text: str, *, visitor: str = "anna", identity: str = "", topic: str = "deposit_missing", **more: Any
) -> Arrival:
    """Word a chat message of a visitor."""
    identity = identity or secrets.token_hex(8)
    return Arrival(
        rulebook.chat_inbox(),
        Inbound(
            external_id=f"visitor:{visitor}:{identity}",
            thread=f"visitor:{visitor}",
            handle_kind="visitor",
            handle=visitor,
            text=text,
            sent_at=NOON,
            topic=topic,
            **more,
        ),
    )


def chat(*texts: str, visitor: str = "anna", now: datetime = NOON, **more: Any) -> Received:
    """Let a visitor say something; returns what became of the last message."""
    return intake.receive(messages=[message(text, visitor=visitor, **more) for text in texts], now=now)[-1]


def answer(
    seat: Seat, received: Received, text: str, *, note: bool = False, now: datetime = NOON, identity: str = ""
) -> replies.Sent:
    """Let an agent answer, or leave a note."""
    return replies.send(
        replies=[replies.Reply(received.conversation_id, seat.agent_id, identity or secrets.token_hex(8), text, note)],
        now=now,
    )[0]
