"""Two cases become one: the source is over and goes on in the target. No line is moved or copied; both are read together.

Whether that may be is decided in `policy.merging`, on what holds while both rows are locked. It is never undone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q

from trustdesk.channels import addresses
from trustdesk.conversations import acting, announce, identities, threads
from trustdesk.conversations.acting import Act, UnableToAct
from trustdesk.conversations.merge_models import MergeRequest
from trustdesk.conversations.models import Conversation, Thread
from trustdesk.customers.models import Handle
from trustdesk.policy import guard, merging, tokens
from trustdesk.policy.merging import Decision, Fate
from trustdesk.staff.permissions import Action, Seat

REASON = 500  # characters
Status = Conversation.Status
State = MergeRequest.State


def merge(*, source_id: int, target_id: int, seat: Seat, reason: str, now: datetime) -> Fate:
    """Merge one case into another, or ask a colleague to agree where policy wants four eyes; say which of the two.

    Raises UnableToAct: not_found, a reason of `policy.merging`, or, where a colleague is asked: no_reason, asked.
    """
    if source_id == target_id:
        raise UnableToAct("itself")
    with acting.on_both(source_id, target_id, now=now, seat=seat, action=Action.RESOLVE) as (source, target):
        decision = _decide(source, target)
        if decision.fate is Fate.AT_ONCE:
            _join(source, target, by=seat.agent_id, because=decision.because)
        else:
            _ask(source, target, seat=seat, reason=reason)
    return decision.fate


def approve(*, request_id: int, seat: Seat, now: datetime) -> None:
    """Agree to what a colleague asked, and merge. Of many at once one does it.

    Raises UnableToAct: not_found, own (nobody agrees with himself), decided, or a reason of `policy.merging` that has come up since.
    """
    asked = _asked(request_id)
    with acting.on_both(asked.source_id, asked.target_id, now=now, seat=seat, action=Action.RESOLVE) as (
        source,
        target,
    ):
        _settle(asked, State.APPROVED, seat=seat, now=now)
        decision = _decide(source, target)
        because = decision.because if decision.fate is Fate.AT_ONCE else "four_eyes"
        _join(source, target, by=asked.asked_by_id, because=because, also=seat)


def decline(*, request_id: int, seat: Seat, now: datetime) -> None:
    """Refuse what a colleague asked; both cases stay what they are. Raises UnableToAct: not_found, own, decided."""
    asked = _asked(request_id)
    with acting.on_both(asked.source_id, asked.target_id, now=now, seat=seat, action=Action.RESOLVE) as (
        source,
        target,
    ):
        _settle(asked, State.DECLINED, seat=seat, now=now)
        source.say("merge_declined", visible=False, by=seat.agent_id, case=target.row.reference)
        target.say("merge_declined", visible=False, by=seat.agent_id, case=source.row.reference)


def standing(case: Conversation) -> list[MergeRequest]:
    """List the requests that wait for a colleague's word on this case, whichever side it is, the oldest first."""
    rows = MergeRequest.objects.filter(Q(source=case) | Q(target=case), state=State.ASKED)
    return list(rows.select_related("source", "target", "asked_by").order_by("pk"))


def judge(case: Conversation, others: Sequence[Conversation]) -> list[Decision]:
    """Say of each of these what would become of merging `case` into it now: for showing; `merge` decides anew."""
    known = identities.verified([case.pk, *(one.pk for one in others)])
    return [merging.decide(source=_side(case, known), target=_side(one, known)) for one in others]


def _decide(source: Act, target: Act) -> Decision:
    """Decide on what is so while both are held; raises UnableToAct where nobody may."""
    known = identities.verified([source.row.id, target.row.id])
    decision = merging.decide(source=_side(source.row, known), target=_side(target.row, known))
    if decision.fate is Fate.REFUSED:
        raise UnableToAct(decision.because)
    return decision


def _side(row: Any, known: Mapping[int, frozenset[merging.Identity]]) -> merging.Side:
    return merging.Side(
        case=row.id,
        customer=row.customer_id,
        verified=known[row.id],
        closed=row.status == Status.CLOSED,
        merged=row.merged_into_id is not None,
        spam=row.spam_at is not None,
    )


# Four eyes.


def _ask(source: Act, target: Act, *, seat: Seat, reason: str) -> None:
    said = tokens.hide(guard.mask(" ".join(reason.split())).text)[:REASON]
    if not said:
        raise UnableToAct("no_reason")
    try:
        with transaction.atomic():
            MergeRequest.objects.create(
                source_id=source.row.id,
                target_id=target.row.id,
                reason=said,
                asked_by_id=seat.agent_id,
                asked_at=source.now,
            )
    except IntegrityError:
        raise UnableToAct("asked") from None
    for act, other in ((source, target), (target, source)):
        act.say("merge_asked", visible=False, by=seat.agent_id, case=other.row.reference, reason=said)


def _asked(request_id: int) -> MergeRequest:
    found = MergeRequest.objects.filter(pk=request_id).first()
    if found is None:
        raise UnableToAct("not_found")
    return found


def _settle(asked: MergeRequest, state: State, *, seat: Seat, now: datetime) -> None:
    """Decide a request, once, and never one's own."""
    if asked.asked_by_id == seat.agent_id:
        raise UnableToAct("own")
    open_still = MergeRequest.objects.filter(pk=asked.pk, state=State.ASKED)
    if not open_still.update(state=state, decided_by_id=seat.agent_id, decided_at=now):
        raise UnableToAct("decided")


# What a merge does.


def _join(source: Act, target: Act, *, by: int, because: str, also: Seat | None = None) -> None:
    why = {"code": because} | ({"agent": also.agent_id, "name": also.display_name} if also else {})
    source.leave_queue("left")
    source.set(status=Status.CLOSED, resolved_at=source.now, waiting_since=None, merged_into_id=target.row.id)
    source.say("merged", visible=True, by=by, case=target.row.reference, because=why)
    target.say("merged_from", visible=True, by=by, case=source.row.reference, because=why)
    _take_on(target, source, known_to_be_one=because == "same_identity")
    _lead_on(source, target)
    void = MergeRequest.objects.filter(Q(source=source.row.id) | Q(target=source.row.id), state=State.ASKED)
    void.update(state=State.VOID)


def _take_on(target: Act, source: Act, *, known_to_be_one: bool) -> None:
    """Let the target be as urgent as the source was, for the customer who waited there waits here now."""
    row, waits = target.row, source.row.waiting_since
    if source.row.priority < row.priority:
        target.set(priority=source.row.priority)
    if waits is not None:
        target.set(waiting_since=min(waits, row.waiting_since or waits))
        if row.status in (Status.PENDING, Status.RESOLVED):
            target.set(status=Status.OPEN if row.assignee_id else Status.WAITING, resolved_at=None)
        if row.status == Status.RESOLVED:
            target.say("reopened", visible=True)
        if row.assignee_id is None:
            target.enter_queue()
    # Who is answered at an address may read the case: it comes along only where both are proved to be one person's.
    if known_to_be_one and source.row.answer_to and not row.answer_to:
        target.set(answer_to=source.row.answer_to, answer_proved=source.row.answer_proved)


def _lead_on(source: Act, target: Act) -> None:
    """Let what comes for the source come to the target from now on.

    A chat window shows what its thread points at, so that of somebody who may not read the target stays where it is. Threads of
    forms and what arrives late `threads` leads on message by message, when it knows who speaks.
    """
    rows = list(Thread.objects.filter(conversation=source.row.id).values_list("pk", "inbox__kind", "external"))
    handles = Handle.objects.filter(customer=target.row.customer_id).values_list("kind", "value")
    readers = {f"{kind}:{value}" for kind, value in handles}
    one_address = threads.same_address(source.row, target.row)
    windows = {pk: outside for pk, kind, outside in rows if kind == "chat" and (one_address or outside in readers)}
    mails = [pk for pk, kind, _ in rows if kind == "email"]
    Thread.objects.filter(pk__in=[*windows, *mails]).update(conversation=target.row.id)
    addresses.hand_over(of=source.row.id, to=target.row.id)
    announce.changed({}, teams=(), opened=dict.fromkeys(windows.values(), target.row.id))
