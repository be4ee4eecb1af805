"""What the customer's pages show beside the timeline: forms, own cases, what to expect. Re-exported by `public`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import F

from trustdesk.conversations import expectations, ownership, queue, rulebook
from trustdesk.conversations.expectations import Expected
from trustdesk.conversations.models import Conversation, Entry, Promise
from trustdesk.customers.visitors import Visitor
from trustdesk.policy.proof import Proof

AREAS = ("account", "funds", "trading", "technical", "partners", "other")
CASES = 100  # own cases that are listed

Status = Conversation.Status


@dataclass(frozen=True, slots=True)
class TypeInfo:
    """A request type as a reader sees it."""

    code: str
    area: str
    label: str
    about: str
    evidence: str  # what to attach
    needs: Proof
    documents: bool
    first_reply: timedelta
    resolve: timedelta | None


@dataclass(frozen=True, slots=True)
class FormField:
    """One question of a form as a reader sees it; `when`: asked only if that field has one of these values."""

    key: str
    kind: str
    label: str
    help: str
    required: bool
    choices: tuple[tuple[str, str], ...]
    when: tuple[str, tuple[str, ...]] | None


@dataclass(frozen=True, slots=True)
class RequestForm:
    """A request type and what its form asks; `text` is the question for the customer's own words."""

    type: TypeInfo
    text: FormField
    fields: tuple[FormField, ...]


@dataclass(frozen=True, slots=True)
class CaseLine:
    """One of the customer's own cases in a list; `unread`: an agent wrote what he has not read."""

    id: int
    reference: str
    subject: str
    status: str
    topic_label: str
    channel: str
    created_at: datetime
    updated_at: datetime
    unread: bool
    agent: str


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """What a customer's page shows of his case beside `public.Case` and the timeline; numbers of linked cases or "".

    `merged_into`: where it goes on, if he may read that; `merged`: cases of his that go on here.
    """

    id: int
    subject: str
    channel: str
    follows: str
    followed_by: str
    merged_into: str
    merged: tuple[str, ...]
    split_from: str
    expected: Expected | None
    promised_at: datetime | None
    answered_at: datetime | None
    fields: tuple[tuple[str, str], ...]  # label, answer
    mail: str  # where it is answered, in full only to be masked by who shows it
    confirmed_mail: bool


@dataclass(frozen=True, slots=True)
class Hub:
    """What each way to us promises at this moment; None: too little is known to say. `reply`: what half of the request
    types promise at least, where history knows of some, of those."""

    chat_open: bool
    chat_waiting: int
    chat_wait: timedelta | None
    reply: Expected | None


def request_types(*, locale: str) -> list[TypeInfo]:
    """List the types that the form offers, area by area."""
    offered = [_info(form.type, locale) for form in rulebook.forms_offered()]
    return sorted(offered, key=lambda one: AREAS.index(one.area) if one.area in AREAS else len(AREAS))


def request_form(code: str, *, locale: str) -> RequestForm:
    """Return the form of a type; raises LookupError."""
    form = rulebook.form(code)
    fields = tuple(_field(one, locale) for one in form.asked)
    return RequestForm(_info(form.type, locale), _field(form.text, locale), fields)


def expected_reply(code: str, *, now: datetime) -> Expected:
    """Say when a case of this type that begins now gets its first answer."""
    return expectations.first_reply(code, now=now)


def cases_of(visitor: Visitor, *, locale: str) -> list[CaseLine]:
    """List the visitor's cases on all channels, the latest first."""
    rows = (
        Conversation.objects.filter(ownership.mine(visitor))
        .select_related("type", "assignee", "inbox")
        .distinct()
        .order_by("-updated_at", "-pk")[:CASES]
    )
    unread = set(
        Entry.objects.filter(conversation__in=[row.pk for row in rows], kind="message", author="agent", visible=True)
        .filter(seq__gt=F("conversation__customer_seq"))
        .values_list("conversation_id", flat=True)
    )
    return [
        CaseLine(
            row.pk,
            row.reference,
            row.subject,
            row.status,
            row.type.label_in(locale) if row.type else "",
            row.inbox.kind,
            row.created_at,
            row.updated_at,
            row.pk in unread,
            row.assignee.public_name if row.assignee else "",
        )
        for row in rows
    ]


def case_facts(case: Conversation, *, visitor: Visitor, locale: str) -> CaseFacts:
    """Gather what is shown of a case that belongs to this visitor."""
    promise = Promise.objects.filter(conversation=case).first()
    first = case.entries.filter(kind="message", author="customer").order_by("seq").values_list("data", flat=True).first()
    own = Conversation.objects.filter(ownership.mine(visitor)).distinct()
    goal = ownership.goes_on_in(visitor, case)
    next_ = Conversation.objects.filter(follows=case).order_by("pk").values_list("reference", flat=True).first()
    expected = promise and Expected(
        timedelta(seconds=promise.low), timedelta(seconds=promise.high), expectations.SHARE, promise.learned
    )
    return CaseFacts(
        id=case.pk,
        subject=case.subject,
        channel=case.inbox.kind,
        follows=case.follows.reference if case.follows else "",
        followed_by=next_ or "",
        merged_into=goal.reference if goal else "",
        merged=tuple(own.filter(merged_into=case).order_by("pk").values_list("reference", flat=True)),
        split_from=own.filter(split=case).values_list("reference", flat=True).first() or "",
        expected=expected or None,
        promised_at=promise.made_at if promise else None,
        answered_at=case.answered_at,
        fields=labelled(case.type.code if case.type else "", (first or {}).get("fields", ()), locale=locale),
        mail=case.answer_to,
        confirmed_mail=case.answer_proved,
    )


def hub(*, now: datetime) -> Hub:
    """Say how each way to us stands at this moment."""
    waiting = Conversation.objects.filter(queued_at__isnull=False).order_by("-queued_at")
    last = waiting.values_list("pk", flat=True).first()
    place = queue.places([last], now=now).get(last) if last is not None else None
    known = [expectations.first_reply(form.type.code, now=now) for form in rulebook.forms_offered()]
    typical = sorted([one for one in known if one.learned] or known, key=lambda one: one.high)
    return Hub(
        chat_open=bool(queue.staffed_teams(now=now)),
        chat_waiting=waiting.count(),
        chat_wait=timedelta(seconds=place.seconds) if place and place.seconds is not None else None,
        reply=typical[len(typical) // 2] if typical else None,
    )


def _field(one: rulebook.Question, locale: str) -> FormField:
    at = int(locale.startswith("zh"))
    choices = tuple((option[0], option[1 + at]) for option in one.options)
    return FormField(one.key, one.kind, one.label[at], one.help[at], one.required, choices, one.when)


def _info(rule: rulebook.TypeRule, locale: str) -> TypeInfo:
    at = int(locale.startswith("zh"))
    return TypeInfo(
        rule.code,
        rule.area,
        (rule.label, rule.label_zh)[at],
        rule.about[at],
        rule.evidence[at],
        Proof(rule.needs),
        rule.documents,
        timedelta(minutes=rule.first_reply),
        timedelta(minutes=rule.resolve) if rule.resolve else None,
    )


def labelled(code: str, answers: Sequence[tuple[str, str]], *, locale: str) -> tuple[tuple[str, str], ...]:
    """Put the label of its question before each answer, and of a choice the words that were chosen.

    Where the case is of another type (`code`) by now, the questions are those of a form that asks them all.
    """
    asked = {key for key, _ in answers}
    codes = [code, *(form.type.code for form in rulebook.forms_offered())]
    fields: dict[str, FormField] = {}
    for one in codes if asked else ():
        try:
            found = {field.key: field for field in request_form(one, locale=locale).fields}
        except LookupError:
            continue
        fields = fields or found
        if asked <= found.keys():
            fields = found
            break
    return tuple(
        (fields[key].label, dict(fields[key].choices).get(value, value)) if key in fields else (key, value)
        for key, value in answers
    )
