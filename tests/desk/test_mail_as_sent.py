"""A mail as it was sent, in a frame that may do nothing; its pictures; and its bytes for who leads."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core import signing
from django.test import Client
from django.urls import reverse

from tests import world
from tests.conversations import pictures, uploads
from tests.desk import mails
from tests.desk.desks import person
from tests.world import NOON
from trustdesk.channels import addresses, post
from trustdesk.conversations import assignment, mail_html, mail_pictures
from trustdesk.conversations.intake import Received
from trustdesk.conversations.mail_models import MailPart
from trustdesk.conversations.models import Attachment, Entry
from trustdesk.desk import mail
from trustdesk.seams import clock
from trustdesk.staff.models import Agent, Audit, Membership, Role, Team

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh(db: None) -> None:
    world.fresh()
    addresses.forget()


def read(client: Any, reference: str) -> str:
    answer = client.get(f"/desk/{reference}/")
    assert answer.status_code == 200, answer.content
    return str(answer.content.decode())


def frame(client: Any, case: Received, query: str = "") -> Any:
    return client.get(reverse("desk_mail", args=[case.reference, case.seq]) + query)


def test_the_frame_is_a_document_that_may_do_nothing() -> None:
    _, client = person("Mei", "funds")
    case = mails.mail(html="<p>Dear <b>team</b></p><script>hit()</script>")
    answer = frame(client, case)
    policy = {one.split()[0]: one.split()[1:] for one in answer.headers["Content-Security-Policy"].split(";")}
    assert set(policy["sandbox"]) == {"allow-popups", "allow-popups-to-escape-sandbox"}
    assert policy["default-src"] == ["'none'"]
    assert policy["form-action"] == ["'none'"]
    assert policy["frame-ancestors"] == ["'self'"]
    assert "script-src" not in policy
    assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"
    page = answer.content.decode()
    assert "<p>Dear <b>team</b></p>" in page
    assert "hit()" not in page


def test_there_is_no_button_where_there_is_nothing_to_show() -> None:
    _, client = person("Mei", "funds")
    case = mails.mail(html="")
    assert "data-as-sent" not in read(client, case.reference)
    MailPart.objects.update(html=mail_html.TOO_LARGE)
    page = read(client, case.reference)
    assert "data-as-sent" not in page
    assert "Too large to be shown" in page
    MailPart.objects.update(html=mail_html.clean('<p>x</p><img src="https://a.example/b.png">'))
    page = read(client, case.reference)
    assert "data-as-sent" in page
    assert "Load 1 picture" in page


def test_a_line_that_is_no_mail_has_no_looks() -> None:
    _, client = person("Mei", "funds")
    case = mails.mail()
    for seq in (case.seq + 1, 999, 0):
        assert client.get(reverse("desk_mail", args=[case.reference, seq])).status_code == 404
        assert client.get(reverse("desk_mail_original", args=[case.reference, seq])).status_code == 404


def test_looking_at_somebody_elses_mail_is_written_down() -> None:
    mei, client = person("Mei", "funds")
    case = mails.mail(html="<p>x</p>")
    frame(client, case)
    assert Audit.objects.get(action="customer_viewed").agent_id == mei.agent_id


def test_pictures_of_others_have_an_address_only_when_they_are_asked_for() -> None:
    _, client = person("Mei", "funds")
    case = mails.mail(html='<p>x</p><img src="https://a.example/b.png"><img src="cid:x">')
    shut, opened = frame(client, case).content.decode(), frame(client, case, "?pictures=1").content.decode()
    assert " src=" not in shut
    assert opened.count(' src="/mail-pictures/') == 1


def test_no_more_pictures_are_loaded_than_a_mail_may_have() -> None:
    _, client = person("Mei", "funds")
    case = mails.mail(html="".join(f'<img src="https://a.example/{n}.png">' for n in range(mail.MOST_PICTURES + 20)))
    assert frame(client, case, "?pictures=1").content.decode().count(' src="/mail') == mail.MOST_PICTURES


def named(client: Any, case: Received, query: str = "?pictures=1") -> str:
    found = re.search(r'src="(/mail-pictures/[^"]+)"', frame(client, case, query).content.decode())
    assert found
    return found[1]


def test_a_picture_is_let_in_by_its_name_without_any_cookie(monkeypatch: pytest.MonkeyPatch) -> None:
    _, client = person("Mei", "funds")
    case = mails.mail(html='<p>x</p><img src="https://a.example/b.png?c=1&amp;d=2">')
    asked: list[str] = []

    def fetch(url: str) -> mail_pictures.Fetched:
        asked.append(url)
        return mail_pictures.Fetched(b"picture", "image/png")

    monkeypatch.setattr(mail_pictures, "fetch", fetch)
    answer = Client().get(named(client, case))
    assert (answer.status_code, answer.content, answer.headers["Content-Type"]) == (200, b"picture", "image/png")
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert asked == ["https://a.example/b.png?c=1&d=2"]


def test_a_name_is_for_one_agent_and_a_few_minutes_and_ours_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """The way to pictures is open to nobody: not as a proxy, not later, not for who has left the team (N-01, A-01)."""
    mei, client = person("Mei", "funds")
    case = mails.mail(html='<p>x</p><img src="https://a.example/b.png">')
    monkeypatch.setattr(mail_pictures, "fetch", lambda _url: mail_pictures.Fetched(b"picture", "image/png"))
    address = named(client, case)
    token = address.rpartition("/")[2]
    assert Client().get(address).status_code == 200
    forged = signing.dumps([mei.agent_id, case.conversation_id, "remote", "https://b.example/", 9**10], salt="x")
    for wrong in (token[:-1], token + "x", token.swapcase(), forged, "x", token.replace(":", "")):
        assert Client().get(f"/mail-pictures/{wrong}").status_code == 404
    with clock.frozen(clock.now() + mail.PICTURES_LAST + timedelta(seconds=2)):
        assert Client().get(address).status_code == 404
    Membership.objects.filter(agent=mei.agent_id).delete()
    assert Client().get(address).status_code == 404
    Membership.objects.create(agent_id=mei.agent_id, team=Team.objects.get(slug="funds"))
    assert Client().get(address).status_code == 200
    Agent.objects.filter(pk=mei.agent_id).update(is_active=False)
    assert Client().get(address).status_code == 404


def test_a_picture_that_cannot_be_fetched_is_just_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    _, client = person("Mei", "funds")
    case = mails.mail(html='<p>x</p><img src="https://a.example/b.png">')

    def fetch(_url: str) -> mail_pictures.Fetched:
        raise mail_pictures.UnableToFetch("address_private")

    monkeypatch.setattr(mail_pictures, "fetch", fetch)
    answer = Client().get(named(client, case))
    assert (answer.status_code, answer.content) == (404, b"")


def attached(case: Received, data: bytes, name: str) -> str:
    key = uploads.send(data, name).key
    entry = Entry.objects.get(conversation=case.conversation_id, seq=case.seq)
    Attachment.objects.filter(key=key).update(entry=entry, conversation=entry.conversation_id)
    return key


def test_own_pictures_of_the_mail_are_shown_and_no_other_file_is() -> None:
    """X-05: only what we wrote anew ourselves, and only files of this very line."""
    _, client = person("Mei", "funds")
    case, other = mails.mail(html="<p>x</p>"), mails.mail("another", sender="bert@customer.example")
    keys = {
        "picture": attached(case, pictures.png(), "a.png"),
        "text": attached(case, b"hello", "a.txt"),
        "foreign": attached(other, pictures.png(), "b.png"),
    }
    html = "<p>x</p>" + "".join(f'<img src="cid:{name}">' for name in keys)
    MailPart.objects.filter(conversation=case.conversation_id).update(html=mail_html.clean(html, files=keys))
    page = frame(client, case).content.decode()
    assert page.count(" src=") == 1
    answer = Client().get(named(client, case, ""))
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "image/png"
    assert b"".join(answer.streaming_content)[:4] == b"\x89PNG"  # type: ignore[attr-defined]


# As it came --------------------------------------------------------------------------------------------------------


def test_the_bytes_go_to_who_leads_and_are_written_down_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """B-28: nothing is handed out that nobody can find out about later."""
    _, agent = person("Mei", "funds")
    lena, lead = person("Lena", "funds", role=Role.LEAD)
    _, admin = person("Ada", role=Role.ADMIN)
    _, stranger = person("Tina", "trading", role=Role.LEAD)
    case = mails.mail(payload_id=mails.stuck(state="processed"))
    address = reverse("desk_mail_original", args=[case.reference, case.seq])
    assert [one.get(address).status_code for one in (agent, stranger)] == [404, 404]
    assert not Audit.objects.filter(action="mail_downloaded").exists()
    order: list[str] = []
    whole = post.content

    def content(identity: int) -> bytes:
        order.append(f"{Audit.objects.filter(action='mail_downloaded').count()} written")
        return whole(identity)

    monkeypatch.setattr(post, "content", content)
    answer = lead.get(address)
    assert (answer.status_code, answer.content) == (200, mails.RAW)
    assert order == ["1 written"]
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{case.reference}-{case.seq}.eml"'
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    row = Audit.objects.get(action="mail_downloaded")
    assert (row.agent_id, row.data) == (lena.agent_id, {"case": case.reference})
    assert admin.get(address).status_code == 200
    assert "original.eml" in read(lead, case.reference)
    assert "original.eml" not in read(agent, case.reference)


def test_an_agent_gets_no_bytes_of_his_own_case_either() -> None:
    mei, client = person("Mei", "funds")
    case = mails.mail(payload_id=mails.stuck(state="processed"))
    assignment.take(conversation_id=case.conversation_id, seat=mei, now=NOON)
    assert client.get(reverse("desk_mail_original", args=[case.reference, case.seq])).status_code == 404


def test_bytes_that_were_shredded_are_gone_and_the_attempt_is_known() -> None:
    _, lead = person("Lena", "funds", role=Role.LEAD)
    identity = mails.stuck(state="processed")
    case = mails.mail(payload_id=identity)
    address = reverse("desk_mail_original", args=[case.reference, case.seq])
    post.processed({identity: case.conversation_id}, now=NOON, shred=[identity])
    assert lead.get(address).status_code == 404
    MailPart.objects.update(payload_id=None)
    assert lead.get(address).status_code == 404
    assert Audit.objects.filter(action="mail_downloaded").count() == 1
