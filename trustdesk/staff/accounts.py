"""Giving and taking access: roles, teams, password links, lost second factors, deactivation. Nobody sets another's password.

Each function locks the agent's row before anything else of theirs, so that no two wait for each other.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection
from datetime import timedelta

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.contrib.auth.models import Group
from django.db import transaction

from trustdesk.seams import clock
from trustdesk.staff import audit, permissions, sessions, shifts
from trustdesk.staff.models import DOCUMENTS, Agent, Membership, PasswordLink, Role, Writing

LINK_LIFE = timedelta(hours=24)
INVITATION_LIFE = timedelta(hours=72)  # over a weekend: who was never here does not wait for it


class UnableToSetPassword(Exception):
    """The link is unknown, used, replaced or too old, or its agent is deactivated. Trying again does not help."""


class UnableToChangeAccess(Exception):
    """A change nobody may make: `own` role or active state, or taking it from the `last` who manages. Trying again does not help."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def domains() -> set[str]:
    """Return the domains of the addresses that staff sign in with."""
    emails = Agent.objects.filter(is_active=True).values_list("email", flat=True)
    return {email.rpartition("@")[2].lower() for email in emails if email}


def issue_password_link(*, agent_id: int, actor: audit.Actor) -> str:
    """Return the token of a link with which this agent can set a password once, within a day; three days for their first.

    An earlier link stops working. The second factor, if there is one, is still asked for when signing in.
    """
    token = secrets.token_urlsafe(32)
    with transaction.atomic():
        life = LINK_LIFE if _locked(agent_id).has_usable_password() else INVITATION_LIFE
        PasswordLink.objects.update_or_create(
            agent_id=agent_id, defaults={"digest": _digest(token), "expires_at": clock.now() + life}
        )
        audit.record(actor=actor, action="password_link_issued", target=f"agent:{agent_id}")
    return token


def withdraw_password_link(*, agent_id: int) -> None:
    """Make the agent's link, if there is one, worth nothing: it was mailed to an address that is theirs no longer."""
    PasswordLink.objects.filter(agent_id=agent_id).delete()


def agent_of_link(token: str) -> Agent:
    """Return the agent whose link this is; raise UnableToSetPassword."""
    return _link(token).agent


def set_password(*, token: str, password: str, ip: str | None) -> Agent:
    """Use up the link and set the password, which the caller has validated; end all sessions of the agent.

    Raise UnableToSetPassword, also for the second of two simultaneous uses.
    """
    with transaction.atomic():
        agent = _locked(_link(token).agent_id)
        _link(token).delete()  # asked again: what was read before the lock may be used or withdrawn by now
        agent.set_password(password)
        agent.save(update_fields=["password"])
        sessions.end_sessions(agent_id=agent.pk)
        audit.record(actor=audit.actor_of(agent, ip=ip), action="password_set", target=f"agent:{agent.pk}")
    return agent


def reset_second_factor(*, agent_id: int, actor: audit.Actor, reason: str) -> None:
    """Remove all second factors of an agent who lost them; they set up a new one after the next sign-in."""
    with transaction.atomic():
        _locked(agent_id)
        Authenticator.objects.filter(user_id=agent_id).delete()
        sessions.end_sessions(agent_id=agent_id)
        audit.record(actor=actor, action="factors_reset", target=f"agent:{agent_id}", reason=reason)


def set_active(*, agent_id: int, active: bool, actor: audit.Actor, reason: str) -> bool:
    """Let an agent back in, or out, which ends sessions and password link at once; return whether that changed it.

    Raise UnableToChangeAccess.
    """
    with transaction.atomic():
        if _locked(agent_id).is_active == active:
            return False
        if actor.agent_id == agent_id:
            raise UnableToChangeAccess("own")
        managed = permissions.manages(agent_id)
        Agent.objects.filter(pk=agent_id).update(is_active=active)
        if not active:
            Agent.objects.filter(pk=agent_id).update(available=False)
            PasswordLink.objects.filter(agent_id=agent_id).delete()
            sessions.end_sessions(agent_id=agent_id)
        transaction.on_commit(shifts.staff_changed)
        action = "activated" if active else "deactivated"
        audit.record(actor=actor, action=action, target=f"agent:{agent_id}", reason=reason)
        if managed:
            _insist_on_a_manager(besides=agent_id)
    return True


def set_role(*, agent_id: int, role: Role, actor: audit.Actor, reason: str = "") -> bool:
    """Make somebody agent, lead or administrator; return whether that changed it. It holds from their next request on.

    Raise UnableToChangeAccess: nobody changes their own role, and somebody has to be left who manages.
    """
    with transaction.atomic():
        managed = permissions.manages(agent_id)
        changed = _set_groups(agent_id, {role.value}, among=Role.values, action="role_set", actor=actor, reason=reason)
        if changed and actor.agent_id == agent_id:
            raise UnableToChangeAccess("own")
        if managed and not permissions.manages(agent_id):
            _insist_on_a_manager(besides=agent_id)
    return changed


def set_teams(*, agent_id: int, team_ids: Collection[int], actor: audit.Actor) -> bool:
    """Put an agent into these teams and no others; return whether that changed it. It decides what they see and get."""
    with transaction.atomic():
        _locked(agent_id)
        mine = Membership.objects.filter(agent_id=agent_id)
        before, wanted = set(mine.values_list("team_id", flat=True)), set(team_ids)
        if before == wanted:
            return False
        mine.filter(team_id__in=before - wanted).delete()
        Membership.objects.bulk_create(Membership(agent_id=agent_id, team_id=one) for one in sorted(wanted - before))
        transaction.on_commit(shifts.staff_changed)
        data = {"before": sorted(before), "after": sorted(wanted)}
        audit.record(actor=actor, action="teams_set", target=f"agent:{agent_id}", data=data)
    return True


def set_members(*, team_id: int, agent_ids: Collection[int], among: Collection[int], actor: audit.Actor) -> None:
    """Let those of `among` be the team's members who are in `agent_ids`; others stay what they are."""
    with transaction.atomic():
        asked = sorted(among)
        # All are locked before the first is written down.
        list(Agent.objects.select_for_update().filter(pk__in=asked).order_by("pk"))
        teams: dict[int, set[int]] = {one: set() for one in asked}
        for agent, team in Membership.objects.filter(agent_id__in=asked).values_list("agent_id", "team_id"):
            teams[agent].add(team)
        for agent, now in teams.items():
            wanted = now | {team_id} if agent in agent_ids else now - {team_id}
            if wanted != now:
                set_teams(agent_id=agent, team_ids=wanted, actor=actor)


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
        agent = _locked(agent_id)
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


def _locked(agent_id: int) -> Agent:
    return Agent.objects.select_for_update().get(pk=agent_id)


def _insist_on_a_manager(*, besides: int) -> None:
    """Raise UnableToChangeAccess where nobody else could sign in and manage. After an audit row: its lock is held until the
    end, so of two who take it from each other the second finds it taken."""
    others = Agent.objects.exclude(pk=besides).exclude(password__startswith=UNUSABLE_PASSWORD_PREFIX)
    if not settings.DEMO:
        others = others.filter(is_demo=False)
    seats = permissions.seats(others.filter(is_active=True).values_list("pk", flat=True))
    if not any(permissions.may(seat, permissions.Action.MANAGE) for seat in seats.values()):
        raise UnableToChangeAccess("last")


def _link(token: str) -> PasswordLink:
    links = PasswordLink.objects.select_related("agent")
    link = links.filter(digest=_digest(token), expires_at__gt=clock.now(), agent__is_active=True).first()
    if link is None:
        raise UnableToSetPassword
    return link


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
