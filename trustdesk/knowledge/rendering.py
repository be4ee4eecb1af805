"""An article as HTML. Whatever is stored is cleaned once more here: an import or an older release may have written it."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import nh3
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import slugify
from django.utils.translation import gettext as _
from wagtail.images.models import AbstractImage

from trustdesk.knowledge import figures
from trustdesk.knowledge.blocks import CalloutKind, youtube_id
from trustdesk.knowledge.library import Library
from trustdesk.knowledge.models import Article

_ICONS: Final = {"note": "info", "tip": "star", "warning": "alert", "danger": "alert"}
WIDTHS: Final = (720, 1440)  # pixels across, of pictures in a text
_TAGS: Final = {"p", "h2", "h3", "h4", "b", "i", "strong", "em", "code", "a", "ul", "ol", "li", "br", "hr", "blockquote"}
_LINK: Final = re.compile(r'<a\s+(?:id="(?P<id1>\d+)"\s+linktype="page"|linktype="page"\s+id="(?P<id2>\d+)")[^>]*>')
_HEADING: Final = re.compile(r"<(h[23])>(.*?)</\1>", re.DOTALL)
_TAG: Final = re.compile(r"<[^>]*>")
# Anchors of the page around it.
_OURS: Final = frozenset({"content", "form-text", "form-guide", "form-video", "beside"})


@dataclass(frozen=True, slots=True)
class Heading:
    """One line of the table of contents; `level` 2 or 3."""

    anchor: str
    text: str
    level: int


@dataclass(frozen=True, slots=True)
class Picture:
    """What an `img` needs. `sources`: the same in several widths, for raster pictures; `large`: the largest there is."""

    url: str
    width: int
    height: int
    alt: str
    large: str
    sources: str = ""


@dataclass(frozen=True, slots=True)
class Panel:
    """One picture of a picture guide with what to do there."""

    picture: Picture | None
    text: SafeString


@dataclass(frozen=True, slots=True)
class Film:
    """A video; exactly one of `youtube` (its id) and `url` is given."""

    title: str
    youtube: str
    url: str
    mime: str
    poster: Picture | None
    minutes: str


@dataclass(frozen=True, slots=True)
class Rendered:
    """An article, ready to be put into a page."""

    body: SafeString
    headings: tuple[Heading, ...]
    guide: tuple[Panel, ...]
    films: tuple[Film, ...]


def render(article: Article, library: Library, language: str, *, reader: str = "") -> Rendered:
    """Return an article's HTML: figures and labels in its `language`, links for a reader of another one if he is."""
    source = _Source(library, language, reader or language)
    parts = [source.block(block.block_type, block.value) for block in article.body]
    body, headings = _anchored("\n".join(parts))
    return Rendered(
        body=mark_safe(body),  # noqa: S308  # every part was cleaned or escaped
        headings=headings,
        guide=tuple(Panel(source.picture(b.value["image"], b.value["alt"]), source.rich(b.value["text"].source)) for b in article.guide),
        films=tuple(source.film(block.value) for block in article.videos),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Source:
    """Turns what is stored into HTML: links into the reader's language, figures into their values."""

    library: Library
    language: str
    reader: str

    def block(self, kind: str, value: Any) -> str:
        if kind == "text":
            return self.rich(value.source)
        if kind == "code":
            return self._template(kind, code=mark_safe(self._filled(html.escape(value))))  # noqa: S308  escaped right here
        if kind == "steps":
            return self._template(kind, steps=[self.rich(step.source) for step in value])
        if kind == "callout":
            name = value["kind"] if value["kind"] in CalloutKind.values else CalloutKind.NOTE.value
            return self._template(kind, kind=name, icon=_ICONS[name], label=_label(name), text=self.rich(value["text"].source))
        if kind == "table":
            return self._template(kind, **self._table(value))
        caption = self.library.fill(value["caption"], self.language)
        return self._template(kind, picture=self.picture(value["image"], value["alt"]), caption=caption)

    def rich(self, source: str) -> SafeString:
        """Clean a rich text, send its links to the reader's language and fill in the figures."""
        cleaned = nh3.clean(
            _LINK.sub(self._link, source), tags=set(_TAGS), attributes={"a": {"href"}},
            url_schemes={"http", "https", "mailto"}, link_rel="noopener",
        )  # fmt: skip
        return mark_safe(self._filled(cleaned))  # noqa: S308  # just cleaned, and the figures are escaped

    def picture(self, image: AbstractImage | None, alt: str) -> Picture | None:
        """Return the sizes of a picture; None where its file is gone."""
        if image is None:
            return None
        alt = self.library.fill(alt, self.language)
        try:
            if image.is_svg():
                whole = image.get_rendition("original")
                return Picture(whole.url, int(whole.width), int(whole.height), alt, whole.url)
            # All sizes in one query, once they are made.
            found = image.get_renditions(*(f"max-{width}x{width * 2}|format-webp" for width in WIDTHS))
            made = sorted(found.values(), key=lambda one: int(one.width))
        except (OSError, ValueError):  # SourceImageIOError is an OSError
            return None
        sizes = dict.fromkeys(f"{one.url} {one.width}w" for one in made)
        small = made[0]
        return Picture(small.url, small.width, small.height, alt, made[-1].url, ", ".join(sizes))

    def film(self, value: Mapping[str, Any]) -> Film:
        file = value["file"]
        return Film(
            title=self.library.fill(value["title"], self.language),
            youtube=youtube_id(value["youtube"] or ""),
            url=f"/help/videos/{file.pk}" if file else "",
            mime=f"video/{file.file_extension}" if file else "",
            poster=self.picture(value["poster"], ""),
            minutes=f"{value['minutes']:g}" if value["minutes"] else "",
        )

    def _table(self, value: Any) -> dict[str, Any]:
        return {
            "head": [self.library.fill(column["heading"], self.language) for column in value.columns],
            "rows": [[self.rich(cell.source) for cell in row] for row in _rows(value)],
            "caption": self.library.fill(value.caption or "", self.language),
        }

    def _template(self, part: str, **context: Any) -> str:
        return render_to_string(f"knowledge/_{part}.html", context)

    def _link(self, found: re.Match[str]) -> str:
        node = self.library.nodes.get(int(found["id1"] or found["id2"]))
        shown = self.library.by_key(node.key, self.reader) if node else None
        return f'<a href="{html.escape(shown.url_in(self.reader))}">' if shown else "<a>"

    def _filled(self, source: str) -> str:
        return figures.fill(source, self.library.figures.get(self.language, {}), self.language, shown=_figure)


def _figure(said: str, filled: bool) -> str:
    return html.escape(said) if filled else f'<span class="figure-open">{html.escape(said)}</span>'


def plain(article: Article) -> tuple[tuple[str, ...], str]:
    """Return an article's headings and its whole text without any mark-up, for the search."""
    headings: list[str] = []
    texts: list[str] = []
    for source in _sources([*article.body.raw_data, *article.guide.raw_data]):
        headings += [_text(found[2]) for found in _HEADING.finditer(source)]
        texts.append(_text(source))
    texts += [str(block["value"].get("title", "")) for block in article.videos.raw_data]
    return tuple(headings), "\n".join(text for text in texts if text)


def _sources(blocks: Iterable[Any]) -> Iterable[str]:
    """Go through the texts of stored blocks, whatever their shape."""
    for block in blocks:
        value = block["value"]
        if isinstance(value, str):
            yield value if block["type"] != "code" else html.escape(value)
        elif isinstance(value, list):  # steps, stored with or without their ids
            yield from (step["value"] if isinstance(step, Mapping) else step for step in value)
        elif "rows" in value:
            yield from (html.escape(column["heading"]) for column in value["columns"])
            yield from (cell for row in value["rows"] for cell in row["values"])
        else:
            yield from (value[name] for name in ("text", "caption", "alt") if value.get(name))


def _rows(value: Any) -> Iterable[Iterable[Any]]:
    return ([cell.value for cell in row] for row in value.rows)


def _text(source: str) -> str:
    return re.sub(r"\s+", " ", html.unescape(_TAG.sub(" ", source))).strip()


def _anchored(body: str) -> tuple[str, tuple[Heading, ...]]:
    """Give each heading an anchor; the same words twice get a number."""
    headings: list[Heading] = []
    taken = set(_OURS)

    def anchored(found: re.Match[str]) -> str:
        text = _text(found[2])
        base = slugify(text, allow_unicode=True)[:60] or "part"
        anchor = next(name for name in (base, *(f"{base}-{n}" for n in range(2, 1000))) if name not in taken)
        taken.add(anchor)
        headings.append(Heading(anchor, text, int(found[1][1])))
        return f'<{found[1]} id="{html.escape(anchor)}">{found[2]}</{found[1]}>'

    return _HEADING.sub(anchored, body), tuple(headings)


def _label(kind: str) -> str:
    return {
        "note": _("Note"),
        "tip": _("Tip"),
        "warning": _("Careful"),
        "danger": _("Your money is at risk"),
    }.get(kind, _("Note"))
