"""From stored mail to lines of cases: what jobs do with what `channels.post` keeps.

One batch at a time: read each mail in a confined process, see who vouches for its sender, decide (`policy.mail`), hand what
customers said to `intake.receive_each` as one list, and only then call the mails processed. A process that dies anywhere in
between leaves mails that are read again, and lines that are recognised: nothing is lost and nothing doubled.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime

from django.db import transaction

from trustdesk.channels import addresses, mail_reader, outbox, post, provider_mail
from trustdesk.channels.mail_reader import Mail
from trustdesk.channels.models import ReplyAddress
from trustdesk.conversations import (
    acting,
    articles,
    asides,
    correspondence,
    intake,
    mail_arrivals,
    mail_identity,
    provider_post,
    queue,
    returned_mail,
)
from trustdesk.conversations.mail_arrivals import Letter, Prepared
from trustdesk.conversations.models import Conversation
from trustdesk.customers.throw_away import is_throw_away
from trustdesk.policy import mail as policy
from trustdesk.policy.mail import Decision, Facts, Fate, Kind, Verdict
from trustdesk.seams import failpoints

BATCH = 32
PATIENT = 3  # times a silent DNS is asked again before a sender counts as merely claimed, or as forged
DEADLY = ("too_complex", "broken")  # ends of a confined reader: a busy machine may be to blame, so it is tried three times
READERS = 4  # threads that wait for the confined readers and for DNS

log = logging.getLogger(__name__)
_readers = ThreadPoolExecutor(READERS, thread_name_prefix="mail-readers")


class DecidedOtherwise(Exception):
    """What a mail is about changed while it was being prepared; trying again helps."""


def read_due(*, now: datetime, most: int = BATCH) -> int:
    """Read what is stored and due, one batch; return how many were taken."""
    claimed = post.claim(now=now, most=most)
    provider_post.deal_with([one for one in claimed if provider_mail.is_hook(one.kind)], now=now)
    waiting = list(_read([one for one in claimed if not provider_mail.is_hook(one.kind)], now))
    while waiting:
        # One of each sender at a time, in the order they came: a second mail on a matter has to find the case of the first.
        round_ = list({letter.sender: letter for letter in reversed(waiting)}.values())[::-1]
        waiting = [letter for letter in waiting if letter not in round_]
        _deal_with(round_, now)
    return len(claimed)


def preview(payload_id: int) -> Mail:
    """Read one mail for staff, without anything becoming of it. Raises LookupError, sealing.Unsealable, mail_reader.Unreadable."""
    envelope, content = post.whole(payload_id)
    return mail_reader.read(content, envelope, patient=False)


def revoke_addresses(*, now: datetime) -> int:
    """Make the answer addresses of cases worthless that were closed a month ago (E-05); return how many."""
    closed = Conversation.objects.filter(
        status=Conversation.Status.CLOSED, resolved_at__lt=now - addresses.REVOKED_AFTER
    ).values_list("pk", flat=True)
    known = ReplyAddress.objects.filter(revoked_at=None, conversation_id__in=closed)
    return addresses.revoke(conversation_ids=list(known.values_list("conversation_id", flat=True)[:10_000]), now=now)


def _read(claimed: Sequence[post.Claimed], now: datetime) -> Iterator[Letter]:
    """Read each mail; one that cannot be read is put aside for staff and keeps nobody waiting."""
    for one, outcome in zip(claimed, _readers.map(_attempt, claimed), strict=True):
        if isinstance(outcome, Mail):
            identity, *also = mail_identity.of(one, outcome)
            yield Letter(one, outcome, identity, tuple(also), one.inbox_id)
        elif isinstance(outcome, mail_reader.Unreadable):
            log.warning("mail %s is unreadable: %s", one.id, outcome.code)
            if outcome.code in DEADLY and one.attempts < post.ATTEMPTS:
                post.failed(one, reason=outcome.code, now=now)
            else:
                post.unreadable(one.id, reason=outcome.code, now=now)
        else:
            log.warning("mail %s could not be read: %s", one.id, type(outcome).__name__)
            post.failed(one, reason=type(outcome).__name__[:64], now=now)


def _attempt(one: post.Claimed) -> Mail | Exception:
    try:
        return mail_reader.read(one.content, one.envelope, patient=one.attempts < PATIENT)
    except Exception as error:  # noqa: BLE001  whatever it is, it belongs to this one mail
        return error


def _deal_with(letters: Sequence[Letter], now: datetime) -> None:
    _note_unknown(letters)
    said: list[tuple[Letter, Decision]] = []
    for letter, decision in _decided(letters, now):
        try:
            if decision.fate in (Fate.OPEN, Fate.APPEND):
                said.append((letter, decision))
            else:
                _ACTS[decision.fate](letter, decision, now)
        except Exception:  # whatever it is, the other mails of the batch go their way
            log.exception("mail %s could not be dealt with", letter.claimed.id)
            post.failed(letter.claimed, reason="failed", now=now)
    _receive(said, now)


def _note_unknown(letters: Sequence[Letter]) -> None:
    """Log which mails came to an answer address that is none, or is worthless by now: somebody may be guessing (E-05)."""
    known = correspondence.owners_of_tokens([letter.token for letter in letters])
    for letter in letters:
        if letter.token and letter.token not in known:
            log.warning("mail %s came to an answer address of no case", letter.claimed.id)


def _decided(letters: Sequence[Letter], now: datetime) -> Iterator[tuple[Letter, Decision]]:
    tokens = correspondence.owners_of_tokens([letter.token for letter in letters])
    messages = correspondence.owners_of_messages({one for letter in letters for one in letter.mail.letter.references})
    loops = correspondence.sent_by_us([letter.mail.letter.message_id for letter in letters])
    proved = {letter.sender for letter in letters if letter.mail.verdict is Verdict.PROVED and letter.sender}
    unfinished = correspondence.unfinished(proved, now=now)
    for letter in letters:
        mail, text = letter.mail, letter.mail.said
        subject = mail.letter.subject
        cases = unfinished.get(letter.sender, []) if mail.verdict is Verdict.PROVED else []
        yield (
            letter,
            policy.decide(
                Facts(
                    kind=Kind.OWN if mail.letter.message_id in loops else mail.kind,
                    sender=letter.sender,
                    verdict=mail.verdict,
                    token=tokens.get(letter.token),
                    answers=correspondence.answered(mail.letter.references, letter.sender, messages),
                    continues=correspondence.same_matter(cases, subject=subject, text=text),
                    released=letter.claimed.released,
                    spam=letter.claimed.envelope.get("spam") is True or policy.is_spam(text) or policy.is_spam(subject),
                    account_mail=letter.confirms,
                )
            ),
        )


def _recognised(letters: Sequence[Letter]) -> list[Letter]:
    """Say of each mail that came before, to another address of ours or another way, that it belongs where it came first: there
    it is known. Its senders are held."""
    inboxes = {letter.inbox_id for letter in letters}
    known = correspondence.known_in([one for letter in letters for one in letter.ids], inboxes=inboxes)
    found = [next((one for one in letter.ids if one in known), "") for letter in letters]
    return [
        replace(letter, fingerprint=one, inbox_id=known[one]) if one else letter
        for letter, one in zip(letters, found, strict=True)
    ]


def _receive(said: Sequence[tuple[Letter, Decision]], now: datetime) -> None:
    """Hand over what customers said, and say of each mail what became of it."""
    ready = []
    for letter, decision in said:
        try:
            ready.append((letter, mail_arrivals.prepare(letter, decision, now=now)))
        except Exception:  # its files, its customer: again later, the others go on
            log.exception("mail %s could not be prepared", letter.claimed.id)
            post.failed(letter.claimed, reason="failed", now=now)
    done: dict[int, int | None] = {}
    shred = []
    queue.prepare(now=now)  # it wants no row locked
    for (letter, _), outcome in zip(ready, _stored(ready, now), strict=True):
        if isinstance(outcome, intake.Received):
            done[letter.claimed.id] = outcome.conversation_id
            if outcome.masked:
                shred.append(letter.claimed.id)
            if outcome.opened:
                _note_throw_away(letter, outcome, now)
            if not outcome.known:
                articles.written_again(letter.sender, now=now)
        else:
            log.error("mail %s could not be stored: %s", letter.claimed.id, type(outcome).__name__)
            post.failed(letter.claimed, reason=type(outcome).__name__[:64], now=now)
    failpoints.hit("mail_stored")
    post.processed(done, now=now, shred=shred)


def _stored(ready: Sequence[tuple[Letter, Prepared]], now: datetime) -> Sequence[intake.Received | Exception]:
    """Store all at once; where one of them makes that fail, one by one, so that it hurts only itself.

    Decided anew, with the senders held: until this commits, nobody else decides about mail of theirs. What was decided
    before only said what to prepare.
    """
    if not ready:
        return []
    try:
        with transaction.atomic():
            correspondence.hold([letter.sender for letter, _ in ready])
            decided = _decided(_recognised([letter for letter, _ in ready]), now)
            arrivals = [
                mail_arrivals.arrival(letter, _spoken(decision), prepared, now=now)
                for (letter, decision), (_, prepared) in zip(decided, ready, strict=True)
            ]
            return intake.receive_each(messages=arrivals, now=now)
    except Exception as error:  # noqa: BLE001  told by the caller, of the one it belongs to
        if len(ready) == 1:
            return [error]
        return [outcome for one in ready for outcome in _stored([one], now)]


def _spoken(decision: Decision) -> Decision:
    """Return a decision that makes a message; raises DecidedOtherwise for one that changed meanwhile, as where an answer
    address was revoked: it is decided again later."""
    if decision.fate not in (Fate.OPEN, Fate.APPEND):
        raise DecidedOtherwise
    return decision


def _note_throw_away(letter: Letter, received: intake.Received, now: datetime) -> None:
    if is_throw_away(letter.sender):
        with acting.on(received.conversation_id, now=now) as act:
            act.say("throw_away_mail", visible=False, domain=letter.sender.rpartition("@")[2])


# What customers did not say.


def _hold(letter: Letter, decision: Decision, now: datetime) -> None:
    post.held(letter.claimed.id, reason=decision.because, now=now)


def _put_aside(letter: Letter, decision: Decision, now: datetime) -> None:
    assert decision.conversation_id is not None  # noqa: S101  for the type checker: an aside has a case
    if not letter.sender:
        post.held(letter.claimed.id, reason="no_sender", now=now)
        return
    stored, refused = mail_arrivals.store_files(letter, "en", now)
    facts = mail_arrivals.facts(letter, refused=refused, stored=stored)
    text = mail_arrivals.kept(letter.mail.said, phrase=letter.phrase)
    with transaction.atomic():
        correspondence.hold([letter.sender])
        same = _recognised([letter])[0]
        aside = asides.Aside(
            decision.conversation_id,
            same.inbox_id,
            same.fingerprint,
            decision.because,
            text,
            facts,
            tuple(stored.values()),
        )
        secret = asides.note(aside, now=now)
    one = letter.claimed.id
    post.processed({one: decision.conversation_id}, now=now, shred=[one] if secret else [])


def _bounced(letter: Letter, _decision: Decision, now: datetime) -> None:
    """Note a bounce on the delivery whose return path it came to. Anybody can write a mail that looks like one (E-17)."""
    token = next((one.token for one in letter.routes if one.bounce), "")
    known = outbox.returned(token) if token and letter.mail.bounces else None
    if known is None:
        post.held(letter.claimed.id, reason="bounce", now=now)
        return
    returned_mail.note(token, letter.mail.bounces, recipient=known.recipient, now=now)
    post.processed({letter.claimed.id: known.conversation_id}, now=now)


def _complained(letter: Letter, _decision: Decision, now: datetime) -> None:
    """Note that a recipient called a mail of ours spam; only for a mail that we did send him."""
    delivery = outbox.complained(message_ids=letter.mail.returned, now=now)
    if delivery is None:
        post.held(letter.claimed.id, reason="feedback", now=now)
        return
    returned_mail.say_complained(delivery, now=now)
    post.processed({letter.claimed.id: delivery.conversation_id}, now=now)


_ACTS = {Fate.HOLD: _hold, Fate.ASIDE: _put_aside, Fate.BOUNCE: _bounced, Fate.FEEDBACK: _complained}
