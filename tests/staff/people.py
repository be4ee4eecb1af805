"""Agents for tests, and ways to sign them in: through the real pages, or at once."""

from __future__ import annotations

import time
from typing import Any

from allauth.account.authentication import AUTHENTICATION_METHODS_SESSION_KEY
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from django.conf import settings
from django.test import Client
from django.urls import reverse

from trustdesk.seams import clock
from trustdesk.staff import sessions
from trustdesk.staff.models import Agent, Factor, Membership, Role, Team

PASSWORD = "corner-lamp-otter-91"


def agent(
    email: str = "mei@example.com",
    *,
    role: Role = Role.AGENT,
    teams: tuple[Team, ...] = (),
    password: str | None = PASSWORD,
    is_demo: bool = False,
    available: bool = True,
) -> Agent:
    """Create an agent with a role and teams."""
    first = email.split("@")[0].capitalize()
    made = Agent.objects.create_user(
        email, password, display_name=f"{first} Zhang", public_name=first, role=role, is_demo=is_demo
    )
    Agent.objects.filter(pk=made.pk).update(available=available)
    Membership.objects.bulk_create(Membership(agent=made, team=team) for team in teams)
    return Agent.objects.get(pk=made.pk)


def team(slug: str) -> Team:
    """Create a team."""
    return Team.objects.create(slug=slug, name=slug.capitalize(), name_zh="团队")


def give_totp(person: Agent) -> str:
    """Set up an authenticator app for the agent; return its secret."""
    secret = generate_totp_secret()
    TOTP.activate(person, secret)
    return str(secret)


def totp_code(secret: str, *, steps: int = 0) -> str:
    """Return the code the app shows now, or some steps of 30 s away; one that is about to change is not worth typing."""
    left = 30 - time.time() % 30
    if left < 4:
        time.sleep(left)
    return str(format_hotp_value(hotp_value(secret, int(time.time()) // 30 + steps)))


def key_of(client: Client) -> str:
    """Return the session id the client sends; "" when it has none."""
    cookie = client.cookies.get(settings.SESSION_COOKIE_NAME)
    return cookie.value if cookie else ""


def post_password(client: Client, email: str, password: str = PASSWORD) -> Any:
    """Send the sign-in form."""
    return client.post(reverse("account_login"), {"login": email, "password": password})


def post_code(client: Client, code: str) -> Any:
    """Send the form of the second factor."""
    return client.post(reverse("mfa_authenticate"), {"code": code})


def signed_in(
    person: Agent, *, factor: Factor = Factor.MFA, client: Client | None = None, confirmed: bool = False
) -> Client:
    """Return a client signed in as the agent, past the second factor unless told otherwise, without any form.

    `confirmed`: who has just shown again that it is they.
    """
    client = client or Client()
    client.force_login(person, backend="trustdesk.staff.signin.AgentBackend")
    session = client.session
    session[sessions.SIGNED_IN_AT] = clock.now().timestamp()
    if factor is Factor.MFA:
        session[f"{AUTHENTICATION_METHODS_SESSION_KEY}_user"] = str(person.pk)  # allauth believes nobody else's
        session[AUTHENTICATION_METHODS_SESSION_KEY] = [
            {"method": "mfa", "type": Authenticator.Type.TOTP.value, "at": time.time(), "reauthenticated": confirmed}
        ]
    elif factor is Factor.DEMO:
        session[sessions.DEMO] = True
    session.save()
    return client
