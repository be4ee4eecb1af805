"""Agents and their teams, who writes the help center, and a back office without what we do not use of Wagtail's."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db import models
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.admin.forms.models import WagtailAdminModelForm
from wagtail.admin.panels import FieldPanel, FieldRowPanel, HelpPanel, MultiFieldPanel, ObjectList
from wagtail.admin.ui.tables import Column
from wagtail.admin.views import generic

from trustdesk.seams import clock
from trustdesk.staff import accounts, editing, shifts, signin, staffing
from trustdesk.staff.backoffice import AuditedViewSet
from trustdesk.staff.models import Agent, Team, Writing


def _now_on_shift(agent: Agent) -> object:
    week = [shifts.WeeklyShift(row.weekday, row.start_minute, row.minutes, row.timezone) for row in agent.shifts.all()]
    return _("Yes") if agent.is_active and shifts.on_shift(week, now=clock.now()) else "–"


def _team_names(agent: Agent) -> str:
    return ", ".join(team.label(get_language() or "en") for team in agent.teams.all()) or "–"


class Agents(AuditedViewSet):
    """Agents are never deleted, for cases and the audit name them: who leaves is made inactive."""

    model = Agent
    name = "agents"
    icon = "user"
    menu_label = _("Agents")
    menu_order = 300
    allows = frozenset({"add", "change", "view"})
    index_view_class = staffing.Agents
    add_view_class = staffing.TakeOn
    edit_view_class = staffing.EditAgent
    list_display = [
        "display_name",  # leads to the form
        Column("email", label=_("E-mail address")),
        Column("role", label=_("Role"), accessor=lambda agent: agent.role.label),
        Column("teams", label=_("Teams"), accessor=_team_names),
        Column("on_shift", label=_("On shift"), accessor=_now_on_shift),
        Column("standing", label=_("Signing in"), accessor=staffing.standing),
    ]
    list_filter = ["is_active", "teams"]
    list_per_page = 50
    search_fields = ["display_name", "public_name", "email"]
    ordering = ["display_name", "id"]
    edit_handler = ObjectList(
        [
            HelpPanel(template="staff/office_standing.html", heading=_("Signing in")),
            MultiFieldPanel(
                [
                    FieldRowPanel(
                        [
                            FieldPanel("display_name"),
                            FieldPanel("public_name"),
                        ]
                    ),
                    FieldPanel(
                        "email", heading=_("E-mail address"), help_text=_("They sign in with it; links go there.")
                    ),
                ],
                heading=_("Who it is"),
            ),
            MultiFieldPanel(
                [
                    FieldPanel("role", heading=_("Role")),
                    FieldPanel("teams", heading=_("Teams")),
                    FieldPanel("languages", heading=_("Languages")),
                    FieldPanel("capacity"),
                ],
                heading=_("What they do"),
            ),
            MultiFieldPanel(
                [
                    FieldPanel("zone", heading=_("Time zone")),
                    FieldPanel("week", heading=_("Shifts")),
                ],
                heading=_("When they work"),
            ),
            MultiFieldPanel(
                [
                    FieldPanel("active", heading=_("Active")),
                    FieldPanel("reason", heading=_("Why")),
                ],
                heading=_("Access"),
            ),
        ],
        base_form_class=editing.AgentForm,
    )

    def get_urlpatterns(self) -> list[URLPattern]:
        """Add the page that sends a link."""
        found: list[URLPattern] = super().get_urlpatterns()
        view = staffing.SendLink.as_view(permission_policy=self.permission_policy)
        return [*found, path("link/<int:pk>/", view, name="link")]


class Teams(AuditedViewSet):
    """Teams, each with a queue of its own; which request types come there is said with these."""

    model = Team
    name = "teams"
    icon = "group"
    menu_label = _("Teams")
    menu_order = 310
    add_view_class = staffing.AddTeam
    edit_view_class = staffing.EditTeam
    delete_view_class = staffing.DeleteTeam
    list_display = [
        "name",
        "name_zh",
        "slug",
        Column(
            "members", label=_("Members"), accessor=lambda team: team.memberships.filter(agent__is_active=True).count()
        ),
    ]
    list_per_page = 50
    search_fields = ["slug", "name", "name_zh"]
    ordering = ["slug"]
    edit_handler = ObjectList(
        [
            FieldPanel("slug", help_text=_("Commands name the team by it. It cannot be changed later.")),
            FieldRowPanel(
                [
                    FieldPanel("name", heading=_("Name (English)")),
                    FieldPanel("name_zh", heading=_("Name (Chinese)")),
                ]
            ),
            FieldPanel("members", heading=_("Members")),
        ],
        base_form_class=editing.TeamForm,
    )


def _writing(agent: Agent) -> Writing | None:
    names = {group.name for group in agent.groups.all()}
    return next((one for one in (Writing.PUBLISHER, Writing.EDITOR) if one.value in names), None)


class WritingForm(WagtailAdminModelForm):  # type: ignore[misc]  # Wagtail ships no types
    """One choice: what an agent may do in the help center."""

    writing = forms.ChoiceField(
        required=False,
        widget=forms.RadioSelect,
        choices=[("", _("Nothing: reads it like everybody")), *Writing.choices],
        help_text=_("It holds at once. Administrators may do all of this anyway."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        now = _writing(self.instance)
        self.initial["writing"] = now.value if now else ""


class _Edit(generic.EditView):  # type: ignore[misc]
    def save_instance(self) -> models.Model:
        """Give or take the group; `accounts` writes it down."""
        chosen = self.form.cleaned_data["writing"]
        writing = Writing(chosen) if chosen else None
        accounts.set_writing(agent_id=self.object.pk, writing=writing, actor=signin.actor(self.request))
        agent: Agent = self.object
        return agent


class Writers(AuditedViewSet):
    """Agents come and go under “Agents”; here they are made editors and publishers, or no longer."""

    model = Agent
    name = "writers"
    icon = "group"
    menu_label = _("Who writes")
    add_to_admin_menu = False
    add_to_settings_menu = True
    allows = frozenset({"change", "view"})
    edit_view_class = _Edit
    list_display = [
        "display_name",  # leads to the form
        Column("email", label=_("E-mail address")),
        Column("role", label=_("Role"), accessor=lambda agent: agent.role.label),
        Column("writing", label=_("Help center"), accessor=lambda agent: getattr(_writing(agent), "label", "–")),
        Column("is_active", label=_("Active"), accessor=lambda agent: _("Yes") if agent.is_active else _("No")),
    ]
    list_filter = ["is_active", "groups"]
    list_per_page = 50
    search_fields = ["display_name", "email"]
    ordering = ["display_name", "id"]
    edit_handler = ObjectList([FieldPanel("writing", heading=_("In the help center"))], base_form_class=WritingForm)


@hooks.register("register_admin_viewset")  # type: ignore[untyped-decorator]  # Wagtail ships no types
def agents() -> Agents:
    """Add the agents to the back office."""
    return Agents()


@hooks.register("register_admin_viewset")  # type: ignore[untyped-decorator]
def teams() -> Teams:
    """Add their teams."""
    return Teams()


@hooks.register("register_admin_viewset")  # type: ignore[untyped-decorator]
def writers() -> Writers:
    """Add who writes to the settings."""
    return Writers()


@hooks.register("construct_main_menu")  # type: ignore[untyped-decorator]
def without_help(_request: HttpRequest, items: list[Any]) -> None:
    """Leave out what leads to Wagtail's own site."""
    items[:] = [item for item in items if item.name != "help"]


@hooks.register("insert_global_admin_css")  # type: ignore[untyped-decorator]
def in_our_colours() -> str:
    """Add our style to each page."""
    return format_html('<link rel="stylesheet" href="{}">', static("staff/office.css"))


@hooks.register("construct_homepage_summary_items", order=1000)  # type: ignore[untyped-decorator]
def without_counts(_request: HttpRequest, items: list[Any]) -> None:
    """Leave out how many pages and pictures there are: nobody decides anything by it."""
    items.clear()
