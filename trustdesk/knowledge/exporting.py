"""The help center as a folder of Markdown files, in the shape `folder` reads: exported and imported again, nothing changes."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import yaml
from django.conf import settings
from wagtail.images import get_image_model

from trustdesk.knowledge import library, markdown
from trustdesk.knowledge.library import Library, Node
from trustdesk.knowledge.models import Article, Figure, SynonymGroup

_PAGE_LINK: Final = re.compile(r'<a (?:linktype="page" id="(\d+)"|id="(\d+)" linktype="page")>')


def write(root: Path) -> int:
    """Write what is published into an empty or absent folder; returns the number of texts. Raises FileExistsError."""
    if root.exists() and any(root.iterdir()):
        raise FileExistsError(f"{root} is not empty")
    shelf = library.current()
    images = dict(get_image_model().objects.values_list("id", "file"))
    names = _names(shelf)
    written = 0
    for node in shelf.nodes.values():
        folder = root / Path(*[part for above in shelf.way(node) for part in [above.path.rsplit("/", 1)[-1]]])
        if node.article:
            _article(folder, node, shelf, images, names)
        else:
            _section(folder / node.path.rsplit("/", 1)[-1], node, shelf)
        written += 1
    figures = {
        figure.key: {"en": figure.about, "zh": figure.about_zh, "example": figure.value, "example_zh": figure.value_zh}
        for figure in Figure.objects.all()
    }
    if figures:
        (root / "placeholders.yaml").write_text(_yaml(figures), encoding="utf-8")
    if synonyms := [group.listed() for group in SynonymGroup.objects.all()]:
        (root / "synonyms.yaml").write_text(_yaml(synonyms), encoding="utf-8")
    return written


def _section(folder: Path, node: Node, shelf: Library) -> None:
    place = shelf.order.index(node.id)
    facts: dict[str, Any] = {"title": node.title, "summary": node.summary, "order": place, "icon": node.icon}
    facts |= {"news": True} if node.news else {}
    _write(folder / f"_section.{node.language}.md", facts | _tie(node, shelf), "")


def _article(folder: Path, node: Node, shelf: Library, images: Mapping[int, str], names: Mapping[int, str]) -> None:
    article = Article.objects.get(pk=node.id)
    used: dict[str, str] = {}

    def image(id: int) -> str:
        stored = images[id]
        used[stored] = f"images/{Path(stored).name}"
        return used[stored]

    facts: dict[str, Any] = {"title": node.title, "summary": node.summary, "search_words": list(node.search_words)}
    facts |= {"order": shelf.order.index(node.id), "request_type": node.request_type}
    facts |= _tie(node, shelf)
    facts["related"] = [names[other.id] for key in node.related if (other := shelf.by_key(key, node.language))]
    if article.updated_on:
        facts["updated"] = article.updated_on
    if panels := [block["value"] for block in article.guide.raw_data]:
        facts["picture_guide"] = [
            {
                "image": image(panel["image"]),
                "alt": panel["alt"],
                "text": markdown.to_markdown([{"type": "text", "value": _named(panel["text"], names)}], image).strip(),
            }
            for panel in panels
        ]
    if films := [block["value"] for block in article.videos.raw_data if block["value"].get("youtube")]:
        facts["videos"] = [{"title": film["title"], "youtube": film["youtube"]} for film in films]
    body = markdown.to_markdown(_named(list(article.body.raw_data), names), image)
    _write(folder / f"{node.path.rsplit('/', 1)[-1]}.{node.language}.md", {name: fact for name, fact in facts.items() if fact}, body)
    storage = get_image_model()._meta.get_field("file").storage
    for stored, address in used.items():
        target = folder / address
        target.parent.mkdir(parents=True, exist_ok=True)
        with storage.open(stored) as source, target.open("wb") as copy:
            shutil.copyfileobj(source, copy)


def _named(value: Any, names: Mapping[int, str]) -> Any:
    """Return stored blocks with their links to articles by name."""
    if isinstance(value, str):
        return _PAGE_LINK.sub(lambda found: _link(found, names), value)
    if isinstance(value, Mapping):
        return {name: _named(part, names) for name, part in value.items()}
    if isinstance(value, list):
        return [_named(part, names) for part in value]
    return value


def _link(found: re.Match[str], names: Mapping[int, str]) -> str:
    name = names.get(int(found[1] or found[2]))
    return f'<a href="article:{name}">' if name else "<a>"


def _names(shelf: Library) -> dict[int, str]:
    """Return what each article is called in links: its slug, or its whole path where another one has the same slug."""
    alike: dict[str, set[str]] = {}
    articles = [node for node in shelf.nodes.values() if node.article]
    for node in articles:
        alike.setdefault(node.path.rsplit("/", 1)[-1], set()).add(node.key)
    slugs = {node.id: node.path.rsplit("/", 1)[-1] for node in articles}
    return {node.id: node.path if len(alike[slugs[node.id]]) > 1 else slugs[node.id] for node in articles}


def _tie(node: Node, shelf: Library) -> dict[str, str]:
    """Say of a translation at another address than its original's what it translates."""
    there = shelf.translations(node)
    original = there.get(settings.LANGUAGE_CODE) or next(iter(there.values()), node)
    return {"translation_of": original.path} if original.path != node.path else {}


def _write(path: Path, facts: Mapping[str, Any], body: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"---\n{_yaml(dict(facts))}---\n{body}", encoding="utf-8")


def _yaml(value: Any) -> str:
    return str(yaml.safe_dump(value, allow_unicode=True, sort_keys=False, width=200))
