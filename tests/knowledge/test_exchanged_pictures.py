"""A picture that is exchanged or deleted: with real commits, for its files go once the change is in the database."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import caches
from django.core.files.storage import storages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from wagtail.images import get_image_model

from tests.helpcenter import shelves
from tests.knowledge import editors
from tests.knowledge.test_uploads import png, up
from trustdesk.knowledge import library

ADDRESS = "/help/en/deposits/late/"


@pytest.fixture
def publisher(committed_db: str, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    """A publisher, and a published article that shows a picture."""
    settings.MEDIA_ROOT = tmp_path / "media"
    monkeypatch.setattr(library, "LOOK_EVERY", 0.0)
    shelves.forget()
    caches["renditions"].clear()  # of another database: the same id, the same file
    paul = editors.publisher()
    assert up(paul, "way.png", png()).status_code == 302
    body = [("picture", {"image": get_image_model().objects.get(), "alt": "The way", "caption": ""})]
    shelves.article(editors.section(), "late", "Late deposit", summary="What to do.", body=body)
    yield paul
    shelves.forget()


def shown() -> list[str]:
    page = Client().get(ADDRESS).content.decode()
    return re.findall(r"/help/pictures/([^\s\"]+)", page)


def status(name: str) -> int:
    answer = Client().get(f"/help/pictures/{name}")
    answer.close()  # the file behind it
    return answer.status_code


def test_an_exchanged_picture_is_exchanged_for_readers_too(publisher: Client) -> None:
    image, [before, *_] = get_image_model().objects.get(), shown()
    answer = publisher.post(
        f"/back-office/images/{image.pk}/", {"title": "T", "file": SimpleUploadedFile("other.png", png("blue"))}
    )
    assert answer.status_code == 302
    after = shown()
    assert before not in after
    assert not storages["pictures"].exists(before)
    assert [status(name) for name in (before, *after)] == [404] + [200] * len(after)


@pytest.mark.parametrize("at_once", [False, True])
def test_a_deleted_picture_is_gone_from_the_page_and_from_the_disk(publisher: Client, at_once: bool) -> None:
    image, [before, *_] = get_image_model().objects.get(), shown()
    path = f"bulk/wagtailimages/image/delete/?id={image.pk}&next=/back-office/images/" if at_once else f"images/{image.pk}/delete/"
    assert publisher.post(f"/back-office/{path}").status_code == 302
    assert not get_image_model().objects.exists()
    assert shown() == []
    assert not storages["pictures"].exists(before)
