"""The views of the back office in which agents are taken on, invited and put into teams."""

from __future__ import annotations

from typing import Any

from allauth.account.decorators import reauthentication_required
from django.db import IntegrityError, models
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.generic import View
from wagtail.admin.views import generic
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin
from wagtail.admin.views.generic.permissions import PermissionCheckedMixin

from trustdesk.seams import clock
from trustdesk.staff import accounts, invitations, signin
from trustdesk.staff.backoffice import Create, Delete, Edit
from trustdesk.staff.models import Agent


class _Staffing:
    """A save whose form does more than one thing, in one transaction, in somebody's name; what is refused is said in the form."""

    request: HttpRequest
    form: Any

    def save_instance(self) -> models.Model:
        self.form.actor = signin.actor(self.request)
        row: models.Model = super().save_instance()  # type: ignore[misc]
        return row

    def form_valid(self, form: Any) -> HttpResponse:
        try:
            answer: HttpResponse = super().form_valid(form)  # type: ignore[misc]
        except accounts.UnableToChangeAccess as error:
            words = {
                "own": _("Only another administrator can change this for you."),
                "last": _("Nobody else could manage then. Make another administrator first."),
            }
            form.add_error("role" if "role" in form.changed_data else "active", words[error.reason])
        except IntegrityError:  # somebody else was quicker, or the same form came twice
            if form._meta.model is not Agent or not Agent.objects.filter(email=form.cleaned_data["email"]).exists():
                raise
            form.add_error("email", _("There is an agent with this address already."))
        else:
            return answer
        self.produced_error_message = self.get_error_message()  # type: ignore[attr-defined]
        refused: HttpResponse = self.form_invalid(form)  # type: ignore[attr-defined]
        return refused


class Agents(generic.IndexView):  # type: ignore[misc]
    """Lists the agents with what the columns need."""

    def get_base_queryset(self) -> Any:
        """Load what the columns need with them."""
        rows = super().get_base_queryset().select_related("password_link")
        return rows.prefetch_related("groups", "teams", "shifts", "authenticator_set")


# Whoever finds an administrator's browser open must not make a colleague of himself: it takes the password or passkey again.
_confirmed = method_decorator(reauthentication_required, name="dispatch")


@_confirmed
class TakeOn(_Staffing, Create):
    """Adds an agent, who gets a link with which to choose a password."""

    def save_instance(self) -> models.Model:
        """Make the link in the transaction of the agent."""
        agent = super().save_instance()
        self._token = accounts.issue_password_link(agent_id=agent.pk, actor=self.form.actor)
        return agent

    def save_action(self) -> HttpResponse:
        """Mail the link, after the commit, and show it."""
        return _handed_over(self.request, self.object.pk, self._token)


@_confirmed
class EditAgent(_Staffing, Edit):
    """Changes who an agent is, what they may do and when they work."""


@_confirmed
@method_decorator(never_cache, name="dispatch")
class SendLink(PermissionCheckedMixin, WagtailAdminTemplateMixin, View):  # type: ignore[misc]
    """Make a link with which an agent chooses a password, after a look at whom it is for."""

    model = Agent
    permission_policy: Any = None
    permission_required = "change"
    template_name = "staff/office_send_link.html"
    page_title = _("Send a link")
    header_icon = "key"
    breadcrumbs_items: list[dict[str, object]] = []  # the title stands in their place

    def get(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        """Ask whether to."""
        agent = get_object_or_404(Agent, pk=pk)
        context = self.get_context_data(agent=agent, standing=standing(agent), possible=self._possible(agent))
        answer: HttpResponseBase = self.render_to_response(context)
        return answer

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        """Make it, mail it, and show it once."""
        agent = get_object_or_404(Agent, pk=pk)
        if not self._possible(agent):
            return self.get(request, pk)
        return _handed_over(request, pk, accounts.issue_password_link(agent_id=pk, actor=signin.actor(request)))

    def _possible(self, agent: Agent) -> bool:
        # Not for oneself: whoever sits at somebody's open browser could then choose a password without knowing the old one.
        return agent.is_active and agent.pk != signin.agent_of(self.request).pk


def _handed_over(request: HttpRequest, agent_id: int, token: str) -> HttpResponse:
    """Mail a link that is committed, and show it: in this answer only, since nothing else may keep it."""
    agent = Agent.objects.select_related("password_link").get(pk=agent_id)
    expires_at = agent.password_link.expires_at
    context = {
        "agent": agent,
        "link": invitations.address(token),
        "until": invitations.until(expires_at),
        "mailed": invitations.mail(agent, token=token, expires_at=expires_at),
        "header_title": agent.display_name,
        "page_title": agent.display_name,
        "header_icon": "key",
    }
    return TemplateResponse(request, "staff/office_link.html", context)


def standing(agent: Agent) -> Any:
    """Word how far somebody is with signing in."""
    if not agent.is_active:
        return _("Not active")
    link = getattr(agent, "password_link", None)
    valid = link is not None and link.expires_at > clock.now()
    if not agent.has_usable_password():
        return _("Invited, no password yet") if valid else _("No password, and no link that works")
    factors = {factor.type for factor in agent.authenticator_set.all()}  # type: ignore[attr-defined]  # allauth ships no types
    if not agent.is_demo and not factors & {str(one.value) for one in signin.PRIMARY_FACTORS}:
        return _("Sets up a second factor when signing in")
    return _("A new password is due") if valid else _("Can sign in")


class AddTeam(_Staffing, Create):
    """Adds a team."""


class EditTeam(_Staffing, Edit):
    """Changes a team's names and members."""


class DeleteTeam(Delete):
    """Deletes a team that has no cases."""

    in_use = _("Cases, request types or mail addresses belong to this team, so it stays.")
