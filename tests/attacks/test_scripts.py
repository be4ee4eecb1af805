"""X-01, X-03 … X-06, S-05, S-06 in a real browser: what people write stays text, and pages load nothing but ours.

Set TRUSTDESK_CORPORA to a folder with `xss.jsonl` ({"html": …}, or any one text value a line) and `filenames.jsonl`
({"name": …}) to measure public collections as well.
"""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests import world
from tests.attacks import payloads
from tests.attacks.conftest import House
from tests.attacks.watching import Watch, tell, visitor
from tests.attacks.wire import get
from tests.conversations import uploads
from trustdesk.conversations import attachments, filetypes, intake
from trustdesk.conversations.models import Conversation
from trustdesk.customers import visitors
from trustdesk.seams import clock

pytestmark = pytest.mark.browser

AT_ONCE = 200  # messages of one page


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
    assert shown[: len(payloads.SCRIPTS)] == [
        text.strip() if text != text.strip() else text for text in payloads.SCRIPTS
    ]
    _poke(page)
    assert (
        page.locator(
            "#log :is(script, img, svg:not(.icon), iframe, object, embed, form, style, link, meta, base, math, video)"
        ).count()
        == 0
    )
    for link in page.locator("#log a").all():
        assert (link.get_attribute("href") or "").startswith("https://")
        assert {"noopener", "noreferrer"} <= set((link.get_attribute("rel") or "").split())
    paper = watch.transcript(anna)
    assert "<script>hit()</script>" in paper.locator(".bubble").first.text_content()  # type: ignore[operator]
    assert (
        paper.locator(
            "main :is(script, img, iframe, object, embed, form, style, link, meta, base, math, video)"
        ).count()
        == 0
    )
    _poke(paper)
    watch.quiet()


def _poke(page: Page) -> None:
    """Do what waits for somebody to do it: point at everything, focus everything."""
    page.evaluate(
        """() => { for (const one of document.querySelectorAll("#log *, main *")) {
        for (const type of ["mouseover", "focus", "toggle", "animationstart"])
          one.dispatchEvent(new Event(type)); } }"""
    )


def test_names_of_files_are_text_everywhere(watch: Watch, inside: None) -> None:
    """X-06: names as given, with their markup, in the chat, the transcript, and the header of the download."""
    anna = visitor()
    names = [f"{text.replace('/', '')[:120]}.txt" for text in payloads.ALL[::6]]
    keys = [uploads.send(b"hello", name, visitor=anna.value).key for name in names]
    received = intake.receive(
        messages=[
            world.message("see", visitor=anna.value, uploads=tuple(keys[at : at + 10]))
            for at in range(0, len(keys), 10)
        ],
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
        header = get(watch.house.port, f"/chat/files/{key}", f"Authorization: Bearer {visitors.token(anna)}").header(
            "Content-Disposition"
        )
        assert header.startswith("attachment; filename")
        assert not set(header) & set("\r\n\0/\\")
    watch.quiet()


def test_subjects_topics_and_addresses_are_text_too(watch: Watch, inside: None) -> None:
    """Whatever else a stranger fills in: the headline of his case, an address, a comment."""
    anna = visitor()
    identity = tell(anna, ["<img src=x onerror=hit()>\n<script>hit()</script>"], answered=False)
    Conversation.objects.filter(pk=identity).update(
        rating=1, rating_comment=payloads.ALL[30], answer_to='"<img/src/onerror=hit()>"@x.example'
    )
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
    tell(
        anna,
        [
            "<img src=http://169.254.169.254/latest/meta-data>",
            "https://canary.example/pixel.png",
            "![x](https://canary.example/a.png)",
            "<link rel=attachment href=file:///etc/passwd>",
            "file:///etc/passwd",
            "url(https://canary.example/x)",
            "php://filter/read=x",
            "<link rel=prefetch href=https://canary.example>",
            "//canary.example/x.js",
            "https://canary.example/video.mp4",
        ],
    )
    page = watch.chat(anna)
    paper = watch.transcript(anna)
    page.wait_for_timeout(500)
    assert watch.foreign == []
    assert [text for text in watch.complaints if "Content Security Policy" in text or "Refused" in text] == []
    assert paper.locator("a[href^='http']").count() == 0
    text = get(
        house.port,
        "/chat/transcript/",
        "Content-Type: application/x-www-form-urlencoded",
        method="POST",
        body=f"token={visitors.token(anna)}&as=text".encode(),
    ).body
    assert b"root:" not in text
    context.close()


def test_no_address_a_page_asks_for_holds_a_token(browser: Browser, house: House, inside: None) -> None:
    """S-46: neither the visitor's token nor a ticket, a session or a mail address; nor is any written to the log."""
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
    watch.context.add_init_script(
        "for (const name of ['alert', 'prompt', 'confirm', 'print']) window[name] = () => hit()"
    )
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
        if set(name) & set('/\\\0\r\n\u202e\u200b"|') or name in ("", ".", "..") or len(name) > 200:
            bad.append((raw, name))
        if number % 4 == 0:
            with contextlib.suppress(attachments.UploadRefused):  # an ending after the ending, of a program
                key = uploads.send(b"hello", f"{raw[:150]}.txt", visitor=f"collector {number}").key
                assert len(key) == 43
                assert raw not in key
    assert bad == []
    print(json.dumps({"filenames": len(rows), "broke_out": len(bad)}))  # noqa: T201
