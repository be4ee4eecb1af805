"""Who writes the help center, and a back office without what we do not use of Wagtail's."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db import models
from django.http import HttpRequest
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.admin.forms.models import WagtailAdminModelForm
from wagtail.admin.panels import FieldPanel, ObjectList
from wagtail.admin.ui.tables import Column
from wagtail.admin.views import generic

from trustdesk.staff import accounts, signin
from trustdesk.staff.backoffice import AuditedViewSet
from trustdesk.staff.models import Agent, Writing


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
    """Agents come and go elsewhere; here they are made editors and publishers, or no longer."""

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
