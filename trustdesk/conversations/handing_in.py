"""The vault, as its customer sees it: what is wanted, handing it in, and who opened it.

Only pictures are taken. Each is decoded and written anew in the limited process, sealed under a key of its own, and
neither its name nor its bytes as they came are kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from django.db.models import Count, F, Q

from trustdesk.channels import sealing
from trustdesk.conversations import acting, filetypes, imaging, ownership
from trustdesk.conversations.document_models import Document, DocumentLook, DocumentRequest
from trustdesk.conversations.documents import KEPT
from trustdesk.conversations.models import Conversation, RequestType
from trustdesk.customers.visitors import Visitor
from trustdesk.policy import proof
from trustdesk.policy.proof import Proof

FILE_BYTES = 15 * 1024 * 1024
MOST = 10  # files of one request
SEVERAL = frozenset({DocumentRequest.Kind.ADDRESS, DocumentRequest.Kind.FUNDS, DocumentRequest.Kind.OTHER})
_PICTURES = frozenset({"png", "jpeg", "webp"})
_State = DocumentRequest.State


class Upload(Protocol):
    """A file as it came with a form; its name is not looked at."""

    def read(self, size: int, /) -> bytes:
        """Return up to `size` bytes."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """One kind that is wanted, how many of it are there, and whether several may come."""

    kind: str
    received: int
    several: bool


@dataclass(frozen=True, slots=True)
class Look:
    """That somebody opened one: which role of which team, and when. Names are for the audit."""

    kind: str
    role: str
    team: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as its customer sees it. `kept`: how many documents still exist; `until`: when they go, if that is known."""

    id: int
    wanted: tuple[Wanted, ...]
    note: str
    state: str
    asked_at: datetime
    handed_in_at: datetime | None
    decided_at: datetime | None
    reason: str
    answer: str
    kept: int
    until: datetime | None
    looks: tuple[Look, ...]


@dataclass(frozen=True, slots=True)
class Papers:
    """The page of one case: all requests, the latest first, and the proof that is needed and there."""

    asked: tuple[Asked, ...]
    needed: Proof
    held: Proof

    @property
    def open(self) -> Asked | None:
        """The request that waits for the customer."""
        return next((one for one in self.asked if one.state == _State.ASKED), None)


class NotTaken(Exception):
    """A file was refused and nothing of it kept. `code`: too_big, no_picture, too_complex, too_many; or busy, and then
    the same file may do in a moment."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def papers(*, visitor: Visitor, case_id: int, locale: str, now: datetime) -> Papers:
    """Read what staff want of a customer who has shown that the case is his, and what became of it."""
    case = Conversation.objects.select_related("type").get(pk=case_id)
    rows = DocumentRequest.objects.filter(conversation=case).order_by("-pk")
    return Papers(
        tuple(_asked(row, case, locale) for row in rows),
        _needed(case.type.needs if case.type else 0),
        _held(visitor, case.proof_level, case.proof_until, now),
    )


def keep(*, visitor: Visitor, reference: str, kind: str, files: Sequence[Upload], now: datetime) -> None:
    """Take pictures of one kind for the open request: one replaces what is there, of `SEVERAL` kinds they are added.

    All of them or none. Raises NotTaken, LookupError, UnableToAct("closed", "proof", "not_asked").
    """
    case = ownership.owned(visitor, reference)
    # Looked at before anything is decoded, and again under the lock below.
    asked = _check(case.pk, visitor, case.proof_level, case.proof_until, now)
    if kind not in asked.kinds or not files:
        raise acting.UnableToAct("not_asked")
    if len(files) > (MOST if kind in SEVERAL else 1):
        raise NotTaken("too_many")
    sealed = [sealing.seal(_picture(one)) for one in files]
    with _asked_act(case.pk, visitor, now) as (_act, row):
        if kind not in SEVERAL:
            row.documents.filter(kind=kind).delete()
        # Room is kept for one of each kind that is still missing.
        there = set(row.documents.order_by().values_list("kind", flat=True))
        missing = sum(1 for one in row.kinds if one not in there and one != kind)
        if row.documents.count() + len(sealed) + missing > MOST:
            raise NotTaken("too_many")
        Document.objects.bulk_create(
            Document(request=row, kind=kind, sealed=box, key=key, came_at=now) for box, key in sealed
        )


def remove(*, visitor: Visitor, reference: str, kind: str, now: datetime) -> None:
    """Take back what was put there of one kind and not handed in yet. Raises as `keep` does."""
    with _asked_act(ownership.owned(visitor, reference).pk, visitor, now) as (_act, row):
        row.documents.filter(kind=kind).delete()


def hand_in(*, visitor: Visitor, reference: str, now: datetime) -> None:
    """Hand in what was put there. Raises LookupError, UnableToAct("closed", "proof", "not_asked", "incomplete")."""
    with _asked_act(ownership.owned(visitor, reference).pk, visitor, now) as (act, row):
        there = list(row.documents.filter(key__isnull=False).values_list("kind", flat=True))
        if not set(row.kinds) <= set(there):
            raise acting.UnableToAct("incomplete")
        DocumentRequest.objects.filter(pk=row.pk).update(state=_State.HANDED_IN, handed_in_at=now)
        _back_to_us(act)
        act.say("documents_handed_in", visible=True, count=len(there))


@contextmanager
def _asked_act(case_id: int, visitor: Visitor, now: datetime) -> Iterator[tuple[acting.Act, DocumentRequest]]:
    """Hold a case whose customer is asked for documents; of two acts at once the second finds what the first has left."""
    with acting.on(case_id, now=now) as act:
        act.refuse_closed()
        yield act, _check(case_id, visitor, act.row.proof_level, act.row.proof_until, now)


def _check(case_id: int, visitor: Visitor, level: int, until: datetime | None, now: datetime) -> DocumentRequest:
    row = DocumentRequest.objects.filter(conversation=case_id, state=_State.ASKED).first()
    if row is None:
        raise acting.UnableToAct("not_asked")
    needs = RequestType.objects.filter(conversation=case_id).values_list("needs", flat=True).first()
    if _held(visitor, level, until, now) < _needed(needs or 0):
        raise acting.UnableToAct("proof")
    return row


def _needed(needs: int) -> Proof:
    return max(Proof(needs), proof.needed("documents"))


def _held(visitor: Visitor, level: int, until: datetime | None, now: datetime) -> Proof:
    """Return what was proved for this case; a fresh session of the exchange counts, for the case is of its account."""
    proved = Proof(level) if until is not None and until > now else Proof.NOBODY
    return max(proved, visitor.proof_at(now) if visitor.known else Proof.NOBODY)


def _picture(upload: Upload) -> bytes:
    content = upload.read(FILE_BYTES + 1)
    if len(content) > FILE_BYTES:
        raise NotTaken("too_big")
    kind = filetypes.sniff(content[: filetypes.HEAD], announced="")
    if kind not in _PICTURES:
        raise NotTaken("no_picture")
    try:
        return imaging.paper(content, kind=kind)
    except imaging.UnableToDecode as unable:
        raise NotTaken("no_picture" if unable.code == "broken" else unable.code) from None


def _back_to_us(act: acting.Act) -> None:
    """It is our turn: as after a message of the customer."""
    held = act.row.assignee_id is not None
    if act.row.status in (Conversation.Status.PENDING, Conversation.Status.RESOLVED):
        act.set(status=Conversation.Status.OPEN if held else Conversation.Status.WAITING, resolved_at=None)
    if act.row.waiting_since is None:
        act.set(waiting_since=act.now)


def _asked(row: DocumentRequest, case: Conversation, locale: str) -> Asked:
    there = dict(
        row.documents.order_by().values_list("kind").annotate(n=Count("pk", filter=Q(key__isnull=False)))
    )
    kept = sum(there.values())
    return Asked(
        id=row.pk,
        wanted=tuple(Wanted(kind, there.get(kind, 0), kind in SEVERAL) for kind in row.kinds),
        note=row.note,
        state=row.state,
        asked_at=row.asked_at,
        handed_in_at=row.handed_in_at,
        decided_at=row.decided_at,
        reason=row.reason,
        answer=row.answer,
        kept=kept,
        until=_until(row, case) if kept else None,
        looks=_looks(row, locale),
    )


def _until(row: DocumentRequest, case: Conversation) -> datetime | None:
    over = case.resolved_at if case.status in (Conversation.Status.RESOLVED, Conversation.Status.CLOSED) else None
    ends = [one + KEPT for one in (row.decided_at, over) if one is not None]
    return min(ends) if ends else None


def _looks(row: DocumentRequest, locale: str) -> tuple[Look, ...]:
    rows = DocumentLook.objects.filter(document__request=row).select_related("team").annotate(kind=F("document__kind"))
    return tuple(
        Look(one.kind, one.role, one.team.label(locale) if one.team else "", one.at) for one in rows.order_by("-pk")
    )
