"""What staff see of mail in a case: who vouches for its sender, who else wrote, what we sent, and what they do about it."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests import world
from tests.desk import mails
from tests.desk.desks import HTMX, case_of, person
from tests.desk.mails import LIN
from tests.world import NOON
from trustdesk.channels import addresses
from trustdesk.conversations import queries
from trustdesk.conversations.models import Entry
from trustdesk.desk import mail_wording
from trustdesk.staff.models import Audit

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh(db: None) -> None:
    world.fresh()
    addresses.forget()


def read(client: Any, reference: str, part: str = "") -> str:
    answer = client.get(f"/desk/{reference}/{part}")
    assert answer.status_code == 200, answer.content
    return str(answer.content.decode())


@pytest.mark.parametrize(
    ("verdict", "word", "tone"),
    [("proved", "Proved", "success"), ("claimed", "Only claimed", "warning"), ("failed", "Not vouched for", "danger"),
     ("of tomorrow", "Only claimed", "warning")],
)  # fmt: skip
def test_a_sender_stands_with_who_vouches_for_him(verdict: str, word: str, tone: str) -> None:
    _, client = person("Mei", "funds")
    page = read(client, mails.mail(verdict=verdict).reference)
    assert re.search(rf'badge--{tone}" title="[^"]{{20,}}">.*{word}</summary>', page)
    assert "l•••@customer.example" in page
    assert LIN not in page


def test_recipients_history_and_refused_files_are_told() -> None:
    _, client = person("Mei", "funds")
    ours = addresses.default()
    secret = addresses.reply_address(conversation_id=1, recipient=LIN, ours=ours, now=NOON)
    case = mails.mail(
        to=[secret, "Second <second@partner.example>"],
        cc=["boss@customer.example"],
        quoted="On Monday <b>you</b> wrote: see https://x.example/a [••• seed_phrase]",
        refused_files=[["<i>a.exe", "type_refused"], ["b.zip", "of_tomorrow"]],
    )
    page = read(client, case.reference)
    assert ours in page
    assert secret not in page  # who knows it can write to the case
    assert "s•••@partner.example" in page
    assert "b•••@customer.example" in page
    assert "(adds nobody)" in page
    assert "On Monday &lt;b&gt;you&lt;/b&gt; wrote" in page
    assert "/desk/leave/?to=https%3A%2F%2Fx.example%2Fa" in page
    assert "&lt;i&gt;a.exe</bdi>, of a kind we do not take" in page
    assert "b.zip</bdi>, cannot be shown safely" in page
    assert "second@" not in page


def test_a_long_list_of_recipients_is_cut() -> None:
    _, client = person("Mei", "funds")
    case = mails.mail(to=[f"{chr(97 + n)}x@partner.example" for n in range(20)])
    assert "h•••@partner.example and 12 more" in read(client, case.reference)


@pytest.mark.parametrize(
    ("why", "word", "address"),
    [("third_party", "Third party", "e•••@elsewhere.example"), ("automatic", "Automatic mail", "e•••@elsewhere.example"),
     ("side", "Outside department", "eve@elsewhere.example"), ("of_tomorrow", "Third party", "e•••@elsewhere.example")],
)  # fmt: skip
def test_who_is_not_the_customer_is_told_apart(why: str, word: str, address: str) -> None:
    _, client = person("Mei", "funds")
    case = mails.mail()
    mails.aside(case, "Give me the history", sender="eve@elsewhere.example", why=why)
    page = read(client, case.reference)
    line = page[page.index("entry--outside") :]
    assert "Give me the history" in line
    assert word in line
    assert address in line
    assert "Lin Wei" not in line.partition("</article>")[0]
    assert "Note by" not in page


def test_two_outsiders_in_a_row_are_two_turns() -> None:
    _, client = person("Mei", "funds")
    case = mails.mail()
    for sender in ("eve@elsewhere.example", "eve@elsewhere.example", "adam@elsewhere.example"):
        mails.aside(case, "hello", sender=sender, why="third_party")
    page = read(client, case.reference)
    assert page.count("entry--outside entry--follows") == 1


def test_a_timeline_of_mails_costs_the_same_for_many() -> None:
    _, client = person("Mei", "funds")
    case = mails.mail(html="<p>hello</p>")

    def cost() -> list[str]:
        addresses.forget()
        with CaptureQueriesContext(connection) as statements:
            read(client, case.reference, "_timeline.html")
        return [one["sql"] for one in statements]

    cost()
    before = cost()
    for number in range(8):
        mails.aside(case, f"note {number}", sender="eve@elsewhere.example", why="third_party")
    after = cost()
    assert len(after) == len(before)
    reading = [sql for sql in after if "conversations_mailpart" in sql]
    assert len(reading) == 1
    assert re.search(r'LEFT\("conversations_mailpart"."html", 80\)', reading[0])
    assert not re.search(r'"html"(?!, 80)', reading[0]), "the HTML itself is long and hardly ever looked at"


# What we sent ------------------------------------------------------------------------------------------------------


def test_what_we_sent_is_listed_with_what_became_of_it() -> None:
    _, client = person("Mei", "funds")
    case = mails.mail()
    states = ("queued", "sending", "sent", "delivered", "bounced", "failed")
    for number, state in enumerate(states):
        mails.sending(case, state=state, created_at=NOON + timedelta(minutes=number), reason="5.2.2 over quota")
    page = read(client, case.reference, "_panel.html")
    words = ("Waiting to be sent", "Being sent", "Sent", "Delivered", "Came back", "Not sent")
    assert [page.index(f"{word}</span>") for word in words] == sorted(
        (page.index(f"{word}</span>") for word in words), reverse=True
    )
    assert "the mailbox is full (5.2.2)" in page
    assert LIN not in page


def test_what_did_not_arrive_is_said_at_once_until_something_does() -> None:
    _, client = person("Mei", "funds")
    case = mails.mail()
    mails.sending(case, state="bounced", reason="5.1.1 no such user")
    for part in ("", "_timeline.html"):
        page = read(client, case.reference, part)
        assert "Our mail to l•••@customer.example did not arrive: there is no such mailbox (5.1.1)" in page
    mails.sending(case, state="sent", recipient="other@customer.example", created_at=NOON + timedelta(minutes=1))
    assert "did not arrive" in read(client, case.reference)
    mails.sending(case, state="queued", recipient=LIN, created_at=NOON + timedelta(minutes=2))
    assert "did not arrive" in read(client, case.reference)
    mails.sending(case, state="delivered", recipient=LIN.upper(), created_at=NOON + timedelta(minutes=3))
    assert "did not arrive" not in read(client, case.reference)
    assert queries.undelivered([]) is None


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("", ""),
        ("5.1.1 user unknown", "there is no such mailbox (5.1.1)"),
        ("550 5.7.26 rejected", "the other side refuses it (5.7.26)"),
        ("4.4.7", "the other side did not take it in time (4.4.7)"),
        ("5.9.9", "5.9.9"),
        ("timeout", "the mail server did not answer in time"),
        ("recipient_refused (550)", "the other side refuses the recipient"),
        ("something new", "something new"),
        ("hard: 5.1.1", "there is no such mailbox (5.1.1)"),
        ("soft: 4.2.2", "the mailbox is full (4.2.2)"),
        ("hard: ", ""),
        ("complaint", "the recipient called it spam"),
        ("suppressed", "an earlier mail to this address came back for good"),
        ("repeat: interrupted twice", "sent again after an interruption, so it may have arrived twice; sending was interrupted twice"),
        ("repeat", "sent again after an interruption, so it may have arrived twice"),
        ("repeat: timeout", "sent again after an interruption, so it may have arrived twice; the mail server did not answer in time"),
    ],
)  # fmt: skip
def test_why_a_mail_did_not_arrive_is_said_in_words(reason: str, words: str) -> None:
    assert mail_wording.reason(reason) == words


# Beside the case ---------------------------------------------------------------------------------------------------


def test_the_composer_says_where_an_answer_goes() -> None:
    _, client = person("Mei", "funds")
    assert "Goes out as e-mail to l•••@customer.example" in read(client, mails.mail().reference)
    assert "Goes out as e-mail" not in read(client, world.chat("hello").reference)


def test_a_department_is_asked_and_what_cannot_be_asked_is_said() -> None:
    mei, client = person("Mei", "funds")
    case = mails.mail()

    def ask(recipient: str, text: str = "Where is it?") -> tuple[int, str]:
        fields = {"recipient": recipient, "text": text, "after": str(case_of(case).last_seq)}
        answer = client.post(reverse("desk_aside", args=[case.reference]), fields, headers=HTMX)
        return answer.status_code, answer.content.decode()

    for recipient, text, words in (
        ("not an address", "x", "no mail address"),
        ("a@b.example\nBcc: c@d.example", "x", "no mail address"),
        ("a@" + "b" * 400 + ".example", "x", "no mail address"),
        (LIN.upper(), "x", "own address"),
        ("treasury@bank.example", " ", "write something"),
        ("treasury@bank.example", "x" * 10_001, "at most 10000"),
    ):
        status, said = ask(recipient, text)
        assert (status, words in said) == (409, True), (recipient, said)
    assert not Audit.objects.filter(action="aside_asked").exists()
    status, said = ask("Treasury@Bank.example")
    assert status == 200
    assert "asked <bdi>treasury@bank.example</bdi>, the customer never sees it" in said
    note = Entry.objects.get(kind="note")
    assert (note.visible, note.agent_id, note.text) == (False, mei.agent_id, "Where is it?")
    row = Audit.objects.get(action="aside_asked")
    assert row.data == {"recipient": "treasury@bank.example"}


def test_spam_is_marked_and_unmarked_and_written_down() -> None:
    _, client = person("Mei", "funds")
    case = mails.mail()
    address = reverse("desk_spam", args=[case.reference])
    upto = str(case_of(case).last_seq)
    page = client.post(address, {"on": "1", "after": upto}, headers=HTMX).content.decode()
    assert "Mei Surname marked the case as spam" in page
    assert 'data-act="take"' not in page
    assert 'data-act="resolve"' not in page
    whole = read(client, case.reference)
    assert "This case is marked as spam" in whole
    assert 'value="reply"' not in whole
    assert (
        "Mei Surname marked the case as no spam"
        in client.post(address, {"on": "0", "after": upto}, headers=HTMX).content.decode()
    )
    assert list(Audit.objects.filter(action__contains="spam").values_list("action", flat=True)) == [
        "case_spam", "case_not_spam",
    ]  # fmt: skip
    assert client.post(address, {"on": "2"}).status_code == 400
    assert client.post(address, {}).status_code == 400


def test_the_list_of_spam_has_its_place_in_the_address() -> None:
    _, client = person("Mei", "funds")
    case = mails.mail()
    client.post(reverse("desk_spam", args=[case.reference]), {"on": "1"}, headers=HTMX)
    page = client.get("/desk/_list.html?view=spam").content.decode()
    assert case.reference in page
    assert "cases__tabs" not in page
    assert case.reference not in client.get("/desk/_list.html?view=teams&status=all").content.decode()
