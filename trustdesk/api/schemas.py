"""The shapes of what is asked and answered. Closed: a name that is not declared is refused, and never sent."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag

TEXT = 4_000  # characters of a message, as the core takes them
SUBJECT = 200
ANSWER = 10_000  # characters of the longest answer a form takes; each kind of question has its own limit
ANSWERS = 60

Locale = Literal["en", "zh-hans"]
Uid = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.:-]{1,64}$", description="UID of the account at the exchange")]


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


# Asked ---------------------------------------------------------------------------------------------------------------


class ByAccount(_Shape):
    """The account the caller vouches for (scope vouch:uid), and the address that is registered for it, if it is to be
    answered by mail."""

    uid: Uid
    mail: str = Field(default="", max_length=254)


class ByMail(_Shape):
    """Somebody who only said that this address is his."""

    mail: str = Field(min_length=3, max_length=254)


class BySession(_Shape):
    """Somebody the exchange's signed session speaks for: a JWT, see docs/exchange-api.md."""

    session: str = Field(min_length=1, max_length=4_096)


class ByUid(_Shape):
    """The account the caller vouches for (scope vouch:uid)."""

    uid: Uid


def _way(value: Any) -> str | None:
    """Tell by its members how a customer is named, so that errors are about that way only."""
    names = value if isinstance(value, dict) else {}
    return next((name for name in ("session", "uid", "mail") if name in names), None)


Customer = Annotated[
    Annotated[ByAccount, Tag("uid")] | Annotated[ByMail, Tag("mail")] | Annotated[BySession, Tag("session")],
    Discriminator(_way),
]
Known = Annotated[Annotated[ByUid, Tag("uid")] | Annotated[BySession, Tag("session")], Discriminator(_way)]


class NewConversation(_Shape):
    """A case to be opened: the type, the answers to its form, and what happened in the customer's own words."""

    type: str = Field(pattern=r"^[A-Za-z0-9_-]{1,50}$", description="code of a request type")
    customer: Customer
    text: str = Field(default="", max_length=TEXT, description="some types ask for it: see `text` of their form")
    fields: dict[Annotated[str, Field(max_length=50)], Annotated[str, Field(max_length=ANSWER)]] = Field(
        default_factory=dict, max_length=ANSWERS, description="answers by the key of the question"
    )
    subject: str = Field(default="", max_length=SUBJECT)
    locale: Locale = "en"


class NewMessage(_Shape):
    """A message of the customer's. Where `customer` is named, the conversation must be his."""

    text: str = Field(min_length=1, max_length=TEXT)
    customer: Known | None = None
    locale: Locale = "en"


# Answered ------------------------------------------------------------------------------------------------------------


class Expected(_Shape):
    """When the first reply is to be expected: in `share` of cases in this range if `learned`, else it is the target."""

    low_seconds: int
    high_seconds: int
    share: float
    learned: bool


class Opened(_Shape):
    """The case that was opened."""

    reference: str
    expected_reply: Expected


class Added(_Shape):
    """Where the message went. A closed conversation is followed by a new one, a merged one goes on in another: `reference` is
    that one's then, and `new_conversation` true."""

    reference: str
    seq: int
    new_conversation: bool


class File(_Shape):
    """A file of an entry; its bytes are not handed out here."""

    name: str
    media_type: str
    size: int
    state: str


class Article(_Shape):
    """An article of the help center that the agent named; `url` is its whole address."""

    title: str
    summary: str
    url: str
    language: str


class Answer(_Shape):
    """One answer of the form, as it was taken."""

    key: str
    value: str


class Entry(_Shape):
    """One line of the timeline that the customer sees; of an event `event` is a code, worded by whoever shows it."""

    seq: int
    kind: Literal["message", "event"]
    author: str
    name: str
    at: datetime
    text: str
    event: str
    params: dict[str, str | int | float | list[str] | None]
    fields: list[Answer]
    files: list[File]
    articles: list[Article]


class Conversation(_Shape):
    """A conversation as its customer sees it; entries after `after`, complete up to `upto`."""

    reference: str
    type: str
    status: Literal["waiting", "open", "pending", "resolved", "closed"]
    subject: str
    channel: str
    created_at: datetime
    answered_at: datetime | None
    expected_reply: Expected | None
    follows: str | None
    followed_by: str | None
    merged_into: str | None
    entries: list[Entry]
    upto: int
    more: bool


class RequestType(_Shape):
    """A request type; `needs` is the proof that staff ask for, `resolve_seconds` null where nothing is promised."""

    code: str
    area: str
    label: str
    about: str
    evidence: str
    needs: Literal["nobody", "contact", "session", "strong"]
    documents: bool
    first_reply_seconds: int
    resolve_seconds: int | None


class RequestTypes(_Shape):
    """All types, area by area."""

    types: list[RequestType]


class Choice(_Shape):
    """One value that a question takes or proposes."""

    value: str
    label: str


class When(_Shape):
    """The question is asked only if that field has one of these values."""

    field: str
    values: list[str]


class Question(_Shape):
    """One question of a form. Values of `choices` are the only ones of a choice, and proposals elsewhere."""

    key: str
    kind: str
    label: str
    help: str
    required: bool
    most: int
    choices: list[Choice]
    when: When | None


class RequestForm(_Shape):
    """A request type and what its form asks; `text` is the question for the customer's own words."""

    type: RequestType
    text: Question
    fields: list[Question]
