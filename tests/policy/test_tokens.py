"""E-19: what opens something is found in any text, and nothing else is."""

from __future__ import annotations

import pytest
from django.core.signing import TimestampSigner

from trustdesk.policy import tokens

TOKEN = "abcdefghijklmnopqrstuvwx27"
SIGNED = "WzcsImFubmFAbWFpbC5leGFtcGxlIl0:1vOabc:" + "A_-9" * 10 + "xyz"


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (f"to support+r{TOKEN}@desk.example", "to support@desk.example"),
        (f"<SUPPORT+B{TOKEN.upper()}@DESK.EXAMPLE>", "<SUPPORT@DESK.EXAMPLE>"),
        (f"mailto:support%2Br{TOKEN}%40desk.example", "mailto:support%40desk.example"),
        (f"https://desk.example/confirm/{SIGNED}/", "https://desk.example/confirm/•••/"),
        (f"https://desk.example/confirm/{SIGNED.replace(':', '%3A')}/", "https://desk.example/confirm/•••/"),
        (f'"GET /confirm/{SIGNED}/ 403"', '"GET /confirm/•••/ 403"'),
        (f"support+r{TOKEN} without its domain", "support without its domain"),
        (f"support+r{TOKEN}x@desk.example", f"support+r{TOKEN}x@desk.example"),
        (f"support+r{TOKEN[:-1]}@desk.example", f"support+r{TOKEN[:-1]}@desk.example"),
        ("anna+tag@mail.example at 12:30:45, order 1:2:3", "anna+tag@mail.example at 12:30:45, order 1:2:3"),
    ],
)
def test_what_opens_something_is_hidden(text: str, left: str) -> None:
    assert tokens.hide(text) == left


def test_that_is_how_django_signs() -> None:
    signed = TimestampSigner(key="x", salt="y").sign_object([7, "anna@mail.example"], compress=True)
    assert tokens.hide(f"see {signed}!") == "see •••!"


@pytest.mark.parametrize("text", ["a" * 200_000, "a." * 100_000, "aaaa:" * 40_000, "+r" * 100_000, "aaaa:bbbbbb:" * 20_000])
def test_a_long_run_is_read_once(text: str) -> None:
    """Taken from every letter anew, each of these would take minutes."""
    assert tokens.hide(text) == text
