"""One act on one case: hold its row, say events, change its fields, tell who watches."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from django.db import transaction

from trustdesk.conversations import announce, queue, rulebook, statements, timeline
from trustdesk.conversations.models import Conversation
from trustdesk.realtime import jobs
from trustdesk.staff import permissions
from trustdesk.staff.permissions import Action, Seat


class UnableToAct(Exception):
    """`code` says why (not_found, closed, taken …). Trying again does not help until the case has changed."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(slots=True)
class Act:
    """A case whose row lock is held."""

    row: Any
    now: datetime
    link: statements.Link
    queue_changed: bool = False
    _drafts: list[timeline.Draft] = field(default_factory=list)
    _values: dict[str, Any] = field(default_factory=dict)

    def say(self, code: str, *, visible: bool, by: int | None = None, **data: Any) -> None:
        """Add an event to the timeline; `by` is the agent who did it."""
        self._drafts.append(
            timeline.event(
                self.row.id,
                self.row.inbox_id,
                code,
                visible=visible,
                agent_id=by,
                author="agent" if by else "system",
                **data,
            )
        )

    def add(self, draft: timeline.Draft) -> None:
        """Add a line that is no event."""
        self._drafts.append(draft)

    def set(self, **columns: Any) -> None:
        """Change fields of the conversation."""
        self._values |= columns

    def tell(self, what: str) -> None:
        """Have the customer told by mail, once the act is done, if he left an address: `notices.tell` knows what of."""
        if self.row.answer_to:
            self.link.jobs.append(partial(jobs.defer, "conversations.tell", what=what, conversation_ids=[self.row.id]))

    def refuse_closed(self) -> None:
        """Raise UnableToAct("closed") where the case is over for good, or "merged" where it goes on in another."""
        self.refuse_merged()
        if self.row.status == Conversation.Status.CLOSED:
            raise UnableToAct("closed")

    def refuse_spam(self) -> None:
        """Raise UnableToAct("spam") where nobody works on the case, because it is none."""
        if self.row.spam_at is not None:
            raise UnableToAct("spam")

    def refuse_merged(self) -> None:
        """Raise UnableToAct("merged") where the case goes on in another."""
        if self.row.merged_into_id is not None:
            raise UnableToAct("merged")

    def leave_queue(self, outcome: str) -> None:
        """Take the case out of the chat queue, if it is in it; `outcome` is answered or left."""
        if self.row.queued_at:
            queue.leave(self.link, [self.row.id], now=self.now, outcome=outcome)
            self.queue_changed = True

    def write(self) -> None:
        """Write the fields set so far: what follows in this act reads them in the database."""
        if self._values:
            Conversation.objects.filter(pk=self.row.id).update(**self._values)

    @property
    def is_chat(self) -> bool:
        """Whether the case is a chat."""
        return rulebook.inbox_kinds()[self.row.inbox_id] == "chat"

    def rejoin_queue(self) -> None:
        """Put a chat that no agent has any more into the queue of the team it has now, where its customer's waiting puts it."""
        if self.is_chat:
            self.write()
            since = self.row.waiting_since or self.row.queued_at or self.now
            queue.enter_at(self.link, self.row.id, since=since, now=self.now)
            self.queue_changed = True

    def enter_queue(self, *, chat: bool = False) -> None:
        """Put a chat without an agent into the queue, to be dealt out; other cases wait in the lists. `chat`: it becomes one by
        this act."""
        if (chat or self.is_chat) and not self.row.queued_at:
            queue.enter(self.link, {self.row.id: self.row.team_id}, now=self.now)
            self.queue_changed = True

    @property
    def said(self) -> bool:
        """Whether this act has anything to say: an act done twice has not, the second time."""
        return bool(self._drafts)


@contextmanager
def on(
    conversation_id: int, *, now: datetime, seat: Seat | None = None, action: Action | None = None, onward: bool = False
) -> Iterator[Act]:
    """Hold one case for one act, in one transaction; raises UnableToAct("not_found") where `seat` may not do `action`.

    `onward`: of a case that was merged, hold the one it went into; for what comes from outside and knows nothing of it.
    """
    with transaction.atomic(), statements.link() as link:
        row = timeline.lock(link, [conversation_id])[0].get(conversation_id)
        while onward and row is not None and row.merged_into_id is not None:
            row = timeline.lock(link, [row.merged_into_id])[0].get(row.merged_into_id)
        act = _allowed(row, link, now, seat, action)
        yield act
        _done(act)


@contextmanager
def on_both(first: int, second: int, *, now: datetime, seat: Seat, action: Action) -> Iterator[tuple[Act, Act]]:
    """Hold two cases for one act that concerns both, locked in id order; raises as `on` where either is not the agent's."""
    with transaction.atomic(), statements.link() as link:
        rows = timeline.lock(link, [first, second])[0]
        acts = (
            _allowed(rows.get(first), link, now, seat, action),
            _allowed(rows.get(second), link, now, seat, action),
        )
        yield acts
        for act in acts:
            _done(act)


def _allowed(row: Any, link: statements.Link, now: datetime, seat: Seat | None, action: Action | None) -> Act:
    if row is None or (
        seat and action and not permissions.may(seat, action, team_id=row.team_id, assignee_id=row.assignee_id)
    ):
        raise UnableToAct("not_found")
    return Act(row, now, link)


def _done(act: Act) -> None:
    """Write down what was said and changed, and tell who watches."""
    row = act.row
    last_seq = {row.id: row.last_seq}
    timeline.append(act.link, act._drafts, last_seq=last_seq, now=act.now)
    act.write()
    if act.said or act._values:
        teams = {row.team_id, act._values.get("team_id", row.team_id)}
        announce.changed(last_seq, teams=teams, queues=teams if act.queue_changed else ())
