"""The page of the mailboxes: for leads and administrators, every number and gap, and mail that waits for a person."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.translation import override

from tests import world
from tests.desk import mails
from tests.desk.desks import HTMX, person
from trustdesk.channels import addresses, outbox, post, sending_dns
from trustdesk.channels.models import Delivery, DomainCheck, HookPayload, Inbox, MailboxState, MissingMail
from trustdesk.conversations import ledger
from trustdesk.desk import mail_wording
from trustdesk.seams import clock
from trustdesk.staff.models import Audit, Role, Team

pytestmark = pytest.mark.django_db
OF_ONE = {"desk_held_opening": "post", "desk_held_original": "get", "desk_held_fate": "post"}


@pytest.fixture(autouse=True)
def _fresh(db: None) -> Iterator[None]:
    world.fresh()
    addresses.forget()
    with override_settings(MAIL_AUTHSERV_ID="mx.northlight.example"):  # nobody is asked who sent it
        yield


def lead(*teams: str) -> Any:
    return person("Lena", *(teams or ("funds",)), role=Role.LEAD)[1]


def ask(client: Any, name: str, pk: int, **fields: str) -> Any:
    return getattr(client, OF_ONE[name])(reverse(name, args=[pk]), {"to": "retry"} | fields)


def read(client: Any, query: str = "") -> str:
    answer = client.get(reverse("desk_mailboxes") + query)
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_agents_have_no_business_there() -> None:
    """E-08: what a service mails to confirm our address is read by nobody who could use it."""
    _, agent = person("Mei", "funds")
    identity = mails.stuck(reason="account_mail")
    assert agent.get(reverse("desk_mailboxes")).status_code == 404
    for name in OF_ONE:
        foreign, unknown = ask(agent, name, identity), ask(agent, name, 999_999)
        assert foreign.status_code == unknown.status_code == 404
        assert foreign.content == unknown.content
    assert HookPayload.objects.get().state == "held"
    assert not Audit.objects.filter(target__startswith="mail:").exists()
    assert reverse("desk_mailboxes") not in agent.get("/desk/").content.decode()
    assert reverse("desk_mailboxes") in lead().get("/desk/").content.decode()


def test_a_lead_looks_after_the_mailboxes_of_his_teams_and_of_none() -> None:
    ids = {team.slug: team.pk for team in Team.objects.all()}
    theirs = mails.mailbox("trading@northlight.example", ids["trading"])
    ours = mails.mailbox("funds@northlight.example", ids["funds"])
    foreign, own, nobodys = (mails.stuck(inbox=box) for box in (theirs.pk, ours.pk, outbox.mail_inbox()))
    client = lead("funds")
    page = read(client)
    assert "funds@northlight.example" in page
    assert "trading@northlight.example" not in page
    assert addresses.default() in page
    for name in OF_ONE:
        assert ask(client, name, foreign).status_code == 404
    assert HookPayload.objects.get(pk=foreign).state == "held"
    assert ask(client, "desk_held_opening", own).status_code == 200
    assert ask(client, "desk_held_opening", nobodys).status_code == 200
    _, admin = person("Ada", role=Role.ADMIN)
    assert "trading@northlight.example" in read(admin)
    assert ask(admin, "desk_held_opening", foreign).status_code == 200


def test_every_number_of_the_ledger_is_there() -> None:
    box = mails.mailbox("funds@northlight.example")
    for state, times in (("stored", 1), ("processed", 2), ("unreadable", 3), ("held", 4)):
        for _ in range(times):
            mails.stuck(state=state, inbox=box.pk)
    MailboxState.objects.create(
        inbox=box, on_server=13, problem="auth", alive_at=clock.now(), looked_at=clock.now()
    )
    for uid in (422, 17):
        MissingMail.objects.create(inbox=box, uid_validity=1, uid=uid, since=clock.now())
    seat = person("Ada", role=Role.ADMIN)[0]
    found = next(one for one in ledger.mailboxes(seat, now=clock.now()) if one.address == box.address)
    assert (found.stored, found.processed, found.waiting, found.unreadable, found.held) == (10, 2, 1, 3, 4)
    page = read(lead())
    one = page[page.index("funds@northlight.example") :].partition("</li>")[0]
    assert re.findall(r"<dd>(\d+)</dd>", one) == ["13", "10", "2", "1", "3", "4"]
    assert "17, 422" in one
    assert "2 mails on the server are not here" in one
    assert "does not let us in" in one


def test_a_mailbox_that_nobody_can_fetch_counts_as_waiting_for_somebody() -> None:
    ids = {team.slug: team.pk for team in Team.objects.all()}
    sealed = b"sealed"
    boxes = [mails.mailbox(f"{name}@northlight.example", ids["funds"]) for name in ("shut", "silent", "well", "lacking", "off")]
    Inbox.objects.filter(pk__in=[box.pk for box in boxes]).update(secrets=sealed)
    Inbox.objects.filter(pk=boxes[4].pk).update(enabled=False)
    now = clock.now()
    for box, problem, alive in zip(boxes, ("auth", "", "", "", "tls"), (0, 20, 0, 0, 0), strict=True):
        MailboxState.objects.create(inbox=box, problem=problem, alive_at=now - timedelta(minutes=alive))
    MissingMail.objects.create(inbox=boxes[3], uid_validity=1, uid=17, since=now)
    seat, client = person("Lena", "funds", role=Role.LEAD)
    assert ledger.count(seat, now=now) == 3
    assert ">3</span>" in client.get("/desk/").content.decode().partition(reverse("desk_mailboxes"))[2].partition("</a>")[0]
    assert ledger.count(person("Tom", "trading", role=Role.LEAD)[0], now=now) == 0


def test_mail_that_cannot_leave_is_said_to_everybody_who_looks() -> None:
    now = clock.now()
    for number in range(2):
        Delivery.objects.create(
            key=str(number), inbox_id=outbox.mail_inbox(), purpose="code", recipient="a@mail.example", state="queued",
            attempts=5, reason="auth", created_at=now - timedelta(hours=2), not_before=now + timedelta(hours=1),
            claimed_at=now - timedelta(minutes=3),
        )  # fmt: skip
    seat, client = person("Tom", "trading", role=Role.LEAD)
    assert ledger.count(seat, now=now) == 1
    assert "None of our mail goes out: the mail server does not let us in. 2 mails wait" in read(client)
    Delivery.objects.filter(key="0").update(state="sent", sent_at=now)
    assert "None of our mail" not in read(client)


def test_a_server_is_asked_again_by_who_looks_after_its_mailbox() -> None:
    ids = {team.slug: team.pk for team in Team.objects.all()}
    box, foreign = mails.mailbox("funds@northlight.example", ids["funds"]), mails.mailbox("t@northlight.example", ids["trading"])
    for one in (box, foreign):
        MailboxState.objects.create(inbox=one, alive_at=clock.now(), stuck_at=clock.now())
        MissingMail.objects.create(inbox=one, uid_validity=1, uid=17, tries=10, since=clock.now())
    client = lead("funds")
    page = read(client)
    assert reverse("desk_missing", args=[box.pk]) in page
    assert "Fetching hung and was begun anew:" in page
    for other in (foreign.pk, 999_999):
        assert client.post(reverse("desk_missing", args=[other])).status_code == 404
    _, agent = person("Mei", "funds")
    assert agent.post(reverse("desk_missing", args=[box.pk])).status_code == 404
    assert not MissingMail.objects.filter(ask_at__isnull=False).exists()
    answer = client.post(reverse("desk_missing", args=[box.pk]))
    assert (answer.status_code, answer.headers["Location"]) == (302, "/desk/mail/")
    assert list(MissingMail.objects.filter(ask_at__isnull=False).values_list("inbox", "tries")) == [(box.pk, 0)]
    found = Audit.objects.get(action="mail_asked_again")
    assert (found.target, found.data) == (f"inbox:{box.pk}", {"mails": 1})


@pytest.mark.parametrize(
    ("age", "problem", "works"), [(1, "", True), (11, "", False), (None, "", False), (1, "tls", False), (1, "stuck", False)]
)
def test_a_mailbox_that_is_silent_or_broken_says_so(age: int | None, problem: str, works: bool) -> None:
    box = mails.mailbox("funds@northlight.example")
    Inbox.objects.filter(pk=box.pk).update(secrets=b"sealed")
    alive = clock.now() - timedelta(minutes=age) if age is not None else None
    MailboxState.objects.create(inbox=box, alive_at=alive, problem=problem)
    page = read(lead())
    one = page[page.index("funds@northlight.example") :].partition("</li>")[0]
    assert ("Works" in one) is works
    assert ("Problem" in one) is not works


def test_what_our_domains_publish_is_shown_as_it_was_seen_last() -> None:
    """S-56: from the database; nobody is asked while somebody waits for a page."""
    assert "Our domains in DNS" not in read(lead())
    found = [
        {"domain": "desk.example", "record": record, "name": f"_{record}.desk.example", "result": result, "code": code}
        for record, result, code in (("spf", "ok", ""), ("dmarc", "wrong", "dmarc_none"), ("dkim", "unknown", "dns_silent"))
    ]
    DomainCheck.objects.create(domain="desk.example", findings=found, complete=False, checked_at=clock.now())
    page = read(person("Ada", role=Role.ADMIN)[1])
    part = page[page.index("Our domains in DNS") :]
    assert "DMARC: The DMARC policy asks for nothing (p=none)" in part
    assert "DKIM: The name servers do not answer." in part
    assert "SPF:" not in part
    assert "Problem" in part
    with override("zh-hans"):
        assert "DMARC 策略不作要求" in sending_dns.word(sending_dns.latest()[0].wrong[0])


def test_nothing_of_a_mail_is_shown_before_it_is_opened_and_that_is_written_down_first() -> None:
    identity = mails.stuck(reason="account_mail")
    lena, client = person("Lena", "funds", role=Role.LEAD)
    page = read(client)
    for hidden in ("lin.wei", "Deposit", "customer.example", "林蔚"):
        assert hidden not in page
    assert "A service asks to confirm our address" in page
    assert "Held back" in page
    opened = ask(client, "desk_held_opening", identity).content.decode()
    for shown in ("林蔚 &lt;lin.wei@customer.example&gt;", "Deposit 未到账", "Mon, 23 Nov 2026"):
        assert shown in opened
    assert "My deposit is missing" in opened
    assert "Only claimed" in opened
    row = Audit.objects.get(action="mail_opened")
    assert (row.agent_id, row.target, row.data) == (lena.agent_id, f"mail:{identity}", {"why": "account_mail"})
    assert client.get(reverse("desk_held_opening", args=[identity])).status_code == 405


def test_what_a_mail_says_is_text_without_its_secrets() -> None:
    phrase = "legal winner thank year wave sausage worth useful legal winner thank yellow"
    raw = (
        b"From: a@b.example\r\nSubject: " + phrase.encode() + b"\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
        b"<script>hit()</script> see https://evil.example/x\r\nmy phrase: "
        + phrase.encode()
        + b"\r\n-- \r\nmy name\r\n"
    )
    page = ask(lead(), "desk_held_opening", mails.stuck(raw=raw)).content.decode()
    assert "&lt;script&gt;hit()&lt;/script&gt; see" in page
    assert "/desk/leave/?to=https%3A%2F%2Fevil.example%2Fx" in page
    assert "seed phrase" in page
    assert "sausage" not in page


HOSTILE_HEADS = (
    b"", b"\r\n\r\n", b"no head at all", b"From: <script>hit()</script>\r\nSubject: <img src=x onerror=hit()>\r\n\r\n",
    b"From: =?utf-8?b?!!!?=\r\nSubject: =?no-such-charset?q?=FF?=\r\n\r\n", b"Subject: " + b"x" * 200_000 + b"\r\n\r\n",
    b"Subject: \xff\xfe\xe4\r\nFrom: \x00\x01\r\n\r\n", b"Subject: =?utf-8?q?a=0D=0ABcc:_x?=\r\n\r\n",
    b"".join(b"Subject: %d\r\n" % number for number in range(5_000)), b"Subject: =?utf-8?q?=E2=80=AEtxt.exe?=\r\n\r\n",
    b"=?" * 30_000, b"Subject: " + b"=?utf-8?b?" * 8_000, b"From: " + b"(" * 60_000, b":\r\n" * 20_000,
)  # fmt: skip


@pytest.mark.parametrize("raw", HOSTILE_HEADS, ids=range(len(HOSTILE_HEADS)))
def test_the_head_of_any_mail_is_shown_as_text(raw: bytes) -> None:
    identity = mails.stuck(raw=raw, state="unreadable", reason="memory")
    answer = ask(lead(), "desk_held_opening", identity)
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "<script>hit" not in page
    assert "<img src=x" not in page
    assert "\u202e" not in page
    head = ledger.head(identity)
    assert all(len(field) <= 300 and "\n" not in field for field in (head.sender, head.to, head.subject, head.sent))


def test_bytes_are_handed_out_and_that_is_written_down() -> None:
    identity = mails.stuck()
    client = lead()
    answer = ask(client, "desk_held_original", identity)
    assert (answer.status_code, answer.content) == (200, mails.RAW)
    assert answer.headers["Content-Disposition"] == f'attachment; filename="mail-{identity}.eml"'
    assert Audit.objects.get(action="mail_downloaded").target == f"mail:{identity}"


@pytest.mark.parametrize(
    ("to", "state", "reason", "action"),
    [("retry", "stored", "", "mail_retried"), ("release", "stored", "released", "mail_released"),
     ("dismiss", "processed", "dismissed", "mail_dismissed")],
)  # fmt: skip
def test_what_becomes_of_a_mail_is_decided_once_and_written_down(to: str, state: str, reason: str, action: str) -> None:
    identity = mails.stuck()
    client = lead()
    answer = ask(client, "desk_held_fate", identity, to=to)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/desk/mail/")
    row = HookPayload.objects.get(pk=identity)
    assert (row.state, row.reason) == (state, reason)
    assert row.key is not None
    found = Audit.objects.get(action=action)
    assert (found.target, found.data) == (f"mail:{identity}", {"why": "unverified_sender"})
    assert ask(client, "desk_held_fate", identity, to=to).status_code == 404  # it does not wait any more
    assert Audit.objects.filter(action=action).count() == 1
    assert "toast" in read(client)


def test_a_mail_whose_bytes_are_gone_can_only_be_put_away() -> None:
    identity = mails.stuck()
    HookPayload.objects.update(sealed=None, key=None)
    client = lead()
    page = read(client)
    assert "original.eml" not in page
    assert 'value="retry"' not in page
    assert ask(client, "desk_held_fate", identity, to="retry").status_code == 302
    assert HookPayload.objects.get().state == "held"
    assert not Audit.objects.filter(action="mail_retried").exists()
    assert "cannot be opened any more" in ask(client, "desk_held_opening", identity).content.decode()
    assert ask(client, "desk_held_original", identity).status_code == 404
    ask(client, "desk_held_fate", identity, to="dismiss")
    assert HookPayload.objects.get().state == "processed"


@pytest.mark.parametrize("reason", ["too_large", "refused"])
def test_a_mail_of_which_only_the_head_is_here_is_not_read_again(reason: str) -> None:
    """It would be a case with nothing in it."""
    identity = mails.stuck()
    HookPayload.objects.update(state="unreadable", reason=reason)
    client = lead()
    assert 'value="retry"' not in read(client)
    assert 'value="retry"' not in ask(client, "desk_held_opening", identity).content.decode()
    for to in ("retry", "release"):
        ask(client, "desk_held_fate", identity, to=to)
        assert "Only the head of this mail is here" in read(client)
    assert HookPayload.objects.get().state == "unreadable"
    assert not Audit.objects.filter(action__in=("mail_retried", "mail_released")).exists()


def test_an_unknown_fate_is_refused() -> None:
    identity = mails.stuck()
    for to in ("", "shred", "release "):
        assert ask(lead_once(), "desk_held_fate", identity, to=to).status_code == 400


def lead_once() -> Any:
    return person(f"L{HookPayload.objects.count()}{clock.now().timestamp()}".replace(".", ""), "funds", role=Role.LEAD)[
        1
    ]


def test_pages_follow_each_other() -> None:
    identities = [mails.stuck(now=clock.now() + timedelta(seconds=number // 3)) for number in range(ledger.PAGE + 7)]
    client = lead()
    first = read(client)
    after = re.search(r"\?after=(\d+)", first)
    assert after
    second = read(client, after[0])
    shown = [int(pk) for page in (first, second) for pk in re.findall(r"/desk/mail/held/(\d+)/opening/", page)]
    assert sorted(shown) == identities
    assert len(shown) == len(set(shown))
    for odd in ("?after=x", "?after=-1", "?after=99999999", "?after=" + "9" * 30, "?after=٣"):
        read(client, odd)


def test_the_page_costs_the_same_for_many_mails_and_never_reads_their_bytes() -> None:
    client = lead()

    def cost() -> list[str]:
        addresses.forget()
        with CaptureQueriesContext(connection) as statements:
            read(client)
        return [one["sql"] for one in statements]

    mails.stuck()
    cost()
    before = cost()
    for _ in range(9):
        mails.stuck()
        mails.mailbox(f"box{HookPayload.objects.count()}@northlight.example")
    after = cost()
    assert len(after) == len(before)
    assert not [sql for sql in after if '"sealed"' in sql]


@pytest.mark.parametrize("code", ["", "of_tomorrow", *mail_wording._STUCK])
def test_every_reason_has_words(code: str) -> None:
    for state in ("held", "unreadable"):
        assert len(mail_wording.stuck(state, code)) > 12
    assert mail_wording.problem("of_tomorrow")
    assert mail_wording.problem("") == ""


def test_the_number_of_what_waits_stands_beside_the_lists() -> None:
    mails.stuck()
    mails.stuck(state="unreadable", reason="memory")
    page = lead().get("/desk/_list.html", headers=HTMX).content.decode()
    assert re.search(r'views__group--mail.*?count"[^>]*>2<', page, re.DOTALL)
    assert post.counts()
