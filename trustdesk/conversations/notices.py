"""What we mail about a case of its own accord: it was opened, there is an answer, a proof or documents are needed, it is resolved.

An address that was only typed gets one letter, whatever happened: somebody named it, is it yours? It holds nothing that
whoever typed it could have chosen, not even the case number, and comes once an hour and three times a day at most. Until
it is confirmed nothing else leaves for that address; then everything that waited does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core import signing
from django.db import connection, transaction
from django.utils.translation import gettext as _
from django.utils.translation import override

from trustdesk.channels import addresses, outbox
from trustdesk.channels.models import Delivery
from trustdesk.conversations import articles, mail_answers
from trustdesk.conversations.models import Conversation, Letter, Promise
from trustdesk.conversations.wording import case_page, lasting

AN_HOUR, A_DAY = 1, 3  # letters to one address that nobody has shown to be his, from whatever case
A_DAY_PROVED = 60
_LOCK = 0x7D_1E77
CONFIRMABLE = timedelta(days=7)
_SALT = "trustdesk.conversations.notices"

Status = Conversation.Status
OVER = (Status.RESOLVED, Status.CLOSED)


def tell(*, what: str, conversation_ids: Iterable[int], now: datetime) -> None:
    """Mail what happened to these cases; `what` is opened, proof, documents, resolved, or confirm: only that an address be
    confirmed. The same twice is one letter."""
    for identity in conversation_ids:
        with transaction.atomic():
            case = (
                Conversation.objects.select_for_update(no_key=True, of=("self",))
                .select_related("inbox")
                .get(pk=identity)
            )
            key = f"{what}:{case.pk}:{_when(case, what)}"
            if what == "opened" and case.inbox.kind == "email":
                _acknowledge(case, key, now)
            elif case.spam_at is None and not (what == "confirm" and (case.answer_proved or case.status in OVER)):
                _mail(case, key, what, lambda: _LETTERS[what](case, now), now)  # noqa: B023


def mail_unread(*, conversation_id: int, now: datetime) -> None:
    """Mail an agent's unread answers to the proved address of their customer, each answer once.

    To an address that was only typed neither his words nor theirs go: it is asked to confirm, and the answers wait.
    """
    with transaction.atomic():
        case = (
            Conversation.objects.select_for_update(no_key=True, of=("self",))
            .select_related("inbox")
            .get(pk=conversation_id)
        )
        if case.inbox.kind == "email":  # it came by mail, so it is answered by mail, whatever was read where
            mail_answers.answer(case, now=now)
            return
        unread = list(
            case.entries.filter(kind="message", author="agent", seq__gt=case.customer_seq, visible=True)
            .order_by("seq")
            .values_list("seq", "text", "data")
        )
        if not unread:
            return
        last = unread[-1][0]
        sent = _mail(case, f"unread:{case.pk}:{last}", "answer", lambda: _answer(case, unread), now)
        if sent and case.answer_proved:
            case.customer_seq = last
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
        if case is not None:
            asked = int(now.timestamp()) // 600
            _mail(case, f"progress:{case.pk}:{asked}", "progress", lambda: _progress(case), now)


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


def _acknowledge(case: Conversation, key: str, now: datetime) -> None:
    """Acknowledge a mail, within the same limits as every other letter."""
    address = addresses.folded(case.answer_to)
    if case.answer_to and _may_send(address, proved=case.answer_proved, now=now):
        Letter.objects.create(address=address, at=now)
        mail_answers.acknowledge(case, key=key, confirm=_confirm_url(case), now=now)


def _confirm_url(case: Conversation) -> str:
    return f"{settings.PUBLIC_URL}/confirm/{confirmation(case)}/"


def _confirm(case: Conversation) -> tuple[str, list[str]]:
    url = _confirm_url(case)
    exchange = settings.EXCHANGE_NAME
    return _("Please confirm your mail address"), [
        _("Somebody gave this address to the support of %(exchange)s for answers.") % {"exchange": exchange},
        _("Was it you? Confirm the address, and what waits for you comes here: %(url)s") % {"url": url},
        _("It was not you? Then you need not do anything: without your confirmation nothing else is sent here."),
    ]


def _opened(case: Conversation, now: datetime) -> tuple[str, list[str]]:
    subject = _("Your case number: %(reference)s") % {"reference": case.reference}
    lines = [_("We have your request. Its number is %(reference)s.") % {"reference": case.reference}]
    promise = Promise.objects.filter(conversation=case).first()
    if promise is not None and case.answered_at is None:
        lines.append(_("You can expect the first answer within %(time)s.") % {"time": lasting(promise.high)})
    lines.append(_("Follow and answer it here: %(url)s") % {"url": case_page(case.reference)})
    lines.append(
        _("Answers come from %(mail)s. Look in the spam folder, too, and put the address on your allow list.")
        % {"mail": settings.DEFAULT_FROM_EMAIL}
    )
    return subject, lines + articles.acknowledged(case, now=now)


def _answer(case: Conversation, said: Sequence[tuple[int, str, Mapping[str, Any]]]) -> tuple[str, list[str]]:
    texts = [articles.written(text, data) for _seq, text, data in said]
    subject = _("Answer to your case %(reference)s") % {"reference": case.reference}
    return subject, [*texts, _("To answer, open your case: %(url)s") % {"url": case_page(case.reference)}]


def _progress(case: Conversation) -> tuple[str, list[str]]:
    state = _state(case.status)
    if case.merged_into is not None:
        state = _("goes on in case %(reference)s") % {"reference": case.merged_into.reference}
    return _("Your case %(reference)s: where it stands") % {"reference": case.reference}, [
        _("Your case %(reference)s: %(state)s.") % {"reference": case.reference, "state": state},
        _("Read and answer it here: %(url)s") % {"url": case_page(case.reference)},
    ]


def _proof(case: Conversation, _now: datetime) -> tuple[str, list[str]]:
    return _("Your case %(reference)s: please show that it is you") % {"reference": case.reference}, [
        _("To go on with your case we need to know that it is you. You do that on a page of ours, never by mail."),
        _("Open your case: %(url)s") % {"url": case_page(case.reference)},
    ]


def _documents(case: Conversation, _now: datetime) -> tuple[str, list[str]]:
    url = f"{case_page(case.reference)}documents/"
    return _("Your case %(reference)s: we need documents") % {"reference": case.reference}, [
        _("To go on with your case we need documents. You hand them in on a secure page of ours, never by mail or chat."),
        _("What we need, and why, stands there: %(url)s") % {"url": url},
    ]


def _resolved(case: Conversation, _now: datetime) -> tuple[str, list[str]]:
    return _("Your case %(reference)s is resolved") % {"reference": case.reference}, [
        _("We believe that your case is resolved. Is it not? Open it within seven days and write to us again."),
        _("Open your case: %(url)s") % {"url": case_page(case.reference)},
    ]


# Whoever has not proved his address gets `_confirm` in place of each: of "confirm" there is nothing else to say.
_LETTERS = {"opened": _opened, "proof": _proof, "documents": _documents, "resolved": _resolved}


def _when(case: Conversation, what: str) -> int:
    """Tell one asking or resolving from the next; a case is opened once."""
    return 0 if what == "opened" else case.last_seq


def _mail(
    case: Conversation, key: str, purpose: str, letter: Callable[[], tuple[str, list[str]]], now: datetime
) -> bool:
    """Queue a letter to where a case is answered, if there is such a place and it has not had enough; say whether.

    The caller holds the case, so that the same key is asked for once at a time.
    """
    key = key if case.answer_proved else f"{key}:unproved"
    if not case.answer_to or Delivery.objects.filter(key=key).exists():
        return False
    address = addresses.folded(case.answer_to)
    if not _may_send(address, proved=case.answer_proved, now=now):
        return False
    if not case.answer_proved:
        # One case names no more addresses in a day than an address gets letters: whoever types them pays with a case each.
        asked = Delivery.objects.filter(conversation_id=case.pk, purpose="confirm", created_at__gt=now - timedelta(days=1))
        if asked.count() >= A_DAY:
            return False
    with override(case.locale):
        subject, lines = letter() if case.answer_proved else _confirm(case)
        text = "\n\n".join(lines)
    Letter.objects.create(address=address, at=now)
    outbox.queue(
        key=key,
        inbox_id=outbox.mail_inbox(of_case=case.inbox_id),
        conversation_id=case.pk,
        purpose=purpose if case.answer_proved else "confirm",
        recipient=case.answer_to,
        subject=subject,
        text=text,
        now=now,
        locale=case.locale,
    )
    return True


def forget_old(*, now: datetime) -> None:
    """Delete the counts of letters that no limit looks at any more."""
    Letter.objects.filter(at__lte=now - timedelta(days=1)).delete()


def _may_send(address: str, *, proved: bool, now: datetime) -> bool:
    with connection.cursor() as cursor:  # of two cases that name it at the same moment the second counts the first's
        cursor.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", (_LOCK, address))
    sent = Letter.objects.filter(address=address, at__gt=now - timedelta(days=1))
    if proved:
        return sent.count() < A_DAY_PROVED
    return sent.count() < A_DAY and sent.filter(at__gt=now - timedelta(hours=1)).count() < AN_HOUR


def _state(status: str) -> str:
    return {
        Status.WAITING: _("received, waiting for an agent"),
        Status.OPEN: _("an agent is working on it"),
        Status.PENDING: _("we wait for your answer"),
        Status.RESOLVED: _("resolved"),
        Status.CLOSED: _("closed"),
    }[Status(status)]
