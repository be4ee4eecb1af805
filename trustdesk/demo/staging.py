"""Plays the written cases: every message, answer and act goes the way a real one goes, only at another time."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from trustdesk.channels import mailbox, official
from trustdesk.channels.contract import Inbound
from trustdesk.channels.models import OfficialChannel
from trustdesk.conversations import (
    assignment,
    expectations,
    intake,
    proving,
    queries,
    queue,
    replies,
    requests,
    resolution,
    rulebook,
    tickets,
)
from trustdesk.conversations.models import RequestType, Thread
from trustdesk.customers.models import Handle
from trustdesk.demo import letters, post_office, schedule, screenplay
from trustdesk.demo.cast import ACCOUNTS, PASSWORD, STAFF, Colleague
from trustdesk.demo.screenplay import Play, Step
from trustdesk.exchange import demo as exchange
from trustdesk.policy.proof import Proof, lasts
from trustdesk.seams import clock
from trustdesk.staff import accounts, audit, permissions, shifts
from trustdesk.staff.models import Agent, Membership, Role, Shift, Team, Writing
from trustdesk.staff.permissions import Seat

LEARN_AGAIN = timedelta(minutes=2)
Progress = Callable[[int, int], None]


def hire() -> int:
    """Make the demo agents with their teams and shifts, where they do not exist yet; return how many were made."""
    made = 0
    for one in STAFF:
        with transaction.atomic():
            made += 0 if Agent.objects.filter(email=one.mail).exists() else _hire(one)
    return made


def _hire(one: Colleague) -> int:
    agent = Agent.objects.create_user(
        one.mail,
        PASSWORD,
        display_name=one.name,
        public_name=one.public_name,
        role=Role(one.role),
        languages=list(one.languages),
        capacity=one.capacity,
        is_demo=True,
    )
    if one.writing:
        accounts.set_writing(agent_id=agent.pk, writing=Writing(one.writing), actor=audit.Actor(name="demo"))
    start, minutes = one.hours
    Membership.objects.bulk_create(
        Membership(agent=agent, team=team) for team in Team.objects.filter(slug__in=one.teams)
    )
    Shift.objects.bulk_create(
        Shift(agent=agent, weekday=day, start_minute=start, minutes=minutes, timezone=one.timezone) for day in one.days
    )
    shifts.set_available(agent_id=agent.pk, available=True)
    return 1


def list_channels() -> None:
    """List the accounts of the pretend exchange on the platforms, so that the check of channels has something to compare with."""
    for position, (kind, name, about, about_zh) in enumerate(ACCOUNTS):
        value, _link = official.normal(code=kind, text=name)
        row = {"about": about, "about_zh": about_zh, "position": position}
        OfficialChannel.objects.get_or_create(kind=kind, value=value, defaults=row)


def perform(*, now: datetime, progress: Progress = lambda done, of: None) -> int:
    """Play all cases over the two weeks before `now`, all or none of them; return how many, 0 when they are there.

    `progress` is called with the number of acts done and of all acts.
    """
    rulebook.forget()
    inbox = rulebook.chat_inbox()
    teams = dict(RequestType.objects.values_list("code", "team__slug"))
    plays = [*screenplay.plays(), *schedule.short_plays(screenplay.short_chats(), teams=teams, now=now)]
    stages = [_Stage(play, _visitor(play)) for play in plays]
    with transaction.atomic():
        # All in one transaction, so one of these strangers tells: nobody else can have his long name.
        if Thread.objects.filter(inbox=inbox, external=next(one.thread for one in stages if not one.play.uid)).exists():
            return 0
        company = _Company.assemble(inbox)
        acts = schedule.acts(plays, teams=teams, now=now)
        for number, act in enumerate(acts):
            with clock.frozen(act.at):
                company.play(stages[act.play], act.step, act.at)
            progress(number + 1, len(acts))
        for stage in stages:
            company.note_what_was_read(stage)
        resolution.close_old(now=now)
    queue.forget()
    return len(plays)


@dataclass(slots=True)
class _Stage:
    """One case while it is played."""

    play: Play
    handle: str
    conversation: int = 0
    agent: str = ""
    seq: int = 0  # its last line
    agent_read: int = 0
    customer_read: int = 0
    lines: int = 0
    away: bool = False

    @property
    def kind(self) -> str:
        return Handle.Kind.UID if self.play.uid else Handle.Kind.VISITOR

    @property
    def thread(self) -> str:
        who = f"{self.kind}:{self.handle}"
        return f"ticket:{who}:demo-{self.play.key}" if self.play.answers else who


@dataclass(slots=True)
class _Company:
    """The staff at work: what each kind of line makes them, or the customer, do."""

    inbox: int
    seats: dict[str, Seat]
    learned_at: datetime | None = None

    @classmethod
    def assemble(cls, inbox: int) -> _Company:
        """Seat the demo agents; raises LookupError when one of them is missing or deactivated."""
        people = dict(Agent.objects.filter(email__in=[one.mail for one in STAFF]).values_list("email", "pk"))
        found = permissions.seats(list(people.values()))
        return cls(inbox, {one.key: found[people[one.mail]] for one in STAFF})

    def play(self, stage: _Stage, step: Step, at: datetime) -> None:
        """Let one thing happen."""
        getattr(self, f"_{step.kind}")(stage, step, at)

    def note_what_was_read(self, stage: _Stage) -> None:
        """Note how far both sides have read, once, after the last act."""
        if stage.agent_read:
            queries.mark_read(self.seats[stage.agent], conversation_id=stage.conversation, seq=stage.agent_read)
        if stage.customer_read:
            requests.mark_read(conversation_id=stage.conversation, seq=stage.customer_read)

    def _customer(self, stage: _Stage, step: Step, at: datetime) -> None:
        play = stage.play
        if play.mail:
            stage.lines += 1
            stage.conversation, stage.seq = post_office.bring(
                play, step.text, number=stage.lines, conversation=stage.conversation, at=at
            )
            return
        if self.learned_at is None or at - self.learned_at > LEARN_AGAIN:
            self.learned_at = at
            queue.forget()  # two weeks pass in seconds: what was learned a moment ago is hours old
        known = bool(play.uid)
        stage.lines += 1
        form = tickets.check_form(play.topic, play.answers) if play.answers and stage.lines == 1 else None
        if form is not None and form.problems:
            raise screenplay.UnableToRead(f"{play.key}: {sorted(form.problems)}")
        received = intake.receive(
            messages=[
                intake.Arrival(
                    rulebook.form_inbox() if play.answers else self.inbox,
                    Inbound(
                        external_id=f"{stage.thread}:demo-{play.key}-{stage.lines}",
                        thread=stage.thread,
                        handle_kind=stage.kind,
                        handle=stage.handle,
                        text=step.text,
                        sent_at=at,
                        name=play.name,
                        locale=play.locale,
                        topic=play.topic,
                        proof=Proof.SESSION if known else Proof.NOBODY,
                        proof_until=at + lasts(Proof.SESSION) if known else None,
                        proof_how="session" if known else "",
                        fields=tuple(form.values.items()) if form else (),
                        facts=form.facts if form else (),
                    ),
                    expectations.first_reply(play.topic, now=at) if form else None,
                )
            ],
            now=at,
        )[0]
        stage.conversation, stage.seq = received.conversation_id, received.seq

    def _take(self, stage: _Stage, step: Step, at: datetime) -> None:
        stage.agent = stage.play.agent
        assignment.take(conversation_id=stage.conversation, seat=self.seats[stage.agent], now=at)

    def _agent(self, stage: _Stage, step: Step, at: datetime) -> None:
        self._say(stage, step, at, note=False)
        if not stage.away and not stage.play.mail:  # who writes by mail reads there
            stage.customer_read = stage.seq

    def _note(self, stage: _Stage, step: Step, at: datetime) -> None:
        self._say(stage, step, at, note=True)

    def _say(self, stage: _Stage, step: Step, at: datetime, *, note: bool) -> None:
        seat = self.seats[stage.agent]
        stage.lines += 1
        reply = replies.Reply(
            stage.conversation, seat.agent_id, f"demo-{stage.play.key}-{stage.lines}", step.text, note
        )
        stage.seq = stage.agent_read = replies.send(replies=[reply], now=at)[0].seq

    def _assign(self, stage: _Stage, step: Step, at: datetime) -> None:
        to = self.seats[step.text]
        assignment.assign(conversation_id=stage.conversation, to=to.agent_id, seat=self.seats[stage.agent], now=at)
        stage.agent = step.text

    def _ask_proof(self, stage: _Stage, step: Step, at: datetime) -> None:
        proving.ask(conversation_id=stage.conversation, seat=self.seats[stage.agent], now=at)

    def _prove(self, stage: _Stage, step: Step, at: datetime) -> None:
        play = stage.play
        asked = requests.start_proof(
            conversation_id=stage.conversation, how=step.text, uid=play.uid, claimed="", locale=play.locale, now=at
        )
        mailed = asked.state == "code_sent"
        code = _mailed_code(play.uid) if mailed else exchange.current_code(play.uid, now=at)
        if code:  # none: mail goes to a real server, where we cannot read the customer's
            requests.check_proof(conversation_id=stage.conversation, code=code, now=at + timedelta(seconds=20))

    def _pend(self, stage: _Stage, step: Step, at: datetime) -> None:
        resolution.pend(conversation_id=stage.conversation, seat=self.seats[stage.agent], now=at)
        stage.agent_read = stage.seq

    def _resolve(self, stage: _Stage, step: Step, at: datetime) -> None:
        resolution.resolve(conversation_id=stage.conversation, seat=self.seats[stage.agent], now=at)
        stage.agent_read = stage.seq

    def _reopen(self, stage: _Stage, step: Step, at: datetime) -> None:
        resolution.reopen(conversation_id=stage.conversation, seat=self.seats[stage.agent], now=at)

    def _end(self, stage: _Stage, step: Step, at: datetime) -> None:
        requests.end(conversation_id=stage.conversation, now=at)

    def _rate(self, stage: _Stage, step: Step, at: datetime) -> None:
        score, _, comment = step.text.partition(" ")
        requests.rate(conversation_id=stage.conversation, score=int(score), comment=comment, now=at)

    def _mail(self, stage: _Stage, step: Step, at: datetime) -> None:
        requests.leave_mail(conversation_id=stage.conversation, mail=step.text, now=at)

    def _away(self, stage: _Stage, step: Step, at: datetime) -> None:
        stage.away = True


def _visitor(play: Play) -> str:
    """Name the customer: by UID, or as a stranger's page would, which is long and means nothing."""
    digest = hashlib.sha256(f"demo visitor {play.key}".encode()).digest()
    return play.uid or base64.urlsafe_b64encode(digest[:24]).decode()


def _mailed_code(uid: str) -> str:
    """Look into the customer's mail for the newest code, as he would; "" when that is not here."""
    folder = letters.folder()
    address = next((customer.mail for customer in exchange.CUSTOMERS if customer.uid == uid), "")
    mine = [letter for letter in mailbox.read(folder) if address in letter.to] if folder and address else []
    found = re.search(r"\b\d{6}\b", max(mine, key=lambda letter: letter.at).text) if mine else None
    return found[0] if found else ""
