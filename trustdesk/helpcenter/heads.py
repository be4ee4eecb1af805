"""What search engines and other programs read: addresses in each language, structured data, how a page is shared."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.utils.safestring import SafeString, mark_safe

from trustdesk.knowledge.library import Library, Node
from trustdesk.knowledge.models import PREFIX

OG_LOCALES: Mapping[str, str] = {"en": "en_US", "zh-hans": "zh_CN"}
HREFLANGS: Mapping[str, str] = {"zh-hans": "zh-Hans"}
# In a script element a text may end neither it nor begin a comment.
_SCRIPT_SAFE = {ord(char): f"\\u{ord(char):04X}" for char in "<>&\u2028\u2029"}


@dataclass(frozen=True, slots=True)
class Head:
    """The head of one page. `alternates`: (hreflang, address); `data`: JSON-LD, safe inside a script element."""

    title: str
    description: str
    canonical: str
    alternates: tuple[tuple[str, str], ...]
    kind: str
    locale: str
    data: SafeString
    feed: str = ""


def of_home(shelf: Library, language: str, *, title: str, description: str) -> Head:
    """Describe the first page of a language."""
    urls = {code: absolute(f"{PREFIX}{code}/") for code in shelf.homes}
    data = {"@context": "https://schema.org", "@type": "WebSite", "name": title, "url": absolute(f"{PREFIX}{language}/"),
            "inLanguage": hreflang(language)}  # fmt: skip
    return Head(
        title, description, absolute(f"{PREFIX}{language}/"), _alternates(urls), "website",
        OG_LOCALES.get(language, language), script_data(data),
    )  # fmt: skip


def of_node(node: Node, shelf: Library) -> Head:
    """Describe a section or an article; it belongs at its own language's address, wherever else it is shown."""
    urls = {code: absolute(other.url) for code, other in shelf.translations(node).items()}
    title = shelf.fill(node.seo_title or node.title, node.language)
    description = shelf.fill(node.description or node.summary, node.language)
    graph: list[Mapping[str, Any]] = [_crumbs(shelf.way(node), node, shelf)]
    if node.article:
        graph.append({
            "@type": "Article",
            "headline": title[:110],
            "description": description,
            "inLanguage": hreflang(node.language),
            "datePublished": node.published_at.date().isoformat(),
            "dateModified": node.updated_on.isoformat(),
            "mainEntityOfPage": absolute(node.url),
            "author": {"@type": "Organization", "name": settings.EXCHANGE_NAME},
            "publisher": {"@type": "Organization", "name": settings.EXCHANGE_NAME},
        })  # fmt: skip
    feed = absolute(f"{node.url}feed.xml") if node.news else ""
    return Head(
        title, description, absolute(node.url), _alternates(urls), "article" if node.article else "website",
        OG_LOCALES.get(node.language, node.language),
        script_data({"@context": "https://schema.org", "@graph": graph}), feed,
    )  # fmt: skip


def absolute(path: str) -> str:
    """Return the whole address of a page of ours."""
    return f"{settings.PUBLIC_URL}{path}"


def hreflang(language: str) -> str:
    """Write a language as BCP 47 has it."""
    return HREFLANGS.get(language, language)


def script_data(data: Mapping[str, Any]) -> SafeString:
    """Write data as JSON that cannot end the script element it stands in."""
    return mark_safe(json.dumps(data, ensure_ascii=False).translate(_SCRIPT_SAFE))  # noqa: S308  escaped right here


def _crumbs(way: Sequence[Node], node: Node, shelf: Library) -> Mapping[str, Any]:
    home = {"@type": "ListItem", "position": 1, "name": settings.EXCHANGE_NAME, "item": absolute(f"{PREFIX}{node.language}/")}
    items = [
        {"@type": "ListItem", "position": at, "name": shelf.fill(one.title, one.language), "item": absolute(one.url)}
        for at, one in enumerate([*way, node], 2)
    ]
    return {"@type": "BreadcrumbList", "itemListElement": [home, *items]}


def _alternates(urls: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    found = [(hreflang(code), url) for code, url in sorted(urls.items())]
    default = urls.get(settings.LANGUAGE_CODE)
    return tuple([*found, ("x-default", default)] if default and len(found) > 1 else found)
