"""The chat page and the loader as files: what they may hold, and that scripts, templates and texts fit together."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from tests.widget.rendered import render_chat, static

ROOT = Path(settings.BASE_DIR) / "trustdesk"
SCRIPTS = sorted((ROOT / "widget/static/widget").rglob("*.js"))
TEMPLATES = sorted([*(ROOT / "ui/templates").rglob("*.html"), *(ROOT / "widget/templates").rglob("*.html")])


def test_the_page_is_for_everybody_and_may_be_kept(client: Client) -> None:
    answer = client.get("/chat/?lang=zh-hans")
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "private, max-age=60"
    assert {"Accept-Language", "Cookie"} <= set(answer.headers["Vary"].split(", "))
    assert b"csrf" not in answer.content.lower()
    assert settings.CSRF_COOKIE_NAME not in answer.cookies
    assert settings.SESSION_COOKIE_NAME not in answer.cookies


def test_only_configured_sites_may_frame_it(client: Client) -> None:
    policy = client.get("/chat/").headers["Content-Security-Policy"]
    assert f"frame-ancestors 'self' {' '.join(settings.EMBED_ORIGINS)}" in policy
    assert "unsafe-inline" not in policy
    assert " ".join(settings.EMBED_ORIGINS) in client.get("/chat/").content.decode()


def test_only_the_frame_has_a_close_button(client: Client) -> None:
    assert b'id="shut"' in client.get("/chat/?frame=1").content
    assert b'id="shut"' not in client.get("/chat/").content


def test_other_sites_may_load_the_loader(client: Client) -> None:
    whole = client.get("/widget.js")
    assert whole.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert whole.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert "max-age=300" in whole.headers["Cache-Control"]
    again = client.get("/widget.js", headers={"if-none-match": whole.headers["ETag"]})
    assert again.status_code == 304
    assert again.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert client.post("/widget.js").status_code == 405


def test_without_javascript_there_is_still_a_way(client: Client) -> None:
    page = client.get("/chat/").content.decode()
    fallback = page[page.index("<noscript>") : page.index("</noscript>")]
    assert f"mailto:{settings.DEFAULT_FROM_EMAIL}" in fallback
    assert "/official/" in fallback


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_no_inline_script_or_style(template: Path) -> None:
    markup = template.read_text()
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:", markup)
    assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", markup))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_scripts_never_make_markup_or_code_of_text(script: Path) -> None:
    forbidden = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|setAttribute\(\"(sty|on)"
    assert not re.search(forbidden, script.read_text())


def test_every_text_a_script_asks_for_exists() -> None:
    keys = set(re.findall(r'data-key="([^"]+)"', render_chat().decode()))
    for script in SCRIPTS:
        source = script.read_text()
        exact = set(re.findall(r'text\("([^"]+)"[,)]', source))
        assert exact <= keys, f"{script.name} asks for {exact - keys}"
        for prefix in re.findall(r"text\(`([a-z_.]+)\$\{", source):
            assert any(key.startswith(prefix) for key in keys), f"{script.name} asks for {prefix}…"


def test_every_place_a_script_looks_for_exists() -> None:
    page = render_chat("frame=1").decode()
    ids = set(re.findall(r'\bid="([^"]+)"', page))
    for script in SCRIPTS:
        source = script.read_text()
        wanted = set(re.findall(r'find\("([^"]+)"\)', source))
        wanted |= {f"piece-{name}" for name in re.findall(r'piece\("([^"]+)"\)', source)}
        assert wanted <= ids, f"{script.name} looks for {wanted - ids}"


def test_every_icon_used_is_drawn() -> None:
    drawn = set(re.findall(r'<symbol id="([^"]+)"', static("ui/icons.svg").decode()))
    for template in TEMPLATES:
        used = set(re.findall(r'\{% icon "([^"]+)"', template.read_text()))
        assert used <= drawn, f"{template.name} uses {used - drawn}"
    for script in SCRIPTS:
        used = set(re.findall(r'\bicon\("([^"]+)"\)', script.read_text()))
        assert used <= drawn, f"{script.name} uses {used - drawn}"


def test_ids_of_the_page_are_unique() -> None:
    ids = re.findall(r'\bid="([^"]+)"', render_chat("frame=1").decode())
    assert len(ids) == len(set(ids))
