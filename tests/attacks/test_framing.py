"""S-05, S-06 in a real browser: our pages in, under and behind those of others."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from playwright.sync_api import Browser, Route

from tests.attacks.conftest import House
from tests.attacks.watching import Watch, tell, visitor
from trustdesk.customers import visitors

pytestmark = pytest.mark.browser


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


@pytest.mark.parametrize(
    "path", ["/chat/?frame=1", "/chat/transcript/", "/staff/login/", "/desk/", "/official/", "/no/such/page"]
)
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


def test_a_script_that_got_in_does_not_run_and_is_told(browser: Browser, house: House) -> None:
    """S-03: the policy stops it, and whoever runs the house finds a line about it in the log."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{house.server.address}/chat/")
    with page.expect_response("**/csp-report") as told:
        page.evaluate(
            "() => { const one = document.createElement('script'); one.textContent = 'window.hit = 1'; document.body.append(one) }"
        )
    assert told.value.status == 204
    assert page.evaluate("window.hit") is None
    context.close()
    assert "csp: script-src-elem stopped inline on /chat/" in house.server.output()


def test_messages_of_a_page_that_opened_the_chat_are_not_heard(browser: Browser, house: House, inside: None) -> None:
    """S-06: a window that opens the chat may write to it; it is not obeyed and not answered."""
    anna = visitor()
    tell(anna, ["secret of anna"], answered=False)
    context = browser.new_context()
    opening = f"""<script>
      window.heard = []; addEventListener("message", (event) => heard.push(JSON.stringify(event.data)));
      window.chat = open("{house.server.address}/chat/");
      setInterval(() => {{ for (const message of [
        {{trustdesk: "hello", session: "stolen"}}, {{trustdesk: "identify", session: "stolen"}},
        {{trustdesk: "open", topic: "x"}}, {{trustdesk: "logout"}}, {{trustdesk: "shut"}}, "logout", null,
        {{trustdesk: "__proto__"}}, {{trustdesk: "constructor"}},
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
