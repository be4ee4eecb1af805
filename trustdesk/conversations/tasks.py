"""The core's jobs. Each may run twice or late and calls one use-case."""

from __future__ import annotations

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from trustdesk.channels import outbox, post
from trustdesk.conversations import (
    assignment,
    attachments,
    documents,
    handover,
    mailroom,
    notices,
    pieces,
    resolution,
    returned_mail,
)
from trustdesk.realtime import jobs
from trustdesk.seams import clock

# What is only in a job until it has run – an answer to be mailed – is tried for a good hour before somebody has to look.
AGAIN = RetryStrategy(max_attempts=12, exponential_wait=2)


@app.task(name="conversations.assign")
def assign(**_: object) -> None:
    """Deal queued chats out."""
    assignment.deal(now=clock.now())


@app.periodic(cron="* * * * * */10", periodic_id="conversations.assign")
@app.task(name="conversations.assign_again")
def assign_again(timestamp: int, **_: object) -> None:
    """Deal again every ten seconds: somebody may have come on shift."""
    assignment.deal(now=clock.now())


@app.periodic(cron="* * * * * */5", periodic_id="conversations.hand_over")
@app.task(name="conversations.hand_over")
def hand_over(timestamp: int, **_: object) -> None:
    """Take back what agents have who are gone."""
    handover.take_back(now=clock.now())


@app.periodic(cron="17 * * * *", periodic_id="conversations.close_old")
@app.task(name="conversations.close_old")
def close_old(timestamp: int, **_: object) -> None:
    """Close what was resolved long ago."""
    resolution.close_old(now=clock.now())


@app.task(name="conversations.tell", retry=AGAIN)
def tell(what: str, conversation_ids: list[int], **_: object) -> None:
    """Mail what happened to cases."""
    notices.tell(what=what, conversation_ids=conversation_ids, now=clock.now())


@app.task(name="conversations.mail_unread", retry=AGAIN)
def mail_unread(conversation_id: int, **_: object) -> None:
    """Mail the answers that the customer has not read."""
    notices.mail_unread(conversation_id=conversation_id, now=clock.now())


@app.task(name=outbox.FAILED_JOB, retry=AGAIN)
def mail_failed(delivery_id: int, **_: object) -> None:
    """Tell a case that a mail about it did not go out."""
    returned_mail.say_failed(delivery_id, now=clock.now())


@app.task(name="conversations.mail_progress")
def mail_progress(reference: str, mail: str, **_: object) -> None:
    """Mail how far a case is, to who is answered there."""
    notices.mail_progress(reference=reference, mail=mail, now=clock.now())


@app.periodic(cron="53 3 * * *", periodic_id="conversations.forget_letters")
@app.task(name="conversations.forget_letters")
def forget_letters(timestamp: int, **_: object) -> None:
    """Delete counts of letters that no limit looks at any more."""
    notices.forget_old(now=clock.now())


@app.periodic(cron="41 3 * * *", periodic_id="conversations.sweep_uploads")
@app.task(name="conversations.sweep_uploads")
def sweep_uploads(timestamp: int, **_: object) -> None:
    """Remove what was uploaded and never sent."""
    for key in attachments.sweep(now=clock.now()):
        pieces.forget(key)


@app.periodic(cron="29 * * * *", periodic_id="conversations.shred_documents")
@app.task(name="conversations.shred_documents")
def shred_documents(timestamp: int, **_: object) -> None:
    """Forget documents whose time is over."""
    documents.shred_due(now=clock.now())


@app.task(name=post.JOB)
def read_post(**_: object) -> None:
    """Read the mail that has come."""
    _read_all()


@app.periodic(cron="* * * * * */15", periodic_id="conversations.read_post")
@app.task(name="conversations.read_post_again")
def read_post_again(timestamp: int, **_: object) -> None:
    """Look again: for what is to be tried once more, and for what a dead process left behind."""
    _read_all()


def _read_all() -> None:
    while not jobs.stopping() and mailroom.read_due(now=clock.now()):
        pass  # the next batch


@app.periodic(cron="23 4 * * *", periodic_id="conversations.forget_post")
@app.task(name="conversations.forget_post")
def forget_post(timestamp: int, **_: object) -> None:
    """Shred old raw mail, and revoke the answer addresses of cases that were closed long ago."""
    post.shred_old(now=clock.now())
    mailroom.revoke_addresses(now=clock.now())
