"""A folder of texts as it was read: plain data, before anything of it is in the database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from trustdesk.knowledge import markdown


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
    def path(self) -> str:
        """Return its address below the language."""
        return "/".join((*self.place, self.slug))

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
    synonyms: list[list[str]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def without_examples(self) -> Folder:
        """Return it without articles that show what one could look like, such as invented announcements."""
        kept = {
            key: {language: text for language, text in texts.items() if not text.facts["example"]}
            for key, texts in self.articles.items()
        }
        return replace(self, articles={key: texts for key, texts in kept.items() if texts})

    def fatal(self) -> list[Problem]:
        """List what has to be mended before anything is taken."""
        return [problem for problem in self.problems if problem.fatal]
