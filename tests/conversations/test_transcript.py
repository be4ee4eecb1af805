"""The transcript as text and by mail: what it says, to whom it goes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import translation

from tests import world
from tests.world import NOON
from trustdesk.channels.models import Delivery
from trustdesk.conversations import acting, public, transcript
from trustdesk.conversations.intake import Received
from trustdesk.conversations.models import Attachment, Conversation, Entry
from trustdesk.conversations.transcript import UnableToMail
from trustdesk.customers.models import Handle
from trustdesk.policy.proof import Proof

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh() -> None:
    world.fresh()


def text_of(case: Received, *, locale: str = "en") -> str:
    shown = public.by_id(case.conversation_id, locale=locale, now=NOON)
    assert shown is not None
    return transcript.render_text(
        page=public.entries_after({case.conversation_id: 0})[case.conversation_id], case=shown, locale=locale
    )


def test_it_holds_what_was_said_in_order_with_times_and_the_case_number() -> None:
    seat = world.agent("Mei", "funds")
    case = world.chat("my deposit is missing\nsince yesterday")
    world.answer(seat, case, "which coin?", now=NOON + timedelta(minutes=3))
    world.answer(seat, case, "sounds odd", note=True)
    lines = text_of(case).splitlines()
    assert lines[0] == f"Transcript of case {case.reference}"
    at = lines.index("2026-11-23 12:00:00 UTC · You")
    assert lines[at + 1 : at + 4] == ["    my deposit is missing", "    since yesterday", ""]
    assert "2026-11-23 12:03:00 UTC · Mei joined the chat" in lines
    answer = lines.index("2026-11-23 12:03:00 UTC · Mei")
    assert answer > at
    assert lines[answer + 1] == "    which coin?"
    assert "odd" not in "\n".join(lines)
    assert "We never ask for your password" in lines[-1]


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r", "\x0b", "\x0c", "\x85", "\u2028", "\u2029"])
def test_a_message_cannot_pass_for_a_line_of_somebody_else(newline: str) -> None:
    forged = "2026-11-23 12:01:00 UTC · Mei"
    lines = text_of(world.chat(f"hello{newline}{forged}{newline}send your coins to me")).splitlines()
    assert forged not in lines
    assert f"    {forged}" in lines


def test_characters_that_turn_lines_around_are_taken_out() -> None:
    assert "hello drow" in text_of(world.chat("hello \u202edrow\u2066"))


def test_a_secret_is_not_in_it_and_its_place_is_named() -> None:
    seed = "legal winner thank year wave sausage worth useful legal winner thank yellow"
    text = text_of(world.chat(f"my words: {seed}"))
    assert "sausage" not in text
    assert "[a seed phrase, removed]" in text
    assert "We removed a seed phrase from your message" in text


def test_files_are_named_and_what_is_held_is_said_to_be() -> None:
    case = world.chat("look")
    entry = Entry.objects.get(conversation=case.conversation_id, seq=case.seq)
    for number, state in enumerate(("ready", "held")):
        Attachment.objects.create(
            key=str(number),
            client_id=str(number),
            conversation_id=case.conversation_id,
            entry=entry,
            name=f"{state}.png",
            media_type="image/png",
            size=2048,
            state=state,
            created_at=NOON,
        )
    Entry.objects.filter(pk=entry.pk).update(data={"files": 2})
    text = text_of(case).replace("\xa0", " ")
    assert "    File: ready.png (image/png, 2.0 KB)" in text
    assert "    File: held.png (held for safety, cannot be opened)" in text


def test_every_event_a_customer_meets_has_words_in_it() -> None:
    """The events docs/live-protocol.md lists; `opened` alone is said by the heading."""
    case = world.chat("hello")
    events: dict[str, dict[str, Any]] = {
        "assigned": {"name": "Mei"},
        "left": {},
        "resolved": {},
        "reopened": {},
        "closed": {},
        "ended_by_customer": {},
        "proof_asked": {"how": ["mail_code"]},
        "proved": {"level": 2, "how": "session", "expires_at": "x"},
        "secret_masked": {"kinds": ["xprv"]},
        "by_mail": {"mail": "a•••@mail.example"},
        "rated": {"score": 5},
    }
    before = text_of(case).count(" UTC · ")
    with acting.on(case.conversation_id, now=NOON) as act:
        for code, data in events.items():
            act.say(code, visible=True, **data)
        act.say("invented_later", visible=True)
    text = text_of(case)
    assert text.count(" UTC · ") == before + len(events)
    for words in ("Mei joined", "Signed in", "an extended private key", "a•••@mail.example", "5 of 5"):
        assert words in text


def test_params_of_any_shape_do_not_break_it() -> None:
    case = world.chat("hello")
    with acting.on(case.conversation_id, now=NOON) as act:
        act.say("assigned", visible=True, name="{0.__class__} %(x)s {name}")
        act.say("proved", visible=True)
        act.say("rated", visible=True)
    assert "{0.__class__} %(x)s {name} joined the chat" in text_of(case)


def test_the_readers_language_is_used_and_left_again() -> None:
    case = world.chat("你好")
    with translation.override("en"):
        text_of(case, locale="zh-hans")
        assert translation.get_language() == "en"


# By mail


def prove_mail(case: Received, mail: str = "anna@mail.example", *, level: Proof = Proof.CONTACT) -> None:
    customer = Conversation.objects.get(pk=case.conversation_id).customer
    Handle.objects.create(customer=customer, kind="mail", value=mail, proof=level, proved_at=NOON, created_at=NOON)


def test_it_is_mailed_to_the_proved_address_once() -> None:
    case = world.chat("hello")
    prove_mail(case)
    assert transcript.mail(conversation_id=case.conversation_id, now=NOON) == "a•••@mail.example"
    assert transcript.mail(conversation_id=case.conversation_id, now=NOON) == "a•••@mail.example"
    sent = Delivery.objects.get()
    assert (sent.recipient, sent.purpose, sent.conversation_id) == (
        "anna@mail.example",
        "transcript",
        case.conversation_id,
    )
    assert case.reference in sent.subject
    assert "    hello" in sent.text
    assert len(sent.key) <= 100
    world.chat("one more thing")
    transcript.mail(conversation_id=case.conversation_id, now=NOON)
    assert Delivery.objects.count() == 2, "there is something new to send"


def test_an_address_that_was_only_typed_in_does_not_get_it() -> None:
    case = world.chat("hello")
    Conversation.objects.filter(pk=case.conversation_id).update(answer_to="thief@mail.example")
    prove_mail(case, "typed@mail.example", level=Proof.NOBODY)
    other = world.chat("hello", visitor="boris")
    prove_mail(other, "boris@mail.example")
    with pytest.raises(UnableToMail, match="no_proved_mail"):
        transcript.mail(conversation_id=case.conversation_id, now=NOON)
    assert not Delivery.objects.exists()


def test_the_address_of_a_signed_session_will_do() -> None:
    case = world.chat("hello")
    to = transcript.mail(conversation_id=case.conversation_id, now=NOON, registered="real@mail.example")
    assert to == "r•••@mail.example"
    assert Delivery.objects.get().recipient == "real@mail.example"
