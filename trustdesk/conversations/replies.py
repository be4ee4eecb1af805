"""The one way out. Every reply and note of staff is stored by `send`."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db import transaction

from trustdesk.conversations import announce, articles, queue, rulebook, statements, stopping, timeline
from trustdesk.conversations.acting import UnableToAct
from trustdesk.knowledge.library import Library
from trustdesk.policy import guard
from trustdesk.realtime import jobs
from trustdesk.realtime.group_commit import GroupCommit
from trustdesk.seams import clock, failpoints
from trustdesk.staff import permissions
from trustdesk.staff.permissions import Action

UNREAD = timedelta(minutes=1)  # a reply not read by then goes to the address the customer left; to a mail, at once


class UnableToReply(Exception):
    """`code`: not_allowed, closed, merged, spam, not_found, article_gone, too_many_articles, or why the text was stopped
    (see `stopping.reason`). Trying again does not help."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Reply:
    """What an agent says: to the customer, or (`note`) only to colleagues. `client_id` is made by the desk's page;
    `articles`: ids of the articles it comes with."""

    conversation_id: int
    agent_id: int
    client_id: str
    text: str
    note: bool = False
    articles: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Sent:
    """A reply as stored."""

    conversation_id: int
    seq: int
    at: datetime
    masked: tuple[str, ...]


def send(*, replies: Sequence[Reply], now: datetime) -> list[Sent]:
    """Store replies, in order, in one transaction; one already known is answered with the line it made then.

    Raises UnableToReply when one of them may not be said, with nothing stored; that one asks for what nobody may ask for is
    on record then, if it came alone.
    """
    _stop(replies, now)
    guarded = [guard.mask(reply.text) for reply in replies]
    shelf = articles.shelf() if any(reply.articles for reply in replies) else None
    with transaction.atomic(), statements.link(pipelined=True) as link:
        sent = _store(link, list(zip(replies, guarded, strict=True)), shelf, now)
        failpoints.hit("before_commit")
    failpoints.hit("after_commit")
    return sent


def _stop(replies: Sequence[Reply], now: datetime) -> None:
    """Refuse what asks a customer for a secret, and have it on record; notes for colleagues may say anything.

    Of several nothing is written down: the writer sends each alone then, and one try is to leave one row.
    """
    for reply in replies:
        code = "" if reply.note else stopping.reason(reply.text)
        if not code:
            continue
        if len(replies) == 1:
            seat = permissions.seat(reply.agent_id)
            if seat is None:
                raise UnableToReply("not_allowed")
            try:
                stopping.record(conversation_id=reply.conversation_id, seat=seat, code=code, now=now)
            except UnableToAct as refused:
                raise UnableToReply(refused.code) from None
        raise UnableToReply(code)


def _store(
    link: statements.Link, replies: Sequence[tuple[Reply, guard.Masked]], shelf: Library | None, now: datetime
) -> list[Sent]:
    asked = link.execute(permissions.SEATS, (sorted({reply.agent_id for reply, _ in replies}),))
    cases, _ = timeline.lock(link, [reply.conversation_id for reply, _ in replies])
    seats = permissions.seated(asked.fetchall())
    missing = [reply for reply, _ in replies if reply.conversation_id not in cases]
    if missing:
        raise UnableToReply("not_found")
    keys = {
        reply: (
            cases[reply.conversation_id].inbox_id,
            f"agent:{reply.agent_id}:{reply.conversation_id}:{reply.client_id}",
        )
        for reply, _ in replies
    }
    known = timeline.known(link, list(keys.values()))
    fresh: dict[tuple[int, str], tuple[Reply, guard.Masked]] = {}
    for reply, masked in replies:
        if keys[reply] not in known:  # what was said before is answered again, whatever has become of the case since
            _check(reply, seats.get(reply.agent_id), cases[reply.conversation_id])
            fresh.setdefault(keys[reply], (reply, masked))
    drafts = [
        _draft(reply, masked, key, _cards(reply, shelf, cases[reply.conversation_id].locale))
        for key, (reply, masked) in fresh.items()
    ]
    taken = {
        reply.conversation_id: reply
        for reply, _ in fresh.values()
        if not reply.note and cases[reply.conversation_id].assignee_id is None
    }
    drafts += [
        timeline.event(
            one,
            cases[one].inbox_id,
            "assigned",
            visible=True,
            author="agent",
            agent_id=reply.agent_id,
            name=seats[reply.agent_id].public_name,
            because={"code": "replied"},
        )
        for one, reply in taken.items()
    ]
    last_seq = {one: row.last_seq for one, row in cases.items()}
    lines = timeline.append(link, drafts, last_seq=last_seq, now=now)
    made = dict(zip(fresh, lines, strict=False))
    said = {reply.conversation_id: reply for reply, _ in fresh.values() if not reply.note}
    if said:
        link.execute(
            statements.AGENT_SPOKE, statements.columns([(one, now, reply.agent_id) for one, reply in said.items()], 3)
        )
        queue.leave(link, [one for one in said if cases[one].queued_at], now=now, outcome="answered")
        for one in said:
            if cases[one].answer_to:
                by_mail = rulebook.inbox_kinds().get(cases[one].inbox_id) == "email"
                defer = jobs.defer if by_mail else partial(jobs.defer_in, UNREAD)
                link.jobs.append(partial(defer, "conversations.mail_unread", conversation_id=one))
    announce.changed(
        {one: last_seq[one] for one in {line.conversation_id for line in lines}},
        teams=[row.team_id for row in cases.values()],
        queues=[cases[one].team_id for one in said if cases[one].queued_at],
    )
    return [_sent(known.get(keys[reply]) or made[keys[reply]]) for reply, _ in replies]


def _check(reply: Reply, seat: permissions.Seat | None, row: Any) -> None:
    action = Action.NOTE if reply.note else Action.REPLY
    if seat is None:
        raise UnableToReply("not_allowed")
    if not permissions.may(seat, action, team_id=row.team_id, assignee_id=row.assignee_id):
        raise UnableToReply("not_found")  # as for a case that does not exist: no oracle
    if row.status == "closed" and not reply.note:
        raise UnableToReply("closed" if row.merged_into_id is None else "merged")
    if row.spam_at is not None and not reply.note:
        raise UnableToReply("spam")


def _cards(reply: Reply, shelf: Library | None, locale: str) -> list[dict[str, Any]]:
    if shelf is None or not reply.articles:
        return []
    try:
        return articles.stored(articles.chosen(reply.articles, among=shelf, locale=locale))
    except articles.UnableToInsert as refused:
        raise UnableToReply(refused.code) from None


def _draft(reply: Reply, masked: guard.Masked, key: tuple[int, str], cards: list[dict[str, Any]]) -> timeline.Draft:
    kinds = tuple(dict.fromkeys(finding.kind for finding in masked.found))
    return timeline.Draft(
        reply.conversation_id,
        key[0],
        "note" if reply.note else "message",
        "agent",
        not reply.note,
        text=masked.text,
        agent_id=reply.agent_id,
        external_id=key[1],
        data=({"masked": kinds} if kinds else {}) | ({"articles": cards} if cards else {}),
    )


def _sent(line: timeline.Line) -> Sent:
    return Sent(line.conversation_id, line.seq, line.at, tuple(line.data.get("masked", ())))


_writer: GroupCommit[Reply, Sent] = GroupCommit(lambda replies: send(replies=replies, now=clock.now()), name="replies")


def submit(reply: Reply) -> Future[Sent]:
    """Queue one reply from a thread for the next batch; fails with Unavailable or UnableToReply."""
    return _writer.submit(reply)


def put(reply: Reply) -> asyncio.Future[Sent]:
    """Queue one reply from the running event loop; awaiting the future waits until it is stored. Fails as `submit`."""
    return _writer.put(reply)
