"""Giving and taking access: password links, lost second factors, deactivation. Nobody sets another's password."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection
from datetime import timedelta

from allauth.mfa.models import Authenticator
from django.contrib.auth.models import Group
from django.db import transaction

from trustdesk.seams import clock
from trustdesk.staff import audit, sessions
from trustdesk.staff.models import DOCUMENTS, Agent, PasswordLink, Writing

LINK_LIFE = timedelta(hours=24)


class UnableToSetPassword(Exception):
    """The link is unknown, used, replaced or too old, or its agent is deactivated. Trying again does not help."""


def domains() -> set[str]:
    """Return the domains of the addresses that staff sign in with."""
    emails = Agent.objects.filter(is_active=True).values_list("email", flat=True)
    return {email.rpartition("@")[2].lower() for email in emails if email}


def issue_password_link(*, agent_id: int, actor: audit.Actor) -> str:
    """Return the token of a link with which this agent can set a password once, within a day.

    An earlier link stops working. The second factor, if there is one, is still asked for when signing in.
    """
    token = secrets.token_urlsafe(32)
    with transaction.atomic():
        PasswordLink.objects.update_or_create(
            agent_id=agent_id, defaults={"digest": _digest(token), "expires_at": clock.now() + LINK_LIFE}
        )
        audit.record(actor=actor, action="password_link_issued", target=f"agent:{agent_id}")
    return token


def agent_of_link(token: str) -> Agent:
    """Return the agent whose link this is; raise UnableToSetPassword."""
    return _link(token, lock=False).agent


def set_password(*, token: str, password: str, ip: str | None) -> Agent:
    """Use up the link and set the password, which the caller has validated; end all sessions of the agent.

    Raise UnableToSetPassword, also for the second of two simultaneous uses.
    """
    with transaction.atomic():
        link = _link(token, lock=True)
        agent = link.agent
        link.delete()
        agent.set_password(password)
        agent.save(update_fields=["password"])
        sessions.end_sessions(agent_id=agent.pk)
        audit.record(actor=audit.actor_of(agent, ip=ip), action="password_set", target=f"agent:{agent.pk}")
    return agent


def reset_second_factor(*, agent_id: int, actor: audit.Actor, reason: str) -> None:
    """Remove all second factors of an agent who lost them; they set up a new one after the next sign-in."""
    with transaction.atomic():
        Authenticator.objects.filter(user_id=agent_id).delete()
        sessions.end_sessions(agent_id=agent_id)
        audit.record(actor=actor, action="factors_reset", target=f"agent:{agent_id}", reason=reason)


def set_active(*, agent_id: int, active: bool, actor: audit.Actor, reason: str) -> bool:
    """Let an agent back in, or out, which ends sessions and password link at once; return whether that changed it."""
    with transaction.atomic():
        if not Agent.objects.filter(pk=agent_id).exclude(is_active=active).update(is_active=active):
            return False
        if not active:
            Agent.objects.filter(pk=agent_id).update(available=False)
            PasswordLink.objects.filter(agent_id=agent_id).delete()
            sessions.end_sessions(agent_id=agent_id)
        action = "activated" if active else "deactivated"
        audit.record(actor=actor, action=action, target=f"agent:{agent_id}", reason=reason)
    return True


def set_writing(*, agent_id: int, writing: Writing | None, actor: audit.Actor, reason: str = "") -> bool:
    """Let an agent write the help center as editor or publisher, or no longer; return whether that changed it.

    It holds from their next request on.
    """
    wanted = {writing.value} if writing else set()
    return _set_groups(agent_id, wanted, among=Writing.values, action="writing_set", actor=actor, reason=reason)


def set_documents(*, agent_id: int, allowed: bool, actor: audit.Actor, reason: str) -> bool:
    """Let an agent open the documents of cases at hand in their teams, or no longer; return whether that changed it."""
    wanted = {DOCUMENTS} if allowed else set()
    return _set_groups(agent_id, wanted, among=[DOCUMENTS], action="documents_right_set", actor=actor, reason=reason)


def _set_groups(
    agent_id: int, wanted: set[str], *, among: Collection[str], action: str, actor: audit.Actor, reason: str
) -> bool:
    with transaction.atomic():
        agent = Agent.objects.select_for_update().get(pk=agent_id)
        before = set(agent.groups.filter(name__in=among).values_list("name", flat=True))
        if before == wanted:
            return False
        agent.groups.remove(*Group.objects.filter(name__in=before - wanted))
        agent.groups.add(*Group.objects.filter(name__in=wanted - before))
        data = {"before": sorted(before), "after": sorted(wanted)}
        audit.record(actor=actor, action=action, target=f"agent:{agent_id}", reason=reason, data=data)
    return True


def forget_expired_links() -> int:
    """Delete password links whose day is over; return how many."""
    return PasswordLink.objects.filter(expires_at__lte=clock.now()).delete()[0]


def _link(token: str, *, lock: bool) -> PasswordLink:
    links = PasswordLink.objects.select_related("agent")
    if lock:
        links = links.select_for_update(of=("self",))
    link = links.filter(digest=_digest(token), expires_at__gt=clock.now(), agent__is_active=True).first()
    if link is None:
        raise UnableToSetPassword
    return link


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
