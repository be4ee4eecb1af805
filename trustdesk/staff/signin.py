"""Signing in: what allauth's flows are told, and what happens here when they have done a step.

Nobody signs up. A password alone opens nothing but the pages for setting up a second factor (middleware.py). Demo
agents need no second factor, but exist only while trying out and only for a request to a loopback address.
"""

from __future__ import annotations

import base64
import hashlib
import ipaddress
import logging
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.authentication import AUTHENTICATION_METHODS_SESSION_KEY
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.request import split_domain_port
from django.urls import reverse
from django.utils.html import format_html
from qrcode import QRCode  # type: ignore[import-untyped]

from trustdesk.net.mail import MailFailed
from trustdesk.seams import clock
from trustdesk.staff import audit, permissions, sessions
from trustdesk.staff.models import Agent, Audit, Factor

log = logging.getLogger(__name__)

PRIMARY_FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)


def second_factor_passed(request: HttpRequest) -> bool:
    """Tell whether the signed-in agent went past a second factor in this session, or needs none (demo)."""
    factor = sessions.factor_of(request.session)
    return factor is Factor.MFA or (factor is Factor.DEMO and demo_allowed(request))


def has_second_factor(agent_id: int) -> bool:
    """Tell whether the agent has set up an authenticator app or a passkey."""
    return bool(Authenticator.objects.filter(user_id=agent_id, type__in=PRIMARY_FACTORS).exists())


def demo_allowed(request: HttpRequest | None) -> bool:
    """Tell whether demo agents may sign in with this request: while trying out, from and to a loopback address."""
    if request is None or not settings.DEMO:
        return False
    host = split_domain_port(request.get_host())[0].strip("[]")
    local_name = host == "localhost" or host.endswith(".localhost")
    return (local_name or _is_loopback(host)) and _is_loopback(request.META.get("REMOTE_ADDR", ""))


def actor(request: HttpRequest) -> audit.Actor:
    """Return who acts in this request, for `audit.record`; the address is the one the rate limits use."""
    agent = request.user
    ip = AccountAdapter(request).get_client_ip(request)
    key = request.session.session_key or ""
    if isinstance(agent, Agent):
        return audit.actor_of(agent, ip=ip, session_key=key)
    return audit.Actor(ip=ip, session_key=key)


def agent_of(request: HttpRequest) -> Agent:
    """Return the agent signed in with this request; raise PermissionDenied where the middleware is not in front."""
    if not isinstance(request.user, Agent):
        raise PermissionDenied
    return request.user


class AgentBackend(ModelBackend):
    """Checks e-mail address and password with one query, known or unknown, active or not."""

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **credentials: Any
    ) -> Agent | None:
        """Return the agent, or None; demo agents only where they may sign in."""
        agent = super().authenticate(request, username=username or credentials.get("email"), password=password)
        if not isinstance(agent, Agent) or (agent.is_demo and not demo_allowed(request)):
            return None
        return agent

    def user_can_authenticate(self, user: Agent | AnonymousUser | None) -> bool:
        """Refuse deactivated agents, and demo agents in production, on every request."""
        return isinstance(user, Agent) and user.is_active and (settings.DEMO or not user.is_demo)

    def has_perm(self, user_obj: Any, perm: str, obj: Any = None) -> bool:
        """Let into the back office who may edit; how far one gets there, and everywhere else, `permissions` decides."""
        if perm == "wagtailadmin.access_admin" and isinstance(user_obj, Agent):
            return permissions.edits(user_obj.pk)
        return super().has_perm(user_obj, perm, obj)


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth ships no types
    """Tells allauth's account flows our rules."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Refuse: agents are invited."""
        return False

    def pre_login(self, request: HttpRequest, user: Agent, **kwargs: Any) -> HttpResponse | None:
        """Refuse a demo agent's passkey where their password would be refused."""
        if user.is_demo and not demo_allowed(request):
            return self.respond_user_inactive(request, user)
        response: HttpResponse | None = super().pre_login(request, user, **kwargs)
        return response

    def login(self, request: HttpRequest, user: Agent) -> None:
        """Sign in after the last step, note when and how, and write the audit row."""
        if not user.is_active:  # deactivated between the password and the code
            raise ImmediateHttpResponse(self.respond_user_inactive(request, user))
        super().login(request, user)
        request.session[sessions.SIGNED_IN_AT] = clock.now().timestamp()
        if user.is_demo and demo_allowed(request):
            request.session[sessions.DEMO] = True
        elif not has_second_factor(user.pk):
            # They typed the password seconds ago: do not ask again before the first factor is set up.
            records = request.session.get(AUTHENTICATION_METHODS_SESSION_KEY) or []
            request.session[AUTHENTICATION_METHODS_SESSION_KEY] = [{**r, "reauthenticated": True} for r in records]
        with transaction.atomic():
            factor = sessions.factor_of(request.session)
            audit.record(actor=actor(request), action="signed_in", data={"factor": factor.value})

    def logout(self, request: HttpRequest) -> None:
        """Sign out and write the audit row."""
        with transaction.atomic():
            audit.record(actor=actor(request), action="signed_out")
        super().logout(request)

    def get_logout_redirect_url(self, request: HttpRequest) -> str:
        """Lead back to the entrance."""
        return reverse("account_login")

    def respond_user_inactive(self, request: HttpRequest, user: Agent) -> HttpResponse:
        """Answer a deactivated agent as a wrong password is answered: there is nothing to learn here."""
        messages.error(request, self.error_messages["email_password_mismatch"])
        return HttpResponseRedirect(reverse("account_login"))

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        """Log a wrong password; not in the audit, which strangers must not be able to fill."""
        address = str(credentials.get("email", "")).encode()
        log.warning("sign-in refused, address sha256:%s", hashlib.sha256(address).hexdigest()[:12])

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send a notice; a mail server that is away must not undo the change it would tell of."""
        try:
            super().send_mail(template_prefix, email, context)
        except (OSError, MailFailed):
            log.exception("notice %s not sent", template_prefix)

    def reauthenticate(self, user: Agent, password: str) -> bool:
        """Check the password of the agent who is already signed in."""
        return bool(self.authenticate(self.request, email=user.email, password=password) == user)

    def get_reauthentication_methods(self, user: Agent) -> list[dict[str, Any]]:
        """Offer the second factor alone where there is one: a password must not be enough to remove it."""
        methods: list[dict[str, Any]] = super().get_reauthentication_methods(user)
        return [method for method in methods if method["id"] != "reauthenticate"] or methods


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # allauth ships no types
    """Tells allauth's second-factor flows our rules."""

    def encrypt(self, text: str) -> str:
        """Encrypt what the database keeps: authenticator secrets and the seed of recovery codes."""
        return _fernet().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Undo `encrypt`, with the present or an earlier SECRET_KEY."""
        return _fernet().decrypt(encrypted_text.encode()).decode()

    def build_totp_svg(self, url: str) -> str:
        """Draw the QR code as an SVG without style attributes: the content security policy forbids those."""
        code = QRCode(border=4)
        code.add_data(url)
        rows = code.get_matrix()
        path = "".join(f"M{x} {y}h1v1h-1z" for y, row in enumerate(rows) for x, dark in enumerate(row) if dark)
        return format_html(
            '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {0} {0}" width="100%"'
            ' shape-rendering="crispEdges"><path fill="#fff" d="M0 0h{0}v{0}H0z"/><path fill="#000" d="{1}"/></svg>',
            len(rows),
            path,
        )


def on_authentication_step(*, request: HttpRequest, **_: Any) -> None:
    """Give the session a new id at every step, so that an id known before is worth nothing after."""
    request.session.cycle_key()


def on_password_changed(*, request: HttpRequest, user: Agent, **_: Any) -> None:
    """End the agent's other sessions."""
    _security_change(request, user, "password_changed")


def on_factor_added(*, request: HttpRequest, user: Agent, authenticator: Authenticator, **_: Any) -> None:
    """Let the session in which a factor was set up pass: setting it up has proved it. End the others."""
    if authenticator.type in PRIMARY_FACTORS:
        request.session[sessions.ENROLLED] = True
        request.session.cycle_key()
    _security_change(request, user, "factor_added", type=str(authenticator.type))


def on_factor_removed(*, request: HttpRequest, user: Agent, authenticator: Authenticator, **_: Any) -> None:
    """End the other sessions; without any factor left this one, too, goes back to setting one up."""
    if not has_second_factor(user.pk):
        request.session.pop(sessions.ENROLLED, None)
        records = request.session.get(AUTHENTICATION_METHODS_SESSION_KEY) or []
        request.session[AUTHENTICATION_METHODS_SESSION_KEY] = [r for r in records if r.get("method") != "mfa"]
    _security_change(request, user, "factor_removed", type=str(authenticator.type))


def on_recovery_codes_made(*, request: HttpRequest, user: Agent, **_: Any) -> None:
    """Write down that the recovery codes were made anew."""
    _security_change(request, user, "recovery_codes_made")


def on_factor_refused(*, request: HttpRequest, user: Agent, authenticator: Authenticator, **_: Any) -> None:
    """Write down a wrong code: whoever typed it knew the password."""
    who = audit.actor_of(user, ip=AccountAdapter(request).get_client_ip(request))
    with transaction.atomic():
        audit.record(actor=who, action="signed_in", result=Audit.Result.REFUSED, data={"type": str(authenticator.type)})


def _security_change(request: HttpRequest, agent: Agent, action: str, **data: str) -> None:
    key = request.session.session_key or ""
    who = audit.actor_of(agent, ip=AccountAdapter(request).get_client_ip(request), session_key=key)
    with transaction.atomic():
        sessions.end_sessions(agent_id=agent.pk, keep=key)
        audit.record(actor=who, action=action, target=f"agent:{agent.pk}", data=data)


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def _fernet() -> MultiFernet:
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    digests = [hashlib.blake2b(key.encode(), digest_size=32, person=b"staff second f.").digest() for key in keys]
    return MultiFernet([Fernet(base64.urlsafe_b64encode(digest)) for digest in digests])
