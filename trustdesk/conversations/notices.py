"""What we mail about a case of its own accord: it was opened, there is an answer, a proof is needed, it is resolved.

An address that nobody has shown to be his learns that something happened and where to look, never what was written;
its first letter asks to confirm it. Nobody can have us send more than a few letters an hour to one address.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.core import signing
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import override

from trustdesk.channels import outbox
from trustdesk.channels.models import Delivery
from trustdesk.conversations import mail_answers
from trustdesk.conversations.models import Conversation, Promise
from trustdesk.conversations.wording import case_page, lasting
from trustdesk.policy.proof import Proof

AN_HOUR, A_DAY = 6, 20  # letters of ours to one address that nobody has shown to be his
A_DAY_PROVED = 60
CONFIRMABLE = timedelta(days=7)
_SALT = "trustdesk.conversations.notices"

Status = Conversation.Status


def tell(*, what: str, conversation_ids: Iterable[int], now: datetime) -> None:
    """Mail what happened to these cases; `what` is opened, proof or resolved. The same twice is one letter."""
    for identity in conversation_ids:
        with transaction.atomic():
            case = Conversation.objects.select_for_update(no_key=True, of=("self",)).select_related("inbox").get(pk=identity)
            key = f"{what}:{case.pk}:{_when(case, what)}"
            if not case.answer_to or case.spam_at or not _may_send(case.answer_to, proved=case.answer_proved, now=now):
                continue
            if what == "opened" and case.inbox.kind == "email":
                confirm = f"{settings.PUBLIC_URL}/confirm/{confirmation(case)}/"
                mail_answers.acknowledge(case, key=key, confirm=confirm, now=now)
            else:
                with override(case.locale):
                    subject, lines = _LETTERS[what](case)
                    _queue(case, key, what, subject, lines, now)


def mail_unread(*, conversation_id: int, now: datetime) -> None:
    """Mail an agent's unread answers to the address the customer left, each answer once.

    What the customer wrote never goes to an address that was only typed; what the agents wrote goes there only from a chat
    that never was about somebody's account: otherwise the letter says that there is an answer, and no more.
    """
    with transaction.atomic():
        case = (
            Conversation.objects.select_for_update(no_key=True, of=("self",)).select_related("inbox").get(pk=conversation_id)
        )
        if case.inbox.kind == "email":  # it came by mail, so it is answered by mail, whatever was read where
            mail_answers.answer(case, now=now)
            return
        unread = list(
            case.entries.filter(kind="message", author="agent", seq__gt=case.customer_seq, visible=True)
            .order_by("seq")
            .values_list("seq", "text")
        )
        if not case.answer_to or not unread or not _may_send(case.answer_to, proved=case.answer_proved, now=now):
            return
        about_account = case.entries.filter(event="proved", data__level__gte=int(Proof.SESSION)).exists()
        open_ = case.answer_proved or (case.inbox.kind == "chat" and not about_account)
        with override(case.locale):
            here = (
                _("There is an answer to your case. Open the chat where you asked to read it.")
                if case.inbox.kind == "chat"
                else _("There is an answer to your case. Read it here: %(url)s") % {"url": _page(case)}
            )
            lines = [text for _seq, text in unread] if open_ else [here]
            if open_ and case.inbox.kind != "chat":
                lines.append(_("To answer, open your case: %(url)s") % {"url": _page(case)})
            subject = _("Answer to your case %(reference)s") % {"reference": case.reference}
            _queue(case, f"unread:{case.pk}:{unread[-1][0]}", "answer", subject, lines, now)
        case.customer_seq = unread[-1][0]
        case.save(update_fields=["customer_seq"])


def mail_progress(*, reference: str, mail: str, now: datetime) -> None:
    """Mail how far a case is, if it is answered at this address. Who asks learns nothing: always None, no letter or one."""
    with transaction.atomic():
        case = (
            Conversation.objects.select_for_update(no_key=True, of=("self",))
            .filter(reference=reference, answer_to__iexact=mail.strip())
            .exclude(answer_to="")
            .first()
        )
        if case is None or not _may_send(case.answer_to, proved=case.answer_proved, now=now):
            return
        with override(case.locale):
            lines = [
                _("Your case %(reference)s: %(state)s.") % {"reference": case.reference, "state": _state(case.status)},
                _("Read and answer it here: %(url)s") % {"url": _page(case)},
            ]
            subject = _("Your case %(reference)s: where it stands") % {"reference": case.reference}
            _queue(case, f"progress:{case.pk}:{int(now.timestamp()) // 600}", "progress", subject, lines, now)


def confirmation(case: Conversation) -> str:
    """Return what a link carries by which the owner of the address says that it is his."""
    return signing.dumps([case.pk, case.answer_to], salt=_SALT)


def confirmed(token: str) -> tuple[int, str] | None:
    """Read what `confirmation` made: case and address; None when it is not ours or older than a week."""
    try:
        identity, mail = signing.loads(token, salt=_SALT, max_age=CONFIRMABLE)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    return int(identity), str(mail)


def _opened(case: Conversation) -> tuple[str, list[str]]:
    subject = _("Your case number: %(reference)s") % {"reference": case.reference}
    lines = [_("We have your request. Its number is %(reference)s.") % {"reference": case.reference}]
    promise = Promise.objects.filter(conversation=case).first()
    if promise is not None:
        lines.append(_("You can expect the first answer within %(time)s.") % {"time": lasting(promise.high)})
    if case.answer_proved:
        lines.append(_("Follow and answer it here: %(url)s") % {"url": _page(case)})
    else:
        url = f"{settings.PUBLIC_URL}/confirm/{confirmation(case)}/"
        lines.append(
            _("Is this your address? Confirm it, and answers come here: %(url)s") % {"url": url}
        )
        lines.append(_("You did not write to us? Then somebody typed your address; you need not do anything."))
    lines.append(
        _("Answers come from %(mail)s. Look in the spam folder, too, and put the address on your allow list.")
        % {"mail": settings.DEFAULT_FROM_EMAIL}
    )
    return subject, lines


def _proof(case: Conversation) -> tuple[str, list[str]]:
    return _("Your case %(reference)s: please show that it is you") % {"reference": case.reference}, [
        _("To go on with your case we need to know that it is you. You do that on a page of ours, never by mail."),
        _("Open your case: %(url)s") % {"url": _page(case)},
    ]


def _resolved(case: Conversation) -> tuple[str, list[str]]:
    return _("Your case %(reference)s is resolved") % {"reference": case.reference}, [
        _("We believe that your case is resolved. Is it not? Open it within seven days and write to us again."),
        _("Open your case: %(url)s") % {"url": _page(case)},
    ]


_LETTERS = {"opened": _opened, "proof": _proof, "resolved": _resolved}


def _when(case: Conversation, what: str) -> int:
    """Tell one asking or resolving from the next; a case is opened once."""
    return 0 if what == "opened" else case.last_seq


def _queue(case: Conversation, key: str, purpose: str, subject: str, lines: list[str], now: datetime) -> None:
    outbox.queue(
        key=key,
        inbox_id=outbox.mail_inbox(),
        conversation_id=case.pk,
        purpose=purpose,
        recipient=case.answer_to,
        subject=subject,
        text="\n\n".join(lines),
        now=now,
        locale=case.locale,
    )


def _may_send(mail: str, *, proved: bool, now: datetime) -> bool:
    sent = Delivery.objects.filter(recipient__iexact=mail, created_at__gt=now - timedelta(days=1))
    if proved:
        return sent.count() < A_DAY_PROVED
    return sent.count() < A_DAY and sent.filter(created_at__gt=now - timedelta(hours=1)).count() < AN_HOUR


def _page(case: Conversation) -> str:
    return case_page(case.reference)


def _state(status: str) -> str:
    return {
        Status.WAITING: _("received, waiting for an agent"),
        Status.OPEN: _("an agent is working on it"),
        Status.PENDING: _("we wait for your answer"),
        Status.RESOLVED: _("resolved"),
        Status.CLOSED: _("closed"),
    }[Status(status)]
