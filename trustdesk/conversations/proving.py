"""Proving who the customer is, inside one case: a code to the registered mail, or the exchange's second factor."""

from __future__ import annotations

import logging
import secrets
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import F
from django.utils.crypto import constant_time_compare, salted_hmac

from trustdesk.conversations import acting
from trustdesk.conversations.models import Conversation, Proving
from trustdesk.customers import accounts
from trustdesk.exchange.contract import ExchangeFailed
from trustdesk.policy import proof
from trustdesk.policy.proof import Proof
from trustdesk.staff.permissions import Action, Seat

log = logging.getLogger(__name__)

MAIL_CODE, SECOND_FACTOR = "mail_code", "second_factor"
WAYS = (MAIL_CODE, SECOND_FACTOR)

CODE_LASTS = timedelta(minutes=10)
TRIES = 5  # at one code
A_DAY = 10  # codes for one account or one case
_SALT = "trustdesk.conversations.proving"
_LOCK = 0x7D_C0DE  # with an account: one code for it at a time, over all processes
_NO_ACCOUNT = " "  # no uid holds a space


@dataclass(frozen=True, slots=True)
class Step:
    """Where a proof stands: `state` as in docs/live-protocol.md; times aware, `retry_after` in seconds."""

    state: str
    how: str = ""
    to: str = ""
    level: int = 0
    expires_at: datetime | None = None
    left: int | None = None
    retry_after: int | None = None


def ask(*, conversation_id: int, seat: Seat, now: datetime) -> None:
    """Ask the customer to prove who he is; asking twice while one is open changes nothing."""
    with acting.on(conversation_id, now=now, seat=seat, action=Action.REPLY) as act:
        if act.row.status == Conversation.Status.CLOSED:
            raise acting.UnableToAct("closed")
        act.refuse_spam()
        if not Proving.objects.filter(conversation=conversation_id, state=Proving.State.ASKED).exists():
            Proving.objects.create(
                conversation_id=conversation_id, state=Proving.State.ASKED, asked_by_id=seat.agent_id, created_at=now
            )
            act.say("proof_asked", visible=True, by=seat.agent_id, how=WAYS)
            act.tell("proof")


def start(*, conversation_id: int, how: str, uid: str, claimed: str, locale: str, now: datetime) -> Step:
    """Send a code or a challenge. `uid`: from a signed session; `claimed`: what a stranger says he is called at the exchange.

    A stranger learns nothing about the account he claims, neither from the answer nor from the time it takes: whether
    it exists, has an address, or has had its codes for today.
    """
    if how not in WAYS or (how == SECOND_FACTOR and not uid):
        return Step("unavailable", how)
    try:
        account = accounts.find(uid or claimed)
    except ExchangeFailed:
        return Step("unavailable", how)
    code = f"{secrets.randbelow(1_000_000):06}"
    with acting.on(conversation_id, now=now) as act:
        if act.row.status == Conversation.Status.CLOSED:
            raise acting.UnableToAct("closed")
        case_spent, account_spent = _spent(act, account.uid if account else "", now)
        if case_spent or (account_spent and uid):
            return Step("locked", how, retry_after=int(timedelta(hours=1).total_seconds()))
        known = account.uid if account and not account_spent else ""
        Proving.objects.filter(
            conversation=conversation_id, state__in=(Proving.State.SENT, Proving.State.ASKED)
        ).update(state=Proving.State.FAILED)
        attempt = Proving.objects.create(
            conversation_id=conversation_id,
            uid=known,
            how=how,
            state=Proving.State.SENT,
            created_at=now,
            expires_at=now + CODE_LASTS,
            sent_to=account.mail_masked if account and uid else "",
        )
        if how == MAIL_CODE:
            Proving.objects.filter(pk=attempt.pk).update(code_hash=_hash(attempt.pk, code))
    if not uid:
        _unseen.submit(_send_unseen, known, code, locale)
        return Step("code_sent", how, to=attempt.sent_to, expires_at=attempt.expires_at)
    exchange = accounts.exchange()
    try:
        if how == SECOND_FACTOR:
            Proving.objects.filter(pk=attempt.pk).update(challenge=exchange.start_factor(uid=known).id)
            return Step("enter_factor", how, expires_at=attempt.expires_at)
        if known:
            exchange.send_code(uid=known, code=code, locale=locale, purpose="chat_proof")
    except ExchangeFailed:
        Proving.objects.filter(pk=attempt.pk).update(state=Proving.State.FAILED)
        return Step("unavailable", how)
    return Step("code_sent", how, to=attempt.sent_to, expires_at=attempt.expires_at)


# Not a job: the code would stand in the table of jobs, and who is waited for must not depend on who works.
_unseen = ThreadPoolExecutor(2, thread_name_prefix="proof-codes")


def _send_unseen(uid: str, code: str, locale: str) -> None:
    try:
        if uid:
            accounts.exchange().send_code(uid=uid, code=code, locale=locale, purpose="chat_proof")
    except ExchangeFailed as failed:
        log.warning("proof: a code was not sent: %s", failed)
    except Exception:  # nobody waits for this: it is said here or nowhere
        log.exception("proof: a code was not sent")


def check(*, conversation_id: int, code: str, now: datetime) -> Step:
    """Check what the customer typed; each code is good for a few tries, ten minutes and one success."""
    attempt = (
        Proving.objects.filter(conversation=conversation_id, state=Proving.State.SENT)
        .order_by("-created_at", "-pk")
        .first()
    )
    if attempt is None or attempt.expires_at is None or attempt.expires_at <= now:
        return Step("none")
    # Counted before it is looked at, so that guesses sent at the same moment are all counted.
    if not Proving.objects.filter(pk=attempt.pk, state=Proving.State.SENT, tries__lt=TRIES).update(
        tries=F("tries") + 1
    ):
        if not Proving.objects.filter(pk=attempt.pk, state=Proving.State.SENT).exists():
            return Step("none")  # it was just used
        return Step("locked", attempt.how, retry_after=int((attempt.expires_at - now).total_seconds()) + 1)
    try:
        right = _right(attempt, "".join(code.split()), now)
    except ExchangeFailed:
        Proving.objects.filter(pk=attempt.pk).update(tries=F("tries") - 1)
        return Step("unavailable", attempt.how)
    if not right:  # `tries` is as read before this one was counted
        left = TRIES - attempt.tries - 1
        return Step("wrong", attempt.how, left=left) if left > 0 else Step("locked", attempt.how, retry_after=60)
    return _prove(attempt, now)


def _right(attempt: Proving, code: str, now: datetime) -> bool:
    if attempt.how == SECOND_FACTOR:
        return bool(accounts.exchange().check_factor(uid=attempt.uid, challenge=attempt.challenge, code=code))
    return bool(attempt.uid) and constant_time_compare(attempt.code_hash, _hash(attempt.pk, code))


def _prove(attempt: Proving, now: datetime) -> Step:
    level = Proof.STRONG if attempt.how == SECOND_FACTOR else Proof.CONTACT
    held = proof.hold(level, at=now, how=attempt.how)
    with acting.on(attempt.conversation_id, now=now) as act:
        if not Proving.objects.filter(pk=attempt.pk, state=Proving.State.SENT).update(
            state=Proving.State.PROVED, code_hash=""
        ):
            return Step("none")  # the same code, sent twice at once: one of them counted
        before = act.row.proof_level if act.row.proof_until and act.row.proof_until > now else 0
        if level >= before:
            act.set(proof_level=int(level), proof_until=held.expires_at, proof_how=attempt.how)
        act.say("proved", visible=True, level=int(level), how=attempt.how, expires_at=held.expires_at, uid=attempt.uid)
    return Step("proved", attempt.how, level=int(level), expires_at=held.expires_at)


def _spent(act: acting.Act, uid: str, now: datetime) -> tuple[bool, bool]:
    """Say whether the day's codes are used up for this case, and for this account from whatever case.

    The same statements for an account and for none. Cases that ask for one account at the same moment wait for each other.
    """
    act.link.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", (_LOCK, uid or f"case {act.row.id}"))
    today = Proving.objects.filter(created_at__gt=now - timedelta(days=1)).exclude(how="")
    of_account = today.filter(uid=uid or _NO_ACCOUNT).count()
    return today.filter(conversation=act.row.id).count() >= A_DAY, of_account >= A_DAY


def _hash(attempt: int, code: str) -> str:
    return salted_hmac(_SALT, f"{attempt}:{code}", algorithm="sha256").hexdigest()
