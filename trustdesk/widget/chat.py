"""One customer's chat socket, as docs/live-protocol.md says."""

from __future__ import annotations

import asyncio
import logging
import math
from typing import Any

from django.conf import settings
from django.db import DataError, Error, IntegrityError

from trustdesk.conversations import public, requests
from trustdesk.customers import sessions, visitors
from trustdesk.customers.visitors import Visitor
from trustdesk.realtime.bus import bus
from trustdesk.realtime.group_commit import Unavailable
from trustdesk.realtime.socket import (
    NO_HELLO,
    PROTOCOL_BROKEN,
    Broken,
    Frame,
    Gone,
    Pace,
    Receive,
    Scope,
    Send,
    Socket,
    own_origin,
)
from trustdesk.seams import clock, failpoints
from trustdesk.widget import acts, frames
from trustdesk.widget.live import RETRY, Live, limits

log = logging.getLogger(__name__)

HELLO_WITHIN = 5.0          # seconds
OPENS_WITHIN = 2.0          # seconds between the ack of a first message and our having read its case
FRAMES = 60                 # typing, reading, uploads …: within ten seconds, on top of what the pace of messages allows
# Events after which the state of the case has to be shown anew.
_CHANGES = frozenset({
    "assigned", "left", "passed_on", "resolved", "reopened", "closed", "ended_by_customer", "proof_asked", "proved", "by_mail", "rated",
    "merged",
})


class Chat:
    """One socket of one customer. `told` is the position the client has; `checked` what was looked at for it."""

    __slots__ = ("_agent", "_asked", "_last", "_stale", "_welcomed", "case", "checked", "live", "locale", "opening", "pace", "socket",
                 "told", "visitor", "wanted")

    def __init__(self, socket: Socket, live: Live) -> None:
        self.socket, self.live = socket, live
        self.visitor: Visitor = visitors.anonymous()
        self.case: public.Case | None = None
        self.locale = "en"
        self.told = self.checked = 0
        self.wanted = 0.0               # how far there is something to read, as hints say; infinite: to be looked up
        self.opening = False            # its first message is on the way
        self.pace = Pace(FRAMES + settings.CHAT_MESSAGES_PER_MINUTE)
        self._welcomed = False          # until then nothing else is said: a client cannot place it
        self._stale = False             # something came in before the welcome was out
        self._asked = False             # the client asked to be brought up to date and is owed an answer
        self._last: Frame | None = None
        self._agent = ("", False)       # who has the case, and whether he is at the desk, as told

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
            await self.welcome(hello)
        except (Error, Unavailable):
            self.socket.send({"t": "error", "code": "unavailable", "retry_after": Unavailable.retry_after})
            self.socket.close(1013)
            raise Gone from None
        if refused:
            self.socket.send({"t": "error", "code": "session_refused"})

    async def welcome(self, hello: Frame) -> None:
        """Say where things stand, with the entries after what the client has, or from the start after a `reset`."""
        self._welcomed = self._stale = False
        self._agent = ("", False)
        self._last = None       # the `queue` frame that `welcome` promises follows even if it says the same as before
        live, now = self.live, clock.now()
        case = await live.case_of(self.visitor.thread)
        same_epoch = hello.get("epoch") in (None, live.epoch)
        after = hello.get("after")
        known = (case is not None and same_epoch and hello.get("case") == case.reference and isinstance(after, int)
                 and not isinstance(after, bool) and 0 <= after <= case.last_seq)
        self.told = self.checked = after if known and isinstance(after, int) else 0
        page = None
        if case is not None:
            self._follow(case)      # subscribe first, read then: what comes in between is hinted
            failpoints.hit("snapshot_subscribe_gap")
            page = await live.page_after((case.id, self.told))
        if not known and (hello.get("epoch") or after):
            reason = "epoch" if not same_epoch else "gone" if case is None else "ahead"
            self.socket.send({"t": "reset", "reason": reason})
        proving = await live.proving_in(case.id) if case is not None else None
        attended = case is not None and bool(case.agent) and bool(await live.agent_is_in(case.id))
        self.socket.send({
            "t": "welcome", "v": 1, "token": visitors.token(self.visitor), "epoch": live.epoch,
            "who": {"known": self.visitor.known, "name": self.visitor.name},
            "case": frames.case(case), "after": self.told, "entries": [frames.entry(line) for line in page.lines] if page else [],
            "upto": page.upto if page else 0, "queue": None, "proof": frames.proof(case, proving, self.visitor, now),
            "topics": [{"code": code, "label": label} for code, label in await live.remembered(public.topics, locale=self.locale)],
            "hours": frames.hours(await live.remembered(public.hours, timezone=frames.timezone(hello.get("tz")), now=now)),
            "limits": limits(), "agents_online": (await live.remembered(public.agents_online, now=now)), "heartbeat": 25,
            "spread": live.spread,
        })
        self._welcomed = True
        if page is not None:
            self.told = self.checked = max(page.upto, self.told)
        if case is not None:
            self.show(case, attended=attended)
        if self._stale or (page is not None and page.more):
            self.behind()

    def _follow(self, case: public.Case) -> None:
        if self.case is not None and self.case.id != case.id:
            self._unfollow(self.case)
            self._agent = ("", False)
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
                self.wanted = max(self.wanted, int(value))
                self._be_read_for()
        elif kind == "thread":
            if self.case is None or str(self.case.id) != value:
                self.live.start(self.adopt(int(value)))
        elif not self._welcomed:
            return
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

    def missed(self) -> None:
        """Catch up: hints may have been lost."""
        if self.case is not None:
            self.behind()

    def behind(self) -> None:
        """Be brought up to date soon, whatever hints said; not before the welcome is out."""
        self.wanted = math.inf
        self._be_read_for()

    def wants(self) -> bool:
        """Say whether there is something to read; asked again, only what came since then counts."""
        wanted, self.wanted = self.wanted, 0.0
        return self in self.live.chats and wanted > self.checked

    def _be_read_for(self) -> None:
        if self._welcomed:
            self.live.behind(self)
        else:
            self._stale = True

    def rewind(self, after: int) -> None:
        """Go back to the position the client says it has; it gets an answer even when nothing is missing."""
        self.told = self.checked = after
        self._asked = True
        self.behind()

    async def adopt(self, conversation_id: int) -> None:
        """Follow the case that this visitor's thread points at: a new one that this socket, another tab or an agent opened, or
        the one into which an agent merged his. Which it is says the thread, for hints may be old."""
        while self in self.live.chats and (self.case is None or self.case.id != conversation_id):
            try:
                case = await self.live.case_of(self.visitor.thread)
            except Error:
                await asyncio.sleep(RETRY)
                continue
            if case is not None and (self.case is None or self.case.id != case.id):
                self.told = self.checked = 0
                self.opening = False
                self._follow(case)
                self.behind()
                await self.live.refresh([self])
            return

    def take(self, page: public.Page | None) -> bool:
        """Pass entries on; say whether they changed the state of the case."""
        if page is None or self.case is None or not self._welcomed:
            return False
        if page.after > self.told:      # read for a position that has been given up meanwhile: it would leave a hole
            self.behind()
            return False
        lines = [line for line in page.lines if line.seq > self.told]
        self.checked = max(self.checked, page.upto)
        if not lines and not self._asked:
            return False
        new, upto = not self.told, max(page.upto, self.told)
        self.socket.send({"t": "entries", "case": self.case.reference, "after": self.told, "upto": upto,
                          "entries": [frames.entry(line) for line in lines]})
        self.told, self._asked = upto, False
        if page.more:
            self.behind()
        if any(line.event == "merged" for line in lines):
            self.live.start(self.adopt(0))  # the hint that would say so may have been lost
        return new or any(line.event in _CHANGES for line in lines)      # of a new case its place in the queue, too

    def show(self, case: public.Case, *, attended: bool) -> None:
        """Tell the client where its case stands, if that changed; `attended`: its agent is at the desk."""
        if self.case is None or self.case.id != case.id:
            return
        ended = case.status == "closed" and self.case.status != "closed" and not case.merged
        if case.team_id != self.case.team_id:   # passed on: it waits in another queue now
            self.live.hub.leave(f"queue:{self.case.team_id}", self)
            self.live.hub.join(f"queue:{case.team_id}", self)
        self.case = case
        if case.queued:
            self.live.requeue([self])
        else:
            self._say_once(frames.queue(case, None))
        self.show_agent(here=attended)
        if ended:
            self.socket.send({"t": "ended", "case": case.reference, "rate": not case.rated})

    def show_agent(self, *, here: bool) -> None:
        """Tell the client who has its case and whether he is at the desk, if that changed; not before the welcome is out."""
        if not self._welcomed:
            return
        name = self.case.agent if self.case is not None else ""
        if (name, here) != self._agent:
            self._agent = (name, here)
            self.socket.send({"t": "presence", "agent": {"name": name} if name else None, "online": here})

    def show_place(self, place: Any) -> None:
        """Tell the client its place in the queue, if that changed."""
        if self.case is not None and self._welcomed:
            self._say_once(frames.queue(self.case, place))

    def _say_once(self, frame: Frame) -> None:
        if frame != self._last:
            self._last = frame
            self.socket.send(frame)

    def forget_said(self) -> None:
        """Say the place in the queue again, even if it is the same."""
        self._last = None

    # What the client asks for.

    async def _take(self, frame: Frame) -> None:
        act = acts.ACTS.get(frame["t"])
        if act is None:
            raise Broken
        try:
            await act(self, frame)
        except acts.Refused as refusal:
            self.error(refusal.code, frame, retry_after=refusal.retry_after)
        except (requests.UnableToAct, requests.UploadRefused) as refusal:
            self.error(refusal.code, frame)
        except (DataError, IntegrityError):         # trying again would not help
            log.exception("chat: a frame was refused by the database")
            self.error("bad_frame", frame)
        except (Error, Unavailable):
            self.error("unavailable", frame, retry_after=Unavailable.retry_after)

    def error(self, code: str, frame: Frame, *, retry_after: int | None = None) -> None:
        """Refuse one frame."""
        error: Frame = {"t": "error", "code": code}
        if isinstance(frame.get("id"), str):
            error["id"] = frame["id"]
        if retry_after is not None:
            error["retry_after"] = retry_after
        self.socket.send(error)

    async def own_case(self) -> public.Case:
        """Return the case; without one most frames make no sense. One whose first message was acknowledged a moment ago may
        not have been read here yet: it is waited for."""
        until = asyncio.get_running_loop().time() + OPENS_WITHIN
        while self.case is None and self.opening and asyncio.get_running_loop().time() < until:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        if self.case is None:
            raise acts.Refused("no_case")
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
    except Error:
        await socket.refuse()
        return
    await Chat(socket, live).run()
    await socket.ended()


async def start() -> None:
    """Begin to listen before the first customer comes; without a database the first customer finds out."""
    try:
        await _shared()
    except Error as error:
        log.warning("chat: not ready yet: %s", type(error).__name__)


async def _shared() -> Live:
    global _live
    if _live is None:
        _live = Live()
    if not _live.epoch:
        _live.epoch = await _live.db(public.epoch)
    return _live
