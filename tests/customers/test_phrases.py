"""B-12: the anti-phishing phrase. Who sets it, where it shows, and where it never does."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from pytest_django import Settings

from tests.world import NOON
from trustdesk.channels import letters, outbox
from trustdesk.channels.models import Delivery
from trustdesk.customers import phrases, visitors
from trustdesk.customers.identify import handle_for
from trustdesk.customers.models import Handle, Phrase
from trustdesk.customers.phrases import UnableToKeep
from trustdesk.customers.visitors import Visitor
from trustdesk.policy.proof import Proof
from trustdesk.seams import clock

pytestmark = pytest.mark.django_db
MAIL = "anna@mail.example"
MINUTE = timedelta(minutes=1)


def anna(minutes: int = 0) -> Visitor:
    """Anna, who typed a code that many minutes after noon."""
    return visitors.addressed(mail=MAIL, now=NOON + minutes * MINUTE)


def keep(phrase: str = "blue whale 7", *, visitor: Visitor | None = None, minutes: int = 1) -> None:
    phrases.keep(visitor=visitor or anna(), phrase=phrase, now=NOON + minutes * MINUTE)


def refusal(phrase: str = "blue whale 7", *, visitor: Visitor | None = None, minutes: int = 1) -> str:
    with pytest.raises(UnableToKeep) as refused:
        keep(phrase, visitor=visitor, minutes=minutes)
    return refused.value.code


def test_it_is_known_by_its_address_and_lies_sealed() -> None:
    keep("  blue \u0020 whale 7 ")
    assert phrases.of(MAIL) == "blue whale 7"
    assert phrases.of(" ANNA@mail.example") == "blue whale 7"
    assert phrases.of("boris@mail.example") == ""
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            cursor.execute(f"SELECT count(*) FROM {table} t WHERE t::text LIKE '%whale%' OR t::text LIKE '%7768616c65%'")
            assert cursor.fetchone()[0] == 0, table


@pytest.mark.parametrize("phrase", ["鲸鱼", "abc", " a  ", "x" * 41, "鲸" * 41])
def test_it_is_neither_too_short_nor_too_long(phrase: str) -> None:
    assert refusal(phrase) in ("short", "long")
    keep("蓝鲸七号")
    assert phrases.of(MAIL) == "蓝鲸七号"


@pytest.mark.parametrize("nasty", ["blue\nwhale", "blue\u202ewhale", "blue\u200bwhale", "blue\x00whale", "blue\u2028whale"])
def test_nothing_invisible_is_in_it(nasty: str) -> None:
    assert refusal(nasty) == "characters"


@pytest.mark.parametrize(
    "secret",
    [
        "otpauth://totp/x?secret=JBSWY3DPEHPK3PXP",
        "api secret: 9f8b7c6d5e4f3a2b1c0d9e8f7a6b",
        "2FA key JBSWY3DPEHPK3PXP",
    ],
)
def test_it_opens_nothing(secret: str) -> None:
    assert refusal(secret) == "secret"
    assert not Phrase.objects.exists()


def test_who_has_not_just_shown_that_the_address_is_his_sets_nothing() -> None:
    assert refusal(visitor=visitors.anonymous()) == "no_mail"
    assert refusal(minutes=31) == "proof", "half an hour ago is not just now"
    assert not phrases.may_set(anna(), now=NOON + 31 * MINUTE)
    assert not Handle.objects.filter(kind="mail").exists()


def test_to_change_it_takes_a_newer_proof_than_the_one_it_was_set_with() -> None:
    """B-12: who finds the browser open cannot teach the owner another phrase."""
    keep(minutes=1)
    assert not phrases.may_set(anna(), now=NOON + 2 * MINUTE)
    assert refusal("red panda", minutes=2) == "proof"
    assert phrases.of(MAIL) == "blue whale 7"
    assert phrases.may_set(anna(5), now=NOON + 6 * MINUTE)
    keep("red panda", visitor=anna(5), minutes=6)
    assert phrases.of(MAIL) == "red panda"
    assert refusal("grey wolf", visitor=anna(5), minutes=7) == "proof"


def test_a_session_of_the_exchange_vouches_for_the_registered_address() -> None:
    keep(visitor=visitors.identified(uid="100002", mail="Alice@post.example", now=NOON))
    assert phrases.of("alice@post.example") == "blue whale 7"
    assert refusal(visitor=visitors.identified(uid="100003", mail="", now=NOON)) == "no_mail"


def test_an_address_that_somebody_only_typed_shows_none() -> None:
    keep()
    Handle.objects.filter(value=MAIL).update(proof=Proof.NOBODY)
    assert phrases.of(MAIL) == ""


def test_a_claimed_address_becomes_a_proved_one() -> None:
    handle_for(kind=Handle.Kind.MAIL, value=MAIL, now=NOON)
    keep()
    assert Handle.objects.get(value=MAIL).proof == Proof.CONTACT
    assert phrases.of(MAIL) == "blue whale 7"


def test_every_mail_to_its_owner_carries_it_the_first_one_says_so() -> None:
    with clock.frozen(NOON):
        keep()
        first = Delivery.objects.get(purpose="phrase")
        assert first.recipient == MAIL
        assert "whale" not in first.text
        outbox.queue(
            key="two", inbox_id=outbox.mail_inbox(), conversation_id=None, purpose="code", recipient=MAIL, subject="s",
            text="123456", now=NOON,
        )  # fmt: skip
        outbox.queue(
            key="three", inbox_id=outbox.mail_inbox(), conversation_id=7, purpose="reply", recipient="boris@mail.example",
            subject="s", text="t", now=NOON,
        )  # fmt: skip
        shapes = {
            one.key.partition(":")[0]: letters.render(
                subject=one.subject, text=one.text, locale=one.locale, recipient=one.recipient
            )
            for one in Delivery.objects.all()
        }
    for key in ("phrase", "two"):
        assert "blue whale 7" in shapes[key].text
        assert "blue whale 7" in shapes[key].html
    assert "whale" not in shapes["three"].text + shapes["three"].html


def test_staff_do_not_read_it_where_a_customer_quotes_our_mail() -> None:
    keep("a & b <c>")
    quoted = "> Your anti-phishing phrase: a & b <c>\n<p>a &amp; b &lt;c&gt;</p>"
    assert phrases.hide(quoted, phrase=phrases.of(MAIL)) == "> Your anti-phishing phrase: ••••\n<p>••••</p>"
    assert phrases.hide(quoted, phrase=phrases.of("boris@mail.example")) == quoted


def test_without_the_key_of_the_installation_mail_goes_without_it(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    keep()
    settings.SECRET_KEY = "another-" + "k" * 50
    settings.SECRET_KEY_FALLBACKS = []
    assert phrases.of(MAIL) == ""
    assert "cannot be opened" in caplog.text
    assert "whale" not in caplog.text
