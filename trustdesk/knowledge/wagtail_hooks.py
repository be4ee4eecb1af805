"""What editors find in the back office: the page tree, pictures, films, figures, synonyms and reports."""

from __future__ import annotations

import copy
from typing import Any

from django.http import HttpRequest
from django.urls import URLResolver, include, path, reverse
from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.admin.action_menu import SubmitForModerationMenuItem
from wagtail.admin.forms.models import WagtailAdminModelForm
from wagtail.admin.menu import MenuItem
from wagtail.admin.panels import FieldPanel, FieldRowPanel, ObjectList

from trustdesk.knowledge import report_views
from trustdesk.knowledge.models import Figure, SynonymGroup
from trustdesk.staff import doors
from trustdesk.staff.backoffice import AuditedViewSet
from trustdesk.staff.permissions import Office

# Under the words of this product; what Wagtail calls them is in its own catalogue.
_NAMES = {"explorer": _("Help center"), "images": _("Pictures"), "documents": _("Films")}
_UNUSED_REPORTS = {"page-types-usage", "aging-pages"}


class FigureForm(WagtailAdminModelForm):  # type: ignore[misc]  # Wagtail ships no types
    """A figure; its key stands in texts, so it stays."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["key"].disabled = bool(self.instance.pk)


class Figures(AuditedViewSet):
    """Limits, fees and times that articles name by their key."""

    model = Figure
    name = "figures"
    icon = "decimal"
    menu_label = _("Figures")
    menu_order = 500
    who = Office.PUBLISHER
    list_display = ["key", "about", "value", "value_zh"]
    list_per_page = 100
    search_fields = ["key", "about", "about_zh", "value"]
    ordering = ["key"]
    edit_handler = ObjectList(
        [
            FieldPanel("key", help_text=_("Articles name it as {{key}}. It cannot be changed later.")),
            FieldRowPanel([FieldPanel("about"), FieldPanel("about_zh")]),
            FieldRowPanel(
                [
                    FieldPanel(
                        "value",
                        help_text=_(
                            "A number alone where the articles write the unit behind it: 24 for “{{key}} hours”. "
                            "With a unit of your own, yours is shown. Empty: the articles say that the app shows it."
                        ),
                    ),
                    FieldPanel("value_zh"),
                ]
            ),
        ],
        base_form_class=FigureForm,
    )


class Synonyms(AuditedViewSet):
    """Words that the search takes for the same."""

    model = SynonymGroup
    name = "synonyms"
    icon = "resubmit"
    menu_label = _("Synonyms")
    menu_order = 510
    who = Office.PUBLISHER
    list_per_page = 100
    search_fields = ["words"]
    ordering = ["words"]
    edit_handler = ObjectList([FieldPanel("words")])


@hooks.register("register_admin_viewset")  # type: ignore[untyped-decorator]  # Wagtail ships no types
def figures() -> Figures:
    """Add the figures to the back office."""
    return Figures()


@hooks.register("register_admin_viewset")  # type: ignore[untyped-decorator]
def synonyms() -> Synonyms:
    """Add the synonyms to the back office."""
    return Synonyms()


@hooks.register("register_admin_urls")  # type: ignore[untyped-decorator]
def reports() -> list[URLResolver]:
    """Add the reports, and open them to editors."""
    doors.open_to(Office.EDITOR, namespace=report_views.NAMESPACE)
    return [path("help-reports/", include((report_views.urls(), report_views.NAMESPACE), namespace=report_views.NAMESPACE))]


class _ReportItem(MenuItem):  # type: ignore[misc]
    def __init__(self, view: type[report_views.Report], order: int) -> None:
        super().__init__(
            view.page_title, reverse(f"{report_views.NAMESPACE}:{view.slug}"), name=view.slug, icon_name=view.header_icon, order=order
        )


def _report_item(view: type[report_views.Report], order: int) -> None:
    hooks.register("register_reports_menu_item", lambda: _ReportItem(view, order))


for _place, _view in enumerate(report_views.ALL):
    _report_item(_view, _place)


@hooks.register("construct_reports_menu")  # type: ignore[untyped-decorator]
def without_unused_reports(_request: HttpRequest, items: list[Any]) -> None:
    """Leave out Wagtail's reports that ours replace."""
    items[:] = [item for item in items if item.name not in _UNUSED_REPORTS]


@hooks.register("construct_main_menu")  # type: ignore[untyped-decorator]
def by_our_names(_request: HttpRequest, items: list[Any]) -> None:
    """Call the page tree, pictures and films what they are here."""
    for place, item in enumerate(items):
        if item.name in _NAMES:
            items[place] = copy.copy(item)
            items[place].label = _NAMES[item.name]


class _Submit(SubmitForModerationMenuItem):  # type: ignore[misc]
    def get_context_data(self, parent_context: dict[str, Any]) -> dict[str, Any]:
        return {**super().get_context_data(parent_context), "label": _("Submit for review")}


@hooks.register("construct_page_action_menu")  # type: ignore[untyped-decorator]
def submit_for_review(items: list[Any], _request: HttpRequest, _context: dict[str, Any]) -> None:
    """Name the button by what it does, in the editor's language: a workflow's name is a row."""
    for place, item in enumerate(items):
        if item.name == "action-submit":
            items[place] = _Submit(order=item.order)
