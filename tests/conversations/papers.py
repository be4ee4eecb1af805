"""Documents for the tests of the vault: somebody asks for them, somebody hands them in."""

from __future__ import annotations

import io
from datetime import datetime, timedelta

from tests import world
from tests.conversations import pictures
from tests.world import NOON
from trustdesk.conversations import documents, handing_in
from trustdesk.conversations.document_models import Document, DocumentRequest
from trustdesk.conversations.intake import Received
from trustdesk.conversations.models import Conversation, Entry
from trustdesk.customers.visitors import Visitor
from trustdesk.policy.proof import Proof
from trustdesk.staff.models import Role
from trustdesk.staff.permissions import Seat

ANNA, BORIS = Visitor("visitor", "anna"), Visitor("visitor", "boris")
BOTH = ("id_front", "address")


def prove(case: Received, level: Proof = Proof.STRONG, *, until: datetime = NOON + timedelta(hours=1)) -> None:
    """Let the customer of a case have proved who he is."""
    Conversation.objects.filter(pk=case.conversation_id).update(proof_level=int(level), proof_until=until)


def asked(*kinds: str, visitor: str = "anna", level: Proof = Proof.STRONG) -> tuple[Received, Seat]:
    """A proved customer's case of the funds team, whose agent Mei asked for these kinds."""
    seat = world.agent("Mei", "funds")
    case = world.chat("my deposit is missing", visitor=visitor)
    if level:
        prove(case, level)
    documents.ask(
        conversation_id=case.conversation_id, seat=seat, now=NOON, kinds=kinds or BOTH, note="To see that it is you."
    )
    return case, seat


def put(case: Received, kind: str, content: bytes | None = None, *, visitor: Visitor = ANNA, now: datetime = NOON) -> None:
    """Put one picture there."""
    file = io.BytesIO(pictures.jpeg(60, 40) if content is None else content)
    handing_in.keep(visitor=visitor, reference=case.reference, kind=kind, files=[file], now=now)


def handed_in(*kinds: str, now: datetime = NOON) -> tuple[Received, Seat, Seat]:
    """A case with documents handed in; its agent, and the lead of its team."""
    case, mei = asked(*kinds)
    for kind in kinds or BOTH:
        put(case, kind, now=now)
    handing_in.hand_in(visitor=ANNA, reference=case.reference, now=now)
    return case, mei, world.agent("Lin", "funds", role=Role.LEAD)


def request_of(case: Received) -> DocumentRequest:
    """The latest request of a case."""
    return DocumentRequest.objects.filter(conversation=case.conversation_id).latest("pk")


def kept(case: Received) -> list[Document]:
    """The documents of a case that still have a key."""
    return list(Document.objects.filter(request__conversation=case.conversation_id, key__isnull=False).order_by("pk"))


def row_of(case: Received) -> Conversation:
    """The case as it is now."""
    return Conversation.objects.get(pk=case.conversation_id)


def events_of(case: Received) -> list[tuple[str, bool, dict[str, object]]]:
    """What its timeline says of documents: code, whether customers see it, data."""
    rows = Entry.objects.filter(conversation=case.conversation_id, event__startswith="documents")
    return list(rows.order_by("seq").values_list("event", "visible", "data"))
