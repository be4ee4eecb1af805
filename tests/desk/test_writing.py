"""What customers write is text on a page, never markup (X-01, X-03); links say where they lead."""

from __future__ import annotations

from html.parser import HTMLParser
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from tests import world
from tests.desk.desks import person
from trustdesk.desk import writing

ATTACKS = [
    "<script>alert(1)</script>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "<math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    '"><a href="javascript:alert(1)">x</a>',
    "<form action=https://evil.example><input name=q></form>",
    "<meta http-equiv=refresh content='0;url=https://evil.example'>",
    "<base href=https://evil.example>",
    "<style>@import'https://evil.example'</style>",
    "{{ 7*7 }}{% now 'Y' %}",
    "javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    'https://ok.example/"onmouseover=alert(1)//',
    "https://ok.example/'><script>alert(1)</script>",
    "https://ok.example/<script>",
    "http://[::1]:99999999/",
    "https://user:secret@real.example@evil.example/",
    "[••• <b>x</b>]",
    "\u202egpj.exe https://evil.example/\u202etxt",
]


class Seen(HTMLParser):
    """Every element of a fragment with its attributes."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def assert_harmless(text: str) -> Seen:
    seen = Seen(writing.rich(text))
    for tag, attributes in seen.elements:
        assert tag in ("a", "span"), tag
        if tag == "span":
            assert set(attributes) <= {"class", "title"}
        else:
            assert set(attributes) == {"href", "target", "rel"}
            assert str(attributes["href"]).lower().startswith("/desk/leave/?to=http")
            assert {"noopener", "noreferrer"} <= set(str(attributes["rel"]).split())
    return seen


@pytest.mark.parametrize("attack", ATTACKS)
def test_markup_is_shown_not_obeyed(attack: str) -> None:
    assert_harmless(attack)
    assert_harmless(f"look {attack} here")


@given(st.text(max_size=300))
def test_any_text_comes_out_as_it_went_in(text: str) -> None:
    text = text.replace("\r", "\n").replace("\0", "")
    seen = assert_harmless(text)
    if "[•••" not in text and "://" not in text:
        assert seen.text == text


@given(
    st.lists(
        st.sampled_from([*ATTACKS, "https://a.example/", "[••• seed_phrase]", " ", "\n", "<", "&amp;"]), max_size=8
    )
)
def test_pieces_of_attacks_put_together_stay_harmless(pieces: list[str]) -> None:
    assert_harmless("".join(pieces))


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("see https://example.com/a?b=c&d=e#f.", ["https://example.com/a?b=c&d=e#f"]),
        ("(https://example.com/wiki/A_(b))", ["https://example.com/wiki/A_(b)"]),
        ("请看https://example.com/充值。谢谢", ["https://example.com/"]),
        ("打开https://example.com/x，然后", ["https://example.com/x"]),
        ("HTTPS://EXAMPLE.COM/X", ["HTTPS://EXAMPLE.COM/X"]),
        ("https://пример.рф/страница", ["https://пример.рф/"]),
        ("https://a.example,https://b.example", ["https://a.example", "https://b.example"]),
        ("ftp://example.com example.com www.example.com javascript://example.com/%0aalert(1)", []),
        ("https:// http://. https://?", []),
    ],
)
def test_links_end_where_they_end(text: str, links: list[str]) -> None:
    hrefs = [str(attributes["href"]) for tag, attributes in assert_harmless(text).elements if tag == "a"]
    assert [parse_qs(urlsplit(href).query)["to"][0] for href in hrefs] == links


def test_a_secret_that_was_removed_is_named_not_shown() -> None:
    seen = assert_harmless("my words: [••• seed_phrase] ok")
    [(tag, attributes)] = seen.elements
    assert (tag, attributes["class"], seen.text) == ("span", "secret", "my words: seed phrase ok")
    assert "removed before the message was stored" in str(attributes["title"])
    assert writing.plain("[••• wif]") == "[private key]"
    assert Seen(writing.rich("[••• of_tomorrow]")).text == "secret"


@pytest.mark.parametrize(
    ("url", "raw", "warnings"),
    [
        ("https://example.com/a", "example.com", set()),
        ("http://example.com", "example.com", {"not_encrypted"}),
        ("https://nоrthlight.example", "xn--nrthlight-02h.example", {"mixed_scripts"}),
        ("https://xn--nrthlight-02h.example", "xn--nrthlight-02h.example", {"mixed_scripts"}),
        ("https://例子.example", "xn--fsqu00a.example", {"other_script"}),
        ("https://northlight.example@evil.example/x", "evil.example", {"user_in_address"}),
        ("https://127.0.0.1/", "127.0.0.1", {"number"}),
        ("https://2130706433/", "2130706433", {"number"}),
        ("https://[2001:db8::1]/", "2001:db8::1", {"number"}),
    ],
)
def test_a_destination_says_what_is_odd_about_it(url: str, raw: str, warnings: set[str]) -> None:
    to = writing.destination(url)
    assert to is not None
    assert (to.raw, set(to.warnings)) == (raw, warnings)


@pytest.mark.parametrize(
    "url", ["", "javascript:alert(1)", "//evil.example", "https://", "https://a\nb", "https://" + "a" * 3000, "data:x"]
)
def test_what_is_no_address_of_the_web_is_no_destination(url: str) -> None:
    assert writing.destination(url) is None


@pytest.mark.django_db
def test_the_page_between_shows_both_forms_of_the_host_and_opens_nothing_by_itself() -> None:
    world.fresh()
    _, client = person("Mei", "funds")
    page = client.get("/desk/leave/", {"to": "https://nоrthlight.example/claim?<script>"})
    text = page.content.decode()
    assert page.status_code == 200
    assert "nоrthlight.example" in text
    assert "xn--nrthlight-02h.example" in text
    assert "<script>" not in text.replace('<script type="module"', "")
    assert 'rel="noopener noreferrer nofollow"' in text
    assert "refresh" not in {name.lower() for name in page.headers}
    refused = client.get("/desk/leave/", {"to": "javascript:alert(1)"})
    assert refused.status_code == 400
    assert "javascript:" not in refused.content.decode()
    assert Client().get("/desk/leave/", {"to": "https://example.com"}).status_code == 302
