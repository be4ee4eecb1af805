"""Following by mail: nothing before it is confirmed, no mail bomb, one press to stop, the same answer for everybody."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.conf import settings
from django.test import Client

from tests.helpcenter import shelves
from tests.helpcenter.shelves import Shelf
from tests.world import NOON
from trustdesk.channels import outbox
from trustdesk.channels.models import Delivery
from trustdesk.customers import limits
from trustdesk.knowledge import following
from trustdesk.knowledge.models import Article, Follow
from trustdesk.seams import clock

ANNA = "anna@mail.example"


def ask(page: int, mail: str = ANNA, language: str = "en") -> tuple[int, str]:
    answer = Client().post(f"/help/{language}/_follow/{page}/", {"mail": mail})
    return answer.status_code, answer.headers.get("Location", "")


def letters(purpose: str = "follow") -> list[Delivery]:
    return list(Delivery.objects.filter(purpose=purpose).order_by("pk"))


def link(letter: Delivery, what: str) -> str:
    found = re.search(rf"{re.escape(settings.PUBLIC_URL)}(/help/[a-z-]+/{what}/[\w=-]+/)", letter.text)
    assert found, letter.text
    return found[1]


def confirmed(page: int) -> Follow:
    ask(page)
    Client().post(link(letters()[-1], "_following"))
    return Follow.objects.get(page_id=page)


class TestAsking:
    def test_a_letter_asks_to_confirm_and_names_only_ours(self, shelf: Shelf) -> None:
        assert ask(shelf.late.pk) == (302, "?sent=1")
        letter = letters()[0]
        assert letter.recipient == ANNA
        assert f"{settings.PUBLIC_URL}/help/en/deposits/late/" in letter.text
        assert Follow.objects.get().confirmed_at is None
        assert letter.about["unsubscribe"].startswith(f"{settings.PUBLIC_URL}/help/en/_unfollow/")

    def test_it_is_in_the_readers_language(self, shelf: Shelf) -> None:
        ask(shelf.late_zh.pk, language="zh-hans")
        assert letters()[0].locale == "zh-hans"
        assert "/help/zh-hans/_following/" in letters()[0].text

    def test_what_is_no_address_is_said(self, shelf: Shelf) -> None:
        assert ask(shelf.late.pk, "nonsense")[0] == 422
        assert not Follow.objects.exists()

    def test_one_letter_an_hour_and_three_a_day_whatever_is_followed(self, shelf: Shelf) -> None:
        for page in (shelf.late, shelf.networks, shelf.fees):
            assert ask(page.pk) == (302, "?sent=1")
        assert ask(shelf.late.pk, "Anna+x@mail.example") == (302, "?sent=1")
        assert len(letters()) == 1
        for hours in range(1, 8):
            with clock.frozen(NOON + timedelta(hours=hours, seconds=hours)):
                ask(shelf.deposits.pk)
        assert len(letters()) == 3

    def test_who_follows_already_gets_no_letter_and_the_same_answer(self, shelf: Shelf) -> None:
        confirmed(shelf.late.pk)
        with clock.frozen(NOON + timedelta(hours=2)):
            assert ask(shelf.late.pk) == (302, "?sent=1")
        assert len(letters()) == 1

    def test_one_network_asks_only_so_often(self, shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(limits, "QUESTIONS", 2)
        said = [ask(shelf.late.pk, f"a{n}@mail.example")[0] for n in range(4)]
        assert said == [302, 302, 429, 429]

    def test_nothing_to_follow(self, shelf: Shelf) -> None:
        assert ask(999999)[0] == 404


class TestConfirming:
    def test_looking_at_the_link_confirms_nothing(self, shelf: Shelf) -> None:
        ask(shelf.late.pk)
        path = link(letters()[0], "_following")
        assert "Yes, follow it" in Client().get(path).content.decode()
        assert Follow.objects.get().confirmed_at is None
        assert "You follow it now" in Client().post(path).content.decode()
        assert Follow.objects.get().confirmed_at == NOON

    @pytest.mark.parametrize("token", ["x", "x" * 32, "é" * 32, "a" * 500])
    def test_made_up_tokens_are_nothing(self, shelf: Shelf, token: str) -> None:
        confirmed(shelf.late.pk)
        assert Client().get(f"/help/en/_following/{token}/").status_code == 410
        assert Client().post(f"/help/en/_following/{token}/").status_code == 410
        assert Client().post(f"/help/en/_unfollow/{token}/").status_code == 200
        assert Follow.objects.count() == 1

    def test_a_week_is_time_enough(self, shelf: Shelf) -> None:
        ask(shelf.late.pk)
        with clock.frozen(NOON + timedelta(days=8)):
            assert Client().post(link(letters()[0], "_following")).status_code == 410
            following.forget_old(now=clock.now())
        assert not Follow.objects.exists()


class TestStopping:
    def test_a_mail_program_stops_with_one_post(self, shelf: Shelf) -> None:
        row = confirmed(shelf.late.pk)
        path = letters()[0].about["unsubscribe"].removeprefix(settings.PUBLIC_URL)
        assert Client().get(path).status_code == 200
        assert Follow.objects.filter(pk=row.pk).exists()
        program = Client(enforce_csrf_checks=True)
        assert program.post(path, {"List-Unsubscribe": "One-Click"}).status_code == 200
        assert not Follow.objects.exists()
        assert program.post(path).status_code == 200

    def test_the_mail_says_where(self, shelf: Shelf) -> None:
        ask(shelf.late.pk)
        made = outbox._outbound(letters()[0], NOON)
        assert made.unsubscribe == letters()[0].about["unsubscribe"]
        assert made.automatic
        assert made.reply_to == ""


class TestTelling:
    LATER = NOON + timedelta(days=1)

    def publish(self, page: Article) -> None:
        page.title += "!"
        shelves.publish(page)
        # Wagtail asks the machine for the time.
        type(page).objects.filter(pk=page.pk).update(first_published_at=NOON - timedelta(days=9), last_published_at=self.LATER)
        shelves.forget()

    def test_who_follows_is_told_once(self, shelf: Shelf) -> None:
        confirmed(shelf.late.pk)
        assert following.tell(now=NOON) == 0
        self.publish(shelf.late)
        assert following.tell(now=self.LATER) == 1
        assert following.tell(now=self.LATER + timedelta(minutes=10)) == 0
        letter = letters("news")[0]
        assert "My deposit has not arrived!" in letter.text
        assert f"{settings.PUBLIC_URL}/help/en/deposits/late/" in letter.text
        assert link(letter, "_unfollow")

    def test_a_section_tells_of_its_articles(self, shelf: Shelf) -> None:
        confirmed(shelf.deposits.pk)
        self.publish(shelf.fees)
        self.publish(shelf.listing)
        assert following.tell(now=self.LATER) == 1
        assert "Fees!" in letters("news")[0].text
        assert "XRP" not in letters("news")[0].text

    def test_nothing_before_it_is_confirmed(self, shelf: Shelf) -> None:
        ask(shelf.late.pk)
        self.publish(shelf.late)
        assert following.tell(now=self.LATER) == 0

    def test_a_small_correction_tells_nobody(self, shelf: Shelf) -> None:
        confirmed(shelf.late.pk)
        shelf.late.tells_followers = False
        self.publish(shelf.late)
        assert following.tell(now=self.LATER) == 0

    def test_what_is_new_is_told_whatever_date_it_carries(self, shelf: Shelf) -> None:
        confirmed(shelf.deposits.pk)
        old = (NOON - timedelta(days=30)).date()
        new = shelves.article(shelf.deposits, "new", "New", summary="s", updated_on=old, tells_followers=False)
        Article.objects.filter(pk=new.pk).update(first_published_at=self.LATER, last_published_at=self.LATER)
        shelves.forget()
        assert following.tell(now=self.LATER) == 1
        assert "/help/en/deposits/new/" in letters("news")[0].text
        assert following.tell(now=self.LATER + timedelta(hours=1)) == 0

    def test_links_go_on_working_after_our_secret_was_changed(self, shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
        confirmed(shelf.late.pk)
        monkeypatch.setattr(settings, "SECRET_KEY", "another-secret-0123456789-abcdefghijklmnopqrstuvwxyz")
        self.publish(shelf.late)
        following.tell(now=self.LATER)
        Client().post(link(letters("news")[0], "_unfollow"))
        assert not Follow.objects.exists()
