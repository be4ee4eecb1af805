"""The back office's forms of agents as a browser fills them in, for tests of staffing."""

from __future__ import annotations

import re
from typing import Any

from django.test import Client
from django.urls import reverse

from trustdesk.staff.models import Agent, Audit

LIST, NEW = "/back-office/agents/", "/back-office/agents/new/"
TEAMS = "/back-office/teams/"
PASSWORD = "granite-fiddle-2207"


def sheet(**changed: Any) -> dict[str, Any]:
    """The form as a browser sends it: Nina, an agent, without team or shift."""
    filled = {"display_name": "Nina Ortiz", "public_name": "Nina", "email": "nina@example.com", "role": "agent"}
    return filled | {"languages": ["en"], "capacity": 4, "zone": "UTC", "active": "on", "reason": ""} | changed


def edit(agent: Agent) -> str:
    """The address of the form."""
    return f"{LIST}edit/{agent.pk}/"


def saved(answer: Any) -> None:
    """Insist that a form was saved."""
    assert answer.status_code == 302, errors(answer)


def errors(answer: Any) -> str:
    """What a form that came back says is wrong, by field."""
    form = answer.context["form"]
    return str({name: list(found) for name, found in form.errors.items()})


def link_in(text: str) -> str:
    """Find a password link in a text."""
    found = re.search(r"/staff/welcome/[\w-]{43}/", text)
    assert found, "43 characters are 256 bits"
    return found[0]


def take_on(admin: Client, **changed: Any) -> tuple[Agent, str]:
    """Add an agent by the page; return them and their link."""
    answer = admin.post(NEW, sheet(**changed))
    assert answer.status_code == 200, answer
    assert "form" not in answer.context or not answer.context["form"].errors, errors(answer)
    return Agent.objects.latest("id"), link_in(answer.content.decode())


def choose(client: Client, link: str, password: str = PASSWORD) -> Any:
    """Open a link and choose a password with it."""
    client.get(link)
    return client.post(reverse("staff_set_password"), {"new_password1": password, "new_password2": password})


def acts(agent: Agent) -> list[str]:
    """What was done to the agent, in order."""
    return list(Audit.objects.filter(target=f"agent:{agent.pk}").order_by("id").values_list("action", flat=True))
