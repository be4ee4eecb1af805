"""Putting a folder that was read and found whole into the help center: all of it or nothing.

An article is known by its section and slug. What has not changed gets no new revision; what an editor wrote since is
replaced only where the folder says something else. Nothing is taken away.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files import File
from django.db import transaction
from django.db.models.signals import post_save
from modelsearch.backends import get_search_backends
from modelsearch.signal_handlers import post_save_signal_handler
from wagtail.images import get_image_model
from wagtail.models import ReferenceIndex
from wagtail.signal_handlers import disable_reference_index_auto_update
from wagtail.utils.file import hash_filelike

from trustdesk.knowledge import markdown
from trustdesk.knowledge.folder import Folder, Problem, Text
from trustdesk.knowledge.models import Article, Figure, HelpHome, Related, Section, SynonymGroup
from trustdesk.staff.models import Agent

_INDEXED_AT_ONCE: Final = 500
_HREF: Final = re.compile(r'<a href="(article|form|contact|check):([^"#]*)(#[^"]*)?"')


class UnableToImport(Exception):
    """The folder has problems; nothing was written. Trying again helps once they are mended."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = list(problems)
        super().__init__(f"{len(self.problems)} problems")


@dataclass(slots=True)
class _Work:
    """One import under way. `pages`: what stands at (place, slug) in each language."""

    folder: Folder
    root: Path
    agent: Agent | None
    progress: Callable[[str], None]
    counts: Counter[str] = field(default_factory=Counter)
    pages: dict[tuple[tuple[str, ...], str, str], Article] = field(default_factory=dict)
    by_slug: dict[tuple[str, str], Article] = field(default_factory=dict)
    sections: dict[tuple[tuple[str, ...], str], Section | HelpHome] = field(default_factory=dict)
    images: dict[Path, int] = field(default_factory=dict)
    written: list[Article] = field(default_factory=list)


def put(
    folder: Folder, *, root: Path, examples: bool = False, agent: Agent | None = None, progress: Callable[[str], None] = lambda _text: None
) -> Counter[str]:  # fmt: skip
    """Write a folder in one transaction; returns how much was created, changed and left. Raises UnableToImport.

    `examples`: fill figures that have no value with the folder's examples, and take articles that are examples, as the
    demo world does.
    """
    if folder.fatal():
        raise UnableToImport(folder.fatal())
    if not examples:
        folder = folder.without_examples()
    # What refers to what is written down once, when all texts are there, and not for every row that is saved.
    with transaction.atomic(), disable_reference_index_auto_update(), _indexed_later():
        work = _Work(folder, root, agent, progress)
        _figures(work, examples=examples)
        _synonyms(work)
        for home in HelpHome.objects.select_related("locale"):
            work.sections[(), home.locale.language_code] = home
        languages = {text.language for texts in folder.articles.values() for text in texts.values()}
        if missing := languages - {language for _place, language in work.sections}:
            raise LookupError(f"no help center in {sorted(missing)}: run migrate")
        _sections(work)
        _make_articles(work)
        _write_articles(work)
        for article in work.written:
            ReferenceIndex.create_or_update_for_object(article)
        _index(work.written)
    return work.counts


def _index(articles: Sequence[Article]) -> None:
    """Put articles into the back office's own search, many at a time: each time costs a look at all that is in there."""
    for backend in get_search_backends(with_auto_update=True):
        for start in range(0, len(articles), _INDEXED_AT_ONCE):
            backend.add_bulk(Article, articles[start : start + _INDEXED_AT_ONCE])


@contextlib.contextmanager
def _indexed_later() -> Iterator[None]:
    """Keep the back office's own search from indexing a page each of the three times it is saved, and pictures at all."""
    models = (Article, get_image_model())
    for model in models:
        post_save.disconnect(post_save_signal_handler, sender=model)
    try:
        yield
    finally:
        for model in models:
            post_save.connect(post_save_signal_handler, sender=model)


def _languages(texts: Mapping[str, Any]) -> list[str]:
    """Order languages so that the original comes before its translations."""
    return sorted(texts, key=lambda language: (language != settings.LANGUAGE_CODE, language))


def _figures(work: _Work, *, examples: bool) -> None:
    known = {figure.key: figure for figure in Figure.objects.all()}
    for key, what in work.folder.figures.items():
        figure = known.get(key) or Figure(key=key)
        figure.about, figure.about_zh = figure.about or what["en"] or key, figure.about_zh or what["zh"]
        if examples and not figure.value:
            figure.value, figure.value_zh = what["example"][:120], what["example_zh"][:120]
        figure.save()
        work.counts["figures"] += 1


def _synonyms(work: _Work) -> None:
    """Make the groups that are new; one that shares a word with a group of ours gets into it what it lacks."""
    known = list(SynonymGroup.objects.order_by("id"))
    for words in work.folder.synonyms:
        ours = {word.casefold() for word in words}
        group = next((one for one in known if ours & {word.casefold() for word in one.listed()}), None)
        if group is None:
            known.append(SynonymGroup.objects.create(words="\n".join(words)))
            work.counts["synonyms"] += 1
            continue
        had = group.listed()
        lacking = [word for word in words if word.casefold() not in {one.casefold() for one in had}]
        if lacking and len(had) + len(lacking) <= 30 and len("\n".join(had + lacking)) <= 1000:
            group.words = "\n".join(had + lacking)
            group.save()
            work.counts["synonyms"] += 1


def _sections(work: _Work) -> None:
    """Make the sections that articles need, outermost first, in their order."""
    places = {place[:depth] for place, _slug in work.folder.articles for depth in range(1, len(place) + 1)}
    places |= set(work.folder.sections)

    def order(place: tuple[str, ...]) -> tuple[int, float, tuple[str, ...]]:
        texts = work.folder.sections.get(place, {})
        return len(place), min((text.order for text in texts.values()), default=1e9), place

    for place in sorted(places, key=order):
        texts = work.folder.sections.get(place, {})
        used = {text.language for (at, _slug), by in work.folder.articles.items() if at[: len(place)] == place for text in by.values()}
        original: Section | None = None
        for language in _languages(dict.fromkeys(used | set(texts))):
            text = texts.get(language) or (next(iter(texts.values())) if texts else None)
            parent = work.sections[place[:-1], language]
            section = Section.objects.child_of(parent).filter(slug=place[-1]).first()
            facts = _first(texts, "icon"), bool(_first(texts, "news"))
            if section is None:
                section = Section(slug=place[-1], locale=parent.locale)
                if original:
                    section.translation_key = original.translation_key
                section.title = text.title if text else place[-1].replace("-", " ").capitalize()
                section.summary = text.summary if text else ""
                section.icon, section.news = facts[0] or section.icon, facts[1]
                parent.add_child(instance=section)
                section.save_revision(user=work.agent).publish(user=work.agent)
                work.counts["sections created"] += 1
            elif text and (section.title, section.summary) != (text.title, text.summary):
                section.title, section.summary = text.title, text.summary
                section.icon, section.news = facts[0] or section.icon, facts[1]
                section.save_revision(user=work.agent).publish(user=work.agent)
                work.counts["sections changed"] += 1
            # A fresh copy: treebeard counts children in it.
            work.sections[place, language] = Section.objects.get(pk=section.pk)
            original = original or section


def _first(texts: Mapping[str, Text], fact: str) -> Any:
    return next((texts[language].facts[fact] for language in _languages(texts) if texts[language].facts.get(fact)), "")


def _make_articles(work: _Work) -> None:
    """Make each article that is new, without its text: texts name other articles."""
    for (place, slug), texts in _ordered(work.folder):
        key = None
        for language in _languages(texts):
            parent = work.sections[place, language]
            article = Article.objects.child_of(parent).filter(slug=slug).first()
            if article is None:
                text = texts[language]
                article = Article(slug=slug, title=text.title, summary=text.summary, locale=parent.locale, live=False)
                if key:
                    article.translation_key = key
                try:
                    parent.add_child(instance=article)
                except ValidationError as error:
                    raise UnableToImport([Problem(text.file, " ".join(error.messages))]) from error
                work.counts["created"] += 1
            key = key or article.translation_key
            work.pages[place, slug, language] = article
            work.by_slug.setdefault((slug, language), article)


def _ordered(folder: Folder) -> list[tuple[tuple[tuple[str, ...], str], dict[str, Text]]]:
    def order(item: tuple[tuple[tuple[str, ...], str], dict[str, Text]]) -> tuple[tuple[str, ...], float, str]:
        (place, slug), texts = item
        return place, min(text.order for text in texts.values()), slug

    return sorted(folder.articles.items(), key=order)


def _write_articles(work: _Work) -> None:
    ordered = _ordered(work.folder)
    for number, ((place, slug), texts) in enumerate(ordered, 1):
        original: Article | None = None
        for language in _languages(texts):
            article = work.pages[place, slug, language]
            changed = _write(work, article, texts[language], texts)
            if original is not None and article.translated_from != original.live_revision_id:
                # Side by side in one folder: this is what the translation says.
                Article.objects.filter(pk=article.pk).update(translated_from=original.live_revision_id)
            original = original or article
            work.counts["written" if changed else "unchanged"] += 1
        if number % 10 == 0 or number == len(ordered):
            work.progress(f"{number}/{len(ordered)}")


def _write(work: _Work, article: Article, text: Text, texts: Mapping[str, Text]) -> bool:
    """Bring an article to what its file says; says whether that was something new."""
    latest = article.get_latest_revision_as_object() if article.latest_revision_id else article
    stored = {
        "title": text.title,
        "summary": text.summary,
        "search_words": "\n".join(text.facts["search_words"]),
        "body": [_stored(work, block, text) for block in text.blocks],
        "guide": [
            {"type": "panel", "value": {"image": _image(work, file), "alt": alt, "text": _linked(work, source, text.language)}}
            for file, alt, source in text.guide
        ],
        "videos": [
            {"type": "video", "value": {"file": None, "poster": None, "minutes": None} | video} for video in text.facts["videos"]
        ],
        "request_type": _first(texts, "request_type"),
        "updated_on": _first(texts, "updated") or None,
    }
    related = [other.pk for slug in _first(texts, "related") or () if (other := _article(work, slug, text.language))]
    same = _content(latest) == _comparable(stored) and [row.other_id for row in latest.related.all()] == related
    if same and (article.live or text.facts["draft"]):
        return False
    for name, value in stored.items():
        setattr(latest, name, json.dumps(value) if name in ("body", "guide", "videos") else value)
    latest.related.set([Related(other_id=pk, sort_order=place) for place, pk in enumerate(related)])
    revision = latest.save_revision(user=work.agent)
    if not text.facts["draft"]:
        revision.publish(user=work.agent)
    article.refresh_from_db()
    work.written.append(article)
    return True


def _content(article: Article) -> Any:
    names = ("title", "summary", "search_words", "request_type", "updated_on")
    streams = {name: getattr(article, name).get_prep_value() for name in ("body", "guide", "videos")}
    return _comparable({name: getattr(article, name) for name in names} | streams)


def _comparable(value: Any) -> Any:
    """Return a value without the ids that Wagtail gives to blocks, which differ each time."""
    if isinstance(value, Mapping):
        if set(value) == {"type", "value", "id"} and value["type"] == "item":
            return _comparable(value["value"])
        return {name: _comparable(part) for name, part in value.items() if name != "id"}
    if isinstance(value, list | tuple):
        return [_comparable(part) for part in value]
    return "" if value is None else value


def _stored(work: _Work, block: markdown.Block, text: Text) -> dict[str, Any]:
    """Return a block as Wagtail stores it: links and pictures by their ids."""
    kind, value = block["type"], block["value"]
    if kind == "picture":
        shown = {"image": _image(work, text.pictures[value.address]), "alt": value.alt[:300], "caption": value.caption[:300]}
        return {"type": kind, "value": shown}
    if kind == "code":
        return dict(block)
    return {"type": kind, "value": _links(work, value, text.language)}


def _links(work: _Work, value: Any, language: str) -> Any:
    if isinstance(value, str):
        return _linked(work, value, language)
    if isinstance(value, list):
        return [_links(work, part, language) for part in value]
    if isinstance(value, Mapping):
        return {name: _links(work, part, language) for name, part in value.items()}
    return value


def _linked(work: _Work, source: str, language: str) -> str:
    def link(found: re.Match[str]) -> str:
        kind, name = found[1], found[2]
        if kind == "article":
            article = _article(work, name, language)
            return f'<a linktype="page" id="{article.pk}"' if article else "<a"
        address = f"{markdown.FORM}{name}/" if kind == "form" and name else markdown.PAGES.get(f"{kind}:", "/contact/")
        return f'<a href="{address}"'

    return _HREF.sub(link, source)


def _article(work: _Work, slug: str, language: str) -> Article | None:
    return work.by_slug.get((slug, language)) or next(
        (article for (name, _language), article in work.by_slug.items() if name == slug), None
    )


def _image(work: _Work, path: Path) -> int:
    """Return the id of a picture's row; the same file is kept once."""
    if path not in work.images:
        model = get_image_model()
        with path.open("rb") as file:
            digest = hash_filelike(file)
            image = model.objects.filter(file_hash=digest).first()
            if image is None:
                file.seek(0)
                image = model(title=path.relative_to(work.root.resolve()).as_posix()[:255], uploaded_by_user=work.agent)
                image.file.save(path.name, File(file), save=False)
                image._set_file_hash()
                image.save()
                work.counts["pictures"] += 1
        work.images[path] = image.pk
    return work.images[path]


def empty() -> bool:
    """Say whether there is no article yet."""
    return not Article.objects.exists()
