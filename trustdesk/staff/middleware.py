"""The door in front of everything that is staff's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth import REDIRECT_FIELD_NAME, logout
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import urlencode

from trustdesk.seams import clock
from trustdesk.staff import doors, signin
from trustdesk.staff.models import Agent

BACK_OFFICE = "/back-office/"
BACKGROUND = "Trustdesk-Background"  # a request header: the page asked by itself, nobody touched a key
SEEN_AT = "staff_seen_at"
SECONDS_BETWEEN_WRITES = 300  # a session is prolonged at most this often: reading must not become writing

# Who signs in cannot be signed in yet.
ENTRANCE = frozenset({
    "account_login", "account_logout", "mfa_authenticate", "mfa_login_webauthn", "staff_password_link",
    "staff_set_password",
})  # fmt: skip
# What an agent reaches who has a password and no second factor yet.
SETTING_UP = frozenset({
    "mfa_index", "mfa_activate_totp", "mfa_add_webauthn", "account_reauthenticate",
})  # fmt: skip


class SecondFactorRequired:
    """Lets nobody reach a staff page without a second factor; keeps the sessions of those who work alive.

    Staff pages are the paths below settings.STAFF_PATHS. A page that must be public has to lie elsewhere.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Pass the request on; `process_view` decides."""
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_: Any) -> HttpResponse | None:
        """Return None to let the request through, or the answer that refuses it."""
        if not request.path_info.startswith(tuple(getattr(settings, "STAFF_PATHS", ("/desk/", "/staff/")))):
            return None
        name = request.resolver_match.view_name if request.resolver_match else ""
        if name in ENTRANCE:
            return None
        agent = request.user
        if not isinstance(agent, Agent):
            return _refuse(request, to="account_login", status=401)
        if signin.second_factor_passed(request):
            _prolong(request)
            if request.path_info.startswith(BACK_OFFICE):
                doors.pass_through(request, agent)
            return None
        if agent.is_demo or signin.has_second_factor(agent.pk):
            # A demo session carried elsewhere, or one older than the agent's second factor: begin again.
            logout(request)
            return _refuse(request, to="account_login", status=401)
        return None if name in SETTING_UP else _refuse(request, to="mfa_index", status=403)


def _prolong(request: HttpRequest) -> None:
    now = clock.now().timestamp()
    if BACKGROUND not in request.headers and now - request.session.get(SEEN_AT, 0) > SECONDS_BETWEEN_WRITES:
        request.session[SEEN_AT] = now


def _refuse(request: HttpRequest, *, to: str, status: int) -> HttpResponse:
    """Lead a person to the page that helps; tell a script plainly. htmx follows its own header."""
    url = reverse(to)
    if request.method == "GET" and "HX-Request" not in request.headers:
        back = urlencode({REDIRECT_FIELD_NAME: request.get_full_path()})
        return HttpResponseRedirect(f"{url}?{back}")
    return HttpResponse(status=status, headers={"HX-Redirect": url})
