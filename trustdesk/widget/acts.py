"""What a customer's frames ask for, one function each; answers and refusals go back over the same socket."""

from __future__ import annotations

import asyncio
import logging
import re
from functools import partial
from typing import TYPE_CHECKING

from django.db import Error

from trustdesk.channels.contract import Inbound
from trustdesk.conversations import intake, public, requests
from trustdesk.customers.limits import limiter
from trustdesk.realtime.bus import bus
from trustdesk.realtime.group_commit import Unavailable
from trustdesk.realtime.socket import Frame
from trustdesk.seams import clock
from trustdesk.widget import frames
from trustdesk.widget.live import limits

if TYPE_CHECKING:
    from trustdesk.widget.chat import Chat

log = logging.getLogger(__name__)

_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


class Refused(Exception):
    """A frame that is not carried out; the code is the client's to word."""

    def __init__(self, code: str, *, retry_after: int | None = None) -> None:
        super().__init__(code)
        self.code, self.retry_after = code, retry_after


async def _send(chat: Chat, frame: Frame) -> None:
    identity, text = _client_id(frame), frame.get("text", "")
    files, topic = frame.get("files", []), frame.get("topic", "")
    if not isinstance(text, str) or not isinstance(files, list) or not isinstance(topic, str) or "\0" in text:
        raise Refused("bad_frame")
    if len(text) > limits()["text"]:
        raise Refused("too_long")
    if len(files) > limits()["files"]:
        raise Refused("too_many_files")
    if not all(isinstance(key, str) and _ID.fullmatch(key) for key in files) or not (text.strip() or files):
        raise Refused("bad_frame")
    opens = (chat.case is None or chat.case.status == "closed") and not chat.opening
    at = asyncio.get_running_loop().time()
    wait = limiter.wait(visitor=chat.visitor, address=chat.socket.address, opens=opens, at=at)
    if wait:
        raise Refused("rate_limited", retry_after=wait)
    chat.opening = True
    now, visitor = clock.now(), chat.visitor
    inbox = await chat.live.remembered(public.chat_inbox)
    stored = intake.put(intake.Arrival(inbox, Inbound(
        external_id=f"{visitor.thread}:{identity}", thread=visitor.thread, handle_kind=visitor.kind, handle=visitor.value, text=text,
        sent_at=now, name=visitor.name, locale=chat.locale, proof=visitor.proof_at(now), proof_until=visitor.proof_until,
        proof_how="session", topic=topic[:50], uploads=tuple(files), answer_to=visitor.mail if visitor.proved else "",
        answer_proved=visitor.proved and bool(visitor.mail),
    )))
    # Not awaited: the next message may join the same batch. The order is that of the queue.
    stored.add_done_callback(partial(_stored, chat, frame))


def _stored(chat: Chat, frame: Frame, future: asyncio.Future[intake.Received]) -> None:
    error = future.exception()
    if error is not None:
        if isinstance(error, intake.UnknownFile):
            chat.error("unknown_file", frame)
        else:
            if not isinstance(error, (Unavailable, Error)):
                log.error("chat: a message was not stored", exc_info=error)
            chat.error("unavailable", frame, retry_after=Unavailable.retry_after)
        return
    received = future.result()
    ack: Frame = {"t": "ack", "id": frame["id"], "seq": received.seq, "at": received.at, "case": received.reference}
    if received.masked:
        ack |= {"text": received.text, "masked": received.masked}
    chat.socket.send(ack)
    if chat.case is None or chat.case.id != received.conversation_id:
        chat.live.start(chat.adopt(received.conversation_id))
    elif received.seq == chat.checked + 1:
        if received.seq == chat.told + 1:       # the client counts the same way
            chat.told = received.seq
        chat.checked = received.seq


async def _resume(chat: Chat, frame: Frame) -> None:
    after, case = frame.get("after"), chat.case
    if frame.get("epoch") != chat.live.epoch or not isinstance(after, int) or isinstance(after, bool) or after < 0 or case is None:
        await chat.welcome({"epoch": frame.get("epoch") or "other", "after": after})  # with a `reset` before it
    elif after > chat.told and (await chat.live.db(public.entries_after, {case.id: after}))[case.id].upto < after:
        # It has what never was: of a case or a database that is no more.
        await chat.welcome({"epoch": chat.live.epoch, "after": after})
    else:
        chat.rewind(after)


async def _typing(chat: Chat, frame: Frame) -> None:
    if chat.case is not None:
        bus.publish({f"typing:{chat.case.id}": "customer" if frame.get("on") is True else "customer-stopped"})


async def _read(chat: Chat, frame: Frame) -> None:
    seq, case = frame.get("seq"), chat.case
    if isinstance(seq, int) and not isinstance(seq, bool) and case is not None and 0 < seq < 2**31:
        await chat.live.db(requests.mark_read, conversation_id=case.id, seq=seq)


async def _upload(chat: Chat, frame: Frame) -> None:
    identity, size = _client_id(frame), frame.get("size")
    name, media_type = frame.get("name"), frame.get("type")
    if not isinstance(size, int) or isinstance(size, bool) or not isinstance(name, str) or not isinstance(media_type, str):
        raise Refused("bad_frame")
    announced = await chat.live.db(
        requests.announce_upload, handle_kind=chat.visitor.kind, handle=chat.visitor.value, client_id=identity, name=name, size=size,
        media_type=media_type, now=clock.now())
    chat.socket.send({"t": "upload", "id": identity, "file": announced.key, "url": f"/chat/uploads/{announced.key}",
                      "ticket": announced.ticket})


async def _prove(chat: Chat, frame: Frame) -> None:
    case, now = await chat.own_case(), clock.now()
    wait = limiter.prove(visitor=chat.visitor, at=asyncio.get_running_loop().time())
    if wait:
        raise Refused("rate_limited", retry_after=wait)
    code, how = frame.get("code"), frame.get("how")
    if isinstance(code, str):
        outcome = await chat.live.exchange(requests.check_proof, conversation_id=case.id, code=code[:20], now=now)
    elif isinstance(how, str):
        account = frame.get("account")
        claimed = account[:320] if isinstance(account, str) else ""
        uid = chat.visitor.value if chat.visitor.known else ""
        outcome = await chat.live.exchange(
            requests.start_proof, conversation_id=case.id, how=how, uid=uid, claimed=claimed, locale=chat.locale, now=now)
    else:
        raise Refused("bad_frame")
    chat.socket.send(frames.proof_step(outcome))


async def _mail_me(chat: Chat, frame: Frame) -> None:
    mail = frame.get("mail")
    if not isinstance(mail, str):
        raise Refused("bad_mail")
    case = await chat.own_case()
    wait = limiter.letter(visitor=chat.visitor, address=chat.socket.address, at=asyncio.get_running_loop().time())
    if wait:
        raise Refused("rate_limited", retry_after=wait)
    await chat.live.db(requests.leave_mail, visitor=chat.visitor, conversation_id=case.id, mail=mail[:320], now=clock.now())
    chat.forget_said()
    await chat.live.refresh([chat])


async def _end(chat: Chat, frame: Frame) -> None:
    case = await chat.own_case()
    await chat.live.db(requests.end, conversation_id=case.id, now=clock.now())
    if case.status == "closed":         # it was over already; otherwise the event brings the frame
        chat.socket.send({"t": "ended", "case": case.reference, "rate": not case.rated})


async def _rate(chat: Chat, frame: Frame) -> None:
    score, comment = frame.get("score"), frame.get("comment", "")
    if not isinstance(score, int) or isinstance(score, bool) or not isinstance(comment, str):
        raise Refused("bad_frame")
    case = await chat.own_case()
    await chat.live.db(requests.rate, conversation_id=case.id, score=score, comment=comment, now=clock.now())
    chat.socket.send({"t": "rated"})


async def _transcript(chat: Chat, frame: Frame) -> None:
    try:
        case = await chat.own_case()
        to = await chat.live.db(requests.mail_transcript, conversation_id=case.id, now=clock.now(),
                                registered=chat.visitor.mail if chat.visitor.proof_at(clock.now()) else "")
    except requests.UnableToMail as refusal:
        chat.socket.send({"t": "transcript", "error": refusal.code})
    else:
        chat.socket.send({"t": "transcript", "to": to})


async def _ping(chat: Chat, frame: Frame) -> None:
    chat.socket.send({"t": "pong", "spread": chat.live.spread})


def _client_id(frame: Frame) -> str:
    identity = frame.get("id")
    if not isinstance(identity, str) or not _ID.fullmatch(identity):
        raise Refused("bad_frame")
    return identity


ACTS = {
    "send": _send, "resume": _resume, "typing": _typing, "read": _read, "upload": _upload, "prove": _prove, "mail_me": _mail_me,
    "end": _end, "rate": _rate, "transcript": _transcript, "ping": _ping,
}
