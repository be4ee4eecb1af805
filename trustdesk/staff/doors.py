"""Which address of the back office opens to whom. What nobody opened is the managers' alone.

Wagtail asks its own permissions behind these doors; they narrow what one may do to a single page or picture.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.urls import ResolverMatch
from wagtail.users.models import UserProfile

from trustdesk.staff import permissions
from trustdesk.staff.models import Agent
from trustdesk.staff.permissions import Office

# Who works here, which languages there are and where the pages stand is decided elsewhere; what is published, is public.
SHUT: Final = frozenset({
    "wagtailusers_users", "wagtailusers_groups", "wagtailsites", "wagtaillocales",
    "wagtailadmin_pages:set_privacy", "wagtailadmin_collections:set_privacy",
    "wagtailimages:url_generator", "wagtailimages:url_generator_output",
})  # fmt: skip
_OF_WAGTAIL: Final[Mapping[str, Office]] = {
    # By namespace …
    **dict.fromkeys((
        "wagtailadmin_pages", "wagtailadmin_reports", "wagtailadmin_api", "wagtailadmin_editing_sessions",
        "wagtailimages", "wagtailimages_chooser", "wagtaildocs", "wagtaildocs_chooser", "simple_translation",
    ), Office.EDITOR),
    # … and by name, which counts more.
    **dict.fromkeys((
        "wagtailadmin_home", "wagtailadmin_explore_root", "wagtailadmin_explore", "wagtailadmin_explore_results",
        "wagtailadmin_choose_page", "wagtailadmin_choose_page_child", "wagtailadmin_choose_page_search",
        "wagtailadmin_choose_page_chosen_multiple", "wagtailadmin_choose_page_external_link",
        "wagtailadmin_choose_page_email_link", "wagtailadmin_choose_page_phone_link",
        "wagtailadmin_choose_page_anchor_link", "wagtailadmin_tag_autocomplete",
        "wagtailadmin_tag_model_autocomplete", "wagtailadmin_dismissibles", "wagtailadmin_block_preview",
        "wagtailadmin_sprite", "wagtailadmin_javascript_catalog", "wagtaildocs_serve",
        "back_office_login", "back_office_logout", "back_office_account", "back_office_passwords",
    ), Office.EDITOR),
    # What is taken away may stand in published articles.
    **dict.fromkeys((
        "wagtailimages:delete", "wagtailimages:delete_multiple", "wagtaildocs:delete", "wagtaildocs:delete_multiple",
        "wagtail_bulk_action",
    ), Office.PUBLISHER),
}  # fmt: skip
_opened: dict[str, Office] = {}


def open_to(who: Office, *, namespace: str) -> None:
    """Let `who`, and those who get further, reach the addresses of a namespace; called where they are registered."""
    _opened[namespace] = who


def pass_through(request: HttpRequest, agent: Agent) -> None:
    """Raise PermissionDenied unless the agent may ask for this address; note in which language they work."""
    reached = permissions.office(agent.pk)
    if reached < Office.EDITOR or not _open(request.resolver_match, reached):
        raise PermissionDenied
    _speak(agent, getattr(request, "LANGUAGE_CODE", ""))


def _open(match: ResolverMatch | None, reached: Office) -> bool:
    if match is None:
        return reached >= Office.MANAGER
    space = match.namespaces[0] if match.namespaces else ""
    if match.view_name in SHUT or space in SHUT:
        return False
    doors = {**_OF_WAGTAIL, **_opened}
    return reached >= doors.get(match.view_name, doors.get(space, Office.MANAGER))


def _speak(agent: Agent, language: str) -> None:
    """Let Wagtail write to an agent, also in mails that somebody else causes, in the language they read it in last."""
    profile = UserProfile.get_for_user(agent)
    shift = agent.shifts.order_by("-id").values_list("timezone", flat=True).first()
    told = {"preferred_language": language[:10], "current_time_zone": (shift or "")[:40]}
    if any(getattr(profile, name) != value for name, value in told.items()):
        UserProfile.objects.filter(pk=profile.pk).update(**told)
