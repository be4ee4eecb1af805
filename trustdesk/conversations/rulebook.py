"""The values that staff edit, as plain data: request types and inboxes, re-read every few seconds."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from trustdesk.channels.models import Inbox
from trustdesk.conversations.models import RequestField, RequestType
from trustdesk.policy import forms

T = TypeVar("T")

FALLBACK = "other"
TEXT = "what"  # the field whose answer is the text of the case
FRESH = 10.0  # seconds a value may be old


@dataclass(frozen=True, slots=True)
class TypeRule:
    """One request type."""

    id: int
    code: str
    label: str
    label_zh: str
    team_id: int
    priority: int
    needs: int
    in_chat: bool
    in_form: bool
    documents: bool
    area: str
    about: tuple[str, str]  # English, Chinese
    evidence: tuple[str, str]
    first_reply: int  # minutes
    resolve: int  # minutes; 0: nothing is promised

    def label_in(self, locale: str) -> str:
        """Return the label in the reader's language."""
        return self.label_zh if locale.startswith("zh") else self.label


@dataclass(frozen=True, slots=True)
class Question:
    """One question of a form as a reader sees it; texts in English and Chinese."""

    key: str
    kind: str
    label: tuple[str, str]
    help: tuple[str, str]
    required: bool
    options: tuple[tuple[str, str, str], ...]  # value, label, label in Chinese
    when: tuple[str, tuple[str, ...]] | None


@dataclass(frozen=True, slots=True)
class Form:
    """The form of a request type: as readers see it, and as `policy.forms` judges the answers."""

    type: TypeRule
    text: Question  # for the customer's own words, which become the message
    asked: tuple[Question, ...]
    questions: tuple[forms.Field, ...]


WHAT = Question(TEXT, "long", ("What happened?", "发生了什么？"), ("", ""), True, (), None)


class _Reread(Generic[T]):
    def __init__(self, load: Callable[[], T]) -> None:
        self._load = load
        self._read: tuple[float, T] | None = None

    def __call__(self) -> T:
        if self._read is None or time.monotonic() - self._read[0] > FRESH:
            self._read = time.monotonic(), self._load()
        return self._read[1]

    def forget(self) -> None:
        self._read = None


def _load_types() -> dict[str, TypeRule]:
    rows = RequestType.objects.order_by("position", "id")
    return {
        row.code: TypeRule(
            row.pk,
            row.code,
            row.label,
            row.label_zh,
            row.team_id,
            row.priority,
            row.needs,
            row.in_chat,
            row.in_form,
            row.documents,
            row.area,
            (row.about, row.about_zh or row.about),
            (row.evidence, row.evidence_zh or row.evidence),
            row.first_reply,
            row.resolve,
        )
        for row in rows
    }


def _load_forms() -> dict[str, Form]:
    rules = types()
    rows: dict[str, list[RequestField]] = {code: [] for code, rule in rules.items() if rule.in_form}
    for row in RequestField.objects.select_related("type").order_by("position", "id"):
        if row.type.code in rows:
            rows[row.type.code].append(row)
    return {code: _form(rules[code], of) for code, of in rows.items()}


def _form(rule: TypeRule, rows: list[RequestField]) -> Form:
    text = next((_asked(row) for row in rows if row.key == TEXT), WHAT)
    others = [row for row in rows if row.key != TEXT]
    return Form(rule, text, tuple(map(_asked, others)), tuple(map(_judged, others)))


def _asked(row: RequestField) -> Question:
    options = tuple((str(value), str(label), str(label_zh)) for value, label, label_zh in row.options)
    return Question(
        row.key, row.kind, (row.label, row.label_zh), (row.help, row.help_zh or row.help), row.required, options, _when(row)
    )


def _judged(row: RequestField) -> forms.Field:
    return forms.Field(
        key=row.key,
        kind=row.kind,
        required=row.required,
        options=tuple(str(option[0]) for option in row.options),
        when=_when(row),
        beside=row.beside,
    )


def _when(row: RequestField) -> tuple[str, tuple[str, ...]] | None:
    return (row.when_key, tuple(map(str, row.when_values))) if row.when_key else None


types: _Reread[dict[str, TypeRule]] = _Reread(_load_types)
_forms: _Reread[dict[str, Form]] = _Reread(_load_forms)
inbox_kinds: _Reread[dict[int, str]] = _Reread(lambda: dict(Inbox.objects.values_list("id", "kind")))


def forget() -> None:
    """Read everything anew at the next use."""
    types.forget()
    _forms.forget()
    inbox_kinds.forget()


def rule(code: str) -> TypeRule:
    """Find the rule of a type; an unknown or empty code falls back to `other`. Raises KeyError before set-up has run."""
    rules = types()
    return rules.get(code) or rules[FALLBACK]


def form(code: str) -> Form:
    """Find the form of a type; raises LookupError where none is offered."""
    return _forms()[code]


def forms_offered() -> tuple[Form, ...]:
    """Return all forms, in their order."""
    return tuple(_forms().values())


def chat_inbox() -> int:
    """Return the id of the chat's inbox; raises LookupError before set-up has run."""
    return _inbox("chat")


def form_inbox() -> int:
    """Return the id of the inbox that tickets come to; raises LookupError before set-up has run."""
    return _inbox("form")


def _inbox(wanted: str) -> int:
    for identity, kind in inbox_kinds().items():
        if kind == wanted:
            return identity
    raise LookupError(f"no {wanted} inbox: run migrate")
