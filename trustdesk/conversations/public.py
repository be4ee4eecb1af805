"""All that a customer may read. Only customer-visible entries are ever selected here, in SQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from trustdesk.conversations import articles, ownership, presence, queue, rulebook, statements
from trustdesk.conversations.articles import Card
from trustdesk.conversations.expectations import Expected
from trustdesk.conversations.handing_in import papers
from trustdesk.conversations.models import Attachment, Conversation, History, Proving, Thread
from trustdesk.conversations.overview import (
    CaseFacts,
    CaseLine,
    FormField,
    Hub,
    RequestForm,
    TypeInfo,
    case_facts,
    cases_of,
    expected_reply,
    hub,
    request_form,
    request_types,
)
from trustdesk.conversations.tickets import Similar, similar_cases
from trustdesk.customers.visitors import Visitor
from trustdesk.policy import waiting
from trustdesk.policy.proof import Proof

# What the customer's pages may name besides what is here.
__all__ = [
    "PAGE",
    "PAGE_TEXT",
    "Card",
    "Case",
    "CaseFacts",
    "CaseLine",
    "CaseView",
    "Expected",
    "File",
    "FormField",
    "Hours",
    "Hub",
    "Line",
    "News",
    "Page",
    "RequestForm",
    "Similar",
    "TypeInfo",
    "agents_online",
    "attended",
    "by_id",
    "cases_of",
    "chat_inbox",
    "current",
    "currents",
    "entries_after",
    "epoch",
    "expected_reply",
    "find_case",
    "hours",
    "hub",
    "news",
    "open_proving",
    "open_provings",
    "pages_after",
    "papers",
    "places",
    "request_form",
    "request_types",
    "similar_cases",
    "statuses",
    "topics",
    "whole",
]

_AFTER = """
SELECT c.id AS conversation_id, c.last_seq, e.id, e.seq, e.kind, e.author, e.at, e.text, e.event, e.data, e.external_id, a.public_name
FROM unnest(%s::bigint[], %s::int[]) AS k (id, after)
JOIN conversations_conversation c ON c.id = k.id
LEFT JOIN LATERAL (
  SELECT * FROM conversations_entry WHERE conversation_id = k.id AND seq > k.after AND seq <= c.last_seq AND visible ORDER BY seq LIMIT %s
) e ON true
LEFT JOIN staff_agent a ON a.id = e.agent_id
ORDER BY c.id, e.seq
"""
PAGE = 200  # entries read of one case at a time
PAGE_TEXT = 64_000  # characters of them; one entry is always given


@dataclass(frozen=True, slots=True)
class File:
    """A file of an entry; `key` names it, width and height in pixels (0: no image)."""

    key: str
    name: str
    media_type: str
    size: int
    state: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Line:
    """One entry as a customer sees it; an event is a code with parameters, worded by the surface."""

    seq: int
    kind: str
    author: str
    name: str
    at: datetime
    text: str
    client_id: str
    event: str
    params: Mapping[str, Any]
    files: tuple[File, ...]
    articles: tuple[Card, ...] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """The entries after a position, complete up to `upto`; `more` of them were there."""

    after: int
    upto: int
    lines: tuple[Line, ...]
    more: bool = False


@dataclass(frozen=True, slots=True)
class Case:
    """A conversation as its customer sees it."""

    id: int
    reference: str
    team_id: int | None
    status: str
    topic: str
    topic_label: str
    agent: str
    rated: bool
    queued: bool
    staffed: bool  # somebody of its team is on shift
    merged: bool  # it goes on in another
    answer_to: str
    answer_proved: bool  # and that it is the customer's
    customer_seq: int
    agent_seq: int
    last_seq: int
    created_at: datetime
    proof_level: Proof  # at the moment of reading
    proof_until: datetime | None


@dataclass(frozen=True, slots=True)
class CaseView:
    """A conversation as its customer sees it, and what his page shows beside it."""

    case: Case
    facts: CaseFacts


@dataclass(frozen=True, slots=True)
class Hours:
    """Whether somebody is on shift now, and how busy today is by hour (0 quiet, 1 normal, 2 busy; empty: unknown)."""

    open: bool
    level: str
    by_hour: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class News:
    """The epoch, id → last seq of conversations that changed, outside thread → id of those opened."""

    epoch: str
    moved: Mapping[int, int]
    opened: Mapping[str, int]


def entries_after(positions: Mapping[int, int]) -> dict[int, Page]:
    """Read, in one snapshot, what customers see after a seq, for each conversation id; unknown ids are absent.

    A long timeline comes in pages: go on from `upto` while there is `more`.
    """
    if not positions:
        return {}
    with statements.link() as link:
        rows = link.execute(_AFTER, (list(positions), list(positions.values()), PAGE)).fetchall()
    files = _files([row.id for row in rows if row.id and '"files"' in row.data])
    pages: dict[int, tuple[int, list[Line]]] = {}
    for row in rows:
        lines = pages.setdefault(row.conversation_id, (row.last_seq, []))[1]
        if row.id is not None:
            lines.append(_line(row, files.get(row.id, ())))
    return {identity: _page(positions[identity], upto, lines) for identity, (upto, lines) in pages.items()}


def pages_after(positions: Sequence[tuple[int, int]]) -> dict[tuple[int, int], Page]:
    """Read as `entries_after` does for each (conversation id, position): the same case may be asked from several."""
    found: dict[tuple[int, int], Page] = {}
    left = list(positions)
    while left:
        asked = dict(left)
        found |= {(identity, asked[identity]): page for identity, page in entries_after(asked).items()}
        left = [(identity, after) for identity, after in left if asked[identity] != after]
    return found


def whole(conversation_id: int) -> Page:
    """Read all that a customer sees of one case."""
    page = entries_after({conversation_id: 0})[conversation_id]
    while page.more:
        rest = entries_after({conversation_id: page.upto})[conversation_id]
        page = Page(0, rest.upto, page.lines + rest.lines, rest.more)
    return page


def _page(after: int, upto: int, lines: list[Line]) -> Page:
    fit, text = 0, 0
    while fit < len(lines) and (text := text + len(lines[fit].text)) <= PAGE_TEXT:
        fit += 1
    if fit == len(lines) < PAGE:
        return Page(after, upto, tuple(lines))
    shown = tuple(lines[: max(fit, 1)])
    return Page(after, shown[-1].seq, shown, more=shown[-1].seq < upto)


def _line(row: Any, files: tuple[File, ...]) -> Line:
    data = orjson.loads(row.data)
    own = row.author == "customer" and row.external_id
    name = row.public_name or ""
    params = {key: value for key, value in data.items() if key in _PARAMS}
    return Line(
        row.seq,
        row.kind,
        row.author,
        name,
        row.at,
        row.text,
        row.external_id.rpartition(":")[2] if own else "",
        row.event,
        params,
        files,
        articles.read(data),
    )


# What of an event's data customers may see; `because` and staff ids are not among it.
_PARAMS = frozenset({"name", "how", "level", "expires_at", "kinds", "mail", "score", "masked", "fields", "case", "count"})


def _files(entry_ids: Sequence[int]) -> dict[int, tuple[File, ...]]:
    found: dict[int, tuple[File, ...]] = {}
    for row in Attachment.objects.filter(entry__in=entry_ids).order_by("id") if entry_ids else ():
        if row.entry_id is not None:
            found[row.entry_id] = (
                *found.get(row.entry_id, ()),
                File(row.key, row.name, row.media_type, row.size, row.state, row.width, row.height),
            )
    return found


def current(*, inbox_id: int, thread: str, locale: str, now: datetime) -> Case | None:
    """Return the case that an outside thread points at now, or None before its first message."""
    row = (
        Conversation.objects.filter(threads__inbox=inbox_id, threads__external=thread)
        .select_related("assignee", "type")
        .first()
    )
    return None if row is None else _case(row, locale, now)


def currents(threads: Sequence[str], *, inbox_id: int, locale: str, now: datetime) -> dict[str, Case]:
    """Return the case that each of these outside threads points at now, in one query; none before its first message."""
    rows = Thread.objects.filter(inbox=inbox_id, external__in=threads)
    rows = rows.select_related("conversation__assignee", "conversation__type")
    return {row.external: _case(row.conversation, locale, now) for row in rows}


def find_case(visitor: Visitor, reference: str, *, locale: str, now: datetime) -> CaseView | None:
    """Return one case of this visitor's; None for somebody else's and for none alike."""
    try:
        row = ownership.owned(visitor, reference)
    except LookupError:
        return None
    return CaseView(_case(row, locale, now), case_facts(row, visitor=visitor, locale=locale))


def by_id(conversation_id: int, *, locale: str, now: datetime) -> Case | None:
    """Return one case; the caller has shown that it belongs to the customer who asks."""
    return statuses([conversation_id], locale=locale, now=now).get(conversation_id)


def _case(row: Conversation, locale: str, now: datetime) -> Case:
    proved = row.proof_until is not None and row.proof_until > now
    return Case(
        id=row.pk,
        reference=row.reference,
        team_id=row.team_id,
        status=row.status,
        topic=row.type.code if row.type else "",
        topic_label=row.type.label_in(locale) if row.type else "",
        agent=row.assignee.public_name if row.assignee else "",
        rated=row.rating is not None,
        queued=row.queued_at is not None,
        staffed=row.team_id in queue.staffed_teams(now=now),
        merged=row.merged_into_id is not None,
        answer_to=row.answer_to,
        answer_proved=row.answer_proved,
        customer_seq=row.customer_seq,
        agent_seq=row.agent_seq,
        last_seq=row.last_seq,
        created_at=row.created_at,
        proof_level=Proof(row.proof_level) if proved else Proof.NOBODY,
        proof_until=row.proof_until if proved else None,
    )


def statuses(conversation_ids: Sequence[int], *, locale: str, now: datetime) -> dict[int, Case]:
    """Return several cases by id, in one query."""
    rows = Conversation.objects.filter(pk__in=conversation_ids).select_related("assignee", "type")
    return {row.pk: _case(row, locale, now) for row in rows}


def attended(conversation_ids: Sequence[int], *, now: datetime) -> frozenset[int]:
    """Return those of these cases whose agent has the desk open."""
    theirs = Conversation.objects.filter(pk__in=conversation_ids, assignee__in=presence.here(now=now))
    return frozenset(theirs.values_list("pk", flat=True))


def places(conversation_ids: Sequence[int], *, now: datetime) -> dict[int, queue.Place]:
    """Return the live queue place of each conversation that waits in it."""
    return queue.places(conversation_ids, now=now)


def open_proving(conversation_id: int) -> Proving | None:
    """Return the latest attempt at a proof in this case, if it is still under way."""
    return open_provings([conversation_id]).get(conversation_id)


def open_provings(conversation_ids: Sequence[int]) -> dict[int, Proving]:
    """Return the latest attempt at a proof in each of these cases, where it is still under way."""
    latest = Proving.objects.filter(conversation__in=conversation_ids).order_by("conversation", "-created_at", "-pk")
    return {
        one.conversation_id: one
        for one in latest.distinct("conversation")
        if one.state in (Proving.State.ASKED, Proving.State.SENT)
    }


def topics(*, locale: str) -> list[tuple[str, str]]:
    """List the request types offered in the chat: (code, label in the reader's language)."""
    return [
        (rule.code, rule.label_zh if locale.startswith("zh") else rule.label)
        for rule in rulebook.types().values()
        if rule.in_chat
    ]


def chat_inbox() -> int:
    """Return the inbox that chat messages come to."""
    return rulebook.chat_inbox()


def hours(*, timezone: str, now: datetime) -> Hours:
    """Say whether anybody is on shift and how busy the hours of today usually are, in the reader's time zone."""
    day = waiting.busy_hours(queue.started(since=now - timedelta(days=28)), tz=ZoneInfo(timezone), now=now)
    levels = [("quiet", "normal", "busy").index(hour.load) for hour in day or ()]
    level = day[now.astimezone(ZoneInfo(timezone)).hour].load.value if day else "normal"
    return Hours(agents_online(now=now), level, tuple(levels))


def agents_online(*, now: datetime) -> bool:
    """Say whether anybody is on shift."""
    return bool(queue.staffed_teams(now=now))


def news(*, since: datetime) -> News:
    """Read what changed since then: the safety net under lost hints."""
    recent = Conversation.objects.filter(updated_at__gt=since)
    opened = Thread.objects.filter(conversation__updated_at__gt=since, conversation__created_at__gt=since)
    there = dict(opened.values_list("external", "conversation_id"))
    return News(epoch(), dict(recent.values_list("id", "last_seq")), there)


def epoch() -> str:
    """Return the epoch of this database; it changes when a backup was restored."""
    return str(History.objects.get(pk=1).epoch)
