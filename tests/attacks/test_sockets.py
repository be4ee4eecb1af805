"""N-09 … N-12, S-12: what a socket is asked for that is nobody's to have, and frames no client of ours would send."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import jwt
import orjson
import pytest

from tests import world
from tests.attacks.conftest import HOST, House
from tests.attacks.wire import BINARY, CONTINUED, PING, TEXT, Closed, Refused, Socket, connect
from tests.staff import people
from trustdesk.conversations.models import Conversation, Entry
from trustdesk.customers import visitors
from trustdesk.customers.visitors import Visitor
from trustdesk.exchange import demo
from trustdesk.exchange.sessions import read_keys
from trustdesk.seams import clock
from trustdesk.staff.models import Team

# Who may open one (N-09, S-12) -------------------------------------------------------------------------------------


def cookie_of_an_agent() -> str:
    """Sign somebody in and return the cookie a browser would send."""
    name = f"agent{time.monotonic_ns()}@example.com"
    client = people.signed_in(people.agent(name, teams=(Team.objects.get(slug="funds"),)))
    return f"Cookie: trustdesk={people.key_of(client)}"


@pytest.mark.parametrize("path", ["/live/chat", "/live/desk"])
@pytest.mark.parametrize(
    "origins",
    [
        ("https://evil.example",),
        ("null",),
        (),
        ("http://{own}", "http://{own}"),
        ("http://{own}", "https://evil.example"),
        ("https://evil.example", "http://{own}"),
        ("http://{own}.evil.example",),
        ("http://evil.example/http://{own}",),
        ("http://{own}@evil.example",),
        ("http://evil.example#http://{own}",),
        ("https://{own}",),
        ("http://{host}:1",),
        ("http://{host}",),
        ("http://127.0.0.2:{port}",),
        ("file://",),
        ("chrome-extension://{own}",),
        ("",),
    ],
)
def test_a_socket_for_another_site_is_refused(house: House, inside: None, path: str, origins: tuple[str, ...]) -> None:
    own = {"own": f"127.0.0.1:{house.port}", "host": "127.0.0.1", "port": house.port}
    with pytest.raises(Refused) as refused:
        Socket(house.port, path, origins=tuple(one.format(**own) for one in origins), headers=(cookie_of_an_agent(),))
    assert refused.value.status == (400 if len(origins) > 1 else 403)  # two of them are no handshake at all


def test_the_same_cookie_from_our_own_page_is_let_in(house: House, inside: None) -> None:
    """Without this the refusals above would prove nothing."""
    Socket(house.port, "/live/desk", headers=(cookie_of_an_agent(),)).ask({"t": "ping"}, "pong")
    house.chat()


@pytest.mark.parametrize(
    "cookie",
    ["", "Cookie: trustdesk=", "Cookie: trustdesk=" + "a" * 32, 'Cookie: trustdesk="\\000\\000\\000\\000\\000\\000\\000\\000"',
     "Cookie: " + "a=b; " * 500, "Cookie: trustdesk=%27%20OR%201=1"],
)  # fmt: skip
def test_the_desk_opens_for_no_made_up_session(house: House, cookie: str) -> None:
    with pytest.raises(Refused) as refused:
        Socket(house.port, "/live/desk", headers=(cookie,) if cookie else ())
    assert refused.value.status == 403


def test_a_customers_token_opens_no_desk(house: House) -> None:
    _, welcome = house.chat()
    with pytest.raises(Refused):
        Socket(house.port, "/live/desk", headers=(f"Authorization: Bearer {welcome['token']}",))


@pytest.mark.parametrize("path", ["/live/", "/live/chat/", "/live/other", "/chat/", "/"])
def test_there_is_no_other_socket(house: House, path: str) -> None:
    with pytest.raises(Refused) as refused:
        Socket(house.port, path)
    assert refused.value.status == 403


@pytest.mark.parametrize("scheme", ["http", "ws", None, "https\r\nX-Forwarded-Proto: http"])
def test_nothing_unencrypted_gets_a_socket(secure: House, scheme: str | None) -> None:
    """S-12: refused like pages, not redirected."""
    headers = () if scheme is None else (f"X-Forwarded-Proto: {scheme}",)
    with pytest.raises(Refused) as refused:
        Socket(secure.port, host=HOST, origins=(f"https://{HOST}",), headers=headers)
    assert refused.value.status == 403
    Socket(secure.port, host=HOST, origins=(f"https://{HOST}",), headers=("X-Forwarded-Proto: https",)).hello()


# Who one may be (N-10, N-12) ---------------------------------------------------------------------------------------

SECRET = "the-secret-plan-of-anna"


@pytest.fixture
def anna(house: House, inside: None) -> Socket:
    """A customer with a case, whom nobody else may hear or be."""
    socket, welcome = house.chat()
    socket.token = welcome["token"]  # type: ignore[attr-defined]
    socket.case = socket.say(SECRET)["case"]  # type: ignore[attr-defined]
    return socket


def knows_nothing(socket: Socket, welcome: Any) -> None:
    """Nothing of anybody's case is in what this socket heard, at once or a moment later."""
    assert welcome["case"] is None
    assert welcome["entries"] == []
    assert welcome["who"]["known"] is False
    with pytest.raises(TimeoutError):
        socket.when(lambda frame: frame["t"] == "entries", within=0.4)
    assert SECRET not in repr(socket.heard)


def test_a_foreign_case_in_hello_is_as_good_as_none(house: House, anna: Any) -> None:
    """N-10: with the case number of somebody else, his epoch and any position."""
    epoch = Socket(house.port).hello()["epoch"]
    case = Conversation.objects.get(reference=anna.case)
    for fields in (
        {"case": anna.case, "after": 0, "epoch": epoch},
        {"case": anna.case, "after": case.last_seq, "epoch": epoch},
        {"case": case.pk, "after": 0, "epoch": epoch},
        {"case": "*", "after": -1, "epoch": epoch},
        {"case": "%", "after": 2**40, "epoch": "%"},
        {"case": [anna.case], "after": None},
        {"case": anna.case, "thread": f"visitor:{case.pk}", "visitor": case.customer_id, "conversation": case.pk},
        {"topics": [f"case:{case.pk}", "team:1", "*"], "subscribe": "*"},
    ):
        socket, welcome = house.chat(**fields)
        assert welcome["upto"] == 0
        knows_nothing(socket, welcome)


@pytest.mark.parametrize("kind", ["resume", "typing", "read", "end", "rate", "transcript", "prove", "mail_me", "open"])
def test_no_frame_takes_a_foreign_case(house: House, anna: Any, kind: str) -> None:
    """N-10: whatever names a case in a frame, only one's own is acted on."""
    before = Conversation.objects.filter(reference=anna.case).values().get()
    boris, welcome = house.chat()
    frame = {"t": kind, "case": anna.case, "conversation_id": before["id"], "reference": anna.case, "id": "x", "after": 0,
             "epoch": welcome["epoch"], "seq": 1, "on": True, "score": 1, "how": "mail_code", "mail": "b@example.com"}  # fmt: skip
    boris.send(frame)
    try:
        boris.ask({"t": "ping"}, "pong")
    except Closed as closed:
        assert (kind, closed.code) == ("open", 1008)
    own, _ = house.chat()
    own.say("a case of his own")
    own.send(frame)
    try:
        own.when(lambda one: one["t"] == "entries", within=0.4)
    except (TimeoutError, Closed):
        pass
    assert SECRET not in repr(boris.heard) + repr(own.heard)
    after = Conversation.objects.filter(reference=anna.case).values().get()
    assert after == before
    with pytest.raises(TimeoutError):
        anna.when(lambda one: one["t"] in ("typing", "ended", "proof"), within=0.3)


def test_what_others_write_is_not_heard(house: House, anna: Any) -> None:
    """N-10, N-13: everything that moves in a case, told to its own sockets alone."""
    boris, _ = house.chat()
    boris.say("hello")
    seat = world.agent(f"Mei{time.monotonic_ns()}", "funds", role=people.Role.ADMIN)
    received = world.Received(Conversation.objects.get(reference=anna.case).pk, anna.case, None, 1, clock.now(), "", (), False, False)
    world.answer(seat, received, "only for anna: 7731", now=clock.now())
    world.answer(seat, received, "a note: 7732", note=True, now=clock.now())
    heard = anna.when(lambda frame: "7731" in repr(frame), within=8)
    assert heard["t"] == "entries"
    boris.ask({"t": "ping"}, "pong")
    assert "7731" not in repr(boris.heard)
    assert "773" not in repr([frame for frame in boris.heard if frame["t"] == "entries"])
    for surname in ("Surname", seat.display_name):
        assert surname not in repr(anna.heard), "N-13"


def tampered(token: str) -> list[str]:
    """Tokens that nearly are this one."""
    body, stamp, seal = token.rsplit(":", 2)
    fields = orjson.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    other = base64.urlsafe_b64encode(orjson.dumps(["uid", "100001", *fields[2:]])).decode().rstrip("=")
    flipped = seal[:-2] + ("A" if seal[-2] != "A" else "B") + seal[-1]
    return [
        f"{other}:{stamp}:{seal}", f"{body}:{stamp}:{flipped}", f"{body}:{stamp}:", f"{body}:{stamp}", f"{body}::{seal}",
        f".{token}", token[:-5], token * 2, token.upper(), body, "a" * 1999, "\x00" * 30, f"{body}:zzzzzz:{seal}",
    ]  # fmt: skip


def test_a_token_that_is_not_ours_to_the_letter_names_a_stranger(house: House, anna: Any) -> None:
    """N-10: and so does one of the right form signed for another purpose."""
    key = "announced-for-something-else"
    from django.core import signing

    foreign = [
        signing.dumps(["visitor", "anna", "", 0, "", int(time.time())], salt=key),
        signing.dumps(["mail", "anna@example.com", "", 0, "", int(time.time())], salt="trustdesk.customers.visitors"),
        signing.dumps(["visitor", "anna"], salt="trustdesk.customers.visitors"),
        signing.dumps(["visitor", "anna", "", 0, "", int(time.time())], key="x" * 50, salt="trustdesk.customers.visitors"),
        signing.dumps(["visitor", "anna", "", 0, "", int(time.time()) + 3600], salt="trustdesk.customers.visitors"),
        signing.dumps(["visitor", "anna", "", 0, "", int(time.time()) - 31 * 86400], salt="trustdesk.customers.visitors"),
    ]
    for token in [*tampered(anna.token), *foreign]:
        socket, welcome = house.chat(token=token)
        knows_nothing(socket, welcome)
        assert welcome["token"] not in (token, anna.token)
    socket, welcome = house.chat(token=anna.token)
    assert SECRET in repr(welcome["entries"]), "the token itself does open the case"


KEY = "tests-only-0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJ"


def claims(**changes: Any) -> dict[str, Any]:
    """The claims of a genuine session of customer 100002."""
    now = int(clock.now().timestamp())
    whole = {"uid": "100002", "mail": "alice.morgan@post.example.test", "locale": "en", "aud": "trustdesk", "iat": now, "exp": now + 300}
    return {key: value for key, value in (whole | changes).items() if value is not None}


def unsigned(header: dict[str, Any]) -> str:
    """Word a session whose header says it needs no signature."""
    parts = [base64.urlsafe_b64encode(orjson.dumps(part)).decode().rstrip("=") for part in (header, claims())]
    return ".".join([*parts, ""])


FORGED: dict[str, Callable[[], Any]] = {
    "none": lambda: unsigned({"alg": "none", "typ": "JWT"}),
    "None": lambda: unsigned({"alg": "None"}) + "AAAA",
    "no algorithm": lambda: unsigned({"typ": "JWT"}) + "AAAA",
    "another key": lambda: jwt.encode(claims(), "another-key-of-at-least-32-bytes-length", algorithm="HS256"),
    "another audience": lambda: jwt.encode(claims(aud="elsewhere"), KEY, algorithm="HS256"),
    "no audience": lambda: jwt.encode(claims(aud=None), KEY, algorithm="HS256"),
    "expired": lambda: jwt.encode(claims(iat=1_700_000_000, exp=1_700_000_300), KEY, algorithm="HS256"),
    "no end": lambda: jwt.encode(claims(exp=None), KEY, algorithm="HS256"),
    "an hour long": lambda: jwt.encode(claims(exp=claims()["iat"] + 3600), KEY, algorithm="HS256"),
    "of tomorrow": lambda: jwt.encode(claims(iat=claims()["iat"] + 86400, exp=claims()["iat"] + 86700), KEY, algorithm="HS256"),
    "HS384": lambda: jwt.encode(claims(), KEY, algorithm="HS384"),
    "no uid": lambda: jwt.encode(claims(uid=None), KEY, algorithm="HS256"),
    "a list for uid": lambda: jwt.encode(claims(uid=["100002"]), KEY, algorithm="HS256"),
    "a visitor's uid": lambda: jwt.encode(claims(uid="visitor:anna'; --"), KEY, algorithm="HS256"),
    "a key in the header": lambda: jwt.encode(claims(), KEY, algorithm="HS256", headers={"jku": "http://127.0.0.1:1/"}),
    "plain words": lambda: "100002",
    "an object": lambda: {"uid": "100002", "mail": "alice.morgan@post.example.test"},
    "a truth": lambda: True,
    "nothing": lambda: "",
}  # fmt: skip


@pytest.mark.parametrize("forged", FORGED)
def test_a_session_nobody_signed_for_us_is_a_fresh_stranger(house: House, inside: None, forged: str) -> None:
    """N-12: no history, no name, no proof, even with the token of a genuine session at hand."""
    now = clock.now()
    genuine = demo.sign_session("100002", now=now, key=read_keys(KEY)[0], audience="trustdesk")
    alice, welcome = house.chat(session=genuine)
    assert welcome["who"]["known"] is True, "the genuine session is accepted, or nothing below means anything"
    if not Entry.objects.filter(text=SECRET, handle__value="100002").exists():
        alice.say(SECRET)
    value = FORGED[forged]()
    socket, stranger = house.chat(session=value)
    knows_nothing(socket, stranger)
    assert stranger["proof"]["state"] == "none"
    if value and isinstance(value, str):
        refused = next(frame for frame in _soon(socket) if frame["t"] == "error")
        assert refused["code"] == "session_refused"
        socket, stranger = house.chat(session=value, token=welcome["token"])
        knows_nothing(socket, stranger)


def _soon(socket: Socket) -> list[Any]:
    try:
        socket.ask({"t": "ping"}, "pong")
    except Closed:
        pass
    return [frame for frame in socket.heard if frame["t"] != "welcome"]


def test_words_of_a_stranger_make_him_nobody_else(house: House, inside: None) -> None:
    """N-12: neither fields nor typed addresses nor a claimed account merge two people."""
    genuine = demo.sign_session("100002", now=clock.now(), key=read_keys(KEY)[0], audience="trustdesk")
    alice, _ = house.chat(session=genuine)
    own = Conversation.objects.get(reference=alice.say(SECRET)["case"])
    mail = "alice.morgan@post.example.test"
    socket, welcome = house.chat(
        uid="100002", user_id="100002", email=mail, mail=mail, name="Alice Morgan", known=True, proof=3, kind="uid", handle="100002",
        who={"known": True, "uid": "100002"}, thread="uid:100002",
    )  # fmt: skip
    knows_nothing(socket, welcome)
    ack = socket.say(f"I am Alice, {mail}, UID 100002", handle="100002", handle_kind="uid", proof=3, thread="uid:100002", name="Alice")
    case = Conversation.objects.get(reference=ack["case"])
    socket.ask({"t": "mail_me", "mail": mail}, "queue")
    socket.ask({"t": "prove", "how": "mail_code", "account": mail}, "proof")
    socket.ask({"t": "prove", "how": "second_factor", "account": "100002", "uid": "100002"}, "proof")
    case.refresh_from_db()
    assert case.pk != own.pk
    assert case.customer_id != own.customer_id
    assert (case.proof_level, case.proof_until) == (0, None)
    assert set(case.customer.handles.values_list("kind", flat=True)) == {"visitor"}
    again, welcome = house.chat(token=socket.heard[0]["token"])
    assert SECRET not in repr(welcome)
    assert again.ask({"t": "transcript"}, "transcript")["error"] == "no_proved_mail"


def test_a_known_visitors_token_ends_twelve_hours_after_the_signed_session() -> None:
    """However often it is renewed: every welcome hands out a new one."""
    start = clock.now()
    with clock.frozen(start):
        token = visitors.token(visitors.identified(uid="100002", mail="", now=start))
    for hours in range(1, 12):
        with clock.frozen(start + timedelta(hours=hours)):
            visitor = visitors.read(token)
            assert visitor is not None, hours
            token = visitors.token(visitor)
    with clock.frozen(start + timedelta(hours=12, minutes=1)):
        assert visitors.read(token) is None
        assert visitors.read(visitors.token(Visitor("visitor", "anna"))) is not None


# Frames that break the rules (N-11) --------------------------------------------------------------------------------


def deep(depth: int) -> str:
    """Word a frame with this many brackets in each other."""
    return '{"t":"ping","x":' + "[" * depth + "]" * depth + "}"


BROKEN: dict[str, tuple[Callable[[Socket], None], set[int]]] = {
    "64 KB and one byte": (lambda socket: socket.send("x" * (64 * 1024 + 1)), {1009}),
    "a megabyte": (lambda socket: socket.send('{"t":"ping","x":"' + "x" * 2**20 + '"}'), {1009}),
    "a length and no bytes": (lambda socket: socket.link.sendall(b"\x81\xff" + b"\x00\x00\x00\x7f\xff\xff\xff\xff" + b"\0" * 4), {1009}),
    "fragments without end": (lambda socket: fragments(socket), {1009}),
    "binary": (lambda socket: socket.raw(BINARY, b'{"t":"ping"}'), {1008}),
    "not masked": (lambda socket: socket.raw(TEXT, b'{"t":"ping"}', masked=False), {1002}),
    "continued, never begun": (lambda socket: socket.raw(CONTINUED, b"x"), {1002}),
    "an endless ping": (lambda socket: socket.raw(PING, b"x" * 126), {1002}),
    "an opcode of nobody": (lambda socket: socket.raw(3, b"x"), {1002}),
    "not UTF-8": (lambda socket: socket.raw(TEXT, b'{"t":"\xff\xfe"}'), {1007, 1008}),
    "half a pair": (lambda socket: socket.send('{"t":"ping","x":"\\ud800"}'), {1008}),
    "no JSON": (lambda socket: socket.send("hello"), {1008}),
    "nothing": (lambda socket: socket.send(""), {1008}),
    "a list": (lambda socket: socket.send(["ping"]), {1008}),
    "a number for t": (lambda socket: socket.send({"t": 1}), {1008}),
    "no t": (lambda socket: socket.send({"x": 1}), {1008}),
    "an unknown t": (lambda socket: socket.send({"t": "subscribe", "topic": "*"}), {1008}),
    "a private name for t": (lambda socket: socket.send({"t": "__class__"}), {1008}),
    "hello again": (lambda socket: socket.send({"t": "hello", "v": 1}), {1008}),
    "30,000 deep": (lambda socket: socket.send(deep(30_000)), {1008}),
    "not a number": (lambda socket: socket.send('{"t":"ping","x":NaN}'), {1008}),
}


WRITING = {"a megabyte", "fragments without end", "64 KB and one byte"}


def fragments(socket: Socket) -> None:
    """Begin a message and never end it."""
    socket.raw(TEXT, b"x" * 1000, last=False)
    for _ in range(100):
        socket.raw(CONTINUED, b"x" * 1000, last=False)


@pytest.mark.parametrize("broken", BROKEN)
def test_a_broken_frame_closes_its_socket_and_no_other(house: House, broken: str) -> None:
    act, codes = BROKEN[broken]
    other, _ = house.chat()
    socket, _ = house.chat()
    started = time.monotonic()
    try:
        act(socket)
    except OSError:
        pass  # closed under us, which is the point
    # A server that closes while we still write may take the close frame with it.
    assert socket.closed() in codes | ({1006} if broken in WRITING else set())
    assert time.monotonic() - started < 2
    started = time.monotonic()
    other.ask({"t": "ping"}, "pong")
    assert time.monotonic() - started < 1


def test_a_thousand_brackets_are_still_json(house: House) -> None:
    """N-11: read, or refused as what they are; in neither case does the process suffer."""
    socket, _ = house.chat()
    socket.send(deep(1000))
    assert socket.receive()["t"] == "pong"


@pytest.mark.parametrize(
    "first",
    [None, '{"t":"ping"}', '{"t":"hello"}', '{"t":"hello","v":2}', '{"t":"hello","v":"1"}', '{"t":"send","id":"a","text":"b"}', "x"],
)
def test_who_does_not_say_hello_is_out_within_five_seconds(house: House, first: str | None) -> None:
    socket = Socket(house.port)
    started = time.monotonic()
    if first is not None:
        socket.send(first)
    assert socket.closed(within=7) == (4401 if first is None else 1008)
    assert time.monotonic() - started < 6.5


def test_a_handshake_that_never_ends_is_cut(house: House) -> None:
    """N-11: neither with nor without a first byte does a connection stay."""
    silent, slow = connect(house.port, timeout=30), connect(house.port, timeout=30)
    with silent, slow:
        slow.sendall(b"GET /live/chat HTTP/1.1\r\nHost: a\r\n")
        started = time.monotonic()
        assert silent.recv(1) == b""
        assert slow.recv(1) == b""
        assert time.monotonic() - started < 15


def at(secure: House, address: str) -> Socket:
    """Open a chat from this address through our proxy, under the limits of production."""
    headers = ("X-Forwarded-Proto: https", f"X-Forwarded-For: {address}")
    socket = Socket(secure.port, host=HOST, origins=(f"https://{HOST}",), headers=headers)
    socket.hello()
    return socket


def test_a_flood_ends_its_own_socket_and_costs_nobody_else(secure: House) -> None:
    """N-11: a thousand frames at once on each of ten sockets; others talk on and memory stays."""
    other = at(secure, "203.0.113.1")
    other.say("before")
    floods = [at(secure, f"203.0.113.{number}") for number in range(10, 20)]
    before = secure.memory()
    flood = b"".join(_masked({"t": "typing", "on": True}) for _ in range(1000))
    for socket in floods:
        try:
            socket.link.sendall(flood)
        except OSError:
            continue
    waits = []
    for number in range(15):
        started = time.monotonic()
        assert other.say(f"still here {number}")["t"] == "ack"
        waits.append(time.monotonic() - started)
    assert sorted(waits)[12] < 1.5, waits
    # What was on its way when it closed is answered with a reset, which may overtake the close frame.
    assert {socket.closed(within=10) for socket in floods} <= {1008, 1006}
    assert secure.memory() - before < 50e6


def test_messages_faster_than_anyone_types_are_asked_to_wait(secure: House) -> None:
    """B-01 on the wire: twenty a minute, then rate_limited with a time, and nothing of it is stored."""
    socket = at(secure, "203.0.113.77")
    answers = [socket.say(f"message {number}") for number in range(24)]
    assert [answer["t"] for answer in answers[:20]] == ["ack"] * 20
    assert {answer.get("code") for answer in answers[20:]} == {"rate_limited"}
    assert all(answer["retry_after"] >= 1 for answer in answers[20:])


def _masked(frame: Any) -> bytes:
    body = orjson.dumps(frame)
    return bytes([129, 128 | len(body)]) + b"\0\0\0\0" + body
