"""Which case a mail belongs to: by what only we and its right sender know, looked up for a whole batch at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models.functions import Upper

from trustdesk.channels import addresses
from trustdesk.channels.models import Delivery, ReplyAddress
from trustdesk.conversations.models import Conversation, Evidence
from trustdesk.policy import evidence, similarity
from trustdesk.policy.mail import Owner, plain_subject

RECENT = timedelta(days=30)  # an unfinished case that has been quiet for longer is another matter
COMPARED = 20  # unfinished cases of one sender that a mail is compared with
ALIKE = 0.6  # of 1: from there on two texts are about one matter; `tickets` only suggests, and from less on
SHORTEST = 4  # characters of a subject that says anything

_IDS = ("tx_id", "order_id")
_UNFINISHED = (Conversation.Status.WAITING, Conversation.Status.OPEN, Conversation.Status.PENDING)


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A case that its sender's next mail may continue."""

    id: int
    subject: str
    text: str  # what he first said
    ids: frozenset[tuple[str, str]]  # transaction and order ids in it: kind, value


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
    """Find which of these are mails of ours about a case, and to whom they went."""
    rows = Delivery.objects.filter(message_id__in=list(message_ids), conversation_id__isnull=False) if message_ids else ()
    return {
        row.message_id: Owner(row.conversation_id, row.recipient.lower(), side=row.purpose == "side")
        for row in rows
        if row.conversation_id is not None
    }


def sent_by_us(message_ids: Collection[str]) -> frozenset[str]:
    """Return which of these are mails of our own: what comes in under such a name is a loop."""
    named = [one for one in message_ids if one]
    return frozenset(Delivery.objects.filter(message_id__in=named).values_list("message_id", flat=True)) if named else frozenset()


def answered(references: Sequence[str], sender: str, owners: Mapping[str, Owner]) -> Owner | None:
    """Return the owner of the newest mail of ours that a mail refers to, if it went to this very sender."""
    found = (owners[one] for one in reversed(references) if one in owners)
    return next((one for one in found if one.recipient == sender), None)


def unfinished(senders: Collection[str], *, now: datetime) -> dict[str, list[Unfinished]]:
    """Find the unfinished cases that are answered at these addresses, proved to be their senders', the latest first."""
    if not senders:
        return {}
    cases = list(
        Conversation.objects.annotate(to=Upper("answer_to"))
        .filter(to__in=[sender.upper() for sender in senders], answer_proved=True, status__in=_UNFINISHED, spam_at=None)
        .filter(updated_at__gt=now - RECENT)
        .order_by("-updated_at")
    )
    ids: dict[int, set[tuple[str, str]]] = defaultdict(set)
    for fact in Evidence.objects.filter(conversation__in=cases, kind__in=_IDS):
        ids[fact.conversation_id].add((fact.kind, fact.value))
    found: dict[str, list[Unfinished]] = defaultdict(list)
    for case in cases:
        of = found[case.answer_to.lower()]
        if len(of) < COMPARED:
            first = case.entries.filter(kind="message", author="customer").order_by("seq").values_list("text", flat=True)
            of.append(Unfinished(case.pk, case.subject, first.first() or "", frozenset(ids[case.pk])))
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
