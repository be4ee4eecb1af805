"""X-10: secrets sent on every path there is, then every table and every file on disk searched for them."""

from __future__ import annotations

import base64
import hashlib
import io
import random
import secrets
from collections.abc import Callable

import base58
import pytest
from django.core.files.storage import default_storage
from django.db import connection
from django.test import Client
from mnemonic import Mnemonic

from tests import world
from tests.staff import people
from tests.world import NOON
from trustdesk.channels.contract import Inbound
from trustdesk.conversations import attachments, intake, public, replies, requests, resolution, rulebook, transcript
from trustdesk.conversations.intake import Arrival
from trustdesk.policy import guard
from trustdesk.seams import clock
from trustdesk.staff.models import Role, Team
from trustdesk.staff.permissions import Seat

pytestmark = pytest.mark.django_db


def phrase(language: str, words: int) -> str:
    return Mnemonic(language).generate(strength=words // 3 * 32)


def wif() -> str:
    return base58.b58encode_check(b"\x80" + secrets.token_bytes(32) + b"\x01").decode()


def xprv() -> str:
    return base58.b58encode_check(
        bytes.fromhex("0488ade4") + b"\0" * 9 + secrets.token_bytes(32) + b"\0" + secrets.token_bytes(32)
    ).decode()


def pem() -> str:
    body = base64.encodebytes(secrets.token_bytes(200)).decode()
    return f"-----BEGIN PRIVATE KEY-----\n{body}-----END PRIVATE KEY-----"


# Name → a message with a secret, and the parts of it that must be nowhere afterwards.
def made() -> dict[str, tuple[str, list[str]]]:
    english, chinese, japanese = phrase("english", 12), phrase("chinese_simplified", 24), phrase("japanese", 12)
    numbered = phrase("english", 24)
    key, token, seed, extended, wallet, lines = (
        secrets.token_hex(32),
        secrets.token_urlsafe(32),
        base64.b32encode(secrets.token_bytes(20)),
        xprv(),
        wif(),
        pem(),
    )
    password, code = f"Q{secrets.token_hex(5)}7x!", str(secrets.randbelow(90_000_000) + 10_000_000)
    return {
        "a password": (f"my password is {password}", [password]),
        "a password in Chinese": (f"登录密码是{password}，还是登不上去", [password]),
        "a one-time code": (f"the verification code is {code}", [code]),
        "12 words": (f"my wallet is {english} please help", [english, " ".join(english.split()[:6])]),
        "24 words in Chinese": (f"助记词：{chinese}", [chinese, "".join(chinese.split())]),
        "12 words in Japanese": (japanese, [japanese, japanese.replace("\u3000", " ")]),
        "24 words, numbered, one a line": (
            "\n".join(f"{n}. {word}" for n, word in enumerate(numbered.split(), 1)),
            ["\n".join(f"{n}. {w}" for n, w in enumerate(numbered.split(), 1))],
        ),
        "12 words in capitals": (english.upper(), [english.upper()]),
        "an extended key": (f"xprv is {extended}", [extended]),
        "a WIF key": (f"here: {wallet}.", [wallet]),
        "a named key": (f"private key: {key}", [key]),
        "a named key with 0x": (f"私钥 0x{key}", [key]),
        "an API secret": (f"API secret = {token}", [token]),
        "a second factor": (f"my 2FA key is {seed.decode()}", [seed.decode()]),
        "a key file": (lines, lines.splitlines()[1:3]),
    }


def dump() -> str:
    """Everything the database holds, as text."""
    with connection.cursor() as cursor:
        tables = [name for name in connection.introspection.table_names() if name != "django_migrations"]
        assert "conversations_entry" in tables
        rows = []
        for name in tables:
            cursor.execute(f"SELECT t::text FROM {name} t")
            rows += [row[0] for row in cursor.fetchall()]
    # Escaped quotes, backslashes and line ends of composite values and JSON, undone.
    whole = "\n".join(rows)
    return whole + whole.replace('""', '"').replace("\\\\n", "\n").replace("\\n", "\n").encode().decode(
        "unicode_escape", "ignore"
    )


def on_disk() -> bytes:
    """The bytes of every kept file."""
    found = b""
    if default_storage.exists("attachments"):
        for folder in default_storage.listdir("attachments")[0]:
            for name in default_storage.listdir(f"attachments/{folder}")[1]:
                with default_storage.open(f"attachments/{folder}/{name}") as file:
                    found += file.read()
    return found


def uploaded(text: str, *, name: str = "wallet.txt") -> str:
    body = text.encode()
    place = attachments.announce(
        handle_kind="visitor",
        handle="anna",
        client_id=secrets.token_hex(6),
        name=name,
        size=len(body),
        media_type="text/plain",
        now=NOON,
    )
    attachments.store(key=place.key, ticket=place.ticket, stream=io.BytesIO(body), declared_type="text/plain", now=NOON)
    return place.key


PATHS: dict[str, Callable[[str], object]] = {
    "a chat message": lambda text: world.chat(text),
    "a subject": lambda text: intake.receive(
        messages=[
            Arrival(
                rulebook.chat_inbox(),
                Inbound(
                    external_id="e1",
                    thread="t1",
                    handle_kind="visitor",
                    handle="anna",
                    text="hi",
                    sent_at=NOON,
                    subject=text,
                ),
            )
        ],
        now=NOON,
    ),
    "a topic": lambda text: world.chat("hi", topic=text[:50]),
    "a file": lambda text: uploaded(text),
    "a file in a message": lambda text: world.chat("see my file", uploads=(uploaded(text),)),
    "a file's name": lambda text: uploaded("nothing", name=f"{text[:190]}.txt"),
    "a reply": lambda text: world.answer(_mei(), world.chat("hi"), text),
    "a note": lambda text: world.answer(_mei(), world.chat("hi"), text, note=True),
    "a reply by the desk's form": lambda text: _by_form(text),
    "a comment of a rating": lambda text: _rated(text),
    "a transcript by mail": lambda text: transcript.mail(
        conversation_id=world.chat(text).conversation_id, now=NOON, registered="a@mail.example.test"
    ),
    "a proof": lambda text: _proving(text),
    "an address to answer to": lambda text: _answered(text),
}


def _mei() -> Seat:
    return world.agent(f"Mei{secrets.token_hex(3)}", "funds", role=Role.ADMIN)


def _by_form(text: str) -> None:
    """Through the replies' own writer in the desk, which is the way of its form and its socket."""
    case = world.chat("hi")
    seat = _mei()
    replies.send(replies=[replies.Reply(case.conversation_id, seat.agent_id, "form-1", text)], now=NOON)


def _rated(text: str) -> None:
    case = world.chat("hi", visitor=secrets.token_hex(4))
    resolution.resolve(conversation_id=case.conversation_id, seat=_mei(), now=NOON)
    requests.rate(conversation_id=case.conversation_id, score=1, comment=text, now=NOON)


def _proving(text: str) -> None:
    case = world.chat("hi").conversation_id
    requests.start_proof(conversation_id=case, how="mail_code", uid="", claimed=text[:320], locale="en", now=NOON)
    requests.check_proof(conversation_id=case, code=text, now=NOON)


def _answered(text: str) -> None:
    with pytest.raises(requests.UnableToAct, match="bad_mail"):
        requests.leave_mail(conversation_id=world.chat("hi").conversation_id, mail=text, now=NOON)


@pytest.fixture(autouse=True)
def _at_noon() -> object:
    world.fresh()
    with clock.frozen(NOON):
        yield


@pytest.mark.parametrize("path", PATHS)
def test_no_secret_is_stored_whatever_way_it_comes(path: str) -> None:
    kinds = made()
    cut = {"a topic": 50, "a file's name": 190}.get(path, 10**6)
    for text, _ in kinds.values():
        if len(text) < cut:  # half a phrase is no phrase: what is cut off is not what this is about
            PATHS[path](text)
    stored, kept = dump(), on_disk()
    for name, (text, parts) in kinds.items():
        for part in [text, *parts]:
            if len(text) < cut:
                assert part not in stored, f"{name} by way of {path}"
                assert part.encode() not in kept, f"{name} by way of {path}"


def test_the_dump_would_show_what_is_stored() -> None:
    """Otherwise finding nothing means nothing."""
    world.chat('a "quoted" word, 中文, a\nline and a \\ backslash')
    uploaded("plain words in a file")
    stored = dump()
    for part in ('"quoted" word', "中文", "a\nline", "backslash"):
        assert part in stored
    assert b"plain words in a file" in on_disk()


def test_the_customer_is_told_and_staff_see_the_mark_alone() -> None:
    kinds = made()
    for name, (text, _) in kinds.items():
        received = world.chat(text, visitor=name)
        assert received.masked, name
        page = public.entries_after({received.conversation_id: 0})[received.conversation_id]
        assert any(line.event == "secret_masked" for line in page.lines), name
        assert "•••" in page.lines[0].text


def test_a_masked_secret_is_on_no_page_of_the_desk() -> None:
    text, parts = made()["12 words"]
    case = world.chat(text)
    client = people.signed_in(people.agent(teams=(Team.objects.get(slug="funds"),)))
    seen = b"".join(
        client.get(f"/desk/{case.reference}/{part}").content for part in ("", "_timeline.html", "_panel.html")
    )
    assert b"my wallet is" in seen
    assert not [part for part in [text, *parts] if part.encode() in seen]


# What is no secret -------------------------------------------------------------------------------------------------

ASKS = (
    "My deposit of {amount} {coin} has not arrived, transaction {hash}",
    "我充值的 {amount} {coin} 还没有到账，交易哈希 {hash}，地址 {address}",
    "Order {order} was cancelled, why? I paid {amount} {coin}",
    "提币 {amount} {coin} 到 {address} 已经 {number} 小时了",
    "Hash: {hash}\nAddress: {address}\nAmount: {amount} {coin}",
    "My UID is {number} and the order is {order}. Error {number} appears when I sign in.",
    "see https://etherscan.io/tx/{hash} please",
    "{hash}",
    "{address}",
    "I forgot my password and lost my phone, what can I do? My UID is {number}.",
    "Should I tell anybody my seed phrase or my private key?",
    "有人问我要助记词和私钥，这是诈骗吗？订单 {order}",
    "id {uuid}, ticket {order}, ref {hash}",
    "my api key stopped working after {number} calls, error {number}",
    "The second factor code is refused although the clock is right, UID {number}",
)


def normal_messages(count: int) -> list[str]:
    """Word messages as customers write them, full of what looks like a key and is none."""
    chance = random.Random(20261123)

    def text(n: int) -> str:
        digest = hashlib.sha256(f"{n}".encode()).hexdigest()
        address = chance.choice(
            [
                "0x" + digest[:40],
                base58.b58encode_check(b"\0" + bytes.fromhex(digest[:40])).decode(),
                base58.b58encode_check(b"A" + bytes.fromhex(digest[:40])).decode(),
            ]
        )
        return ASKS[n % len(ASKS)].format(
            hash=chance.choice([digest, "0x" + digest, digest.upper()]),
            address=address,
            coin=chance.choice(["BTC", "USDT", "ETH", "TRX"]),
            order=chance.randrange(10**17, 10**18),
            amount=chance.randrange(1, 10**6) / 100,
            number=chance.randrange(10**4, 10**9),
            uuid=f"{digest[:8]}-{digest[8:12]}-4{digest[13:16]}-a{digest[17:20]}-{digest[20:32]}",
        )

    return [text(n) for n in range(count)]


def test_a_thousand_ordinary_messages_are_stored_as_written() -> None:
    messages = normal_messages(1000)
    changed = [text for text in messages if guard.mask(text).text != text]
    assert changed == []
    received = intake.receive(
        messages=[world.message(text, visitor=f"v{n % 50}", identity=str(n)) for n, text in enumerate(messages)],
        now=NOON,
    )
    assert [one.text for one in received] == messages
    assert not any(one.masked for one in received)


def test_a_refused_form_does_not_show_a_secret_in_the_log(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    text, parts = made()["a named key"]
    client.post("/staff/login/", {"login": text, "password": text})
    client.post("/chat/transcript/", {"token": text, "case": text})
    assert not [part for part in parts if part in caplog.text]
