"""What can be asked: one function each, which calls the core once."""

from __future__ import annotations

import secrets
from typing import Annotated, NoReturn

from django.http import HttpRequest, HttpResponse
from ninja import Header, Query, Router

from trustdesk.api import access, idempotency, wording
from trustdesk.api.access import Bearer
from trustdesk.api.models import Scope
from trustdesk.api.problems import Flaw, Refused
from trustdesk.api.schemas import (
    Added,
    Conversation,
    Locale,
    NewConversation,
    NewMessage,
    Opened,
    RequestForm,
    RequestTypes,
    Uid,
)
from trustdesk.conversations import public, requests
from trustdesk.seams import clock

router = Router()

Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        pattern=r"^[!-~]{1,255}$",
        description="Made by the caller for this request, random; the same again is the same request.",
    ),
]
After = Annotated[int, Query(ge=0, le=2_000_000_000, description="Entries after this seq.")]
# A header: addresses end up in logs.
Named = Annotated[
    Uid | None, Header(alias="Customer-Uid", description="The account of the customer who asks (scope vouch:uid).")
]
Language = Annotated[Locale, Query(description="Language of the labels.")]


@router.post(
    "/conversations",
    auth=Bearer(Scope.WRITE, checked_later=True),
    response={201: Opened, 200: Opened},
    operation_id="openConversation",
    summary="Open a conversation",
)
def open_conversation(request: HttpRequest, payload: NewConversation, key: Key = None) -> HttpResponse:
    """Open a case with the answers to a form. 200: the same came without a key a moment ago, and this is its case."""
    caller, now = access.caller_of(request), clock.now()
    known = access.customer(caller, payload.customer, now=now)
    mail = payload.customer.mail if known is None else ""  # type: ignore[union-attr]  # then it is ByMail
    _check_names(payload)
    expected = wording.expected(public.expected_reply(payload.type, now=now))

    def worded(opened: requests.Opened | requests.Received) -> idempotency.Answer:
        status = 200 if opened.known and key is None else 201
        return status, Opened(reference=opened.reference, expected_reply=expected).model_dump_json()

    said = payload.model_dump(exclude={"customer"}) | {"to": mail if known is None else [known.thread, known.mail]}
    asked = idempotency.request(caller=caller, key=key, content=["open", said], visitor=known, worded=worded)
    try:
        opened = requests.open_case(
            visitor=asked.visitor,
            code=payload.type,
            given=payload.fields,
            text=payload.text,
            subject=payload.subject,
            mail=mail,
            locale=payload.locale,
            now=now,
            identity=asked.identity,
            beside=asked,
        )
    except requests.FormRefused as refused:
        return _json(*(idempotency.answered(asked) or _refuse(*_flaws(refused, payload))))
    except idempotency.Answered as before:
        return _json(*before.answer)
    return _json(*worded(opened))


@router.get(
    "/conversations/{reference}",
    auth=Bearer(Scope.READ),
    response=Conversation,
    operation_id="readConversation",
    summary="Read a conversation",
)
def read_conversation(request: HttpRequest, reference: str, uid: Named = None, after: After = 0) -> Conversation:
    """Read the state of a conversation and what its customer sees of it; go on from `upto` while there is `more`."""
    caller = access.caller_of(request)
    visitor = access.opener(caller, reference) if uid is None else access.account(caller, uid)
    found = public.find_case(visitor, access.number(reference), locale="en", now=clock.now())
    if found is None:
        raise Refused("not_found")
    return wording.conversation(found, public.entries_after({found.case.id: after})[found.case.id])


@router.post(
    "/conversations/{reference}/messages",
    auth=Bearer(Scope.WRITE),
    response={201: Added},
    operation_id="addMessage",
    summary="Add a message of the customer's",
)
def add_message(request: HttpRequest, reference: str, payload: NewMessage, key: Key = None) -> HttpResponse:
    """Add what the customer wrote. To a closed conversation nothing is added: a new one follows it, or it was merged into one."""
    caller, now = access.caller_of(request), clock.now()
    named = None if payload.customer is None else access.customer(caller, payload.customer, now=now)
    visitor = named or access.opener(caller, reference)
    number = access.number(reference)

    def worded(added: requests.Added | requests.Received) -> idempotency.Answer:
        answer = Added(reference=added.reference, seq=added.seq, new_conversation=added.reference != number)
        return 201, answer.model_dump_json()

    said = [number, visitor.thread, payload.text, payload.locale]
    asked = idempotency.request(
        caller=caller, key=key, content=["add", said], visitor=visitor, number=number, worded=worded
    )
    try:
        added = requests.add_message(
            visitor=visitor,
            reference=number,
            text=payload.text,
            identity=asked.identity or secrets.token_hex(20),
            locale=payload.locale,
            now=now,
            beside=asked,
        )
    except requests.FormRefused as refused:
        flaws = [Flaw(name, one.code, one.params) for name, one in refused.problems.items()]
        return _json(*(idempotency.answered(asked) or _refuse(*flaws)))
    except LookupError:
        if answer := idempotency.answered(asked):
            return _json(*answer)
        raise Refused("not_found") from None
    except idempotency.Answered as before:
        return _json(*before.answer)
    return _json(*worded(added))


@router.get(
    "/request-types",
    auth=Bearer(),
    response=RequestTypes,
    operation_id="listRequestTypes",
    summary="List the request types",
)
def list_request_types(request: HttpRequest, locale: Language = "en") -> RequestTypes:
    """List what a conversation can be about."""
    return RequestTypes(types=[wording.request_type(one) for one in public.request_types(locale=locale)])


@router.get(
    "/request-types/{code}",
    auth=Bearer(),
    response=RequestForm,
    operation_id="readRequestType",
    summary="Read the form of a request type",
)
def read_request_type(request: HttpRequest, code: str, locale: Language = "en") -> RequestForm:
    """Read what the form of a type asks."""
    try:
        return wording.form(public.request_form(code, locale=locale))
    except LookupError:
        raise Refused("not_found") from None


def _check_names(payload: NewConversation) -> None:
    """Refuse a type that is not offered, and answers to questions that its form does not have."""
    try:
        form = public.request_form(payload.type, locale=payload.locale)
    except LookupError:
        raise Refused("invalid_request", Flaw("type", "not_an_option")) from None
    if set(payload.fields) - {one.key for one in form.fields}:
        raise Refused("invalid_request", Flaw("fields", "unknown_field"))


def _flaws(refused: requests.FormRefused, payload: NewConversation) -> list[Flaw]:
    """Say of each problem where it is: a form may have a question of the name of one of our own members."""
    answers = requests.check_form(payload.type, payload.fields).problems
    places = {"mail": "customer.mail"}
    return [
        Flaw(f"fields.{name}" if answers.get(name) == one else places.get(name, name), one.code, one.params)
        for name, one in refused.problems.items()
    ]


def _refuse(*flaws: Flaw) -> NoReturn:
    raise Refused("form_refused", *flaws) from None


def _json(status: int, body: str) -> HttpResponse:
    return HttpResponse(body, status=status, content_type="application/json")
