"""The ticket form: what it asks, what was answered, and the case that becomes of it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from trustdesk.channels.contract import Inbound
from trustdesk.conversations import articles, expectations, intake, ownership, rulebook, statements
from trustdesk.conversations.arrivals import Beside
from trustdesk.conversations.expectations import Expected
from trustdesk.conversations.models import Conversation, Entry, Evidence, Thread
from trustdesk.customers.visitors import Visitor
from trustdesk.policy import evidence, forms, guard, similarity

TEXT = 4_000  # characters of one message
SUBJECT = 200
ADDRESS = 254  # characters of a mail address (RFC 5321)
RESUBMITTED = timedelta(minutes=10)  # the same answers within that time are the same case
ALIKE = 0.5  # of 1: from there on a text is offered as being about the same matter
COMPARED = 30  # unfinished cases of one customer that a new text is compared with

Status = Conversation.Status
UNFINISHED = (Status.WAITING, Status.OPEN, Status.PENDING)


class FormRefused(Exception):
    """Answers that cannot be sent as they are; `problems` by field key, or "text", "subject", "mail". Nothing was stored."""

    def __init__(self, problems: Mapping[str, forms.Problem]) -> None:
        super().__init__(", ".join(problems))
        self.problems = dict(problems)


class SeenBefore(Exception):
    """The sender may have cases already: look for the same matter among them first. Nothing was stored."""


@dataclass(frozen=True, slots=True)
class OnlyNew(Beside):
    """Lets a message in only where nobody of this handle has been seen."""

    kind: str
    value: str

    @classmethod
    def admit(
        cls, link: statements.Link, asked: Sequence[OnlyNew], *, now: datetime
    ) -> list[Exception | None]:
        """Refuse with SeenBefore."""
        handles = [(one.kind, one.value) for one in asked]
        rows = link.execute(statements.SEEN, statements.columns(handles, 2)).fetchall()
        seen = {(row.kind, row.value) for row in rows}
        return [SeenBefore() if handle in seen else None for handle in handles]


@dataclass(frozen=True, slots=True)
class Opened:
    """The case that answers became, now or (`known`) a moment ago."""

    id: int
    reference: str
    known: bool
    expected: Expected


@dataclass(frozen=True, slots=True)
class Added:
    """A message added to a case; `opened`: the case was closed, and `reference` is that of the new, linked one."""

    reference: str
    seq: int
    opened: bool


@dataclass(frozen=True, slots=True)
class Similar:
    """An unfinished case of the same customer; `why` is same_tx, same_order (with the shared `value`) or same_text."""

    reference: str
    subject: str
    status: str
    why: str
    value: str


def check_form(code: str, given: Mapping[str, str]) -> forms.Checked:
    """Judge the answers to the form of a request type; raises LookupError for a type that has none."""
    return forms.check(rulebook.form(code).questions, given)


def open_case(
    *,
    visitor: Visitor,
    code: str,
    given: Mapping[str, str],
    text: str,
    subject: str = "",
    mail: str = "",
    uploads: tuple[str, ...] = (),
    locale: str,
    now: datetime,
    identity: str = "",
    beside: Beside | None = None,
    only_new: bool = False,
    read_before: Sequence[int] = (),
) -> Opened:
    """Open a case with the answers to a form; the same again, under the same `identity` or within ten minutes, is the same case.

    `mail` is where a stranger wants to be answered; of anybody else the address is known. `beside` is stored with the case, or
    keeps it out; `read_before`: the articles he came from, of which those that are published are kept. Raises FormRefused,
    LookupError for an unknown type, intake.UnknownFile, group_commit.Unavailable, what `beside` refuses it with, and with
    `only_new` SeenBefore for anybody who may have a case already.
    """
    checked = check_form(code, given)
    text, subject, mail = text.strip(), " ".join(subject.split()), mail.strip()
    wanted = rulebook.form(code).text.required
    problems = dict(checked.problems) | _problems(visitor, text, subject, mail, wanted=wanted)
    if problems:
        raise FormRefused(problems)
    if only_new:
        if visitor.proved:
            raise SeenBefore
        beside = OnlyNew(visitor.kind, visitor.value)
    expected = expectations.first_reply(code, now=now)
    inbox = rulebook.form_inbox()
    read = articles.stored(articles.known(read_before, locale=locale)) if read_before else ()
    thread = _thread(visitor, inbox, identity or _digest(code, checked.values, text, subject), now, lasting=bool(identity))
    address = visitor.mail if visitor.proved else mail
    received = intake.submit(
        intake.Arrival(
            inbox,
            Inbound(
                external_id=thread,
                thread=thread,
                handle_kind=visitor.kind,
                handle=visitor.value,
                text=text,
                sent_at=now,
                name=visitor.name,
                locale=locale,
                proof=visitor.proof_at(now),
                proof_until=visitor.proof_until,
                proof_how=visitor.proof_how,
                subject=subject,
                topic=code,
                uploads=uploads,
                fields=tuple(checked.values.items()),
                facts=checked.facts,
                answer_to=address,
                answer_proved=visitor.proved and bool(address),
                read_before=tuple(read),
            ),
            expected,
            beside,
        )
    ).result()
    return Opened(received.conversation_id, received.reference, received.known, expected)


def add_message(
    *,
    visitor: Visitor,
    reference: str,
    text: str,
    uploads: tuple[str, ...] = (),
    identity: str,
    locale: str,
    now: datetime,
    beside: Beside | None = None,
) -> Added:
    """Add to a case of the visitor's, on whatever channel it began, or to the one it was merged into; a closed one is followed
    by a new one.

    `identity` is made by the page: the same again is the same message. `beside` is stored with it, or keeps it out. Raises
    LookupError for a case that is not his, FormRefused, intake.UnknownFile, group_commit.Unavailable, what `beside` refuses
    it with.
    """
    case = ownership.owned(visitor, reference)
    text = text.strip()
    problem = _text_problem(text, wanted=not uploads)
    if problem:
        raise FormRefused({"text": problem})
    inbox = rulebook.form_inbox()
    named, case = case, ownership.goes_on_in(visitor, case) or case
    thread = f"case:{case.pk}"
    Thread.objects.get_or_create(inbox_id=inbox, external=thread, defaults={"conversation": case})
    received = intake.submit(
        intake.Arrival(
            inbox,
            Inbound(
                external_id=f"{visitor.thread}:{named.pk}:{identity[:64]}",  # the same id before and after a merge
                thread=thread,
                handle_kind=visitor.kind,
                handle=visitor.value,
                text=text,
                sent_at=now,
                name=visitor.name,
                locale=locale,
                proof=visitor.proof_at(now),
                proof_until=visitor.proof_until,
                proof_how=visitor.proof_how,
                topic=case.type.code if case.type else "",
                uploads=uploads,
                answer_to=case.answer_to,
                answer_proved=case.answer_proved,
            ),
            beside=beside,
        )
    ).result()
    if not received.known:
        articles.written_again(case.answer_to, now=now)
    return Added(received.reference, received.seq, received.opened)


def similar_cases(
    visitor: Visitor, *, code: str, subject: str, text: str, given: Mapping[str, str]
) -> list[Similar]:
    """Find the visitor's unfinished cases on the same transaction or order, on any channel, or with nearly the same text."""
    if not ownership.may_have_cases(visitor):
        return []
    own = Conversation.objects.filter(ownership.mine(visitor), status__in=UNFINISHED).distinct()
    cases = list(own.order_by("-updated_at")[:COMPARED])
    if not cases:
        return []
    facts = {*check_form(code, given).facts, *evidence.recognise(guard.mask(text).text)}
    named = {(fact.kind, fact.value): fact.value for fact in facts if fact.kind in ("tx_id", "order_id")}
    found: dict[int, Similar] = {}
    same = Evidence.objects.filter(conversation__in=cases, kind__in=("tx_id", "order_id"), value__in=named.values())
    by_case = {pk: (kind, value) for pk, kind, value in same.values_list("conversation", "kind", "value") if (kind, value) in named}
    for case in cases:
        if case.pk in by_case:
            kind, value = by_case[case.pk]
            why = "same_tx" if kind == "tx_id" else "same_order"
            found[case.pk] = Similar(case.reference, case.subject, case.status, why, value)
    said = Entry.objects.filter(conversation__in=cases, kind="message", author="customer").order_by("conversation", "seq")
    first = dict(said.distinct("conversation").values_list("conversation", "text"))
    index = similarity.Index()
    for case in cases:
        index.add(case.pk, case.subject, first.get(case.pk, ""))
    near = {one.id: one.score for one in index.nearest(subject, guard.mask(text).text, most=3)}
    for case in cases:
        if near.get(case.pk, 0) >= ALIKE:
            found.setdefault(case.pk, Similar(case.reference, case.subject, case.status, "same_text", ""))
    return list(found.values())


def _problems(visitor: Visitor, text: str, subject: str, mail: str, *, wanted: bool) -> dict[str, forms.Problem]:
    found: dict[str, forms.Problem | None] = {"text": _text_problem(text, wanted=wanted)}
    if len(subject) > SUBJECT:
        found["subject"] = forms.Problem("too_long", {"most": str(SUBJECT)})
    elif guard.mask(subject).found:
        found["subject"] = forms.Problem("secret", {})
    if not visitor.proved:
        found["mail"] = _mail_problem(mail)
    return {key: problem for key, problem in found.items() if problem is not None}


def _text_problem(text: str, *, wanted: bool) -> forms.Problem | None:
    if not text:
        return forms.Problem("required", {}) if wanted else None
    if "\0" in text:
        return forms.Problem("not_text", {})
    return forms.Problem("too_long", {"most": str(TEXT)}) if len(text) > TEXT else None


def _mail_problem(mail: str) -> forms.Problem | None:
    if not mail:
        return forms.Problem("required", {})
    try:
        validate_email(mail)
    except ValidationError:
        return forms.Problem("not_a_mail", {})
    return forms.Problem("not_a_mail", {}) if len(mail) > ADDRESS else None


def _digest(code: str, values: Mapping[str, str], text: str, subject: str) -> str:
    whole = "\x1f".join([code, subject, text, *(f"{key}={value}" for key, value in sorted(values.items()))])
    return hashlib.sha256(whole.encode()).hexdigest()[:32]


def _thread(visitor: Visitor, inbox: int, identity: str, now: datetime, *, lasting: bool) -> str:
    """Name the outside thread of these answers; sent again within a while they get the same name, and so the same case."""
    name = f"ticket:{visitor.thread}:{identity}"
    if lasting:
        return name
    latest = (
        Thread.objects.filter(inbox=inbox, external__startswith=f"{name}:")
        .order_by("-conversation__created_at")
        .values_list("external", "conversation__created_at")
        .first()
    )
    if latest is not None and latest[1] > now - RESUBMITTED:
        return latest[0]
    # Two copies sent at the same moment fall into one slot and so into one case, but for the moment between two slots.
    return f"{name}:{int(now.timestamp() // RESUBMITTED.total_seconds())}"
