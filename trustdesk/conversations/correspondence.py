"""Which case a mail belongs to: by what only we and its right sender know, looked up for a whole batch at once."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import F, Window
from django.db.models.functions import RowNumber, Upper

from trustdesk.channels import addresses, outbox
from trustdesk.channels.models import Delivery, ReplyAddress
from trustdesk.conversations import rulebook, statements, timeline
from trustdesk.conversations.models import Conversation, Entry, Evidence
from trustdesk.policy import evidence, similarity
from trustdesk.policy.mail import Owner, plain_subject

RECENT = timedelta(days=30)  # an unfinished case that has been quiet for longer is another matter
COMPARED = 20  # unfinished cases of one sender that a mail is compared with
ALIKE = 0.6  # of 1: from there on two texts are about one matter; `tickets` only suggests, and from less on
SHORTEST = 4  # characters of a subject that says anything

_LOCK = 0x7D_3A11  # first half of the advisory locks, one for each sender
_IDS = ("tx_id", "order_id")
_UNFINISHED = (Conversation.Status.WAITING, Conversation.Status.OPEN, Conversation.Status.PENDING)


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A case that its sender's next mail may continue."""

    id: int
    subject: str
    text: str  # what he first said
    ids: frozenset[tuple[str, str]]  # transaction and order ids in it: kind, value


def hold(senders: Collection[str]) -> None:
    """Keep every other process from deciding about mail of these senders until this transaction ends: what is decided rests
    on which mails and cases of theirs there are. In one order, that of the locks, so that no two wait for each other."""
    keys = sorted({int.from_bytes(hashlib.sha256(one.encode()).digest()[:4], signed=True) for one in senders})
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, key) FROM unnest(%s::int[]) AS key", [_LOCK, keys])


def known_in(fingerprints: Collection[str], *, inboxes: Collection[int]) -> dict[str, int]:
    """Find which of these mails are lines already, and in which of our inboxes: one that was sent to two of our addresses, or
    came two ways, is one mail. `inboxes`: those to look in beside all that are known. Ask under `hold`, or the answer may be old."""
    all_ours = sorted({*inboxes, *(one for one, kind in rulebook.inbox_kinds().items() if kind == "email")})
    with statements.link() as link:
        found = timeline.known(link, [(inbox, one) for one in fingerprints for inbox in all_ours])
    return {fingerprint: inbox for inbox, fingerprint in found}


def owners_of_tokens(tokens: Collection[str]) -> dict[str, Owner]:
    """Find whose answer addresses these tokens are; unknown and revoked ones are left out."""
    by_hash = {addresses.digest(token): token for token in tokens if token}
    rows = ReplyAddress.objects.filter(token_hash__in=list(by_hash), revoked_at=None) if by_hash else ()
    return {
        by_hash[bytes(row.token_hash)]: Owner(
            row.conversation_id, row.recipient, side=row.purpose == ReplyAddress.Purpose.SIDE
        )
        for row in rows
    }


def owners_of_messages(message_ids: Collection[str]) -> dict[str, Owner]:
    """Find which of these are mails of ours about a case, and to whom they went. What anybody can have us send to an address
    that he only typed is left out: its owner's answer would land in a stranger's case."""
    found: dict[str, Owner] = {}
    for some in _hundreds(message_ids):
        rows = Delivery.objects.filter(message_id__in=some, conversation_id__isnull=False)
        for row in rows.exclude(purpose__in=outbox.UNANSWERABLE):
            if row.conversation_id is not None:
                found[row.message_id] = Owner(row.conversation_id, row.recipient.lower(), side=row.purpose == "side")
    return found


def _hundreds(message_ids: Collection[str]) -> Iterator[list[str]]:
    """Ask for so many at once that PostgreSQL still sees that none is blank, and takes the index."""
    named = sorted({one for one in message_ids if one})
    for start in range(0, len(named), 100):
        yield named[start : start + 100]


def sent_by_us(message_ids: Collection[str]) -> frozenset[str]:
    """Return which of these are mails of our own: what comes in under such a name is a loop."""
    return frozenset(
        name
        for some in _hundreds(message_ids)
        for name in Delivery.objects.filter(message_id__in=some).values_list("message_id", flat=True)
    )


def answered(references: Sequence[str], sender: str, owners: Mapping[str, Owner]) -> Owner | None:
    """Return the owner of the newest mail of ours that a mail refers to, if it went to this very sender."""
    found = (owners[one] for one in reversed(references) if one in owners)
    return next((one for one in found if one.recipient == sender), None)


def unfinished(senders: Collection[str], *, now: datetime) -> dict[str, list[Unfinished]]:
    """Find the unfinished cases that are answered at these addresses, proved to be their senders', the latest first."""
    if not senders:
        return {}
    rank = Window(RowNumber(), partition_by=[Upper("answer_to")], order_by=F("updated_at").desc())
    cases = list(
        Conversation.objects.annotate(to=Upper("answer_to"), rank=rank)
        .filter(to__in=[sender.upper() for sender in senders], answer_proved=True, status__in=_UNFINISHED, spam_at=None)
        .filter(updated_at__gt=now - RECENT, rank__lte=COMPARED)
        .order_by("-updated_at")
    )
    ids: dict[int, set[tuple[str, str]]] = defaultdict(set)
    for fact in Evidence.objects.filter(conversation__in=cases, kind__in=_IDS):
        ids[fact.conversation_id].add((fact.kind, fact.value))
    first = (
        Entry.objects.filter(conversation__in=cases, kind=Entry.Kind.MESSAGE, author=Entry.Author.CUSTOMER)
        .order_by("conversation_id", "seq")
        .distinct("conversation_id")
    )
    texts = dict(first.values_list("conversation_id", "text"))
    found: dict[str, list[Unfinished]] = defaultdict(list)
    chats = {inbox for inbox, kind in rulebook.inbox_kinds().items() if kind == "chat"}
    for case in cases:
        # How a chat begins ("Hello") says nothing about what a mail is about: there only numbers count.
        subject, text = ("", "") if case.inbox_id in chats else (case.subject, texts.get(case.pk, ""))
        one = Unfinished(case.pk, subject, text, frozenset(ids[case.pk]))
        found[case.answer_to.lower()].append(one)
    return found


def same_matter(cases: Sequence[Unfinished], *, subject: str, text: str) -> int | None:
    """Return the case of these that a mail continues: the same transaction or order, the same subject, nearly the same text."""
    if not cases:
        return None
    ids = {(fact.kind, fact.value) for fact in evidence.recognise(text) if fact.kind in _IDS}
    shared = next((case.id for case in cases if case.ids & ids), None)
    if shared is not None:
        return shared
    plain = plain_subject(subject).casefold()
    named = next((case.id for case in cases if plain_subject(case.subject).casefold() == plain), None)
    if named is not None and len(plain) >= SHORTEST and not (ids and any(case.ids for case in cases if case.id == named)):
        return named  # two mails "deposit missing" that name two transactions are two matters
    index = similarity.Index()
    for case in cases:
        index.add(case.id, case.subject, case.text)
    nearest = index.nearest(subject, text, most=1)
    return nearest[0].id if nearest and nearest[0].score >= ALIKE else None
