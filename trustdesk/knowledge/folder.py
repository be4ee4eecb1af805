"""A folder of Markdown files, read and checked whole before anything is written: what is wrong is said file by file.

`<section>/…/<slug>.<language>.md` with front matter (YAML), the languages of an article side by side; `_section.<language>.md`
names a section; pictures lie where the texts name them; `placeholders*.yaml` describes the figures. A folder that knows none
of this is read too: a file without a language has the given one, a title is taken from the first heading.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path, PurePosixPath
from typing import Any, Final

import yaml
from django.conf import settings
from django.utils.text import slugify
from django.utils.translation import gettext as _

from trustdesk.knowledge import markdown, pictures
from trustdesk.knowledge.blocks import youtube_id
from trustdesk.knowledge.models import Icon

LARGEST: Final = 2 * 1024 * 1024  # bytes of one text
MOST: Final = 20_000  # texts
_NAME: Final = re.compile(r"(?P<stem>.+?)(?:\.(?P<language>[A-Za-z]{2,3}(?:-[A-Za-z]{2,8})?))?\.(?:md|markdown)", re.DOTALL)
_SECTION_NAMES: Final = ("_section", "_index", "index", "readme")
_ALIASES: Final = {"zh": "zh-hans", "zh-cn": "zh-hans", "zh-sg": "zh-hans", "en-us": "en", "en-gb": "en"}


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that keeps the folder from being taken (`fatal`), or that was left out."""

    file: str
    message: str
    fatal: bool = True

    def __str__(self) -> str:
        return f"{self.file}: {self.message}"


@dataclass(frozen=True, slots=True)
class Text:
    """One file: a section or an article in one language. `place`: folders above it; `facts`: its front matter."""

    file: str
    place: tuple[str, ...]
    slug: str
    language: str
    title: str
    summary: str
    facts: Mapping[str, Any]
    blocks: tuple[markdown.Block, ...] = ()
    guide: tuple[tuple[Path, str, str], ...] = ()  # picture, what it shows, rich text
    pictures: Mapping[str, Path] = field(default_factory=dict)  # address in the text → file

    @property
    def order(self) -> float:
        """Return its place among its neighbours."""
        order = self.facts.get("order", self.facts.get("weight"))
        return float(order) if isinstance(order, int | float) else 1e9


@dataclass(slots=True)
class Folder:
    """All of a folder. `sections` and `articles`: by place (and slug), then by language."""

    sections: dict[tuple[str, ...], dict[str, Text]] = field(default_factory=dict)
    articles: dict[tuple[tuple[str, ...], str], dict[str, Text]] = field(default_factory=dict)
    figures: dict[str, dict[str, str]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def fatal(self) -> list[Problem]:
        """List what has to be mended before anything is taken."""
        return [problem for problem in self.problems if problem.fatal]


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
        _take(folder, root, path, language)
    for path in files:
        if path.suffix in (".yaml", ".yml") and path.parent == root and path.stem.startswith("placeholders"):
            _figures(folder, path)
    _check_links(folder)
    return folder


def _hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def _take(folder: Folder, root: Path, path: Path, default: str) -> None:
    """Read one file into the folder, or note what is wrong with it."""
    name = path.relative_to(root).as_posix()

    def wrong(message: str, *, fatal: bool = True) -> None:
        folder.problems.append(Problem(name, message, fatal))

    found = _NAME.fullmatch(path.name)
    if found is None:  # pragma: no cover - the suffix was looked at
        return
    language = (found["language"] or "").lower()
    language = _ALIASES.get(language, language)
    stem = found["stem"]
    if language not in dict(settings.LANGUAGES):
        if language:  # "v1.2.md": no language at all
            stem = f"{stem}.{found['language']}"
        language = default
    source = _source(path, wrong)
    if source is None:
        return
    facts, body = _front_matter(source, wrong)
    if facts is None:
        return
    blocks, heading = markdown.to_blocks(body)
    place = tuple(slugify(part, allow_unicode=True) or "part" for part in PurePosixPath(name).parent.parts)
    section = stem.lower() in _SECTION_NAMES
    title = _line(facts.get("title") or heading or ("" if not section else (PurePosixPath(name).parent.name or "")))
    if not title:
        return wrong(_("It has no title: neither in the front matter nor as its first heading."))
    taken: dict[str, Path] = {}
    for block in blocks:
        if block["type"] == "picture":
            _picture(path, root, block["value"].address, taken, wrong)
    text = Text(
        file=name,
        place=place[:-1] if section and place else place,
        slug=(place[-1] if place else "") if section else (slugify(str(facts.get("slug") or stem), allow_unicode=True) or "article"),
        language=language,
        title=title[:255],
        summary=_line(facts.get("summary") or facts.get("description") or _beginning(blocks))[: 200 if section else 300],
        facts=_checked(facts, section, wrong),
        blocks=tuple(block for block in blocks if block["type"] != "picture" or block["value"].address in taken),
        guide=tuple(_guide(path, root, facts, taken, wrong)),
        pictures=taken,
    )
    if section and not place:
        return None  # a README of the folder itself
    if not section and not place:
        text = Text(**{**{name: getattr(text, name) for name in Text.__slots__}, "place": ("general",)})
    shelf = folder.sections.setdefault((*text.place, text.slug), {}) if section else folder.articles.setdefault((text.place, text.slug), {})
    if language in shelf:
        return wrong(_("It has the same address as %(file)s.") % {"file": shelf[language].file})
    shelf[language] = text
    return None


def _source(path: Path, wrong: Any) -> str | None:
    if path.stat().st_size > LARGEST:
        return wrong(_("It is larger than 2 MB."))  # type: ignore[no-any-return]
    try:
        return path.read_text(encoding="utf-8-sig").replace("\r\n", "\n").replace("\0", "")
    except UnicodeDecodeError as error:
        return wrong(_("It is not UTF-8 (byte %(at)s).") % {"at": error.start})  # type: ignore[no-any-return]


def _front_matter(source: str, wrong: Any) -> tuple[dict[str, Any] | None, str]:
    found = re.match(r"---[ \t]*\n(.*?\n)?---[ \t]*(?:\n|$)", source, re.DOTALL)
    if found is None:
        if re.match(r"---[ \t]*\n[\w-]+:", source):
            wrong(_("The front matter does not end: a line of three dashes is missing."))
            return None, ""
        return {}, source
    try:
        facts = yaml.safe_load(found[1] or "") or {}
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        line = getattr(getattr(error, "problem_mark", None), "line", 0) + 2
        wrong(_("The front matter cannot be read, line %(line)s: %(why)s.") % {"line": line, "why": getattr(error, "problem", "") or "YAML"})
        return None, ""
    if not isinstance(facts, dict):
        wrong(_("The front matter is no list of names and values."))
        return None, ""
    return {str(name): value for name, value in facts.items()}, source[found.end() :]


def _checked(facts: Mapping[str, Any], section: bool, wrong: Any) -> dict[str, Any]:
    """Return the facts we use, in their right types."""
    kept: dict[str, Any] = {"order": facts.get("order", facts.get("weight"))}
    for name in ("search_words", "related"):
        values = facts.get(name) or []
        values = values if isinstance(values, list) else [values]
        kept[name] = [_line(value)[:100] for value in values if not isinstance(value, dict | list)]
    kept["request_type"] = _line(facts.get("request_type"))[:40]
    kept["draft"] = facts.get("draft") is True
    kept["news"] = facts.get("news") is True
    icon = _line(facts.get("icon"))
    if icon and icon not in Icon.values:
        if section:
            wrong(_("There is no drawing “%(name)s”.") % {"name": icon}, fatal=False)
        icon = ""
    kept["icon"] = icon
    updated = facts.get("updated") or facts.get("date")
    updated = updated.date() if isinstance(updated, datetime) else updated
    if isinstance(updated, str):
        try:
            updated = date.fromisoformat(updated[:10])
        except ValueError:
            wrong(_("“updated” is not a date such as 2026-11-20."), fatal=False)
            updated = None
    kept["updated"] = updated if isinstance(updated, date) else None
    kept["videos"] = []
    for video in facts.get("videos") or []:
        address = _line(video.get("youtube")) if isinstance(video, dict) else ""
        if not address or not youtube_id(address):
            wrong(_("A video needs “title” and “youtube”, its address there."))
        else:
            kept["videos"].append({"title": _line(video.get("title"))[:120] or address, "youtube": address})
    return kept


def _guide(path: Path, root: Path, facts: Mapping[str, Any], taken: dict[str, Path], wrong: Any) -> Iterator[tuple[Path, str, str]]:
    panels = facts.get("picture_guide") or []
    if not isinstance(panels, list):
        wrong(_("“picture_guide” is no list."))
        return
    for panel in panels:
        if not isinstance(panel, dict) or not panel.get("image"):
            wrong(_("A picture of the guide needs “image”, “alt” and “text”."))
            continue
        address = _line(panel["image"])
        if _picture(path, root, address, taken, wrong):
            yield taken[address], _line(panel.get("alt"))[:300], markdown.inline(str(panel.get("text") or ""))


def _picture(path: Path, root: Path, address: str, taken: dict[str, Path], wrong: Any) -> bool:
    """Find the file of a picture and look whether it is one; those elsewhere on the net are left out."""
    if address in taken:
        return True
    if re.match(r"[a-z]+:|//", address, re.IGNORECASE):
        wrong(_("The picture %(address)s lies elsewhere: it is left out.") % {"address": address[:120]}, fatal=False)
        return False
    base = root if address.startswith("/") else path.parent
    file = (base / address.lstrip("/").split("?")[0].split("#")[0]).resolve()
    if not file.is_relative_to(root.resolve()) or not file.is_file():
        wrong(_("There is no picture %(address)s.") % {"address": address[:120]})
        return False
    try:
        pictures.check(file)
    except pictures.NoPicture as error:
        wrong(f"{address}: {error}")
        return False
    taken[address] = file
    return True


def _figures(folder: Folder, path: Path) -> None:
    facts, _rest = _front_matter(f"---\n{path.read_text(encoding='utf-8')}\n---\n", lambda why: folder.problems.append(Problem(path.name, why)))
    for key, what in (facts or {}).items():
        if not re.fullmatch(r"[a-z][a-z0-9_]*", key) or not isinstance(what, dict):
            folder.problems.append(Problem(path.name, _("“%(key)s” is no figure.") % {"key": key}))
        else:
            folder.figures[key] = {name: _line(what.get(name))[:200] for name in ("en", "zh", "example", "example_zh")}


def _check_links(folder: Folder) -> None:
    slugs = {slug for _place, slug in folder.articles}
    for texts in folder.articles.values():
        for text in texts.values():
            for address in (link for block in text.blocks for link in markdown.links(block)):
                if address.startswith("article:") and address[8:].split("#")[0] not in slugs:
                    folder.problems.append(Problem(text.file, _("There is no article “%(slug)s”.") % {"slug": address[8:]}))
            for slug in text.facts["related"]:
                if slug not in slugs:
                    folder.problems.append(Problem(text.file, _("There is no article “%(slug)s”.") % {"slug": slug}, fatal=False))


def _beginning(blocks: list[markdown.Block]) -> str:
    first = next((block["value"] for block in blocks if block["type"] == "text"), "")
    found = re.search(r"<p>(.*?)</p>", first, re.DOTALL)
    return re.sub(r"<[^>]*>", "", found[1]) if found else ""


def _line(value: object) -> str:
    return re.sub(r"\s+", " ", str(value)).strip() if value is not None else ""
