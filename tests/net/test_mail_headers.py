"""Text from strangers in mail headers (E-14), and what counts as an address."""

from __future__ import annotations

from email import message_from_bytes, policy
from email.utils import getaddresses
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.net.smtp import Sink, letter, plain, smtp_server
from trustdesk.net.mail import MailFailed, _checked, clean_header, mailbox, send

TRICKS = [
    "Eve\r\nBcc: victim@example.org",
    "Eve\nBcc: victim@example.org",
    "Eve\rBcc: victim@example.org",
    "Eve\u2028Bcc: victim@example.org",
    "Eve\u2029Bcc: victim@example.org",
    "Eve\x85Bcc: victim@example.org",
    "Eve\x0bBcc: victim@example.org\x00",
    "=?utf-8?q?=0D=0ABcc:_victim@example.org?=",
    "=?utf-8?b?DQpCY2M6IHZpY3RpbUBleGFtcGxlLm9yZw==?=",
    "=?us-ascii?q?Eve=0ABcc:_victim@example.org?= <x@example.org>",
    "=?=?utf-8?q?x?=?utf-8?q?=0D=0ABcc:_victim@example.org?=",
    'Eve" <victim@example.org>, "x',
    "Eve, victim@example.org",
    "victim@example.org",
    "Eve <victim@example.org>",
    "Eve (victim@example.org)",
    "Eve:victim@example.org;",
    "\\",
    '"',
    "Eve\\",
    "x" * 5000 + ", victim@example.org",
    "林薇" * 400,
    "\ud800",
    "\u202egro.elpmaxe@mitciv",
    "",
    " ",
]


@pytest.mark.parametrize("trick", TRICKS)
def test_a_strangers_text_adds_no_header_and_no_recipient(trick: str) -> None:
    sink = Sink()
    with smtp_server(sink) as port:
        message = letter(name=trick, subject=trick, headers={"X-Field": trick})
        fields = len(message)
        send(message, smtp=plain(port))
    [envelope] = sink.arrived
    assert envelope.rcpt_tos == ["lin.wei@example.test"]
    content = envelope.content
    assert isinstance(content, bytes)
    head = content.partition(b"\r\n\r\n")[0]
    assert len([line for line in head.split(b"\r\n") if not line.startswith((b" ", b"\t"))]) == fields
    for reader in (policy.default, policy.compat32):
        again = message_from_bytes(content, policy=reader)
        assert len(again) == fields
        assert again["Bcc"] is None
        assert [address for _, address in getaddresses([str(again["To"])])] == ["lin.wei@example.test"]


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=200), st.text(max_size=200))
def test_no_text_changes_what_a_message_says(name: str, subject: str) -> None:
    message = letter(name=name, subject=subject)
    wire, recipients = _checked(message)
    again = message_from_bytes(wire, policy=policy.default)
    assert recipients == ["lin.wei@example.test"]
    assert again.keys() == message.keys()
    assert [one.addr_spec for one in again["To"].addresses] == ["lin.wei@example.test"]
    assert "\r" not in str(again["Subject"])
    assert "\n" not in str(again["Subject"])


def test_ordinary_text_survives_the_cleaning() -> None:
    for text in ("林薇", "Re: BTC/USDT 订单 #12 – 100 % filled?", "José O'Brien-Núñez", "a = ? b"):
        assert clean_header(text, longest=100) == text
    posing = mailbox("a@example.test", name='"support@desk.example" <x@y.z>, [b]').display_name
    assert posing == "support desk.example x y.z b"
    assert mailbox("a@example.test", name="José O'Brien Jr.").display_name == "José O'Brien Jr."


@pytest.mark.parametrize(
    "field", ["Bcc:", "X Y", "X\r\nBcc", "", "To", "from", "SUBJECT", "X-Ünicode", "message-id", "1-First"]
)
def test_a_field_that_is_not_ours_to_set_is_refused(field: str) -> None:
    with pytest.raises(MailFailed, match="header"):
        letter(headers={field: "victim@example.org"})


def test_a_message_built_elsewhere_is_checked_too() -> None:
    """The generator of some Python releases writes a line break it was given; nothing of it may leave."""

    class Bent(str):
        """A header value that folds into two fields, as a policy without checks would write it."""

        name = "X-Bent"

        def fold(self, *, policy: Any) -> str:
            return "X-Bent: a\r\nBcc: victim@example.org\r\n"

    message = letter()
    message._headers.append(("X-Bent", Bent("a")))  # type: ignore[attr-defined]
    with pytest.raises(MailFailed) as failed:
        send(message, smtp=plain(1))
    assert (failed.value.reason, failed.value.permanent) == ("header", True)
    doubled = letter()
    doubled._headers.append(("Subject", doubled["Subject"]))  # type: ignore[attr-defined]
    with pytest.raises(MailFailed, match="header"):
        send(doubled, smtp=plain(1))


NOT_ADDRESSES = [
    *("", "@", "a@", "@example.test", "a", "a b@example.test", "a@b@example.test", "a@example.test\r\nRCPT TO:<x@y.z>"),
    *("a@example", "a@-example.test", "a@exa_mple.test", "a@.test", "a@example.test.", ".a@example.test"),
    *("a.@example.test", "a..b@example.test", '"a b"@example.test', "<a@example.test>", "a@[127.0.0.1]"),
    *("a,b@example.test", "林@example.test", "a@example.test,b@example.test", "a" * 65 + "@example.test"),
    *("a@" + "b" * 64 + ".test", "a\u2028@example.test", "a\x00@example.test", "a@exam\u200bple.test"),
]


@pytest.mark.parametrize("address", NOT_ADDRESSES)
def test_what_is_not_plainly_one_address_is_refused(address: str) -> None:
    with pytest.raises(MailFailed) as failed:
        mailbox(address)
    assert (failed.value.reason, failed.value.permanent) == ("address", True)


def test_addresses_are_read_with_international_domains() -> None:
    assert mailbox(" Ops+1@交易所.中国 ").addr_spec == "Ops+1@xn--tlqx19b5xc.xn--fiqs8s"
    assert mailbox("o'hara.x_y@Example.TEST").addr_spec == "o'hara.x_y@example.test"
