"""One message of a case becomes a case of its own: people write about two matters at once.

Only the text goes along, as it is stored, without whatever opens a case. Notes, files and outside threads stay with the old
case: what the customer writes there still belongs there.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime
from functools import partial

from trustdesk.conversations import acting, announce, expectations, rulebook, stopping, timeline, urgency
from trustdesk.conversations.acting import Act, UnableToAct
from trustdesk.conversations.models import Conversation, Entry, Evidence, Promise
from trustdesk.customers.models import Customer
from trustdesk.policy import evidence, guard, reference, tokens
from trustdesk.policy.priority import Verdict
from trustdesk.policy.proof import Proof
from trustdesk.realtime import jobs
from trustdesk.staff.permissions import Action, Seat

SUBJECT = 200  # characters


def split(*, conversation_id: int, seq: int, code: str, subject: str, seat: Seat, now: datetime) -> str:
    """Begin a new case of the same customer and of this type from a message of his; return its number. The same again is the
    same case. Raises UnableToAct: not_found, closed, spam, no_message (that line is none of his), no_type, no_subject.
    """
    with acting.on(conversation_id, now=now, seat=seat, action=Action.RESOLVE) as act:
        act.refuse_closed()
        act.refuse_spam()
        line = Entry.objects.filter(
            conversation=conversation_id, seq=seq, kind=Entry.Kind.MESSAGE, author=Entry.Author.CUSTOMER, visible=True
        ).first()
        if line is None or not line.text:
            raise UnableToAct("no_message")
        rule = rulebook.types().get(code)
        if rule is None:
            raise UnableToAct("no_type")
        title = tokens.hide(guard.mask(" ".join(subject.replace("\0", "").split())).text)[:SUBJECT]
        if not title:
            raise UnableToAct("no_subject")
        if stopped := stopping.reason(title):  # the customer reads it
            raise UnableToAct(stopped)
        inbox, key = _inbox(act), f"split:{conversation_id}:{seq}:{rule.code}"
        if before := timeline.known(act.link, [(inbox, key)]).get((inbox, key)):
            return before.reference
        return _begin(act, line, rule=rule, title=title, inbox=inbox, key=key, by=seat.agent_id)


def _inbox(act: Act) -> int:
    """Return where the new case is answered: as the old one. No chat window shows it, so what began in one is a ticket."""
    chat = rulebook.inbox_kinds()[act.row.inbox_id] == "chat"
    return rulebook.form_inbox() if chat else int(act.row.inbox_id)


def _begin(act: Act, line: Entry, *, rule: rulebook.TypeRule, title: str, inbox: int, key: str, by: int) -> str:
    old, now = act.row, act.now
    verdict = _urgency(act, line, rule, title)
    new = Conversation.objects.create(
        reference=reference.new(secrets.token_bytes(16)),
        customer_id=old.customer_id,
        inbox_id=inbox,
        type_id=rule.id,
        team_id=rule.team_id,
        priority=verdict.priority,
        subject=title,
        locale=old.locale,
        split_from_id=old.id,
        waiting_since=line.at,  # he has been waiting since he wrote
        answer_to=old.answer_to,
        answer_proved=old.answer_proved,
        created_at=now,
        updated_at=now,
    )
    lines = timeline.append(act.link, _lines(act, line, new, rule, verdict, key, by), last_seq={new.pk: 0}, now=now)
    _keep_facts(line, new, seq=lines[0].seq, now=now)
    _promise(act, new, rule.code)
    act.say("split", visible=True, by=by, case=new.reference, seq=line.seq)
    announce.changed({new.pk: lines[-1].seq}, teams=[rule.team_id])
    return new.reference


def _urgency(act: Act, line: Entry, rule: rulebook.TypeRule, title: str) -> Verdict:
    return urgency.judge(
        type_priority=rule.priority,
        tier=Customer.objects.values_list("tier", flat=True).get(pk=act.row.customer_id),
        words=f"{title}\n{line.text}",
        facts=evidence.recognise(line.text),
        fields=(),
        proof=Proof.NOBODY,  # what was proved belongs to the old case
    )


def _lines(
    act: Act, line: Entry, new: Conversation, rule: rulebook.TypeRule, verdict: Verdict, key: str, by: int
) -> Sequence[timeline.Draft]:
    """Word how the new case begins: with what its customer said, where that was, and why it is as urgent as it is."""
    masked = line.data.get("masked")
    said = timeline.Draft(
        new.pk,
        new.inbox_id,
        "message",
        "customer",
        True,
        text=tokens.hide(line.text),
        handle_id=line.handle_id,
        external_id=key,
        data={"masked": masked} if masked else {},
    )
    origin = timeline.event(
        new.pk,
        new.inbox_id,
        "split_from",
        visible=True,
        author="agent",
        agent_id=by,
        case=act.row.reference,
        seq=line.seq,
    )
    because = [{"code": "split"}, *urgency.reasons(verdict)]
    triaged = timeline.event(
        new.pk, new.inbox_id, "triaged", visible=False, type=rule.code, priority=verdict.priority, because=because
    )
    return said, origin, triaged


def _keep_facts(line: Entry, new: Conversation, *, seq: int, now: datetime) -> None:
    """Note in the new case what was found in the message."""
    found = Evidence.objects.filter(conversation=line.conversation_id, seq=line.seq)
    rows = found.values_list("kind", "value", "chain", "coin")
    Evidence.objects.bulk_create(
        Evidence(conversation=new, seq=seq, kind=kind, value=value, chain=chain, coin=coin, at=now)
        for kind, value, chain, coin in rows
    )


def _promise(act: Act, new: Conversation, code: str) -> None:
    """Record what this customer may expect, and have him told by mail that there is a case more."""
    expected = expectations.first_reply(code, now=act.now)
    Promise.objects.create(
        conversation=new,
        type_code=code,
        low=int(expected.low.total_seconds()),
        high=int(expected.high.total_seconds()),
        learned=expected.learned,
        made_at=act.now,
    )
    if new.answer_to:
        act.link.jobs.append(partial(jobs.defer, "conversations.tell", what="opened", conversation_ids=[new.pk]))
