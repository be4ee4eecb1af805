"""Lists of cases for staff: the views of the desk, counted, sorted by who needs an answer first, and searched."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from django.db.models import Case, Count, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.fields.json import KT
from django.db.models.functions import Coalesce, JSONObject, Left, NullIf

from trustdesk.conversations import queries
from trustdesk.conversations.models import Conversation, Entry, Evidence
from trustdesk.customers.models import Handle
from trustdesk.policy import evidence
from trustdesk.policy import reference as references
from trustdesk.staff.permissions import Seat

PAGE = 50  # cases of one page of a list
PREVIEW = 160  # characters of a message shown in a list
QUERY = 300  # characters of a search; what is longer is prose, and only exact facts are found
OPEN = (Conversation.Status.WAITING, Conversation.Status.OPEN)

# What one searches by; an amount, a pair or a time would find half of all cases.
_SEARCHED = ("order_id", "tx_id", "address", "uid", "link")
_ADDRESSES = (Handle.Kind.UID, Handle.Kind.MAIL, Handle.Kind.PHONE, Handle.Kind.TELEGRAM)
_MOST_FOUND = 200
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NUMBER = re.compile(r"[0-9]{1,16}")


class BadCursor(ValueError):
    """The place to go on from is none that a page named. Begin at the first page."""


class View(StrEnum):
    """Whose cases a list shows."""

    MINE = "mine"
    UNASSIGNED = "unassigned"
    TEAMS = "teams"
    ALL = "all"
    SPAM = "spam"  # in whatever state; no other view holds any of it


class Tab(StrEnum):
    """In which state: OPEN is our turn or about to be, RESOLVED includes what is closed."""

    OPEN = "open"
    PENDING = "pending"
    RESOLVED = "resolved"
    ALL = "all"


_STATUSES: Mapping[Tab, tuple[str, ...]] = {
    Tab.OPEN: OPEN,
    Tab.PENDING: (Conversation.Status.PENDING,),
    Tab.RESOLVED: (Conversation.Status.RESOLVED, Conversation.Status.CLOSED),
    Tab.ALL: (),
}


@dataclass(frozen=True, slots=True)
class Filter:
    """Which cases a list shows. A `text` (exactly a case number, fact or address) looks in all of them, open or not."""

    view: View = View.MINE
    tab: Tab = Tab.OPEN
    team_id: int | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A case as a line of a list; `last_*` is its newest message, `unread`: its assignee, who asks, has not read it."""

    reference: str
    subject: str
    status: str
    priority: int
    channel: str
    customer: str
    topic: str
    topic_zh: str
    assignee_id: int | None
    assignee: str
    waiting_since: datetime | None
    updated_at: datetime
    last_text: str
    last_author: str
    last_agent_id: int | None
    unread: bool
    spam: bool

    @property
    def is_short(self) -> bool:
        """Whether the newest message says no more than the subject, which is the first message's first line."""
        return self.subject[:PREVIEW] == self.last_text.strip()[: len(self.subject[:PREVIEW])] and len(
            self.last_text
        ) <= len(self.subject)


@dataclass(frozen=True, slots=True)
class Page:
    """Rows of a list, and where the next page begins ("" at the end)."""

    rows: tuple[Row, ...]
    after: str


@dataclass(frozen=True, slots=True)
class Counts:
    """How many open cases each view holds, and each team (by id); of spam, how many there are."""

    mine: int
    unassigned: int
    teams: int
    all: int
    spam: int
    by_team: Mapping[int, int]


def cases(*, seat: Seat, wanted: Filter, size: int = PAGE, after: str = "") -> Page:
    """Read one page of a list, with two statements (four where it searches). Raises BadCursor.

    Open cases come in the order in which they need an answer: customers who wait for us by priority and time, then the
    rest by last change. Everything else comes by last change.
    """
    rows = _wanted(seat, wanted)
    ordered = _by_need(rows, after) if _is_by_need(wanted) else _by_change(rows, after)
    # Which ones first: what is shown of a case is read for the page alone, not for all that have to be sorted.
    places = list(ordered.values_list("pk", "priority", "waiting_since", "updated_at")[: size + 1])
    shown = {row["pk"]: _row(row, seat) for row in _details([place[0] for place in places[:size]])}
    in_order = tuple(shown[place[0]] for place in places[:size] if place[0] in shown)
    return Page(in_order, _cursor(places[size - 1], wanted) if len(places) > size else "")


def counts(*, seat: Seat) -> Counts:
    """Count the open cases of each view and team, with one statement."""
    spam = Q(spam_at__isnull=False)
    mine, free = Q(assignee=seat.agent_id) & ~spam, Q(assignee=None) & ~spam
    rows = list(
        queries.for_agent(seat)
        .filter(Q(status__in=OPEN) | spam)
        .order_by()
        .values("team_id")
        .annotate(
            n=Count("pk", filter=~spam),
            mine=Count("pk", filter=mine),
            free=Count("pk", filter=free),
            spam=Count("pk", filter=spam),
        )
    )
    return Counts(
        mine=sum(row["mine"] for row in rows),
        unassigned=sum(row["free"] for row in rows),
        all=sum(row["n"] for row in rows),
        spam=sum(row["spam"] for row in rows),
        teams=sum(row["n"] for row in rows if row["team_id"] in seat.team_ids),
        by_team={row["team_id"]: row["n"] for row in rows if row["team_id"] is not None},
    )


def _wanted(seat: Seat, wanted: Filter) -> QuerySet[Conversation]:
    rows = queries.for_agent(seat)
    if wanted.text:
        return rows.filter(_found(wanted.text))
    rows = rows.filter(spam_at__isnull=wanted.view is not View.SPAM)
    if wanted.view is View.MINE:
        rows = rows.filter(assignee=seat.agent_id)
    elif wanted.view is View.UNASSIGNED:
        rows = rows.filter(assignee=None)
    elif wanted.view is View.TEAMS:
        rows = rows.filter(team__in=sorted(seat.team_ids))
    if wanted.team_id is not None:
        rows = rows.filter(team=wanted.team_id)
    if wanted.view is View.SPAM:
        return rows
    return rows.filter(status__in=_STATUSES[wanted.tab]) if _STATUSES[wanted.tab] else rows


def _is_by_need(wanted: Filter) -> bool:
    return wanted.tab is Tab.OPEN and not wanted.text and wanted.view is not View.SPAM


def _found(text: str) -> Q:
    """Turn a search into ids first: an OR over three tables would read all of the largest."""
    text = text.strip()[:QUERY].replace("\0", "")
    values = {text, *(fact.value for fact in evidence.recognise(text))}
    by_fact = Evidence.objects.filter(kind__in=_SEARCHED, value__in=values).order_by("-pk")
    by_handle = Handle.objects.filter(kind__in=_ADDRESSES, value__in={text, text.lower()})
    return (
        Q(reference=references.parse(text) or "")
        | Q(pk__in=list(by_fact.values_list("conversation_id", flat=True)[:_MOST_FOUND]))
        | Q(customer__in=list(by_handle.values_list("customer_id", flat=True)[:_MOST_FOUND]))
    )


def _details(ids: list[int]) -> QuerySet[Conversation, Any]:
    newest = Entry.objects.filter(conversation=OuterRef("pk"), kind=Entry.Kind.MESSAGE).order_by("-seq")
    # A reply may be an article and no word.
    said = Coalesce(NullIf("text", Value("")), KT("data__articles__0__title"), Value(""))
    last = newest.values(it=JSONObject(text=Left(said, PREVIEW), author="author", agent="agent_id", seq="seq"))[:1]
    return Conversation.objects.filter(pk__in=ids).values(
        "pk", "reference", "subject", "status", "priority", "inbox__kind", "customer__name", "type__label",
        "type__label_zh", "assignee_id", "assignee__display_name", "waiting_since", "updated_at", "agent_seq",
        "spam_at", last=Subquery(last),
    )  # fmt: skip


def _row(row: Mapping[str, Any], seat: Seat) -> Row:
    last = row["last"] or {"text": "", "author": "", "agent": None, "seq": 0}
    to_be_read = last["author"] == Entry.Author.CUSTOMER and last["seq"] > row["agent_seq"]
    return Row(
        reference=row["reference"],
        subject=row["subject"],
        status=row["status"],
        priority=row["priority"],
        channel=row["inbox__kind"],
        customer=row["customer__name"],
        topic=row["type__label"] or "",
        topic_zh=row["type__label_zh"] or "",
        assignee_id=row["assignee_id"],
        assignee=row["assignee__display_name"] or "",
        waiting_since=row["waiting_since"],
        updated_at=row["updated_at"],
        last_text=last["text"],
        last_author=last["author"],
        last_agent_id=last["agent"],
        unread=to_be_read and row["assignee_id"] == seat.agent_id,
        spam=row["spam_at"] is not None,
    )


# A page goes on after the last row of the one before (keyset), so that the tenth page costs what the first does. A
# cursor is priority.waiting_since.pk of a customer who waits, updated_at.pk of any other case; times in microseconds.


def _by_need(rows: QuerySet[Conversation], after: str) -> QuerySet[Conversation]:
    waits = Q(waiting_since__isnull=False)
    ordered = rows.order_by(
        Case(When(waits, then=0), default=1),
        Case(When(waits, then="priority")),
        "waiting_since",
        Case(When(~waits, then="updated_at")).desc(),
        "pk",
    )
    if after.count(".") == 1:
        return ordered.filter(_changed_before(after), ~waits)
    if not after:
        return ordered
    priority, micros, pk = _numbers(after, 3)
    since = _EPOCH + timedelta(microseconds=micros)
    later = Q(waiting_since__gt=since) | Q(waiting_since=since, pk__gt=pk)
    return ordered.filter(~waits | (waits & (Q(priority__gt=priority) | (Q(priority=priority) & later))))


def _by_change(rows: QuerySet[Conversation], after: str) -> QuerySet[Conversation]:
    recent = rows.order_by("-updated_at", "pk")
    return recent.filter(_changed_before(after)) if after else recent


def _changed_before(cursor: str) -> Q:
    micros, pk = _numbers(cursor, 2)
    at = _EPOCH + timedelta(microseconds=micros)
    return Q(updated_at__lte=at) & (Q(updated_at__lt=at) | Q(pk__gt=pk))


def _cursor(place: tuple[int, int, datetime | None, datetime], wanted: Filter) -> str:
    pk, priority, waiting_since, updated_at = place
    if _is_by_need(wanted) and waiting_since is not None:
        return f"{priority}.{_micros(waiting_since)}.{pk}"
    return f"{_micros(updated_at)}.{pk}"


def _micros(at: datetime) -> int:
    return (at - _EPOCH) // timedelta(microseconds=1)


def _numbers(cursor: str, count: int) -> list[int]:
    parts = cursor.split(".")
    if len(parts) != count or not all(_NUMBER.fullmatch(part) for part in parts):
        raise BadCursor
    return [int(part) for part in parts]
