"""Editing agents and teams: how the forms of the back office show their values, what they refuse, and what a save does."""

from __future__ import annotations

import re
import unicodedata
import zoneinfo
from collections.abc import Sequence
from functools import cache
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.template.loader import render_to_string
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from wagtail.admin.forms.models import WagtailAdminModelForm

from trustdesk.staff import accounts, audit, shifts
from trustdesk.staff.models import MINUTES_PER_DAY, Agent, Role, Shift, Team
from trustdesk.staff.shifts import WeeklyShift

SPANS = 2  # a day shows room for: shifts with a break in between
MOST_SPANS = 6  # a day is read for
_CLOCK = re.compile(r"([0-9]{1,2})(?:[:.]?([0-9]{2}))?")  # 9, 9:00, 09.00, 0900
_ADDRESS = re.compile(r"@|://|\bwww\.|\w\.[a-z]{2,}\b", re.IGNORECASE)

Span = tuple[int, str, str]  # weekday (0 is Monday), from, to: "22:00" to "06:00" ends on the next day


class WeekSheet(forms.Widget):
    """Shows a list of Span as a week with two fields for a time each, and reads what is filled in back."""

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[Span]:
        """Read the spans of which anything is filled in."""
        found = []
        for day in Shift.Weekday.values:
            for slot in range(MOST_SPANS):
                start, end = (
                    str(data.get(f"{name}-{day}-{slot}-{which}") or "").strip()[:10] for which in ("from", "to")
                )
                if start or end:
                    found.append((day, start, end))
        return found

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        """Say that it is there: an empty week is one."""
        return False

    def id_for_label(self, id_: str) -> str:
        """Name no single field."""
        return ""

    def render(self, name: str, value: Sequence[Span] | None, attrs: Any = None, renderer: Any = None) -> Any:
        """Draw the days."""
        days = []
        for day, label in Shift.Weekday.choices:
            spans = [(start, end) for weekday, start, end in value or () if weekday == day]
            spans += [("", "")] * (SPANS - len(spans))
            days.append({"day": day, "label": label, "spans": spans})
        return render_to_string("staff/office_week.html", {"name": name, "days": days})


class WeekField(forms.Field):
    """A week of shifts; its clean value is a list of (weekday, start_minute, minutes)."""

    widget = WeekSheet

    def clean(self, value: Sequence[Span]) -> list[tuple[int, int, int]]:
        """Read the times; an end at or before the start is on the next day."""
        found, wrong = [], []
        for day, start, end in value:
            begins, ends = _minute(start), _minute(end)
            if begins is None or ends is None or begins == MINUTES_PER_DAY:
                what = {"day": Shift.Weekday(day).label}
                wrong.append(_("%(day)s: write both times, as 09:00 and 17:30.") % what)
            else:
                found.append((day, begins, (ends - begins) % MINUTES_PER_DAY or MINUTES_PER_DAY))
        if wrong:
            raise ValidationError(wrong)
        return found

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Compare without regard to order and to how a time is written."""
        was, now = (
            [(day, _minute(start), _minute(end)) for day, start, end in spans or ()] for spans in (initial, data)
        )
        return sorted(map(str, was)) != sorted(map(str, now))


def _minute(text: str) -> int | None:
    found = _CLOCK.fullmatch(unicodedata.normalize("NFKC", text))
    hour, minute = (int(found[1]), int(found[2] or 0)) if found else (24, 60)
    return hour * 60 + minute if minute < 60 and hour * 60 + minute <= MINUTES_PER_DAY else None


def _clock(minute: int) -> str:
    return f"{minute // 60 % 24:02}:{minute % 60:02}"


class TimeZones(forms.TextInput):
    """A field for a time zone that proposes those there are."""

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> Any:
        """Draw the field and the list of proposals, which needs no script."""
        field = super().render(name, value, {**(attrs or {}), "list": "time-zones"}, renderer)
        zones = sorted(zone for zone in _zones().values() if "/" in zone or zone == "UTC")
        return field + render_to_string("staff/office_zones.html", {"zones": zones})


@cache
def _zones() -> dict[str, str]:
    return {name.casefold(): name for name in zoneinfo.available_timezones()}


class AgentForm(WagtailAdminModelForm):  # type: ignore[misc]  # Wagtail ships no types
    """Who somebody is, what they may do, and when they work. The view says who saves: `actor`."""

    actor: audit.Actor

    languages = forms.MultipleChoiceField(
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("Chats go first to who speaks the customer's language."),
    )
    role = forms.ChoiceField(choices=Role.choices, initial=Role.AGENT, widget=forms.RadioSelect)
    teams = forms.ModelMultipleChoiceField(
        Team.objects.all(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("They see the cases of these teams and get their chats."),
    )
    zone = forms.CharField(max_length=64, required=False, widget=TimeZones)
    week = WeekField(
        required=False,
        help_text=gettext_lazy(
            "Times on the clock there. An end at or before the start is on the next day; 00:00 to 00:00 is a whole day."
        ),
    )
    active = forms.BooleanField(
        required=False,
        help_text=gettext_lazy(
            "Who is not active is signed out everywhere at once and cannot sign in. Nothing of theirs is deleted."
        ),
    )
    reason = forms.CharField(
        max_length=500,
        required=False,
        help_text=gettext_lazy("Needed when role or active changes; kept in the audit."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        agent: Agent = self.instance
        known = dict(settings.LANGUAGES)
        self.fields["languages"].choices = [
            *known.items(),
            *((one, one) for one in agent.languages if one not in known),
        ]
        self.fields["languages"].show_hidden_initial = False  # its default is a callable
        self.fields["teams"].label_from_instance = lambda team: team.label(get_language() or "en")
        if not agent.pk:
            del self.fields["active"], self.fields["reason"]
            self.initial.update({"languages": ["en"], "zone": _usual_zone()})
            return
        week = shifts.week_of(agent.pk)
        self.initial.update(
            {
                "role": agent.role.value,
                "teams": list(agent.teams.all()),
                "zone": week[0].timezone if week else _usual_zone(),
                "week": [
                    (one.weekday, _clock(one.start_minute), _clock(one.start_minute + one.minutes)) for one in week
                ],
                "active": agent.is_active,
            }
        )
        if self.for_user and self.for_user.pk == agent.pk:
            for name in ("role", "active"):
                self.fields[name].disabled = True
                self.fields[name].help_text = _("Only another administrator can change this for you.")

    def clean_display_name(self) -> str:
        """Refuse signs that are not seen."""
        return _printed(self.cleaned_data["display_name"])

    def clean_public_name(self) -> str:
        """Refuse an address, however it is written."""
        name = _printed(self.cleaned_data["public_name"])
        if _ADDRESS.search(unicodedata.normalize("NFKC", name)):
            raise ValidationError(_("Customers see this: a first name, no address."))
        return name

    def clean_email(self) -> str:
        """Return the address in lower case; refuse letters that only look like others."""
        address = str(self.cleaned_data["email"]).strip()
        if not address.isascii():
            raise ValidationError(_("Write the address with Latin letters only."))
        address = address.lower()
        if Agent.objects.filter(email=address).exclude(pk=self.instance.pk).exists():
            raise ValidationError(_("There is an agent with this address already."))
        return address

    def clean_zone(self) -> str:
        """Find the time zone, however its capitals are written."""
        given = "_".join(str(self.cleaned_data["zone"]).split())
        if given and given.casefold() not in _zones():
            raise ValidationError(_("There is no time zone of this name. Write one such as Asia/Singapore or UTC."))
        return _zones().get(given.casefold(), "")

    def clean(self) -> dict[str, Any]:
        """Judge the shifts together, and ask for a reason where one is needed."""
        cleaned: dict[str, Any] = super().clean()
        zone = cleaned.get("zone")
        if cleaned.get("week") and zone == "":
            self.add_error("zone", _("Say in which time zone these times are."))
        cleaned["shifts"] = week = [
            WeeklyShift(day, start, minutes, zone or "") for day, start, minutes in cleaned.get("week") or ()
        ]
        if found := shifts.overlap(week):
            one, other = (f"{Shift.Weekday(it.weekday).label} {_clock(it.start_minute)}" for it in found)
            self.add_error(
                "week", _("The shifts that begin %(one)s and %(other)s overlap.") % {"one": one, "other": other}
            )
        if {"role", "active"} & set(self.changed_data) and self.instance.pk and not cleaned.get("reason", "").strip():
            self.add_error("reason", _("Say why: it is kept in the audit."))
        return cleaned

    def save(self, commit: bool = True) -> Agent:
        """Save what changed, each by its use-case; raise UnableToChangeAccess. The audit comes after the locks: active first."""
        agent: Agent = self.instance
        told, actor = self.cleaned_data, self.actor
        reason = told.get("reason", "").strip()
        if not agent.pk:
            agent.set_unusable_password()
            agent.save(force_insert=True)
        else:  # these and no others: the agent may be choosing a password at this moment
            agent.save(update_fields=["display_name", "public_name", "email", "languages", "capacity"])
            if "email" in self.changed_data:
                accounts.withdraw_password_link(agent_id=agent.pk)
            accounts.set_active(agent_id=agent.pk, active=told["active"], actor=actor, reason=reason)
        accounts.set_role(agent_id=agent.pk, role=Role(told["role"]), actor=actor, reason=reason)
        accounts.set_teams(agent_id=agent.pk, team_ids=[team.pk for team in told["teams"]], actor=actor)
        shifts.set_week(agent_id=agent.pk, week=told["shifts"], actor=actor)
        return agent


class TeamForm(WagtailAdminModelForm):  # type: ignore[misc]
    """A team's names and members. The view says who saves: `actor`."""

    actor: audit.Actor

    members = forms.ModelMultipleChoiceField(
        Agent.objects.filter(is_active=True).order_by("display_name", "pk"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name_zh"].required = True
        self.fields["members"].label_from_instance = lambda agent: f"{agent.display_name} · {agent.email}"
        if self.instance.pk:
            self.fields["slug"].disabled = True
            self.initial["members"] = list(self.fields["members"].queryset.filter(memberships__team=self.instance))

    def clean_name(self) -> str:
        """Refuse signs that are not seen."""
        return _printed(self.cleaned_data["name"])

    def clean_name_zh(self) -> str:
        """Refuse signs that are not seen."""
        return _printed(self.cleaned_data["name_zh"])

    def save(self, commit: bool = True) -> Team:
        """Save names and members; who is not active, and so not shown, stays what they are."""
        team: Team = self.instance
        team.save()
        chosen = {agent.pk for agent in self.cleaned_data["members"]}
        shown = set(self.fields["members"].queryset.values_list("pk", flat=True))
        accounts.set_members(team_id=team.pk, agent_ids=chosen, among=shown, actor=self.actor)
        return team


def _usual_zone() -> str:
    return Shift.objects.order_by("-pk").values_list("timezone", flat=True).first() or "UTC"


def _printed(text: str) -> str:
    """Return the text, or raise ValidationError: signs that change the direction of others, or none at all, hide what is there."""
    if not text.isprintable():
        raise ValidationError(_("There is a sign in it that cannot be seen."))
    return text
