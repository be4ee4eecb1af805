"""One's own cases: who sees them, what is shown, and writing to them."""

from __future__ import annotations

import io
import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from PIL import Image

from tests import world
from tests.conversations import pictures
from tests.portal.own_cases import ALICE, BORIS, LATER, answered, browser, page, reply, ticket, upload
from tests.portal.own_cases import noon as noon
from tests.world import NOON
from trustdesk.channels.models import Delivery
from trustdesk.conversations import attachments, intake, replies, resolution
from trustdesk.conversations.models import Attachment, Conversation, Entry
from trustdesk.customers import visitors
from trustdesk.policy import reference as case_number
from trustdesk.realtime.group_commit import Unavailable
from trustdesk.seams import clock

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]


class TestWhoSeesWhat:
    def test_the_list_holds_ones_own_cases_of_all_channels(self) -> None:
        chat = world.chat("hello")
        theirs = world.chat("hi", visitor="boris")
        form = ticket()
        listed = browser().get("/cases/").content.decode()
        assert chat.reference in listed
        assert form.reference in listed
        assert theirs.reference not in listed
        assert listed.index("Under way") < listed.index(chat.reference)

    def test_an_answer_not_read_is_marked_until_the_case_is_opened(self) -> None:
        case, _ = answered()
        client = browser()
        assert b"New answer" in client.get("/cases/").content
        assert "New messages" in page(client, case.reference)
        assert b"New answer" not in client.get("/cases/").content
        assert "New messages" not in page(client, case.reference)

    def test_without_cases_it_leads_to_the_hub(self) -> None:
        shown = browser().get("/cases/").content.decode()
        assert "No cases yet" in shown
        assert 'href="/contact/"' in shown

    def test_strangers_are_asked_to_sign_in(self) -> None:
        assert Client().get("/cases/").headers["Location"] == "/signin/?then=%2Fcases%2F"

    @pytest.mark.parametrize("path", ["", "_live.html", "transcript.txt", "proof/", "files/abc"])
    def test_somebody_elses_case_and_none_are_answered_alike(self, path: str) -> None:
        case = world.chat("my secret matter")
        none = case_number.new(b"\x01" * 8)
        for client in (browser(BORIS), browser(ALICE), Client()):
            answers = [client.get(f"/cases/{number}/{path}") for number in (case.reference, none)]
            assert [answer.status_code for answer in answers] == [404, 404]
            shown = [answer.content.decode().replace(case.reference, none) for answer in answers]
            assert shown[0] == shown[1]
            assert "my secret matter" not in shown[0]

    @pytest.mark.parametrize(
        "path", ["replies/", "withdrawal/", "closing/", "reopening/", "chat/", "rating/", "transcript/", "proof/"]
    )
    def test_nobody_else_can_do_anything_with_it(self, path: str) -> None:
        case = world.chat("hello")
        before = Conversation.objects.values().get(pk=case.conversation_id)
        for client in (browser(BORIS), browser(ALICE), Client()):
            answer = client.post(f"/cases/{case.reference}/{path}", {"text": "mine", "score": "1", "how": "mail_code"})
            assert answer.status_code == 404
        assert Conversation.objects.values().get(pk=case.conversation_id) == before
        assert browser(strict=True).post(f"/cases/{case.reference}/{path}").status_code == 403

    @pytest.mark.parametrize(
        "path", ["replies/", "withdrawal/", "closing/", "reopening/", "chat/", "rating/", "transcript/"]
    )
    def test_looking_changes_nothing(self, path: str) -> None:
        case = world.chat("hello")
        before = Conversation.objects.values().get(pk=case.conversation_id)
        answer = browser().get(f"/cases/{case.reference}/{path}")
        assert (answer.status_code, answer.headers["Location"]) == (302, f"/cases/{case.reference}/")
        assert browser().put(f"/cases/{case.reference}/{path}").status_code == 405
        assert Conversation.objects.values().get(pk=case.conversation_id) == before

    def test_a_number_is_understood_as_people_write_it(self) -> None:
        case = world.chat("hello")
        assert browser().get(f"/cases/{case.reference.lower().replace('-', '')}/").status_code == 200
        assert browser().get("/cases/nonsense/").status_code == 404

    def test_who_proved_the_address_sees_the_case_answered_there(self) -> None:
        opened = ticket(visitors.addressed(mail="lin@mail.example.test", now=NOON))
        assert page(browser(visitors.addressed(mail="lin@mail.example.test", now=NOON)), opened.reference)
        other = browser(visitors.addressed(mail="anna@mail.example.test", now=NOON))
        assert other.get(f"/cases/{opened.reference}/").status_code == 404


class TestWhatIsShown:
    def test_the_timeline_holds_what_was_said_and_no_note(self) -> None:
        case, seat = answered("which coin?")
        world.answer(seat, case, "sounds odd", note=True, now=LATER)
        shown = page(browser(), case.reference)
        for words in ("my deposit is missing", "which coin?", "Mei has taken your case", case.reference):
            assert words in shown
        assert "sounds odd" not in shown

    def test_texts_are_text_and_only_our_https_links_can_be_followed(self) -> None:
        case, _ = answered("read https://help.example.test/a?b=1&c=2, not http://evil.test or javascript:alert(1)")
        reply(browser(), case.reference, '<script>hit()</script> "><img src=x> https://mine.example.test')
        shown = page(browser(), case.reference)
        assert "<script>hit" not in shown
        assert "<img src=x" not in shown
        links = re.findall(r'<a href="([^"]+)" target="_blank" rel="([^"]+)"', shown)
        assert links == [("https://help.example.test/a?b=1&amp;c=2", "noopener noreferrer nofollow")]

    def test_a_secret_that_was_removed_is_explained(self) -> None:
        words = "legal winner thank year wave sausage worth useful legal winner thank yellow"
        case = world.chat(f"my words are {words}")
        shown = page(browser(), case.reference)
        assert "sausage" not in shown
        assert "We removed a seed phrase from your message" in shown
        assert "move your funds to a new wallet now" in shown

    def test_the_promise_is_shown_before_and_after(self) -> None:
        opened = ticket()
        assert "First answer expected by" in page(browser(), opened.reference)
        with clock.frozen(NOON + timedelta(days=20)):
            assert "We are late" in page(browser(), opened.reference)
        team = Conversation.objects.get(pk=opened.id).team
        assert team is not None
        seat = world.agent("Mei", team.slug)
        replies.send(replies=[replies.Reply(opened.id, seat.agent_id, "answer-1", "thank you", False)], now=LATER)
        assert "First answer came in time" in page(browser(), opened.reference)

    def test_the_progress_line_follows_the_status(self) -> None:
        case, seat = answered()
        here = re.compile(r'aria-current="step">.*?<span>([^<]+)</span>', re.DOTALL)
        assert here.findall(page(browser(), case.reference)) == ["With an agent"]
        resolution.pend(conversation_id=case.conversation_id, seat=seat, now=LATER)
        assert here.findall(page(browser(), case.reference)) == ["Waiting for you"]
        resolution.resolve(conversation_id=case.conversation_id, seat=seat, now=LATER)
        shown = page(browser(), case.reference)
        assert here.findall(shown) == []
        assert shown.count("steps__step--done") == 4

    def test_answers_of_the_form_are_shown_with_their_questions(self) -> None:
        opened = ticket(text="a dark mode please")
        facts = re.findall(
            r"<dt>([^<]+)</dt><dd class=\"case-fact\" dir=\"auto\">([^<]+)</dd>", page(browser(), opened.reference)
        )
        assert ("Which part of the product?", "app") in facts

    def test_the_part_that_changes_is_given_only_when_it_changed(self) -> None:
        case, seat = answered()
        client = browser()
        found = re.search(r'data-have="([^"]+)"', page(client, case.reference))
        assert found
        live = f"/cases/{case.reference}/_live.html"
        assert client.get(live, {"have": found[1]}).status_code == 204
        world.answer(seat, case, "one more thing", now=LATER)
        answer = client.get(live, {"have": found[1]})
        assert answer.status_code == 200
        assert b"one more thing" in answer.content
        assert b"<html" not in answer.content

    def test_the_transcript_is_a_file(self) -> None:
        case, _ = answered("which coin?")
        answer = browser().get(f"/cases/{case.reference}/transcript.txt")
        assert answer.headers["Content-Disposition"] == f'attachment; filename="transcript-{case.reference}.txt"'
        assert "which coin?" in answer.content.decode()

    def test_the_transcript_is_mailed_to_a_proved_address_only(self) -> None:
        case = world.chat("hello")
        assert (
            b"First confirm your mail address"
            in browser().post(f"/cases/{case.reference}/transcript/", follow=True).content
        )
        assert not Delivery.objects.filter(purpose="transcript").exists()
        lin = visitors.addressed(mail="lin@mail.example.test", now=NOON)
        opened = ticket(lin)
        assert (
            "l•••@mail.example.test"
            in browser(lin).post(f"/cases/{opened.reference}/transcript/", follow=True).content.decode()
        )
        assert [one.recipient for one in Delivery.objects.filter(purpose="transcript")] == ["lin@mail.example.test"]


class TestReplies:
    def test_a_reply_is_added_once_however_often_it_is_sent(self) -> None:
        case, client = world.chat("hello"), browser()
        for _ in range(3):
            answer = reply(client, case.reference, "the coin is USDT", identity="same-identity-1")
            assert answer.headers["Location"] == f"/cases/{case.reference}/"
        shown = page(client, case.reference)
        assert shown.count("the coin is USDT") == 1
        assert 'data-id="same-identity-1"' in shown  # by which the page knows that the draft was sent

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("", "Please write something"),
            (" \n ", "Please write something"),
            ("x" * 4_001, "Too long"),
            ("a\0b", "characters"),
        ],
    )
    def test_what_cannot_be_sent_comes_back_with_the_reason(self, text: str, said: str) -> None:
        case = world.chat("hello")
        before = Entry.objects.count()
        answer = reply(browser(), case.reference, text, identity="same-identity-1")
        assert answer.status_code == 422
        shown = answer.content.decode()
        assert said in shown
        assert 'value="same-identity-1"' in shown
        assert ("x" * 4_001 in shown) == (len(text) > 4_000)
        assert Entry.objects.count() == before

    def test_nothing_typed_is_lost_when_the_session_is(self) -> None:
        case = world.chat("hello")
        answer = reply(Client(), case.reference, "a long explanation <b>")
        assert answer.status_code == 404
        assert "a long explanation &lt;b&gt;</textarea>" in answer.content.decode()
        assert f"then=/cases/{case.reference}/" in answer.content.decode()

    def test_nothing_typed_is_lost_when_the_database_is(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def away(_arrival: intake.Arrival) -> Any:
            raise Unavailable

        case = world.chat("hello")
        monkeypatch.setattr(intake, "submit", away)
        answer = reply(browser(), case.reference, "a long explanation")
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
        assert "a long explanation</textarea>" in answer.content.decode()

    def test_a_reply_to_a_solved_case_opens_it_again(self) -> None:
        case, seat = answered()
        resolution.resolve(conversation_id=case.conversation_id, seat=seat, now=LATER)
        assert reply(browser(), case.reference, "not yet").headers["Location"] == f"/cases/{case.reference}/"
        assert Conversation.objects.get(pk=case.conversation_id).status == "open"

    def test_a_reply_to_a_closed_case_begins_a_linked_one(self) -> None:
        case = world.chat("hello")
        client = browser()
        client.post(f"/cases/{case.reference}/closing/")
        answer = client.post(f"/cases/{case.reference}/replies/", {"text": "again"}, follow=True)
        new = answer.redirect_chain[0][0].split("/")[2]
        assert new != case.reference
        assert b"your message began a new one" in answer.content
        assert f'href="/cases/{case.reference}/"' in answer.content.decode()
        assert f'href="/cases/{new}/"' in page(client, case.reference)

    def test_ids_and_names_of_others_in_the_form_change_nothing(self) -> None:
        case = world.chat("hello")
        other = world.chat("hi", visitor="boris")
        forged = {
            "conversation_id": other.conversation_id,
            "author": "agent",
            "visible": "false",
            "reference": other.reference,
        }
        browser().post(
            f"/cases/{case.reference}/replies/", {"text": "mine", "customer_id": "1", "status": "closed", **forged}
        )
        entry = Entry.objects.get(text="mine")
        assert (entry.conversation_id, entry.author, entry.visible) == (case.conversation_id, "customer", True)
        assert Conversation.objects.get(pk=case.conversation_id).status == "waiting"


class TestFiles:
    def test_a_file_is_sent_shown_and_given_to_its_owner_only(self) -> None:
        case, client = world.chat("hello"), browser()
        assert reply(client, case.reference, "", files=upload("shot.png", pictures.png())).status_code == 302
        (file,) = Attachment.objects.all()
        path = f"/cases/{case.reference}/files/{file.key}"
        assert f'src="{path}"' in page(client, case.reference)
        answer = client.get(path)
        assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
        assert Image.open(io.BytesIO(b"".join(answer))).size == (40, 30)
        theirs = world.chat("hi", visitor="boris")
        assert browser(BORIS).get(path).status_code == 404
        assert browser(BORIS).get(f"/cases/{theirs.reference}/files/{file.key}").status_code == 404

    def test_a_file_of_another_case_of_ones_own_stays_there(self) -> None:
        case, client = world.chat("hello"), browser()
        reply(client, case.reference, "", files=upload("shot.png", pictures.png()))
        second = ticket()
        (file,) = Attachment.objects.all()
        assert client.get(f"/cases/{second.reference}/files/{file.key}").status_code == 404

    def test_a_file_that_is_refused_is_named_and_the_others_are_kept(self) -> None:
        case, client = world.chat("hello"), browser()
        answer = reply(
            client,
            case.reference,
            "see here",
            files=[upload("good.png", pictures.png()), upload("run.exe", b"MZ\x90\0" * 9)],
        )
        assert answer.status_code == 422
        shown = answer.content.decode()
        assert "see here</textarea>" in shown
        assert "<bdi>run.exe</bdi>: This kind of file cannot be sent" in shown
        found = re.search(r'name="file" value="([^"]+)"', shown)
        assert found
        assert reply(client, case.reference, "see here", file=found[1]).status_code == 302
        assert "good.png" in page(client, case.reference)

    def test_a_file_of_somebody_else_cannot_be_sent(self) -> None:
        case = world.chat("hello")
        theirs = attachments.announce(
            handle_kind="visitor",
            handle="boris",
            client_id="one",
            name="a.png",
            size=9,
            media_type="image/png",
            now=NOON,
        )
        answer = reply(browser(), case.reference, "see here", file=f"{theirs.key} 9 a.png")
        assert answer.status_code == 422
        assert "The file is no longer there" in answer.content.decode()
        assert not Entry.objects.filter(text="see here").exists()
