"""The one way in. Every customer message of every channel comes through `receive`."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from concurrent.futures import Future
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from django.db import IntegrityError, transaction

from trustdesk.channels.contract import Inbound
from trustdesk.conversations import (
    announce,
    arrivals,
    mail_parts,
    queue,
    rulebook,
    statements,
    threads,
    timeline,
    urgency,
)
from trustdesk.conversations.arrivals import Arrival, Received
from trustdesk.conversations.threads import Case, Message
from trustdesk.policy import evidence, guard
from trustdesk.realtime import jobs
from trustdesk.realtime.group_commit import GroupCommit
from trustdesk.seams import clock, failpoints

__all__ = ["Arrival", "Received", "UnknownFile", "put", "receive", "receive_each", "submit"]

NOTICEABLE = timedelta(minutes=1)  # a proof that lasts no longer than that longer is not written down
FACT_LENGTH = 200  # characters; what is longer is no fact anyone quotes


class UnknownFile(Exception):
    """A message names a file that its sender has not uploaded here, or that is already in a message."""


def receive(*, messages: Sequence[Arrival], now: datetime) -> list[Received]:
    """Store messages as `receive_each` does; raises the first refusal, the other messages being stored."""
    outcomes = receive_each(messages=messages, now=now)
    for outcome in outcomes:
        if isinstance(outcome, Exception):
            raise outcome
    return [outcome for outcome in outcomes if isinstance(outcome, Received)]


def receive_each(*, messages: Sequence[Arrival], now: datetime) -> list[Received | Exception]:
    """Store messages, in order, in one transaction; return what became of each.

    A message whose (inbox, external_id) is known is answered with the line it made then; one that names a file its sender
    has not uploaded is answered with UnknownFile and not stored, and one that what goes beside it does not admit with the reason.
    Raises a django.db error with nothing stored. The number of statements does not depend on the number of messages.
    """
    guarded = [_guard(arrival) for arrival in messages]
    queue.prepare(now=now)
    for attempt in range(3):
        try:
            with transaction.atomic(), statements.link(pipelined=True) as link:
                refused = _refused(link, guarded, now)
                taken = [message for message in guarded if id(message) not in refused]
                stored = _store(link, taken, now) if taken else []
                pairs = [(message.arrival, one) for message, one in zip(taken, stored, strict=True)]
                arrivals.keep(link, pairs, now=now)
                found = iter(stored)
                received: list[Received | Exception] = [refused.get(id(one)) or next(found) for one in guarded]
                failpoints.hit("before_commit")
            break
        except IntegrityError:  # another process made the same handle, thread or message a moment ago
            if attempt == 2:
                raise
    failpoints.hit("after_commit")
    return received


def _guard(arrival: Arrival) -> Message:
    inbound = arrival.inbound
    masked = guard.mask(inbound.text)
    answers = {key: guard.mask(value) for key, value in inbound.fields}
    searched = (masked, *answers.values(), guard.mask(inbound.subject), guard.mask(inbound.name))
    kinds = tuple(dict.fromkeys(finding.kind for each in searched for finding in each.found))
    mail = None
    if inbound.mail is not None:
        mail, beside = mail_parts.guarded(inbound.mail, secret=bool(kinds))
        kinds = tuple(dict.fromkeys((*kinds, *beside)))
    facts = {(one.kind, one.value, one.chain, one.coin): one for one in (*inbound.facts, *evidence.recognise(masked.text))}
    return Message(
        arrival,
        masked.text,
        kinds,
        tuple(fact for fact in facts.values() if not guard.mask(fact.value).found),
        tuple((key, answer.text) for key, answer in answers.items()),
        mail,
    )


def _store(link: statements.Link, messages: Sequence[Message], now: datetime) -> list[Received]:
    handles, found, still_open, known = threads.identify_and_lock(link, messages, now)
    fresh = _first_of_each(messages, known)
    cases = threads.thread(link, fresh, found, still_open, handles, now)
    drafts = [draft for one in fresh for draft in _drafts(one, cases[one.key], handles[one.key[2:]][0], now)]
    last_seq = {case.id: case.last_seq for case in cases.values()}
    lines = timeline.append(link, drafts, last_seq=last_seq, now=now)
    made = {
        (draft.inbox_id, draft.external_id): line
        for draft, line in zip(drafts, lines, strict=True)
        if draft.external_id is not None
    }
    _claim_uploads(link, fresh, handles, made)
    _note_facts(link, fresh, made, now)
    mail_parts.keep(
        link,
        [
            (made[one.arrival.inbox_id, one.arrival.inbound.external_id], one.mail)
            for one in fresh
            if one.mail is not None
        ],
    )
    _customer_spoke(link, [cases[one.key] for one in fresh], now)
    _raise_proof(link, cases.values())
    alarmed = sorted({case.id for case in cases.values() if case.alarmed})
    if alarmed:
        link.execute(statements.RAISE_PRIORITY, (alarmed,))
    joined = {case.id: (case.team_id, case.type_code) for case in cases.values() if case.opened and case.queued}
    if joined:
        queue.join(link, joined, now=now)
    _promise(link, cases.values(), now)
    back = {case.id: case.team_id for case in cases.values() if case.back}
    if back:
        queue.enter(link, back, now=now)
    announce.changed(
        {line.conversation_id: last_seq[line.conversation_id] for line in lines},
        teams=[cases[one.key].team_id for one in fresh],
        queues=[*(team for team, _ in joined.values()), *back.values()],
        opened={one.arrival.inbound.thread: cases[one.key].id for one in fresh if cases[one.key].opened},
    )
    return [_received(one, cases.get(one.key), known, made) for one in messages]


def _refused(link: statements.Link, messages: Sequence[Message], now: datetime) -> dict[int, Exception]:
    """Return by `id()` the messages that are not stored, and why."""
    answers = arrivals.admit(link, [message.arrival for message in messages], now=now)
    refused = {id(message): why for message, why in zip(messages, answers, strict=True) if why is not None}
    return refused | _without_their_files(link, [message for message in messages if id(message) not in refused])


def _without_their_files(link: statements.Link, messages: Sequence[Message]) -> dict[int, Exception]:
    """Find the messages with files that their senders have not uploaded, or have sent before; known ones are let be."""
    keys = {key for message in messages for key in message.arrival.inbound.uploads}
    if not keys:
        return {}
    rows = link.execute(statements.UPLOADED, (sorted(keys),)).fetchall()
    uploaded = {(row.kind, row.value, row.key) for row in rows}
    lacking = [one for one in messages if not {(*one.key[2:], key) for key in one.arrival.inbound.uploads} <= uploaded]
    known = timeline.known(link, [(one.arrival.inbox_id, one.arrival.inbound.external_id) for one in lacking])
    unknown = [one for one in lacking if (one.arrival.inbox_id, one.arrival.inbound.external_id) not in known]
    return {id(one): UnknownFile() for one in unknown}


# 4 append


def _first_of_each(messages: Sequence[Message], known: dict[tuple[int, str], timeline.Line]) -> list[Message]:
    fresh: dict[tuple[int, str], Message] = {}
    for message in messages:
        external = (message.arrival.inbox_id, message.arrival.inbound.external_id)
        if external not in known:
            fresh.setdefault(external, message)
    return list(fresh.values())


def _drafts(message: Message, case: Case, handle_id: int, now: datetime) -> list[timeline.Draft]:
    """Word the message's line and the events it causes."""
    inbound = message.arrival.inbound
    drafts = []
    if case.status == "resolved":
        case.status = "open" if case.assignee_id else "waiting"
        case.back = case.assignee_id is None and rulebook.inbox_kinds()[case.inbox_id] == "chat"
        drafts.append(timeline.event(case.id, case.inbox_id, "reopened", visible=True))
    elif case.status == "pending":
        case.status = "open" if case.assignee_id else "waiting"
    drafts.append(
        timeline.Draft(
            case.id,
            message.arrival.inbox_id,
            "message",
            "customer",
            True,
            text=message.text,
            handle_id=handle_id,
            external_id=inbound.external_id,
            data=({"masked": message.masked} if message.masked else {})
            | ({"files": len(inbound.uploads)} if inbound.uploads else {})
            | ({"fields": message.fields} if message.fields else {})
            | ({"read_before": list(inbound.read_before)} if inbound.read_before else {}),
        )
    )
    if message.masked:
        drafts.append(timeline.event(case.id, case.inbox_id, "secret_masked", visible=True, kinds=message.masked))
    if _renews(case, inbound, now):
        if inbound.proof > case.level_at(now):  # that it only lasts longer needs no telling
            drafts.append(
                timeline.event(
                    case.id,
                    case.inbox_id,
                    "proved",
                    visible=True,
                    level=int(inbound.proof),
                    how=inbound.proof_how,
                    expires_at=inbound.proof_until,
                )
            )
        case.raised, case.proof_level, case.proof_until = inbound, int(inbound.proof), inbound.proof_until
    if case.opened and not case.triaged:
        case.triaged = True
        rule = rulebook.rule(inbound.topic)
        drafts.append(
            timeline.event(
                case.id,
                case.inbox_id,
                "triaged",
                visible=False,
                type=rule.code,
                priority=case.priority,
                because=[{"code": "chosen" if rule.code == inbound.topic else "default"}, *case.because],
            )
        )
        if case.spam:
            drafts.append(timeline.event(case.id, case.inbox_id, "spam", visible=False, because={"code": "filter"}))
    elif case.priority and (said := urgency.alarm(message.text)):
        case.priority, case.alarmed = 0, True
        drafts.append(timeline.event(case.id, case.inbox_id, "triaged", visible=False, priority=0, because=said))
    return drafts


def _claim_uploads(
    link: statements.Link,
    fresh: Sequence[Message],
    handles: dict[tuple[str, str], tuple[int, int]],
    made: dict[tuple[int, str], timeline.Line],
) -> None:
    rows = []
    for message in fresh:
        line = made[message.arrival.inbox_id, message.arrival.inbound.external_id]
        handle_id = handles[message.key[2:]][0]
        rows += [
            (key, handle_id, line.conversation_id, line.seq)
            for key in dict.fromkeys(message.arrival.inbound.uploads)
        ]
    if rows and len(link.execute(statements.CLAIM_UPLOADS, statements.columns(rows, 4)).fetchall()) != len(rows):
        raise UnknownFile


def _note_facts(
    link: statements.Link, fresh: Sequence[Message], made: dict[tuple[int, str], timeline.Line], now: datetime
) -> None:
    rows = []
    for message in fresh:
        line = made[message.arrival.inbox_id, message.arrival.inbound.external_id]
        rows += [
            (line.conversation_id, line.seq, fact.kind, fact.value, fact.chain, fact.coin, now)
            for fact in message.facts
            if len(fact.value) <= FACT_LENGTH
        ]
    if rows:
        link.execute(statements.INSERT_EVIDENCE, statements.columns(rows, 7))


# 5 triage


def _customer_spoke(link: statements.Link, cases: Sequence[Case], now: datetime) -> None:
    """Start the customer's wait and move the status; most messages of a busy chat change neither."""
    changed = {case.id: case for case in cases if not case.waiting or case.status != case.stored_status}
    if changed:
        rows = [(case.id, now, case.status) for case in changed.values()]
        link.execute(statements.CUSTOMER_SPOKE, statements.columns(rows, 3))


def _renews(case: Case, inbound: Inbound, now: datetime) -> bool:
    """Say whether the message brings a higher proof than the case holds at this moment, or the same for a minute longer."""
    if not inbound.proof or inbound.proof_until is None or inbound.proof_until <= now:
        return False
    held = case.level_at(now)
    longer = case.proof_until is not None and inbound.proof_until > case.proof_until + NOTICEABLE
    return inbound.proof > held or (inbound.proof == held and longer)


def _raise_proof(link: statements.Link, cases: Collection[Case]) -> None:
    rows = [
        (case.id, int(case.raised.proof), case.raised.proof_until, case.raised.proof_how)
        for case in {case.id: case for case in cases}.values()
        if case.raised
    ]
    if rows:
        link.execute(statements.RAISE_PROOF, statements.columns(rows, 4))


def _promise(link: statements.Link, cases: Collection[Case], now: datetime) -> None:
    """Record what those who opened a case were told to expect, and have them told by mail."""
    told = {case.id: case for case in cases if case.opened and not case.queued and not case.spam}
    rows = [
        (one.id, one.type_code, int(one.expected.low.total_seconds()), int(one.expected.high.total_seconds()), one.expected.learned, now)
        for one in told.values()
        if one.expected
    ]
    if rows:
        link.execute(statements.INSERT_PROMISES, statements.columns(rows, 6))
    mailed = sorted(one.id for one in told.values() if one.answer_to)
    if mailed:
        link.jobs.append(partial(jobs.defer, "conversations.tell", what="opened", conversation_ids=mailed))


def _received(
    message: Message,
    case: Case | None,
    known: dict[tuple[int, str], timeline.Line],
    made: dict[tuple[int, str], timeline.Line],
) -> Received:
    external = (message.arrival.inbox_id, message.arrival.inbound.external_id)
    line = known.get(external)
    if line is None:
        assert case is not None  # noqa: S101  for the type checker: whatever is new has a case
        line = replace(made[external], reference=case.reference, team_id=case.team_id)
    return Received(
        line.conversation_id,
        line.reference,
        line.team_id,
        line.seq,
        line.at,
        line.text,
        tuple(line.data.get("masked", ())),
        line.known,
        not line.known and case is not None and case.opened,
    )


_writer: GroupCommit[Arrival, Received] = GroupCommit(
    lambda arrivals: receive_each(messages=arrivals, now=clock.now()), name="intake"
)


def submit(arrival: Arrival) -> Future[Received]:
    """Queue one message from a thread for the next batch; fails with Unavailable, group_commit says when."""
    return _writer.submit(arrival)


def put(arrival: Arrival) -> asyncio.Future[Received]:
    """Queue one message from the running event loop; awaiting the future waits until it is stored. Fails as `submit`."""
    return _writer.put(arrival)
