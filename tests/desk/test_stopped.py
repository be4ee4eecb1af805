"""B-14: an answer that asks a customer for a secret is not sent, loses nothing of the draft, and those who lead are told."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse

from tests import world
from tests.desk.desks import HTMX, case_of, person
from tests.world import NOON
from trustdesk.conversations import acting, asides, assignment, replies, stopping
from trustdesk.conversations.intake import Received
from trustdesk.conversations.models import Entry
from trustdesk.conversations.stopped_models import StoppedReply
from trustdesk.staff.models import Audit, Role
from trustdesk.staff.permissions import Seat

ASKS = "Hello Anna, please send me your passwоrd, CNRY-draft."  # with a Cyrillic letter


@pytest.fixture
def scene(committed_db: str) -> tuple[Seat, Client, Received]:
    """Mei with a case of hers, on a database whose commits the reply writer's thread sees."""
    world.fresh()
    mei, client = person("Mei", "funds")
    case = world.chat("My deposit is missing")
    assignment.take(conversation_id=case.conversation_id, seat=mei, now=NOON)
    return mei, client, case


def say(
    client: Client, case: Received, text: str, *, kind: str = "reply", htmx: bool = True, language: str = "en"
) -> Any:
    fields = {"client_id": "abcdef0123", "kind": kind, "text": text, "seen": str(case_of(case).last_seq)}
    return client.post(
        reverse("desk_reply", args=[case.reference]),
        fields,
        headers=(HTMX if htmx else {}) | {"Accept-Language": language},
    )


def rows() -> list[tuple[str, str, str]]:
    found = Audit.objects.filter(action="reply_stopped").order_by("pk")
    return [(row.agent_name, row.result, row.data["asked"]) for row in found]


def whole_database() -> str:
    with connection.cursor() as cursor:
        text = []
        for name in connection.introspection.table_names():
            cursor.execute(f"SELECT t::text FROM {name} t")
            text += [row[0] for row in cursor.fetchall()]
    return "\n".join(text)


def messages() -> list[str]:
    return list(Entry.objects.filter(author="agent", kind="message").values_list("text", flat=True))


def test_it_is_not_sent_and_says_why(scene: tuple[Seat, Client, Received]) -> None:
    mei, client, case = scene
    answer = say(client, case, ASKS)
    assert answer.status_code == 409
    page = answer.content.decode()
    assert "asks the customer for a password" in page
    assert "Your text is still here" in page
    assert messages() == []
    assert rows() == [(mei.display_name, "refused", "password")]
    assert "CNRY-draft" not in whole_database()
    assert "索要密码" in say(client, case, ASKS, language="zh-Hans").content.decode()


def test_without_scripts_the_draft_comes_back(scene: tuple[Seat, Client, Received]) -> None:
    _, client, case = scene
    answer = say(client, case, ASKS, htmx=False)
    assert answer.status_code == 409
    assert f"{ASKS}</textarea>" in answer.content.decode()
    assert messages() == []


def test_a_lead_sees_the_alert_and_sees_to_it(scene: tuple[Seat, Client, Received]) -> None:
    mei, client, case = scene
    _, lena = person("Lena", "funds", role=Role.LEAD)
    _, tina = person("Tina", "trading", role=Role.LEAD)
    alerts = reverse("desk_alerts")
    assert alerts not in lena.get(reverse("desk_list")).content.decode()
    for _ in range(2):  # the second try is no second alert
        say(client, case, ASKS)
    assert len(rows()) == 2
    assert alerts in lena.get(reverse("desk_list")).content.decode()
    assert alerts not in tina.get(reverse("desk_list")).content.decode()
    assert alerts not in client.get(reverse("desk_list")).content.decode()
    page = lena.get(alerts).content.decode()
    assert mei.display_name in page
    assert case.reference in page
    assert "a password" in page
    assert "CNRY" not in page
    (row,) = StoppedReply.objects.all()
    seen = reverse("desk_alert_seen", args=[row.pk])
    assert client.get(alerts).status_code == client.post(seen).status_code == tina.post(seen).status_code == 404
    assert lena.post(seen).status_code == 302
    assert alerts not in lena.get(reverse("desk_list")).content.decode()
    assert Audit.objects.get(action="reply_stopped_seen").data == {"asked": "password", "agent": mei.agent_id}
    say(client, case, ASKS)
    assert StoppedReply.objects.filter(seen_at=None).count() == 1


def test_colleagues_read_it_in_the_case_and_the_customer_does_not(scene: tuple[Seat, Client, Received]) -> None:
    _, client, case = scene
    say(client, case, ASKS)
    page = client.get(reverse("desk_case", args=[case.reference])).content.decode()
    assert "was stopped: it asked for a password" in page
    entry = Entry.objects.get(conversation=case.conversation_id, data__has_key="asked")
    assert (entry.visible, entry.data["asked"]) == (False, "password")


def test_notes_and_questions_to_departments_may_say_anything(scene: tuple[Seat, Client, Received]) -> None:
    mei, client, case = scene
    assert say(client, case, ASKS, kind="note").status_code == 200
    asides.ask(conversation_id=case.conversation_id, seat=mei, recipient="risk@bank.example", text=ASKS, now=NOON)
    assert rows() == []
    assert not StoppedReply.objects.exists()


def test_good_advice_goes_out(scene: tuple[Seat, Client, Received]) -> None:
    _, client, case = scene
    text = "We will never ask for your password. Please change it, and do not share your 2FA code with anybody."
    assert say(client, case, text).status_code == 200
    assert messages() == [text]


def test_in_a_batch_it_hurts_only_itself(scene: tuple[Seat, Client, Received]) -> None:
    mei, _, case = scene
    futures = [
        replies.submit(replies.Reply(case.conversation_id, mei.agent_id, f"id-{n}-aaaa", text))
        for n, text in enumerate(["One moment", ASKS, "Found it"])
    ]
    assert futures[0].result(timeout=10).seq < futures[2].result(timeout=10).seq
    with pytest.raises(replies.UnableToReply, match="asks_password"):
        futures[1].result(timeout=10)
    assert messages() == ["One moment", "Found it"]
    assert len(rows()) == 1


@pytest.mark.django_db
def test_who_may_not_speak_there_raises_no_alert() -> None:
    world.fresh()
    case, tom = world.chat("hello"), world.agent("Tom", "trading")
    with pytest.raises(replies.UnableToReply, match="not_found"):
        world.answer(tom, case, ASKS)
    assert rows() == []


@pytest.mark.django_db
def test_nobody_sees_to_his_own() -> None:
    world.fresh()
    case, lena = world.chat("hello"), world.agent("Lena", "funds", role=Role.LEAD)
    with pytest.raises(replies.UnableToReply, match="asks_password"):
        world.answer(lena, case, ASKS)
    (row,) = stopping.alerts(lena)
    with pytest.raises(acting.UnableToAct, match="own_stopped"):
        stopping.see_to(stopped_id=row.pk, seat=lena, now=NOON)
    with pytest.raises(IntegrityError), transaction.atomic():
        StoppedReply.objects.update(seen_by=lena.agent_id)
    ada = world.agent("Ada", role=Role.ADMIN)
    stopping.see_to(stopped_id=row.pk, seat=ada, now=NOON)
    with pytest.raises(acting.UnableToAct, match="not_found"):
        stopping.see_to(stopped_id=row.pk, seat=ada, now=NOON)
    assert stopping.count(lena) == 0


@pytest.mark.django_db
@pytest.mark.parametrize("where", ["documents", "subject"])
def test_other_words_to_customers_are_stopped_as_well(where: str) -> None:
    world.fresh()
    _, client = person("Lena", "funds", role=Role.LEAD)
    case = world.chat("My deposit is missing")
    fields: dict[str, Any]
    if where == "subject":
        address, fields = "desk_split", {"seq": "1", "code": "kyc", "subject": ASKS}
    else:
        address, fields = "desk_documents", {"kinds": ["id_front"], "note": ASKS}
    answer = client.post(reverse(address, args=[case.reference]), fields, headers=HTMX)
    assert answer.status_code == 409
    assert "asks the customer for a password" in answer.content.decode()
    assert [asked for _, _, asked in rows()] == ["password"]
    assert StoppedReply.objects.count() == 1
    assert "CNRY-draft" not in whole_database()
