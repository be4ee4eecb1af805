"""What one may do with one's own cases: withdraw, close, reopen, rate, move to chat, prove, confirm an address."""

from __future__ import annotations

import re
import time
from email.message import EmailMessage

import pytest
from django.conf import settings
from django.test import Client

from tests import world
from tests.portal.own_cases import ALICE, LATER, answered, browser, page, ticket
from tests.portal.own_cases import noon as noon
from tests.world import NOON
from trustdesk.conversations import notices, proving, resolution
from trustdesk.conversations.models import Conversation, Entry
from trustdesk.customers import accounts, limits
from trustdesk.customers.visitors import Visitor
from trustdesk.exchange import demo
from trustdesk.exchange.connection import ExchangeSettings, connect
from trustdesk.exchange.contract import Account

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]


class TestActs:
    def test_who_writes_without_end_is_asked_to_wait_and_keeps_what_he_typed(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        case = world.chat("hello")
        client = browser()
        monkeypatch.setattr(limits, "limiter", limits.Limiter())
        for _ in range(settings.CHAT_MESSAGES_PER_MINUTE):
            limits.limiter.wait(visitor=Visitor("visitor", "anna"), address="192.0.2.7", opens=False, at=time.monotonic())
        answer = client.post(f"/cases/{case.reference}/replies/", {"text": "one more thing", "identity": "a" * 12})
        assert answer.status_code == 429
        assert int(answer["Retry-After"]) >= 1
        assert b"one more thing" in answer.content
        assert Entry.objects.filter(conversation=case.conversation_id, kind="message").count() == 1

    def test_withdrawing_works_until_there_is_an_answer(self) -> None:
        case = world.chat("hello")
        client = browser()
        assert "Withdraw this case" in page(client, case.reference)
        shown = client.post(f"/cases/{case.reference}/withdrawal/", follow=True).content.decode()
        assert "You took your request back" in shown
        assert "Waiting for you" not in shown
        assert Conversation.objects.get(pk=case.conversation_id).status == "closed"

    def test_an_answered_case_is_closed_instead(self) -> None:
        case, _ = answered()
        client = browser()
        shown = page(client, case.reference)
        assert "Withdraw this case" not in shown
        assert "It is settled: close it" in shown
        assert b"cannot be withdrawn" in client.post(f"/cases/{case.reference}/withdrawal/", follow=True).content
        assert Conversation.objects.get(pk=case.conversation_id).status == "open"
        client.post(f"/cases/{case.reference}/closing/")
        assert Conversation.objects.get(pk=case.conversation_id).status == "closed"

    def test_a_solved_case_is_opened_again_and_rated(self) -> None:
        case, seat = answered()
        client = browser()
        assert (
            b"once the case is solved"
            in client.post(f"/cases/{case.reference}/rating/", {"score": "5"}, follow=True).content
        )
        resolution.resolve(conversation_id=case.conversation_id, seat=seat, now=LATER)
        assert "How did we do?" in page(client, case.reference)
        for bad in ("", "0", "6", "five", "1e0"):
            assert b"1 to 5" in client.post(f"/cases/{case.reference}/rating/", {"score": bad}, follow=True).content
        client.post(f"/cases/{case.reference}/rating/", {"score": "4", "comment": "quick"})
        row = Conversation.objects.get(pk=case.conversation_id)
        assert (row.rating, row.rating_comment) == (4, "quick")
        assert "How did we do?" not in page(client, case.reference)
        client.post(f"/cases/{case.reference}/reopening/")
        assert Conversation.objects.get(pk=case.conversation_id).status == "open"

    def test_a_closed_case_is_not_opened_again(self) -> None:
        case = world.chat("hello")
        client = browser()
        client.post(f"/cases/{case.reference}/closing/")
        assert (
            b"Write below to begin a new one" in client.post(f"/cases/{case.reference}/reopening/", follow=True).content
        )

    def test_a_ticket_goes_on_in_the_chat_as_the_same_case(self) -> None:
        opened = ticket()
        client = browser()
        assert "Urgent? Continue in live chat" in page(client, opened.reference)
        answer = client.post(f"/cases/{opened.reference}/chat/")
        assert answer.headers["Location"] == "/chat/?continue=1"
        row = Conversation.objects.select_related("inbox").get(pk=opened.id)
        assert (row.inbox.kind, row.queued_at) == ("chat", NOON)
        assert "Open in live chat" in page(client, opened.reference)


class TestProof:
    @pytest.fixture
    def letters(self, monkeypatch: pytest.MonkeyPatch) -> list[EmailMessage]:
        kept: list[EmailMessage] = []
        exchange = connect(ExchangeSettings(secret="s" * 40, mailer=kept.append, clock=lambda: NOON))
        monkeypatch.setattr(accounts, "exchange", lambda: exchange)
        return kept

    @pytest.fixture
    def asked(self) -> str:
        opened = ticket(ALICE)
        team = Conversation.objects.get(pk=opened.id).team
        assert team is not None
        seat = world.agent("Mei", team.slug)
        proving.ask(conversation_id=opened.id, seat=seat, now=NOON)
        return opened.reference

    def test_the_case_asks_for_it_and_a_second_factor_proves_it(self, asked: str, letters: list[EmailMessage]) -> None:
        client = browser(ALICE)
        assert "Please confirm that it is you" in page(client, asked)
        assert "Use my second factor" in client.get(f"/cases/{asked}/proof/").content.decode()
        assert client.post(f"/cases/{asked}/proof/", {"how": "second_factor"}).status_code == 302
        assert "Enter the code of your second factor" in client.get(f"/cases/{asked}/proof/").content.decode()
        wrong = client.post(f"/cases/{asked}/proof/", {"code": "x"})
        assert wrong.status_code == 422
        assert "Tries left: 4" in wrong.content.decode()
        code = demo.current_code("100002", now=NOON)
        done = client.post(f"/cases/{asked}/proof/", {"code": f"{code[:3]} {code[3:]}"}, follow=True)
        assert "Thank you: we know now that it is you." in done.content.decode()
        assert Conversation.objects.get(reference=asked).proof_level == 3
        shown = page(client, asked)
        assert "Please confirm that it is you" not in shown
        assert "Identity confirmed" in shown
        assert "good until" in client.get(f"/cases/{asked}/proof/").content.decode()

    def test_a_mailed_code_proves_the_address(self, asked: str, letters: list[EmailMessage]) -> None:
        client = browser(ALICE)
        client.post(f"/cases/{asked}/proof/", {"how": "mail_code"})
        assert "We sent a code to a***@post.example.test" in client.get(f"/cases/{asked}/proof/").content.decode()
        found = re.search(r"\b\d{6}\b", letters[-1].get_content())
        assert found
        client.post(f"/cases/{asked}/proof/", {"code": found[0]})
        proved = Entry.objects.filter(conversation__reference=asked, event="proved").latest("seq")
        assert (proved.data["how"], proved.data["level"]) == ("mail_code", 1)

    def test_the_exchange_is_asked_no_more_than_people_would(
        self, asked: str, letters: list[EmailMessage], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(limits, "limiter", limits.Limiter())
        monkeypatch.setattr(limits, "PROOF_STEPS", 2)
        client, found = browser(ALICE), accounts.find
        questions: list[str] = []

        def find(claimed: str) -> Account | None:
            questions.append(claimed)
            return found(claimed)

        monkeypatch.setattr(accounts, "find", find)
        answers = [client.post(f"/cases/{asked}/proof/", {"how": "mail_code"}) for _ in range(4)]
        assert [one.status_code for one in answers] == [302, 302, 429, 429]
        assert len(questions) == 2
        assert "Please wait a moment" in answers[-1].content.decode()
        assert client.post(f"/cases/{asked}/proof/", {"code": "123456"}).status_code == 429

    def test_tries_end(self, asked: str, letters: list[EmailMessage]) -> None:
        client = browser(ALICE)
        client.post(f"/cases/{asked}/proof/", {"how": "mail_code"})
        codes = [client.post(f"/cases/{asked}/proof/", {"code": "x"}).status_code for _ in range(proving.TRIES + 1)]
        assert codes == [422] * (proving.TRIES - 1) + [429] * 2
        assert "Please enter the code" in client.post(f"/cases/{asked}/proof/", {"code": " "}).content.decode()

    def test_a_stranger_learns_nothing_about_an_account(
        self, letters: list[EmailMessage], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(proving._unseen, "submit", lambda act, *given: act(*given))
        shown = []
        for account in ("100002", "999999"):
            case = world.chat("hello", visitor=account)
            client = browser(Visitor("visitor", account))
            path = f"/cases/{case.reference}/proof/"
            assert "Please enter your registered" in client.post(path, {"how": "mail_code"}).content.decode()
            assert client.post(path, {"how": "second_factor", "account": account}).status_code == 503
            assert client.post(path, {"how": "mail_code", "account": account}).status_code == 302
            shown.append(re.sub(r'value="\w{64}"', "", client.get(path).content.decode().replace(case.reference, "…")))
        assert shown[0] == shown[1]
        assert "If such an account exists" in shown[0]
        assert len(letters) == 1

    def test_a_code_without_a_start_is_nothing(self, letters: list[EmailMessage]) -> None:
        case = world.chat("hello")
        answer = browser().post(f"/cases/{case.reference}/proof/", {"code": "123456"})
        assert answer.status_code == 422
        assert "no longer valid" in answer.content.decode()


class TestConfirming:
    def test_only_the_button_confirms_an_address(self) -> None:
        opened = ticket()
        case = Conversation.objects.get(pk=opened.id)
        path = f"/confirm/{notices.confirmation(case)}/"
        client = Client()
        for _ in range(2):
            assert b"Yes, this is my address" in client.get(path).content
            assert client.head(path).status_code == 200
        assert not Conversation.objects.get(pk=opened.id).answer_proved
        for _ in range(2):
            assert "a•••@mail.example.test" in client.post(path).content.decode()
        assert Conversation.objects.get(pk=opened.id).answer_proved
        assert Entry.objects.filter(conversation=opened.id, event="mail_confirmed").count() == 1
        assert "You confirmed the address" in page(browser(), opened.reference)

    @pytest.mark.parametrize("token", ["nonsense", "a:b:c", "%00"])
    def test_a_link_that_is_not_ours_confirms_nothing(self, token: str) -> None:
        answer = Client().post(f"/confirm/{token}/")
        assert answer.status_code == 410
        assert b"not good any more" in answer.content
