"""Pictures and films that editors upload: what could act or is something else is refused, with the reason."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image
from wagtail.documents import get_document_model
from wagtail.images import get_image_model
from wagtail.test.utils.form_data import nested_form_data, streamfield

from tests.knowledge import editors
from tests.knowledge.pack import SVG
from tests.staff import people
from trustdesk.knowledge import uploads
from trustdesk.knowledge.models import Article

pytestmark = pytest.mark.django_db

BOMB = '<!DOCTYPE svg [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]>' + SVG.replace("t</title>", "&b;</title>")
MP4 = b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isomiso2" + b"\x00" * 64
WEBM = b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\xf7\x81\x01\x42\xf2\x81\x04\x42\xf3\x81\x08\x42\x82\x84webm" + b"\x00" * 64


@pytest.fixture(autouse=True)
def files(settings: Any, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path / "media"
    return tmp_path


def png(colour: str = "red") -> bytes:
    out = BytesIO()
    Image.new("RGB", (20, 10), colour).save(out, "PNG")
    return out.getvalue()


def up(client: Any, name: str, content: bytes, where: str = "images/add/") -> Any:
    return client.post(f"/back-office/{where}", {"title": "T", "file": SimpleUploadedFile(name, content)})


def test_a_good_picture_is_kept_where_nobody_gets_it_by_address(files: Path) -> None:
    edie = editors.editor()
    assert up(edie, "way.svg", SVG.encode()).status_code == 302
    assert up(edie, "way.png", png()).status_code == 302
    for image in get_image_model().objects.all():
        assert Path(image.file.path).is_relative_to(files / "media")
        assert edie.get("/" + image.file.url.lstrip("/")).status_code == 404
        rendition = image.get_rendition("width-10|preserve-svg")
        assert rendition.url.startswith("/help/pictures/")


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.svg", SVG.replace("<title>", "<script>alert(1)</script><title>").encode(), "which could act"),
        ("a.svg", SVG.replace("<rect", '<rect onload="alert(1)"').encode(), "which could act"),
        ("a.svg", SVG.replace("<rect", '<use href="https://example.com/x.svg#a"/><rect').encode(), "which could act"),
        ("a.svg", BOMB.encode(), "not well-formed"),
        ("a.svg", b"<svg", "not well-formed"),
        ("a.png", b"<html>", "cannot be opened"),
        ("a.png", png()[:40], "cannot be opened"),
        ("a.gif", png(), "extension does not match"),
        ("a.exe", png(), "Not a supported image format"),
    ],
)
@pytest.mark.parametrize("where", ["images/add/", "images/chooser/create/", "images/multiple/add/"])
def test_a_picture_that_is_none_or_could_act_is_refused(where: str, name: str, content: bytes, said: str) -> None:
    edie = editors.editor()
    if where == "images/multiple/add/":
        data = {"title": "T", "files[]": SimpleUploadedFile(name, content)}
        answer = edie.post(f"/back-office/{where}", data, headers={"X-Requested-With": "XMLHttpRequest"})
    else:
        prefix = "image-chooser-upload-" if "chooser" in where else ""
        data = {f"{prefix}title": "T", f"{prefix}file": SimpleUploadedFile(name, content)}
        answer = edie.post(f"/back-office/{where}", data)
    assert answer.status_code == 200
    assert not get_image_model().objects.exists()
    assert said in answer.content.decode().encode().decode("unicode_escape", "ignore")


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.mp4", MP4, ""),
        ("a.webm", WEBM, ""),
        ("a.mp4", WEBM, "has to end as what it is"),
        ("a.mp4", b"<html><script>alert(1)</script>", "no MP4 or WebM"),
        ("a.webm", b"\x1a\x45\xdf\xa3" + b"matroska" * 9, "no MP4 or WebM"),
        ("a.mp4", MP4.replace(b"isom", b"heic"), "no MP4 or WebM"),
        ("a.html", MP4, "not allowed"),
    ],
)
def test_a_film_is_an_mp4_or_webm(name: str, content: bytes, said: str) -> None:
    answer = up(editors.editor(), name, content, "documents/add/")
    assert answer.status_code == (200 if said else 302)
    assert said in answer.content.decode()
    assert get_document_model().objects.exists() is not bool(said)


def test_editors_see_their_films_and_nobody_else_gets_them() -> None:
    edie = editors.editor()
    up(edie, "a.mp4", MP4, "documents/add/")
    film = get_document_model().objects.get()
    page = edie.get("/back-office/documents/").content.decode()
    assert film.url in page
    answer = edie.get(film.url)
    assert editors.whole(answer) == MP4
    assert (answer.headers["Content-Type"], answer.headers["X-Content-Type-Options"]) == ("video/mp4", "nosniff")
    assert people.signed_in(people.agent()).get(film.url).status_code == 403
    assert Client().get(film.url).status_code == 302
    assert edie.get(f"/back-office/documents/edit/{film.pk}/").status_code == 200


def test_a_film_has_a_largest_size() -> None:
    with pytest.raises(uploads.NoFilm):
        uploads.check_film("a.mp4", MP4, uploads.LARGEST_FILM + 1)
    uploads.check_film("a.mp4", MP4, uploads.LARGEST_FILM)


def test_an_editor_exchanges_no_picture_that_articles_show() -> None:
    edie, paul = editors.editor(), editors.publisher()
    up(edie, "way.svg", SVG.encode())
    image = get_image_model().objects.get()
    article = editors.article(editors.section())
    shown = [("picture", {"image": str(image.pk), "alt": "The way", "caption": ""})]
    body = editors.sheet(body=streamfield(shown))
    assert paul.post(f"/back-office/pages/{article.pk}/edit/", body | {"action-publish": "1"}).status_code == 302
    answer = up(edie, "other.svg", SVG.encode(), f"images/{image.pk}/")
    assert "Articles show this file" in answer.content.decode()
    assert up(paul, "other.svg", SVG.encode(), f"images/{image.pk}/").status_code == 302


def test_a_picture_says_in_words_what_it_shows() -> None:
    paul = editors.publisher()
    up(paul, "way.svg", SVG.encode())
    image, article = get_image_model().objects.get(), editors.article(editors.section())
    mute = nested_form_data({"body": streamfield([("picture", {"image": str(image.pk), "alt": "", "caption": ""})])})
    data = {key: value for key, value in editors.sheet().items() if not key.startswith("body")} | dict(mute)
    answer = paul.post(f"/back-office/pages/{article.pk}/edit/", data | {"action-publish": "1"})
    assert answer.status_code == 200
    assert Article.objects.get(pk=article.pk).body[0].block_type == "text"
