"""What staff read. Every conversation is fetched through the seat of who asks; there is no other way to get one."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce, Left

from trustdesk.channels.models import Delivery
from trustdesk.conversations import attachments, mail_html
from trustdesk.conversations.mail_models import MailPart
from trustdesk.conversations.models import Attachment, Conversation, Entry, Evidence, Proving
from trustdesk.customers.models import Handle
from trustdesk.policy import reference as references
from trustdesk.staff import permissions
from trustdesk.staff.models import Agent
from trustdesk.staff.permissions import Action, Seat

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
class Mail:
    """What stands beside the text of a line that came as mail. `verdict`: proved, claimed or failed (policy.mail)."""

    sender: str
    verdict: str
    to: tuple[str, ...]
    cc: tuple[str, ...]
    quoted: str
    refused: tuple[tuple[str, str], ...]  # name of a file, code
    as_sent: bool  # it can be shown with its own looks
    too_large: bool  # it cannot, because of its size
    pictures: int  # of others, not loaded until somebody asks for them
    original: bool  # the bytes as they came can be fetched, by those who may


@dataclass(frozen=True, slots=True)
class Sending:
    """One thing we sent about a case, or are about to. `reason`: what the other side said, or a code of ours."""

    purpose: str
    recipient: str
    state: str
    reason: str
    attempts: int
    at: datetime

    @property
    def failed(self) -> bool:
        """Whether it did not reach its recipient and will not by itself."""
        return self.state in (Delivery.State.BOUNCED, Delivery.State.FAILED)


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
    mail: Mail | None = None


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
    """Read the lines after a seq, the last ones before a seq, or (neither given) the last ones: three statements."""
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
    files = _files([row.pk for row in shown if row.kind != Entry.Kind.EVENT])
    mails = _mails(case, [row.seq for row in shown if row.author == Entry.Author.CUSTOMER])
    return Stretch(
        tuple(_line(row, files.get(row.pk, ()), mails.get(row.seq)) for row in shown),
        _line(above, ()) if above else None,
        earlier,
        later,
    )


def _line(row: Entry, files: tuple[File, ...], mail: Mail | None = None) -> Line:
    agent = row.agent.display_name if row.agent else ""
    return Line(row.seq, row.kind, row.author, row.agent_id, agent, row.text, row.event, row.data, row.at, files, mail)


def _mails(case: Conversation, seqs: Sequence[int]) -> dict[int, Mail]:
    """Read what stands beside these lines, without the HTML itself: it is long, and hardly ever looked at."""
    rows = MailPart.objects.filter(conversation=case, seq__in=seqs).annotate(beginning=Left("html", 80)).defer("html")
    return {row.seq: _mail(row, row.beginning) for row in rows} if seqs else {}


def _mail(row: MailPart, beginning: str) -> Mail:
    missing = mail_html.is_missing(beginning)
    return Mail(
        sender=row.sender,
        verdict=row.verdict,
        to=tuple(row.to),
        cc=tuple(row.cc),
        quoted=row.quoted,
        refused=tuple((name, code) for name, code in row.refused_files),
        as_sent=bool(beginning) and not missing,
        too_large=missing,
        pictures=mail_html.pictures(beginning),
        original=row.payload_id is not None,
    )


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
    """List the customer's other cases that this agent may see, latest change first.

    Also those that came another way: a signed-in chat and a mail are one person's where both are answered at one proved address.
    """
    own = Q(customer=case.customer_id)
    if case.answer_proved and case.answer_to:
        own |= Q(answer_to__iexact=case.answer_to, answer_proved=True)
    rows = for_agent(seat).filter(own, spam_at=None).exclude(pk=case.pk)
    return list(rows.select_related("type", "inbox").order_by("-updated_at", "-pk")[:most])


def targets(*, seat: Seat, case: Conversation, most: int = 8) -> list[Conversation]:
    """List the customer's other cases that are not over and that this agent may see: what the case could go on in."""
    rows = for_agent(seat).filter(customer=case.customer_id, spam_at=None).exclude(pk=case.pk)
    rows = rows.exclude(status=Conversation.Status.CLOSED).select_related("type", "inbox", "team")
    return list(rows.order_by("-updated_at", "-pk")[:most])


def said_at(case: Conversation, *, seq: int) -> str:
    """Return what the customer said in a line; raises NotFound for any other line."""
    said = Entry.objects.filter(conversation=case, seq=seq, kind=Entry.Kind.MESSAGE, author=Entry.Author.CUSTOMER)
    text = said.values_list("text", flat=True).first()
    if not text:
        raise NotFound
    return text


def mail_part(case: Conversation, *, seq: int) -> MailPart:
    """Return what is kept of the mail of one line; raises NotFound."""
    row = MailPart.objects.filter(conversation=case, seq=seq).first()
    if row is None:
        raise NotFound
    return row


def files_of(case: Conversation, *, seq: int) -> tuple[File, ...]:
    """List the files of one line."""
    found = Entry.objects.filter(conversation=case, seq=seq).values_list("pk", flat=True).first()
    return _files([found]).get(found, ()) if found is not None else ()


def deliveries(case: Conversation, *, most: int = 20) -> list[Sending]:
    """List what we sent about the case, and what waits to be sent, latest first."""
    rows = Delivery.objects.filter(conversation_id=case.pk).order_by("-created_at", "-pk")[:most]
    return [
        Sending(row.purpose, row.recipient, row.state, row.reason, row.attempts, row.sent_at or row.created_at)
        for row in rows
    ]


def undelivered(sent: Sequence[Sending]) -> Sending | None:
    """Return the latest thing that did not arrive, unless something later reached the same recipient."""
    reached: set[str] = set()
    for one in sent:
        if one.failed and one.recipient.lower() not in reached:
            return one
        if one.state in (Delivery.State.SENT, Delivery.State.DELIVERED):
            reached.add(one.recipient.lower())
    return None


def latest_proving(case: Conversation) -> Proving | None:
    """Return the case's latest attempt at a proof, finished or not."""
    return Proving.objects.filter(conversation=case).order_by("-created_at", "-pk").first()


def colleagues(case: Conversation) -> QuerySet[Agent, Any]:
    """List who can be given the case: its team's agents, each with `held`, the number of open cases at hand."""
    held = (
        Conversation.objects.filter(assignee=OuterRef("pk"), status=Conversation.Status.OPEN, spam_at=None)
        .order_by()
        .values("assignee")
    )
    team = Agent.objects.filter(is_active=True, memberships__team=case.team_id)
    return team.annotate(held=Coalesce(Subquery(held.annotate(n=Count("pk")).values("n")), 0)).order_by(
        "display_name", "pk"
    )


def open_file(*, seat: Seat, key: str) -> tuple[Attachment, attachments.Opened]:
    """Open a file of a case that this agent may see. Raises NotFound, or attachments.NotServed for one that is held."""
    row = _sent_file(seat, key)
    return row, attachments.open_stored(row)


def held_file(*, seat: Seat, key: str) -> Attachment:
    """Return a held file that this agent may examine, as whoever opens documents may; raises NotFound."""
    row = _sent_file(seat, key)
    case = row.conversation
    may = case and permissions.may(seat, Action.DOCUMENTS, team_id=case.team_id, assignee_id=case.assignee_id)
    if not may or row.state != Attachment.State.HELD or row.reason == "virus":
        raise NotFound
    return row


def _sent_file(seat: Seat, key: str) -> Attachment:
    sent = Attachment.objects.filter(key=key, entry__conversation__in=for_agent(seat))
    row = sent.select_related("conversation").first()
    if row is None:
        raise NotFound
    return row


def mark_read(seat: Seat, *, conversation_id: int, seq: int) -> bool:
    """Note how far the assignee has read, never backwards, never past the end; say whether anything was noted."""
    unread = for_agent(seat).filter(pk=conversation_id, assignee=seat.agent_id, agent_seq__lt=seq, last_seq__gte=seq)
    return unread.update(agent_seq=seq) == 1
