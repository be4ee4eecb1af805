"""What the texts of a folder say of each other: names, translations and links, which only all of them together tell."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import partial
from itertools import count
from pathlib import PurePosixPath
from posixpath import normpath
from urllib.parse import unquote

from django.utils.translation import gettext as _

from trustdesk.knowledge import markdown
from trustdesk.knowledge.texts import Folder, Problem, Text


def bind(folder: Folder) -> None:
    """Give each text its address, put translations beside their originals, and let links between files be such between articles."""
    _part_names(folder)
    _tie(folder)
    _resolve_links(folder)


def _part_names(folder: Folder) -> None:
    """Give an article another name where a section beside it has the same: `deposits.md` beside `deposits/`."""
    places = {place[:depth] for place, _slug in folder.articles for depth in range(1, len(place) + 1)} | set(folder.sections)
    for place, slug in [key for key in folder.articles if (*key[0], key[1]) in places]:
        texts = folder.articles.pop((place, slug))
        free = (name for n in count(1) if (place, name := f"{slug}-{n}") not in folder.articles and (*place, name) not in places)
        other = next(free)
        folder.articles[place, other] = {language: replace(text, slug=other) for language, text in texts.items()}
        for text in texts.values():
            why = _("A folder has the same name: its address ends with “%(slug)s”.") % {"slug": other}
            folder.problems.append(Problem(text.file, why, fatal=False))


def _tie(folder: Folder) -> None:
    """Put a translation that has an address of its own beside its original (`translation_of`: the original's path)."""
    for key, texts in list(folder.articles.items()):
        for language, text in list(texts.items()):
            path = text.facts["translation_of"]
            original = (tuple(path.split("/")[:-1]), path.rpartition("/")[2])
            if not path or original == key:
                continue
            if language in folder.articles.get(original, {language: text}):
                why = _("“translation_of” names no article that lacks this translation: “%(path)s”.") % {"path": path[:120]}
                folder.problems.append(Problem(text.file, why))
                continue
            folder.articles[original][language] = texts.pop(language)
        if not texts:
            del folder.articles[key]


def _resolve_links(folder: Folder) -> None:
    """Turn links between files (`./other.md`) into links between articles; one that leads to no article becomes plain text."""
    paths = {text.file: text.path for texts in folder.articles.values() for text in texts.values()}

    def resolved(text: Text, address: str) -> str:
        if re.match(r"[a-z][a-z0-9+.-]*:|[/#]|$", address, re.IGNORECASE):
            return address
        name, _hash, part = address.partition("#")
        above = PurePosixPath(text.file).parent
        file = normpath(f"{above}/{unquote(name.split('?')[0])}")
        if file in paths:
            return f"article:{paths[file]}" + (f"#{part}" if part else "")
        why = _("The link to %(address)s leads nowhere: it is left out.") % {"address": address[:120]}
        folder.problems.append(Problem(text.file, why, fatal=False))
        return ""

    for texts in folder.articles.values():
        for language, text in texts.items():
            blocks = tuple(markdown.rewritten(block, partial(resolved, text)) for block in text.blocks)
            guide = tuple(
                (file, alt, str(markdown.rewritten({"type": "text", "value": words}, partial(resolved, text))["value"]))
                for file, alt, words in text.guide
            )
            texts[language] = replace(text, blocks=blocks, guide=guide)


def check(folder: Folder) -> None:
    """Say which links and related articles name none, or more than one."""
    named: dict[str, set[tuple[tuple[str, ...], str]]] = {}
    for key, texts in folder.articles.items():
        for name in {name for text in texts.values() for name in (text.path, text.slug)}:
            named.setdefault(name, set()).add(key)

    def look(text: Text, name: str, *, fatal: bool) -> None:
        found = named.get(name, set())
        if not found:
            folder.problems.append(Problem(text.file, _("There is no article “%(slug)s”.") % {"slug": name}, fatal))
        elif len(found) > 1 and (text.place, name) not in found:
            why = _("There are several articles “%(slug)s”: name one as %(path)s.")
            path = "/".join((*min(found)[0], min(found)[1]))
            folder.problems.append(Problem(text.file, why % {"slug": name, "path": path}, fatal))

    for texts in folder.articles.values():
        for text in texts.values():
            for address in (link for block in text.blocks for link in markdown.links(block)):
                if address.startswith("article:"):
                    look(text, address.removeprefix("article:").split("#")[0], fatal=True)
            for name in text.facts["related"]:
                look(text, name, fatal=False)
