"""Articles in the composer: found in the customer's language, put into a reply, shown as cards; only for who sees the case."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from tests import world
from tests.desk.desks import HTMX, case_of, person
from tests.knowledge import shelf
from tests.knowledge.shelf import Told
from tests.world import NOON
from trustdesk.conversations import articles, assignment
from trustdesk.conversations.intake import Received
from trustdesk.conversations.models import Entry
from trustdesk.knowledge import search
from trustdesk.knowledge.models import Article, Search


@dataclass
class Scene:
    client: Client
    case: Received
    articles: dict[tuple[str, str], Article]

    def part(self, name: str, **query: str) -> str:
        answer = self.client.get(reverse(name, args=[self.case.reference]), query, headers=HTMX)
        assert answer.status_code == 200
        return answer.content.decode()

    def say(self, text: str, *slugs: str, identity: str = "abcdef0123", **more: Any) -> Any:
        seen = str(case_of(self.case).last_seq)
        ids = [str(self.articles[slug, "en"].pk) for slug in slugs]
        fields = {
            "client_id": identity,
            "kind": "reply",
            "text": text,
            "seen": seen,
            "after": seen,
            "articles": ids,
        } | more
        return self.client.post(reverse("desk_reply", args=[self.case.reference]), fields, headers=HTMX)

    def said(self) -> list[tuple[str, list[str]]]:
        rows = Entry.objects.filter(conversation=self.case.conversation_id, author="agent", kind="message").order_by(
            "seq"
        )
        return [(row.text, [one["title"] for one in row.data.get("articles", [])]) for row in rows]


@pytest.fixture
def scene(committed_db: str) -> Iterator[Scene]:
    world.fresh()
    articles = shelf.fill()
    mei, client = person("Mei", "funds")
    case = world.chat("My deposit has not arrived")
    assignment.take(conversation_id=case.conversation_id, seat=mei, now=NOON)
    yield Scene(client, case, articles)
    search.forget()


def test_articles_are_found_while_typing_proposed_and_noted(scene: Scene) -> None:
    found = scene.part("desk_articles", q="withdr")
    assert f'data-article="{scene.articles["withdrawal-pending", "en"].pk}"' in found
    assert 'role="listbox"' in found
    assert [(row.place, row.text) for row in Search.objects.all()] == [("desk", "withdr")]
    late = f'data-article="{scene.articles["deposit-missing", "en"].pk}"'
    assert late in scene.part("desk_articles")
    assert late in scene.part("desk_suggested")
    assert "data-article" not in scene.part("desk_articles", q="quokka")
    for hostile in ("<script>alert(1)</script>", "a\0b", "x" * 5_000):
        assert "<script>" not in scene.part("desk_articles", q=hostile)


def test_they_are_those_of_the_customers_language_and_no_drafts(scene: Scene) -> None:
    shelf.publish(Told("Withdrawal draft", "A draft.", "withdrawal"), slug="draft", live=False)
    other = world.chat("我的充值没有到账", visitor="bo", locale="zh-hans")
    search.forget()
    answer = scene.client.get(reverse("desk_articles", args=[other.reference]), {"q": "充值"}, headers=HTMX)
    assert "充值未到账" in answer.content.decode()
    assert "Withdrawal draft" not in scene.part("desk_articles", q="withdrawal draft")


def test_what_a_customer_read_before_he_wrote_is_in_sight(scene: Scene) -> None:
    read = articles.stored(articles.known([scene.articles["withdrawal-pending", "en"].pk], locale="zh-hans"))
    case = world.chat("It is stuck", visitor="bo", read_before=tuple(read))
    page = scene.client.get(reverse("desk_case", args=[case.reference])).content.decode()
    assert "Read before:" in page
    assert re.search(r'<a href="/help/zh-hans/basics/withdrawal-pending/"[^>]*>提现一直处理中</a>', page)
    assert "Read before:" not in scene.client.get(reverse("desk_case", args=[scene.case.reference])).content.decode()


def test_who_may_not_see_the_case_gets_none(scene: Scene) -> None:
    _, stranger = person("Tom", "trading")
    for name in ("desk_articles", "desk_suggested"):
        address = reverse(name, args=[scene.case.reference])
        assert stranger.get(address, headers=HTMX).status_code == 404
        assert Client().get(address).status_code == 302


def test_an_inserted_article_is_a_card_in_the_timeline_and_sent_once(scene: Scene) -> None:
    page = scene.say("Look here", "deposit-missing")
    assert page.status_code == 200
    assert 'href="/help/en/basics/deposit-missing/"' in page.content.decode()
    assert scene.say("Look here", "deposit-missing").status_code == 200
    assert scene.say("", "trading-fees", identity="abcdef9999").status_code == 200
    assert scene.said() == [("Look here", ["My deposit has not arrived"]), ("", ["Trading fees"])]
    assert "Trading fees" in scene.client.get(reverse("desk_list")).content.decode()  # the list names it


def test_nothing_at_all_too_many_and_what_is_gone_is_said_beside_the_composer(scene: Scene) -> None:
    assert scene.say("").status_code == 422
    assert scene.say("x", articles=["1", "2", "3", "4"]).status_code == 400
    assert scene.say("x", articles=["-1"]).status_code == 400
    scene.articles["stop-loss", "en"].unpublish()
    search.forget()
    gone = scene.say("x", "stop-loss")
    assert gone.status_code == 409
    assert "not published any more" in gone.content.decode()
    assert scene.said() == []
