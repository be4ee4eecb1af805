"""What one shift leaves to the next: notes of a team, and the cases of who goes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db.models import BigIntegerField, F, Q, Subquery
from django.db.models.functions import Coalesce, Greatest

from trustdesk.conversations import announce
from trustdesk.conversations.acting import UnableToAct
from trustdesk.conversations.models import Conversation
from trustdesk.conversations.shift_models import ShiftNote, ShiftNotesRead
from trustdesk.policy import guard, tokens
from trustdesk.staff import permissions
from trustdesk.staff.models import Agent, Team
from trustdesk.staff.permissions import Seat

TEXT = 2_000  # characters
DONE_SHOWN = timedelta(days=2)  # what was done is shown for so long: the shift after next may ask for it
MOST = 200  # notes shown, and cases


def write(*, seat: Seat, team: str, text: str, key: str, now: datetime) -> None:
    """Leave a note to a team (slug) of the agent's; the same `key` again is the same note.

    Raises UnableToAct("no_team", "empty", "too_long").
    """
    found = Team.objects.filter(_own(seat, "pk"), slug=team).first()
    if found is None:
        raise UnableToAct("no_team")
    said = tokens.hide(guard.mask(text.replace("\0", "").strip()).text)
    if not said:
        raise UnableToAct("empty")
    if len(said) > TEXT:
        raise UnableToAct("too_long")
    made = {"team": found, "text": said, "at": now}
    if ShiftNote.objects.get_or_create(author_id=seat.agent_id, key=key, defaults=made)[1]:
        announce.changed({}, teams=[found.pk])


def finish(*, seat: Seat, note_id: int, now: datetime) -> None:
    """Mark a note of the agent's teams as done; who was first stays on record. Raises UnableToAct("not_found")."""
    notes = ShiftNote.objects.filter(_own(seat), pk=note_id)
    if notes.filter(done_at=None).update(done_at=now, done_by=seat.agent_id):
        announce.changed({}, teams=[notes.get().team_id])
    elif not notes.exists():
        raise UnableToAct("not_found")


def notes(seat: Seat, *, now: datetime) -> list[ShiftNote]:
    """List the notes of the agent's teams, latest first: those not done, and those done lately."""
    rows = ShiftNote.objects.filter(_own(seat)).filter(Q(done_at=None) | Q(done_at__gt=now - DONE_SHOWN))
    return list(rows.select_related("team", "author", "done_by").order_by("-pk")[:MOST])


def read_upto(seat: Seat) -> int:
    """Return up to which note the agent has read; 0: none."""
    return ShiftNotesRead.objects.filter(agent=seat.agent_id).values_list("upto", flat=True).first() or 0


def unread(seat: Seat) -> int:
    """Count what colleagues left that is not done and that the agent has not seen; one statement, for every list asks."""
    upto = ShiftNotesRead.objects.filter(agent=seat.agent_id).values("upto")
    rows = ShiftNote.objects.filter(_own(seat), done_at=None).exclude(author=seat.agent_id)
    return rows.filter(pk__gt=Coalesce(Subquery(upto), 0, output_field=BigIntegerField())).count()


def mark_read(seat: Seat, *, upto: int) -> None:
    """Note up to which note the agent has read, never backwards."""
    row, made = ShiftNotesRead.objects.get_or_create(agent_id=seat.agent_id, defaults={"upto": upto})
    if not made and row.upto < upto:
        ShiftNotesRead.objects.filter(pk=row.pk).update(upto=Greatest(F("upto"), upto))


def teams(seat: Seat) -> list[Team]:
    """List the teams the agent may leave notes to."""
    return list(Team.objects.filter(_own(seat, "pk")).order_by("slug"))


def held(seat: Seat) -> list[Conversation]:
    """List the agent's own cases that are not over, those whose customers wait first, the longest waiting before the others."""
    unfinished = (Conversation.Status.WAITING, Conversation.Status.OPEN, Conversation.Status.PENDING)
    rows = Conversation.objects.filter(assignee=seat.agent_id, status__in=unfinished, spam_at=None)
    return list(rows.select_related("team", "inbox").order_by(F("waiting_since").asc(nulls_last=True), "pk")[:MOST])


def colleagues(cases: Sequence[Conversation], *, seat: Seat) -> list[Agent]:
    """List who works in a team of these cases, apart from the agent."""
    rows: Any = Agent.objects.filter(is_active=True, memberships__team__in={case.team_id for case in cases})
    return list(rows.exclude(pk=seat.agent_id).order_by("display_name", "pk").distinct())


def _own(seat: Seat, team: str = "team") -> Q:
    visible = permissions.visible_team_ids(seat)
    return Q() if visible is None else Q(**{f"{team}__in": sorted(visible)})
