"""Texts to customers that ask for what nobody of ours may ask for: stopped, on record, and told to those who lead.

`policy.asking` says which. Neither the text nor a word of it is kept here: it may hold a secret, and it stays in front of
its author.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from trustdesk.conversations import acting
from trustdesk.conversations.stopped_models import StoppedReply
from trustdesk.policy import asking
from trustdesk.staff import audit, permissions
from trustdesk.staff.models import Audit
from trustdesk.staff.permissions import Action, Reach, Seat

MOST = 200  # alerts of one page
_CODE = "asks_"


def reason(text: str) -> str:
    """Return why a text may not go to a customer, as the code of a refusal (asks_password, asks_key, asks_code,
    asks_remote_control or asks_funds), or ""."""
    found = asking.find(text)
    return _CODE + found.kind if found else ""


def is_reason(code: str) -> bool:
    """Say whether the code of a refusal is one of those."""
    return code.startswith(_CODE)


def record(*, conversation_id: int, seat: Seat, code: str, now: datetime, actor: audit.Actor | None = None) -> None:
    """Write down that an agent's text was stopped: in the audit, in the case for colleagues, and as an alert for who leads.

    To be called outside the transaction that was refused. Raises UnableToAct("not_found") where the agent may not speak in
    that case. Another try with the same in the same case is another row of the audit, and no other alert.
    """
    asked = code.removeprefix(_CODE)
    with transaction.atomic():
        with acting.on(conversation_id, now=now, seat=seat, action=Action.REPLY) as act:
            _, new = StoppedReply.objects.get_or_create(
                conversation_id=conversation_id, agent_id=seat.agent_id, asked=asked, seen_at=None, defaults={"at": now}
            )
            if new:
                act.say("reply_stopped", visible=False, by=seat.agent_id, asked=asked)
            reference = act.row.reference
        audit.record(
            actor=actor or audit.Actor(agent_id=seat.agent_id, name=seat.display_name),
            action="reply_stopped",
            target=f"case:{reference}",
            result=Audit.Result.REFUSED,
            data={"asked": asked},
        )


def may_look(seat: Seat) -> bool:
    """Say whether the agent is told of what was stopped."""
    return permissions.RULES[seat.role][Action.ALERTS] is not Reach.NONE


def count(seat: Seat) -> int:
    """Count what was stopped in cases this agent leads and nobody has seen to."""
    return _for(seat).count()


def alerts(seat: Seat) -> list[StoppedReply]:
    """List what was stopped in cases this agent leads and nobody has seen to, the latest first."""
    return list(_for(seat).select_related("conversation", "agent").order_by("-at", "-pk")[:MOST])


def see_to(*, stopped_id: int, seat: Seat, now: datetime) -> StoppedReply:
    """Say that somebody sees to it. Raises UnableToAct: not_found, or own (it was the agent's own text)."""
    row = _for(seat).select_related("conversation", "agent").filter(pk=stopped_id).first()
    if row is None:
        raise acting.UnableToAct("not_found")
    if row.agent_id == seat.agent_id:
        raise acting.UnableToAct("own_stopped")
    if not StoppedReply.objects.filter(pk=row.pk, seen_at=None).update(seen_by=seat.agent_id, seen_at=now):
        raise acting.UnableToAct("not_found")  # a colleague was faster
    return row


def _for(seat: Seat) -> QuerySet[StoppedReply]:
    rows = StoppedReply.objects.filter(seen_at=None)
    if not may_look(seat):
        return rows.none()
    return rows.filter(permissions.visible(seat, team="conversation__team_id", assignee="conversation__assignee_id"))
