"""Pages for the tests, written through Wagtail as the back office writes them."""

from __future__ import annotations

import io
import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.core.files.base import ContentFile
from PIL import Image as Pillow
from wagtail.documents.models import Document
from wagtail.images.models import Image
from wagtail.models import Locale, Page

from trustdesk.helpcenter import beside, cache
from trustdesk.knowledge import search
from trustdesk.knowledge.models import Article, HelpHome, Section
from trustdesk.seams import clock

YOUTUBE = "https://www.youtube.com/watch?v=dQw4w9WgXcQ"


@dataclass(frozen=True)
class Shelf:
    """The pages that most tests read."""

    deposits: Section
    late: Article
    networks: Article
    fees: Article  # in English alone
    news: Section
    listing: Article
    late_zh: Article


def forget() -> None:
    """Drop what this process keeps of another test's database."""
    search.forget()
    cache.store.clear()
    beside.standing.forget()


def build() -> Shelf:
    """Write the pages."""
    deposits, deposits_zh = both("deposits", "Deposits", "充值", summary="Coins in.", icon="arrow-down")
    late = article(
        deposits, "late", "My deposit has not arrived", summary="Where it can be, and what to do.",
        body=body(), request_type="deposit_missing", search_words="missing deposit\nwhere is my money",
    )  # fmt: skip
    late_zh = article(
        deposits_zh, "late", "充值未到账", summary="可能在哪里，该怎么办。", body=text("多数延迟的充值并未丢失。"), key=late
    )
    networks = article(deposits, "networks", "Networks", summary="Which one to choose.", body=text("Each coin has its own."))
    article(deposits_zh, "networks", "网络", summary="选择哪条网络。", body=text("每种币都有自己的网络。"), key=networks)
    fees = article(deposits, "fees", "Fees", summary="They differ.", body=text("They differ a lot."))
    news, _news_zh = both("news", "Announcements", "公告", summary="What is new.", icon="megaphone", news=True)
    listing = article(news, "listing", "XRP is listed", summary="Trading begins.", body=text("Tomorrow."))
    return Shelf(deposits, late, networks, fees, news, listing, late_zh)


def text(words: str) -> list[tuple[str, Any]]:
    """One paragraph."""
    return [("text", f"<p>{words}</p>")]


def body() -> list[tuple[str, Any]]:
    """Every kind of block once."""
    return [
        ("text", "<h2>Find it</h2><p>Most are <b>not lost</b>.</p>"),
        ("steps", ["Open the history.", "Compare the address."]),
        ("callout", {"kind": "danger", "text": "<p>Never tell anybody your seed phrase.</p>"}),
        ("text", "<h2>After that</h2><p>Wait.</p><h2>Still nothing</h2><p>Ask.</p>"),
        ("code", "GET /deposits"),
    ]


def home(language: str) -> HelpHome:
    """Return the root of a language."""
    found: HelpHome = HelpHome.objects.get(locale__language_code=language)
    return found


def both(slug: str, title: str, title_zh: str, **more: Any) -> tuple[Section, Section]:
    """Write a section in both languages."""
    found = section(home("en"), slug, title, **more)
    return found, section(home("zh-hans"), slug, title_zh, key=found, **more)


def section(parent: Page, slug: str, title: str, *, key: Page | None = None, **more: Any) -> Section:
    """Write and publish a section."""
    made: Section = _put(parent, Section(title=title, slug=slug, **more), key)
    return made


def article(parent: Page, slug: str, title: str, *, key: Page | None = None, **more: Any) -> Article:
    """Write and publish an article."""
    made: Article = _put(parent, Article(title=title, slug=slug, **more), key)
    return made


def _put(parent: Page, page: Any, key: Page | None) -> Any:
    page.locale = Locale.objects.get(pk=parent.locale_id)
    page.translation_key = key.translation_key if key is not None else uuid.uuid4()
    Page.objects.get(pk=parent.pk).specific.add_child(instance=page)
    return publish(page)


def publish(page: Any) -> Any:
    """Publish a page as it is, as an editor does."""
    page.save_revision().publish()
    # Wagtail asks the machine for the time.
    type(page).objects.filter(pk=page.pk).update(last_published_at=clock.now() - timedelta(days=1))
    return type(page).objects.get(pk=page.pk)


def picture(name: str = "screen.png") -> Image:
    """Upload a picture."""
    data = io.BytesIO()
    Pillow.new("RGB", (1600, 800), "teal").save(data, "PNG")
    return Image.objects.create(title=name, file=ContentFile(data.getvalue(), name))


def drawing(source: str) -> Image:
    """Upload a drawing (SVG)."""
    return Image.objects.create(title="drawing", file=ContentFile(source.encode(), "drawing.svg"))


def film(data: bytes, name: str = "film.mp4") -> Document:
    """Upload a film."""
    return Document.objects.create(title=name, file=ContentFile(data, name))
