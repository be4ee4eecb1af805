"""What staff read. Every conversation is fetched through the seat of who asks; there is no other way to get one."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from trustdesk.conversations import attachments
from trustdesk.conversations.models import Attachment, Conversation, Entry, Evidence, Proving
from trustdesk.customers.models import Handle
from trustdesk.policy import reference as references
from trustdesk.staff import permissions
from trustdesk.staff.models import Agent
from trustdesk.staff.permissions import Seat

LINES = 200  # lines of a timeline at once


class NotFound(Exception):
    """There is no such case, or not for this agent: which of the two is not said."""


@dataclass(frozen=True, slots=True)
class File:
    """A file of a line; size in bytes, width and height in pixels (0: no image), `reason` why it is held."""

    key: str
    name: str
    media_type: str
    size: int
    state: str
    reason: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Line:
    """One entry as staff see it, notes included; an event is a code with its data, worded by the surface."""

    seq: int
    kind: str
    author: str
    agent_id: int | None
    agent: str
    text: str
    event: str
    data: Mapping[str, Any]
    at: datetime
    files: tuple[File, ...]


@dataclass(frozen=True, slots=True)
class Stretch:
    """Lines in order; `before` is the line that stands just above them; `earlier` and `later`: there are more."""

    lines: tuple[Line, ...]
    before: Line | None
    earlier: bool
    later: bool


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """Whose a case is, and up to which seq its customer has read."""

    team_id: int | None
    assignee_id: int | None
    customer_seq: int
    last_seq: int


def for_agent(seat: Seat) -> QuerySet[Conversation]:
    """Return the conversations this agent may see."""
    return Conversation.objects.filter(permissions.visible(seat))


def find(seat: Seat, reference: str) -> Conversation:
    """Return one case by its number as typed; raises NotFound."""
    canonical = references.parse(reference)
    row = (
        for_agent(seat)
        .filter(reference=canonical)
        .select_related("customer", "team", "assignee", "type", "inbox")
        .first()
    )
    if canonical is None or row is None:
        raise NotFound
    return row


def whereabouts(conversation_ids: Collection[int]) -> dict[int, Whereabouts]:
    """Return by id where cases are: what decides who may see them and how far they have come, and nothing that is in them."""
    rows = Conversation.objects.filter(pk__in=conversation_ids)
    return {
        row[0]: Whereabouts(*row[1:])
        for row in rows.values_list("pk", "team_id", "assignee_id", "customer_seq", "last_seq")
    }


def lines(case: Conversation, *, after: int = 0, before: int | None = None, most: int = LINES) -> Stretch:
    """Read the lines after a seq, the last ones before a seq, or (neither given) the last ones: two statements."""
    rows = Entry.objects.filter(conversation=case).select_related("agent")
    if after:
        found = list(rows.filter(seq__gte=after).order_by("seq")[: most + 2])
        above, found = (found[0], found[1:]) if found and found[0].seq == after else (None, found)
        shown, earlier, later = found[:most], True, len(found) > most
    else:
        rows = rows.filter(seq__lt=before) if before is not None else rows
        found = list(rows.order_by("-seq")[: most + 1])[::-1]
        above, shown = (found[0], found[1:]) if len(found) > most else (None, found)
        earlier, later = above is not None, before is not None
    files = _files([row.pk for row in shown if row.kind == Entry.Kind.MESSAGE])
    return Stretch(
        tuple(_line(row, files.get(row.pk, ())) for row in shown), _line(above, ()) if above else None, earlier, later
    )


def _line(row: Entry, files: tuple[File, ...]) -> Line:
    agent = row.agent.display_name if row.agent else ""
    return Line(row.seq, row.kind, row.author, row.agent_id, agent, row.text, row.event, row.data, row.at, files)


def _files(entry_ids: Sequence[int]) -> dict[int, tuple[File, ...]]:
    found: dict[int, tuple[File, ...]] = {}
    for row in Attachment.objects.filter(entry__in=entry_ids).order_by("pk") if entry_ids else ():
        if row.entry_id is not None:
            file = File(row.key, row.name, row.media_type, row.size, row.state, row.reason, row.width, row.height)
            found[row.entry_id] = (*found.get(row.entry_id, ()), file)
    return found


def said_since(case: Conversation, *, seq: int, besides: int) -> int:
    """Count the messages after `seq` that this agent (`besides`) did not write: what he may not have read yet."""
    return Entry.objects.filter(conversation=case, seq__gt=seq, kind=Entry.Kind.MESSAGE).exclude(agent=besides).count()


def facts(case: Conversation) -> list[Evidence]:
    """List what was found in the case's text, in the order in which it came up."""
    return list(Evidence.objects.filter(conversation=case).order_by("seq", "pk"))


def handles(case: Conversation) -> list[Handle]:
    """List the customer's addresses; whoever shows them masks them."""
    return list(Handle.objects.filter(customer=case.customer_id).order_by("-proof", "kind", "pk"))


def others(*, seat: Seat, case: Conversation, most: int = 8) -> list[Conversation]:
    """List the customer's other cases that this agent may see, latest change first."""
    rows = for_agent(seat).filter(customer=case.customer_id).exclude(pk=case.pk)
    return list(rows.select_related("type", "inbox").order_by("-updated_at", "-pk")[:most])


def latest_proving(case: Conversation) -> Proving | None:
    """Return the case's latest attempt at a proof, finished or not."""
    return Proving.objects.filter(conversation=case).order_by("-created_at", "-pk").first()


def colleagues(case: Conversation) -> QuerySet[Agent, Any]:
    """List who can be given the case: its team's agents, each with `held`, the number of open cases at hand."""
    held = (
        Conversation.objects.filter(assignee=OuterRef("pk"), status=Conversation.Status.OPEN)
        .order_by()
        .values("assignee")
    )
    team = Agent.objects.filter(is_active=True, memberships__team=case.team_id)
    return team.annotate(held=Coalesce(Subquery(held.annotate(n=Count("pk")).values("n")), 0)).order_by(
        "display_name", "pk"
    )


def open_file(*, seat: Seat, key: str) -> tuple[Attachment, attachments.Opened]:
    """Open a file of a case that this agent may see. Raises NotFound, or attachments.NotServed for one that is held."""
    row = (
        Attachment.objects.filter(key=key, entry__conversation__in=for_agent(seat))
        .select_related("conversation")
        .first()
    )
    if row is None:
        raise NotFound
    return row, attachments.open_stored(row)


def mark_read(seat: Seat, *, conversation_id: int, seq: int) -> bool:
    """Note how far the assignee has read, never backwards, never past the end; say whether anything was noted."""
    unread = for_agent(seat).filter(pk=conversation_id, assignee=seat.agent_id, agent_seq__lt=seq, last_seq__gte=seq)
    return unread.update(agent_seq=seq) == 1
