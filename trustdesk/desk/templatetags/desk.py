"""Template filters of the desk: codes to words, teams and topics in the reader's language, how long something lasts."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache

from django import template
from django.template import Context
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, get_language_info
from django.utils.translation import gettext as _

from trustdesk.channels import sending_dns
from trustdesk.conversations.ledger import Stuck
from trustdesk.conversations.lists import Row, Tab, View
from trustdesk.desk import mail_wording, wording, writing
from trustdesk.net.sending_domain import Finding
from trustdesk.seams import clock
from trustdesk.staff.models import Team

register = template.Library()
register.filter("status_word", wording.status)
register.filter("priority_word", wording.priority)
register.filter("channel_word", wording.channel)
register.filter("proof_word", wording.proof)
register.filter("way_word", wording.way)
register.filter("fact_word", wording.fact)
register.filter("held_word", wording.held)
register.filter("document_word", wording.document)
register.filter("plain", writing.plain)
register.filter("problem_word", mail_wording.problem)
register.filter("unsent_word", mail_wording.reason)
register.filter("finding_word", sending_dns.word)

_CHANNEL_ICONS = {"chat": "chat", "email": "mail", "form": "file"}
_PRIORITY_TONES = {0: "urgent", 1: "high"}


@register.filter
def channel_icon(kind: str) -> str:
    """Return the icon of a kind of channel."""
    return _CHANNEL_ICONS.get(kind, "globe")


@register.filter
def priority_tone(level: int) -> str:
    """Return the tone of a priority's badge; "" for one that needs none."""
    return _PRIORITY_TONES.get(level, "")


@register.filter
def team_name(team: Team | None) -> str:
    """Return a team's name in the reader's language."""
    return team.label(get_language() or "en") if team else ""


@register.filter
def language_word(code: str) -> str:
    """Name a language in itself; one that Django does not know stays a code."""
    try:
        return str(get_language_info(code)["name_local"]).capitalize()
    except KeyError:
        return code


@register.filter
def topic(row: Row) -> str:
    """Return what a case is about, in the reader's language."""
    return row.topic_zh if (get_language() or "en").startswith("zh") else row.topic


@register.filter
def view_name(view: View) -> str:
    """Name a view."""
    return {
        View.MINE: _("Mine"),
        View.UNASSIGNED: _("Unassigned"),
        View.TEAMS: _("My teams"),
        View.ALL: _("All"),
        View.SPAM: _("Spam"),
    }[view]


@register.filter
def tab_name(tab: Tab) -> str:
    """Name a tab of the list."""
    return {Tab.OPEN: _("Open"), Tab.PENDING: _("Pending"), Tab.RESOLVED: _("Solved"), Tab.ALL: _("All")}[tab]


@register.filter
def stuck_word(one: Stuck) -> str:
    """Say why a mail became part of no case."""
    return mail_wording.stuck(one.state, one.reason)


@register.filter
def record_word(one: Finding) -> str:
    """Name a record of DNS as administrators know it."""
    return sending_dns.RECORDS.get(one.record, one.record)


@register.filter
def lasting(since: datetime) -> str:
    """Say in two or three characters how long something lasts: 12m, 3h, 2d (desk/waits.js says it in words)."""
    minutes = max(0, int((clock.now() - since).total_seconds())) // 60
    return f"{minutes // 1440}d" if minutes >= 1440 else f"{minutes // 60}h" if minutes >= 60 else f"{minutes}m"


@register.simple_tag(takes_context=True)
def row(context: Context, one: Row) -> SafeString:
    """Show a case as a row of the list in `chosen`, for the agent in `me`."""
    case = context.get("case")
    current = case is not None and case.reference == one.reference
    minute = int(clock.now().timestamp()) // 60
    return _row(one, context["me"].agent_id, context["chosen"].here, current, get_language() or "en", minute)


# A list is fetched anew every second while much happens, and most of its rows are what they were: this is two thirds
# of what that costs. Everything a row depends on is an argument, times to the minute.
@lru_cache(maxsize=8192)
def _row(one: Row, agent_id: int, here: str, current: bool, _language: str, _minute: int) -> SafeString:
    return mark_safe(  # noqa: S308  the template escapes
        render_to_string("desk/_row.html", {"row": one, "agent_id": agent_id, "here": here, "current": current})
    )
