"""A folder of Markdown files, read and checked whole before anything is written: what is wrong is said file by file.

`<section>/…/<slug>.<language>.md` with front matter (YAML), the languages of an article side by side; `_section.<language>.md`
names a section; pictures lie where the texts name them; `placeholders*.yaml` describes the figures, `synonyms.yaml` lists
words that mean the same. A folder that knows none
of this is read too: a file without a language has the given one, a title is taken from the first heading.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path, PurePosixPath
from typing import Any, Final
from urllib.parse import unquote

import yaml
from django.conf import settings
from django.utils.text import slugify
from django.utils.translation import gettext as _

from trustdesk.knowledge import binding, markdown, pictures
from trustdesk.knowledge.blocks import youtube_id
from trustdesk.knowledge.models import Icon
from trustdesk.knowledge.texts import Folder, Problem, Text

__all__ = ["Folder", "Problem", "Text", "read"]

LARGEST: Final = 2 * 1024 * 1024  # bytes of one text
MOST: Final = 20_000  # texts
_NAME: Final = re.compile(r"(?P<stem>.+?)(?:\.(?P<language>[A-Za-z]{2,3}(?:-[A-Za-z]{2,8})?))?\.(?:md|markdown)", re.DOTALL)
_SECTION_NAMES: Final = ("_section", "_index", "index", "readme")
_ALIASES: Final = {"zh": "zh-hans", "zh-cn": "zh-hans", "zh-sg": "zh-hans", "en-us": "en", "en-gb": "en"}


def read(root: Path, *, language: str) -> Folder:
    """Read a folder; `language` is that of files that name none. Nothing raises but a folder that is not there."""
    folder = Folder()
    if not root.is_dir():
        raise NotADirectoryError(root)
    files = sorted(path for path in root.rglob("*") if path.is_file() and not _hidden(path.relative_to(root)))
    texts = [path for path in files if path.suffix.lower() in (".md", ".markdown")]
    if len(texts) > MOST:
        folder.problems.append(Problem(".", _("More than %(n)s texts.") % {"n": MOST}))
        return folder
    for path in texts:
        file = _File(root, path, language, folder.problems)
        if (text := file.read()) is not None:
            _shelve(folder, text, section=file.section)
    binding.bind(folder)
    for path in files:
        if path.parent == root and re.fullmatch(r"placeholders.*\.ya?ml", path.name):
            folder.figures |= _File(root, path, language, folder.problems).figures()
        elif path.parent == root and path.name in ("synonyms.yaml", "synonyms.yml"):
            folder.synonyms += _File(root, path, language, folder.problems).synonyms()
    binding.check(folder)
    return folder


def _hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def _shelve(folder: Folder, text: Text, *, section: bool) -> None:
    """Put a text where it belongs, unless another one lies there."""
    if section:
        place = (*text.place, text.slug) if text.slug else ()
        if place:
            _put(folder, folder.sections.setdefault(place, {}), replace(text, blocks=()))
        if not text.blocks:
            return
        # Elsewhere the file that names a folder also says something: that is an article of its own.
        text = replace(text, place=place, slug="overview", facts={**text.facts, "order": -1})
    text = text if text.place else replace(text, place=("general",))
    _put(folder, folder.articles.setdefault((text.place, text.slug), {}), text)


def _put(folder: Folder, shelf: dict[str, Text], text: Text) -> None:
    if text.language in shelf:
        why = _("It has the same address as %(file)s.") % {"file": shelf[text.language].file}
        folder.problems.append(Problem(text.file, why))
    else:
        shelf[text.language] = text


class _File:
    """One file being read; what is wrong with it goes to `problems`."""

    def __init__(self, root: Path, path: Path, default: str, problems: list[Problem]) -> None:
        self.root, self.path = root.resolve(), path
        self.name = path.relative_to(root).as_posix()
        self._problems = problems
        self._pictures: dict[str, Path] = {}
        found = _NAME.fullmatch(path.name)
        self.stem, self.language = path.stem, default
        if found and (named := (found["language"] or "").lower()):
            named = _ALIASES.get(named, named)
            if named in dict(settings.LANGUAGES):  # "notes.v1.md" names no language
                self.stem, self.language = found["stem"], named
        self.section = self.stem.lower() in _SECTION_NAMES

    def read(self) -> Text | None:
        """Return what the file says, or None where it cannot be taken."""
        source = self._source()
        facts, body = self._front_matter(source) if source is not None else (None, "")
        if facts is None:
            return None
        blocks, heading = markdown.to_blocks(body)
        self._say_what_is_lost(body)
        above = PurePosixPath(self.name).parent
        title = _line(facts.get("title") or heading or (above.name or self.stem if self.section else ""))
        if not title:
            self._wrong(_("It has no title: neither in the front matter nor as its first heading."))
            return None
        place = tuple(slugify(part, allow_unicode=True) or "part" for part in above.parts)
        slug = slugify(str(facts.get("slug") or self.stem), allow_unicode=True) or "article"
        if self.section:
            place, slug = place[:-1], place[-1] if place else ""
        blocks = [block for block in blocks if block["type"] != "picture" or self._picture(block["value"].address)]
        return Text(
            file=self.name,
            place=place,
            slug=slug,
            language=self.language,
            title=title[:255],
            summary=_line(facts.get("summary") or facts.get("description") or _beginning(blocks) or ("" if self.section else title))[
                : 200 if self.section else 300
            ],
            facts=self._facts(facts),
            blocks=tuple(blocks),
            guide=tuple(self._guide(facts.get("picture_guide") or [])),
            pictures=self._pictures,
        )

    def _say_what_is_lost(self, body: str) -> None:
        for what in dict.fromkeys(markdown.unkept(body)):
            kind, _blank, address = what.partition(" ")
            if kind == "picture":
                self._wrong(_("The picture %(address)s is in HTML: it is left out.") % {"address": address[:120] or "?"}, fatal=False)
            elif kind == "table":
                self._wrong(_("A table within a list or a quote becomes plain text."), fatal=False)
            else:
                self._wrong(_("Lines of code within a list or a quote become plain text."), fatal=False)

    def figures(self) -> dict[str, dict[str, str]]:
        """Return what the administrator is asked for: key → en, zh, example, example_zh."""
        source = self._source()
        facts, _rest = self._front_matter(f"---\n{source}\n---\n") if source is not None else (None, "")
        found = {}
        for key, what in (facts or {}).items():
            if not re.fullmatch(r"[a-z][a-z0-9_]{0,59}", key) or not isinstance(what, dict):
                self._wrong(_("“%(key)s” is no figure.") % {"key": key})
            else:
                found[key] = {name: _line(what.get(name))[:200] for name in ("en", "zh", "example", "example_zh")}
        return found

    def synonyms(self) -> list[list[str]]:
        """Return the groups of words that mean the same: a list of lists."""
        source = self._source()
        try:
            groups = yaml.safe_load(source or "") or []
        except (yaml.YAMLError, ValueError, RecursionError) as error:
            self._wrong(_("The file cannot be read: %(why)s.") % {"why": getattr(error, "problem", None) or "YAML"})
            return []
        if not isinstance(groups, list):
            self._wrong(_("Synonyms are a list of lists of words."))
            return []
        found = []
        for group in groups:
            plain = isinstance(group, list) and not any(isinstance(word, list | dict) for word in group)
            words = list(dict.fromkeys(filter(None, map(_line, group)))) if plain else []
            if not 2 <= len(words) <= 30 or len("\n".join(words)) > 1000:
                self._wrong(_("“%(group)s” is no group of two to thirty words.") % {"group": str(group)[:60]})
            else:
                found.append(words)
        return found

    def _wrong(self, message: str, *, fatal: bool = True) -> None:
        self._problems.append(Problem(self.name, message, fatal))

    def _source(self) -> str | None:
        if self.path.stat().st_size > LARGEST:
            self._wrong(_("It is larger than 2 MB."))
            return None
        try:
            return self.path.read_text(encoding="utf-8-sig").replace("\r\n", "\n").replace("\0", "")
        except UnicodeDecodeError as error:
            self._wrong(_("It is not UTF-8 (byte %(at)s).") % {"at": error.start})
            return None

    def _front_matter(self, source: str) -> tuple[dict[str, Any] | None, str]:
        """Return names and values, and the rest; None for the former where they cannot be read."""
        found = re.match(r"---[ \t]*\n(.*?\n)?---[ \t]*(?:\n|$)", source, re.DOTALL)
        if found is None:
            if re.match(r"---[ \t]*\n[\w-]+:", source):
                self._wrong(_("The front matter does not end: a line of three dashes is missing."))
                return None, ""
            return {}, source
        try:
            facts = yaml.safe_load(found[1] or "") or {}
        except (yaml.YAMLError, ValueError, RecursionError) as error:
            line = getattr(getattr(error, "problem_mark", None), "line", 0) + 2
            why = getattr(error, "problem", None) or "YAML"
            self._wrong(_("The front matter cannot be read, line %(line)s: %(why)s.") % {"line": line, "why": why})
            return None, ""
        if not isinstance(facts, dict):
            self._wrong(_("The front matter is no list of names and values."))
            return None, ""
        return {str(name): value for name, value in facts.items()}, source[found.end() :]

    def _facts(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """Return the facts we use, in their right types."""
        kept: dict[str, Any] = {"order": facts.get("order", facts.get("weight"))}
        for name in ("search_words", "related"):
            values = facts.get(name) or []
            values = values if isinstance(values, list) else [values]
            kept[name] = [_line(value)[:100] for value in values if not isinstance(value, dict | list)]
        kept["translation_of"] = "/".join(filter(None, _line(facts.get("translation_of")).split("/")))
        kept["request_type"] = _line(facts.get("request_type"))[:40]
        kept |= {name: facts.get(name) is True for name in ("draft", "news", "example")}
        kept["icon"] = _line(facts.get("icon"))
        if kept["icon"] and kept["icon"] not in Icon.values:
            if self.section:
                self._wrong(_("There is no drawing “%(name)s”.") % {"name": kept["icon"][:40]}, fatal=False)
            kept["icon"] = ""
        kept["updated"] = self._date(facts.get("updated") or facts.get("date"))
        kept["videos"] = list(self._videos(facts.get("videos") or []))
        return kept

    def _date(self, value: object) -> date | None:
        if isinstance(value, datetime):
            return value.date()
        if isinstance(value, date) or value is None:
            return value
        try:
            return date.fromisoformat(str(value)[:10])
        except ValueError:
            self._wrong(_("“updated” is not a date such as 2026-11-20."), fatal=False)
            return None

    def _videos(self, videos: object) -> Iterator[dict[str, str]]:
        for video in videos if isinstance(videos, list) else [None]:
            address = _line(video.get("youtube")) if isinstance(video, dict) else ""
            if isinstance(video, dict) and youtube_id(address):
                yield {"title": _line(video.get("title"))[:120] or address, "youtube": address}
            else:
                self._wrong(_("A video needs “title” and “youtube”, its address there."))

    def _guide(self, panels: object) -> Iterator[tuple[Path, str, str]]:
        for panel in panels if isinstance(panels, list) else [None]:
            if not isinstance(panel, dict) or not panel.get("image"):
                self._wrong(_("A picture of the guide needs “image”, “alt” and “text”."))
                continue
            address = _line(panel["image"])
            if self._picture(address):
                yield self._pictures[address], _line(panel.get("alt"))[:300], markdown.inline(str(panel.get("text") or ""))

    def _picture(self, address: str) -> bool:
        """Find the file of a picture and look whether it is one; those elsewhere on the net are left out."""
        if address in self._pictures:
            return True
        if re.match(r"[a-z]+:|//", address, re.IGNORECASE):
            why = _("The picture %(address)s lies elsewhere: it is left out.") % {"address": address[:120]}
            self._wrong(why, fatal=False)
            return False
        base = self.root if address.startswith("/") else self.path.parent
        file = (base / unquote(address.lstrip("/").split("?")[0].split("#")[0])[:200].replace("\0", "")).resolve()
        if not file.is_relative_to(self.root) or not file.is_file():
            self._wrong(_("There is no picture %(address)s.") % {"address": address[:120]})
            return False
        try:
            pictures.check(file)
        except pictures.NoPicture as error:
            self._wrong(f"{address}: {error}")
            return False
        self._pictures[address] = file
        return True


def _beginning(blocks: Sequence[markdown.Block]) -> str:
    """Return the first paragraph that says something."""
    texts = "".join(block["value"] for block in blocks if block["type"] == "text")
    said = (html.unescape(re.sub(r"<[^>]*>", "", one)).strip() for one in re.findall(r"<p>(.*?)</p>", texts, re.DOTALL))
    return next((one for one in said if one), "")


def _line(value: object) -> str:
    return re.sub(r"\s+", " ", str(value)).strip() if value is not None else ""
