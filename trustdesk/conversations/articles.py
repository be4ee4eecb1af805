"""Articles of the help center within a case: what an agent put into a reply, and what we name of our own accord.

A reply keeps what its articles were called when it was sent: a timeline says what was said, and reading it costs no query.
Whoever follows the link later is led on by the help center where an article has moved.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from django.conf import settings
from django.utils.translation import gettext as _

from trustdesk.channels import addresses
from trustdesk.conversations.models import Conversation, Entry
from trustdesk.knowledge import library, measuring, search, suggest
from trustdesk.knowledge.library import Library

MOST: Final = 3  # of one reply


class UnableToInsert(Exception):
    """`code`: article_gone, where one is not published (any more), or too_many_articles. Trying again does not help."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Card:
    """An article as a reader meets it in a case. `path`: its address on this host."""

    id: int
    title: str
    summary: str
    path: str
    language: str

    @property
    def url(self) -> str:
        """Return its whole address, for where there is no host yet: mails and texts."""
        return f"{settings.PUBLIC_URL}{self.path}"

    @property
    def line(self) -> str:
        """Return it as one line of plain text."""
        return self.marked("")

    def marked(self, mark: str) -> str:
        """Return it as one line of plain text whose address carries a search's mark, by which opening it is noted."""
        url = f"{self.url}?s={mark}" if mark else self.url
        return _("%(title)s: %(url)s") % {"title": " ".join(self.title.split()), "url": url}


def shelf() -> Library:
    """Return what can be inserted now. Ask outside a transaction: it may look into the database."""
    return library.current()


def chosen(ids: Sequence[int], *, among: Library, locale: str) -> tuple[Card, ...]:
    """Return the cards of these articles in the customer's language where they exist in it. Raises UnableToInsert."""
    ids = list(dict.fromkeys(ids))
    if len(ids) > MOST:
        raise UnableToInsert("too_many_articles")
    if len(suggest.published(ids, among=among)) != len(ids):
        raise UnableToInsert("article_gone")
    return tuple(_card(one) for one in suggest.in_language(ids, among=among, language=locale))


def stored(cards: Sequence[Card]) -> list[dict[str, Any]]:
    """Return cards as an entry keeps them, under `articles` of its data."""
    return [asdict(card) for card in cards]


def known(ids: Sequence[int], *, locale: str) -> tuple[Card, ...]:
    """Return the cards of those of these articles that are published, in the reader's language where they exist in it."""
    among = library.current()
    return tuple(_card(one) for one in suggest.in_language(ids, among=among, language=locale)[:MOST])


def read(data: Mapping[str, Any]) -> tuple[Card, ...]:
    """Return the cards that an entry carries."""
    return tuple(Card(**one) for one in data.get("articles", ()))


def read_before(data: Mapping[str, Any]) -> tuple[Card, ...]:
    """Return the cards of what a customer had read when he wrote an entry."""
    return tuple(Card(**one) for one in data.get("read_before", ()))


def written(text: str, data: Mapping[str, Any]) -> str:
    """Return what an agent said with its articles as titled links, where nothing but text fits."""
    return "\n\n".join(part for part in (text, "\n".join(card.line for card in read(data))) if part)


def proposed(case: Conversation, *, limit: int = MOST) -> tuple[Card, ...]:
    """Return articles that may answer what the customer wrote first, in his language; none where none fits."""
    code = case.type.code if case.type else ""
    found = suggest.suggest(_first_words(case), language=case.locale, limit=limit, request_type=code)
    return tuple(_card(one) for one in found)


def sought(words: str, *, case: Conversation, limit: int) -> tuple[Card, ...]:
    """Return the articles that hold these words, of which the last may be unfinished, in the customer's language."""
    results = search.find(words, language=case.locale, limit=limit, as_typed=True).results
    ids = [one.node.id for one in results]
    return tuple(_card(one) for one in suggest.published(ids, among=library.current()))


def acknowledged(case: Conversation, *, now: datetime) -> list[str]:
    """Return the paragraphs of an acknowledgement that name articles, and write down that they were offered. Only for an
    address that is its owner's: which ones they are tells what somebody asked."""
    cards = proposed(case)
    if not cards:
        return []
    noted = measuring.searched(
        place="mail",
        text=case.subject,
        language=case.locale,
        reader=measuring.reader(_correspondent(case.answer_to)),
        hits=len(cards),
        shown=[card.id for card in cards],
        request_type=case.type.code if case.type else "",
        now=now,
    )
    mark = measuring.mark(noted)
    return [_("While you wait, this may already answer it:"), "\n".join(card.marked(mark) for card in cards)]


def written_again(mail: str, *, now: datetime) -> None:
    """Note that a customer who is answered at this address wrote again: what an acknowledgement named has not helped."""
    if mail:
        readers = measuring.reader_lately(_correspondent(mail))
        measuring.asked(readers=readers, now=now, within=measuring.WRITTEN_WITHIN)


def _correspondent(mail: str) -> str:
    return f"mail:{addresses.folded(mail)}"


def _first_words(case: Conversation) -> str:
    own = case.entries.filter(kind=Entry.Kind.MESSAGE, author=Entry.Author.CUSTOMER)
    first = own.order_by("seq").values_list("text", flat=True).first() or ""
    return first if first.startswith(case.subject) else f"{case.subject}\n{first}"


def _card(one: suggest.Suggestion) -> Card:
    return Card(one.id, one.title, one.summary, one.url, one.language)
