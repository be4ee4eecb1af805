"""From what the core shows customers to the shapes of the interface."""

from __future__ import annotations

from typing import Any

from trustdesk.api.schemas import (
    TEXT,
    Answer,
    Article,
    Choice,
    Conversation,
    Entry,
    Expected,
    File,
    Question,
    RequestForm,
    RequestType,
    When,
)
from trustdesk.conversations import public
from trustdesk.policy import forms


def expected(found: public.Expected) -> Expected:
    """Shape an expectation."""
    return Expected(
        low_seconds=int(found.low.total_seconds()),
        high_seconds=int(found.high.total_seconds()),
        share=found.share,
        learned=found.learned,
    )


def conversation(found: public.CaseView, page: public.Page) -> Conversation:
    """Shape a case and a page of its timeline."""
    case, facts = found.case, found.facts
    return Conversation(
        reference=case.reference,
        type=case.topic,
        status=case.status,  # type: ignore[arg-type]  # the model's choices are those of the shape
        subject=facts.subject,
        channel=facts.channel,
        created_at=case.created_at,
        answered_at=facts.answered_at,
        expected_reply=expected(facts.expected) if facts.expected else None,
        follows=facts.follows or None,
        followed_by=facts.followed_by or None,
        merged_into=facts.merged_into or None,
        entries=[_entry(line) for line in page.lines],
        upto=page.upto,
        more=page.more,
    )


def request_type(found: public.TypeInfo) -> RequestType:
    """Shape a request type."""
    return RequestType(
        code=found.code,
        area=found.area,
        label=found.label,
        about=found.about,
        evidence=found.evidence,
        needs=found.needs.name.lower(),  # type: ignore[arg-type]  # the names of Proof
        documents=found.documents,
        first_reply_seconds=int(found.first_reply.total_seconds()),
        resolve_seconds=int(found.resolve.total_seconds()) if found.resolve else None,
    )


def form(found: public.RequestForm) -> RequestForm:
    """Shape a form."""
    return RequestForm(
        type=request_type(found.type),
        text=_question(found.text, most=TEXT),
        fields=[_question(one, most=forms.LIMITS[one.kind]) for one in found.fields],
    )


def _question(one: public.FormField, *, most: int) -> Question:
    return Question(
        key=one.key,
        kind=one.kind,
        label=one.label,
        help=one.help,
        required=one.required,
        most=most,
        choices=[Choice(value=value, label=label) for value, label in one.choices],
        when=When(field=one.when[0], values=list(one.when[1])) if one.when else None,
    )


def _entry(line: public.Line) -> Entry:
    return Entry(
        seq=line.seq,
        kind=line.kind,  # type: ignore[arg-type]  # the model's choices are those of the shape
        author=line.author,
        name=line.name,
        at=line.at,
        text=line.text,
        event=line.event,
        params={key: _plain(value) for key, value in line.params.items() if key != "fields"},
        fields=[Answer(key=key, value=value) for key, value in line.params.get("fields", ())],
        files=[File(name=one.name, media_type=one.media_type, size=one.size, state=one.state) for one in line.files],
        articles=[
            Article(title=one.title, summary=one.summary, url=one.url, language=one.language) for one in line.articles
        ],
    )


def _plain(value: Any) -> str | int | float | list[str] | None:
    if isinstance(value, list | tuple):
        return [str(one) for one in value]
    return value if isinstance(value, str | int | float | None) else str(value)
