"""The contact hub: which ways there are, how they stand, and which one it advises; asking for a case's progress."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from procrastinate.contrib.django.models import ProcrastinateJob

from tests import world
from tests.world import NOON
from trustdesk.channels.models import Delivery
from trustdesk.conversations import notices, public
from trustdesk.conversations.models import Conversation, RequestType
from trustdesk.customers import limits
from trustdesk.policy import reference as case_number
from trustdesk.portal import hub
from trustdesk.seams import clock
from trustdesk.ui import durations

pytestmark = pytest.mark.django_db

FOLDER = Path(settings.BASE_DIR) / "trustdesk/portal"
MINE = ("_case", "case", "_cases", "cases", "_hub", "hub", "proof", "signin")
TEMPLATES = sorted(path for path in FOLDER.glob("templates/portal/*.html") if path.name.startswith(MINE))


@pytest.fixture(autouse=True)
def _noon() -> Iterator[None]:
    world.fresh()
    with clock.frozen(NOON):
        yield


def shown(query: str = "") -> str:
    answer = Client().get(f"/contact/{query}")
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", answer.content.decode())


class TestChannels:
    def test_all_five_are_there_with_the_safety_line(self) -> None:
        page = shown()
        for name in ("Live chat", "Ticket", "E-mail", "Social media", "Help center"):
            assert f"</svg>{name}</h3>" in page
        assert "We never ask for your password, 2FA code, private key or seed phrase." in page
        assert 'href="/official/"' in page
        assert f"mailto:{settings.DEFAULT_FROM_EMAIL}" in page
        assert 'href="/tickets/new/"' in page
        assert "Never write there about your account or money" in page

    def test_it_is_said_honestly_when_nobody_is_there(self) -> None:
        page = shown()
        assert "Nobody is on shift right now" in page
        assert "Open now" not in page

    def test_the_queue_is_the_real_one(self) -> None:
        world.agent("Mei", "funds", capacity=0)
        assert "Open now · nobody is waiting" in shown()
        for visitor in ("anna", "boris"):
            world.chat("hello", visitor=visitor)
        assert Conversation.objects.filter(queued_at__isnull=False).count() == 2
        page = shown()
        assert "2 people wait" in page
        wait = public.hub(now=NOON).chat_wait
        assert ("8 of 10 wait less than" in page) == (wait is not None)
        assert ("how long it takes cannot be said yet" in page) == (wait is None)

    def test_the_expected_reply_is_that_of_the_types_in_the_middle(self) -> None:
        said = [public.expected_reply(one.code, now=NOON) for one in public.request_types(locale="en")]
        middle = sorted(said, key=lambda one: one.high)[len(said) // 2]
        assert f"we aim at a first answer in {durations.between(middle.low, middle.high)}" in shown()


class TestSteering:
    @pytest.mark.parametrize("code", hub.MATTERS)
    def test_each_answer_leads_somewhere_that_exists(self, code: str) -> None:
        page = shown(f"?what={code}")
        assert str(hub.MATTERS[code].heading) in page
        answer = page[page.index('id="answer"') :]
        leads = re.findall(r'<a class="button[^"]*" href="([^"]+)"', answer[: answer.index("</section>")])
        assert leads
        for lead in leads:
            assert lead.startswith(("/chat/?", "/official/", "mailto:", "/tickets/new/", "/help/en/"))
            if lead.startswith("/tickets/new/"):
                assert RequestType.objects.filter(code=lead.split("/")[3], in_form=True).exists()

    def test_every_type_it_names_is_offered_by_a_fresh_install(self) -> None:
        named = {way for matter in hub.MATTERS.values() for way in matter.ways} - hub._PAGES
        assert named <= {one.code for one in public.request_types(locale="en")}

    def test_a_type_that_staff_took_out_is_not_offered(self) -> None:
        assert "/tickets/new/deposit_missing/" in shown("?what=deposit")
        RequestType.objects.filter(code="deposit_missing").update(in_form=False)
        world.fresh()
        assert "/tickets/new/deposit_missing/" not in shown("?what=deposit")

    def test_an_emergency_comes_first_with_its_checklist(self) -> None:
        page = shown("?what=hacked")
        steps = [
            page.index(words) for words in ("Freeze your account", "Change your password", "Then open the live chat")
        ]
        assert steps == sorted(steps)
        assert steps[-1] < page.index("What happened?")
        assert 'href="/chat/?topic=hacked"' in page
        assert "?what=hacked#answer" in shown()

    @pytest.mark.parametrize("what", ["", "nonsense", "<script>", "hacked%00"])
    def test_anything_else_is_no_answer(self, what: str) -> None:
        page = shown(f"?what={what}")
        assert 'id="answer"' not in page
        assert "<script>" not in page

    def test_nothing_about_accounts_goes_over_social_media(self) -> None:
        assert "social" not in {way for matter in hub.MATTERS.values() for way in matter.ways}


class TestFollowing:
    @pytest.fixture
    def case(self, monkeypatch: pytest.MonkeyPatch) -> str:
        monkeypatch.setattr(limits, "limiter", limits.Limiter())
        received = world.chat("hello")
        Conversation.objects.filter(pk=received.conversation_id).update(answer_to="anna@mail.example.test")
        return received.reference

    def test_the_answer_is_the_same_whether_there_is_such_a_case(self, case: str) -> None:
        none = case_number.new(b"\x01" * 8)
        asked = [(case, "anna@mail.example.test"), (case, "boris@mail.example.test"), (none, "anna@mail.example.test")]
        answers = [Client().post("/follow/", {"reference": number, "mail": mail}) for number, mail in asked]
        assert {(one.status_code, one.headers["Location"], one.content) for one in answers} == {
            (302, "/follow/?sent=1", b"")
        }
        assert not Delivery.objects.exists()  # whether there is one is looked at later: asking takes the same for all
        for job in ProcrastinateJob.objects.filter(task_name="conversations.mail_progress"):
            notices.mail_progress(**job.args, now=clock.now())
        assert [one.recipient for one in Delivery.objects.all()] == ["anna@mail.example.test"]
        assert "a mail is on its way" in Client().get("/follow/?sent=1").content.decode()

    @pytest.mark.parametrize(
        ("number", "mail", "wrong"),
        [
            ("", "a@mail.example.test", "case number"),
            ("K7M-4Q2-X9H1", "a@mail.example.test", "case number"),
            ("ok", "nonsense", "mail address"),
        ],
    )
    def test_what_was_mistyped_is_said_beside_the_field_and_kept(
        self, case: str, number: str, mail: str, wrong: str
    ) -> None:
        answer = Client().post("/follow/", {"reference": case if number == "ok" else number, "mail": mail})
        assert answer.status_code == 422
        assert f"This is not a {wrong}." in answer.content.decode()
        assert f'value="{mail}"' in answer.content.decode()
        assert not Delivery.objects.exists()

    def test_asking_costs_the_same_whether_there_is_such_a_case(self, case: str) -> None:
        """E-20, A-20: the same statements, so the same time."""
        asked = {}
        for number, mail in ((case, "anna@mail.example.test"), (case_number.new(b"\x01" * 8), "boris@mail.example.test")):
            with CaptureQueriesContext(connection) as queries:
                assert Client().post("/follow/", {"reference": number, "mail": mail}).status_code == 302
            asked[number] = [re.sub(r"'[^']*'|\d+", "?", one["sql"]) for one in queries]
        assert len({repr(one) for one in asked.values()}) == 1

    def test_who_guesses_is_slowed_down_and_learns_nothing(self, case: str) -> None:
        """E-20: what one network asks at once."""
        answers: Counter[int] = Counter()
        for number in range(10_000 // 40):
            guess = case if number % 50 == 7 else case_number.new(number.to_bytes(8, "big"))
            answer = Client().post("/follow/", {"reference": guess, "mail": "anna@mail.example.test"})
            answers[answer.status_code] += 1
            assert answer.status_code == 302 or int(answer.headers["Retry-After"]) > 0
        assert answers == {302: limits.QUESTIONS, 429: 250 - limits.QUESTIONS}

    def test_ten_thousand_guesses_get_nowhere(self) -> None:
        """E-20: two a second for as long as it takes, from all over one network; nobody else is slowed down by it."""
        limiter, let_in = limits.Limiter(), 0
        for number in range(10_000):
            let_in += limiter.ask(address=f"2001:db8:1:1::{number:x}", at=number / 2) == 0
        most = limits.QUESTIONS * (1 + 5_000 / limits.GENERATION)
        assert limits.QUESTIONS < let_in <= most
        assert limiter.ask(address="2001:db8:1:2::1", at=5_000) == 0

    def test_another_site_cannot_ask(self, case: str) -> None:
        strict = Client(enforce_csrf_checks=True)
        assert strict.post("/follow/", {"reference": case, "mail": "anna@mail.example.test"}).status_code == 403


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (0.5, 0.5, "1 minute"), (10, 30, "10–30 minutes"), (30, 30, "30 minutes"), (0, 20, "up to 20 minutes"),
        (15, 90, "15–90 minutes"), (30, 120, "up to 2 hours"), (60, 180, "1–3 hours"), (61, 60 * 47.5, "1–48 hours"),
        (1440, 7200, "1–5 days"), (60, 7200, "up to 5 days"),
    ],
)  # fmt: skip
def test_durations_are_said_in_the_unit_that_suits(low: float, high: float, said: str) -> None:
    assert durations.between(timedelta(minutes=low), timedelta(minutes=high)) == said


@pytest.mark.parametrize("path", ["/contact/", "/signin/", "/follow/", "/contact/?what=hacked"])
def test_pages_speak_both_languages_and_are_not_kept(path: str) -> None:
    joined = f"{path}{'&' if '?' in path else '?'}lang=zh-hans"
    answer = Client().get(joined)
    assert '<html lang="zh-hans"' in answer.content.decode()
    assert answer.headers["Cache-Control"] == "no-store"
    assert Client().post("/contact/").status_code == 405


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_no_inline_script_or_style(template: Path) -> None:
    markup = template.read_text()
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:", markup)
    assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", markup))


def test_scripts_never_make_markup_of_text() -> None:
    script = (FOLDER / "static/portal/cases.js").read_text()
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function", script)
