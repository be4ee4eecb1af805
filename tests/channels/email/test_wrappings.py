"""What a mail carries in other clothes: signed opaquely, or as an invitation."""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import pkcs7
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from tests.channels.email.test_parsing import HEAD, PDF, mixed, text
from trustdesk.channels.adapters.email import smime
from trustdesk.channels.adapters.email.letter import Mailbox
from trustdesk.channels.adapters.email.parsing import read


@pytest.mark.parametrize(
    ("method", "summary", "words", "line"),
    [
        (b"REQUEST", "上币会议", "", "日程：上币会议 · 2024-01-02 10:00 UTC"),
        (b"CANCEL", "Call", "抱歉，会议取消", "日程（已取消）：Call · 2024-01-02 10:00 UTC"),
        (b"REPLY", "上币会议", "", "日程（答复）：上币会议 · 2024-01-02 10:00 UTC"),
        (b"CANCEL", "Call", "sorry", "Calendar, cancelled: Call · 2024-01-02 10:00 UTC"),
    ],
)
def test_an_invitation_is_said_in_the_language_of_its_mail(method: bytes, summary: str, words: str, line: str) -> None:
    event = b"BEGIN:VCALENDAR\r\nMETHOD:%s\r\nBEGIN:VEVENT\r\nSUMMARY:%s\r\nDTSTART:20240102T100000Z\r\nEND:VEVENT\r\n" % (
        method, summary.encode()
    )  # fmt: skip
    letter = read(HEAD + mixed(text(words.encode()), text(event, b"calendar"), kind=b"alternative"))
    assert letter.text.strip().endswith(line)
    assert [file.said for file in letter.files] == [True]


def test_a_calendar_that_says_nothing_is_a_file() -> None:
    letter = read(HEAD + mixed(text(b"see there"), text(b"BEGIN:VCALENDAR\r\nEND:VCALENDAR", b"calendar")))
    assert [(file.name, file.said) for file in letter.files] == [("invite.ics", False)]


def der(tag: int, *contents: bytes) -> bytes:
    inside = b"".join(contents)
    size = len(inside).to_bytes(4)
    return bytes([tag, 0x84]) + size + inside


def ber(tag: int, *contents: bytes) -> bytes:
    """As streams write it: the end is a mark."""
    return bytes([tag, 0x80]) + b"".join(contents) + b"\0\0"


def cms(inner: bytes, *, made: Callable[..., bytes] = der, kind: str = "2a864886f70d010702", pieces: int = 0) -> bytes:
    octets = (
        made(0x24, *(der(0x04, inner[place : place + pieces]) for place in range(0, len(inner), pieces)))
        if pieces
        else der(0x04, inner)
    )
    carried = made(0x30, der(0x06, bytes.fromhex("2a864886f70d010701")), made(0xA0, octets))
    return made(0x30, der(0x06, bytes.fromhex(kind)), made(0xA0, made(0x30, der(2, b"\1"), der(0x31), carried, der(0x31))))


def opaque(wrapped: bytes, kind: bytes = b"application/pkcs7-mime; smime-type=signed-data") -> bytes:
    return (
        b"Content-Type: " + kind + b'; name="smime.p7m"\r\nContent-Disposition: attachment; filename="smime.p7m"\r\n'
        b"Content-Transfer-Encoding: base64\r\n\r\n" + base64.encodebytes(wrapped)
    )


@pytest.mark.parametrize("pieces", [0, 7])
@pytest.mark.parametrize("made", [der, ber])
@pytest.mark.parametrize("kind", [b"application/pkcs7-mime; smime-type=signed-data", b"application/x-pkcs7-mime"])
def test_what_is_signed_opaquely_is_read_as_the_mail(made: Callable[..., bytes], pieces: int, kind: bytes) -> None:
    inner = mixed(text("我的提现 123 没有到账".encode()), PDF, boundary=b"inner")
    letter = read(HEAD + opaque(cms(inner, made=made, pieces=pieces), kind))
    assert letter.text.strip() == "我的提现 123 没有到账"
    assert [file.name for file in letter.files] == ["a.pdf"]
    assert (letter.sender, letter.subject) == (Mailbox("Lin", "lin@home.example"), "hello")
    twice = read(HEAD + opaque(cms(opaque(cms(inner, made=made)), made=made), kind))
    assert twice.text == letter.text


def test_a_mail_that_a_real_program_signed() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Lin")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), 7, datetime(2024, 1, 1), datetime(2034, 1, 1))  # noqa: DTZ001
    certificate = builder.sign(key, hashes.SHA256())
    signing = pkcs7.PKCS7SignatureBuilder(text(b"My withdrawal 123 is missing")).add_signer(certificate, key, hashes.SHA256())
    letter = read(HEAD + opaque(signing.sign(serialization.Encoding.DER, [pkcs7.PKCS7Options.Binary])))
    assert (letter.text, letter.files) == ("My withdrawal 123 is missing", ())


@pytest.mark.parametrize(
    "wrapped",
    [
        cms(b"Content-Type: text/plain\r\n\r\nsecret", kind="2a864886f70d010703"),  # encrypted
        cms(b"Content-Type: text/plain\r\n\r\nhi")[:60],
        cms(b" "),
        b"\x30\x80" * 100_000,
        b"\x24\x80" * 100_000,
        cms(b"x", made=lambda tag, *inside: bytes([tag, 0x84, 255, 255, 255, 255]) + b"".join(inside)),
        b"",
        b"0",
    ],
)
def test_what_cannot_be_unwrapped_stays_a_file(wrapped: bytes) -> None:
    letter = read(HEAD + mixed(text(b"hi"), opaque(wrapped)))
    assert letter.text == "hi"
    assert [(file.name, file.content, file.said) for file in letter.files] == [("smime.p7m", wrapped, False)]


@given(st.binary(max_size=400), st.integers(0, 400), st.integers(0, 255))
def test_whatever_stands_in_a_wrapping_is_content_or_none(noise: bytes, place: int, byte: int) -> None:
    whole = bytearray(cms(b"Content-Type: text/plain\r\n\r\nhello" + noise, made=ber, pieces=50))
    whole[place % len(whole)] = byte
    for body in (noise, bytes(whole)):
        found = smime.signed_content(body)
        assert found is None or len(found) <= len(body)
