"""How our mail looks: two languages, text and HTML, and nothing in it but what was meant."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser

import pytest

from tests.world import NOON
from trustdesk.channels import letters
from trustdesk.channels.letters import Letter
from trustdesk.net import mail


@pytest.fixture(autouse=True)
def _no_phrases() -> Iterator[None]:
    before = letters._phrase_of
    letters.use_phrases(lambda mail: "blue whale 7" if mail == "anna@mail.example" else "")
    yield
    letters.use_phrases(before)


def render(text: str = "Hello\n\nSecond", *, locale: str = "en", recipient: str = "boris@mail.example") -> Letter:
    return letters.render(subject="Your case", text=text, locale=locale, recipient=recipient)


class Page(HTMLParser):
    """Tags, attributes and text of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words += data


@pytest.mark.parametrize(
    ("locale", "safety", "check"),
    [
        ("en", "We never ask for your password, private key", "Check any address"),
        ("zh-hans", "我们绝不会", "核"),
    ],
)
def test_every_letter_says_who_we_are_and_how_to_check_it(locale: str, safety: str, check: str) -> None:
    made = render(locale=locale)
    for shape in (made.text, Page(made.html).words):
        assert "Northlight" in shape
        assert safety in shape
        assert check in shape
        assert "/official/" in shape
        assert shape.index("Hello") < shape.index("Second") < shape.index(safety)
    assert f'lang="{"zh-Hans" if locale == "zh-hans" else "en"}"' in made.html


def test_the_phrase_is_in_mail_to_its_owner_and_in_no_other() -> None:
    his = render(recipient="anna@mail.example")
    assert "blue whale 7" in his.text
    assert "blue whale 7" in his.html
    other = render()
    assert "phishing" not in other.text + other.html


def test_what_people_wrote_stays_text() -> None:
    nasty = '<img src=https://evil.example/x.png onerror=alert(1)>\n\n</p></div><script>steal()</script> & "quoted"'
    made = render(nasty)
    page = Page(made.html)
    assert not {"img", "script", "iframe", "link", "object", "form", "base"} & {tag for tag, _ in page.tags}
    assert "<script>steal()</script>" in page.words
    assert nasty.partition("\n")[0] in made.text


def test_a_phrase_stays_text() -> None:
    letters.use_phrases(lambda _mail: "<b>x</b> & {{ y }}")
    made = render()
    assert "<b>x</b> & {{ y }}" in Page(made.html).words
    assert "<b>x</b> & {{ y }}" in made.text


def test_nothing_is_fetched_when_a_letter_is_read() -> None:
    made = render("See https://northlight.example/help and http://a.example/b?c=d&e=f.", recipient="anna@mail.example")
    page = Page(made.html)
    named = {name for _, attrs in page.tags for name in attrs}
    assert not named & {"src", "srcset", "background", "poster", "data", "cite", "ping"}
    assert "url(" not in made.html
    assert "@import" not in made.html
    assert all(attrs.keys() <= {"href", "rel"} for tag, attrs in page.tags if tag == "a")


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("see https://a.example/x.", ["https://a.example/x"]),
        ("(https://a.example/x), http://b.example!", ["https://a.example/x", "http://b.example"]),
        ("请看 https://a.example/x。谢谢", ["https://a.example/x"]),
        ("javascript:alert(1) data:text/html,x ftp://a.example file:///etc/passwd", []),
        ("https://bank.example@evil.example/ http://[x", []),
        ("https://a.example/?a=1&b=2#c", ["https://a.example/?a=1&b=2#c"]),
        ('https://a.example/"onmouseover="x', ["https://a.example/"]),
    ],
)
def test_only_honest_web_addresses_become_links(text: str, links: list[str]) -> None:
    page = Page(letters.linked(text))
    assert [attrs["href"] for tag, attrs in page.tags if tag == "a"] == links
    assert page.words == text, "a link is shown as what it is"


def test_lines_stay_as_people_made_them() -> None:
    made = render("one\n  two\n\n\n\nthree\r\n\r\nfour")
    assert "one\n  two\n\nthree\n\nfour\n\n-- \n" in made.text
    assert re.findall(r"<p[^>]*>([^<]*)</p>", made.html)[1:4] == ["one\n  two", "three", "four"]


def test_no_line_is_longer_than_mail_servers_take() -> None:
    """S-56: 998 bytes without the line end (RFC 5322, 2.1.1)."""
    made = render("提现" * 5_000 + " https://a.example/" + "x" * 3_000)
    message = mail.compose(
        sender=mail.mailbox("support@northlight.example"),
        to=mail.mailbox("anna@mail.example"),
        subject="您好" * 80,
        text=made.text,
        html=made.html,
        now=NOON,
    )
    assert max(map(len, message.as_bytes().splitlines())) <= 998
