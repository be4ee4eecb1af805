"""The pages allauth does not have: the account, the password link, ending other sessions."""

from __future__ import annotations

from allauth.core import ratelimit
from django.contrib import messages
from django.contrib.auth.forms import SetPasswordForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from trustdesk.staff import accounts, sessions, signin

_LINK = "staff_password_link"  # session key of the token


@require_GET
@never_cache
def own_account(request: HttpRequest) -> HttpResponse:
    """Show an agent who they are here and how they sign in."""
    agent = signin.agent_of(request)
    others = agent.sessions.exclude(session_key=request.session.session_key).count()
    return render(
        request,
        "staff/account.html",
        {"agent": agent, "teams": agent.teams.all(), "role": agent.role.label, "other_sessions": others},
    )


@require_POST
def other_sessions(request: HttpRequest) -> HttpResponse:
    """Sign the agent out everywhere else."""
    ended = sessions.end_sessions(agent_id=signin.agent_of(request).pk, keep=request.session.session_key)
    messages.success(request, _("Signed out of %(count)d other sessions.") % {"count": ended})
    return redirect("staff_account")


@require_GET
@never_cache
def password_link(request: HttpRequest, token: str) -> HttpResponse:
    """Move the token of an opened link into the session, so that it stays out of later addresses and logs.

    So many a minute from one address, as the limit of allauth's own links says: who guesses is not let go on.
    """
    refused: HttpResponse | None = ratelimit.consume_or_429(
        request, action="reset_password_from_key", limit_get=True
    )
    if refused is not None:
        return refused
    request.session[_LINK] = token
    return redirect("staff_set_password")


@require_http_methods(["GET", "POST"])
@sensitive_post_parameters()
@never_cache
def set_password(request: HttpRequest) -> HttpResponse:
    """Let the owner of a valid password link choose a password; signing in comes after."""
    token = request.session.get(_LINK, "")
    try:
        agent = accounts.agent_of_link(token)
        form = SetPasswordForm(agent, request.POST or None)
        if request.method == "POST" and form.is_valid():
            ip = signin.actor(request).ip
            accounts.set_password(token=token, password=form.cleaned_data["new_password1"], ip=ip)
            request.session.flush()
            messages.success(request, _("Your password is saved. Sign in with it now."))
            return redirect("account_login")
    except accounts.UnableToSetPassword:
        return render(request, "staff/password_link_refused.html", status=410)
    return render(request, "staff/set_password.html", {"form": form})
