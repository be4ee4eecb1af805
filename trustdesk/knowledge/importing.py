"""Putting a folder that was read and found whole into the help center: all of it or nothing.

A page is known by the file it was made of, or by its section and slug. What did not change in the folder is left alone;
what changed there and was edited here is a conflict (`imports`). Nothing is taken away, and no editor's draft goes out.
"""

from __future__ import annotations

import contextlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models.signals import post_save
from django.utils.translation import gettext_lazy
from modelsearch.backends import get_search_backends
from modelsearch.signal_handlers import post_save_signal_handler
from wagtail.images import get_image_model
from wagtail.models import ReferenceIndex
from wagtail.signal_handlers import disable_reference_index_auto_update

from trustdesk.knowledge.folder import Folder, Problem, Text
from trustdesk.knowledge.imports import Fate, Sources
from trustdesk.knowledge.models import Article, Figure, HelpHome, Icon, Related, Section, SynonymGroup
from trustdesk.knowledge.storing import Storing
from trustdesk.staff.models import Agent

_INDEXED_AT_ONCE: Final = 500
_CONFLICTS: Final = {
    Fate.EDITED: gettext_lazy("It changed in the folder, and an editor changed it, too."),
    Fate.DRAFT: gettext_lazy("It changed in the folder, and an editor has a draft of it."),
    Fate.TAKEN_BACK: gettext_lazy("It changed in the folder, and an editor took it back."),
}


class UnableToImport(Exception):
    """The folder has problems; nothing was written. Trying again helps once they are mended."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = list(problems)
        super().__init__(f"{len(self.problems)} problems")


@dataclass(slots=True)
class _Work:
    """One import under way. `pages`: what stands at (place, slug) in each language."""

    folder: Folder
    storing: Storing
    agent: Agent | None
    progress: Callable[[str], None]
    counts: Counter[str] = field(default_factory=Counter)
    pages: dict[tuple[tuple[str, ...], str, str], Article] = field(default_factory=dict)
    sections: dict[tuple[tuple[str, ...], str], Section | HelpHome] = field(default_factory=dict)
    overwrite: bool = False
    sources: Sources = field(default_factory=Sources)
    conflicts: list[Problem] = field(default_factory=list)
    written: list[Article] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Done:
    """What an import did: how much was created, changed and left, and what was not written because editors changed it, too."""

    counts: Counter[str]
    conflicts: Sequence[Problem] = ()


def put(
    folder: Folder,
    *,
    root: Path,
    examples: bool = False,
    overwrite: bool = False,
    agent: Agent | None = None,
    progress: Callable[[str], None] = lambda _text: None,
) -> Done:
    """Write a folder in one transaction. Raises UnableToImport.

    `examples`: fill figures that have no value with the folder's examples, and take articles that are examples, as the
    demo world does. `overwrite`: the folder wins over what editors wrote, took back or deleted since the last import.
    """
    if folder.fatal():
        raise UnableToImport(folder.fatal())
    if not examples:
        folder = folder.without_examples()
    # What refers to what is written down once, when all texts are there, and not for every row that is saved.
    with transaction.atomic(), disable_reference_index_auto_update(), _indexed_later():
        work = _Work(folder, Storing(root, agent), agent, progress, overwrite=overwrite)
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
        if work.storing.pictures:
            work.counts["pictures"] = work.storing.pictures
        work.sources.keep()
    return Done(work.counts, tuple(work.conflicts))


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
    written = [text for by in work.folder.articles.values() for text in by.values()]
    places = {text.place[:depth] for text in written for depth in range(1, len(text.place) + 1)}
    places |= set(work.folder.sections)

    def order(place: tuple[str, ...]) -> tuple[int, bool, float, tuple[str, ...]]:
        texts = work.folder.sections.get(place, {})
        tied = any(text.facts["translation_of"] for text in texts.values())  # after its original
        return len(place), tied, min((text.order for text in texts.values()), default=1e9), place

    for place in sorted(places, key=order):
        texts = work.folder.sections.get(place, {})
        inside = [text for text in written if text.place[: len(place)] == place]
        original: Section | None = None
        for language in _languages(dict.fromkeys([text.language for text in inside] + list(texts))):
            text = texts.get(language) or (next(iter(texts.values())) if texts else None)
            section = _section(work, place, language, text, texts, original, inside)
            # A fresh copy: treebeard counts children in it.
            work.sections[place, language] = Section.objects.get(pk=section.pk)
            original = original or section


def _section(
    work: _Work, place: tuple[str, ...], language: str, text: Text | None, texts: Mapping[str, Text], original: Section | None,
    inside: Sequence[Text],
) -> Section:  # fmt: skip
    """Make a section, or bring it to what its file says."""
    parent, source = work.sections[place[:-1], language], "/".join(place)
    section: Section | None = _found(work, Section, parent, source, language)
    said = {
        "title": text.title if text else place[-1].replace("-", " ").capitalize(),
        "summary": text.summary if text else "",
        "icon": _first(texts, "icon") or Icon.BOOK.value,
        "news": bool(_first(texts, "news")),
    }
    made = section is None
    if section is None:
        section = Section(slug=place[-1], locale=parent.locale, **said)
        if original or (original := _original(work, texts)):
            section.translation_key = original.translation_key
        _add(parent, section, [*texts.values(), *inside][0])
    elif text is None:
        return section  # the folder names it, and says nothing of it
    elif not _may_write(work, section, said, text, source):
        return section
    for name, value in said.items():
        setattr(section, name, value)
    section.save_revision(user=work.agent).publish(user=work.agent)
    work.sources.note(section, said, source=source, language=language)
    work.counts["sections created" if made else "sections changed"] += 1
    return section


def _original(work: _Work, texts: Mapping[str, Text]) -> Section | HelpHome | None:
    """Return the section of another name that these translate."""
    named = {tuple(text.facts["translation_of"].split("/")) for text in texts.values() if text.facts["translation_of"]}
    return next((section for (place, _language), section in work.sections.items() if place in named), None)


def _found(work: _Work, model: type[Any], parent: Section | HelpHome, source: str, language: str) -> Any:
    """Return the page that was made of a file, wherever it is by now, else the one that stands at its address."""
    if known := model.objects.filter(pk=work.sources.page(source, language) or 0).first():
        return known
    there = model.objects.child_of(parent).filter(slug=source.rpartition("/")[2]).first()
    other = work.sources.file_of(there.pk) if there is not None else None
    if other is None or other == source:
        return there
    parts = tuple(other.split("/"))
    still = (parts[:-1], parts[-1]) in work.folder.articles or parts in work.folder.sections
    return None if still else there  # an editor has given it this file's address, and it is another file's page


def _add(parent: Section | HelpHome, page: Section | Article, text: Text) -> None:
    """Put a new page into the tree. Raises UnableToImport where another one has its address."""
    try:
        parent.add_child(instance=page)
    except ValidationError as error:
        raise UnableToImport([Problem(text.file, " ".join(error.messages))]) from error


def _may_write(work: _Work, page: Article | Section, said: Mapping[str, Any], text: Text, source: str) -> bool:
    """Say whether a page is to be brought to what its file says; what stands against it is reported."""
    draft = bool(text.facts.get("draft"))
    fate = work.sources.fate(page, said, source=source, language=text.language, draft=draft)
    if fate is Fate.SAME:
        work.sources.note(page, said, source=source, language=text.language, draft=draft)
    if fate in (Fate.WRITE, Fate.LEAVE, Fate.SAME) or work.overwrite:
        return fate is not Fate.SAME and (fate is not Fate.LEAVE or (work.overwrite and not work.sources.stands(page, said, draft=draft)))
    work.conflicts.append(Problem(text.file, str(_CONFLICTS[fate]), fatal=False))
    work.counts["conflicts"] += 1
    return False


def _first(texts: Mapping[str, Text], fact: str) -> Any:
    return next((texts[language].facts[fact] for language in _languages(texts) if texts[language].facts.get(fact)), "")


def _make_articles(work: _Work) -> None:
    """Make each article that is new, without its text: texts name other articles."""
    for (place, slug), texts in _ordered(work.folder):
        key = None
        for language in _languages(texts):
            text = texts[language]
            parent, source = work.sections[text.place, language], text.path
            article = _found(work, Article, parent, source, language)
            if article is None and work.sources.deleted(source, language) and not work.overwrite:
                work.counts["deleted by editors"] += 1
                continue
            if article is None:
                article = Article(slug=text.slug, title=text.title, summary=text.summary, locale=parent.locale, live=False)
                if key:
                    article.translation_key = key
                _add(parent, article, text)
                work.counts["created"] += 1
            key = key or article.translation_key
            work.pages[place, slug, language] = article
            work.storing.knows(article, path=source, language=language)


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
            article = work.pages.get((place, slug, language))
            if article is None:
                continue
            changed = _write(work, article, texts, language, texts[language].path)
            as_said = changed is not None
            if as_said and original is not None and article.translated_from != original.live_revision_id:
                # Side by side in one folder: this is what the translation says.
                Article.objects.filter(pk=article.pk).update(translated_from=original.live_revision_id)
            original = original or (article if as_said else None)
            work.counts["written" if changed else "unchanged"] += 1
        if number % 10 == 0 or number == len(ordered):
            work.progress(f"{number}/{len(ordered)}")


def _write(work: _Work, article: Article, texts: Mapping[str, Text], language: str, source: str) -> bool | None:
    """Bring an article to what its file says; says whether that was something new, None where it says something else."""
    text = texts[language]
    said = {
        "title": text.title,
        "summary": text.summary,
        "search_words": "\n".join(text.facts["search_words"]),
        "body": [work.storing.block(block, text) for block in text.blocks],
        "guide": [
            {"type": "panel", "value": {"image": work.storing.image(file), "alt": alt, "text": work.storing.linked(words, text)}}
            for file, alt, words in text.guide
        ],
        "videos": [
            {"type": "video", "value": {"file": None, "poster": None, "minutes": None} | video} for video in text.facts["videos"]
        ],
        "request_type": _first(texts, "request_type"),
        "updated_on": _first(texts, "updated") or None,
    }
    related = [other.pk for slug in _first(texts, "related") or () if (other := work.storing.article(slug, text))]
    content, draft = said | {"related": related}, text.facts["draft"]
    if not _may_write(work, article, content, text, source):
        return False if work.sources.stands(article, content, draft=draft) else None
    # What is published is gone on from: a draft may hold an address that nobody has agreed to yet.
    page = article if article.live or not article.latest_revision_id else article.get_latest_revision_as_object()
    if page.live and said["updated_on"]:
        page.tells_followers = said["updated_on"] != page.updated_on
    for name, value in said.items():
        setattr(page, name, json.dumps(value) if name in ("body", "guide", "videos") else value)
    page.related.set([Related(other_id=pk, sort_order=place) for place, pk in enumerate(related)])
    revision = page.save_revision(user=work.agent)
    if not draft:
        revision.publish(user=work.agent)
    article.refresh_from_db()
    work.sources.note(article, content, source=source, language=language, draft=draft)
    work.written.append(article)
    return True


def empty() -> bool:
    """Say whether there is no article yet."""
    return not Article.objects.exists()
