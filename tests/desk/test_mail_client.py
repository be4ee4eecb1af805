"""Mail at the desk in a real browser: as it was sent, in a frame that runs nothing, loads nothing and reaches nobody."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from playwright.sync_api import Dialog, Page, expect

from tests import world
from tests.attacks import payloads
from tests.conversations import uploads
from tests.conversations.pictures import png
from tests.desk import mails
from tests.desk.town import DESKTOP, PHONE, Town, is_sound
from trustdesk.channels import addresses, outbox
from trustdesk.conversations import assignment, mail_html
from trustdesk.conversations.intake import Received
from trustdesk.conversations.mail_models import MailPart, SideConversation
from trustdesk.conversations.models import Attachment
from trustdesk.seams import clock
from trustdesk.staff.models import Audit, Role
from trustdesk.staff.permissions import Seat

pytestmark = pytest.mark.browser

HTML = """<p>Dear team, <b>please</b> see <a href="https://evil.example/login">northlight.example</a>.</p>
<img src="https://tracker.example/logo.png" alt="Logo" width="200"><table border="1"><tr><td>Amount<td>0.5 BTC</table>"""


def scene(town: Town, *, html: str = HTML, role: Role = Role.AGENT, **part: Any) -> tuple[Seat, Received]:
    """Somebody of the team for funds with a mail of a customer."""
    addresses.forget()
    seat: Seat = town.do(world.agent, "Mei", "funds", role=role)
    case: Received = town.do(mails.mail, html=html, now=clock.now(), **part)
    town.do(assignment.take, conversation_id=case.conversation_id, seat=seat, now=clock.now())
    return seat, case


def test_a_mail_is_shown_as_it_was_sent_and_asks_nobody_for_anything(town: Town) -> None:
    """X-04: opening a mail is noticed by no server but ours; a link leads to the page that says where it goes."""
    seat, case = scene(town)
    page = town.window(seat)
    page.goto(f"/desk/{case.reference}/")
    page.get_by_role("link", name="Show as sent").click()
    frame = page.frame_locator(".mail__frame")
    expect(frame.get_by_text("Amount")).to_be_visible()
    expect(frame.locator("span.odd")).to_have_text("evil.example")
    assert frame.locator("img").get_attribute("src") is None
    with page.context.expect_page() as opened:
        frame.get_by_role("link", name="northlight.example").click()
    expect(opened.value.locator(".leave__host")).to_have_text("evil.example")  # signed in: not a page of the sandbox
    expect(page.get_by_role("button", name="Load 1 picture")).to_be_visible()
    page.get_by_role("link", name="Show as sent").click()
    expect(page.locator(".mail__frame")).to_have_count(0)
    expect(page.get_by_role("button", name="Load 1 picture")).to_be_hidden()


def test_own_pictures_are_shown_and_others_only_through_us_and_on_demand(town: Town) -> None:
    key = town.do(lambda: uploads.send(png(), "chart.png", visitor="lin").key)
    html = '<p>see</p><img src="cid:chart@x" alt="chart"><img src="https://pictures.example/a.png" alt="far">'
    seat, case = scene(town, html="<p>x</p>")

    def plant() -> None:
        row = Attachment.objects.get(key=key)
        row.conversation_id = case.conversation_id
        row.entry = row.conversation.entries.get(seq=case.seq)  # type: ignore[union-attr]
        row.save()
        MailPart.objects.filter(conversation=case.conversation_id).update(
            html=mail_html.clean(html, files={"chart@x": key})
        )

    town.do(plant)
    page = town.window(seat)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"/desk/{case.reference}/")
    page.get_by_role("link", name="Show as sent").click()
    frame = page.frame_locator(".mail__frame")
    expect(frame.get_by_alt_text("chart")).to_have_js_property("complete", True)
    page.wait_for_timeout(300)
    assert frame.get_by_alt_text("chart").evaluate("one => one.naturalWidth") > 0
    page.get_by_role("button", name="Load 1 picture").click()
    expect(frame.get_by_alt_text("far")).to_have_attribute("src", re.compile("^/mail-pictures/"))
    page.wait_for_timeout(500)  # our server asks for it, and there is no such place: the browser learns no more
    assert not [url for url in asked if "pictures.example" in url]
    town.complaints[:] = [one for one in town.complaints if "404" not in one]


# Nothing of this has been through the sanitizer. `evil.example` becomes a server that counts who asks.
HOSTILE = (
    "<h1>hello</h1><script>document.title = 'ran'; parent.document.title = 'ran'; hit()</script>"
    "<script>try { parent.hit(document.cookie) } catch (e) {} ; top.location = '/desk/?ran'; window.open('/desk/?ran')</script>"
    "<meta http-equiv=refresh content='0;url=/desk/?ran'><base href='https://evil.example/'>"
    "<link rel=stylesheet href='https://evil.example/x.css'><style>@import 'https://evil.example/y.css';"
    "body { background: url(https://evil.example/z.png) } @font-face { font-family: x; src: url(https://evil.example/f) }"
    " h1 { font-family: x }</style><img src='https://evil.example/p.png' onerror=hit()><iframe src='/desk/?ran'></iframe>"
    "<object data='/desk/?ran'></object><embed src='/desk/?ran'><video src='https://evil.example/v' autoplay></video>"
    "<form action='https://evil.example/' id=f><input name=a autofocus onfocus=hit()></form><script>f.submit()</script>"
    "<svg onload=hit()><use href='https://evil.example/s.svg#x'/></svg><link rel=prefetch href='https://evil.example/q'>"
)


@pytest.fixture
def canary() -> Iterator[tuple[str, list[str]]]:
    """A server of somebody else, and what was asked of it."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()

        do_POST = do_GET

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_script_in_a_mail_cannot_run_even_where_nothing_was_cleaned(
    town: Town, canary: tuple[str, list[str]]
) -> None:
    """X-02, X-04: with the sanitizer out of the way, the frame alone has to hold."""
    seat, case = scene(town)
    raw = HOSTILE.replace("https://evil.example", canary[0]) + "".join(payloads.ALL)
    town.do(lambda: MailPart.objects.filter(conversation=case.conversation_id).update(html=raw))
    page = town.window(seat)
    hits: list[Any] = []
    page.context.expose_function("hit", lambda *said: hits.append(said))

    def refuse(dialog: Dialog) -> None:
        hits.append("dialog")
        dialog.dismiss()

    page.on("dialog", refuse)
    page.goto(f"/desk/{case.reference}/")
    page.get_by_role("link", name="Show as sent").click()
    expect(page.frame_locator(".mail__frame").get_by_role("heading", name="hello").first).to_be_visible()
    page.wait_for_timeout(800)
    frame = next(one for one in page.frames if "/desk/mail/" in one.url)
    assert frame.evaluate("window.origin") == "null"
    for reach in ("document.cookie", "parent.document.title", "localStorage.length", "top.document.body"):
        with pytest.raises(Exception, match="SecurityError"):
            frame.evaluate(reach)
    assert hits == []
    assert "ran" not in page.title()
    assert page.url.endswith(f"/desk/{case.reference}/")
    assert len(page.context.pages) == 1
    assert not [one.url for one in page.frames if "?ran" in one.url]
    # Opened as a page of its own it is the same: the sandbox comes with the answer, not with the frame.
    alone = page.context.new_page()
    alone.goto(frame.url)
    alone.wait_for_timeout(500)
    assert alone.evaluate("window.origin") == "null"
    with pytest.raises(Exception, match="SecurityError"):
        alone.evaluate("document.cookie")
    assert hits == []
    assert canary[1] == []
    town.complaints.clear()  # all that was refused is complained about, and "page" is no place of ours


def test_the_watch_would_see_it_run(town: Town) -> None:
    """Otherwise seeing nothing means nothing."""
    seat, case = scene(town)
    page = town.window(seat)
    hits: list[Any] = []
    page.context.expose_function("hit", lambda *said: hits.append(said))
    page.goto("about:blank")
    page.set_content("<img src=x onerror=hit()><script>hit()</script>")
    page.wait_for_timeout(300)
    assert len(hits) == 2
    assert case.reference
    town.complaints.clear()


def test_a_department_is_asked_beside_the_case(town: Town) -> None:
    seat, case = scene(town)
    page = town.window(seat)
    page.goto(f"/desk/{case.reference}/")

    def ask(recipient: str, text: str) -> None:
        page.get_by_role("dialog").get_by_label("Mail address of the department").fill(recipient)
        page.get_by_role("dialog").get_by_label("Question").fill(text)
        page.get_by_role("button", name="Send the question").click()

    page.locator(".head").get_by_label("More").click()
    page.get_by_role("button", name="Ask another department").click()
    ask(mails.LIN, "Where is it?")
    expect(page.get_by_role("dialog").get_by_role("alert")).to_contain_text("customer's own address")
    ask("treasury@bank.example", "Where is it?")
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.locator(".entry--note")).to_contain_text("asked treasury@bank.example")
    expect(page.locator(".sent")).to_contain_text("treasury@bank.example")
    assert town.do(lambda: SideConversation.objects.get().recipient) == "treasury@bank.example"
    assert town.do(lambda: Audit.objects.get(action="aside_asked").data) == {"recipient": "treasury@bank.example"}
    town.complaints[:] = [one for one in town.complaints if "409" not in one]


def test_spam_leaves_the_list_and_comes_back(town: Town) -> None:
    seat, case = scene(town)
    page = town.window(seat)
    page.goto(f"/desk/{case.reference}/")
    expect(page.locator("#rows > li")).to_have_count(1)
    page.locator(".head").get_by_label("More").click()
    page.get_by_role("button", name="Spam", exact=True).click()
    expect(page.locator(".head .badge--danger")).to_have_text("Spam")
    expect(page.locator("#rows > li")).to_have_count(0)
    expect(page.locator("#view-spam [data-count]")).to_have_text("1")
    page.locator("#view-spam").click()
    expect(page.locator("#rows > li")).to_contain_text("My deposit is missing")
    page.get_by_role("button", name="Not spam").first.click()
    expect(page.locator("#view-mine [data-count]")).to_have_text("1")
    expect(page.locator(".head .badge--danger")).to_have_count(0)


def busy_case(town: Town) -> tuple[Seat, Received]:
    """A case with everything that mail can bring."""
    lead, case = scene(
        town,
        role=Role.LEAD,
        to=[town.do(outbox_address), "second@partner.example"],
        cc=["boss@customer.example"],
        quoted="On Monday you wrote:\n> Please send the transaction id.\n--\nLin Wei",
        refused_files=[["statement.exe", "type_refused"]],
        payload_id=1,
    )
    town.do(mails.aside, case, "Please send me the history.", sender="eve@elsewhere.example", why="third_party")
    town.do(mails.aside, case, "I am away until Monday.", sender=mails.LIN, why="automatic")
    town.do(mails.aside, case, "The transfer left on Friday.", sender="treasury@bank.example", why="side")
    town.do(mails.sending, case, state="bounced", reason="5.1.1 unknown user")
    town.do(mails.sending, case, state="delivered", purpose="opened", recipient="other@customer.example")
    town.do(mails.mail, "And a second mail", verdict="failed", sender="forger@customer.example")
    return lead, case


def outbox_address() -> str:
    return addresses.default() if outbox.mail_inbox() else ""


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_pages_with_mail_are_accessible_and_fit(town: Town, dark: bool) -> None:
    lead, case = busy_case(town)
    for reason, state in (("unverified_sender", "held"), ("memory", "unreadable")):
        one = town.do(mails.stuck, reason=reason, state=state)
    for size in (DESKTOP, PHONE):
        page = town.window(lead, size=size, dark=dark)
        page.goto(f"/desk/{case.reference}/")
        page.get_by_role("link", name="Show as sent").first.click()
        expect(page.frame_locator(".mail__frame").get_by_text("Amount")).to_be_visible()
        page.locator(".mail__vouch > summary").first.click()
        sound_beside_the_frame(page)
        page.goto("/desk/mail/")
        is_sound(page)
        page.locator(".stuck__one").first.get_by_role("button", name="Look inside").click()
        expect(page.get_by_role("heading", name="Mail in no case")).to_be_visible()
        is_sound(page)
        page.goto("/desk/?view=spam")
        is_sound(page)
    assert one


def sound_beside_the_frame(page: Page) -> None:
    """axe cannot look into a frame without an origin, nor can anybody else."""
    page.locator(".mail__frame").evaluate("one => one.remove()")
    is_sound(page)
