"""Triage by hand: a case that came to the wrong team, under the wrong topic, or is more or less urgent than was thought."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from trustdesk.conversations import acting, expectations, queue, rulebook
from trustdesk.conversations.acting import Act, UnableToAct
from trustdesk.conversations.models import Conversation, Promise
from trustdesk.conversations.rulebook import TypeRule
from trustdesk.policy import guard, tokens
from trustdesk.policy.priority import LOWEST
from trustdesk.staff.models import Team
from trustdesk.staff.permissions import Action, Seat

REASON = 500  # characters

Status = Conversation.Status


def change(
    *,
    conversation_id: int,
    seat: Seat,
    now: datetime,
    team: str | None = None,
    code: str | None = None,
    priority: int | None = None,
    reason: str = "",
) -> None:
    """Give the case another team (slug), type (code) or priority (0 to 4); None leaves what it has, and so does the same again.

    With its team it loses its agent, and a chat goes into the queue of the new one. With a type that promises another time its
    customer is promised anew. Raises UnableToAct("not_found", "closed", "merged", "spam", "no_team", "empty_team", "no_topic",
    "no_priority").
    """
    with acting.on(conversation_id, now=now, seat=seat, action=Action.ASSIGN) as act:
        act.refuse_closed()
        act.refuse_spam()
        said = tokens.hide(guard.mask(" ".join(reason.split())).text)[:REASON]
        by = _By(act, seat.agent_id, said)
        if code is not None:
            _type(by, code)
        if priority is not None:
            _priority(by, priority)
        if team is not None:
            _team(by, team)


class _By:
    """Who changes the case held by `act`, and why: said once, with the first change."""

    def __init__(self, act: Act, agent_id: int, reason: str) -> None:
        self.act, self.agent_id, self._reason = act, agent_id, reason

    def say(self, event: str, **data: Any) -> None:
        """Say what changed, to colleagues."""
        why = {"reason": self._reason} if self._reason else {}
        self._reason = ""
        self.act.say(event, visible=False, by=self.agent_id, **data, **why)


def _type(by: _By, code: str) -> None:
    act, rules = by.act, rulebook.types()
    new = rules.get(code)
    if new is None:
        raise UnableToAct("no_topic")
    if act.row.type_id == new.id:
        return
    old = next((rule for rule in rules.values() if rule.id == act.row.type_id), None)
    act.set(type_id=new.id)
    by.say("type_changed", was=_labels(old), now=_labels(new), type=new.code)
    if old is None or old.first_reply != new.first_reply:
        _promise_anew(act, new)


def _promise_anew(act: Act, rule: TypeRule) -> None:
    """Promise what cases of this type are promised, from now on; what was answered, or never promised, is not promised again.

    From now: counted from when the case was opened it might be over already, and that is no promise anybody could plan with.
    """
    promise = Promise.objects.filter(conversation=act.row.id, conversation__answered_at=None).first()
    if promise is None or act.row.status == Status.RESOLVED:
        return
    expected = expectations.first_reply(rule.code, now=act.now)
    promise.type_code = rule.code
    promise.low, promise.high = int(expected.low.total_seconds()), int(expected.high.total_seconds())
    promise.learned, promise.made_at = expected.learned, act.now
    promise.save(update_fields=["type_code", "low", "high", "learned", "made_at"])
    act.say("promised_anew", visible=True)


def _priority(by: _By, priority: int) -> None:
    act = by.act
    if not 0 <= priority <= LOWEST:
        raise UnableToAct("no_priority")
    if act.row.priority == priority:
        return
    act.set(priority=priority)
    act.queue_changed = act.row.queued_at is not None  # everybody's place in it
    by.say("priority_changed", was=act.row.priority, now=priority)


def _team(by: _By, slug: str) -> None:
    act = by.act
    new = Team.objects.filter(slug=slug).first()
    if new is None:
        raise UnableToAct("no_team")
    if act.row.team_id == new.pk:
        return
    if not new.members.filter(is_active=True).exists():
        raise UnableToAct("empty_team")  # nobody would ever see it there
    old = Team.objects.filter(pk=act.row.team_id).first()
    act.set(team_id=new.pk, assignee_id=None)
    by.say("team_changed", was=_names(old), now=_names(new), team=new.slug)
    if act.row.status == Status.RESOLVED:
        return
    if act.row.assignee_id is not None:
        act.set(status=Status.WAITING)
    if act.is_chat:
        # He would have waited longer in the old queue: for its estimates he is one who left it.
        queue.leave(act.link, [act.row.id], now=act.now, outcome="left")
        act.rejoin_queue()
        act.say("passed_on", visible=True)


def _labels(rule: TypeRule | None) -> list[str]:
    """Return the label in English and Chinese, as it is at this moment: a type can be renamed."""
    return [rule.label, rule.label_zh] if rule else []


def _names(team: Team | None) -> list[str]:
    return [team.name, team.label("zh-hans")] if team else []
