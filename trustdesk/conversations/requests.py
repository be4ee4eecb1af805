"""What customers do to their own case besides writing: end, rate, leave an address, mark as read.

Whoever calls has shown that the case is the customer's. Doing a thing twice changes nothing the second time.
"""

from __future__ import annotations

from datetime import datetime
from functools import partial

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db.models import QuerySet

from trustdesk.conversations import acting, announce, notices, ownership, rulebook
from trustdesk.conversations.acting import UnableToAct
from trustdesk.conversations.arrivals import Beside, Received
from trustdesk.conversations.attachments import Announced, NotServed, UploadRefused
from trustdesk.conversations.attachments import announce as announce_upload
from trustdesk.conversations.attachments import open_for as open_file
from trustdesk.conversations.attachments import open_in as open_file_in
from trustdesk.conversations.attachments import store as store_upload
from trustdesk.conversations.documents import KEPT as DOCUMENTS_KEPT
from trustdesk.conversations.documents import UNFINISHED as DOCUMENTS_UNFINISHED
from trustdesk.conversations.handing_in import FILE_BYTES as DOCUMENT_BYTES
from trustdesk.conversations.handing_in import MOST as MOST_DOCUMENTS
from trustdesk.conversations.handing_in import NotTaken
from trustdesk.conversations.handing_in import hand_in as hand_in_documents
from trustdesk.conversations.handing_in import keep as keep_document
from trustdesk.conversations.handing_in import remove as remove_document
from trustdesk.conversations.intake import UnknownFile
from trustdesk.conversations.models import Conversation, Thread
from trustdesk.conversations.pieces import PIECE
from trustdesk.conversations.pieces import receive as store_piece
from trustdesk.conversations.proving import WAYS, Step
from trustdesk.conversations.proving import check as check_proof
from trustdesk.conversations.proving import start as start_proof
from trustdesk.conversations.statements import Link, columns
from trustdesk.conversations.tickets import (
    SUBJECT,
    Added,
    FormRefused,
    Opened,
    SeenBefore,
    add_message,
    check_form,
    open_case,
)
from trustdesk.conversations.transcript import UnableToMail, render_text
from trustdesk.conversations.transcript import find as find_transcript
from trustdesk.conversations.transcript import mail as mail_transcript
from trustdesk.conversations.transcript import rows as transcript_rows
from trustdesk.customers.identify import masked_mail
from trustdesk.customers.visitors import Visitor
from trustdesk.policy import guard
from trustdesk.realtime import jobs

COMMENT = 2_000  # characters
ADDRESS = 254  # characters of a mail address (RFC 5321)

# The part of their modules that customers' pages may name.
__all__ = [
    "DOCUMENTS_KEPT",
    "DOCUMENTS_UNFINISHED",
    "DOCUMENT_BYTES",
    "MOST_DOCUMENTS",
    "PIECE",
    "SUBJECT",
    "WAYS",
    "Added",
    "Announced",
    "Beside",
    "FormRefused",
    "Link",
    "NotServed",
    "NotTaken",
    "Opened",
    "Received",
    "SeenBefore",
    "Step",
    "UnableToAct",
    "UnableToMail",
    "UnknownFile",
    "UploadRefused",
    "add_message",
    "announce_upload",
    "ask_progress",
    "check_form",
    "check_proof",
    "claim_mail",
    "close",
    "columns",
    "confirm_mail",
    "end",
    "find_transcript",
    "hand_in_documents",
    "keep_document",
    "leave_mail",
    "mail_transcript",
    "mark_read",
    "masked_mail",
    "open_case",
    "open_file",
    "open_file_in",
    "rate",
    "remove_document",
    "render_text",
    "reopen",
    "start_proof",
    "store_piece",
    "store_upload",
    "to_chat",
    "transcript_rows",
    "withdraw",
]


def withdraw(*, visitor: Visitor, reference: str, now: datetime) -> None:
    """Take a request back that nobody has answered yet. Raises LookupError, UnableToAct("answered", "closed")."""
    with acting.on(ownership.owned(visitor, reference).pk, now=now) as act:
        if act.row.status == Conversation.Status.CLOSED:
            return
        if Conversation.objects.filter(pk=act.row.id, answered_at__isnull=False).exists():
            raise UnableToAct("answered")
        act.leave_queue("left")
        act.set(status=Conversation.Status.CLOSED, resolved_at=now, waiting_since=None)
        act.say("withdrawn", visible=True)


def close(*, visitor: Visitor, reference: str, now: datetime) -> None:
    """Say that the matter is settled; the case is closed, and what he writes next opens a new one. Raises LookupError."""
    end(conversation_id=ownership.owned(visitor, reference).pk, now=now)


def reopen(*, visitor: Visitor, reference: str, now: datetime) -> str:
    """Say that a resolved case is not settled; returns its number. Raises LookupError, UnableToAct("closed"): write again."""
    case = ownership.owned(visitor, reference)
    with acting.on(case.pk, now=now) as act:
        act.refuse_closed()
        if act.row.status == Conversation.Status.RESOLVED:
            status = Conversation.Status.OPEN if act.row.assignee_id else Conversation.Status.WAITING
            act.set(status=status, resolved_at=None, waiting_since=now)
            act.say("reopened", visible=True)
            if act.row.assignee_id is None:
                act.enter_queue()
    return case.reference


def to_chat(*, visitor: Visitor, reference: str, now: datetime) -> None:
    """Go on with the same case in live chat, at once in its queue. Raises LookupError, UnableToAct("closed")."""
    case, chat = ownership.owned(visitor, reference), rulebook.chat_inbox()
    with acting.on(case.pk, now=now) as act:
        act.refuse_closed()
        Thread.objects.update_or_create(inbox_id=chat, external=visitor.thread, defaults={"conversation": case})
        if act.row.inbox_id != chat:
            act.set(inbox_id=chat)
            act.say("moved_to_chat", visible=True)
            if act.row.assignee_id is None:
                act.enter_queue(chat=True)
    announce.changed({}, teams=(), opened={visitor.thread: case.pk})


def confirm_mail(token: str, *, now: datetime) -> str | None:
    """Take note that the owner of an address showed that it is his; returns it masked, None for a link that is not good.

    From now on what waited and all answers go there, and who signs in with the address sees the case. It counts for
    every case in which the same customer named it.
    """
    found = notices.confirmed(token)
    case = Conversation.objects.filter(pk=found[0], answer_to=found[1]).first() if found else None
    if found is None or case is None:
        return None
    _confirm(Conversation.objects.filter(customer=case.customer_id), found[1], now)
    return masked_mail(found[1])


def claim_mail(*, visitor: Visitor, mail: str, now: datetime) -> None:
    """Take note that a visitor who named this address in his cases has just shown by a code that it is his."""
    _confirm(Conversation.objects.filter(ownership.mine(visitor)), mail, now)


def _confirm(cases: QuerySet[Conversation], mail: str, now: datetime) -> None:
    named = cases.filter(answer_to__iexact=mail, answer_proved=False)
    for identity in named.order_by("pk").values_list("pk", flat=True).distinct():
        with acting.on(identity, now=now) as act:
            if not Conversation.objects.filter(pk=identity, answer_proved=True).exists():
                act.set(answer_proved=True)
                act.say("mail_confirmed", visible=True, mail=masked_mail(mail))
                act.tell("opened")
                act.link.jobs.append(partial(jobs.defer, "conversations.mail_unread", conversation_id=identity))


def ask_progress(*, reference: str, mail: str) -> None:
    """Have it mailed how far a case is, if it is answered at this address: later, so that asking takes the same time for all."""
    jobs.defer("conversations.mail_progress", reference=reference, mail=mail)


def end(*, conversation_id: int, now: datetime) -> None:
    """End the chat from the customer's side; the case is closed, and his next message opens a new one."""
    with acting.on(conversation_id, now=now) as act:
        if act.row.status == Conversation.Status.CLOSED:
            return
        act.leave_queue("left")
        act.set(status=Conversation.Status.CLOSED, resolved_at=now, waiting_since=None)
        act.say("ended_by_customer", visible=True)


def rate(*, conversation_id: int, score: int, comment: str, now: datetime) -> None:
    """Rate the help, 1 to 5, while the case is resolved or closed; a later rating replaces the earlier. Raises UnableToAct("not_yet")."""
    if not 1 <= score <= 5:
        raise UnableToAct("bad_score")
    with acting.on(conversation_id, now=now) as act:
        over = act.row.status in (Conversation.Status.RESOLVED, Conversation.Status.CLOSED)
        if not over or act.row.merged_into_id is not None:
            raise UnableToAct("not_yet")
        before = Conversation.objects.values_list("rating", "rating_comment").get(pk=conversation_id)
        words = guard.mask(comment.replace("\0", "")).text[:COMMENT]  # PostgreSQL keeps no such character
        if before != (score, words):
            act.set(rating=score, rating_comment=words)
            act.say("rated", visible=True, score=score)


def leave_mail(*, conversation_id: int, mail: str, now: datetime, visitor: Visitor | None = None) -> str:
    """Ask to be answered by mail when the chat is gone; return the address masked. Raises UnableToAct("bad_mail").

    An address that this visitor has not proved gets a letter at once, by which its owner confirms it; until then nothing else
    goes there. The place in the queue is kept.
    """
    mail = mail.strip()
    try:
        validate_email(mail)
    except ValidationError:
        raise UnableToAct("bad_mail") from None
    if len(mail) > ADDRESS:
        raise UnableToAct("bad_mail")
    with acting.on(conversation_id, now=now) as act:
        act.refuse_closed()
        if act.row.answer_to != mail:
            proved = visitor is not None and visitor.proved and visitor.mail.lower() == mail.lower()
            act.set(answer_to=mail, answer_proved=proved)
            act.say("by_mail", visible=True, mail=masked_mail(mail))
            if not proved:
                tell = partial(jobs.defer, "conversations.tell", what="confirm", conversation_ids=[act.row.id])
                act.link.jobs.append(tell)
    return masked_mail(mail)


def mark_read(*, conversation_id: int, seq: int) -> None:
    """Note how far the customer has read; never backwards, never past the end."""
    Conversation.objects.filter(pk=conversation_id, customer_seq__lt=seq, last_seq__gte=seq).update(customer_seq=seq)
