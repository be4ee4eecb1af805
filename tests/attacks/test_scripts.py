"""X-01, X-03 … X-06, S-05, S-06 in a real browser: what people write stays text, and pages load nothing but ours.

Set TRUSTDESK_CORPORA to a folder with `xss.jsonl` ({"html": …}, or any one text value a line) and `filenames.jsonl`
({"name": …}) to measure public collections as well.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from tests import world
from tests.attacks import payloads
from tests.attacks.conftest import House
from tests.attacks.wire import get
from tests.conversations import uploads
from tests.staff import people
from trustdesk.conversations import attachments, filetypes, intake
from trustdesk.conversations.models import Conversation
from trustdesk.customers import visitors
from trustdesk.customers.visitors import Visitor
from trustdesk.seams import clock

pytestmark = pytest.mark.browser

AT_ONCE = 200  # messages of one page


class Watch:
    """A browser page that tells when a script of somebody else ran, or anything went to a foreign place."""

    def __init__(self, context: BrowserContext, house: House) -> None:
        self.hits: list[str] = []
        self.foreign: list[str] = []
        self.own: list[str] = []
        self.complaints: list[str] = []
        self.house, self.context = house, context
        context.expose_function("hit", lambda *_: self.hits.append("hit"))
        context.on("request", self._note)
        self.page = context.new_page()
        self.page.on("dialog", lambda dialog: (self.hits.append("dialog"), dialog.dismiss()))
        self.page.on("console", lambda entry: self.complaints.append(entry.text) if entry.type == "error" else None)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _note(self, request: Any) -> None:
        ours = request.url.startswith((f"{self.house.server.address}/", "data:", "blob:", "about:"))
        (self.own if ours else self.foreign).append(request.url)

    def chat(self, visitor: Visitor) -> Page:
        """Open the chat of this visitor."""
        self.page.goto(f"{self.house.server.address}/widget.js")
        self.page.evaluate("(token) => localStorage.setItem('trustdesk.token', token)", visitors.token(visitor))
        self.page.goto(f"{self.house.server.address}/chat/")
        self.page.locator("#log .bubble").first.wait_for()
        return self.page

    def transcript(self, visitor: Visitor) -> Page:
        """Open the transcript as the chat does: a form that posts the token."""
        with self.context.expect_page() as opened:
            self.page.evaluate(
                """([action, token]) => {
                const form = Object.assign(document.createElement("form"), {action, method: "post", target: "_blank"});
                const field = Object.assign(document.createElement("input"), {name: "token", value: token});
                form.append(field); document.body.append(form); form.submit(); }""",
                [f"{self.house.server.address}/chat/transcript/", visitors.token(visitor)],
            )
        page = opened.value
        page.wait_for_load_state()
        return page

    def quiet(self) -> None:
        """Nothing foreign happened, also a moment later."""
        self.page.wait_for_timeout(300)
        assert self.hits == []
        assert self.foreign == []


@pytest.fixture
def watch(browser: Browser, house: House) -> Iterator[Watch]:
    context = browser.new_context(bypass_csp=True)  # the policy is a second line: the first must hold without it
    yield Watch(context, house)
    context.close()


def visitor() -> Visitor:
    return Visitor("visitor", secrets.token_urlsafe(24))


def tell(who: Visitor, texts: list[str], *, answered: bool = True) -> int:
    """Let a visitor say all of this, and an agent say it back; returns the conversation."""
    received = intake.receive(
        messages=[world.message(text[:4000], visitor=who.value, identity=secrets.token_hex(8)) for text in texts], now=clock.now()
    )[-1]
    if answered:
        # His own name is as hostile as his text.
        seat = world.agent(f"M{secrets.token_hex(4)}", role=people.Role.ADMIN)
        people.Agent.objects.filter(pk=seat.agent_id).update(public_name="<img src=x onerror=hit()>")
        for text in texts:
            world.answer(seat, received, text[:4000], now=clock.now())
    return received.conversation_id


def test_the_watch_would_see_a_script(watch: Watch) -> None:
    """Otherwise seeing none means nothing."""
    watch.page.goto(f"{watch.house.server.address}/chat/")
    watch.page.evaluate("document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=hit()>')")
    watch.page.wait_for_timeout(300)
    assert watch.hits == ["hit"]


def test_what_people_write_is_text_in_chat_and_transcript(watch: Watch, inside: None) -> None:
    assert len(set(payloads.ALL)) >= 90
    anna = visitor()
    tell(anna, list(payloads.ALL))
    page = watch.chat(anna)
    expect(page.locator("#log .bubble")).to_have_count(2 * len(payloads.ALL))
    shown = page.locator("#log .bubble--own").all_text_contents()
    assert shown[: len(payloads.SCRIPTS)] == [text.strip() if text != text.strip() else text for text in payloads.SCRIPTS]
    _poke(page)
    assert page.locator("#log :is(script, img, svg:not(.icon), iframe, object, embed, form, style, link, meta, base, math, video)").count() == 0
    for link in page.locator("#log a").all():
        assert (link.get_attribute("href") or "").startswith("https://")
        assert {"noopener", "noreferrer"} <= set((link.get_attribute("rel") or "").split())
    paper = watch.transcript(anna)
    assert "<script>hit()</script>" in paper.locator(".bubble").first.text_content()  # type: ignore[operator]
    assert paper.locator("main :is(script, img, iframe, object, embed, form, style, link, meta, base, math, video)").count() == 0
    _poke(paper)
    watch.quiet()


def _poke(page: Page) -> None:
    """Do what waits for somebody to do it: point at everything, focus everything."""
    page.evaluate(
        """() => { for (const one of document.querySelectorAll("#log *, main *")) {
        for (const type of ["mouseover", "focus", "toggle", "animationstart"]) one.dispatchEvent(new Event(type)); } }"""
    )


def test_names_of_files_are_text_everywhere(watch: Watch, inside: None) -> None:
    """X-06: names as given, with their markup, in the chat, the transcript, and the header of the download."""
    anna = visitor()
    names = [f"{text.replace('/', '')[:120]}.txt" for text in payloads.ALL[::6]]
    keys = [uploads.send(b"hello", name, visitor=anna.value).key for name in names]
    received = intake.receive(
        messages=[world.message("see", visitor=anna.value, uploads=tuple(keys[at : at + 10])) for at in range(0, len(keys), 10)],
        now=clock.now(),
    )
    assert received
    page = watch.chat(anna)
    expect(page.locator("#log .attachment")).to_have_count(len(names))
    _poke(page)
    shown = page.locator("#log .attachment b").all_text_contents()
    assert [name for name in shown if "<" in name or "img" in name], "some of the markup must have got through as text"
    _poke(watch.transcript(anna))
    for key in keys:
        header = get(watch.house.port, f"/chat/files/{key}", f"Authorization: Bearer {visitors.token(anna)}").header("Content-Disposition")
        assert header.startswith("attachment; filename")
        assert not set(header) & set("\r\n\0/\\")
    watch.quiet()


def test_subjects_topics_and_addresses_are_text_too(watch: Watch, inside: None) -> None:
    """Whatever else a stranger fills in: the headline of his case, the topic, an address, a comment, on page and transcript."""
    anna = visitor()
    identity = tell(anna, ["<img src=x onerror=hit()>\n<script>hit()</script>"], answered=False)
    Conversation.objects.filter(pk=identity).update(rating=1, rating_comment=payloads.ALL[30], answer_to='"<img/src/onerror=hit()>"@x.example')
    socket, _ = watch.house.chat(token=visitors.token(anna))
    socket.send({"t": "mail_me", "mail": '"<img/src=x/onerror=hit()>"@mail.example.test'})
    watch.chat(anna)
    _poke(watch.page)
    _poke(watch.transcript(anna))
    watch.quiet()


def test_pages_load_nothing_from_elsewhere(browser: Browser, house: House, inside: None) -> None:
    """X-04, X-11, S-11: addresses in messages are asked for by nobody, as what they are or as files of this machine."""
    context = browser.new_context()
    watch = Watch(context, house)
    anna = visitor()
    tell(anna, [
        "<img src=http://169.254.169.254/latest/meta-data>", "https://canary.example/pixel.png", "![x](https://canary.example/a.png)",
        "<link rel=attachment href=file:///etc/passwd>", "file:///etc/passwd", "url(https://canary.example/x)", "php://filter/read=x",
        "<link rel=prefetch href=https://canary.example>", "//canary.example/x.js", "https://canary.example/video.mp4",
    ])  # fmt: skip
    page = watch.chat(anna)
    paper = watch.transcript(anna)
    page.wait_for_timeout(500)
    assert watch.foreign == []
    assert [text for text in watch.complaints if "Content Security Policy" in text or "Refused" in text] == []
    assert paper.locator("a[href^='http']").count() == 0
    text = get(house.port, "/chat/transcript/", "Content-Type: application/x-www-form-urlencoded", method="POST",
               body=f"token={visitors.token(anna)}&as=text".encode()).body  # fmt: skip
    assert b"root:" not in text
    context.close()


def test_no_address_a_page_asks_for_holds_a_token(browser: Browser, house: House, inside: None) -> None:
    """S-46: neither the visitor's token nor a ticket, a session or a mail address; and no address is written to the log."""
    context = browser.new_context()
    watch = Watch(context, house)
    anna = visitor()
    token = visitors.token(anna)
    tell(anna, ["hello anna@mail.example.test"])
    page = watch.chat(anna)
    sockets: list[str] = []
    page.on("websocket", lambda socket: sockets.append(socket.url))
    session = "eyJhbGciOiJIUzI1NiJ9.eyJ1aWQiOiIxIn0.c2lnbmF0dXJl"
    page.goto(f"{house.server.address}/chat/#session={session}")
    page.reload()
    page.set_input_files("input[type=file]", {"name": "a.txt", "mimeType": "text/plain", "buffer": b"hello"})
    page.locator("#draft").fill("with a file")
    page.wait_for_timeout(800)
    page.locator("#send").click()
    page.wait_for_timeout(500)
    watch.transcript(anna)
    asked = [*watch.own, *watch.foreign, *sockets]
    assert len(asked) > 20
    # What stands behind # never leaves the browser; the page itself takes it out of the address at once.
    sent = " ".join(url.partition("#")[0] for url in asked)
    assert [url for url in asked if "/chat/uploads/" in url], "an upload must have been among it"
    for secret in (token, token.split(":")[0], session, session.split(".")[1], "anna@mail"):
        assert secret not in sent
        assert secret not in house.server.output()
    assert session not in page.url
    context.close()


# In somebody else's page (S-06) ------------------------------------------------------------------------------------


@contextmanager
def site(body: str) -> Iterator[str]:
    """Serve one page from another origin; yields its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.mark.parametrize("path", ["/chat/?frame=1", "/chat/transcript/", "/staff/login/", "/desk/", "/official/", "/no/such/page"])
def test_a_foreign_page_frames_none_of_ours(browser: Browser, house: House, path: str) -> None:
    framing = f'<iframe src="{house.server.address}{path}" width=800 height=600></iframe>'
    context = browser.new_context()
    with site(framing) as address:
        page = context.new_page()
        complaints: list[str] = []
        page.on("console", lambda entry: complaints.append(entry.text))
        page.goto(address)
        page.wait_for_timeout(300)
        assert any("frame-ancestors" in text or "X-Frame-Options" in text for text in complaints), complaints
        assert page.frames[1].url.startswith("chrome-error:")
    context.close()


def test_messages_of_a_page_that_opened_the_chat_are_not_heard(browser: Browser, house: House, inside: None) -> None:
    """S-06: a window that opens the chat may write to it; identify, logout and open stay without effect, and nothing comes back."""
    anna = visitor()
    tell(anna, ["secret of anna"], answered=False)
    context = browser.new_context()
    opening = f"""<script>
      window.heard = []; addEventListener("message", (event) => heard.push(JSON.stringify(event.data)));
      window.chat = open("{house.server.address}/chat/");
      setInterval(() => {{ for (const message of [
        {{trustdesk: "hello", session: "stolen"}}, {{trustdesk: "identify", session: "stolen"}}, {{trustdesk: "open", topic: "x"}},
        {{trustdesk: "logout"}}, {{trustdesk: "shut"}}, "logout", null, {{trustdesk: "__proto__"}}, {{trustdesk: "constructor"}},
      ]) chat.postMessage(message, "*"); }}, 50);
    </script>"""
    ours = context.new_page()
    ours.goto(f"{house.server.address}/widget.js")
    ours.evaluate("(token) => localStorage.setItem('trustdesk.token', token)", visitors.token(anna))
    sent: list[str] = []

    def hear(socket: Any) -> None:
        socket.on("framesent", lambda frame: sent.append(str(frame)))

    with site(opening) as address:
        page = context.new_page()
        context.on("page", lambda opened: opened.on("websocket", hear))
        with context.expect_page() as opened:
            page.goto(address)
        chat = opened.value
        chat.get_by_text("secret of anna").first.wait_for()
        chat.wait_for_timeout(500)
        assert page.evaluate("heard") == []
        assert "stolen" not in " ".join(sent)
        assert chat.evaluate("localStorage['trustdesk.token']"), "he was not signed out"
    context.close()


def test_an_outside_link_learns_no_path(browser: Browser, house: House, inside: None) -> None:
    """S-05: followed from a chat, the other side gets no Referer."""
    anna = visitor()
    tell(anna, ["look at https://canary.example/here"])
    context = browser.new_context()
    watch = Watch(context, house)
    asked: list[dict[str, str]] = []

    def answer(route: Route) -> None:
        asked.append(route.request.all_headers())
        route.fulfill(body="ok")

    context.route("https://canary.example/**", answer)
    page = watch.chat(anna)
    with context.expect_page() as opened:
        page.locator("#log a").first.click()
    opened.value.wait_for_load_state()
    assert len(asked) == 1
    assert "referer" not in asked[0]
    assert opened.value.evaluate("window.opener") is None
    context.close()


# Public collections ------------------------------------------------------------------------------------------------


def collection(name: str) -> list[str]:
    """Read the texts of a collection; skips where there is none."""
    folder = os.environ.get("TRUSTDESK_CORPORA", "")
    file = Path(folder) / name
    if not folder or not file.is_file():
        pytest.skip(f"TRUSTDESK_CORPORA names no folder with {name}: the collection is not part of this repository")
    return [str(next(iter(json.loads(line).values()))) for line in file.read_text().split("\n") if line]


def test_nothing_of_a_public_collection_runs(watch: Watch, inside: None) -> None:
    rows = [text for text in collection("xss.jsonl") if text.strip()]
    # What they run is not ours to name: alert and its kin count as hits, and so does everything that is fetched.
    watch.context.add_init_script("for (const name of ['alert', 'prompt', 'confirm', 'print']) window[name] = () => hit()")
    batches = [rows[at : at + AT_ONCE] for at in range(0, len(rows), AT_ONCE)]
    for batch in batches:
        anna = visitor()
        tell(anna, [text.replace("\0", "")[:4000] for text in batch], answered=False)
        page = watch.chat(anna)
        expect(page.locator("#log .bubble")).to_have_count(len(batch))
        _poke(page)
        assert page.locator("#log :is(script, img, iframe, object, embed, form, style, link, meta, base)").count() == 0
        paper = watch.transcript(anna)
        _poke(paper)
        paper.close()
        watch.quiet()
    print(json.dumps({"xss": len(rows), "ran": len(watch.hits), "fetched": len(watch.foreign)}))  # noqa: T201


def test_no_name_of_a_public_collection_breaks_out(house: House, inside: None) -> None:
    rows = collection("filenames.jsonl")
    bad = []
    for number, raw in enumerate(rows):
        name = filetypes.tidy_name(raw)
        if set(name) & set("/\\\0\r\n\u202e\u200b\"|") or name in ("", ".", "..") or len(name) > 200:
            bad.append((raw, name))
        if number % 4 == 0:
            try:
                key = uploads.send(b"hello", f"{raw[:150]}.txt", visitor=f"collector {number}").key
            except attachments.UploadRefused as refused:
                assert refused.code == "type_refused"
                continue
            assert len(key) == 43
            assert raw not in key
    assert bad == []
    print(json.dumps({"filenames": len(rows), "broke_out": len(bad)}))  # noqa: T201
