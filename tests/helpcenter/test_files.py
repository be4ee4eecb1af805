"""Pictures and films: for everybody, kept for ever, in parts; and nothing else from the same folders."""

from __future__ import annotations

import re

import pytest
from django.http import FileResponse, StreamingHttpResponse
from django.test import Client
from wagtail.documents.models import Document

from tests.helpcenter import shelves
from tests.helpcenter.shelves import Shelf
from trustdesk.helpcenter import files

FILM = bytes(range(256)) * 40
EVIL = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 4 4"><script>hit()</script><rect width="4" height="4"/></svg>'


def body(answer: object) -> bytes:
    assert isinstance(answer, StreamingHttpResponse | FileResponse)
    return b"".join(answer.streaming_content)  # type: ignore[arg-type]


class TestPictures:
    def test_they_come_in_two_sizes_and_are_kept_for_ever(self, shelf: Shelf) -> None:
        shelf.fees.body = [("picture", {"image": shelves.picture(), "alt": "The <page>", "caption": "A page"})]
        shelves.publish(shelf.fees)
        page = Client().get("/help/en/deposits/fees/").content.decode()
        assert 'alt="The &lt;page&gt;"' in page
        assert re.search(r'width="720" height="360"', page)
        for url in re.findall(r"/help/pictures/\S+?\.webp", page):
            answer = Client().get(url)
            assert answer.headers["Content-Type"] == "image/webp"
            assert answer.headers["Cache-Control"] == files.FOR_EVER
            assert body(answer)[:4] == b"RIFF"

    def test_a_drawing_runs_nothing(self, shelf: Shelf) -> None:
        shelf.fees.body = [("picture", {"image": shelves.drawing(EVIL), "alt": "x", "caption": ""})]
        shelves.publish(shelf.fees)
        page = Client().get("/help/en/deposits/fees/").content.decode()
        url = re.search(r"/help/pictures/\S+?\.svg", page)
        assert url
        answer = Client().get(url[0])
        assert answer.headers["Content-Type"] == "image/svg+xml"
        assert answer.headers["Content-Security-Policy"] == "default-src 'none'; style-src 'unsafe-inline'; sandbox"
        body(answer)

    @pytest.mark.parametrize("name", ["../files/x.png", "..%2fx.png", "x.html", "nothing.png", "images/", "%00.png", "/etc/passwd", ".png"])
    def test_nothing_else_is_given(self, name: str) -> None:
        assert Client().get(f"/help/pictures/{name}").status_code == 404


class TestFilms:
    @pytest.fixture
    def film(self, shelf: Shelf, django_capture_on_commit_callbacks: object) -> Document:
        with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
            made = shelves.film(FILM)
            value = {"title": "See it", "youtube": "", "file": made, "poster": None, "minutes": None}
            shelf.fees.videos = [("video", value)]
            shelves.publish(shelf.fees)
        return made

    def get(self, film: Document, asked: str = "", **more: str) -> tuple[int, bytes, str]:
        headers = ({"Range": asked} if asked else {}) | more
        answer = Client().get(f"/help/videos/{film.pk}", headers=headers)
        content = body(answer) if answer.streaming else answer.content
        return answer.status_code, content, answer.headers.get("Content-Range", "")

    def test_all_of_it(self, film: Document) -> None:
        answer = Client().get(f"/help/videos/{film.pk}")
        assert (answer.status_code, answer.headers["Content-Type"], body(answer)) == (200, "video/mp4", FILM)
        assert answer.headers["Accept-Ranges"] == "bytes"
        assert f'<source src="/help/videos/{film.pk}" type="video/mp4">' in Client().get("/help/en/deposits/fees/").content.decode()

    @pytest.mark.parametrize(
        ("asked", "first", "last"),
        [("bytes=0-1", 0, 1), ("bytes=100-199", 100, 199), ("bytes=-10", 10230, 10239), ("bytes=10000-99999", 10000, 10239)],
    )
    def test_parts_of_it(self, film: Document, asked: str, first: int, last: int) -> None:
        assert self.get(film, asked) == (206, FILM[first : last + 1], f"bytes {first}-{last}/10240")

    def test_who_names_no_end_gets_a_piece(self, film: Document, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(files, "PIECE", 1000)
        assert self.get(film, "bytes=500-") == (206, FILM[500:1500], "bytes 500-1499/10240")
        assert self.get(film, "bytes=10000-") == (206, FILM[10000:], "bytes 10000-10239/10240")

    @pytest.mark.parametrize("asked", ["bytes=10240-", "bytes=20-10", "bytes=-0"])
    def test_parts_that_are_not_there(self, film: Document, asked: str) -> None:
        assert self.get(film, asked) == (416, b"", "bytes */10240")

    @pytest.mark.parametrize("asked", ["nonsense", "bytes=-", "bytes=a-b", "bytes=0-1,3-4", "lines=0-1"])
    def test_what_we_do_not_understand_is_all_of_it(self, film: Document, asked: str) -> None:
        assert self.get(film, asked)[0] == 200

    def test_a_part_of_another_state_is_all_of_it(self, film: Document) -> None:
        assert self.get(film, "bytes=0-1", **{"If-Range": '"other"'})[0] == 200

    def test_what_no_published_article_shows_is_not_given(self, film: Document, shelf: Shelf) -> None:
        hidden = shelves.film(FILM)
        assert Client().get(f"/help/videos/{hidden.pk}").status_code == 404
        shelf.fees.unpublish()
        assert Client().get(f"/help/videos/{film.pk}").status_code == 404

    def test_nothing_but_films(self, shelf: Shelf) -> None:
        assert Client().get(f"/help/videos/{shelves.film(b'<script>', 'x.html').pk}").status_code == 404
        assert Client().get("/help/videos/999999").status_code == 404
