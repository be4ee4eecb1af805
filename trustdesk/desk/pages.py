"""What the desk's pages and their parts need, gathered through the seat of who looks."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from django.core.exceptions import BadRequest
from django.db import transaction
from django.http import HttpRequest

from trustdesk.conversations import documents, ledger, lists, merging, queries, shift_notes, stopping
from trustdesk.conversations.lists import Counts, Tab, View
from trustdesk.conversations.models import Conversation, Evidence
from trustdesk.customers.identify import masked_mail
from trustdesk.customers.models import Handle
from trustdesk.desk import filters, lines, mail_lines, wording
from trustdesk.desk.filters import Chosen
from trustdesk.policy.proof import Proof
from trustdesk.seams import clock
from trustdesk.staff import audit, permissions, shifts, signin
from trustdesk.staff.models import Audit, Team
from trustdesk.staff.permissions import Action, Seat

AGAIN = timedelta(minutes=15)  # looking at the same thing within this is one look, for the audit


@dataclass(frozen=True, slots=True)
class Address:
    """One address of a customer, as much of it as an agent is shown; `value` "" where there is nothing to read."""

    kind: str
    label: str
    value: str
    proved: bool


def teams_of(seat: Seat) -> list[Team]:
    """List the teams whose cases the agent may see."""
    visible = permissions.visible_team_ids(seat)
    return list(Team.objects.all() if visible is None else Team.objects.filter(pk__in=visible))


def case_list(request: HttpRequest, seat: Seat) -> dict[str, Any]:
    """Gather a list with its counts. Raises BadRequest for filters that no page of ours names."""
    teams = teams_of(seat)
    chosen = filters.read(request.GET, teams=teams)
    try:
        page = lists.cases(
            seat=seat, wanted=chosen.filter, size=filters.size(request.GET), after=request.GET.get("after", "")
        )
    except lists.BadCursor:
        raise BadRequest("no such place in a list") from None
    counts = lists.counts(seat=seat)
    return {
        "me": seat,
        "chosen": chosen,
        "page": page,
        "views": _views(chosen, counts),
        "teams": _teams(chosen, teams, counts),
        "stopped": stopping.count(seat) if stopping.may_look(seat) else 0,
        "stuck": ledger.count(seat, now=clock.now()) if ledger.may_look(seat) else None,
        "notes": shift_notes.unread(seat),
        "tabs": [{"code": tab, "query": chosen.query(tab=tab), "current": tab is chosen.tab} for tab in Tab],
    }


def shell(request: HttpRequest, seat: Seat) -> dict[str, Any]:
    """Gather what stands around a case: the rail and the list."""
    agent, now = signin.agent_of(request), clock.now()
    on_shift = any(one.agent_id == seat.agent_id for one in shifts.on_duty(now=now)) if seat.available else None
    has_office = permissions.may(seat, Action.MANAGE) or seat.writing is not None
    return {**case_list(request, seat), "agent": agent, "on_shift": on_shift, "has_office": has_office}


def one_case(seat: Seat, case: Conversation) -> dict[str, Any]:
    """Gather a case: its head, its timeline, the composer and the panel."""
    sent = queries.deliveries(case)
    return {**timeline(seat, case, sent=sent), **panel(seat, case, sent=sent), "client_id": secrets.token_hex(8)}


def timeline(
    seat: Seat,
    case: Conversation,
    *,
    after: int = 0,
    before: int | None = None,
    sent: Sequence[queries.Sending] | None = None,
) -> dict[str, Any]:
    """Gather lines of a case with its head; the first look at one's own case marks what is new."""
    stretch = queries.lines(case, after=after, before=before)
    first_look = not after and before is None and case.assignee_id == seat.agent_id
    answered = max((line.seq for line in stretch.lines if line.author == "agent" and line.kind == "message"), default=0)
    unread_after = max(case.agent_seq, answered) if first_look else None
    return {
        **head(seat, case, sent=sent),
        "earlier": stretch.earlier and not after,
        "later": stretch.later and before is None,
        "lines": lines.shown(stretch, case=case, agent_id=seat.agent_id, unread_after=unread_after),
        "upto": stretch.lines[-1].seq if stretch.lines else after,
        "first": stretch.lines[0].seq if stretch.lines else 0,
    }


def merged(seat: Seat, case: Conversation) -> dict[str, Any]:
    """Gather the lines of a case that was merged, to be read inside the one it went into."""
    stretch = queries.lines(case)
    shown = lines.shown(stretch, case=case, agent_id=seat.agent_id)
    return {"me": seat, "case": case, "lines": shown, "earlier": stretch.earlier, "inside": True}


def head(seat: Seat, case: Conversation, *, sent: Sequence[queries.Sending] | None = None) -> dict[str, Any]:
    """Gather what the head of a case shows and offers."""
    done = case.status in (Conversation.Status.RESOLVED, Conversation.Status.CLOSED)
    closed = case.status == Conversation.Status.CLOSED
    spam = case.spam_at is not None
    over = closed or spam
    undelivered = queries.undelivered(queries.deliveries(case) if sent is None else sent)

    def may(action: Action) -> bool:
        return permissions.may(seat, action, team_id=case.team_id, assignee_id=case.assignee_id)

    return {
        "me": seat,
        "case": case,
        "mine": case.assignee_id == seat.agent_id,
        "can_take": case.assignee_id != seat.agent_id and not over and may(Action.TAKE),
        "can_assign": not over and may(Action.ASSIGN),
        "can_resolve": not done and not spam and may(Action.RESOLVE),
        "can_reopen": case.status == Conversation.Status.RESOLVED and not spam and may(Action.REOPEN),
        "can_reply": not over and may(Action.REPLY),
        "can_ask": not over and may(Action.NOTE),
        "can_mark": may(Action.RESOLVE) and case.merged_into_id is None,
        "can_merge": may(Action.RESOLVE) and case.merged_into_id is None and not spam,
        "can_split": may(Action.RESOLVE) and not over,
        "may_examine": may(Action.DOCUMENTS),
        "asked": partial(merging.standing, case),  # looked for by who shows it
        "can_fetch": may(Action.MAIL),
        "undelivered": mail_lines.sent(undelivered) if undelivered else None,
        "answered_at": masked_mail(case.answer_to) if case.inbox.kind == "email" else "",
    }


def panel(seat: Seat, case: Conversation, *, sent: Sequence[queries.Sending] | None = None) -> dict[str, Any]:
    """Gather who the customer is, how sure that is, what is known, and what else there was."""
    now = clock.now()
    proving = queries.latest_proving(case)
    held = case.proof_level if case.proof_until is not None and case.proof_until > now else int(Proof.NOBODY)
    return {
        "me": seat,
        "case": case,
        "proof_level": held,
        "proof_asked": proving is not None and proving.state in ("asked", "sent"),
        "proved_uid": proving.uid if proving is not None and proving.state == "proved" and held else "",
        "addresses": [_address(one) for one in queries.handles(case)],
        "papers": documents.latest(case),
        "facts": _told_apart(queries.facts(case)),
        "others": queries.others(seat=seat, case=case),
        "sent": [mail_lines.sent(one) for one in (queries.deliveries(case) if sent is None else sent)],
    }


def note_look(request: HttpRequest, *, target: str, action: str, data: dict[str, object] | None = None) -> None:
    """Write down that somebody looked at a customer's data; again within a quarter of an hour it is the same look."""
    agent_id, since = signin.agent_of(request).pk, clock.now() - AGAIN
    if not Audit.objects.filter(target=target, agent_id=agent_id, action=action, at__gt=since).exists():
        with transaction.atomic():
            audit.record(actor=signin.actor(request), action=action, target=target, data=data)


def _views(chosen: Chosen, counts: Counts) -> list[dict[str, Any]]:
    icons = {View.MINE: "user", View.UNASSIGNED: "inbox", View.TEAMS: "users", View.ALL: "book", View.SPAM: "flag"}
    return [
        {
            "code": view,
            "icon": icon,
            "query": chosen.query(view=view),
            "current": view is chosen.view and not chosen.text,
            "count": getattr(counts, view),
        }
        for view, icon in icons.items()
    ]


def _teams(chosen: Chosen, teams: Sequence[Team], counts: Counts) -> list[dict[str, Any]]:
    """List the teams to narrow a list to; choosing the chosen one takes it back."""
    return [
        {
            "team": team,
            "query": chosen.query(team="" if team == chosen.team else team.slug),
            "current": team == chosen.team,
            "count": counts.by_team.get(team.pk, 0),
        }
        for team in teams
    ]


def _told_apart(facts: list[Evidence]) -> list[Evidence]:
    """Leave out a transaction whose chain is not known where the same one stands with its chain."""
    placed = {(fact.kind, fact.value) for fact in facts if fact.chain}
    return [fact for fact in facts if fact.chain or (fact.kind, fact.value) not in placed]


def _address(one: Handle) -> Address:
    """Show an address so that an agent can tell two apart and carries none of them away; a UID is not masked: it is
    what the exchange's own systems are asked with."""
    masks = {
        Handle.Kind.UID: one.value,
        Handle.Kind.MAIL: masked_mail(one.value),
        Handle.Kind.PHONE: f"{one.value[:3]}•••{one.value[-2:]}",
        Handle.Kind.TELEGRAM: f"{one.value[:2]}•••",
    }
    return Address(one.kind, wording.handle(one.kind), masks.get(Handle.Kind(one.kind), ""), one.proof >= Proof.CONTACT)
