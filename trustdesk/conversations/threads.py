"""How a message finds its customer and its case: the handle it came from, the outside thread it belongs to."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from trustdesk.channels.contract import Inbound, MailFacts
from trustdesk.conversations import rulebook, statements, timeline, urgency
from trustdesk.conversations.arrivals import Arrival
from trustdesk.conversations.expectations import Expected
from trustdesk.policy import evidence, guard, reference


@dataclass(slots=True)
class Case:
    """A conversation during one batch, its row locked."""

    id: int
    reference: str
    inbox_id: int
    team_id: int | None
    status: str
    assignee_id: int | None
    waiting: bool
    proof_level: int
    proof_until: datetime | None
    last_seq: int = 0
    stored_status: str = ""
    opened: bool = False
    type_code: str = ""
    triaged: bool = False
    back: bool = False  # into the queue: it begins again and nobody has it
    raised: Inbound | None = None
    queued: bool = False
    expected: Expected | None = None
    answer_to: str = ""
    priority: int = 3
    alarmed: bool = False  # what its customer says now puts it into the emergency lane
    spam: bool = False
    because: tuple[dict[str, Any], ...] = ()  # why, when it opens

    def level_at(self, now: datetime) -> int:
        """The level of proof the case holds."""
        return self.proof_level if self.proof_until is not None and self.proof_until > now else 0


@dataclass(frozen=True, slots=True)
class Message:
    """A message past the guard."""

    arrival: Arrival
    text: str
    masked: tuple[str, ...]
    facts: tuple[evidence.Fact, ...]
    fields: tuple[tuple[str, str], ...] = ()
    mail: MailFacts | None = None  # without secrets, its HTML cleaned

    @property
    def key(self) -> tuple[int, str, str, str]:
        """Inbox, outside thread, and the kind and value of the handle."""
        inbound = self.arrival.inbound
        return self.arrival.inbox_id, inbound.thread, inbound.handle_kind, inbound.handle


def identify_and_lock(
    link: statements.Link, messages: Sequence[Message], now: datetime
) -> tuple[
    dict[tuple[str, str], tuple[int, int]],
    dict[tuple[int, str, str, str], Any],
    dict[int, Case],
    dict[tuple[int, str], timeline.Line],
]:
    """Find or make each handle (→ handle id, customer id); find each thread; lock the conversations that are still open;
    find the lines that messages seen before already made."""
    sent = [(one.arrival.inbox_id, one.arrival.inbound.external_id) for one in messages]
    firsts = {message.key: message for message in reversed(messages)}
    keys = list(dict.fromkeys(message.key for message in messages))
    found = _resolve(link, keys)
    handles = {key[2:]: (row.handle_id, row.customer_id) for key, row in found.items() if row.handle_id}
    _make_handles(link, [firsts[key] for key in keys if key[2:] not in handles], handles, now)
    locked, known = timeline.lock(link, [row.conversation_id for row in found.values() if row.conversation_id], sent)
    closed = [
        key for key, row in found.items() if row.conversation_id and locked[row.conversation_id].status == "closed"
    ]
    if closed:  # while we waited for the lock, another process may have opened the next one, or merged two
        found |= _resolve(link, closed)
        others, known = timeline.lock(link, [found[key].conversation_id for key in closed], sent)
        locked |= others
        known |= _follow_merges(link, closed, found, locked, handles, sent)
    return handles, found, {row.id: _case(row) for row in locked.values() if row.status != "closed"}, known


def _follow_merges(
    link: statements.Link,
    keys: Sequence[tuple[int, str, str, str]],
    found: dict[tuple[int, str, str, str], Any],
    locked: dict[int, Any],
    handles: dict[tuple[str, str], tuple[int, int]],
    sent: Sequence[tuple[int, str]],
) -> dict[tuple[int, str], timeline.Line]:
    """Point what belongs to a merged case at the one that case went into, as far as its sender may speak there; lock those."""
    known: dict[tuple[int, str], timeline.Line] = {}
    while ahead := {key: there for key in keys if (there := locked[found[key].conversation_id].merged_into_id)}:
        others, lines = timeline.lock(link, list(ahead.values()), sent)
        locked |= others
        known |= lines
        keys = [
            key
            for key, there in ahead.items()
            if _may_follow(key, locked[found[key].conversation_id], locked[there], handles[key[2:]][1])
        ]
        found |= {key: found[key]._replace(conversation_id=ahead[key]) for key in keys}
    return known


def _may_follow(key: tuple[int, str, str, str], here: Any, there: Any, customer_id: int) -> bool:
    """Say whether a sender may go on in the case that his was merged into: it is his customer's, or both are answered at one
    proved address. A mail may in any case, for it shows its sender nothing. Whoever else has found his way into a case of
    somebody's, as by its mail address, begins one of his own."""
    by_mail = rulebook.inbox_kinds()[key[0]] == "email"
    return by_mail or customer_id == there.customer_id or same_address(here, there)


def same_address(one: Any, other: Any) -> bool:
    """Say whether two cases (rows as locked) are answered at one mail address that is proved in both."""
    proved = one.answer_proved and other.answer_proved and bool(one.answer_to)
    return proved and one.answer_to.lower() == other.answer_to.lower()


def thread(
    link: statements.Link,
    fresh: Sequence[Message],
    found: dict[tuple[int, str, str, str], Any],
    still_open: dict[int, Case],
    handles: dict[tuple[str, str], tuple[int, int]],
    now: datetime,
) -> dict[tuple[int, str, str, str], Case]:
    """Give each thread its open conversation, or a new one; what is already stored and merely sent again opens none."""
    cases = {key: still_open[row.conversation_id] for key, row in found.items() if row.conversation_id in still_open}
    firsts = {message.key: message for message in reversed(fresh)}
    keys = dict.fromkeys(message.key for message in fresh)
    _open_cases(link, [(firsts[key], found[key]) for key in keys if key not in cases], handles, cases, now)
    return cases


def _resolve(
    link: statements.Link, keys: Sequence[tuple[int, str, str, str]]
) -> dict[tuple[int, str, str, str], Any]:
    rows = link.execute(statements.RESOLVE, statements.columns(list(keys), 4)).fetchall()
    return {keys[row.n]: row for row in rows}


def _make_handles(
    link: statements.Link,
    firsts: Sequence[Message],
    handles: dict[tuple[str, str], tuple[int, int]],
    now: datetime,
) -> None:
    new = {message.key[2:]: message.arrival.inbound for message in reversed(firsts)}
    if not new:
        return
    people = [(one.name[:200], one.locale, now) for one in new.values()]
    made = link.execute(statements.INSERT_CUSTOMERS, statements.columns(people, 3))
    customers = sorted(row.id for row in made.fetchall())
    rows = [
        (customer, *key, int(one.proof), now if one.proof else None, now)
        for customer, (key, one) in zip(customers, new.items(), strict=True)
    ]
    made = link.execute(statements.INSERT_HANDLES, statements.columns(rows, 6))
    identities = sorted(row.id for row in made.fetchall())
    handles |= dict(zip(new, zip(identities, customers, strict=True), strict=True))


def _open_cases(
    link: statements.Link,
    wanted: Sequence[tuple[Message, Any]],
    handles: dict[tuple[str, str], tuple[int, int]],
    cases: dict[tuple[int, str, str, str], Case],
    now: datetime,
) -> None:
    if not wanted:
        return
    rows, opened = [], []
    for message, row in wanted:
        inbound, inbox = message.arrival.inbound, message.arrival.inbox_id
        rule = rulebook.rule(inbound.topic)
        team = inbound.team_id or rule.team_id
        queued = rulebook.inbox_kinds()[inbox] == "chat"
        subject = guard.mask(inbound.subject).text or _headline(message.text) or rule.label_in(inbound.locale)
        verdict = urgency.judge(
            type_priority=rule.priority,
            tier=row.tier or "",
            words=f"{subject}\n{message.text}",
            facts=message.facts,
            fields=message.fields,
            proof=inbound.proof,
        )
        number = reference.new(secrets.token_bytes(16))
        rows.append(
            (
                number,
                handles[message.key[2:]][1],
                inbox,
                rule.id,
                team,
                verdict.priority,
                subject[:200],
                inbound.locale,
                row.conversation_id,
                now if queued else None,
                inbound.answer_to,
                inbound.answer_proved,
                now if inbound.spam else None,
                now,
            )
        )
        opened.append(
            Case(
                0,
                number,
                inbox,
                team,
                "waiting",
                None,
                True,
                0,
                None,
                stored_status="waiting",
                opened=True,
                queued=queued,
                type_code=rule.code,
                expected=message.arrival.expected,
                answer_to=inbound.answer_to,
                priority=verdict.priority,
                because=tuple(urgency.reasons(verdict)),
                spam=inbound.spam,
            )
        )
    made = link.execute(statements.INSERT_CONVERSATIONS, statements.columns(rows, 14))
    for case, identity in zip(opened, sorted(row.id for row in made.fetchall()), strict=True):
        case.id = identity
    cases |= {message.key: case for (message, _), case in zip(wanted, opened, strict=True)}
    new = [
        (message.key[0], message.key[1], case.id)
        for (message, row), case in zip(wanted, opened, strict=True)
        if not row.thread_id
    ]
    moved = [(row.thread_id, case.id) for (_, row), case in zip(wanted, opened, strict=True) if row.thread_id]
    if new:
        link.execute(statements.POINT_THREADS, statements.columns(new, 3))
    if moved:
        link.execute(statements.REPOINT_THREADS, statements.columns(moved, 2))


def _case(row: Any) -> Case:
    return Case(
        row.id,
        row.reference,
        row.inbox_id,
        row.team_id,
        row.status,
        row.assignee_id,
        row.waiting_since is not None,
        row.proof_level,
        row.proof_until,
        row.last_seq,
        row.status,
        priority=row.priority,
    )


def _headline(text: str) -> str:
    return next((line.strip() for line in text.splitlines() if line.strip()), "")
