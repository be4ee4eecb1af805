"""A pretend server for the chat page: it speaks docs/live-protocol.md, and a test says what happens and when.

`FakeLive` is an ASGI application with the real page, the real loader and the real static files; `serve` runs it in a
thread. `SHOP` is a page of another origin that carries the widget under a strict policy.
"""

from __future__ import annotations

import asyncio
import itertools
import mimetypes
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import orjson
import uvicorn
from django.conf import settings
from django.test import override_settings

from tests.processes import free_port
from tests.widget.rendered import render_chat, static

Frame = dict[str, Any]
Scope = dict[str, Any]

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
    "worker-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors {ancestors}"
)
SHOP = """<!doctype html><html lang="{lang}"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>Northlight</title>
<script src="{desk}/widget.js" async></script></head>
<body><h1>Northlight</h1><p>Spot, margin and futures.</p><button id="help">Help</button></body></html>"""
SHOP_POLICY = "default-src 'none'; script-src {desk}; frame-src {desk}; require-trusted-types-for 'script'"

TOPICS = {
    "en": ["Deposit", "Withdrawal", "Identity verification", "Trading", "Security", "Something else"],
    "zh-hans": ["充值", "提现", "身份认证", "交易", "账户安全", "其他问题"],
}


@dataclass
class Case:
    """One conversation as this server remembers it."""

    reference: str
    topic: str
    status: str = "waiting"
    agent: str | None = None
    rated: bool = False
    entries: list[Frame] = field(default_factory=list)
    last_seq: int = 0

    def frame(self) -> Frame:
        """As in `welcome.case`."""
        agent = {"name": self.agent} if self.agent else None
        about = {"reference": self.reference, "status": self.status, "topic": self.topic}
        return about | {"agent": agent, "rated": self.rated}


class FakeLive:
    """The server of one visitor. Switches and methods may be used from any thread."""

    def __init__(self) -> None:
        self.epoch = "epoch-1"
        self.who: Frame = {"known": False, "name": ""}
        self.case: Case | None = None
        self.queue: Frame = {
            "state": "waiting",
            "position": 3,
            "estimate": {"share": 0.8, "seconds": 230},
            "mail": None,
        }
        self.proof: Frame = {"state": "none"}
        self.agents_online = True
        self.hours: Frame = {
            "open": True,
            "level": "normal",
            "by_hour": [0] * 7 + [1] * 2 + [2] * 3 + [1] * 7 + [0] * 5,
        }
        self.heartbeat = 25
        self.drop_acks = 0  # so many messages are stored, and the connection cut instead of an ack
        self.refuse_connections = False
        self.mask: Callable[[str], tuple[str, list[str]]] = lambda text: (text, [])
        self.answers: dict[str, Frame] = {}  # type of a frame → what is answered instead
        self.heard: list[Frame] = []
        self.articles: list[Frame] = []  # what is offered for whatever is typed
        self.searches: list[dict[str, str]] = []
        self.outcomes: list[dict[str, str]] = []
        self.files: dict[str, tuple[str, bytes]] = {}
        self.shop_lang = "en"
        self.desk = ""
        self.loop: asyncio.AbstractEventLoop | None = None
        self._names = itertools.count(1)
        self._sockets: set[Any] = set()

    # What a test makes happen --------------------------------------------------------------------------------------

    def say(self, text: str, *, name: str = "Mei Lin", files: list[Frame] | None = None, **more: Any) -> None:
        """An agent writes."""
        said = {"kind": "message", "from": "agent", "name": name, "text": text, "files": files or []}
        self._in_case(self._append, said | more)

    def happen(self, event: str, *, hidden: bool = False, **params: Any) -> None:
        """An event is appended; a hidden one takes a seq and is not shown."""
        self._in_case(self._event, event, params, hidden=hidden)

    def assign(self, name: str) -> None:
        """An agent takes the case."""

        def act() -> None:
            assert self.case is not None
            self.case.agent, self.case.status = name, "open"
            self._event("assigned", {"name": name})
            self._tell({"t": "presence", "agent": {"name": name}, "online": True})
            self.queue = {"state": "with_agent", "position": None, "estimate": None, "mail": None}
            self._tell({"t": "queue", **self.queue})

        self._in_case(act)

    def tell(self, frame: Frame) -> None:
        """Send any frame to every socket."""
        self._do(self._tell, frame)

    def cut(self, code: int = 1012) -> None:
        """Close every socket."""
        self._do(lambda: [queue.put_nowait(code) for queue in self._sockets])

    def sent(self, kind: str) -> list[Frame]:
        """The frames of one type that clients sent."""
        return [frame for frame in self.heard if frame["t"] == kind]

    def messages(self) -> list[str]:
        """The texts customers have stored, in order."""
        return [entry["text"] for entry in (self.case.entries if self.case else []) if entry["from"] == "customer"]

    def _in_case(self, act: Callable[..., Any], *args: Any, **values: Any) -> None:
        """Act once the first message has arrived."""
        end = time.monotonic() + 5
        while self.case is None:
            assert time.monotonic() < end, "no message has arrived"
            time.sleep(0.02)
        self._do(act, *args, **values)

    def _do(self, act: Callable[..., Any], *args: Any, **values: Any) -> None:
        assert self.loop is not None
        done = threading.Event()

        def run() -> None:
            act(*args, **values)
            done.set()

        self.loop.call_soon_threadsafe(run)
        assert done.wait(5), "the pretend server did not act"

    # The conversation ----------------------------------------------------------------------------------------------

    def _event(self, code: str, params: Frame, *, hidden: bool = False) -> None:
        self._append({"kind": "event", "from": "system", "event": code, "params": params}, hidden=hidden)

    def _append(self, entry: Frame, *, hidden: bool = False) -> Frame:
        case = self.case
        assert case is not None
        after, case.last_seq = case.last_seq, case.last_seq + 1
        made: Frame = {"seq": case.last_seq, "at": datetime.now(UTC).isoformat(), **entry}
        if not hidden:
            case.entries.append(made)
            self._tell(
                {"t": "entries", "case": case.reference, "after": after, "upto": case.last_seq, "entries": [made]}
            )
        return made

    def _tell(self, frame: Frame) -> None:
        for queue in self._sockets:
            queue.put_nowait(frame)

    def _answer(self, frame: Frame) -> Frame | int | None:
        kind = frame["t"]
        if kind in self.answers:
            return {**({"id": frame["id"]} if "id" in frame else {}), **self.answers[kind]}
        act = getattr(self, f"_on_{kind}", None)
        return act(frame) if act else None

    def _on_hello(self, frame: Frame) -> Frame:
        self.locale = frame["locale"]
        case = self.case
        same = case and frame.get("case") == case.reference and frame.get("epoch") == self.epoch
        after = frame.get("after", 0) if same else 0
        return {
            "t": "welcome",
            "v": 1,
            "token": "token-1",
            "epoch": self.epoch,
            "who": self.who,
            "case": case.frame() if case else None,
            "entries": [entry for entry in case.entries if entry["seq"] > after] if case else [],
            "upto": case.last_seq if case else 0,
            "queue": self.queue if case else None,
            "proof": self.proof,
            "hours": self.hours,
            "agents_online": self.agents_online,
            "topics": [{"code": f"topic_{at}", "label": label} for at, label in enumerate(TOPICS[frame["locale"]])],
            "limits": {"text": 4000, "file_bytes": 25_000_000, "files": 5},
            "heartbeat": self.heartbeat,
        }

    def _on_send(self, frame: Frame) -> Frame | int:
        case = self.case
        if case is None or case.status == "closed":
            case = self.case = Case(f"K7M4-Q2XD-{next(self._names)}", frame.get("topic", ""))
            self._event("opened", {})
            self._tell({"t": "queue", **self.queue})
        known = next((entry for entry in case.entries if entry.get("id") == frame["id"]), None)
        if known is None:
            text, masked = self.mask(frame["text"])
            files = [self._file(name) for name in frame.get("files", [])]
            known = self._append(
                {"kind": "message", "from": "customer", "text": text, "id": frame["id"], "files": files}
            )
            known["masked"] = masked
            if self.drop_acks:
                self.drop_acks -= 1
                return 1012
        ack = {"t": "ack", "id": frame["id"], "seq": known["seq"], "at": known["at"], "case": case.reference}
        return ack | ({"text": known["text"], "masked": known["masked"]} if known["masked"] else {})

    def _on_resume(self, frame: Frame) -> Frame:
        assert self.case is not None
        entries = [entry for entry in self.case.entries if entry["seq"] > frame["after"]]
        place = {"case": self.case.reference, "after": frame["after"], "upto": self.case.last_seq}
        return {"t": "entries", **place, "entries": entries}

    def _on_upload(self, frame: Frame) -> Frame:
        key = f"file{next(self._names)}"
        self.files[key] = (frame["type"], b"")
        return {"t": "upload", "id": frame["id"], "file": key, "url": f"/chat/uploads/{key}", "ticket": "ticket-1"}

    def _on_prove(self, frame: Frame) -> Frame:
        soon = (datetime.now(UTC) + timedelta(minutes=10)).isoformat()
        if frame.get("how") == "mail_code":
            to = "m•••@example.com" if self.who["known"] else None
            return {"t": "proof", "state": "code_sent", "how": "mail_code", "to": to, "expires_at": soon}
        if frame.get("how") == "second_factor":
            return {"t": "proof", "state": "enter_factor", "how": "second_factor", "expires_at": soon}
        if frame["code"] != "123456":
            return {"t": "proof", "state": "wrong", "how": "mail_code", "left": 4}
        self.proof = {"t": "proof", "state": "proved", "how": "mail_code", "level": 1, "expires_at": soon}
        self._event("proved", {"level": 1, "how": "mail_code", "expires_at": soon})
        return self.proof

    def _on_mail_me(self, frame: Frame) -> Frame:
        self.queue = self.queue | {"mail": frame["mail"][0] + "•••@" + frame["mail"].split("@")[1]}
        return {"t": "queue", **self.queue}

    def _on_end(self, frame: Frame) -> Frame:
        assert self.case is not None
        if self.case.status != "closed":
            self.case.status = "closed"
            self._event("ended_by_customer", {})
        return {"t": "ended", "case": self.case.reference, "rate": not self.case.rated}

    def _on_rate(self, frame: Frame) -> Frame:
        assert self.case is not None
        self.case.rated = True
        return {"t": "rated"}

    def _on_transcript(self, frame: Frame) -> Frame:
        proved = self.proof["state"] == "proved"
        return {"t": "transcript"} | ({"to": "m•••@example.com"} if proved else {"error": "no_proved_mail"})

    def _on_ping(self, frame: Frame) -> Frame:
        return {"t": "pong"}

    def _file(self, key: str) -> Frame:
        media_type, body = self.files[key]
        told = {"file": key, "name": "screenshot.png", "type": media_type, "size": len(body)}
        return told | {"state": "ready", "width": None, "height": None}

    # ASGI ----------------------------------------------------------------------------------------------------------

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        """Serve the socket, the pages, the files."""
        if scope["type"] == "websocket":
            await self._socket(receive, send)
        elif scope["type"] == "http":
            await self._http(scope, receive, send)

    async def _socket(self, receive: Any, send: Any) -> None:
        await receive()
        if self.refuse_connections:
            await send({"type": "websocket.close", "code": 1013})
            return
        await send({"type": "websocket.accept"})
        queue: asyncio.Queue[Frame | int] = asyncio.Queue()
        sender = asyncio.create_task(self._sender(queue, send))
        try:
            while (event := await receive())["type"] == "websocket.receive":
                frame = orjson.loads(event["text"])
                self.heard.append(frame)
                answer = self._answer(frame)
                if answer is not None:
                    queue.put_nowait(answer)
                self._sockets.add(queue)
        finally:
            self._sockets.discard(queue)
            sender.cancel()

    async def _sender(self, queue: asyncio.Queue[Frame | int], send: Any) -> None:
        while not isinstance(frame := await queue.get(), int):
            await send({"type": "websocket.send", "text": orjson.dumps(frame).decode()})
        await send({"type": "websocket.close", "code": frame})

    async def _http(self, scope: Scope, receive: Any, send: Any) -> None:
        body = b""
        while (event := await receive()).get("more_body"):
            body += event["body"]
        body += event.get("body", b"")
        status, kind, answer = self._page(scope, body)
        shop = scope["server"][1] != int(self.desk.rpartition(":")[2])
        policy = SHOP_POLICY.format(desk=self.desk) if shop else POLICY.format(ancestors=settings.EMBED_ORIGINS[0])
        headers = [(b"content-type", kind.encode()), (b"content-security-policy", policy.encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": answer})

    def _page(self, scope: Scope, body: bytes) -> tuple[int, str, bytes]:
        path: str = scope["path"]
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        if path == "/shop/":
            return 200, "text/html", SHOP.format(desk=self.desk, lang=self.shop_lang).encode()
        if path == "/chat/":
            return 200, "text/html", render_chat(scope["query_string"].decode())
        if path == "/widget.js":
            return 200, "text/javascript", static("widget/loader.js")
        if path.startswith(settings.STATIC_URL):
            return 200, mimetypes.guess_type(path)[0] or "", static(path.removeprefix(settings.STATIC_URL))
        if path.startswith("/chat/suggestions/") and headers.get("authorization") == "Bearer token-1":
            fields = {name: values[0] for name, values in parse_qs(body.decode(), keep_blank_values=True).items()}
            asks = path == "/chat/suggestions/"
            (self.searches if asks else self.outcomes).append(fields)
            answer = {"search": "7-abc", "articles": self.articles} if asks else {}
            return 200, "application/json", orjson.dumps(answer)
        if path.startswith("/help/"):
            return 200, "text/html", b"<!doctype html><title>Article</title>"
        key = path.rpartition("/")[2]
        if path.startswith("/chat/uploads/") and headers.get("authorization") == "Bearer ticket-1":
            self.files[key] = (headers["content-type"], body)
            told: Frame = {"file": key, "state": "ready", "name": "screenshot.png"}
            told |= {"type": headers["content-type"], "size": len(body)}
            return 201, "application/json", orjson.dumps(told)
        if path.startswith("/chat/files/") and headers.get("authorization") == "Bearer token-1" and key in self.files:
            return 200, *self.files[key]
        if path == "/chat/transcript/":
            return 200, "text/plain", str(sorted(parse_qs(body.decode()).items())).encode()
        return 404, "text/plain", b"not here"


@contextmanager
def serve(live: FakeLive) -> Iterator[tuple[str, str]]:
    """Run `live`; yields the desk's address and that of the shop, which is another origin."""
    desk, shop = free_port(), free_port()
    live.desk = f"http://localhost:{desk}"
    servers = [
        uvicorn.Server(uvicorn.Config(live, port=port, log_level="warning", lifespan="off")) for port in (desk, shop)
    ]

    async def run() -> None:
        live.loop = asyncio.get_running_loop()
        await asyncio.gather(*(server._serve() for server in servers))

    thread = threading.Thread(target=lambda: asyncio.run(run()), daemon=True)
    with override_settings(EMBED_ORIGINS=(f"http://127.0.0.1:{shop}",)):
        thread.start()
        while not all(server.started for server in servers):
            time.sleep(0.02)
        yield live.desk, f"http://127.0.0.1:{shop}/shop/"
        for server in servers:
            server.should_exit = server.force_exit = True
        thread.join(10)
