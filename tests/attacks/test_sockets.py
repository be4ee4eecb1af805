"""N-09 … N-12, S-12: what a socket is asked for that is nobody's to have, and frames no client of ours would send."""

from __future__ import annotations

import base64
import contextlib
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import jwt
import orjson
import pytest
from django.core import signing

from tests import world
from tests.attacks.conftest import HOST, House
from tests.attacks.wire import Closed, Refused, Socket
from tests.staff import people
from trustdesk.conversations.intake import Received
from trustdesk.conversations.models import Conversation, Entry
from trustdesk.customers import visitors
from trustdesk.customers.visitors import Visitor
from trustdesk.exchange import demo
from trustdesk.exchange.sessions import read_keys
from trustdesk.seams import clock
from trustdesk.staff.models import Role, Team

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
    [
        "",
        "Cookie: trustdesk=",
        "Cookie: trustdesk=" + "a" * 32,
        'Cookie: trustdesk="\\000\\000\\000\\000\\000\\000\\000\\000"',
        "Cookie: " + "a=b; " * 500,
        "Cookie: trustdesk=%27%20OR%201=1",
    ],
)
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
    frame = {
        "t": kind,
        "case": anna.case,
        "conversation_id": before["id"],
        "reference": anna.case,
        "id": "x",
        "after": 0,
        "epoch": welcome["epoch"],
        "seq": 1,
        "on": True,
        "score": 1,
        "how": "mail_code",
        "mail": "b@example.com",
    }
    boris.send(frame)
    if kind == "open":  # a frame of the desk
        assert boris.closed() == 1008
    else:
        boris.ask({"t": "ping"}, "pong")
    own, _ = house.chat()
    own.say("a case of his own")
    own.send(frame)
    with contextlib.suppress(TimeoutError, Closed):
        own.when(lambda one: one["t"] == "entries", within=0.4)
    assert SECRET not in repr(boris.heard) + repr(own.heard)
    after = Conversation.objects.filter(reference=anna.case).values().get()
    assert after == before
    with pytest.raises(TimeoutError):
        anna.when(lambda one: one["t"] in ("typing", "ended", "proof"), within=0.3)


def test_what_others_write_is_not_heard(house: House, anna: Any) -> None:
    """N-10, N-13: everything that moves in a case, told to its own sockets alone."""
    boris, _ = house.chat()
    boris.say("hello")
    seat = world.agent(f"Mei{time.monotonic_ns()}", "funds", role=Role.ADMIN)
    received = Received(
        Conversation.objects.get(reference=anna.case).pk, anna.case, None, 1, clock.now(), "", (), False, False
    )
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
        f"{other}:{stamp}:{seal}",
        f"{body}:{stamp}:{flipped}",
        f"{body}:{stamp}:",
        f"{body}:{stamp}",
        f"{body}::{seal}",
        f".{token}",
        token[:-5],
        token * 2,
        token.upper(),
        body,
        "a" * 1999,
        "\x00" * 30,
        f"{body}:zzzzzz:{seal}",
    ]


def test_a_token_that_is_not_ours_to_the_letter_names_a_stranger(house: House, anna: Any) -> None:
    """N-10: and so does one of the right form signed for another purpose."""
    key = "announced-for-something-else"
    foreign = [
        signing.dumps(["visitor", "anna", "", 0, "", int(time.time())], salt=key),
        signing.dumps(["mail", "anna@example.com", "", 0, "", int(time.time())], salt="trustdesk.customers.visitors"),
        signing.dumps(["visitor", "anna"], salt="trustdesk.customers.visitors"),
        signing.dumps(
            ["visitor", "anna", "", 0, "", int(time.time())], key="x" * 50, salt="trustdesk.customers.visitors"
        ),
        signing.dumps(["visitor", "anna", "", 0, "", int(time.time()) + 3600], salt="trustdesk.customers.visitors"),
        signing.dumps(
            ["visitor", "anna", "", 0, "", int(time.time()) - 31 * 86400], salt="trustdesk.customers.visitors"
        ),
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
    whole = {
        "uid": "100002",
        "mail": "alice.morgan@post.example.test",
        "locale": "en",
        "aud": "trustdesk",
        "iat": now,
        "exp": now + 300,
    }
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
    "of tomorrow": lambda: jwt.encode(
        claims(iat=claims()["iat"] + 86400, exp=claims()["iat"] + 86700), KEY, algorithm="HS256"
    ),
    "HS384": lambda: jwt.encode(claims(), KEY, algorithm="HS384"),
    "no uid": lambda: jwt.encode(claims(uid=None), KEY, algorithm="HS256"),
    "a list for uid": lambda: jwt.encode(claims(uid=["100002"]), KEY, algorithm="HS256"),
    "a visitor's uid": lambda: jwt.encode(claims(uid="visitor:anna'; --"), KEY, algorithm="HS256"),
    "a key in the header": lambda: jwt.encode(claims(), KEY, algorithm="HS256", headers={"jku": "http://127.0.0.1:1/"}),
    "plain words": lambda: "100002",
    "an object": lambda: {"uid": "100002", "mail": "alice.morgan@post.example.test"},
    "a truth": lambda: True,
    "nothing": lambda: "",
}


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
    with contextlib.suppress(Closed):
        socket.ask({"t": "ping"}, "pong")
    return [frame for frame in socket.heard if frame["t"] != "welcome"]


def test_words_of_a_stranger_make_him_nobody_else(house: House, inside: None) -> None:
    """N-12: neither fields nor typed addresses nor a claimed account merge two people."""
    genuine = demo.sign_session("100002", now=clock.now(), key=read_keys(KEY)[0], audience="trustdesk")
    alice, _ = house.chat(session=genuine)
    own = Conversation.objects.get(reference=alice.say(SECRET)["case"])
    mail = "alice.morgan@post.example.test"
    socket, welcome = house.chat(
        uid="100002",
        user_id="100002",
        email=mail,
        mail=mail,
        name="Alice Morgan",
        known=True,
        proof=3,
        kind="uid",
        handle="100002",
        who={"known": True, "uid": "100002"},
        thread="uid:100002",
    )
    knows_nothing(socket, welcome)
    ack = socket.say(
        f"I am Alice, {mail}, UID 100002",
        handle="100002",
        handle_kind="uid",
        proof=3,
        thread="uid:100002",
        name="Alice",
    )
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
