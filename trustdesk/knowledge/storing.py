"""What a folder's text becomes in the database: blocks as Wagtail stores them, with links and pictures by their ids."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from django.core.files import File
from wagtail.images import get_image_model
from wagtail.utils.file import hash_filelike

from trustdesk.knowledge import markdown
from trustdesk.knowledge.folder import Text
from trustdesk.knowledge.models import Article
from trustdesk.staff.models import Agent

_HREF: Final = re.compile(r'<a href="(article|form|contact|check):([^"#]*)(#[^"]*)?"')


class Storing:
    """The articles and pictures of one import. `pictures`: how many rows were made."""

    def __init__(self, root: Path, agent: Agent | None) -> None:
        self._root, self._agent = root.resolve(), agent
        self._articles: dict[tuple[str, str], Article] = {}  # by path or slug, and language
        self._elsewhere: dict[str, Article] = {}  # by path or slug, in whichever language
        self._images: dict[Path, int] = {}
        self.pictures = 0

    def knows(self, article: Article, *, path: str, language: str) -> None:
        """Say where an article lies: it is named by that path, or by its slug where no other one has the same."""
        for name in (path, path.rpartition("/")[2]):
            self._articles.setdefault((name, language), article)
            self._elsewhere.setdefault(name, article)

    def article(self, name: str, text: Text) -> Article | None:
        """Return the article that a text names by path or slug, its neighbour first; in another language if need be."""
        names = ("/".join((*text.place, name)), name)
        found = (self._articles.get((one, text.language)) or self._elsewhere.get(one) for one in names)
        return next((article for article in found if article is not None), None)

    def block(self, block: markdown.Block, text: Text) -> dict[str, Any]:
        """Return a block as Wagtail stores it."""
        kind, value = block["type"], block["value"]
        if kind == "picture":
            shown = {"image": self.image(text.pictures[value.address]), "alt": value.alt[:300], "caption": value.caption[:300]}
            return {"type": kind, "value": shown}
        if kind == "code":
            return dict(block)
        return {"type": kind, "value": self._links(value, text)}

    def linked(self, source: str, text: Text) -> str:
        """Return rich text whose links lead to rows and pages."""

        def link(found: re.Match[str]) -> str:
            kind, name = found[1], found[2]
            if kind == "article":
                article = self.article(name, text)
                return f'<a linktype="page" id="{article.pk}"' if article else "<a"
            address = f"{markdown.FORM}{name}/" if kind == "form" and name else markdown.PAGES.get(f"{kind}:", "/contact/")
            return f'<a href="{address}"'

        return _HREF.sub(link, source)

    def image(self, path: Path) -> int:
        """Return the id of a picture's row; the same file is kept once."""
        if path not in self._images:
            model = get_image_model()
            with path.open("rb") as file:
                digest = hash_filelike(file)
                image = model.objects.filter(file_hash=digest).first()
                if image is None:
                    file.seek(0)
                    image = model(title=path.relative_to(self._root).as_posix()[:255], uploaded_by_user=self._agent)
                    image.file.save(path.name, File(file), save=False)
                    image._set_file_hash()
                    image.save()
                    self.pictures += 1
            self._images[path] = image.pk
        return self._images[path]

    def _links(self, value: Any, text: Text) -> Any:
        if isinstance(value, str):
            return self.linked(value, text)
        if isinstance(value, list):
            return [self._links(part, text) for part in value]
        if isinstance(value, Mapping):
            return {name: self._links(part, text) for name, part in value.items()}
        return value
