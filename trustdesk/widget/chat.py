"""One customer's chat socket, as docs/live-protocol.md says."""

from __future__ import annotations

import asyncio
import logging
import re
from functools import partial
from typing import Any

from django.conf import settings
from django.db import DatabaseError

from trustdesk.channels.contract import Inbound
from trustdesk.conversations import intake, public, requests
from trustdesk.customers import sessions, visitors
from trustdesk.customers.visitors import Visitor
from trustdesk.realtime.bus import bus
from trustdesk.realtime.group_commit import Unavailable
from trustdesk.realtime.socket import NO_HELLO, PROTOCOL_BROKEN, Broken, Frame, Gone, Pace, Receive, Scope, Send, Socket, own_origin
from trustdesk.seams import clock, failpoints
from trustdesk.widget import frames
from trustdesk.widget.limits import limiter
from trustdesk.widget.live import Live, limits

log = logging.getLogger(__name__)

HELLO_WITHIN = 5.0          # seconds
FRAMES = 60                 # typing, reading, uploads …: within ten seconds, on top of what the pace of messages allows
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
# Events after which the state of the case has to be shown anew.
_CHANGES = frozenset({"assigned", "resolved", "reopened", "closed", "ended_by_customer", "proof_asked", "proved", "by_mail", "rated"})


class Chat:
    """One socket of one customer. `told` is the position the client has; `checked` what was looked at for it."""

    __slots__ = ("_last", "_typed_at", "case", "checked", "live", "locale", "opening", "pace", "place", "socket", "told", "visitor")

    def __init__(self, socket: Socket, live: Live) -> None:
        self.socket, self.live = socket, live
        self.visitor: Visitor = visitors.anonymous()
        self.case: public.Case | None = None
        self.locale = "en"
        self.told = self.checked = 0
        self.opening = False            # its first message is on the way
        self.pace = Pace(FRAMES + settings.CHAT_MESSAGES_PER_MINUTE)
        self.place: Any = None
        self._last: Frame | None = None
        self._typed_at = 0.0

    async def run(self) -> None:
        """Talk until the client goes."""
        await self.socket.accept()
        try:
            hello = await asyncio.wait_for(self.socket.receive(), HELLO_WITHIN)
            if hello["t"] != "hello" or hello.get("v") != 1:
                raise Broken
            await self._greet(hello)
            loop = asyncio.get_running_loop()
            while True:
                frame = await self.socket.receive()
                if not self.pace.kept(loop.time()):
                    raise Broken
                await self._take(frame)
        except Gone:
            pass
        except (TimeoutError, Broken) as refusal:
            self.socket.close(NO_HELLO if isinstance(refusal, TimeoutError) else PROTOCOL_BROKEN)
        finally:
            self._leave()

    # Hello.

    async def _greet(self, hello: Frame) -> None:
        self.locale = "zh-hans" if str(hello.get("locale", "")).lower().startswith("zh") else "en"
        refused = False
        signed, token = hello.get("session"), hello.get("token")
        known = visitors.read(token) if isinstance(token, str) else None
        if isinstance(signed, str) and signed:
            try:
                self.visitor = sessions.visitor(signed, now=clock.now())
            except sessions.SessionRefused:
                # Claims nobody signed open nothing: whoever says so is a stranger, even with a token at hand.
                refused = True
        elif known is not None:
            self.visitor = known
        self.live.chats.add(self)
        self.live.hub.join(f"thread:{self.visitor.thread}", self)
        try:
            await self._welcome(hello)
        except (DatabaseError, Unavailable):
            self.socket.send({"t": "error", "code": "unavailable", "retry_after": Unavailable.retry_after})
            self.socket.close(1013)
            raise Gone from None
        if refused:
            self.socket.send({"t": "error", "code": "session_refused"})

    async def _welcome(self, hello: Frame) -> None:
        live, now = self.live, clock.now()
        inbox = await live.remembered(public.chat_inbox)
        case = await live.db(public.current, inbox_id=inbox, thread=self.visitor.thread, locale=self.locale, now=now)
        same_epoch = hello.get("epoch") in (None, live.epoch)
        after = hello.get("after")
        known = (case is not None and same_epoch and hello.get("case") == case.reference and isinstance(after, int)
                 and not isinstance(after, bool) and 0 <= after <= case.last_seq)
        self.told = self.checked = after if known and isinstance(after, int) else 0
        page = None
        if case is not None:
            self._follow(case)      # subscribe first, read then: what comes in between is hinted
            failpoints.hit("snapshot_subscribe_gap")
            page = (await live.db(public.entries_after, {case.id: self.told}))[case.id]
        if not known and (hello.get("epoch") or after):
            reason = "epoch" if not same_epoch else "gone" if case is None else "ahead"
            self.socket.send({"t": "reset", "reason": reason})
        proving = await live.db(public.open_proving, case.id) if case is not None else None
        self.socket.send({
            "t": "welcome", "v": 1, "token": visitors.token(self.visitor), "epoch": live.epoch,
            "who": {"known": self.visitor.known, "name": self.visitor.name},
            "case": frames.case(case), "after": self.told, "entries": [frames.entry(line) for line in page.lines] if page else [],
            "upto": page.upto if page else 0, "queue": None, "proof": frames.proof(case, proving, self.visitor, now),
            "topics": [{"code": code, "label": label} for code, label in await live.remembered(public.topics, locale=self.locale)],
            "hours": frames.hours(await live.remembered(public.hours, timezone=frames.timezone(hello.get("tz")), now=now)),
            "limits": limits(), "agents_online": (await live.remembered(public.agents_online, now=now)), "heartbeat": 25,
        })
        if page is not None:
            self.told = self.checked = max(page.upto, self.told)
        if case is not None:
            self.show(case)

    def _follow(self, case: public.Case) -> None:
        if self.case is not None and self.case.id != case.id:
            self._unfollow(self.case)
        self.case = case
        for topic in _topics(case):
            self.live.hub.join(topic, self)
        bus.publish({f"customer:{case.id}": "on"})

    def _unfollow(self, case: public.Case) -> None:
        for topic in _topics(case):
            self.live.hub.leave(topic, self)
        if not self.live.hub.members(f"case:{case.id}"):
            bus.publish({f"customer:{case.id}": "off"})

    def _leave(self) -> None:
        self.live.chats.discard(self)
        self.live.hub.leave(f"thread:{self.visitor.thread}", self)
        if self.case is not None:
            self._unfollow(self.case)

    # What others did.

    def hinted(self, topic: str, value: str) -> None:
        """Take note of a hint."""
        kind, _, rest = topic.partition(":")
        if kind == "case":
            if int(value) > self.checked:
                self.live.behind(self)
        elif kind == "queue":
            if self.case is not None and self.case.queued:
                self.live.requeue([self])
        elif kind == "typing":
            who, _, name = value.partition(":")
            if who in ("agent", "agent-stopped"):
                self.socket.send({"t": "typing", "on": who == "agent", "name": name})
        elif kind == "read":
            self.socket.send({"t": "read", "seq": int(value)})
        elif kind == "ask":
            bus.publish({f"customer:{rest}": "on"})
        elif kind == "thread" and (self.case is None or str(self.case.id) != value):
            self.live.start(self._adopt(int(value)))

    def missed(self) -> None:
        """Catch up: hints may have been lost."""
        if self.case is not None:
            self.live.behind(self)

    async def _adopt(self, conversation_id: int) -> None:
        """Follow the new case that another tab of this visitor, or an agent, opened."""
        case = await self.live.db(public.by_id, conversation_id, locale=self.locale, now=clock.now())
        if case is not None and (self.case is None or self.case.id < case.id):
            self.told = self.checked = 0
            self._follow(case)
            self.live.behind(self)

    def take(self, page: public.Page | None) -> bool:
        """Pass entries on; say whether they changed the state of the case."""
        if page is None or self.case is None or page.upto <= self.told:
            return False
        lines = [line for line in page.lines if line.seq > self.told]
        self.checked = max(self.checked, page.upto)
        if not lines:
            return False
        self.socket.send({"t": "entries", "case": self.case.reference, "after": self.told, "upto": page.upto,
                          "entries": [frames.entry(line) for line in lines]})
        self.told = page.upto
        return any(line.event in _CHANGES for line in lines)

    def show(self, case: public.Case) -> None:
        """Tell the client where its case stands, if that changed."""
        if self.case is None or self.case.id != case.id:
            return
        ended = case.status == "closed" and self.case.status != "closed"
        self.case = case
        if case.queued:
            self.live.requeue([self])
        else:
            self._say_once(frames.queue(case, None))
        if case.agent:
            self.socket.send({"t": "presence", "agent": {"name": case.agent}, "online": True})
        if ended:
            self.socket.send({"t": "ended", "case": case.reference, "rate": not case.rated})

    def show_place(self, place: Any) -> None:
        """Tell the client its place in the queue, if that changed."""
        if self.case is not None:
            self._say_once(frames.queue(self.case, place))

    def _say_once(self, frame: Frame) -> None:
        if frame != self._last:
            self._last = frame
            self.socket.send(frame)

    # What the client asks for.

    async def _take(self, frame: Frame) -> None:
        act = _ACTS.get(frame["t"])
        if act is None:
            raise Broken
        try:
            await act(self, frame)
        except Refused as refusal:
            self._error(refusal.code, frame, retry_after=refusal.retry_after)
        except (requests.UnableToAct, requests.UploadRefused) as refusal:
            self._error(refusal.code, frame)
        except (DatabaseError, Unavailable):
            self._error("unavailable", frame, retry_after=Unavailable.retry_after)

    def _error(self, code: str, frame: Frame, *, retry_after: int | None = None) -> None:
        error: Frame = {"t": "error", "code": code}
        if isinstance(frame.get("id"), str):
            error["id"] = frame["id"]
        if retry_after is not None:
            error["retry_after"] = retry_after
        self.socket.send(error)

    def _own_case(self) -> public.Case:
        if self.case is None:
            raise Refused("no_case")
        return self.case


def _topics(case: public.Case) -> list[str]:
    return [f"case:{case.id}", f"typing:{case.id}", f"read:{case.id}", f"ask:{case.id}", f"queue:{case.team_id}"]


_live: Live | None = None


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """Serve one chat socket (ASGI)."""
    socket = Socket(scope, receive, send, trusted_proxies=settings.TRUSTED_PROXY_COUNT)
    if not own_origin(scope, public_url=settings.PUBLIC_URL):
        await socket.refuse()
        return
    try:
        live = await _shared()
    except DatabaseError:
        await socket.refuse()
        return
    await Chat(socket, live).run()


async def _shared() -> Live:
    global _live
    if _live is None:
        _live = Live()
    if not _live.epoch:
        _live.epoch = await _live.db(public.epoch)
    return _live
