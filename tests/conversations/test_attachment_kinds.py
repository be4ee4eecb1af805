"""What becomes of each kind of file: shown anew, handed out, held or refused; and what it is called."""

from __future__ import annotations

import io
import time

import pytest
from django.core.files.storage import default_storage
from PIL import Image

from tests import world
from tests.conversations import pictures
from tests.conversations.uploads import announce, fetch, kept, send
from tests.world import NOON
from trustdesk.conversations import attachments, filetypes
from trustdesk.conversations.attachments import NotServed, UploadRefused
from trustdesk.conversations.models import Attachment

pytestmark = pytest.mark.django_db
MB = 1024 * 1024


@pytest.fixture(autouse=True)
def _fresh() -> None:
    world.fresh()


# Pictures


@pytest.mark.parametrize(
    ("name", "data"),
    [("a.jpg", pictures.jpeg()), ("a.png", pictures.png()), ("a.webp", pictures.webp()), ("a.gif", pictures.gif())],
)
def test_a_picture_is_written_anew_and_says_nothing_about_its_sender(name: str, data: bytes) -> None:
    assert pictures.WHERE_IT_WAS_TAKEN.encode() in data, "the picture must hold something to take out"
    stored = send(data, name)
    assert stored.state == "ready"
    again = fetch(stored.key)
    assert again is not None
    for trace in (
        pictures.WHERE_IT_WAS_TAKEN.encode(),
        b"Exif",
        b"EXIF",
        b"eXIf",
        b"ICC",
        b"iCCP",
        b"xmp",
        b"PK\x03\x04",
    ):
        assert trace not in again, trace
    shown = Image.open(io.BytesIO(again))
    assert shown.size == (stored.width, stored.height)
    assert len(again) == stored.size
    assert shown.format == Image.open(io.BytesIO(data)).format
    assert getattr(shown, "n_frames", 1) == getattr(Image.open(io.BytesIO(data)), "n_frames", 1)


def test_a_photograph_lying_on_its_side_is_put_upright() -> None:
    stored = send(pictures.jpeg(40, 30), "photo.jpg")
    assert (stored.width, stored.height) == (30, 40)


def test_what_can_be_seen_through_stays_so() -> None:
    stored = send(pictures.webp(), "a.webp")
    shown = Image.open(io.BytesIO(fetch(stored.key) or b"")).convert("RGBA")
    red, green, blue, alpha = shown.getpixel((5, 5))  # type: ignore[misc]
    assert green > red > -1
    assert blue < green
    assert 100 < alpha < 140


def test_a_picture_that_is_also_a_script_stops_being_one() -> None:
    polyglot = pictures.gif(1) + b"/*<script>alert(1)</script>*/=1;"
    stored = send(polyglot, "a.gif")
    assert b"script" not in (fetch(stored.key) or b"script")


@pytest.mark.parametrize("data", [pictures.png_bomb(), pictures.gif(10_000)], ids=["2.5 gigapixels", "10,000 frames"])
def test_a_bomb_is_held_within_ten_seconds(data: bytes) -> None:
    begun = time.monotonic()
    stored = send(data, "a.gif" if data.startswith(b"GIF") else "a.png")
    assert time.monotonic() - begun < 10
    assert stored.state == "held"
    assert (stored.width, stored.height) == (0, 0)
    assert send(pictures.png(), "b.png").state == "ready", "the next picture must not suffer"


def test_half_a_picture_is_refused() -> None:
    with pytest.raises(UploadRefused, match="type_refused"):
        send(pictures.jpeg(200, 200)[:1500], "a.jpg")


# Kinds


@pytest.mark.parametrize(
    ("name", "data", "state", "media_type"),
    [
        ("paper.pdf", pictures.PDF, "ready", "application/pdf"),
        ("paper.pdf", pictures.SCRIPTED_PDF, "held", "application/octet-stream"),
        ("film.mp4", pictures.MP4, "ready", "video/mp4"),
        ("film.MOV", pictures.MOV, "ready", "video/quicktime"),
        ("film.webm", pictures.WEBM, "ready", "video/webm"),
        ("app.log", b"2026-11-23 error 10003\n", "ready", "text/plain"),
        ("rows.csv", "时间,金额\n1,2\n".encode("gb18030"), "ready", "text/plain"),
        ("page.txt", b"<html><script>alert(1)</script>", "ready", "text/plain"),
        ("drawing.svg", pictures.SVG, "held", "application/octet-stream"),
        ("page.html", b"<html><script>alert(1)</script>", "held", "application/octet-stream"),
        ("page.xhtml", b"<?xml version='1.0'?><html/>", "held", "application/octet-stream"),
        ("page.mht", b"MIME-Version: 1.0\n", "held", "application/octet-stream"),
        ("trace.har", b'{"log": {}}', "held", "application/octet-stream"),
        ("letter.eml", b"From: a@b.example\n\nhi", "held", "application/octet-stream"),
        ("all.zip", pictures.ZIP, "held", "application/octet-stream"),
        ("sheet.xlsm", pictures.ZIP, "held", "application/octet-stream"),
        ("old.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(60), "held", "application/octet-stream"),
        ("eicar.txt", pictures.EICAR, "held", "application/octet-stream"),
        ("film.mp4", pictures.MP4 + bytes(64 * 1024 - 50) + pictures.EICAR, "held", "application/octet-stream"),
    ],
)
def test_the_bytes_decide_what_becomes_of_a_file(name: str, data: bytes, state: str, media_type: str) -> None:
    stored = send(data, name)
    assert (stored.state, stored.media_type) == (state, media_type)
    assert kept() >= {stored.key}
    if state == "ready":
        assert fetch(stored.key) == data
    else:
        with pytest.raises(NotServed, match="held"):
            fetch(stored.key)


@pytest.mark.parametrize(
    ("name", "data", "declared"),
    [
        ("a.png", pictures.jpeg(), ""),
        ("a.png", pictures.EXE, ""),
        ("a.pdf", pictures.SVG, ""),
        ("a.jpg", b"<?php system($_GET[0]);", ""),
        ("a.mp4", pictures.HEIC, ""),
        ("a.txt", pictures.EXE, ""),
        ("a.txt", b"text, and then \x00\x01\x02", ""),
        ("a.zip", b"not an archive", ""),
        ("a.png", pictures.png(), "text/html"),
        ("notes.txt", b"plain", "image/svg+xml; charset=utf-8"),
    ],
)
def test_a_name_or_type_that_says_another_kind_is_refused_and_nothing_kept(
    name: str, data: bytes, declared: str
) -> None:
    before = kept()
    with pytest.raises(UploadRefused, match="type_refused"):
        send(data, name, declared=declared)
    assert kept() == before
    assert Attachment.objects.get().state == "refused"


@pytest.mark.parametrize(
    "name", ["a.exe", "a.js", "a.bat", "a.sh", "a.php", ".htaccess", "a.pht", "a.heic", "a", "a.dmg", "a.lnk"]
)
def test_programs_and_unknown_kinds_are_refused_before_a_byte_is_sent(name: str) -> None:
    with pytest.raises(UploadRefused, match="type_refused"):
        announce(name)
    assert not Attachment.objects.exists()


def test_a_file_without_an_ending_is_what_its_type_says_if_its_bytes_agree() -> None:
    place = announce("clipboard", len(pictures.png()), media_type="image/png")
    stored = attachments.store(
        key=place.key, ticket=place.ticket, stream=io.BytesIO(pictures.png()), declared_type="image/png", now=NOON
    )
    assert (stored.name, stored.state) == ("clipboard.png", "ready")


SEED = "legal winner thank year wave sausage worth useful legal winner thank yellow"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
def test_a_seed_phrase_in_a_text_file_is_never_stored(encoding: str) -> None:
    stored = send(f"my wallet:\n{SEED}\n你好\n".encode(encoding), "wallet.txt")
    text = (fetch(stored.key) or b"").decode()
    assert "sausage" not in text
    assert "你好" in text
    assert "seed_phrase" in text


def test_a_text_too_long_to_look_through_is_held() -> None:
    assert send(b"a line of a log\n" * (attachments.TEXT_BYTES // 16 + 1), "long.log").state == "held"


# Names


@pytest.mark.parametrize(
    ("raw", "tidy"),
    [
        ("../../etc/passwd.txt", "passwd.txt"),
        ("..\\..\\boot.txt", "boot.txt"),
        ("/abs/olute.png", "olute.png"),
        ("C:\\Users\\me\\shot.png", "shot.png"),
        ("a\x00b.png", "ab.png"),
        ("a\r\nSet-Cookie: x.png", "a Set-Cookie_ x.png"),
        ("gpj.\u202egnp", "gpj.gnp"),
        ("\u200b.htaccess", "htaccess"),
        ("CON.png", "_CON.png"),
        ("com1.tar.txt", "_com1.tar.txt"),
        ('say "hi".png', "say _hi_.png"),
        ("．．／ｐａｓｓ．ｐｎｇ", "pass.png"),
        ("屏幕截图 2026.png", "屏幕截图 2026.png"),
        ("   ", "file"),
        ("...", "file"),
        (".png", "png"),
        ("x" * 4096 + ".png", "x" * 116 + ".png"),
        ("a.png. . .", "a.png"),
    ],
)
def test_names_are_made_harmless(raw: str, tidy: str) -> None:
    assert filetypes.tidy_name(raw) == tidy


def test_a_stored_file_is_never_named_after_anything() -> None:
    stored = send(pictures.PDF, "../../evil.pdf")
    assert stored.name == "evil.pdf"
    assert default_storage.exists(f"attachments/{stored.key[:2]}/{stored.key}")
    assert len(stored.key) == 43
    assert not any("evil" in name for name in kept())
