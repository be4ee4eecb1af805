"""The cast of the desk's tests, signed in, and what they look at."""

from __future__ import annotations

from django.test import Client

from tests import world
from tests.staff import people
from trustdesk.conversations.intake import Received
from trustdesk.conversations.models import Conversation
from trustdesk.staff.models import Agent, Role
from trustdesk.staff.permissions import Seat

HTMX = {"HX-Request": "true"}


def person(name: str, *teams: str, role: Role = Role.AGENT) -> tuple[Seat, Client]:
    """Hire somebody and sign in, past the second factor."""
    seat = world.agent(name, *teams, role=role)
    return seat, signed_in(seat)


def signed_in(seat: Seat, **headers: str) -> Client:
    """Return a browser of the agent, signed in past the second factor."""
    return people.signed_in(Agent.objects.get(pk=seat.agent_id), client=Client(headers=headers or None))


def case_of(received: Received) -> Conversation:
    """Return the case as it is now."""
    return Conversation.objects.get(pk=received.conversation_id)
