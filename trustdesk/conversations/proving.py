"""Proving who the customer is, inside one case: a code to the registered mail, or the exchange's second factor."""

from __future__ import annotations

import secrets
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

MAIL_CODE, SECOND_FACTOR = "mail_code", "second_factor"
WAYS = (MAIL_CODE, SECOND_FACTOR)

CODE_LASTS = timedelta(minutes=10)
TRIES = 5                           # at one code
A_DAY = 10                          # codes for one account or one case
_SALT = "trustdesk.conversations.proving"


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
        if not Proving.objects.filter(conversation=conversation_id, state=Proving.State.ASKED).exists():
            Proving.objects.create(conversation_id=conversation_id, state=Proving.State.ASKED, asked_by_id=seat.agent_id, created_at=now)
            act.say("proof_asked", visible=True, by=seat.agent_id, how=WAYS)


def start(*, conversation_id: int, how: str, uid: str, claimed: str, locale: str, now: datetime) -> Step:
    """Send a code or a challenge. `uid`: from a signed session; `claimed`: what a stranger says he is called at the exchange.

    The answer is the same whether a claimed account exists or not.
    """
    if how not in WAYS or (how == SECOND_FACTOR and not uid):
        return Step("unavailable", how)
    exchange = accounts.exchange()
    try:
        account = accounts.find(uid or claimed)
    except ExchangeFailed:
        return Step("unavailable", how)
    known = account.uid if account else ""
    code = f"{secrets.randbelow(1_000_000):06}"
    with acting.on(conversation_id, now=now) as act:
        if act.row.status == Conversation.Status.CLOSED:
            raise acting.UnableToAct("closed")
        if _spent(conversation_id, known, now):
            return Step("locked", how, retry_after=int(timedelta(hours=1).total_seconds()))
        Proving.objects.filter(conversation=conversation_id, state__in=(Proving.State.SENT, Proving.State.ASKED)
                               ).update(state=Proving.State.FAILED)
        attempt = Proving.objects.create(
            conversation_id=conversation_id, uid=known, how=how, state=Proving.State.SENT, created_at=now, expires_at=now + CODE_LASTS,
            sent_to=account.mail_masked if account and uid else "")
        if how == MAIL_CODE:
            Proving.objects.filter(pk=attempt.pk).update(code_hash=_hash(attempt.pk, code))
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


def check(*, conversation_id: int, code: str, now: datetime) -> Step:
    """Check what the customer typed; each code is good for a few tries, ten minutes and one success."""
    attempt = Proving.objects.filter(conversation=conversation_id, state=Proving.State.SENT).order_by("-created_at", "-pk").first()
    if attempt is None or attempt.expires_at is None or attempt.expires_at <= now:
        return Step("none")
    # Counted before it is looked at, so that guesses sent at the same moment are all counted.
    if not Proving.objects.filter(pk=attempt.pk, state=Proving.State.SENT, tries__lt=TRIES).update(tries=F("tries") + 1):
        return Step("locked", attempt.how, retry_after=int((attempt.expires_at - now).total_seconds()) + 1)
    try:
        right = _right(attempt, "".join(code.split()), now)
    except ExchangeFailed:
        Proving.objects.filter(pk=attempt.pk).update(tries=F("tries") - 1)
        return Step("unavailable", attempt.how)
    if not right:       # `tries` is as read before this one was counted
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
        if not Proving.objects.filter(pk=attempt.pk, state=Proving.State.SENT).update(state=Proving.State.PROVED, code_hash=""):
            return Step("none")     # the same code, sent twice at once: one of them counted
        before = act.row.proof_level if act.row.proof_until and act.row.proof_until > now else 0
        if level >= before:
            act.set(proof_level=int(level), proof_until=held.expires_at, proof_how=attempt.how)
        act.say("proved", visible=True, level=int(level), how=attempt.how, expires_at=held.expires_at, uid=attempt.uid)
    return Step("proved", attempt.how, level=int(level), expires_at=held.expires_at)


def _spent(conversation_id: int, uid: str, now: datetime) -> bool:
    """Say whether the day's codes are used up, for this case or for this account from whatever case."""
    today = Proving.objects.filter(created_at__gt=now - timedelta(days=1)).exclude(how="")
    return today.filter(conversation=conversation_id).count() >= A_DAY or (uid != "" and today.filter(uid=uid).count() >= A_DAY)


def _hash(attempt: int, code: str) -> str:
    return salted_hmac(_SALT, f"{attempt}:{code}", algorithm="sha256").hexdigest()
