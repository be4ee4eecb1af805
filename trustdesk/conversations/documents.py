"""The vault, as staff see it: asking for documents, opening one, deciding, and forgetting them in time.

Who may answer a case may ask. Only who may `DOCUMENTS` opens and decides: everybody else learns how many there are.
Opening has two steps: `look` writes down who, what and why, `show` hands the picture out once, to the same agent within
a minute, with his name burnt in. A document is forgotten with its key.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Count, Q, QuerySet

from trustdesk.channels import sealing
from trustdesk.conversations import acting, imaging, queries, stopping
from trustdesk.conversations.document_models import Document, DocumentLook, DocumentRequest
from trustdesk.conversations.models import Conversation
from trustdesk.policy import guard
from trustdesk.staff import audit, permissions
from trustdesk.staff.models import Agent
from trustdesk.staff.permissions import Action, Seat

KEPT = timedelta(days=30)  # after the decision, or after the case was solved or closed
UNFINISHED = timedelta(days=7)  # what was begun and never handed in
LOOK_LASTS = timedelta(minutes=1)
NOTE = 500  # characters
KINDS = tuple(DocumentRequest.Kind)
REASONS = ("unreadable", "incomplete", "expired", "other_person", "altered", "not_asked")  # to decline
LOOK_REASONS = ("check_identity", "compare", "second_look", "complaint", "authority")  # to open

_Kind, _State = DocumentRequest.Kind, DocumentRequest.State
_OPEN = (_State.ASKED, _State.HANDED_IN)


@dataclass(frozen=True, slots=True)
class Folder:
    """One request as staff see it. `received`: how many there are now; `documents` only for who may open them."""

    id: int
    kinds: tuple[str, ...]
    note: str
    state: str
    asked_by: str
    asked_at: datetime
    decided_by: str
    decided_at: datetime | None
    reason: str
    received: int
    documents: tuple[Document, ...]
    looks: tuple[DocumentLook, ...]

    @property
    def open(self) -> bool:
        """Whether something is still to be done about it."""
        return self.state in _OPEN


def folders(*, seat: Seat, case: Conversation) -> list[Folder]:
    """List the requests of a case this agent may see, the latest first."""
    opens = may_open(seat, case)
    rows = DocumentRequest.objects.filter(conversation=case).select_related("asked_by", "decided_by").order_by("-pk")
    return [_folder(row, opens) for row in rows]


def _folder(row: DocumentRequest, opens: bool) -> Folder:
    kept = list(row.documents.filter(key__isnull=False).defer("sealed", "key").order_by("pk"))
    looks = DocumentLook.objects.filter(document__request=row).select_related("agent", "document").defer(
        "document__sealed", "document__key"
    )
    return Folder(
        id=row.pk,
        kinds=tuple(row.kinds),
        note=row.note,
        state=row.state,
        asked_by=row.asked_by.display_name,
        asked_at=row.asked_at,
        decided_by=row.decided_by.display_name if row.decided_by else "",
        decided_at=row.decided_at,
        reason=row.reason,
        received=len(kept),
        documents=tuple(kept) if opens and row.state != _State.ASKED else (),
        looks=tuple(looks.order_by("-pk")) if opens else (),
    )


def latest(case: Conversation) -> DocumentRequest | None:
    """Return the latest request of a case, with `received`: what everybody may know who sees the case."""
    rows = DocumentRequest.objects.filter(conversation=case).order_by("-pk")
    return rows.annotate(received=Count("documents", filter=Q(documents__key__isnull=False))).first()


def may_open(seat: Seat, case: Conversation) -> bool:
    """Say whether this agent opens the documents of a case and decides on them."""
    return permissions.may(seat, Action.DOCUMENTS, team_id=case.team_id, assignee_id=case.assignee_id)


def ask(*, conversation_id: int, seat: Seat, now: datetime, kinds: Collection[str], note: str) -> None:
    """Ask the customer for documents. Raises UnableToAct."""
    with acting.on(conversation_id, now=now, seat=seat, action=Action.REPLY) as act:
        act.refuse_closed()
        act.refuse_spam()
        if DocumentRequest.objects.filter(conversation=conversation_id, state__in=_OPEN).exists():
            raise acting.UnableToAct("documents_asked")
        _ask(act, seat, _chosen(kinds), _said(note))
        act.say("documents_asked", visible=True, by=seat.agent_id)


def withdraw(*, conversation_id: int, seat: Seat, now: datetime, request_id: int) -> None:
    """Ask no longer; what came is forgotten at once. What was handed in, only who may decide withdraws. Raises UnableToAct."""
    with acting.on(conversation_id, now=now, seat=seat, action=Action.REPLY) as act:
        row = _open_request(act, request_id)
        if row.state == _State.HANDED_IN and not permissions.may(
            seat, Action.DOCUMENTS, team_id=act.row.team_id, assignee_id=act.row.assignee_id
        ):
            raise acting.UnableToAct("not_found")
        _decide(row, seat, now, state=_State.WITHDRAWN)
        _shred(row.documents.all(), now)
        act.say("documents_withdrawn", visible=True, by=seat.agent_id)


def accept(*, conversation_id: int, seat: Seat, now: datetime, request_id: int) -> None:
    """Accept what was handed in; it is forgotten thirty days from now. Raises UnableToAct("not_found", "decided")."""
    with acting.on(conversation_id, now=now, seat=seat, action=Action.DOCUMENTS) as act:
        _decide(_handed_in(act, request_id), seat, now, state=_State.ACCEPTED)
        act.say("documents_accepted", visible=True, by=seat.agent_id)


def decline(
    *, conversation_id: int, seat: Seat, now: datetime, request_id: int, reason: str, answer: str, again: bool
) -> None:
    """Decline what was handed in, which is forgotten at once; `again`: ask for the same anew. Raises UnableToAct."""
    if reason not in REASONS:
        raise acting.UnableToAct("reason_missing")
    with acting.on(conversation_id, now=now, seat=seat, action=Action.DOCUMENTS) as act:
        row = _handed_in(act, request_id)
        said = _said(answer)
        _decide(row, seat, now, state=_State.DECLINED, reason=reason, answer=said)
        _shred(row.documents.all(), now)
        act.say("documents_declined", visible=True, by=seat.agent_id)
        if again and act.row.status != Conversation.Status.CLOSED:
            _ask(act, seat, tuple(row.kinds), said)
            act.say("documents_asked", visible=True, by=seat.agent_id)


def look(*, seat: Seat, case: Conversation, document_id: int, reason: str, now: datetime) -> DocumentLook:
    """Write down that a document is about to be opened, for the customer to read. Raises queries.NotFound, UnableToAct.

    The caller writes the audit's row in the same transaction.
    """
    if not may_open(seat, case):
        raise queries.NotFound
    if reason not in LOOK_REASONS:
        raise acting.UnableToAct("reason_missing")
    document = Document.objects.filter(
        pk=document_id, request__conversation=case, key__isnull=False, request__handed_in_at__isnull=False
    ).first()
    if document is None:
        raise queries.NotFound
    return DocumentLook.objects.create(
        document=document, agent_id=seat.agent_id, role=seat.role.value, team=case.team, reason=reason, at=now
    )


def show(*, seat: Seat, look_id: int, now: datetime) -> bytes:
    """Return the picture of a look as a JPEG with the viewer's name and the time burnt in: once, within a minute of
    `look`, to the same agent. Raises queries.NotFound; imaging.UnableToDecode."""
    mine = DocumentLook.objects.filter(pk=look_id, agent=seat.agent_id, shown_at=None, at__gt=now - LOOK_LASTS)
    row = mine.select_related("document__request__conversation", "agent").first()
    if row is None or not may_open(seat, row.document.request.conversation):
        raise queries.NotFound
    document = row.document
    if document.sealed is None or document.key is None or not mine.update(shown_at=now):
        raise queries.NotFound  # shredded meanwhile, or asked for twice at once
    try:
        content = sealing.unseal(bytes(document.sealed), bytes(document.key))
    except sealing.Unsealable:
        raise queries.NotFound from None
    return imaging.marked(content, mark=_mark(row.agent, now, document.request.conversation.reference))


def _mark(agent: Agent, now: datetime, reference: str) -> str:
    # The font knows Latin letters; an address is written in them, and says as well who it was.
    name = agent.display_name if agent.display_name.isascii() else agent.email
    return f"{name} #{agent.pk}  {now:%Y-%m-%d %H:%M} UTC  {reference}"


def shred_due(*, now: datetime) -> int:
    """Forget the keys of documents whose time is over, each request with a row of the audit; return how many documents."""
    ended = now - KEPT
    over = Q(request__conversation__status__in=(Conversation.Status.RESOLVED, Conversation.Status.CLOSED))
    due = Document.objects.filter(
        Q(request__decided_at__lte=ended)
        | (over & Q(request__conversation__resolved_at__lte=ended))
        | Q(request__state=_State.ASKED, came_at__lte=now - UNFINISHED),
        key__isnull=False,
    )
    shredded = 0
    for request_id in list(due.order_by().values_list("request", flat=True).distinct()):
        with transaction.atomic():
            count = _shred(due.filter(request=request_id), now)
            reference = DocumentRequest.objects.values_list("conversation__reference", flat=True).get(pk=request_id)
            audit.record(
                actor=audit.Actor(), action="documents_shredded", target=f"case:{reference}", data={"count": count}
            )
            shredded += count
    return shredded


def _shred(rows: QuerySet[Document], now: datetime) -> int:
    ids = list(rows.values_list("pk", flat=True))  # an UPDATE takes no joins
    return Document.objects.filter(pk__in=ids, key__isnull=False).update(sealed=None, key=None, shredded_at=now)


def _ask(act: acting.Act, seat: Seat, kinds: tuple[str, ...], note: str) -> None:
    DocumentRequest.objects.create(
        conversation_id=act.row.id, kinds=kinds, note=note, asked_by_id=seat.agent_id, asked_at=act.now
    )
    act.tell("documents")


def _chosen(kinds: Collection[str]) -> tuple[str, ...]:
    chosen = tuple(kind.value for kind in KINDS if kind.value in kinds)
    if not chosen:
        raise acting.UnableToAct("no_kinds")
    return chosen


def _said(text: str) -> str:
    """Return what may be said to a customer; raises UnableToAct: note_too_long, or why it is stopped (`stopping.reason`)."""
    if code := stopping.reason(text):
        raise acting.UnableToAct(code)
    text = guard.mask(text.replace("\0", "").strip()).text
    if len(text) > NOTE:
        raise acting.UnableToAct("note_too_long")
    return text


def _open_request(act: acting.Act, request_id: int) -> DocumentRequest:
    """Return a request nobody has decided yet; the case's row lock keeps it so."""
    row = DocumentRequest.objects.filter(pk=request_id, conversation=act.row.id).first()
    if row is None:
        raise acting.UnableToAct("not_found")
    if row.state not in _OPEN:
        raise acting.UnableToAct("decided")
    return row


def _handed_in(act: acting.Act, request_id: int) -> DocumentRequest:
    row = _open_request(act, request_id)
    if row.state != _State.HANDED_IN:
        raise acting.UnableToAct("nothing_there")
    return row


def _decide(row: DocumentRequest, seat: Seat, now: datetime, *, state: str, reason: str = "", answer: str = "") -> None:
    DocumentRequest.objects.filter(pk=row.pk).update(
        state=state, decided_by=seat.agent_id, decided_at=now, reason=reason, answer=answer
    )
