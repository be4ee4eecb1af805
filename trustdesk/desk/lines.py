"""A timeline as the page shows it: worded, grouped by who spoke, parted by day and by what is new."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.safestring import SafeString
from django.utils.translation import get_language

from trustdesk.conversations import articles
from trustdesk.conversations.articles import Card
from trustdesk.conversations.models import Conversation
from trustdesk.conversations.overview import labelled
from trustdesk.conversations.queries import File, Line, Stretch
from trustdesk.desk import event_wording, mail_lines, writing
from trustdesk.desk.mail_lines import Letter, Outside

TOGETHER = timedelta(minutes=5)  # what one person says within this reads as one turn
_ICONS = {
    "assigned": "user",
    "unassigned": "users",
    "left": "users",
    "passed_on": "users",
    "promised_anew": "clock",
    "team_changed": "forward",
    "type_changed": "tag",
    "priority_changed": "tag",
    "resolved": "check",
    "closed": "lock",
    "ended_by_customer": "leave",
    "withdrawn": "leave",
    "moved_to_chat": "chat",
    "mail_confirmed": "mail",
    "pending": "wait",
    "reopened": "refresh",
    "proof_asked": "key",
    "proved": "shield-check",
    "documents_asked": "id",
    "documents_handed_in": "lock",
    "documents_accepted": "check",
    "documents_declined": "alert",
    "documents_withdrawn": "close",
    "secret_masked": "shield",
    "triaged": "tag",
    "by_mail": "mail",
    "rated": "star",
    "spam": "flag",
    "not_spam": "flag",
    "mail_bounced": "alert",
    "mail_failed": "alert",
    "mail_complained": "alert",
    "throw_away_mail": "alert",
    "merged": "forward",
    "merged_from": "layers",
    "merge_asked": "users",
    "reply_stopped": "alert",
    "merge_declined": "close",
    "split": "forward",
    "split_from": "layers",
}


@dataclass(frozen=True, slots=True)
class Shown:
    """One line ready to be shown. `kind`: message, note or event; `follows`: same speaker as above, a moment ago. `other`: the
    number of another case that the event names; `unfolds`: what was said there belongs here."""

    seq: int
    kind: str
    author: str
    name: str
    mine: bool
    at: datetime
    html: SafeString
    text: str
    fields: tuple[tuple[str, str], ...]  # label and answer of a form
    icon: str
    other: str
    unfolds: bool
    files: tuple[File, ...]
    articles: tuple[Card, ...]
    read_before: tuple[Card, ...]  # what the customer had read when he wrote it
    follows: bool
    new_day: bool
    first_unread: bool
    read: bool
    mail: Letter | None
    outside: Outside | None


def shown(stretch: Stretch, *, case: Conversation, agent_id: int, unread_after: int | None = None) -> list[Shown]:
    """Word the lines of a case for this agent; `unread_after` marks the first line that is new."""
    return list(_shown(stretch, case, agent_id, unread_after))


def _shown(stretch: Stretch, case: Conversation, agent_id: int, unread_after: int | None) -> Iterator[Shown]:
    above, marked = stretch.before, unread_after is None
    for line in stretch.lines:
        text = _event(line) if line.kind == "event" else ""
        if line.kind == "event" and not text:
            continue
        first_unread = not marked and line.author == "customer" and line.seq > (unread_after or 0)
        marked = marked or first_unread
        yield Shown(
            seq=line.seq,
            kind=line.kind,
            author=line.author,
            name=line.agent if line.author == "agent" else case.customer.name,
            mine=line.agent_id == agent_id,
            at=line.at,
            html=writing.rich(line.text),
            text=text,
            fields=_fields(line, case),
            icon=_ICONS.get(line.event, "info"),
            other=str(line.data.get("case", "")) if line.kind == "event" else "",
            unfolds=line.event == "merged_from",
            files=line.files,
            articles=articles.read(line.data),
            read_before=articles.read_before(line.data),
            follows=above is not None and not first_unread and _follows(line, above),
            new_day=above is None or above.at.date() != line.at.date(),
            first_unread=first_unread,
            read=line.author == "agent" and line.kind == "message" and line.seq <= case.customer_seq,
            mail=mail_lines.letter(line.mail) if line.mail else None,
            outside=mail_lines.outside(line),
        )
        above = line


def _follows(line: Line, above: Line) -> bool:
    same = (line.kind, line.author, line.agent_id) == (above.kind, above.author, above.agent_id)
    whose = line.data.get("from") == above.data.get("from") and line.data.get("to") == above.data.get("to")
    return same and whose and line.kind != "event" and line.at - above.at < TOGETHER


def _fields(line: Line, case: Conversation) -> tuple[tuple[str, str], ...]:
    given = line.data.get("fields")
    return labelled(case.type.code if case.type else "", given, locale=get_language() or "en") if given else ()


def _event(line: Line) -> str:
    return event_wording.event(line.event, by=line.agent, author=line.author, data=line.data)
